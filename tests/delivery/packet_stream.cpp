// What is sent is what was composed: the same bytes from memory, from the store, and from any place on.
#include "daemon/delivery/packet_stream.hpp"

#include "daemon/base/base64.hpp"
#include "schemas/edxml/reader.hpp"
#include "tests/delivery/engine_fixture.hpp"

using namespace delivery_test;

namespace {

std::string packet_of(std::size_t size) {
    edxml::document_header h;
    h.from.organ_id = "H48.99.01";
    h.from.organ_name = "UBND xã Một";
    h.to.push_back({.organ_id = "H48", .organ_name = "UBND tỉnh"});
    h.code = {.number = "12", .notation = "UBND-VP"};
    h.promulgation.place = "Quảng Ngãi";
    h.promulgation.date = edxml::packet_date::of(std::chrono::year(2025) / 7 / 15);
    h.document_type = {.type = "2", .type_name = "Công văn"};
    h.subject = "V/v thử";
    h.content = "Thử";
    h.trace.push_back({"H48.99.01", edxml::packet_time::of(system_clock().now())});
    h.document_id = "H48.99.01,2025/07/15,12/UBND-VP";
    const std::vector<edxml::new_attachment> attachments{
        {.name = "một.bin", .description = {}, .content_type = "application/octet-stream", .content_id = "1"},
        {.name = "hai.bin", .description = {}, .content_type = "application/octet-stream", .content_id = "2"}};
    std::string out;
    const auto pieces = edxml::compose_new(h, attachments);
    BOOST_REQUIRE(pieces.has_value());
    for (const edxml::piece& p : *pieces) {
        if (const auto* text = std::get_if<std::string>(&p))
            out += *text;
        else
            out += base64_encode(random_bytes(size));
    }
    return out;
}

struct stream_fixture : fixture {
    records::document_row document;
    ledger::payload_ref ref;
    delivery::composition composed;

    void compose(std::size_t size) {
        const std::string packet = packet_of(size);
        auto stored = store->payloads().put("@mine", as_bytes(packet)).value();
        ref = stored.ref;
        BOOST_REQUIRE(store->commit_and_wait([&](ledger::transaction& t) { return t.adopt(stored); }));
        document.id = "d";
        document.size = packet.size();
        document.packet_sha256 = sha256::of(as_bytes(packet));
        document.payload = ref.encode();
        auto made =
            delivery::compose(store->payloads(), document, "H48.99.01", clock->now(), edxml::element_order::qcvn);
        BOOST_REQUIRE(made.has_value());
        composed = std::move(*made);
    }

    std::string sent(std::uint64_t offset, const delivery::received_bytes& received, std::size_t room = 64u << 10) {
        auto all = [&]() -> task<std::string> {
            auto pieces = std::make_shared<const std::vector<records::piece_row>>(composed.pieces);
            net::producer from =
                delivery::stream(pieces, composed.size, offset, store->payloads(), ref, received, disk);
            BOOST_TEST(from.size.value() == composed.size - offset);
            std::string out;
            bytes into(room);
            for (;;) {
                VANTHU_CO_TRY(const std::size_t n, co_await from.read_some(into));
                if (n == 0) co_return out;
                out += as_text(bytes_view(into).first(n));
            }
        };
        auto answer = asio::co_spawn(io, all(), asio::use_future);
        while (answer.wait_for(0s) != std::future_status::ready) io.run_one_for(50ms);
        auto out = answer.get();
        BOOST_REQUIRE(out.has_value());
        return *out;
    }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(the_same_bytes_are_sent_from_memory_and_from_the_store, stream_fixture) {
    compose(100'000);
    BOOST_REQUIRE(composed.received != nullptr);
    const std::string whole = sent(0, composed.received);
    BOOST_TEST(whole.size() == composed.size);
    BOOST_TEST((sha256::of(as_bytes(whole)) == composed.sha256));
    auto read = edxml::read_packet(as_bytes(whole)).value();
    BOOST_TEST(read.document()->attachments.at(1).size == 100'000u);
    BOOST_TEST(read.document()->header.trace.size() == 2u);
    for (std::uint64_t offset : {0u, 1u, 700u, 65'536u, 133'000u, 140'000u, 200'000u}) {
        BOOST_TEST((sent(offset, composed.received) == whole.substr(offset)), offset);
        BOOST_TEST((sent(offset, nullptr) == whole.substr(offset)), offset);
    }
    BOOST_TEST((sent(0, nullptr, 1000) == whole));
    BOOST_TEST((sent(0, composed.received, 1000) == whole));
    BOOST_TEST(sent(composed.size, nullptr).empty());
}

BOOST_FIXTURE_TEST_CASE(a_long_packet_is_not_held_in_memory, stream_fixture) {
    compose(1'200'000);
    BOOST_TEST(composed.received == nullptr);
    const std::string whole = sent(0, nullptr);
    BOOST_TEST((sha256::of(as_bytes(whole)) == composed.sha256));
    BOOST_TEST((sent(1'700'000, nullptr) == whole.substr(1'700'000)));
}

BOOST_FIXTURE_TEST_CASE(a_status_goes_on_as_it_is, stream_fixture) {
    compose(100);
    document.kind = records::document_kind::status;
    composed =
        delivery::compose(store->payloads(), document, "H48.99.01", clock->now(), edxml::element_order::qcvn).value();
    BOOST_TEST((composed.sha256 == document.packet_sha256));
    BOOST_TEST((sha256::of(as_bytes(sent(0, nullptr))) == document.packet_sha256));
    BOOST_TEST((sha256::of(as_bytes(sent(0, composed.received))) == document.packet_sha256));
}

// What is sent is what was composed: the same bytes from memory, from the store, and from any place on.
#include "daemon/delivery/packet_stream.hpp"

#include "daemon/base/base64.hpp"
#include "schemas/edxml/reader.hpp"
#include "tests/delivery/engine_fixture.hpp"

#include <fstream>

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

    void compose(std::size_t size, timestamp at = system_clock().now()) {
        const std::string packet = packet_of(size);
        auto stored = store->payloads().put("@mine", as_bytes(packet)).value();
        ref = stored.ref;
        BOOST_REQUIRE(store->commit_and_wait([&](ledger::transaction& t) { return t.adopt(stored); }));
        document.id = "d";
        document.size = packet.size();
        document.packet_sha256 = sha256::of(as_bytes(packet));
        document.payload = ref.encode();
        auto made =
            delivery::compose(store->payloads(), document, "H48.99.01", at, edxml::element_order::qcvn);
        BOOST_REQUIRE(made.has_value());
        composed = std::move(*made);
    }

    // As the gate would, of a document that waits for the hop.
    void add_document(const std::string& id, records::document_row d, records::composed_ahead ahead,
                      std::chrono::microseconds older = {}) {
        records::transfer_row row;
        commit([&](ledger::transaction& t) {
            records::writer w(t);
            d.id = id;
            d.owner = "@mine";
            w.put(d);
            w.put("@mine", records::consignment_row{
                               .document = id, .recipient_code = "H48", .recipient = "@next", .hop = "hop"});
            row.owner = "@mine";
            row.document = id;
            row.node = "hop";
            row.recipients = {"H48"};
            row.created_at = row.next_attempt_at = w.now() - older.count();
            row.size = d.size;
            w.put(row);
            w.add_work("@mine", row);
        });
        engine->wake({row}, std::move(ahead));
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

// The hop gets what the gate composed, its time among that, from the store that checks what it reads.
BOOST_FIXTURE_TEST_CASE(what_was_composed_ahead_is_sent_and_not_composed_again, stream_fixture) {
    compose(100'000, clock->now() - std::chrono::hours(1));
    auto ahead = std::make_shared<const records::composition>(composed);
    std::string arrived;
    hop.reads = &arrived;
    hop.otherwise = delivered();
    start();
    BOOST_TEST(engine->keeps_composed());
    add_document("d", document, {.document = "d", .by_node = {{"hop", ahead}}});
    BOOST_REQUIRE(eventually([&] { return transfer("d").state_now == state::delivered; }));
    BOOST_TEST((transfer("d").packet_sha256 == ahead->sha256));
    BOOST_TEST(transfer("d").size == ahead->size);
    BOOST_TEST((sha256::of(as_bytes(arrived)) == ahead->sha256));
}

BOOST_FIXTURE_TEST_CASE(what_was_composed_ahead_for_another_document_is_not_sent, stream_fixture) {
    compose(1000);
    auto ahead = std::make_shared<const records::composition>(
        records::composition{.pieces = {{.text = "another", .offset = 0, .length = 0}}, .size = 7, .sha256 = {}});
    hop.otherwise = delivered();
    start();
    add_document("d", document, {.document = "e", .by_node = {{"hop", ahead}}});
    BOOST_REQUIRE(eventually([&] { return transfer("d").state_now == state::delivered; }));
    BOOST_TEST(transfer("d").size > 1000u);
}

BOOST_FIXTURE_TEST_CASE(damage_to_what_was_composed_ahead_is_found_before_it_is_sent, stream_fixture) {
    compose(100'000);
    auto ahead = std::make_shared<const records::composition>(composed);
    const auto segment = folder / "ledger" / "segments" / "00000001.segment";
    std::fstream file(segment, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(ref.offset + 100'000));
    file.put('!');
    file.close();
    said log;
    start();
    add_document("d", document, {.document = "d", .by_node = {{"hop", ahead}}});
    BOOST_REQUIRE(eventually([&] { return transfer("d").state_now == state::deferred; }));
    BOOST_TEST(transfer("d").reason == public_code(ledger::errc::payload_damaged));
    BOOST_TEST(log.often("compose_failed") > 0u);
    BOOST_TEST(hop.attempts == 0u);
}

BOOST_FIXTURE_TEST_CASE(what_is_composed_ahead_is_bounded_and_goes_with_its_document, stream_fixture) {
    options.expiry = std::chrono::hours(1);
    compose(1000);
    const auto large = std::make_shared<const records::composition>(records::composition{
        .pieces = {{.text = std::string(5u << 20, 'x'), .offset = 0, .length = 0}}, .size = 5u << 20, .sha256 = {}});
    hop.held = true;
    start();
    add_document("old", document, {.document = "old", .by_node = {{"hop", large}}}, std::chrono::hours(2));
    BOOST_REQUIRE(eventually([&] { return transfer("old").state_now == state::expired; }));
    BOOST_REQUIRE(eventually([&] { return engine->keeps_composed(); })); // it was never asked for
}

BOOST_FIXTURE_TEST_CASE(memory_of_packets_is_used_again_and_bounded, stream_fixture) {
    auto memory = std::make_shared<delivery::packet_memory>();
    const std::uint8_t* first = nullptr;
    for (std::size_t size : {100'000u, 70'000u, 50'000u, 100'000u}) { // never what stood there before
        compose(size);
        const auto whole = store->payloads().read(ref).value();
        auto held = memory->read(store->payloads(), ref).value();
        BOOST_TEST((*held == whole));
        if (!first) first = held->data();
        BOOST_TEST((held->data() == first));
        BOOST_TEST(memory->spare() == 0u);
    }
    BOOST_TEST(memory->spare() >= 200'000u);
    compose(400'000);
    std::vector<delivery::received_bytes> all;
    for (int i = 0; i < 20; ++i) all.push_back(memory->read(store->payloads(), ref).value());
    all.clear();
    BOOST_TEST(memory->spare() > (5u << 20));
    BOOST_TEST(memory->spare() <= (6u << 20));
    auto held = memory->read(store->payloads(), ref).value(); // what is held longer than it lives goes by itself
    memory.reset();
    BOOST_TEST(held->size() == ref.plain_length);
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

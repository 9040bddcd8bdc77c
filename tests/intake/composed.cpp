// What goes on to another node is composed when it is taken in, where somebody keeps it.
#include "tests/intake/offers.hpp"

namespace vanthu::test {
namespace {

struct watched {
    office o;
    std::atomic<bool> room = true;
    std::mutex guard;
    std::vector<records::transfer_row> work;
    records::composed_ahead composed;

    watched() {
        o.node.gate->keeps_composed = [this] { return room.load(); };
        o.node.gate->on_work = [this](auto rows, auto ahead) {
            std::lock_guard lock(guard);
            work = std::move(rows);
            composed = std::move(ahead);
        };
    }
    std::string take(letter what) {
        {
            std::lock_guard lock(guard);
            work.clear();
            composed = {};
        }
        std::string packet = what.packet();
        const reply r = submit_packet(o.node, "key-so", packet);
        BOOST_REQUIRE_MESSAGE(r.status == 201, r.body);
        return packet;
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(composed)

BOOST_AUTO_TEST_CASE(what_goes_on_is_composed_from_the_bytes_that_came) {
    watched w;
    const std::string packet = w.take({.to = {"H48.99.01", "H48.40"}});
    std::lock_guard lock(w.guard);
    BOOST_REQUIRE(w.work.size() == 1u);
    BOOST_TEST(w.composed.document == w.work.front().document);
    BOOST_REQUIRE(w.composed.by_node.size() == 1u);
    const records::composition& c = *w.composed.by_node.at("h48.40");
    std::string sent;
    for (const records::piece_row& p : c.pieces) sent += p.text.empty() ? packet.substr(p.offset, p.length) : p.text;
    BOOST_TEST(sent.size() == c.size);
    BOOST_TEST((sha256::of(sent) == c.sha256));
    const auto before = edxml::read_packet(as_bytes(packet)).value();
    const auto after = edxml::read_packet(as_bytes(sent)).value();
    BOOST_TEST((after.content_sha256 == before.content_sha256));
    BOOST_TEST(after.document()->header.trace.size() == before.document()->header.trace.size() + 1);
    BOOST_TEST(after.document()->header.trace.back().organ_id == "H48");
}

BOOST_AUTO_TEST_CASE(what_stays_here_is_not_composed_nor_what_nobody_keeps) {
    watched w;
    w.take({});
    w.take({.number = 16, .to = {"H48.40"}});
    BOOST_TEST(w.composed.by_node.size() == 1u);
    w.room = false;
    w.take({.number = 17, .to = {"H48.40"}});
    BOOST_TEST(w.work.size() == 1u);
    BOOST_TEST(w.composed.by_node.empty());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace vanthu::test

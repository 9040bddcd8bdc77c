#include "tests/registry/support.hpp"

using namespace vanthu;
using namespace vanthu::registry;
namespace reg = vanthu::registry;

namespace {
const std::string first =
    "version = 3\n[[organisation]]\nid = 'a'\nname = 'A'\nchanged_in = 1\ncodes = [{ code = 'A', form = 'local' }]\n"
    "[[organisation]]\nid = 'b'\nname = 'B'\nparent = 'a'\nchanged_in = 2\ncodes = [{ code = 'B', form = 'local' }]\n"
    "[[organisation]]\nid = 'c'\nname = 'C'\nparent = 'a'\n[[node]]\nid = 'na'\norganisation = 'a'\n";
const timestamp at = noon("2026-01-01");
} // namespace

BOOST_AUTO_TEST_CASE(a_delta_names_what_changed_after_a_version_and_unmarked_rows_always) {
    reg::registry r = parsed(first);
    auto ids = [&](std::uint64_t since) {
        std::string out;
        for (const organisation* o : r.changed_since(since).changed) out += o->id;
        return out;
    };
    BOOST_TEST(r.changed_since(0).version == 3u);
    BOOST_TEST(ids(0) == "abc");
    BOOST_TEST(ids(1) == "bc");
    BOOST_TEST(ids(2) == "c");
    BOOST_TEST(ids(3) == "");
}

BOOST_AUTO_TEST_CASE(a_reload_is_announced_with_the_codes_that_change_their_way) {
    std::string second = first + "[[node]]\nid = 'nb'\norganisation = 'b'\n";
    second.replace(0, 11, "version = 4");
    difference d = diff(parsed(first), parsed(second), "na", at);
    BOOST_TEST(!d.version_not_raised);
    BOOST_REQUIRE(d.routes.size() == 1u);
    BOOST_TEST(d.routes[0].code == "B");
    BOOST_TEST(d.routes[0].before == "local for b");
    BOOST_TEST(d.routes[0].after == "hop nb for b");
    BOOST_TEST((d.nodes_changed == std::vector<std::string>{"nb"}));
    BOOST_TEST((d.added.empty() && d.removed.empty() && d.changed.empty()));
}

BOOST_AUTO_TEST_CASE(other_bytes_under_the_same_version_are_noticed) {
    BOOST_TEST(diff(parsed(first), parsed(first + "# x\n"), "na", at).version_not_raised);
    BOOST_TEST(!diff(parsed(first), parsed(first), "na", at).version_not_raised);
}

BOOST_AUTO_TEST_CASE(a_row_that_vanished_is_reported) {
    std::string second =
        "version = 4\n[[organisation]]\nid = 'a'\nname = 'A2'\ncodes = [{ code = 'A', form = 'local' }]\n"
        "[[organisation]]\nid = 'c'\nname = 'C'\nparent = 'a'\n[[node]]\nid = 'na'\norganisation = 'a'\n";
    difference d = diff(parsed(first), parsed(second), "na", at);
    BOOST_TEST((d.removed == std::vector<std::string>{"b"}));
    BOOST_TEST((d.changed == std::vector<std::string>{"a"}));
    BOOST_REQUIRE(d.routes.size() == 1u);
    BOOST_TEST(d.routes[0].after == "held unknown_organisation");
}

BOOST_AUTO_TEST_CASE(pointers_stay_good_when_the_registry_is_moved) {
    reg::registry one = parsed(first);
    const organisation* before = one.resolve("B", at).found;
    auto shared = std::make_shared<const reg::registry>(std::move(one));
    BOOST_TEST(shared->resolve("B", at).found == before);
    BOOST_TEST(shared->find_organisation("b") == before);
    BOOST_TEST(brief(shared->route("na", "B", at)) == "local for b");
}

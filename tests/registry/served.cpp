// Whom a node serves, and for whom it may speak, before and after an organisation moves.
#include "tests/registry/support.hpp"

using namespace vanthu;
using namespace vanthu::registry;
namespace reg = vanthu::registry;

namespace {

const timestamp before = noon("2025-06-30"), after = noon("2025-07-01"), later = noon("2025-08-15");

// A province with two communes on its node "dc" and a third with a node of its own; the second moves there in July.
const char* moving = R"(version = 1
[[organisation]]
id = 'tinh'
name = 'Tinh'
codes = [{ code = 'H48', form = 'qd20' }]
[[organisation]]
id = 'xa-1'
name = 'Mot'
parent = 'tinh'
codes = [{ code = 'H48.01', form = 'qd20' }]
[[organisation]]
id = 'xa-2'
name = 'Hai'
parent = 'tinh'
served_by = [{ node = 'nut3', from = 2025-07-01 }]
codes = [{ code = 'H48.02', form = 'qd20' }]
[[organisation]]
id = 'xa-3'
name = 'Ba'
parent = 'tinh'
codes = [{ code = 'H48.03', form = 'qd20' }]
[[organisation]]
id = 'xa-cu'
name = 'Cu'
parent = 'tinh'
to = 2025-07-01
codes = [{ code = 'H48.09', form = 'qd20' }]
successors = [{ to = 'xa-3', kind = 'merge' }]
[[node]]
id = 'dc'
organisation = 'tinh'
[[node]]
id = 'nut3'
organisation = 'xa-3'
[[node]]
id = 'xa'
organisation = 'xa-1'
from = 2025-07-01
to = 2025-07-02
)";

std::string ids(const std::vector<const organisation*>& list) {
    std::string out;
    for (const organisation* o : list) out += (out.empty() ? "" : " ") + o->id;
    return out;
}
std::string ids(const std::vector<const node*>& list) {
    std::string out;
    for (const node* n : list) out += (out.empty() ? "" : " ") + n->id;
    return out;
}
bool may(const reg::registry& r, std::string_view own, std::string_view peer, std::string_view from, timestamp at) {
    return r.may_deliver(own, peer, from, at).right == delivery_right::authorised;
}

} // namespace

BOOST_AUTO_TEST_CASE(whom_a_node_serves_follows_from_the_rows_and_their_dates) {
    reg::registry r = parsed(moving);
    BOOST_TEST(ids(r.served_by("dc", before)) == "tinh xa-1 xa-2 xa-cu");
    BOOST_TEST(ids(r.served_by("nut3", before)) == "xa-3");
    BOOST_TEST(ids(r.served_by("dc", after)) == "tinh xa-cu");
    BOOST_TEST(ids(r.served_by("nut3", after)) == "xa-2 xa-3");
    BOOST_TEST(ids(r.served_by("dc", later)) == "tinh xa-1 xa-cu");
    BOOST_TEST(ids(r.served_by("xa", before)).empty()); // the row does not hold yet
    BOOST_TEST(ids(r.served_by("nobody", after)).empty());
}

BOOST_AUTO_TEST_CASE(a_node_speaks_for_whom_it_serves_and_for_whom_those_have_followed) {
    reg::registry r = parsed(moving);
    BOOST_TEST(r.speaks_for("dc", "H48.02", before));
    BOOST_TEST(!r.speaks_for("dc", "H48.02", after));
    BOOST_TEST(r.speaks_for("nut3", "H48.02", after));
    BOOST_TEST(!r.speaks_for("nut3", "H48.09", before));
    BOOST_TEST(r.speaks_for("nut3", "H48.09", after)); // the successor's node answers under the old code
    BOOST_TEST(!r.speaks_for("nut3", "H99", after));
    BOOST_TEST(!r.speaks_for("nobody", "H48.02", after));
}

BOOST_AUTO_TEST_CASE(the_former_node_may_deliver_for_thirty_days_what_it_had_taken_over) {
    reg::registry r = parsed(moving);
    const organisation& two = *r.find_organisation("xa-2");
    BOOST_TEST(ids(r.servers_lately(two, before)) == "dc");
    BOOST_TEST(ids(r.servers_lately(two, after)) == "nut3 dc");
    BOOST_TEST(ids(r.servers_lately(two, later)) == "nut3");
    BOOST_TEST(!may(r, "dc", "nut3", "H48.02", before));
    BOOST_TEST(may(r, "dc", "nut3", "H48.02", after));
    BOOST_TEST(may(r, "nut3", "dc", "H48.02", after));
    BOOST_TEST(!may(r, "nut3", "dc", "H48.02", later));
    BOOST_TEST(to_string(r.may_deliver("nut3", "dc", "H48.02", later).reason) == "served_here");
    BOOST_TEST(!may(r, "nut3", "dc", "H48.03", after)); // it never served that one
}

#include "tests/registry/support.hpp"

using namespace vanthu;
using namespace vanthu::registry;
namespace reg = vanthu::registry;

namespace {
const timestamp before = noon("2025-06-30"), after = noon("2025-07-01");

std::string way(const reg::registry& r, std::string_view node, std::string_view code, timestamp at) {
    return brief(r.route(node, code, at));
}
std::string right(const reg::registry& r, std::string_view own, std::string_view peer, std::string_view from,
                  timestamp at) {
    delivery_verdict v = r.may_deliver(own, peer, from, at);
    if (v.right == delivery_right::authorised) return "yes";
    return v.right == delivery_right::unknown_sender ? "unknown" : std::string(to_string(v.reason));
}
} // namespace

BOOST_AUTO_TEST_CASE(packets_go_down_to_the_child_on_the_path_and_else_up) {
    reg::registry r = sample();
    BOOST_TEST(way(r, "h48", "H48", after) == "local for h48");
    BOOST_TEST(way(r, "h48", "H48.01", after) == "local for h48.vp"); // an office without a node of its own
    BOOST_TEST(way(r, "h48", "H48.99.01", after) == "hop h48.99.01 for h48.99.01");
    BOOST_TEST(way(r, "h48.99.01", "H48.01", after) == "hop h48 for h48.vp");
    BOOST_TEST(way(r, "h48.99.01", "G22", after) == "hop h48 for vpcp");
    BOOST_TEST(way(r, "h48", "G22", after) == "hop g22 for vpcp");
    BOOST_TEST(way(r, "g22", "H48.99.01", after) == "hop h48 for h48.99.01");
}

BOOST_AUTO_TEST_CASE(what_the_tree_does_not_serve_goes_over_the_axis_from_the_top) {
    reg::registry r = sample();
    BOOST_TEST(way(r, "h48", "G12", after) == "hop g22 for btc");
    BOOST_TEST(way(r, "g22", "G12", after) == "axis truc for btc");
}

BOOST_AUTO_TEST_CASE(a_province_under_the_axis_alone_hands_over_to_it) {
    reg::registry r =
        parsed("version = 1\n[[organisation]]\nid = 'cp'\nname = 'CP'\nserved_by = 'truc'\n"
               "codes = [{ code = 'G22', form = 'qd20' }]\n"
               "[[organisation]]\nid = 'h48'\nname = 'H48'\nparent = 'cp'\ncodes = [{ code = 'H48', form = 'qd20' }]\n"
               "[[organisation]]\nid = 'h17'\nname = 'H17'\nparent = 'cp'\ncodes = [{ code = 'H17', form = 'qd20' }]\n"
               "[[node]]\nid = 'n48'\norganisation = 'h48'\n[[node]]\nid = 'n17'\norganisation = 'h17'\n"
               "[[node]]\nid = 'truc'\nkind = 'axis'\n");
    BOOST_TEST(way(r, "n48", "G22", after) == "axis truc for cp");
    BOOST_TEST(way(r, "n48", "H17", after) == "axis truc for h17");
    BOOST_TEST(right(r, "n48", "truc", "H17", after) == "yes");
    BOOST_TEST(right(r, "n48", "truc", "H48", after) == "served_here");
}

BOOST_AUTO_TEST_CASE(two_trees_meet_over_the_national_axis) {
    const char* trees = "[[organisation]]\nid = 'a'\nname = 'A'\ncodes = [{ code = 'A', form = 'local' }]\n"
                        "[[organisation]]\nid = 'b'\nname = 'B'\ncodes = [{ code = 'B', form = 'local' }]\n"
                        "[[node]]\nid = 'na'\norganisation = 'a'\n[[node]]\nid = 'nb'\norganisation = 'b'\n";
    reg::registry with =
        parsed(std::string("version = 1\nnational_axis = 'truc'\n") + trees + "[[node]]\nid = 'truc'\nkind = 'axis'\n");
    BOOST_TEST(way(with, "na", "B", after) == "axis truc for b");
    reg::registry without = parsed(std::string("version = 1\n") + trees);
    BOOST_TEST(way(without, "na", "B", after) == "held no_route for b");
    BOOST_TEST(!without.route("na", "B", after).note_vi.empty());
}

BOOST_AUTO_TEST_CASE(a_platform_below_a_node_is_reached_through_that_node) {
    reg::registry r =
        parsed("version = 1\n[[organisation]]\nid = 'h48'\nname = 'H48'\ncodes = [{ code = 'H48', form = 'qd20' }]\n"
               "[[organisation]]\nid = 's'\nname = 'S'\nparent = 'h48'\nserved_by = 'lgsp'\ncodes = [{ code = 'S', "
               "form = 'local' }]\n"
               "[[organisation]]\nid = 'x'\nname = 'X'\nparent = 'h48'\ncodes = [{ code = 'X', form = 'local' }]\n"
               "[[node]]\nid = 'n48'\norganisation = 'h48'\n[[node]]\nid = 'nx'\norganisation = 'x'\n"
               "[[node]]\nid = 'lgsp'\nkind = 'axis'\nuplink = 'n48'\n");
    BOOST_TEST(way(r, "nx", "S", after) == "hop n48 for s");
    BOOST_TEST(way(r, "n48", "S", after) == "axis lgsp for s");
    BOOST_TEST(right(r, "n48", "lgsp", "S", after) == "yes");
    BOOST_TEST(right(r, "n48", "lgsp", "X", after) == "behind_another_peer");
}

BOOST_AUTO_TEST_CASE(a_commune_served_by_anothers_daemon_is_reached_there) {
    reg::registry r =
        parsed("version = 1\n[[organisation]]\nid = 'h'\nname = 'H'\ncodes = [{ code = 'H', form = 'local' }]\n"
               "[[organisation]]\nid = 'x'\nname = 'X'\nparent = 'h'\ncodes = [{ code = 'X', form = 'local' }]\n"
               "[[organisation]]\nid = 'y'\nname = 'Y'\nparent = 'h'\ncodes = [{ code = 'Y', form = 'local' }]\n"
               "served_by = [{ node = 'nx', from = 2025-01-01, to = 2025-07-01 }]\n"
               "[[node]]\nid = 'nh'\norganisation = 'h'\n[[node]]\nid = 'nx'\norganisation = 'x'\n");
    BOOST_TEST(way(r, "nh", "Y", noon("2024-12-31")) == "local for y");
    BOOST_TEST(way(r, "nh", "Y", before) == "hop nx for y");
    BOOST_TEST(way(r, "nx", "Y", before) == "local for y");
    BOOST_TEST(right(r, "nh", "nx", "Y", before) == "yes");
    BOOST_TEST(way(r, "nh", "Y", after) == "local for y");
    BOOST_TEST(right(r, "nh", "nx", "Y", after) == "yes"); // what it had taken over is still under way
    BOOST_TEST(right(r, "nh", "nx", "Y", noon("2025-07-30")) == "yes");
    BOOST_TEST(right(r, "nh", "nx", "Y", noon("2025-08-01")) == "served_here");
}

BOOST_AUTO_TEST_CASE(packets_pass_by_the_level_that_ceased) {
    reg::registry r = sample();
    BOOST_TEST(way(r, "h48", "000.21.32.H48", before) == "hop h48.32 for h48.99.02");
    BOOST_TEST(way(r, "h48", "000.21.32.H48", after) ==
               "local for h48.99.02"); // same code, now directly under the province
    BOOST_TEST(way(r, "h48", "H48.99.02", after) == "local for h48.99.02");
    BOOST_TEST(way(r, "h48", "000.20.32.H48", before) == "hop h48.32 for h48.32.20");
    BOOST_TEST(way(r, "h48", "000.20.32.H48", after) == "hop h48.99.01 for h48.99.01");
}

BOOST_AUTO_TEST_CASE(a_closed_code_with_one_successor_is_forwarded_with_a_note) {
    reg::registry r = sample();
    route_decision d = r.route("g22", " 000.00.00.H34\n", after);
    BOOST_TEST(brief(d) == "hop h48 for h48");
    BOOST_TEST(d.forwarded_from == "000.00.00.H34");
    BOOST_TEST(d.note_vi ==
               "Ủy ban nhân dân tỉnh Kon Tum (mã 000.00.00.H34) đã chấm dứt hoạt động; chuyển tới đơn vị kế thừa "
               "Ủy ban nhân dân tỉnh Quảng Ngãi.");
    BOOST_TEST(r.route("g22", "H48", after).forwarded_from.empty());
}

BOOST_AUTO_TEST_CASE(a_closed_code_with_several_or_no_successors_is_held_for_the_clerk) {
    reg::registry r = sample();
    route_decision split = r.route("g22", "000.00.32.H48", after);
    BOOST_TEST(brief(split) == "held closed_several_successors");
    BOOST_TEST(split.candidates.size() == 2u);
    BOOST_TEST(!split.note_vi.empty());
    route_decision gone = r.route("g22", "000.01.98.H48", after);
    BOOST_TEST(brief(gone) == "held closed_no_successor");
    BOOST_TEST(!gone.note_en.empty());
    // the clerk's choice has a way
    BOOST_TEST(brief(r.route_to("g22", *split.candidates[0], after)) == "hop h48 for h48.99.01");
}

BOOST_AUTO_TEST_CASE(an_unknown_code_is_held_and_named) {
    route_decision d = sample().route("h48", "H99.1", after);
    BOOST_TEST(brief(d) == "held unknown_organisation");
    BOOST_TEST(d.note_en.find("H99.1") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_status_that_quotes_a_closed_code_reaches_the_successor) {
    reg::registry r = sample();
    // ResponseFor/OrganId of a status from the new commune to a document of the former province: hop by hop.
    BOOST_TEST(way(r, "h48.99.01", "000.00.00.H34", after) == "hop h48 for h48");
    BOOST_TEST(way(r, "h48", "000.00.00.H34", after) == "local for h48");
}

BOOST_AUTO_TEST_CASE(a_packet_is_never_handed_back_to_the_peer_that_brought_it) {
    reg::registry r = sample();
    route_decision d = r.route("h48", "G22", after, "g22");
    BOOST_TEST(brief(d) == "held would_return for vpcp");
    BOOST_TEST(d.note_en.find("g22") != std::string::npos);
    BOOST_TEST(brief(r.route("h48", "G22", after, "h48.99.01")) == "hop g22 for vpcp");
    BOOST_TEST(brief(r.route("h48", "H48", after, "g22")) == "local for h48");
    BOOST_TEST(brief(r.route("g22", "G12", after, "truc")) == "held would_return for btc"); // the axis as well
}

BOOST_AUTO_TEST_CASE(an_explicit_route_overrides_the_tree_for_its_subtree_and_dates) {
    std::string text =
        "version = 1\n[[organisation]]\nid = 'a'\nname = 'A'\n[[organisation]]\nid = 'b'\nname = 'B'\nparent = 'a'\n"
        "[[organisation]]\nid = 'c'\nname = 'C'\nparent = 'a'\ncodes = [{ code = 'C', form = 'local' }]\n"
        "[[organisation]]\nid = 'd'\nname = 'D'\nparent = 'c'\ncodes = [{ code = 'D', form = 'local' }]\n"
        "[[node]]\nid = 'na'\norganisation = 'a'\n[[node]]\nid = 'nb'\norganisation = 'b'\n[[node]]\nid = "
        "'nc'\norganisation = 'c'\n"
        "[[route]]\nat = 'nb'\norganisation = 'c'\nvia = 'nc'\nfrom = 2025-07-01\n";
    reg::registry r = parsed(text);
    BOOST_TEST(way(r, "nb", "D", before) == "hop na for d");
    BOOST_TEST(way(r, "nb", "D", after) == "hop nc for d");
    BOOST_TEST(right(r, "nb", "nc", "D", before) == "behind_another_peer");
    BOOST_TEST(right(r, "nb", "nc", "D", after) == "yes"); // packets may come the way they go
    BOOST_TEST(right(r, "nb", "na", "D", after) == "yes"); // and still over the tree
}

BOOST_AUTO_TEST_CASE(a_peer_below_delivers_for_its_subtree_and_the_peer_above_for_the_rest) {
    reg::registry r = sample();
    BOOST_TEST(right(r, "h48", "h48.99.01", "H48.99.01", after) == "yes");
    BOOST_TEST(right(r, "h48", "h48.99.01", "H48.01", after) == "served_here");
    BOOST_TEST(right(r, "h48", "h48.99.01", "G22", after) == "behind_another_peer");
    BOOST_TEST(right(r, "h48", "g22", "G22", after) == "yes");
    BOOST_TEST(right(r, "h48", "g22", "G12", after) == "yes");
    BOOST_TEST(right(r, "h48", "g22", "H48.99.01", after) == "behind_another_peer");
    BOOST_TEST(right(r, "h48", "g22", "H48.98", after) == "served_here");
    BOOST_TEST(right(r, "h48.99.01", "h48", "H48.99.02", after) == "yes"); // a neighbour's packet comes from above
    BOOST_TEST(right(r, "g22", "truc", "G12", after) == "yes");
    BOOST_TEST(right(r, "g22", "truc", "H48", after) == "behind_another_peer");
}

BOOST_AUTO_TEST_CASE(an_unknown_sender_is_neither_authorised_nor_dropped) {
    reg::registry r = sample();
    delivery_verdict v = r.may_deliver("h48", "g22", "X99", after);
    BOOST_TEST((v.right == delivery_right::unknown_sender));
    BOOST_TEST(id_of(v.sender) == "-");
}

BOOST_AUTO_TEST_CASE(a_node_that_is_unknown_or_ended_may_deliver_nothing) {
    reg::registry r = sample();
    BOOST_TEST(right(r, "h48", "h48.32", "000.00.32.H48", before) == "yes");
    BOOST_TEST(right(r, "h48", "h48.32", "000.00.32.H48", after) == "unknown_peer");
    BOOST_TEST(right(r, "h48", "nobody", "H48.99.01", after) == "unknown_peer");
    BOOST_TEST(right(r, "h48", "h48", "H48", after) == "unknown_peer");
}

BOOST_AUTO_TEST_CASE(the_successor_may_deliver_what_a_closed_organisation_sent) {
    reg::registry r = sample();
    BOOST_TEST(right(r, "g22", "h48", "H34", before) == "served_here");
    BOOST_TEST(right(r, "g22", "h48", "H34", after) == "yes");
    BOOST_TEST(right(r, "h48", "h48.99.01", "000.20.32.H48", after) == "yes");
}

BOOST_AUTO_TEST_CASE(authorised_for_adds_a_subtree_to_the_rule) {
    std::string text =
        "version = 1\n[[organisation]]\nid = 'a'\nname = 'A'\n[[organisation]]\nid = 'b'\nname = 'B'\nparent = 'a'\n"
        "[[organisation]]\nid = 'c'\nname = 'C'\nparent = 'a'\n"
        "[[organisation]]\nid = 'd'\nname = 'D'\nparent = 'c'\ncodes = [{ code = 'D', form = 'local' }]\n"
        "[[node]]\nid = 'na'\norganisation = 'a'\n[[node]]\nid = 'nc'\norganisation = 'c'\n[[node]]\nid = "
        "'nb'\norganisation = 'b'\n";
    BOOST_TEST(right(parsed(text), "na", "nb", "D", after) == "behind_another_peer");
    BOOST_TEST(right(parsed(text + "authorised_for = ['c']\n"), "na", "nb", "D", after) == "yes");
}

BOOST_AUTO_TEST_CASE(a_peer_is_recognised_by_name_under_its_authority_or_by_a_valid_pin) {
    std::string ca(64, 'c'), other_ca(64, 'd'), one(64, '1'), two(64, '2');
    reg::registry r = parsed(
        "version = 1\n[[node]]\nid = 'n'\nkind = 'axis'\nsan_uri = 'urn:n'\nca = 'a.pem'\nca_sha256 = '" + ca +
        "'\n[[node]]\nid = 'm'\nkind = 'axis'\npins = [{ sha256 = '" + one + "', to = 2025-08-01 }, { sha256 = '" +
        two + "', from = 2025-07-01 }]\n[[node]]\nid = 'open'\nkind = 'axis'\n");
    auto d = [](const std::string& hex) { return digest::from_hex(hex).value(); };
    BOOST_TEST(id_of(r.peer_by_identity({{"urn:x", "urn:n"}, d(other_ca), {d(ca)}}, after)) == "n");
    BOOST_TEST(id_of(r.peer_by_identity({{"urn:n"}, d(other_ca), {d(other_ca)}}, after)) ==
               "-"); // another authority's word
    BOOST_TEST(id_of(r.peer_by_identity({{}, d(one), {}}, before)) == "m");
    BOOST_TEST(id_of(r.peer_by_identity({{}, d(two), {}}, before)) == "-");
    BOOST_TEST(id_of(r.peer_by_identity({{}, d(one), {}}, after)) == "m"); // both during the change
    BOOST_TEST(id_of(r.peer_by_identity({{}, d(two), {}}, after)) == "m");
    BOOST_TEST(id_of(r.peer_by_identity({{}, d(one), {}}, noon("2025-08-01"))) == "-");
    BOOST_TEST(id_of(r.peer_by_identity({}, after)) == "-"); // a node without identity matches nobody
}

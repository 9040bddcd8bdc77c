#include "tests/registry/support.hpp"

#include <set>

using namespace vanthu;
using namespace vanthu::registry;
namespace reg = vanthu::registry;

namespace {
struct bad_file {
    const char* what;
    errc code;
    int line;
    const char* toml;
};

const bad_file bad_files[] = {
    {"no TOML", errc::syntax, 2, "version = 1\nversion == 2\n"},
    {"a day that does not exist", errc::syntax, 5,
     "version = 1\n[[organisation]]\nid = 'a'\nname = 'A'\nto = 2025-02-30\n"},
    {"unknown key at the top", errc::unknown_key, 2, "version = 1\nverison = 2\n"},
    {"unknown key of an organisation", errc::unknown_key, 5,
     "version = 1\n[[organisation]]\nid = 'a'\nname = 'A'\nparents = 'b'\n"},
    {"unknown key of a code", errc::unknown_key, 5,
     "version = 1\n[[organisation]]\nid = 'a'\nname = 'A'\ncodes = [{ code = 'H1', form = 'local', until = 2025-07-01 "
     "}]\n"},
    {"unknown key of a node", errc::unknown_key, 5,
     "version = 1\n[[node]]\nid = 'n'\nkind = 'axis'\nurl = 'https://n.example'\n"},
    {"no version", errc::missing_key, 1, "format = 1\n"},
    {"another format", errc::bad_value, 1, "format = 2\nversion = 1\n"},
    {"organisation without name", errc::missing_key, 2, "version = 1\n[[organisation]]\nid = 'a'\n"},
    {"empty list of names", errc::missing_key, 2, "version = 1\n[[organisation]]\nid = 'a'\nname = []\n"},
    {"empty id", errc::bad_value, 3, "version = 1\n[[organisation]]\nid = ''\nname = 'A'\n"},
    {"id with foreign characters", errc::bad_value, 3, "version = 1\n[[organisation]]\nid = '@A'\nname = 'A'\n"},
    {"version as text", errc::wrong_type, 1, "version = '1'\n"},
    {"negative version", errc::bad_value, 1, "version = -1\n"},
    {"date in quotes", errc::wrong_type, 5, "version = 1\n[[organisation]]\nid = 'a'\nname = 'A'\nto = '2025-07-01'\n"},
    {"flag as text", errc::wrong_type, 5,
     "version = 1\n[[organisation]]\nid = 'a'\nname = 'A'\nanswers_on_commit = 'yes'\n"},
    {"an organisation that is no table", errc::wrong_type, 2, "version = 1\norganisation = ['a']\n"},
    {"organisations as one table", errc::wrong_type, 2, "version = 1\n[organisation]\nid = 'a'\n"},
    {"list of urls as one text", errc::wrong_type, 5,
     "version = 1\n[[node]]\nid = 'n'\nkind = 'axis'\nurls = 'https://n'\n"},
    {"url without TLS for a daemon", errc::bad_value, 5,
     "version = 1\n[[organisation]]\nid = 'a'\nname = 'A'\n[[node]]\nid = 'n'\norganisation = 'a'\nurls = "
     "['http://n']\n"},
    {"unknown form of a code", errc::bad_value, 5,
     "version = 1\n[[organisation]]\nid = 'a'\nname = 'A'\ncodes = [{ code = 'H1', form = 'gso' }]\n"},
    {"code with white space", errc::bad_value, 5,
     "version = 1\n[[organisation]]\nid = 'a'\nname = 'A'\ncodes = [{ code = ' H1', form = 'local' }]\n"},
    {"to before from", errc::bad_period, 2,
     "version = 1\n[[organisation]]\nid = 'a'\nname = 'A'\nfrom = 2025-07-02\nto = 2025-07-01\n"},
    {"a period of no day", errc::bad_period, 2,
     "version = 1\n[[organisation]]\nid = 'a'\nname = 'A'\nfrom = 2025-07-01\nto = 2025-07-01\n"},
    {"a code that begins after the closing date", errc::bad_period, 6,
     "version = 1\n[[organisation]]\nid = 'a'\nname = 'A'\nto = 2025-07-01\ncodes = [{ code = 'H1', form = 'local', "
     "from = 2026-01-01 }]\n"},
    {"changed after the version of the file", errc::bad_value, 2,
     "version = 1\n[[organisation]]\nid = 'a'\nname = 'A'\nchanged_in = 2\n"},
    {"one id twice", errc::duplicate_id, 5,
     "version = 1\n[[organisation]]\nid = 'a'\nname = 'A'\n[[organisation]]\nid = 'a'\nname = 'B'\n"},
    {"one node id twice", errc::duplicate_id, 5,
     "version = 1\n[[node]]\nid = 'n'\nkind = 'axis'\n[[node]]\nid = 'n'\nkind = 'axis'\n"},
    {"one code of two organisations", errc::duplicate_code, 6,
     "version = 1\n[[organisation]]\nid = 'a'\nname = 'A'\ncodes = [{ code = 'H1', form = 'local' }]\n"
     "[[organisation]]\nid = 'b'\nname = 'B'\ncodes = [{ code = 'H1', form = 'local', from = 2025-07-01 }]\n"},
    {"two parents at once", errc::overlapping_periods, 5,
     "version = 1\n[[organisation]]\nid = 'p'\nname = 'P'\n[[organisation]]\nid = 'a'\nname = 'A'\n"
     "parent = [{ id = 'p', to = 2025-07-02 }, { id = 'p', from = 2025-07-01 }]\n"},
    {"a parent that is not there", errc::unknown_reference, 2,
     "version = 1\n[[organisation]]\nid = 'a'\nname = 'A'\nparent = 'b'\n"},
    {"a successor that is not there", errc::unknown_reference, 2,
     "version = 1\n[[organisation]]\nid = 'a'\nname = 'A'\nto = 2025-07-01\nsuccessors = [{ to = 'b', kind = 'merge' "
     "}]\n"},
    {"a server that is not there", errc::unknown_reference, 2,
     "version = 1\n[[organisation]]\nid = 'a'\nname = 'A'\nserved_by = 'n'\n"},
    {"a node of nobody", errc::unknown_reference, 2, "version = 1\n[[node]]\nid = 'n'\norganisation = 'a'\n"},
    {"a national axis that is a daemon", errc::unknown_reference, 1,
     "version = 1\nnational_axis = 'n'\n[[organisation]]\nid = 'a'\nname = 'A'\n[[node]]\nid = 'n'\norganisation = "
     "'a'\n"},
    {"an organisation above itself", errc::parent_cycle, 2,
     "version = 1\n[[organisation]]\nid = 'a'\nname = 'A'\nparent = 'a'\n"},
    {"a ring of parents", errc::parent_cycle, 2,
     "version = 1\n[[organisation]]\nid = 'a'\nname = 'A'\nparent = 'b'\n[[organisation]]\nid = 'b'\nname = "
     "'B'\nparent = 'a'\n"},
    {"a ring of parents that closes later", errc::parent_cycle, 6,
     "version = 1\n[[organisation]]\nid = 'a'\nname = 'A'\nparent = 'b'\n"
     "[[organisation]]\nid = 'b'\nname = 'B'\nparent = [{ id = 'a', from = 2030-01-01 }]\n"},
    {"uplinks in a ring", errc::node_cycle, 5,
     "version = 1\n[[organisation]]\nid = 'a'\nname = 'A'\n[[node]]\nid = 'n'\norganisation = 'a'\nuplink = 'm'\n"
     "[[node]]\nid = 'm'\nkind = 'axis'\nuplink = 'n'\n"},
    {"a route to itself", errc::route_loop, 8,
     "version = 1\n[[organisation]]\nid = 'a'\nname = 'A'\n[[node]]\nid = 'n'\norganisation = 'a'\n[[route]]\nat = "
     "'n'\norganisation = 'a'\nvia = 'n'\n"},
    {"a route that sends packets down and up again", errc::route_loop, 19,
     "version = 1\n[[organisation]]\nid = 'a'\nname = 'A'\n[[organisation]]\nid = 'b'\nname = 'B'\nparent = 'a'\n"
     "[[organisation]]\nid = 'c'\nname = 'C'\nparent = 'a'\n[[node]]\nid = 'na'\norganisation = 'a'\n"
     "[[node]]\nid = 'nb'\norganisation = 'b'\n[[route]]\nat = 'na'\norganisation = 'c'\nvia = 'nb'\n[[node]]\nid = "
     "'nc'\norganisation = 'c'\n"},
    {"two daemons of one organisation", errc::ambiguous_server, 8,
     "version = 1\n[[organisation]]\nid = 'a'\nname = 'A'\n[[node]]\nid = 'n'\norganisation = 'a'\n[[node]]\nid = "
     "'m'\norganisation = 'a'\n"},
    {"one name in two certificates", errc::ambiguous_identity, 7,
     "version = 1\n[[node]]\nid = 'n'\nkind = 'axis'\nsan_uri = 'urn:x'\nca = 'a.pem'\n"
     "[[node]]\nid = 'm'\nkind = 'axis'\nsan_uri = 'urn:x'\nca = 'a.pem'\n"},
    {"two authorities that are not told apart", errc::ambiguous_identity, 2,
     "version = 1\n[[node]]\nid = 'n'\nkind = 'axis'\nsan_uri = 'urn:x'\nca = 'a.pem'\n"
     "[[node]]\nid = 'm'\nkind = 'axis'\nsan_uri = 'urn:y'\nca = 'b.pem'\n"},
    {"one pin of two nodes", errc::ambiguous_identity, 9,
     "version = 1\n[[node]]\nid = 'n'\nkind = 'axis'\n[[node]]\nid = 'm'\nkind = 'axis'\n"
     "pins = [{ sha256 = 'PIN' }]\n[[node]]\nid = 'o'\nkind = 'axis'\npins = [{ sha256 = 'PIN' }]\n"},
    {"a name without the authority behind it", errc::missing_key, 2,
     "version = 1\n[[node]]\nid = 'n'\nkind = 'axis'\nsan_uri = 'urn:x'\n"},
    {"a pin that is no hash", errc::bad_value, 5,
     "version = 1\n[[node]]\nid = 'n'\nkind = 'axis'\npins = [{ sha256 = 'abc' }]\n"},
    {"a successor of an open organisation", errc::successor_of_open, 5,
     "version = 1\n[[organisation]]\nid = 'a'\nname = 'A'\nsuccessors = [{ to = 'a', kind = 'merge' }]\n"},
    {"a successor before the closing date", errc::bad_period, 6,
     "version = 1\n[[organisation]]\nid = 'a'\nname = 'A'\nto = 2025-07-01\nsuccessors = [{ to = 'a', kind = 'merge', "
     "from = 2025-06-30 }]\n"},
    {"a merge into nobody", errc::missing_key, 6,
     "version = 1\n[[organisation]]\nid = 'a'\nname = 'A'\nto = 2025-07-01\nsuccessors = [{ kind = 'merge' }]\n"},
    {"an authority without a certificate", errc::missing_key, 5,
     "version = 1\n[[organisation]]\nid = 'a'\nname = 'A'\n[[authority]]\nperson = 'P'\ntitle = 'T'\norganisation = "
     "'a'\n"},
    {"a certificate by its subject alone", errc::bad_value, 9,
     "version = 1\n[[organisation]]\nid = 'a'\nname = 'A'\n[[authority]]\nperson = 'P'\ntitle = 'T'\norganisation = "
     "'a'\n"
     "certificate = { subject = 'CN=P' }\n"},
    {"an unknown capacity", errc::bad_value, 5,
     "version = 1\n[[organisation]]\nid = 'a'\nname = 'A'\n[[authority]]\nperson = 'P'\ntitle = 'T'\norganisation = "
     "'a'\n"
     "certificate = { spki_sha256 = 'PIN' }\nmay_sign_for = ['PP.']\n"},
    {"one key as seal and service", errc::key_in_two_roles, 9,
     "version = 1\n[[organisation]]\nid = 'a'\nname = 'A'\n[[agency_certificate]]\norganisation = 'a'\nuse = 'seal'\n"
     "certificate = { spki_sha256 = 'PIN' }\n[[agency_certificate]]\norganisation = 'a'\nuse = 'service'\ncertificate "
     "= { spki_sha256 = 'PIN' }\n"},
};

std::string with_pin(std::string text) {
    for (std::size_t at; (at = text.find("PIN")) != std::string::npos;) text.replace(at, 3, std::string(64, 'a'));
    return text;
}
} // namespace

BOOST_AUTO_TEST_CASE(every_bad_file_is_refused_with_its_code_and_line) {
    for (const bad_file& bad : bad_files) {
        BOOST_TEST_CONTEXT(bad.what) {
            result<reg::registry> r = reg::registry::parse(with_pin(bad.toml), "test.toml");
            BOOST_REQUIRE(!r.has_value());
            BOOST_TEST(public_code(r.error().code) == public_code(make_error_code(bad.code)), r.error().detail);
            std::string place = "test.toml:" + std::to_string(bad.line) + ":";
            BOOST_TEST(r.error().detail.starts_with(place), r.error().detail << " should begin with " << place);
        }
    }
}

BOOST_AUTO_TEST_CASE(every_code_of_the_error_table_is_provoked_by_a_file) {
    std::set<int> provoked;
    for (const bad_file& bad : bad_files) provoked.insert(int(bad.code));
    const auto& table = dynamic_cast<const error_table&>(make_error_code(errc::syntax).category());
    for (const error_row& row : table.rows()) BOOST_TEST(provoked.contains(row.value), row.name);
}

BOOST_AUTO_TEST_CASE(a_code_may_be_allotted_again_after_it_ended) {
    reg::registry r = parsed(
        "version = 1\n"
        "[[organisation]]\nid = 'a'\nname = 'A'\ncodes = [{ code = 'H1', form = 'local', to = 2025-07-01 }]\n"
        "[[organisation]]\nid = 'b'\nname = 'B'\ncodes = [{ code = 'H1', form = 'local', from = 2025-07-01 }]\n");
    BOOST_TEST(id_of(r.resolve("H1", noon("2025-06-30")).found) == "a");
    BOOST_TEST(id_of(r.resolve("H1", noon("2025-07-01")).found) == "b");
}

BOOST_AUTO_TEST_CASE(a_closed_organisation_leaves_its_code_free) {
    reg::registry r = parsed(
        "version = 1\n"
        "[[organisation]]\nid = 'a'\nname = 'A'\nto = 2025-07-01\ncodes = [{ code = 'H1', form = 'local' }]\n"
        "[[organisation]]\nid = 'b'\nname = 'B'\ncodes = [{ code = 'H1', form = 'local', from = 2025-07-01 }]\n");
    BOOST_TEST(id_of(r.resolve("H1", noon("2025-07-01")).found) == "b");
}

BOOST_AUTO_TEST_CASE(a_missing_file_is_a_failure_not_an_empty_registry) {
    result<reg::registry> r = reg::registry::load("/nonexistent/registry.toml");
    BOOST_REQUIRE(!r.has_value());
    BOOST_TEST(public_code(r.error().code) == "files.not_found");
}

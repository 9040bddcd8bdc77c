// What the policy or an unread first page keeps for a person stays here until an operator has released it.
#include "tests/intake/offers.hpp"

#include "daemon/base/base64.hpp"
#include "daemon/intake/acceptance.hpp"

#include <unistd.h>

namespace vanthu::test {
namespace json = boost::json;

namespace {

using intake::action;
using intake::role;
using signing::verdict;

// "SIGNED": valid; "LOST": its worker died; "LOCKED": no page could be read; otherwise unsigned.
class scripted final : public inspect::inspector_pool {
public:
    using inspector_pool::inspect;
    inspect::inspection inspect(int document, timestamp, std::chrono::steady_clock::time_point, int) override {
        std::string text(1u << 20, '\0');
        const ssize_t n = ::pread(document, text.data(), text.size(), 0);
        text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
        auto has = [&](const char* word) { return text.find(word) != std::string::npos; };
        inspect::inspection seen;
        seen.finished = !has("LOST");
        seen.first_page_seen = seen.finished && !has("LOCKED");
        seen.report.verdict = has("SIGNED")   ? verdict::valid
                              : seen.finished ? verdict::unsigned_
                                              : verdict::indeterminate;
        if (has("STAMPED")) seen.marking = pdf::secret_marking::mat;
        return seen;
    }
    void replace_trust(x509::trust_store, x509::evidence) override {}
    void replace_policy(validation::policy) override {}
    std::size_t restarts() const override { return 0; }
};

std::string pdf_with(const std::string& word) { return "%PDF-1.7\n" + word + "\n%%EOF\n"; }

intake::policy holding(role r, intake::verdict v) {
    intake::policy p;
    p.actions[std::size_t(r)][std::size_t(v)] = action::hold;
    return p;
}

// A node whose gate has an inspector, behind which "huyen" (H48.40) is another node.
struct careful_office : office {
    scripted inspectors;
    std::unique_ptr<intake::gate> gate;
    explicit careful_office(const intake::policy& policy = {})
        : office([](node_spec& s) {
              s.delivers = false;
              s.registry += "\n[[organisation]]\nid = \"ban\"\nname = \"Ban\"\nkind = \"ban\"\nparent = \"tinh\"\n"
                            "answers_on_commit = true\ncodes = [{ code = \"H48.02\", form = \"qd20\" }]\n";
          }) {
        intake::gate_options go;
        go.node = node.spec.node;
        go.home = node.spec.home;
        go.organisation = node.spec.organisation;
        go.quarantine = node.folder.path() / "quarantine";
        go.policy = policy;
        gate = std::make_unique<intake::gate>(go, *node.store, *node.receipts, *node.spool, &inspectors, *node.disk,
                                              *node.crypto, node.clock);
        gate->use_registry(node.gate->registry());
    }
    result<intake::accepted> submitted(const letter& what, const std::string& file,
                                       const std::string& name = "van-ban.pdf") {
        intake::offer o;
        o.may_send_for = {"@so"};
        net::memory_body body(what.packet(file, name));
        return wait_for(node.network->executor(0), gate->accept(std::move(o), body));
    }
    intake::accepted taken(const letter& what, const std::string& file, const std::string& name = "van-ban.pdf") {
        auto a = submitted(what, file, name);
        BOOST_REQUIRE_MESSAGE(a.has_value(), (a ? "" : a.error().code.message() + a.error().detail));
        return *a;
    }
    intake::accepted from_below(letter what, const std::string& file) {
        what.from = "H48.40";
        intake::offer o;
        o.source = intake::offer::from::peer;
        o.node = "h48.40";
        net::memory_body body(what.packet(file, "van-ban.pdf"));
        auto a = wait_for(node.network->executor(0), gate->accept(std::move(o), body));
        BOOST_REQUIRE_MESSAGE(a.has_value(), (a ? "" : a.error().code.message() + a.error().detail));
        return *a;
    }
    std::size_t release(const records::document_row& d) {
        intake::rerouting r(*gate, node.network->executor(0));
        auto done = wait_for(node.network->executor(0), r.release(d.owner, d.id, "operator"));
        BOOST_REQUIRE_MESSAGE(done.has_value(), (done ? "" : done.error().code.message() + done.error().detail));
        return done->placed;
    }
    result<std::size_t> send_back(const records::document_row& d, const std::string& words) {
        intake::rerouting r(*gate, node.network->executor(0));
        return wait_for(node.network->executor(0), r.send_back(d.owner, d.id, words, "operator"));
    }
    std::vector<std::string> told_below() {
        std::vector<std::string> out;
        const auto notices = read().notices_for("@tinh", "h48.40", 100).value();
        for (const auto& n : notices) out.push_back(n.recipient + " " + n.kind + " " + n.code);
        return out;
    }
    records::reader read() { return records::reader(node.store->committed()); }
    std::string standing(const records::document_row& d, const std::string& code) {
        auto c = read().consignment(d.owner, d.id, code).value().value();
        return std::string(boost::describe::enum_to_string(c.state_now, "?")) + " " + c.hop + " " + c.reason;
    }
};

bool flagged(const intake::accepted& a, std::string_view flag) {
    return std::ranges::find(a.document.flags, flag) != a.document.flags.end();
}

} // namespace

BOOST_AUTO_TEST_SUITE(held)

BOOST_AUTO_TEST_CASE(what_the_policy_holds_leaves_only_when_an_operator_releases_it) {
    careful_office o(holding(role::issue, intake::verdict::unsigned_));
    const auto a = o.taken({.to = {"H48.99.01", "H48.40"}}, pdf_with("plain"));
    BOOST_TEST(flagged(a, "signature_held"));
    for (const char* code : {"H48.99.01", "H48.40"})
        BOOST_TEST(o.standing(a.document, code) == "parked  intake.signature_held");
    BOOST_TEST(inbox_of(o.node, "key-xa").empty());
    BOOST_TEST(o.read().waiting_work("@tinh").value().empty());
    // Neither a reload of the registry nor the same document once more lets it go.
    intake::rerouting r(*o.gate, o.node.network->executor(0));
    BOOST_TEST(wait_for(o.node.network->executor(0), r.pass("registry 2")).value().placed == 0u);
    BOOST_TEST(o.taken({.to = {"H48.99.01", "H48.40"}}, pdf_with("plain")).known);
    BOOST_TEST(inbox_of(o.node, "key-xa").empty());

    // Its sender reads why.
    const json::object waits = first_recipient(o.node, "key-so", a.document.id);
    BOOST_TEST(text_of(waits, {"state"}) == "parked");
    BOOST_TEST(text_of(waits, {"why_vi"}).find("xem xét chữ ký số") != std::string::npos, text_of(waits, {"why_vi"}));

    BOOST_TEST(o.release(a.document) == 2u);
    BOOST_TEST(o.standing(a.document, "H48.99.01") == "delivered local ");
    BOOST_TEST(o.standing(a.document, "H48.40") == "waiting h48.40 ");
    BOOST_TEST(inbox_of(o.node, "key-xa").size() == 1u);
    BOOST_TEST(o.read().waiting_work("@tinh").value().size() == 1u);
    std::vector<std::string> steps;
    for (const auto& e : o.read().events_of(a.document.owner, a.document.id).value())
        if (e.recipient == "H48.99.01") steps.push_back(e.kind + " " + e.code + " " + e.by);
    BOOST_TEST((steps == std::vector<std::string>{"parked intake.signature_held H48",
                                                  "released intake.signature_held operator", "kept  H48"}));
    BOOST_TEST(o.release(a.document) == 0u); // once
    BOOST_TEST(inbox_of(o.node, "key-xa").size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_first_page_that_nobody_looked_at_waits_for_a_person_whatever_the_policy_says) {
    careful_office o;
    int number = 0;
    for (const std::string& file :
         {pdf_with("LOST"), pdf_with("LOCKED SIGNED"), std::string(2000, 'x') + pdf_with("LOCKED"),
          std::string("\1\2\3") + std::string(3000, '\0') + pdf_with("LOST"),
          std::string(100'000, 'x') + pdf_with("behind everything"), std::string(4094, 'x') + pdf_with("cut in two")}) {
        const auto a = o.taken({.number = ++number, .to = {"H48.99.01", "H48.40"}}, file);
        BOOST_TEST(flagged(a, "first_page_unseen"), number);
        BOOST_TEST(o.standing(a.document, "H48.99.01") == "parked  intake.first_page_unseen", number);
        BOOST_TEST(o.standing(a.document, "H48.40") == "parked  intake.first_page_unseen", number);
    }
    BOOST_TEST(inbox_of(o.node, "key-xa").empty());
    // Looked at, or nothing that could be: as before.
    for (auto [file, name] : {std::pair(pdf_with("plain"), "a.pdf"),
                              {std::string("nội dung"), "a.pdf"},
                              {std::string("PK\3\4") + std::string(30, '\0') + pdf_with("inside"), "a.zip"},
                              {std::string("{\\rtf1 ") + pdf_with("x"), "a.rtf"}}) {
        const auto a = o.taken({.number = ++number}, file, name);
        BOOST_TEST(o.standing(a.document, "H48.99.01") == "delivered local ", file.substr(0, 20));
    }
    // A marking is refused wherever in the file the PDF begins.
    auto refused = o.submitted({.number = ++number}, std::string(2000, 'x') + pdf_with("STAMPED"));
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST((refused.error().code == intake::errc::secret_refused));
}

BOOST_AUTO_TEST_CASE(without_inspectors_no_pdf_leaves_by_itself) {
    office o;
    reply r = submit(o.node, "key-so", {}, pdf_with("plain"));
    BOOST_REQUIRE_MESSAGE(r.status == 201, r.body);
    BOOST_TEST(inbox_of(o.node, "key-xa").empty());
    BOOST_TEST(submit(o.node, "key-so", {.number = 16}, "văn bản thường").status == 201);
    BOOST_TEST(inbox_of(o.node, "key-xa").size() == 1u);
}

BOOST_AUTO_TEST_CASE(in_transit_only_the_policy_holds) {
    careful_office o;
    const auto through = o.from_below({.to = {"H48.99.01"}}, pdf_with("LOST"));
    BOOST_TEST(flagged(through, "first_page_unseen"));
    BOOST_TEST(o.standing(through.document, "H48.99.01") == "delivered local ");
}

BOOST_AUTO_TEST_CASE(at_the_end_a_held_document_reaches_no_inbox_and_its_sender_is_told) {
    intake::policy p = holding(role::final, intake::verdict::unsigned_);
    careful_office o(p);
    const auto a = o.from_below({.to = {"H48.99.01", "H48.02"}}, pdf_with("plain"));
    BOOST_TEST(o.standing(a.document, "H48.99.01") == "parked  intake.signature_held");
    BOOST_TEST(inbox_of(o.node, "key-xa").empty());
    // The receipt says that it was taken in, not that it has arrived; and nobody answers 01 yet.
    receipt::expectation expected;
    expected.as = receipt::role::relayed;
    BOOST_TEST(receipt::verify(a.receipt, o.node.anchors(), expected).has_value());
    auto told = [&] { return o.told_below(); };
    BOOST_TEST((told() == std::vector<std::string>{"H48.99.01 parked intake.signature_held",
                                                   "H48.02 parked intake.signature_held"}));
    BOOST_TEST(o.read().waiting_work("@tinh").value().empty());

    BOOST_TEST(o.release(a.document) == 2u);
    BOOST_TEST(inbox_of(o.node, "key-xa").size() == 1u);
    BOOST_TEST(told().size() == 4u);
    BOOST_TEST(told().back() == "H48.99.01 kept ");
    BOOST_TEST(o.read().waiting_work("@tinh").value().size() == 1u); // the 01 of the organisation without an eOffice
}

BOOST_AUTO_TEST_CASE(what_is_held_for_whom_we_serve_goes_back_by_their_02_with_the_operators_words) {
    careful_office o(holding(role::final, intake::verdict::unsigned_));
    const auto a = o.from_below({.to = {"H48.99.01", "H48.02"}}, pdf_with("plain"));
    BOOST_TEST(o.read().waiting_work("@tinh").value().empty());
    BOOST_TEST(o.send_back(a.document, "Thiếu chữ ký của cơ quan").value() == 2u);
    for (const char* code : {"H48.99.01", "H48.02"}) {
        BOOST_TEST(o.standing(a.document, code) == "refused  intake.returned_by_operator");
        BOOST_TEST(o.read().consignment("@tinh", a.document.id, code).value()->last_status == "02");
    }
    BOOST_TEST(inbox_of(o.node, "key-xa").empty());
    BOOST_TEST((o.told_below() == std::vector<std::string>{"H48.99.01 parked intake.signature_held",
                                                           "H48.02 parked intake.signature_held",
                                                           "H48.02 returned intake.returned_by_operator",
                                                           "H48.99.01 returned intake.returned_by_operator"}));
    // Back along the way it came, one from each recipient, in the operator's words.
    std::vector<std::string> said;
    const auto work = o.read().waiting_work("@tinh").value();
    for (const auto& w : work) {
        const auto s = o.read().document(w.owner, w.document).value().value();
        said.push_back(w.node + " " + s.from_code + " " + s.status_code + " " + s.status_description);
    }
    std::ranges::sort(said);
    BOOST_TEST((said == std::vector<std::string>{"h48.40 H48.02 02 Thiếu chữ ký của cơ quan",
                                                 "h48.40 H48.99.01 02 Thiếu chữ ký của cơ quan"}));
    std::vector<std::string> steps;
    for (const auto& e : o.read().events_of("@tinh", a.document.id).value())
        if (e.recipient == "H48.02") steps.push_back(e.kind + " " + e.code + " " + e.by + " " + e.text);
    BOOST_TEST(
        (steps == std::vector<std::string>{"parked intake.signature_held H48 ",
                                           "sent_back intake.returned_by_operator operator Thiếu chữ ký của cơ quan",
                                           "status 02 H48.02 Thiếu chữ ký của cơ quan"}));
    // It has ended: neither once more nor the other way round.
    BOOST_TEST((o.send_back(a.document, "lần nữa").error().code == intake::errc::nothing_held));
    BOOST_TEST(o.release(a.document) == 0u);
    BOOST_TEST(o.read().waiting_work("@tinh").value().size() == 2u);
    // What came back may come again, in an envelope of its own.
    BOOST_TEST(!o.from_below({.subject = "Gửi lại", .to = {"H48.99.01", "H48.02"}}, pdf_with("plain")).known);
}

BOOST_AUTO_TEST_CASE(what_is_held_for_others_goes_back_without_a_status_in_their_name) {
    careful_office o(holding(role::issue, intake::verdict::unsigned_));
    const auto a = o.taken({.to = {"H48.99.01", "H48.40"}}, pdf_with("plain"));
    BOOST_TEST(o.send_back(a.document, "Ký sai thẩm quyền").value() == 2u);
    BOOST_TEST(o.standing(a.document, "H48.40") == "refused  intake.returned_by_operator");
    BOOST_TEST(o.read().consignment(a.document.owner, a.document.id, "H48.40").value()->last_status == "");
    BOOST_TEST(o.read().waiting_work("@tinh").value().empty());
    BOOST_TEST(inbox_of(o.node, "key-xa").empty());
    // Its eOffice finds the 02 of the neighbour in its inbox, and the words among the steps of both.
    BOOST_REQUIRE(inbox_of(o.node, "key-so").size() == 1u);
    const std::string ladder = o.node.call("key-so", "GET", "/v1/documents/" + a.document.id).body;
    std::size_t told = 0;
    for (std::size_t at = 0; (at = ladder.find("trả lại nơi gửi: Ký sai thẩm quyền", at)) != std::string::npos; ++at)
        ++told;
    BOOST_TEST(told == 2u);
    // Corrected, under its number.
    const auto corrected = o.taken({.to = {"H48.99.01", "H48.40"}}, pdf_with("SIGNED"));
    BOOST_TEST(!corrected.known);
    BOOST_TEST(o.standing(corrected.document, "H48.99.01") == "delivered local ");
}

BOOST_AUTO_TEST_CASE(a_recipient_that_the_registry_comes_to_know_is_held_like_the_others) {
    careful_office o(holding(role::transit, intake::verdict::unsigned_));
    const auto a = o.from_below({.to = {"H48.56", "H48.99.01"}}, pdf_with("plain"));
    BOOST_TEST(o.standing(a.document, "H48.56") == "parked  registry.unknown_organisation");
    BOOST_TEST(o.standing(a.document, "H48.99.01") == "delivered local ");
    o.node.use_registry(two_node_registry(
        2, "[[organisation]]\nid = \"khac\"\nname = \"Huyện khác\"\nkind = \"UBND huyện\"\nparent = \"tinh\"\n"
           "codes = [{ code = \"H48.56\", form = \"qd20\" }]\n\n[[node]]\nid = \"h48.56\"\norganisation = \"khac\"\n"
           "urls = [\"https://127.0.0.1:1\"]\nsan_uri = \"urn:vanthu:org:H48.56\"\nca = \"@CA@\"\n\n"));
    o.gate->use_registry(o.node.gate->registry());
    intake::rerouting r(*o.gate, o.node.network->executor(0));
    BOOST_TEST(wait_for(o.node.network->executor(0), r.pass("registry 2")).value().placed == 0u);
    BOOST_TEST(o.standing(a.document, "H48.56") == "parked  intake.signature_held");
    BOOST_TEST(o.release(a.document) == 1u);
    BOOST_TEST(o.standing(a.document, "H48.56") == "waiting h48.56 ");
}

BOOST_AUTO_TEST_CASE(a_held_replacement_leaves_the_old_document_going_until_it_is_released) {
    for (const bool released : {true, false}) {
        careful_office o;
        letter old;
        old.document_id = "so,2025,15";
        old.to = {"H48.40"};
        const auto first = o.taken(old, pdf_with("plain"));
        BOOST_TEST(o.standing(first.document, "H48.40") == "waiting h48.40 ");
        o.gate->use_policy(holding(role::issue, intake::verdict::unsigned_));
        letter fresh = old;
        fresh.bussiness_type = 3;
        const auto second = o.taken(fresh, pdf_with("mended"));
        BOOST_TEST(o.standing(second.document, "H48.40") == "parked  intake.signature_held");
        BOOST_TEST(o.standing(first.document, "H48.40") == "waiting h48.40 ");
        auto stands = [&] { return o.read().recall("@tinh", "@so", old.document_id, "@huyen").value().value().stands; };
        BOOST_TEST((stands() == records::recall_stand::asked));
        if (released)
            BOOST_TEST(o.release(second.document) == 1u);
        else
            BOOST_TEST(o.send_back(second.document, "Ký sai thẩm quyền").value() == 1u);
        BOOST_TEST((stands() == (released ? records::recall_stand::withdrawn : records::recall_stand::ended)));
        BOOST_TEST(o.standing(first.document, "H48.40") == (released ? "recalled h48.40 " : "waiting h48.40 "));
        BOOST_TEST(o.standing(second.document, "H48.40") ==
                   (released ? "waiting h48.40 " : "refused  intake.returned_by_operator"));
        const auto work = o.read().waiting_work("@tinh").value();
        BOOST_REQUIRE(work.size() == 1u);
        BOOST_TEST(work.front().document == (released ? second : first).document.id);
    }
}

BOOST_AUTO_TEST_CASE(an_old_document_that_is_held_too_waits_for_what_becomes_of_its_held_replacement) {
    for (const bool released : {true, false}) {
        careful_office o(holding(role::issue, intake::verdict::unsigned_));
        letter old;
        old.document_id = "so,2025,15";
        const auto first = o.taken(old, pdf_with("plain"));
        letter fresh = old;
        fresh.bussiness_type = 3;
        const auto second = o.taken(fresh, pdf_with("mended"));
        BOOST_TEST(o.standing(first.document, "H48.99.01") == "parked  intake.signature_held");
        if (released)
            BOOST_TEST(o.release(second.document) == 1u);
        else
            BOOST_TEST(o.send_back(second.document, "Ký sai thẩm quyền").value() == 1u);
        BOOST_TEST(o.standing(first.document, "H48.99.01") ==
                   (released ? "recalled  " : "parked  intake.signature_held"));
        BOOST_TEST(o.release(first.document) == (released ? 0u : 1u));
        BOOST_TEST(inbox_of(o.node, "key-xa").size() == 1u);
    }
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace vanthu::test

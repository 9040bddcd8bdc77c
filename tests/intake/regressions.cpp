// Faults of the gate that were mended, each with the promise it broke.
#include "tests/intake/offers.hpp"

#include "daemon/base/base64.hpp"
#include "schemas/edxml/writer.hpp"

#include <unistd.h>

namespace vanthu::test {
namespace json = boost::json;

namespace {

using signing::verdict;

// A PDF with "SIGNED" in it is valid, another one unsigned.
class scripted_inspectors final : public inspect::inspector_pool {
public:
    using inspector_pool::inspect;
    inspect::inspection inspect(int document, timestamp, std::chrono::steady_clock::time_point, int) override {
        std::string text(1u << 20, '\0');
        ssize_t n = ::pread(document, text.data(), text.size(), 0);
        text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
        inspect::inspection seen;
        seen.finished = true;
        seen.report.verdict = text.find("SIGNED") != std::string::npos ? verdict::valid : verdict::unsigned_;
        seen.first_page_seen = true;
        ++looked_at;
        return seen;
    }
    void replace_trust(x509::trust_store, x509::evidence) override {}
    void replace_policy(validation::policy) override {}
    std::size_t restarts() const override { return 0; }
    std::atomic<int> looked_at{0};
};

// A few bytes at a time, as a slow line gives them.
class trickle final : public net::body_source {
public:
    trickle(std::string text, std::size_t step) : text_(std::move(text)), step_(step) {}
    task<std::size_t> read_some(std::span<std::uint8_t> out) override {
        std::size_t n = std::min({step_, out.size(), text_.size() - at_});
        std::copy_n(text_.begin() + static_cast<std::ptrdiff_t>(at_), n, out.begin());
        at_ += n;
        co_return n;
    }

private:
    std::string text_;
    std::size_t step_, at_ = 0;
};

// Everything as the store below does it, but whether a change was written is never known.
class uncertain_store final : public ledger::store {
public:
    uncertain_store(ledger::store& below, ledger::errc answer) : below_(below), answer_(answer), payloads_(*this) {}
    void register_observer(ledger::group_observer& o) override { below_.register_observer(o); }
    void commit(ledger::change, ledger::completion done) override { done(failed(make_error_code(answer_))); }
    const ledger::view& committed() const override { return below_.committed(); }
    std::unique_ptr<ledger::view> snapshot() const override { return below_.snapshot(); }
    ledger::payload_store& payloads() override { return payloads_; }
    const ledger::recovery_report& recovery() const override { return below_.recovery(); }
    std::string_view instance_id() const override { return below_.instance_id(); }
    timestamp created_at() const override { return below_.created_at(); }
    result<> scrub(const std::function<void(const ledger::payload_ref&, const result<>&)>& f) override {
        return below_.scrub(f);
    }
    result<ledger::backup_progress> back_up(const std::filesystem::path& target,
                                            std::function<void(const ledger::backup_progress&)> tell) override {
        return below_.back_up(target, std::move(tell));
    }
    void stop_backup() override { below_.stop_backup(); }
    void close() override {}
    int dropped = 0;

private:
    struct counted final : ledger::payload_store {
        explicit counted(uncertain_store& o) : of(o) {}
        result<std::unique_ptr<ledger::payload_writer>> begin(std::string_view owner, std::uint64_t hint) override {
            return of.below_.payloads().begin(owner, hint);
        }
        void discard(const ledger::payload_ref& ref) override {
            ++of.dropped;
            of.below_.payloads().discard(ref);
        }
        result<std::unique_ptr<ledger::payload_reader>> open_reader(const ledger::payload_ref& ref,
                                                                    std::uint64_t offset, check what) override {
            return of.below_.payloads().open_reader(ref, offset, what);
        }
        uncertain_store& of;
    };
    ledger::store& below_;
    ledger::errc answer_;
    counted payloads_;
};

struct second_gate {
    intake::gate gate;
    second_gate(office& o, ledger::store& store, inspect::inspector_pool* inspectors)
        : gate(options(o), store, *o.node.receipts, *o.node.spool, inspectors, *o.node.disk, *o.node.crypto,
               o.node.clock) {
        gate.use_registry(o.node.gate->registry());
    }
    static intake::gate_options options(const office& o) {
        intake::gate_options go;
        go.node = o.node.spec.node;
        go.home = o.node.spec.home;
        go.organisation = o.node.spec.organisation;
        go.quarantine = o.node.folder.path() / "quarantine";
        return go;
    }
    result<intake::accepted> take(office& o, std::string packet, std::size_t step = 1u << 20) {
        intake::offer offered;
        offered.may_send_for = {"@so"};
        trickle body(std::move(packet), step);
        return wait_for(o.node.network->executor(0), gate.accept(std::move(offered), body));
    }
};

std::string with_a_file_more(const letter& what, const std::string& file, const std::string& further) {
    std::string packet = what.packet(file, "mot.pdf");
    const std::string end = "</Attachment>";
    std::size_t begin = packet.find("<Attachment>"), after = packet.find(end) + end.size();
    std::string second = packet.substr(begin, after - begin);
    auto change = [&](const std::string& from, const std::string& to) {
        second.replace(second.find(from), from.size(), to);
    };
    change(base64_encode(as_bytes(file)), base64_encode(as_bytes(further)));
    change("mot.pdf", "hai.pdf");
    for (std::size_t at; (at = second.find(">one<")) != std::string::npos;) second.replace(at, 5, ">two<");
    for (std::size_t at; (at = second.find("cid:one")) != std::string::npos;) second.replace(at, 7, "cid:two");
    return packet.insert(after, second);
}

bool flagged(const intake::accepted& a, std::string_view flag) {
    return std::ranges::find(a.document.flags, flag) != a.document.flags.end();
}

const std::string signed_pdf = "%PDF-1.7\nSIGNED\n%%EOF\n", plain_pdf = "%PDF-1.7\nplain\n%%EOF\n";

} // namespace

BOOST_AUTO_TEST_SUITE(regressions)

BOOST_AUTO_TEST_CASE(a_pdf_is_one_however_the_network_cuts_its_bytes) {
    for (std::size_t step : {1u, 2u, 3u, 5u, 7u, 4096u}) {
        office o;
        scripted_inspectors judge;
        second_gate g(o, *o.node.store, &judge);
        auto taken = g.take(o, letter{}.packet(signed_pdf, "van-ban.pdf"), step);
        BOOST_REQUIRE_MESSAGE(taken.has_value(), (taken ? "" : taken.error().detail));
        BOOST_TEST(judge.looked_at == 1);
        BOOST_TEST(taken->document.signatures == "valid");
    }
}

BOOST_AUTO_TEST_CASE(a_signed_and_an_unsigned_pdf_are_not_valid_together) {
    office o;
    scripted_inspectors judge;
    second_gate g(o, *o.node.store, &judge);
    auto taken = g.take(o, with_a_file_more({}, signed_pdf, plain_pdf));
    BOOST_REQUIRE_MESSAGE(taken.has_value(), (taken ? "" : taken.error().detail));
    BOOST_TEST(judge.looked_at == 2);
    BOOST_TEST(taken->document.signatures == "unsigned");
    BOOST_TEST(flagged(*taken, "partly_unsigned"));
    auto both = g.take(o, with_a_file_more(letter{.number = 16}, signed_pdf, signed_pdf + "x"));
    BOOST_REQUIRE(both.has_value());
    BOOST_TEST(both->document.signatures == "valid");
    BOOST_TEST(!flagged(*both, "partly_unsigned"));
}

BOOST_AUTO_TEST_CASE(a_second_envelope_from_another_peer_gets_a_receipt_of_its_own) {
    office o([](node_spec& s) {
        s.registry += organisation_text{"khac", "Huyện khác", "UBND huyện", "H48.56"}.toml() +
                      node_text{"h48.56", "khac", "H48.56", nowhere, "authorised_for = [\"huyen\"]\n"}.toml();
    });
    letter what{.from = "H48.40", .document_id = "VB-1"};
    std::string packet = what.packet(), other = packet;
    other.insert(other.find("?>") + 2, "<!-- đường khác -->");
    auto first = offer_from(o.node, "h48.40", packet), second = offer_from(o.node, "h48.56", other);
    BOOST_REQUIRE_MESSAGE(first.has_value(), (first ? "" : first.error().detail));
    BOOST_REQUIRE_MESSAGE(second.has_value(), (second ? "" : second.error().detail));
    BOOST_TEST(second->known);
    BOOST_TEST(second->document.id == first->document.id);
    receipt::expectation expected;
    for (const auto& [bytes, sent] : {std::pair(first->receipt, packet), std::pair(second->receipt, other)}) {
        expected.packet_sha256 = sha256::of(sent);
        BOOST_TEST(receipt::verify(bytes, o.node.anchors(), expected).has_value());
    }
    BOOST_TEST(inbox_of(o.node, "key-xa").size() == 1u);
    auto again = offer_from(o.node, "h48.56", other); // and that one again
    BOOST_REQUIRE(again.has_value());
    BOOST_TEST(again->receipt == second->receipt);
}

BOOST_AUTO_TEST_CASE(what_others_write_for_a_number_is_carried_and_shown) {
    office o;
    int n = 0;
    for (const char* number : {"15a", "BINTEST123", "-1", "15"}) {
        const letter what{.number = ++n, .from = "H48.40", .number_text = number};
        auto taken = offer_from(o.node, "h48.40", what.packet());
        BOOST_REQUIRE_MESSAGE(taken.has_value(), number << (taken ? "" : taken.error().detail));
        BOOST_TEST(flagged(*taken, "number_not_digits") == (std::string(number) != "15"), number);
        BOOST_TEST(taken->document.identity.number == number);
    }
    BOOST_TEST(inbox_of(o.node, "key-xa").size() == 4u);
}

BOOST_AUTO_TEST_CASE(what_nobody_sees_in_a_number_is_refused_here_and_shown_from_elsewhere) {
    office o;
    int n = 0;
    auto changed = [](std::string packet, const std::string& element, const std::string& hidden) {
        const auto end = packet.find("</edXML:" + element + ">");
        BOOST_REQUIRE(end != std::string::npos);
        return packet.insert(end, hidden);
    };
    for (const char* hidden : {"\u200b", "\u200d", "\u200e", "\u202e", "\u2066", "\u2060", "\ufeff", "\u00ad"}) {
        const letter theirs{.number = ++n, .from = "H48.40"}, ours{.number = ++n};
        auto taken = offer_from(o.node, "h48.40", changed(theirs.packet(), "CodeNotation", hidden));
        BOOST_REQUIRE_MESSAGE(taken.has_value(), (taken ? "" : taken.error().detail));
        BOOST_TEST(flagged(*taken, "hidden_characters"), n);
        reply refused = submit_packet(o.node, "key-so", changed(ours.packet(), "CodeNotation", hidden));
        BOOST_TEST(refused.code() == "intake.number_malformed", n << " " << refused.body);
        BOOST_TEST(submit_packet(o.node, "key-so", ours.packet()).status == 201);
    }
    auto plain = offer_from(o.node, "h48.40", letter{.number = ++n, .from = "H48.40"}.packet());
    BOOST_REQUIRE(plain.has_value());
    BOOST_TEST(!flagged(*plain, "hidden_characters"));
    // What was accepted before can be taken back under the number that it has.
    const letter recall{.number = ++n, .document_id = "VB-0", .bussiness_type = 1};
    reply asked = submit_packet(o.node, "key-so", changed(recall.packet(), "CodeNotation", "\u00ad"));
    BOOST_TEST(asked.code() != "intake.number_malformed", asked.body);
}

BOOST_AUTO_TEST_CASE(a_number_of_zeros_and_a_due_date_before_the_date_are_shown) {
    office o;
    auto zero = offer_from(o.node, "h48.40", letter{.number = 1, .from = "H48.40", .number_text = "00"}.packet());
    auto plain = offer_from(o.node, "h48.40", letter{.number = 10, .from = "H48.40"}.packet());
    BOOST_REQUIRE((zero.has_value() && plain.has_value()));
    BOOST_TEST(flagged(*zero, "number_zero"));
    BOOST_TEST(!flagged(*plain, "number_zero"));
    BOOST_TEST(!flagged(*plain, "due_before_issued"));
    std::string packet = letter{.number = 11, .from = "H48.40"}.packet();
    const std::string content = "</edXML:Content>";
    packet.insert(packet.find(content) + content.size(), "<edXML:DueDate>1999/01/01</edXML:DueDate>");
    auto due = offer_from(o.node, "h48.40", packet);
    BOOST_REQUIRE_MESSAGE(due.has_value(), (due ? "" : due.error().detail));
    BOOST_TEST(flagged(*due, "due_before_issued"));
}

BOOST_AUTO_TEST_CASE(a_returned_document_may_be_sent_again_as_it_is) {
    office o([](node_spec& s) { s.delivers = false; });
    letter what{.document_id = "VB-1", .to = {"H48.40"}};
    reply first = submit_packet(o.node, "key-so", what.packet());
    BOOST_REQUIRE_MESSAGE(first.status == 201, first.body);
    const std::string id = text_of(first.json(), {"document_id"});
    BOOST_TEST(submit_packet(o.node, "key-so", what.packet()).status == 200); // still under way
    auto returned = o.node.store->commit_and_wait([&](ledger::transaction& t) -> result<> {
        records::writer w(t);
        VANTHU_TRY(auto c, w.consignment("@so", id, "H48.40"));
        c->state_now = records::state::refused;
        w.put("@so", *c);
        return {};
    });
    BOOST_REQUIRE(returned.has_value());
    reply again = submit_packet(o.node, "key-so", what.packet());
    BOOST_TEST(again.status == 201);
    const std::string second = text_of(again.json(), {"document_id"});
    BOOST_TEST(second != id);
    BOOST_TEST(records::reader(o.node.store->committed()).transfer("@so", second, "h48.40").value().has_value());
}

BOOST_AUTO_TEST_CASE(a_payload_stays_while_nobody_knows_whether_its_rows_were_written) {
    office o;
    for (auto [answer, dropped] : {std::pair(ledger::errc::write_failed, false),
                                   std::pair(ledger::errc::stopped, false), std::pair(ledger::errc::no_space, true)}) {
        uncertain_store store(*o.node.store, answer);
        second_gate g(o, store, nullptr);
        auto taken = g.take(o, letter{}.packet(std::string(200'000, 'x')));
        BOOST_REQUIRE(!taken.has_value());
        BOOST_TEST((taken.error().code == make_error_code(answer)));
        BOOST_TEST((store.dropped > 0) == dropped);
    }
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace vanthu::test

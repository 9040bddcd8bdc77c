#include "signing/trust_list/trust_list.hpp"

#include "daemon/base/base64.hpp"
#include "signing/xml/tree.hpp"
#include "signing/xml/verify.hpp"

#include <algorithm>

namespace vanthu::trust_list {
namespace {

constexpr std::string_view list_uri = "http://uri.etsi.org/02231/v2#";
constexpr std::string_view information_uri = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/";

std::string trimmed(std::string_view text) {
    constexpr std::string_view white = " \t\r\n";
    std::size_t first = text.find_first_not_of(white);
    return first == text.npos ? "" : std::string(text.substr(first, text.find_last_not_of(white) - first + 1));
}

const xml::element* below(const xml::element* e, std::initializer_list<std::string_view> path) {
    for (std::string_view name : path) e = e ? e->child(list_uri, name) : nullptr;
    return e;
}
std::string text_of(const xml::element* e) { return e ? trimmed(e->value().value_or("")) : ""; }

// Source: TS 119 612, 5.5.4 and annex D.5; the older ones still stand in the history of services.
bool means_granted(std::string_view status) {
    constexpr std::string_view prefixes[] = {"http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/",
                                             "http://uri.etsi.org/TrstSvc/eSigDir-1999-93-EC-TrustedList/Svcstatus/"};
    constexpr std::string_view good[] = {"granted",          "recognisedatnationallevel", "setbynationallaw",
                                         "undersupervision", "supervisionincessation",    "accredited"};
    for (std::string_view prefix : prefixes)
        if (status.starts_with(prefix) && std::ranges::count(good, status.substr(prefix.size()))) return true;
    return false;
}

enum class service { other, documents, time_stamps };
// Source: TS 119 612, 5.5.1.
service kind_of(std::string_view type) {
    constexpr std::string_view prefix = "http://uri.etsi.org/TrstSvc/Svctype/";
    if (!type.starts_with(prefix)) return service::other;
    type.remove_prefix(prefix.size());
    constexpr std::string_view authorities[] = {"CA/QC", "CA/PKC", "NationalRootCA-QC"};
    constexpr std::string_view stamps[] = {"TSA/QTST", "TSA", "TSA/TSS-QC", "TSA/TSS-AdESQCandQES"};
    if (std::ranges::count(authorities, type)) return service::documents;
    return std::ranges::count(stamps, type) ? service::time_stamps : service::other;
}

// Whether all that the extensions of a service (of one time) say leaves it fit. Source: TS 119 612, 5.5.9.
bool extensions_allow(const xml::element& state, service kind) {
    bool for_documents = false, for_others = false;
    const xml::element* all = state.child(list_uri, "ServiceInformationExtensions");
    if (!all) return true;
    for (const xml::element* one : all->children()) {
        bool understood = false;
        for (const xml::element* content : one->children()) {
            // What they say is about qualified status, about expired certificates, or who took the service over.
            constexpr std::string_view harmless[] = {"Qualifications", "ExpiredCertsRevocationInfo", "TakenOverBy"};
            if (std::ranges::count(harmless, content->local)) understood = true;
            if (!content->is(list_uri, "AdditionalServiceInformation")) continue;
            understood = true;
            std::string what = text_of(content->child(list_uri, "URI"));
            if (what == std::string(information_uri) + "ForWebSiteAuthentication")
                for_others = true;
            else
                for_documents = true; // ForeSignatures, ForeSeals, RootCA-QC, or a nation's own
        }
        const std::string* critical = one->attribute_value("Critical");
        if (!understood && critical && *critical != "false" && *critical != "0") return false;
    }
    return kind != service::documents || for_documents || !for_others;
}

// One status of a service, since when.
struct state {
    service kind;
    bool granted;
    timestamp since;
    std::size_t place; // in the list, which has the newest first
};
std::optional<state> read_state(const xml::element& e, std::size_t place) {
    auto since = from_rfc3339(text_of(e.child(list_uri, "StatusStartingTime")));
    if (!since) return std::nullopt;
    service kind = kind_of(text_of(e.child(list_uri, "ServiceTypeIdentifier")));
    bool granted = means_granted(text_of(e.child(list_uri, "ServiceStatus"))) && extensions_allow(e, kind);
    return state{kind, granted, *since, place};
}

// A service's states in order of time, those that cannot be read as not granted.
x509::anchor_terms terms_of(const xml::element& service_element, const xml::element& now_element) {
    std::vector<state> states;
    bool whole = true;
    auto take = [&](const xml::element& e) {
        if (auto s = read_state(e, states.size())) return states.push_back(*s);
        whole = false;
    };
    take(now_element);
    if (const xml::element* history = service_element.child(list_uri, "ServiceHistory"))
        for (const xml::element* e : history->children(list_uri, "ServiceHistoryInstance")) take(*e);
    x509::anchor_terms terms;
    if (!whole) return terms; // where a time is missing the others may not be what they seem
    std::ranges::sort(states, [](const state& a, const state& b) {
        return a.since != b.since ? a.since > b.since : a.place < b.place;
    });
    timestamp end = timestamp::max();
    for (const state& s : states) {
        if (s.granted && s.since < end && s.kind != service::other)
            (s.kind == service::documents ? terms.documents : terms.time_stamps).push_back({s.since, end});
        end = std::min(end, s.since);
    }
    return terms;
}

std::vector<x509::certificate> identities(const xml::element& information) {
    std::vector<x509::certificate> out;
    const xml::element* identity = information.child(list_uri, "ServiceDigitalIdentity");
    if (!identity) return out;
    for (const xml::element* id : identity->children(list_uri, "DigitalId"))
        for (const xml::element* value : id->children(list_uri, "X509Certificate")) {
            bytes der;
            base64_decoder decoder;
            if (!decoder.feed(value->value().value_or(""), der) || !decoder.finish()) continue;
            if (auto c = x509::parse_certificate(der)) out.push_back(std::move(*c));
        }
    return out;
}

xml::limits bounds() {
    xml::limits l;
    l.bytes = 64u << 20;
    return l;
}

result<> check_signature(bytes_view document, const std::vector<x509::certificate>& operators, timestamp now) {
    x509::trust_store pinned;
    pinned.anchors = operators;
    validation::policy rules;
    rules.revocation = x509::revocation_rule::if_present;
    rules.rules.purposes.clear(); // lists are signed under id-tsl-kp-tslSigning (TS 119 612, 5.7.1)
    xml::verify_options how;
    how.bounds = bounds();
    auto found = xml::verify(xml::in_memory(document), pinned, {}, now, rules, {}, how);
    const auto& all = found.report.signatures;
    if (all.size() != 1 || !found.report.findings.empty())
        return failed(errc::not_signed_by_operator, std::to_string(all.size()) + " signatures");
    if (found.report.verdict != signing::verdict::valid || all[0].covers != "whole")
        return failed(errc::not_signed_by_operator,
                      all[0].findings.empty() ? all[0].sub_indication : all[0].findings.front().text_en);
    // Not whoever has a certificate of the operator's CA, where that lies in the folder too.
    const auto& chain = found.conclusions.at(0).path.chain;
    if (chain.empty() || std::ranges::none_of(operators, [&](const x509::certificate& each) {
            return each.sha256() == chain.front().sha256();
        }))
        return failed(errc::not_signed_by_operator, all[0].signer.subject);
    return {};
}

} // namespace

result<std::vector<listed_anchor>> read(bytes_view document, const std::vector<x509::certificate>& operators,
                                        timestamp now) {
    VANTHU_CHECK(check_signature(document, operators, now));
    auto tree = xml::read_tree(as_text(document), bounds());
    if (!tree) return failed(errc::not_a_list, tree.error().detail);
    const xml::element* root = tree->get();
    if (!root->is(list_uri, "TrustServiceStatusList")) return failed(errc::not_a_list, root->local);
    const xml::element* scheme = root->child(list_uri, "SchemeInformation");
    if (std::string v = text_of(below(scheme, {"TSLVersionIdentifier"})); v != "5" && v != "6")
        return failed(errc::not_a_list, "TSLVersionIdentifier: " + v);
    // Empty: the list is closed, there will be no other (5.3.15), and nothing is known after its day of issue.
    std::string next = text_of(below(scheme, {"NextUpdate", "dateTime"}));
    auto until = from_rfc3339(next.empty() ? text_of(below(scheme, {"ListIssueDateTime"})) : next);
    if (!until) return failed(errc::not_a_list, "NextUpdate");

    std::vector<listed_anchor> out;
    const xml::element* providers = root->child(list_uri, "TrustServiceProviderList");
    if (!providers) return out;
    for (const xml::element* provider : providers->children(list_uri, "TrustServiceProvider")) {
        const xml::element* services = provider->child(list_uri, "TSPServices");
        if (!services) continue;
        for (const xml::element* one : services->children(list_uri, "TSPService")) {
            const xml::element* information = one->child(list_uri, "ServiceInformation");
            if (!information) continue;
            x509::anchor_terms terms = terms_of(*one, *information);
            terms.known_until = *until;
            for (x509::certificate& c : identities(*information)) {
                listed_anchor entry{std::move(c), terms};
                if (!entry.authority.is_ca()) entry.terms.documents.clear();
                if (!entry.terms.documents.empty() || !entry.terms.time_stamps.empty()) out.push_back(std::move(entry));
            }
        }
    }
    return out;
}

} // namespace vanthu::trust_list

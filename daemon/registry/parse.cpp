// TOML → rows. The rules that concern the file as a whole are in checks.cpp.
#include "daemon/base/files.hpp"
#include "daemon/registry/checks.hpp"
#include "daemon/registry/registry.hpp"
#include "daemon/registry/row.hpp"

#include <algorithm>

namespace vanthu::registry {
namespace {

template <class E, std::size_t N> using words = std::array<std::pair<std::string_view, E>, N>;
constexpr words<code_form, 5> code_forms{{{"qcvn102", code_form::qcvn102},
                                          {"qd20", code_form::qd20},
                                          {"tax", code_form::tax},
                                          {"local", code_form::local},
                                          {"system", code_form::system}}};
constexpr words<successor_kind, 4> successor_kinds{{{"merge", successor_kind::merge},
                                                    {"split", successor_kind::split},
                                                    {"rename", successor_kind::rename},
                                                    {"dissolve", successor_kind::dissolve}}};
constexpr words<node_kind, 2> node_kinds{{{"vanthu", node_kind::vanthu}, {"axis", node_kind::axis}}};
constexpr words<element_order, 2> element_orders{{{"qcvn", element_order::qcvn}, {"sdk", element_order::sdk}}};
constexpr words<certificate_use, 2> certificate_uses{
    {{"seal", certificate_use::seal}, {"service", certificate_use::service}}};
// Source: NĐ 30/2020/NĐ-CP, annex I, II.7(b): the abbreviations before the signer's title.
constexpr std::string_view capacities[] = {"TM.", "KT.", "TL.", "TUQ.", "Q."};

certificate_match read_certificate(row& r) {
    certificate_match m;
    r.table("certificate", need::required, [&](row& c) {
        m.spki_sha256 = c.sha256("spki_sha256");
        m.certificate_sha256 = c.sha256("certificate_sha256");
        m.subject = c.text("subject");
        m.issuer = c.text("issuer");
        if (m.subject.empty() != m.issuer.empty()) c.refuse(errc::bad_value, "subject and issuer belong together");
        if (!m.spki_sha256 && !m.certificate_sha256 && m.subject.empty())
            c.refuse(errc::missing_key, "one of spki_sha256, certificate_sha256, subject with issuer is required");
    });
    return m;
}

} // namespace

class reader {
public:
    reader(registry& r, source& s) : r_(r), source_(s) {}

    void read(const toml::table& root) {
        row top(source_, root, "registry");
        if (top.number("format").value_or(1) != 1) top.refuse(errc::bad_value, "format: this program reads format 1");
        r_.version_ = top.number("version", need::required).value_or(0);
        r_.national_axis_ = top.id("national_axis");
        top.rows("organisation", [&](row& r) { organisation_row(r); });
        top.rows("node", [&](row& r) { node_row(r); });
        top.rows("route", [&](row& r) { route_row(r); });
        top.rows("authority", [&](row& r) { authority_row(r); });
        top.rows("agency_certificate", [&](row& r) { agency_certificate_row(r); });
        if (const node* axis = find(r_.national_axis_);
            !r_.national_axis_.empty() && (!axis || axis->kind != node_kind::axis))
            top.refuse(errc::unknown_reference,
                       fmt::format("national_axis: no node of kind axis is called \"{}\"", r_.national_axis_));
    }

private:
    const node* find(std::string_view id) const {
        auto found = std::ranges::find(r_.nodes_, id, &node::id);
        return found == r_.nodes_.end() ? nullptr : &*found;
    }

    void organisation_row(row& r) {
        organisation o;
        o.line = r.line();
        o.id = r.id("id", need::required);
        o.kind = r.text("kind");
        o.valid = r.valid();
        o.names = r.dated("name", "name", need::required);
        o.parents = r.dated("parent", "id");
        o.served_by = r.dated("served_by", "node");
        r.rows("codes", [&](row& c) { o.codes.push_back(code_row(c, o)); });
        r.rows("successors", [&](row& s) { o.successors.push_back(successor_row(s, o)); });
        o.answers_on_commit = r.flag("answers_on_commit", false);
        // A row that does not say when it changed is offered to everybody who asks for changes: nobody misses it.
        o.changed_in = r.number("changed_in").value_or(r_.version_);
        if (o.changed_in > r_.version_) r.refuse(errc::bad_value, "changed_in is above the version of the file");
        r_.organisations_.push_back(std::move(o));
    }

    static dated_code code_row(row& c, const organisation& o) {
        dated_code code;
        code.code = c.text("code", need::required);
        code.form = c.word("form", code_forms, need::required);
        code.valid = c.valid();
        if (trimmed(code.code) != code.code) c.refuse(errc::bad_value, "code begins or ends with white space");
        code.valid.to = std::min(code.valid.to, o.valid.to); // a code ends with its organisation at the latest
        if (code.valid.from >= code.valid.to)
            c.refuse(errc::bad_period, "the code begins after its organisation is closed");
        return code;
    }

    static successor successor_row(row& s, const organisation& o) {
        successor next;
        next.kind = s.word("kind", successor_kinds, need::required);
        next.to = s.id("to", next.kind == successor_kind::dissolve ? need::optional : need::required);
        next.from = s.day("from").value_or(o.valid.to);
        if (o.valid.to == timestamp::max())
            s.refuse(errc::successor_of_open, fmt::format("{} has no closing date `to`", o.id));
        else if (next.from < o.valid.to)
            s.refuse(errc::bad_period, "a successor cannot begin before the closing date");
        return next;
    }

    void node_row(row& r) {
        node n;
        n.line = r.line();
        n.id = r.id("id", need::required);
        n.kind = r.word("kind", node_kinds);
        n.organisation = r.id("organisation", n.kind == node_kind::vanthu ? need::required : need::optional);
        n.uplink = r.id("uplink");
        n.valid = r.valid();
        n.urls = r.texts("urls");
        n.san_uri = r.text("san_uri");
        n.ca = r.text("ca");
        n.ca_sha256 = r.sha256("ca_sha256");
        r.rows("pins", [&](row& p) {
            digest pin = p.sha256("sha256", need::required).value_or(digest{});
            n.pins.push_back({pin, p.valid()});
        });
        n.capabilities = r.texts("capabilities");
        n.size_limit = r.number("size_limit");
        n.order = r.word("element_order", element_orders);
        n.authorised_for = r.texts("authorised_for");
        if (!n.san_uri.empty() && n.ca.empty())
            r.refuse(errc::missing_key, "san_uri needs ca, the file of the CA that vouches for it");
        for (std::string_view url : n.urls)
            if (!url.starts_with("https://") && !(n.kind == node_kind::axis && url.starts_with("http://")))
                r.refuse(errc::bad_value, fmt::format("urls: \"{}\" is no https:// address", url));
        r_.nodes_.push_back(std::move(n));
    }

    void route_row(row& r) {
        explicit_route e;
        e.line = r.line();
        e.at = r.id("at", need::required);
        e.organisation = r.id("organisation", need::required);
        e.via = r.id("via", need::required);
        e.valid = r.valid();
        r_.routes_.push_back(std::move(e));
    }

    void authority_row(row& r) {
        authority a;
        a.line = r.line();
        a.certificate = read_certificate(r);
        a.person = r.text("person", need::required);
        a.title = r.text("title", need::required);
        a.organisation = r.id("organisation", need::required);
        a.may_sign_for = r.texts("may_sign_for");
        a.valid = r.valid();
        for (const std::string& capacity : a.may_sign_for)
            if (std::ranges::find(capacities, capacity) == std::end(capacities))
                r.refuse(errc::bad_value,
                         fmt::format("may_sign_for: \"{}\" is none of TM., KT., TL., TUQ., Q.", capacity));
        r_.authorities_.push_back(std::move(a));
    }

    void agency_certificate_row(row& r) {
        agency_certificate a;
        a.line = r.line();
        a.certificate = read_certificate(r);
        a.organisation = r.id("organisation", need::required);
        a.use = r.word("use", certificate_uses, need::required);
        a.valid = r.valid();
        r_.agency_certificates_.push_back(std::move(a));
    }

    registry& r_;
    source& source_;
};

result<registry> registry::parse(std::string_view toml, std::string_view file_name) {
    registry r;
    r.file_name_ = file_name;
    r.sha256_ = vanthu::sha256::of(toml);
    source where{std::string(file_name)};
    try {
        const toml::table root = toml::parse(toml, file_name);
        reader(r, where).read(root);
    } catch (const toml::parse_error& e) {
        where.refuse(errc::syntax, e.source().begin.line, e.description());
    }
    if (!where.refused()) checks(r, where).run();
    if (where.refused()) return std::unexpected(where.first());
    return r;
}

result<registry> registry::load(const std::filesystem::path& path) {
    VANTHU_TRY(std::string text, read_text_file(path, 64u << 20));
    return parse(text, path.string());
}

} // namespace vanthu::registry

#include "schemas/receipt/origin.hpp"

#include "schemas/receipt/canonical.hpp"

#include <algorithm>

namespace vanthu::receipt {
namespace json = boost::json;
namespace {

constexpr std::string_view origin_kind_name = "origin_signature";
constexpr origin_kind all_kinds[] = {origin_kind::document, origin_kind::status, origin_kind::recall};

// What the sidecar says against what arrived.
result<> compare(const origin_statement& said, const origin_subject& subject) {
    auto other = [](const char* what) { return failed(errc::not_what_was_sent, what); };
    if (said.kind != subject.kind) return other("kind");
    if (said.organisation != subject.organisation) return failed(errc::organisation_mismatch, said.organisation);
    if (said.kind != origin_kind::document) return said.fields == subject.fields ? result<>{} : other("fields");
    if (said.content_sha256 != subject.content_sha256) return other("content_sha256");
    if (subject.packet_unchanged && said.packet_sha256 != subject.packet_sha256) return other("packet_sha256");
    return {};
}

// What nobody could read is not sent. The rest of what decode_origin() refuses, sign_statement() refuses or
// encode_statement() cannot write.
result<> check_readable(const origin_statement& content) {
    auto fits = [](std::string_view text) { return text.size() <= canonical::max_text; };
    if (!fits(content.organisation)) return failed(errc::too_large, "organisation");
    if (content.kind == origin_kind::document) return {};
    if (content.fields.empty()) return failed(errc::malformed, "fields");
    for (const auto& [name, text] : content.fields)
        if (!fits(text)) return failed(errc::too_large, name);
    return {};
}

result<origin_statement> judge(std::string_view sidecar, const origin_subject& subject, const trust_anchors& anchors,
                               timestamp at, std::optional<origin_statement>& read) {
    VANTHU_TRY(signed_statement statement, decode_statement(sidecar, origin_kind_name));
    VANTHU_TRY(origin_statement said, decode_origin(sidecar));
    read = said;
    VANTHU_CHECK(compare(said, subject));
    if (said.time > at + clock_tolerance) return failed(errc::time_refused, to_rfc3339(said.time));
    VANTHU_CHECK(verify_statement(statement, anchors, at, said.organisation));
    return said;
}

} // namespace

std::string_view to_string(origin_kind kind) {
    switch (kind) {
    case origin_kind::document:
        return "document";
    case origin_kind::status:
        return "status";
    case origin_kind::recall:
        return "recall";
    }
    return "";
}

std::string_view to_string(origin_state state) {
    switch (state) {
    case origin_state::proven:
        return "proven";
    case origin_state::invalid:
        return "invalid";
    case origin_state::absent:
        return "absent";
    }
    return "";
}

std::string encode_statement(const origin_statement& content) {
    json::object out{
        {"kind", to_string(content.kind)}, {"organisation", content.organisation}, {"time", to_rfc3339(content.time)}};
    if (content.kind == origin_kind::document) {
        out["packet_sha256"] = content.packet_sha256.hex();
        out["content_sha256"] = content.content_sha256.hex();
    } else {
        json::object fields;
        for (const auto& [name, text] : content.fields) fields[name] = text;
        out["fields"] = std::move(fields);
    }
    return canonical::write(out);
}

result<std::string> sign_origin(const origin_statement& content, const service_key& key,
                                std::vector<bytes> certificates) {
    VANTHU_CHECK(check_readable(content));
    VANTHU_TRY(signed_statement out,
               sign_statement(std::string(origin_kind_name), encode_statement(content), key, std::move(certificates)));
    std::string sidecar = encode(out);
    if (sidecar.size() > max_statement_size) return failed(errc::too_large, "origin signature");
    return sidecar;
}

result<origin_statement> decode_origin(std::string_view sidecar) {
    VANTHU_TRY(signed_statement statement, decode_statement(sidecar, origin_kind_name));
    VANTHU_TRY(json::object object, canonical::parse(statement.statement, max_statement_size));
    canonical::members in(object);
    origin_statement out;
    VANTHU_TRY(std::string kind, in.text("kind"));
    const origin_kind* known = std::ranges::find(all_kinds, kind, [](origin_kind k) { return to_string(k); });
    if (known == std::end(all_kinds)) return failed(errc::malformed, "kind " + kind);
    out.kind = *known;
    VANTHU_TRY(out.organisation, in.text("organisation"));
    VANTHU_TRY(out.time, in.time("time"));
    if (out.kind == origin_kind::document) {
        VANTHU_TRY(out.packet_sha256, in.hash("packet_sha256"));
        VANTHU_TRY(out.content_sha256, in.hash("content_sha256"));
        return out;
    }
    VANTHU_TRY(canonical::members fields, in.object("fields"));
    VANTHU_TRY(auto texts, fields.all_texts());
    if (texts.empty()) return failed(errc::malformed, "fields");
    out.fields.insert(texts.begin(), texts.end());
    return out;
}

origin_verdict verify_origin(std::string_view sidecar, const origin_subject& subject, const trust_anchors& anchors,
                             timestamp at) {
    origin_verdict verdict;
    if (sidecar.empty()) return verdict;
    auto judged = judge(sidecar, subject, anchors, at, verdict.statement);
    verdict.state = judged ? origin_state::proven : origin_state::invalid;
    if (!judged) {
        verdict.reason = judged.error().code;
        verdict.detail = judged.error().detail;
    }
    return verdict;
}

} // namespace vanthu::receipt

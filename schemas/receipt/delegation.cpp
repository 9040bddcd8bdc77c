#include "schemas/receipt/delegation.hpp"

#include "daemon/base/base64.hpp"
#include "schemas/receipt/canonical.hpp"

#include <algorithm>

namespace vanthu::receipt {
namespace json = boost::json;
namespace {
constexpr std::string_view delegation_kind = "log_delegation";
constexpr std::size_t max_head_size = 16u << 10;
} // namespace

std::string encode_statement(const delegation& content) {
    json::object out{{"log_key", base64_encode(content.log_key)},
                     {"log_origin", content.log_origin},
                     {"organisation", content.organisation},
                     {"valid_from", to_rfc3339(content.valid_from)},
                     {"valid_to", to_rfc3339(content.valid_to)}};
    if (content.previous)
        out["previous"] = json::object{{"head", content.previous->head}, {"log_origin", content.previous->origin}};
    return canonical::write(out);
}

result<delegation> decode_delegation_statement(std::string_view text) {
    VANTHU_TRY(json::object object, canonical::parse(text, max_statement_size));
    canonical::members in(object);
    delegation out;
    VANTHU_TRY(out.log_origin, in.text("log_origin"));
    VANTHU_TRY(bytes key, in.base64("log_key", 32));
    if (key.size() != out.log_key.size()) return failed(errc::malformed, "log_key");
    std::ranges::copy(key, out.log_key.begin());
    VANTHU_TRY(out.organisation, in.text("organisation"));
    VANTHU_TRY(out.valid_from, in.time("valid_from"));
    VANTHU_TRY(out.valid_to, in.time("valid_to"));
    if (!tlog::is_key_name(out.log_origin)) return failed(errc::malformed, "log_origin");
    if (in.has("previous")) {
        VANTHU_TRY(canonical::members before, in.object("previous"));
        previous_log previous;
        VANTHU_TRY(previous.origin, before.text("log_origin"));
        VANTHU_TRY(previous.head, before.text("head", max_head_size));
        if (previous.origin == out.log_origin) return failed(errc::malformed, "a log that follows itself");
        out.previous = std::move(previous);
    }
    return out;
}

result<std::string> sign_delegation(const delegation& content, const service_key& key,
                                    std::vector<bytes> certificates) {
    std::string statement = encode_statement(content);
    VANTHU_CHECK(decode_delegation_statement(statement)); // what nobody could read is not signed
    VANTHU_TRY(signed_statement out,
               sign_statement(std::string(delegation_kind), std::move(statement), key, std::move(certificates)));
    return encode(out);
}

result<unjudged_delegation> open_delegation(std::string_view signed_json) {
    VANTHU_TRY(signed_statement statement, decode_statement(signed_json, delegation_kind));
    VANTHU_TRY(delegation content, decode_delegation_statement(statement.statement));
    return unjudged_delegation{std::move(statement), std::move(content)};
}

result<delegation> decode_delegation(std::string_view signed_json) {
    VANTHU_TRY(unjudged_delegation opened, open_delegation(signed_json));
    return std::move(opened.content);
}

result<verified_delegation> verify_delegation(std::string_view signed_json, const trust_anchors& anchors,
                                              timestamp at) {
    VANTHU_TRY(unjudged_delegation opened, open_delegation(signed_json));
    return verify_delegation(std::move(opened), anchors, at);
}

result<verified_delegation> verify_delegation(unjudged_delegation opened, const trust_anchors& anchors, timestamp at) {
    delegation& content = opened.content;
    auto signer = verify_statement(opened.statement, anchors, at, content.organisation, coming::often);
    if (!signer) {
        failure why = std::move(signer.error());
        if (why.code == errc::signature_refused || why.code == errc::unsupported_key)
            why.code = errc::delegation_refused;
        return fail(std::move(why));
    }
    if (at < content.valid_from || at > content.valid_to) return failed(errc::delegation_not_in_force, to_rfc3339(at));
    return verified_delegation{std::move(content), (*signer)->subject};
}

} // namespace vanthu::receipt

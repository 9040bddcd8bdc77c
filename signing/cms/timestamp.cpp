#include "signing/cms/timestamp.hpp"

#include "signing/cms/der.hpp"
#include "signing/cms/findings.hpp"
#include "signing/cms/signed_data.hpp"

#include <algorithm>
#include <openssl/err.h>

namespace vanthu::cms {
using namespace ossl;
using signing::indication;
namespace sub = signing::sub;
namespace {

constexpr std::string_view oid_tst_info = "1.2.840.113549.1.9.16.1.4";
using tst_info = owned<TS_TST_INFO, TS_TST_INFO_free>;

tst_info read_info(bytes_view content) {
    const unsigned char* at = content.data();
    tst_info info(d2i_TS_TST_INFO(nullptr, &at, static_cast<long>(content.size())));
    ERR_clear_error();
    return info;
}

// genTime may carry fractions of a second, which ASN1_TIME_to_tm refuses: they are cut off.
std::optional<timestamp> general_time(const ASN1_GENERALIZEDTIME* t) {
    if (!t) return std::nullopt;
    std::string text(as_text(octets(t)));
    std::size_t dot = text.find('.');
    if (dot != text.npos) text = text.substr(0, dot) + "Z";
    owned<ASN1_GENERALIZEDTIME, ASN1_GENERALIZEDTIME_free> whole(ASN1_GENERALIZEDTIME_new());
    if (!whole || ASN1_GENERALIZEDTIME_set_string(whole.get(), text.c_str()) != 1) return std::nullopt;
    return time_of(whole.get());
}

std::string integer_hex(const ASN1_INTEGER* i) { return i ? to_hex(octets(i)) : std::string(); }

std::string magnitude(bytes_view number) {
    while (!number.empty() && number[0] == 0) number = number.subspan(1);
    return to_hex(number);
}

// Accuracy ::= SEQUENCE { seconds, millis [0] (1..999), micros [1] (1..999) }, each optional and then zero.
void read_accuracy(const TS_ACCURACY* stated, timestamp_token& token) {
    if (!stated) return;
    constexpr std::int64_t a_century = 100LL * 366 * 86'400; // more says nothing and would overflow
    std::int64_t total = 0;
    auto add = [&](const ASN1_INTEGER* number, std::int64_t unit, std::int64_t least, std::int64_t most) {
        std::int64_t value = 0;
        if (!number) return;
        if (ASN1_INTEGER_get_int64(&value, number) != 1 || value < least || value > most)
            token.accuracy_unfit = true;
        else
            total += value * unit;
    };
    add(TS_ACCURACY_get_seconds(stated), 1'000'000, 0, a_century);
    add(TS_ACCURACY_get_millis(stated), 1'000, 1, 999);
    add(TS_ACCURACY_get_micros(stated), 1, 1, 999);
    ERR_clear_error();
    if (!token.accuracy_unfit) token.accuracy = std::chrono::microseconds(total);
}

result<timestamp_token> token_of(bytes_view der, const signed_data& message) {
    if (message.content_type != oid_tst_info || !message.content)
        return failed(errc::not_a_timestamp_reply, "not a time stamp token");
    tst_info info = read_info(*message.content);
    if (!info) return failed(errc::not_a_timestamp_reply, "TSTInfo cannot be read");
    TS_MSG_IMPRINT* imprint = TS_TST_INFO_get_msg_imprint(info.get());
    auto h = x509::hash_from_oid(oid_text(TS_MSG_IMPRINT_get_algo(imprint)->algorithm));
    auto time = general_time(TS_TST_INFO_get_time(info.get()));
    if (!h || !time) return failed(errc::not_a_timestamp_reply, "hash or time cannot be read");
    timestamp_token token;
    token.der.assign(der.begin(), der.end());
    token.time = *time;
    token.imprint_hash = *h;
    token.imprint = octets(TS_MSG_IMPRINT_get_msg(imprint));
    read_accuracy(TS_TST_INFO_get_accuracy(info.get()), token);
    token.serial = integer_hex(TS_TST_INFO_get_serial(info.get()));
    token.policy = oid_text(TS_TST_INFO_get_policy_id(info.get()));
    token.authority = message.signer;
    return token;
}

// Content digest, signing certificate and signature: everything about a token but its certificate path.
bool token_is_genuine(const signed_data& message) {
    auto said = message_digest_attribute(message);
    return said && message.hash && !scheme_name(message).empty() && content_type_matches(message) &&
           *said == x509::hash_of(*message.hash, *message.content) &&
           signing_certificate_attribute(message, true) == essential::matches && signature_is_good(message);
}

} // namespace

bool surely_after(const stamp_time& later, const stamp_time& earlier) {
    std::chrono::microseconds slack = assumed_accuracy;
    if (later.accuracy && earlier.accuracy)
        slack = std::min(*later.accuracy, slack) + std::min(*earlier.accuracy, slack);
    return later.at - earlier.at > slack;
}

bytes timestamp_request(const digest& imprint, bytes_view nonce) {
    bytes message_imprint =
        der::sequence({der::algorithm(x509::oid(x509::hash::sha256), true), der::tlv(der::tag_octets, imprint.view())});
    bytes number = nonce.empty() ? bytes{} : der::integer(nonce);
    bytes certificate_wanted{0x01, 0x01, 0xff};
    return der::sequence({der::integer(1u), message_imprint, number, certificate_wanted});
}

result<timestamp_token> parse_timestamp_token(bytes_view der, x509::cache* memory) {
    auto message = open_signed_data(der, false, memory);
    if (!message) return failed(errc::not_a_timestamp_reply, message.error().detail);
    return token_of(der, *message);
}

result<timestamp_token> check_timestamp_reply(bytes_view reply, const digest& imprint, bytes_view nonce) {
    // TimeStampResp ::= SEQUENCE { status PKIStatusInfo, timeStampToken OPTIONAL } (RFC 3161, 2.4.2)
    auto outer = der::first(reply);
    if (!outer || outer->tag != der::tag_sequence) return failed(errc::not_a_timestamp_reply, "no TimeStampResp");
    der::reader parts(outer->content);
    auto status_info = parts.next(der::tag_sequence);
    auto status = status_info ? der::first(status_info->content) : std::nullopt;
    if (!status || status->tag != der::tag_integer || status->content.size() != 1)
        return failed(errc::not_a_timestamp_reply, "no status");
    if (status->content[0] > 1) return failed(errc::timestamp_refused, "status " + std::to_string(status->content[0]));
    bytes_view rest = outer->content.subspan(status_info->whole.size()); // the token may be BER: OpenSSL finds its end
    auto message = open_signed_data(rest, false);
    if (!message) return failed(errc::not_a_timestamp_reply, message.error().detail);
    VANTHU_TRY(timestamp_token token, token_of(rest, *message));
    if (token.imprint_hash != x509::hash::sha256 || !std::ranges::equal(token.imprint, imprint.view()))
        return failed(errc::timestamp_mismatch, "imprint");
    tst_info info = read_info(*message->content);
    const ASN1_INTEGER* answered = TS_TST_INFO_get_nonce(info.get());
    if (!nonce.empty() && (!answered || magnitude(octets(answered)) != magnitude(nonce)))
        return failed(errc::timestamp_mismatch, "nonce");
    if (!token_is_genuine(*message) || *message->hash == x509::hash::sha1) // a new one has no excuse
        return failed(errc::timestamp_bad_signature, token.serial);
    return token;
}

timestamp_verdict check_timestamp(bytes_view token_der, bytes_view stamped, const x509::trust_store& trust,
                                  const x509::evidence& known, timestamp at, x509::revocation_rule rule) {
    return check_timestamp(token_der, [&](x509::hash h) { return x509::hash_of(h, stamped); }, trust, known, at, rule);
}

timestamp_verdict check_timestamp(bytes_view token_der, const content_digest& stamped, const x509::trust_store& trust,
                                  const x509::evidence& known, timestamp at, x509::revocation_rule rule,
                                  const std::vector<x509::certificate>& extra, const x509::path_rules& rules,
                                  const x509::proofs& proven, x509::cache* memory) {
    timestamp_verdict out;
    auto fail_with = [&](indication i, std::string_view sub_indication, std::string_view code) {
        out.indication = i;
        out.sub_indication = sub_indication;
        out.findings.push_back(make_finding(code));
        return out;
    };
    auto message = open_signed_data(token_der, false, memory);
    auto token = message ? token_of(token_der, *message) : result<timestamp_token>(std::unexpected(message.error()));
    if (!token) return fail_with(indication::total_failed, sub::format_failure, "cms.timestamp_unreadable");
    out.time = token->time;
    out.accuracy = token->accuracy;
    out.authority = token->authority;
    if (token->accuracy_unfit || (token->accuracy && *token->accuracy > assumed_accuracy))
        out.findings.push_back(make_finding("cms.timestamp_accuracy"));
    if (token->imprint != stamped(token->imprint_hash))
        return fail_with(indication::total_failed, sub::hash_failure, "cms.timestamp_other_content");
    if (!token->authority)
        return fail_with(indication::indeterminate, sub::no_signing_certificate_found, "cms.no_signer_certificate");
    if (!token_is_genuine(*message))
        return fail_with(indication::total_failed, sub::sig_crypto_failure, "cms.timestamp_signature_wrong");
    if (at > rules.suite.until(*message->hash) ||
        (token->imprint_hash != x509::hash::sha1 && at > rules.suite.until(token->imprint_hash)))
        return fail_with(indication::indeterminate, sub::crypto_constraints_failure_no_poe, "cms.weak_algorithm");
    if (token->imprint_hash == x509::hash::sha1) out.findings.push_back(make_finding("cms.timestamp_sha1_imprint"));
    std::vector<x509::certificate> helpers = message->embedded;
    helpers.insert(helpers.end(), extra.begin(), extra.end());
    out.path = x509::validate_path(token->authority, helpers, trust, known, at, x509::purpose::time_stamping, rule,
                                   rules, proven, memory);
    out.findings.insert(out.findings.end(), out.path.findings.begin(), out.path.findings.end());
    out.indication = out.path.indication;
    out.sub_indication = out.path.sub_indication;
    return out;
}

} // namespace vanthu::cms

#include "daemon/signing_rules/verification.hpp"

#include "daemon/base/files.hpp"
#include "daemon/base/rule_file.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vanthu::signing_rules {
namespace {

using rule_file::errc;
using rule_file::parse_file;
using rule_file::section;

constexpr std::string_view revocation_words[] = {"required", "if-present"}; // as x509::revocation_rule, from 1
constexpr std::string_view level_words[] = {"B-B", "B-T", "B-LT", "B-LTA"};
constexpr std::string_view format_words[] = {"pades", "pkcs7", "cades", "xades", "xmldsig"};
constexpr std::string_view algorithm_words[] = {"SHA-1", "SHA-256",     "SHA-384",    "SHA-512",
                                                "RSA",   "ECDSA P-256", "ECDSA P-384"};

bool is_oid(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789.") == text.npos && text.find("..") == text.npos &&
           text.find('.') != text.npos && text.front() != '.' && text.back() != '.';
}

result<x509::suite_row> read_algorithm(const toml::table& table, std::string_view file) {
    section s(table, file);
    x509::suite_row row;
    auto index = s.word("name", algorithm_words);
    if (!s.has("name")) s.refuse(errc::bad_value, "name", "is missing");
    if (index) row.algorithm = algorithm_words[*index];
    const bool is_hash = row.algorithm.starts_with("SHA-");
    if (auto bits = s.number("min_bits", 1, 16384)) {
        row.min_bits = static_cast<unsigned>(*bits);
        if (is_hash) s.refuse(errc::bad_value, "min_bits", "a hash has none");
    } else if (row.algorithm == "RSA") {
        s.refuse(errc::bad_value, "min_bits", "is missing");
    } else if (row.algorithm.starts_with("ECDSA")) {
        row.min_bits = row.algorithm.ends_with("256") ? 256 : 384;
    }
    row.until = s.day("until");
    VANTHU_CHECK(s.done());
    return row;
}

// One row a hash; what a document's own octets hash to must agree with what is written beside it.
result<std::vector<validation::known_policy>> read_signature_policy(const toml::table& table, std::string_view file) {
    constexpr struct {
        std::string_view key;
        x509::hash algorithm;
    } hashes[] = {{"sha256", x509::hash::sha256}, {"sha384", x509::hash::sha384}, {"sha512", x509::hash::sha512}};
    section s(table, file);
    auto id = validation::policy_id(s.text("id").value_or(""));
    if (!s.has("id"))
        s.refuse(errc::bad_value, "id", "is missing");
    else if (!id)
        s.refuse(errc::bad_value, "id", "is neither a dotted OID nor a URI");
    std::optional<bytes> document;
    if (auto name = s.text("document")) {
        auto read = read_file(std::filesystem::path(file).parent_path() / *name);
        if (!read)
            s.refuse(errc::bad_value, "document", fmt::format("{} cannot be read", *name));
        else
            document = std::move(*read);
    }
    std::vector<validation::known_policy> all;
    for (const auto& [key, algorithm] : hashes) {
        auto written = s.text(key);
        if (!written && !document) continue;
        auto value = written ? from_hex(*written) : std::nullopt;
        const bytes own = document ? x509::hash_of(algorithm, *document) : bytes{};
        if (written && (!value || value->size() != x509::size(algorithm)))
            s.refuse(errc::bad_value, key, fmt::format("must be {} hexadecimal digits", 2 * x509::size(algorithm)));
        else if (written && document && *value != own)
            s.refuse(errc::bad_value, key, "is not the hash of the document");
        else
            all.push_back({id.value_or(""), algorithm, to_hex(document ? own : *value)});
    }
    if (all.empty()) s.refuse(errc::bad_value, "id", "has neither sha256, sha384, sha512 nor document");
    VANTHU_CHECK(s.done());
    return all;
}

// [signature]
result<> read_signature_rules(const toml::table& table, std::string_view file, validation::policy& p) {
    section s(table, file);
    validation::signature_rules& rules = p.signature;
    if (auto level = s.word("minimum_level", level_words)) rules.minimum_level = level_words[*level];
    if (auto formats = s.texts("formats")) {
        for (const std::string& one : *formats)
            if (std::find(std::begin(format_words), std::end(format_words), one) == std::end(format_words))
                s.refuse(errc::bad_value, "formats",
                         fmt::format("{}; must be of: {}", one, fmt::join(format_words, ", ")));
        if (formats->empty()) s.refuse(errc::bad_value, "formats", "nothing would be accepted");
        rules.formats = std::move(*formats);
    }
    if (auto wanted = s.flag("require_claimed_time")) rules.require_claimed_time = *wanted;
    if (auto wanted = s.flag("require_known_policy")) p.signature_policies.require_known = *wanted;
    return s.done();
}

} // namespace

result<validation::policy> read_verification_policy(std::string_view text, std::string_view file) {
    VANTHU_TRY(toml::table all, parse_file(text, file));
    validation::policy p;
    section s(all, file);
    if (auto word = s.word("revocation", revocation_words))
        p.revocation = static_cast<x509::revocation_rule>(*word + 1);
    if (auto wanted = s.flag("require_timestamp")) p.require_timestamp = *wanted;
    if (auto hours = s.number("max_revocation_age_hours", 0, 24 * 366))
        p.rules.max_revocation_age = std::chrono::seconds(static_cast<std::int64_t>(*hours * 3600));
    if (auto tolerate = s.flag("tolerate_unchecked_responder")) p.rules.tolerate_unchecked_responder = *tolerate;
    if (auto oids = s.texts("certificate_policies")) {
        for (const std::string& one : *oids)
            if (!is_oid(one)) s.refuse(errc::bad_value, "certificate_policies", one + " is no dotted OID");
        p.rules.acceptable_policies = std::move(*oids);
    }
    if (auto oids = s.texts("extended_key_usages")) {
        for (const std::string& one : *oids)
            if (!is_oid(one)) s.refuse(errc::bad_value, "extended_key_usages", one + " is no dotted OID");
        p.rules.purposes = std::move(*oids);
    }
    if (const toml::table* own = s.table("signature")) VANTHU_CHECK(read_signature_rules(*own, file, p));
    for (const toml::table* one : s.tables("signature_policy")) {
        VANTHU_TRY(auto known, read_signature_policy(*one, file));
        p.signature_policies.known.insert(p.signature_policies.known.end(), known.begin(), known.end());
    }
    if (auto rows = s.tables("algorithm"); !rows.empty()) {
        p.rules.suite.rows.clear();
        for (const toml::table* one : rows) {
            VANTHU_TRY(x509::suite_row row, read_algorithm(*one, file));
            p.rules.suite.rows.push_back(std::move(row));
        }
    }
    VANTHU_CHECK(s.done());
    return p;
}

} // namespace vanthu::signing_rules

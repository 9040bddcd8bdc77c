#include "daemon/inspect/setup.hpp"

#include <boost/json.hpp>

namespace vanthu::inspect {
namespace {
namespace json = boost::json;

json::array of(const std::vector<std::string>& all) { return json::array(all.begin(), all.end()); }
std::vector<std::string> texts(const json::value& list) {
    std::vector<std::string> all;
    for (const json::value& one : list.as_array()) all.emplace_back(one.as_string());
    return all;
}

// Microseconds; null where there is none.
json::value of(std::optional<std::chrono::microseconds> t) { return t ? json::value(t->count()) : json::value(); }
json::value of(std::optional<timestamp> t) { return t ? json::value(to_us(*t)) : json::value(); }

json::object of(const validation::policy& p) {
    json::array suite;
    for (const x509::suite_row& row : p.rules.suite.rows)
        suite.push_back({{"algorithm", row.algorithm}, {"min_bits", row.min_bits}, {"until", of(row.until)}});
    json::array signature_policies;
    for (const validation::known_policy& one : p.signature_policies.known)
        signature_policies.push_back(
            {{"id", one.id}, {"hash_algorithm", static_cast<int>(one.hash_algorithm)}, {"hash", one.hash}});
    return {{"revocation", static_cast<int>(p.revocation)},
            {"require_timestamp", p.require_timestamp},
            {"suite", std::move(suite)},
            {"certificate_policies", of(p.rules.acceptable_policies)},
            {"extended_key_usages", of(p.rules.purposes)},
            {"max_revocation_age", of(p.rules.max_revocation_age)},
            {"tolerate_unchecked_responder", p.rules.tolerate_unchecked_responder},
            {"signature_policies", std::move(signature_policies)},
            {"require_known_signature_policy", p.signature_policies.require_known},
            {"formats", of(p.signature.formats)},
            {"minimum_level", p.signature.minimum_level},
            {"require_claimed_time", p.signature.require_claimed_time}};
}

validation::policy policy_of(const json::object& o) {
    validation::policy p;
    p.revocation = static_cast<x509::revocation_rule>(o.at("revocation").to_number<int>());
    p.require_timestamp = o.at("require_timestamp").as_bool();
    p.rules.suite.rows.clear();
    for (const json::value& v : o.at("suite").as_array()) {
        x509::suite_row row{std::string(v.at("algorithm").as_string()), v.at("min_bits").to_number<unsigned>()};
        if (!v.at("until").is_null()) row.until = from_us(v.at("until").to_number<std::int64_t>());
        p.rules.suite.rows.push_back(std::move(row));
    }
    p.rules.acceptable_policies = texts(o.at("certificate_policies"));
    p.rules.purposes = texts(o.at("extended_key_usages"));
    if (const json::value& age = o.at("max_revocation_age"); !age.is_null())
        p.rules.max_revocation_age = std::chrono::microseconds(age.to_number<std::int64_t>());
    p.rules.tolerate_unchecked_responder = o.at("tolerate_unchecked_responder").as_bool();
    for (const json::value& v : o.at("signature_policies").as_array())
        p.signature_policies.known.push_back({std::string(v.at("id").as_string()),
                                              static_cast<x509::hash>(v.at("hash_algorithm").to_number<int>()),
                                              std::string(v.at("hash").as_string())});
    p.signature_policies.require_known = o.at("require_known_signature_policy").as_bool();
    p.signature.formats = texts(o.at("formats"));
    p.signature.minimum_level = std::string(o.at("minimum_level").as_string());
    p.signature.require_claimed_time = o.at("require_claimed_time").as_bool();
    return p;
}

} // namespace

std::string pack_setup(const setup& what) {
    const pdf::budget& limits = what.limits.pdf;
    return json::serialize(json::object{{"policy", of(what.policy)},
                                        {"bytes", limits.bytes},
                                        {"objects", limits.objects},
                                        {"revisions", limits.revisions},
                                        {"signatures", limits.signatures},
                                        {"fields", limits.fields},
                                        {"nesting", limits.nesting},
                                        {"memory", what.memory_limit},
                                        {"documents", what.documents},
                                        {"cpu_seconds", what.cpu_seconds}});
}

setup unpack_setup(std::string_view text) {
    json::value parsed = json::parse(text);
    const json::object& o = parsed.as_object();
    auto number = [&](const char* key) { return o.at(key).to_number<std::size_t>(); };
    setup s;
    s.policy = policy_of(o.at("policy").as_object());
    s.limits.pdf.bytes = number("bytes");
    s.limits.pdf.objects = number("objects");
    s.limits.pdf.revisions = number("revisions");
    s.limits.pdf.signatures = number("signatures");
    s.limits.pdf.fields = number("fields");
    s.limits.pdf.nesting = static_cast<int>(number("nesting"));
    s.memory_limit = number("memory");
    s.documents = static_cast<unsigned>(number("documents"));
    s.cpu_seconds = static_cast<unsigned>(number("cpu_seconds"));
    return s;
}

} // namespace vanthu::inspect

// A log with a service certificate, and receipts made by hand: what the tests of this folder share.
#pragma once

#include "schemas/receipt/receipt.hpp"
#include "tests/support/test_ca.hpp"

#include <boost/test/unit_test.hpp>
#include <map>

namespace vanthu::receipt {

inline const timestamp noon = from_rfc3339("2025-07-15T05:00:00.123456Z").value();
inline const std::string office = "000.00.17.G22", log_name = "vanthu.example/g22/log1";

// Boost.Test evaluates a message's operands also when the check holds.
template <class T> std::string why(const result<T>& got) {
    return got ? "" : got.error().code.message() + " " + got.error().detail;
}

inline const test::test_ca& ca() {
    static const test::test_ca one;
    return one;
}
inline trust_anchors anchors_of(const test::test_ca& trusted) {
    trust_anchors out;
    BOOST_REQUIRE(out.add_der(trusted.root().certificate_der()).has_value());
    return out;
}

struct service {
    test::identity identity;
    service_key key;
    std::vector<bytes> chain;
};
inline service make_service(test::test_key kind = test::test_key::p256, const std::string& code = office) {
    test::subject_spec spec;
    spec.common_name = "vanthu " + code;
    spec.organisation_code = code;
    spec.use = test::profile::service;
    spec.key = kind;
    test::identity identity = ca().issue(spec);
    return {identity,
            service_key::from_pkey(identity.key()).value(),
            {identity.certificate_der(), ca().sub().certificate_der()}};
}

inline custody_leaf some_leaf(int i) {
    custody_leaf out;
    out.as = role::final_hop;
    out.packet_sha256 = sha256::of("packet " + std::to_string(i));
    out.content_sha256 = sha256::of("content " + std::to_string(i));
    out.identity = {"000.00.17.G22", "0", "000.00.17.G22,2025/07/15,7816/VPCP-TTĐT", "7816", "VPCP-TTĐT", "2025-07-15"};
    out.from = "000.00.00.G22";
    out.recipients = {"000.00.17.G22", "A29.01.17.G22"};
    out.hop_organisation = office;
    out.hop_time = noon;
    out.salt = new_salt();
    return out;
}

struct hand_made_log {
    std::string name = log_name;
    tlog::ed25519_private_key key = tlog::ed25519_private_key::generate();
    service signer = make_service();
    delegation delegated{
        log_name,    key.public_key(), office, noon - std::chrono::hours(24), noon + std::chrono::hours(24 * 365),
        std::nullopt};
    std::vector<std::string> leaves;

    receipt_v1 receipt_of(std::size_t index) const {
        std::map<tlog::node_id, digest> nodes;
        tlog::frontier edge;
        for (const std::string& one : leaves)
            edge.append(tlog::leaf_hash(as_bytes(one)),
                        [&](tlog::node_id id, const digest& hash) { nodes[id] = hash; });
        auto read = [&](tlog::node_id id) -> result<digest> { return nodes.at(id); };
        receipt_v1 out;
        out.log_origin = name;
        out.key_id = tlog::key_id(name, key.public_key());
        out.sequence = index;
        out.tree_size = leaves.size();
        out.inclusion_proof = tlog::inclusion_proof(index, leaves.size(), read).value();
        out.leaf = leaves[index];
        out.head = tlog::sign_checkpoint({name, leaves.size(), edge.root()}, key);
        out.delegation = sign_delegation(delegated, signer.key, signer.chain).value();
        return out;
    }
};
inline hand_made_log log_of(int n) {
    hand_made_log out;
    for (int i = 0; i < n; ++i) out.leaves.push_back(encode_leaf(some_leaf(i)));
    return out;
}

template <class T, class E> void require_refused(const result<T>& got, E expected) {
    BOOST_REQUIRE(!got.has_value());
    BOOST_TEST((got.error().code == make_error_code(expected)), got.error().code.message()
                                                                    << " " << got.error().detail);
}

} // namespace vanthu::receipt

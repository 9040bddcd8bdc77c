#include "signing/x509/path.hpp"

#include <algorithm>

namespace vanthu::x509 {
namespace {
// Source: conf/trust/README.md (fingerprints of the DER).
constexpr government_pin pins[] = {
    {"rootca.crt", "f7bc89054cec7f12730d7b8cd3eb7955b163835087e5eb873edfb584763b3f90",
     "Co quan chung thuc so chuyen dung Chinh phu (RootCA)", true, true},
    {"cp.crt", "75e969c07ba35c29c72bbc1bfb880f20f3891a619b00b77eb02ca6160736a1fe", "Co quan chung thuc so Chinh phu",
     false, true},
    {"rootcag2.crt", "f04ba4b459a7c9a1b971ad9b1cb833e695a80c79aea63b174b66a70edfe2fdb8",
     "RootCA chuyên dùng Chính phủ G2", true, false},
    {"cpg2.crt", "d8cab7a4aef92e6bb2509d7c61cee7b44f3731b2d21074963530277b366fae4b",
     "CA phục vụ các cơ quan Nhà nước G2", false, false},
    {"dcscag2.crt", "e4b402e3cb4cacc0a20d21fa49bce76beb4eb47ba7ffb7a8f71c554dbe561a81",
     "CA phục vụ các cơ quan Đảng G2", false, false},
};

result<> check_pins(trust_store& store, const certificate& cert) {
    for (const government_pin& pin : pins) {
        bool same = cert.sha256().hex() == pin.sha256_hex;
        if (!same && cert.common_name() == pin.common_name)
            return failed(errc::pin_mismatch, cert.subject() + " is " + cert.sha256().hex());
        if (same && pin.sha1_tolerated) store.sha1_tolerated.push_back(cert.sha256());
    }
    return {};
}

result<> add(trust_store& store, certificate&& cert, bool may_be_anchor) {
    VANTHU_CHECK(check_pins(store, cert));
    if (!cert.is_ca()) return failed(errc::not_a_ca, cert.subject());
    (may_be_anchor && cert.self_issued() ? store.anchors : store.intermediates).push_back(std::move(cert));
    return {};
}
} // namespace

std::span<const government_pin> government_pins() { return pins; }

result<trust_store> load_trust(const std::vector<bytes>& files, const std::vector<bytes>& only_between) {
    trust_store store;
    for (const auto* all : {&files, &only_between})
        for (const bytes& file : *all) {
            VANTHU_TRY(std::vector<certificate> found, parse_certificates(file));
            for (certificate& cert : found) VANTHU_CHECK(add(store, std::move(cert), all == &files));
        }
    return store;
}

result<> add_listed(trust_store& store, certificate cert, anchor_terms terms) {
    VANTHU_CHECK(check_pins(store, cert));
    bool known = std::find(store.anchors.begin(), store.anchors.end(), cert) != store.anchors.end();
    auto listed = store.terms.find(cert.sha256());
    if (known && listed == store.terms.end()) return {};
    if (!known) {
        store.terms.emplace(cert.sha256(), std::move(terms));
        store.anchors.push_back(std::move(cert));
        return {};
    }
    anchor_terms& both = listed->second;
    both.documents.insert(both.documents.end(), terms.documents.begin(), terms.documents.end());
    both.time_stamps.insert(both.time_stamps.end(), terms.time_stamps.begin(), terms.time_stamps.end());
    both.known_until = std::min(both.known_until, terms.known_until);
    return {};
}

} // namespace vanthu::x509

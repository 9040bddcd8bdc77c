#include "signing/pdf/security_store.hpp"

#include "signing/x509/cache.hpp"

#include <algorithm>
#include <memory>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509.h>
#include <qpdf/Pipeline.hh>

namespace vanthu::pdf {
namespace {

constexpr int most_entries = 4096; // of one list
constexpr std::size_t largest_object = 64u << 20, most_decoded = 512u << 20;

// Deflated data can be a thousand times as long as it looks. Ends the decoding where it becomes too much.
class bounded_content : public Pipeline {
public:
    explicit bounded_content(std::size_t most) : Pipeline("evidence", nullptr), most_(most) {}
    void write(const unsigned char* data, std::size_t size) override {
        exceeded = size > most_ - content.size();
        if (exceeded) throw evidence_too_large();
        content.insert(content.end(), data, data + size);
    }
    void finish() override {}
    bytes content;
    bool exceeded = false;

private:
    std::size_t most_;
};

template <class Use> void each_stream(QPDFObjectHandle list, std::size_t& decoded, Use use) {
    if (!list.isArray()) return;
    for (int i = 0, n = std::min(list.getArrayNItems(), most_entries); i < n; ++i) {
        QPDFObjectHandle item = list.getArrayItem(i);
        if (!item.isStream()) continue;
        bounded_content data(std::min(largest_object, most_decoded - decoded));
        bool whole = item.pipeStreamData(&data, 0, qpdf_dl_generalized); // takes exceptions for damage
        if (data.exceeded) throw evidence_too_large();
        decoded += data.content.size();
        use(whole ? bytes_view(data.content) : bytes_view());
    }
}

template <class T> bool among(const T& one, const std::vector<T>& all) {
    return std::any_of(all.begin(), all.end(), [&](const T& other) { return one.der() == other.der(); });
}

// A value is parsed only if it is not there yet: stores repeat themselves in every revision and in /VRI.
template <class T, class Native>
void gather(QPDFObjectHandle list, stored_evidence& all, std::vector<T>& into,
            result<T> (*parse)(bytes_view, x509::cache*), Native* (*d2i)(Native**, const unsigned char**, long),
            void (*release)(Native*), x509::cache* memory) {
    each_stream(list, all.decoded, [&](bytes_view der) {
        bool known =
            std::any_of(into.begin(), into.end(), [&](const T& t) { return std::ranges::equal(t.der(), der); });
        if (known) return;
        if (auto parsed = parse(der, memory)) {
            into.push_back(std::move(*parsed));
            if (std::ranges::equal(into.back().der(), der)) return; // read as it is, and to its end
        }
        const unsigned char* at = der.data();
        std::unique_ptr<Native, void (*)(Native*)> native(d2i(nullptr, &at, static_cast<long>(der.size())), release);
        if (!native || at != der.data() + der.size()) all.odd.insert(sha256().update(der).finish());
    });
}

void gather_all(QPDFObjectHandle from, bool of_one_signature, stored_evidence& into, x509::cache* memory) {
    gather(from.getKey(of_one_signature ? "/Cert" : "/Certs"), into, into.certificates, x509::certificate_of, d2i_X509,
           X509_free, memory);
    gather(from.getKey(of_one_signature ? "/CRL" : "/CRLs"), into, into.revocation.crls, x509::crl_of, d2i_X509_CRL,
           X509_CRL_free, memory);
    gather(from.getKey(of_one_signature ? "/OCSP" : "/OCSPs"), into, into.revocation.ocsp_responses,
           x509::ocsp_response_of, d2i_OCSP_RESPONSE, OCSP_RESPONSE_free, memory);
    ERR_clear_error();
}

bool is_list_of_plain_streams(QPDFObjectHandle list) {
    if (!list.isArray()) return false;
    for (int i = 0, n = list.getArrayNItems(); i < n; ++i) {
        QPDFObjectHandle item = list.getArrayItem(i);
        if (!item.isStream()) return false;
        for (const std::string& key : item.getDict().getKeys())
            if (key != "/Length" && key != "/Filter" && key != "/DecodeParms" && key != "/Type" && key != "/DL")
                return false;
    }
    return true;
}

bool has_only(QPDFObjectHandle dictionary, std::initializer_list<std::string_view> lists) {
    if (!dictionary.isDictionary()) return false;
    for (const std::string& key : dictionary.getKeys()) {
        QPDFObjectHandle value = dictionary.getKey(key);
        if (std::find(lists.begin(), lists.end(), key) != lists.end()) {
            if (!is_list_of_plain_streams(value)) return false;
        } else if (key == "/TS") {
            if (!value.isStream() || value.getDict().hasKey("/Subtype")) return false;
        } else if (key != "/VRI" && !value.isScalar())
            return false;
    }
    return true;
}

} // namespace

bool stored_evidence::has(const x509::certificate& c) const { return among(c, certificates); }
bool stored_evidence::has(const x509::crl& c) const { return among(c, revocation.crls); }
bool stored_evidence::has(const x509::ocsp_response& r) const { return among(r, revocation.ocsp_responses); }

void read_security_store(QPDFObjectHandle catalogue, stored_evidence& into, x509::cache* memory) {
    QPDFObjectHandle store = catalogue.getKey("/DSS");
    into.odd.clear();
    if (!store.isDictionary()) return;
    gather_all(store, false, into, memory);
    QPDFObjectHandle by_signature = store.getKey("/VRI");
    if (!by_signature.isDictionary()) return;
    for (const std::string& key : by_signature.getKeys())
        if (QPDFObjectHandle one = by_signature.getKey(key); one.isDictionary()) gather_all(one, true, into, memory);
}

bool is_plain_security_store(QPDFObjectHandle store) {
    if (!has_only(store, {"/Certs", "/CRLs", "/OCSPs"})) return false;
    QPDFObjectHandle by_signature = store.getKey("/VRI");
    if (by_signature.isNull()) return true;
    if (!by_signature.isDictionary()) return false;
    for (const std::string& key : by_signature.getKeys()) {
        QPDFObjectHandle one = by_signature.getKey(key);
        if (one.isDictionary() ? !has_only(one, {"/Cert", "/CRL", "/OCSP"}) : !one.isName()) return false;
    }
    return true;
}

} // namespace vanthu::pdf

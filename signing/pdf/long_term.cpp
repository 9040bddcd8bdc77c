#include "signing/pdf/long_term.hpp"

#include "signing/pdf/errors.hpp"
#include "signing/pdf/form.hpp"
#include "signing/pdf/security_store.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vanthu::pdf {
namespace {

// Appends those of `values` that `has` does not know to the list `key` of the store.
template <class T>
bool append(QPDFObjectHandle store, const char* key, const std::vector<T>& values, stored_evidence& there,
            update& out) {
    QPDFObjectHandle list = store.getKey(key);
    bool any = false;
    for (const T& value : values) {
        if (there.has(value)) continue;
        if (!list.isArray()) store.replaceKey(key, list = QPDFObjectHandle::newArray());
        list.appendItem(out.add_stream("", as_text(value.der())));
        any = true;
    }
    if (any && list.isIndirect()) out.changed(list);
    return any;
}

} // namespace

result<bytes> add_evidence(bytes_view file, const x509::evidence& used,
                           const std::vector<x509::certificate>& certificates) {
    VANTHU_TRY(document base, document::open(file));
    return guarded([&]() -> result<bytes> {
        update out(base);
        VANTHU_TRY(form f, form::open(base, out, intent::keep));
        stored_evidence there;
        read_security_store(base.root(), there);
        QPDFObjectHandle root = base.root(), store = root.getKey("/DSS");
        bool fresh = !store.isDictionary();
        if (fresh) store = base.make_indirect(QPDFObjectHandle::parse("<< /Type /DSS >>"));
        bool any = append(store, "/Certs", certificates, there, out);
        any = append(store, "/CRLs", used.crls, there, out) || any;
        any = append(store, "/OCSPs", used.ocsp_responses, there, out) || any;
        if (!any) return bytes(file.begin(), file.end());
        if (fresh) {
            root.replaceKey("/DSS", store);
            out.changed(root);
        }
        out.changed(store, root);
        f.name_etsi_extension();
        VANTHU_TRY(update::written w, out.write());
        return std::move(w.file);
    });
}

result<prepared> prepare_timestamp(bytes_view file, std::size_t token_size) {
    if (token_size > (std::size_t{1} << 24)) return failed(errc::too_large);
    VANTHU_TRY(document base, document::open(file));
    return guarded([&]() -> result<prepared> {
        update out(base);
        VANTHU_TRY(form f, form::open(base, out, intent::keep));
        // Invisible: a time stamp has nothing to show.
        QPDFObjectHandle field = f.add_field(f.free_name("vanthu_time"), "/Sig", 132, placement{});
        f.name_etsi_extension();
        return f.write_with_hole(field, "/Type /DocTimeStamp /Filter /Adobe.PPKLite /SubFilter /ETSI.RFC3161", "",
                                 token_size, false);
    });
}

result<bytes> finish_timestamp(prepared p, const cms::timestamp_token& token) {
    if (token.imprint_hash != x509::hash::sha256 || !std::ranges::equal(token.imprint, p.content_sha256.value))
        return failed(errc::wrong_token);
    return finish(std::move(p), token.der);
}

} // namespace vanthu::pdf

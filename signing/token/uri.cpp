#include "signing/token/token.hpp"

#include <memory>
#include <p11-kit/uri.h>

namespace vanthu::token {
namespace {

struct uri_free {
    void operator()(P11KitUri* u) const { p11_kit_uri_free(u); }
};
using uri_ptr = std::unique_ptr<P11KitUri, uri_free>;

// PKCS#11 texts are blank padded and have no end mark.
template <std::size_t N> std::string text(const unsigned char (&field)[N]) {
    std::size_t size = N;
    while (size > 0 && (field[size - 1] == ' ' || field[size - 1] == 0)) --size;
    return std::string(reinterpret_cast<const char*>(field), size);
}

bytes attribute(P11KitUri* uri, CK_ATTRIBUTE_TYPE type) {
    CK_ATTRIBUTE_PTR found = p11_kit_uri_get_attribute(uri, type);
    if (!found || !found->pValue) return {};
    auto* data = static_cast<const std::uint8_t*>(found->pValue);
    return bytes(data, data + found->ulValueLen);
}

void fill(unsigned char* field, std::size_t size, const std::string& value) {
    std::fill_n(field, size, value.empty() ? 0 : ' ');
    std::copy_n(value.begin(), std::min(size, value.size()), field);
}

} // namespace

result<selector> parse_uri(const std::string& text_of_uri) {
    uri_ptr uri(p11_kit_uri_new());
    // Looked for in the text as well: a PIN must not get through because the rest of the URI is wrong.
    if (text_of_uri.find("pin-value") != text_of_uri.npos) return failed(errc::pin_in_uri);
    if (p11_kit_uri_parse(text_of_uri.c_str(), P11_KIT_URI_FOR_ANY, uri.get()) != P11_KIT_URI_OK)
        return failed(errc::bad_uri);
    if (p11_kit_uri_get_pin_value(uri.get())) return failed(errc::pin_in_uri);
    if (p11_kit_uri_any_unrecognized(uri.get())) return failed(errc::bad_uri, "unknown attribute");
    selector which;
    CK_TOKEN_INFO_PTR token = p11_kit_uri_get_token_info(uri.get());
    which.label = text(token->label);
    which.serial = text(token->serialNumber);
    which.manufacturer = text(token->manufacturerID);
    which.model = text(token->model);
    which.key_id = attribute(uri.get(), CKA_ID);
    which.key_label = std::string(as_text(attribute(uri.get(), CKA_LABEL)));
    if (const char* path = p11_kit_uri_get_module_path(uri.get())) which.module_path = path;
    if (const char* source = p11_kit_uri_get_pin_source(uri.get())) which.pin_source = source;
    return which;
}

std::string to_uri(const token_info& token, bytes_view key_id, std::string_view key_label) {
    uri_ptr uri(p11_kit_uri_new());
    CK_TOKEN_INFO_PTR info = p11_kit_uri_get_token_info(uri.get());
    fill(info->label, sizeof info->label, token.label);
    fill(info->serialNumber, sizeof info->serialNumber, token.serial);
    fill(info->manufacturerID, sizeof info->manufacturerID, token.manufacturer);
    fill(info->model, sizeof info->model, token.model);
    bytes id(key_id.begin(), key_id.end());
    std::string label(key_label);
    CK_ATTRIBUTE id_attribute{CKA_ID, id.data(), id.size()}, label_attribute{CKA_LABEL, label.data(), label.size()};
    if (!id.empty()) p11_kit_uri_set_attribute(uri.get(), &id_attribute);
    if (!label.empty()) p11_kit_uri_set_attribute(uri.get(), &label_attribute);
    char* out = nullptr;
    P11KitUriType kind = id.empty() && label.empty() ? P11_KIT_URI_FOR_TOKEN : P11_KIT_URI_FOR_OBJECT_ON_TOKEN;
    if (p11_kit_uri_format(uri.get(), kind, &out) != P11_KIT_URI_OK) return {};
    std::string answer(out);
    std::free(out);
    return answer;
}

} // namespace vanthu::token

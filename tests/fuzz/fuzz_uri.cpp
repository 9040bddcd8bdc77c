// Any text as a PKCS#11 URI: a PIN in it is refused, and what is understood can be written again.
#include "signing/token/token.hpp"
#include "tests/fuzz/check.hpp"

using namespace vanthu;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string text(reinterpret_cast<const char*>(data), size);
    auto read = token::parse_uri(text);
    if (!read) return 0;
    check(text.find("pin-value") == text.npos);
    token::token_info info{};
    info.label = read->label;
    info.serial = read->serial;
    auto again = token::parse_uri(token::to_uri(info, read->key_id, read->key_label));
    check(again && again->label == read->label && again->key_id == read->key_id);
    return 0;
}

#include "daemon/store_options.hpp"

#include "daemon/base/files.hpp"

#include <fmt/format.h>

namespace vanthu {

result<ledger::store_options> store_options_of(const daemon_config& c) {
    ledger::store_options o;
    o.directory = c.store.directory / "ledger";
    o.payloads.sizes = {c.store.inline_limit, c.store.segment_limit};
    o.payloads.minimum_free_bytes = c.store.minimum_free;
    if (!c.store.encryption_key.empty()) {
        VANTHU_TRY(std::string hex, read_text_file(c.store.encryption_key, 1024));
        while (!hex.empty() && (hex.back() == '\n' || hex.back() == '\r' || hex.back() == ' ')) hex.pop_back();
        auto key = digest::from_hex(hex);
        if (!key)
            return failed(files::errc::unreadable, c.store.encryption_key.string() + ": 64 hex digits are required");
        ledger::payload_key k;
        k.secret = key->value;
        digest id = sha256::of(key->view()); // the same key has the same id wherever it is configured
        k.id = (std::uint32_t{id.value[0]} << 24 | id.value[1] << 16 | id.value[2] << 8 | id.value[3]) | 1u;
        o.payloads.keys = {k};
        o.payloads.seal_with = k.id;
    }
    return o;
}

std::filesystem::path head_before_restore(const daemon_config& c) {
    return c.store.directory / "log-head-before-restore";
}

std::string origin_after_restore(std::string_view last_origin, std::string_view instance) {
    const std::string_view base = last_origin.substr(0, last_origin.rfind('/'));
    return fmt::format("{}/{}", base.empty() ? "vanthu" : base, instance);
}

std::string new_origin_command(const daemon_config& c, std::string_view last_origin, std::string_view instance) {
    std::string text =
        fmt::format("vanthu log-key delegate --log-key {} --service-key {} --service-certificate {} "
                    "--organisation {} --origin {}",
                    c.signing.log_key.string(), c.signing.service_key.string(), c.signing.service_certificate.string(),
                    c.node.organisation, origin_after_restore(last_origin, instance));
    if (!last_origin.empty()) text += fmt::format(" --previous-origin {}", last_origin);
    std::error_code ec;
    if (const auto head = head_before_restore(c); std::filesystem::exists(head, ec))
        text += " --previous-head " + head.string();
    return text + " --out " + c.signing.log_key_delegation.string();
}

} // namespace vanthu

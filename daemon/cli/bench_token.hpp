// A SoftHSM token in a directory of its own, for one measurement, and the bare loop that signing is compared with.
#pragma once

#include "daemon/cli/bench_figures.hpp"
#include "daemon/cli/bench_pki.hpp"
#include "signing/token/token.hpp"

#include <filesystem>

namespace vanthu::cli {

class bench_token {
public:
    // Once per process: SoftHSM reads where its tokens are when it is loaded. token::errc where it is not installed.
    static result<bench_token> make(const std::filesystem::path& directory, const std::string& module_path);

    // A new key pair on the token with a certificate of the PKI.
    result<token::key_info> add_key(const bench_pki& pki);
    result<cms::signer> signer(const token::key_info& key, const bench_pki& pki) const;

    // C_SignInit, C_Sign and verification with the public key, nothing else: sessions, key handles and OpenSSL's
    // contexts are made once a thread.
    class bare_loop {
    public:
        bare_loop(const bench_token& on, const token::key_info& key, unsigned threads);
        ~bare_loop();
        bare_loop(const bare_loop&) = delete;
        result<> once(unsigned thread, bytes_view hash);

    private:
        struct lane;
        std::vector<std::unique_ptr<lane>> lanes_;
    };

private:
    std::shared_ptr<token::module> module_;
    std::shared_ptr<token::card> card_;
};

} // namespace vanthu::cli

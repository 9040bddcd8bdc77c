// One SoftHSM2 token "vanthu" with PIN 1234 for the whole test program. SOFTHSM2_CONF is read once, at loading.
#pragma once

#include "daemon/base/files.hpp"
#include "signing/token/token.hpp"
#include "tests/support/test_ca.hpp"

#include <boost/test/unit_test.hpp>
#include <cstdlib>

namespace vanthu::test {

inline std::shared_ptr<token::module> softhsm() {
    static auto loaded = [] {
        static temporary_directory dir;
        std::filesystem::create_directories(dir.path() / "tokens");
        std::string conf = (dir.path() / "softhsm2.conf").string();
        std::string text = "directories.tokendir = " + (dir.path() / "tokens").string() +
                           "\nobjectstore.backend = file\nlog.level = ERROR\n";
        if (!write_file_atomically(conf, as_bytes(text))) std::abort();
        ::setenv("SOFTHSM2_CONF", conf.c_str(), 1);
        std::string output;
        if (run({"softhsm2-util", "--init-token", "--free", "--label", "vanthu", "--pin", "1234", "--so-pin",
                 "12345678"},
                &output) != 0)
            BOOST_FAIL(output);
        return token::module::load("/usr/lib/softhsm/libsofthsm2.so").value();
    }();
    return loaded;
}

inline std::shared_ptr<token::card> softhsm_card() { return token::card::open(softhsm(), {.label = "vanthu"}).value(); }

} // namespace vanthu::test

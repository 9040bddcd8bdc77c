// A desk with a key, a trust folder and an authority on loopback; commands run as from a shell.
#pragma once

#include "daemon/base/files.hpp"
#include "signing/x509/certificate.hpp"
#include "tests/cli/run_vanthu.hpp"
#include "tests/pdf/letter.hpp"
#include "tests/support/test_authority.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

namespace vanthu::test {

struct desk {
    temporary_directory dir;
    bool allowed = true;
    authority_server server{[this] { return who; }, {}};
    test_ca ca{"Desk", test_key::p256, server.url()};
    authority who = authority::of(ca);
    identity leader = ca.issue({.common_name = "Nguyễn Văn A", .organisation = "UBND xã Mẫu", .title = "Chủ tịch"});
    identity agency = ca.issue({.common_name = "UBND xã Mẫu", .key = test_key::rsa_2048});
    identity drafter = ca.issue({.common_name = "Lê Văn C", .organisation = "UBND xã Mẫu", .title = "Chuyên viên"});

    std::string at(const std::string& name) const { return (dir.path() / name).string(); }
    void put(const std::string& name, bytes_view content) const {
        BOOST_REQUIRE(write_file_atomically(dir.path() / name, content).has_value());
    }

    desk() {
        std::filesystem::create_directory(dir.path() / "trust");
        put("trust/root.crt", ca.root().certificate_der());
        put("trust/sub.crt", ca.sub().certificate_der());
        put("leader.p12", leader.pkcs12("secret"));
        put("seal.p12", agency.pkcs12("secret"));
        put("drafter.p12", drafter.pkcs12("secret"));
        write_registry();
        put("pin", as_bytes("secret\n"));
        put("in.pdf", make_letter());
        put("in.xml", as_bytes("<congvan><noidung>Kính gửi</noidung></congvan>"));
        put("in.txt", as_bytes("nội dung"));
    }

    static std::string key_row(const identity& who) {
        return "certificate = { spki_sha256 = \"" +
               x509::parse_certificate(who.certificate_der()).value().spki_sha256().hex() + "\" }\n";
    }
    // The leader may sign for the commune, from `leader_from` on, and the seal is the commune's.
    void write_registry(const std::string& leader_from = "2020-01-01") const {
        std::string text = "format = 1\nversion = 1\n";
        for (const char* id : {"xa", "huyen"})
            text += std::string("[[organisation]]\nid = \"") + id + "\"\nname = \"" +
                    (id[0] == 'x' ? "Ủy ban nhân dân xã Mẫu" : "Ủy ban nhân dân huyện Mẫu") +
                    "\"\ncodes = [{ code = \"H48." + id + "\", form = \"local\" }]\n";
        text += "[[authority]]\norganisation = \"xa\"\nperson = \"Nguyễn Văn A\"\ntitle = \"Chủ tịch\"\n"
                "may_sign_for = [\"TM.\"]\nfrom = " +
                leader_from + "\n" + key_row(leader);
        text += "[[agency_certificate]]\norganisation = \"xa\"\nuse = \"seal\"\n" + key_row(agency);
        put("registry.toml", as_bytes(text));
    }
    std::vector<std::string> with_registry(std::vector<std::string> more) const {
        more.insert(more.end(), {"--registry", at("registry.toml")});
        return more;
    }

    // The cache and the trust folder are the desk's own where the arguments name none.
    int run(std::vector<std::string> arguments, std::string* printed = nullptr) const {
        for (const char* more : {"--cache", "--trust"}) {
            if (std::find(arguments.begin(), arguments.end(), more) != arguments.end()) continue;
            arguments.push_back(more);
            arguments.push_back(at(std::string(more).substr(2)));
        }
        // The authority of the tests is on loopback, where certificates do not lead by themselves.
        if (allowed) arguments.insert(arguments.end(), {"--allow-address", "127.0.0.1"});
        ran said = vanthu(std::move(arguments));
        if (printed) *printed = said.output;
        return said.exit_code;
    }
    int sign(const char* key, const char* in, const char* out, std::vector<std::string> more) const {
        std::vector<std::string> all{"sign", "--key", "p12:" + at(key), "--pin-file", at("pin"), at(in), "-o", at(out)};
        all.insert(all.end(), more.begin(), more.end());
        return run(all);
    }
    std::string tsa() const { return server.url("/tsa"); }

    // Exit code and the first file of --json.
    std::pair<int, boost::json::object> verify(const std::string& file, std::vector<std::string> more = {}) const {
        std::vector<std::string> all{"verify", "--json", at(file)};
        all.insert(all.end(), more.begin(), more.end());
        std::string printed;
        int code = run(all, &printed);
        boost::system::error_code ec;
        boost::json::value parsed = boost::json::parse(printed, ec);
        if (ec || !parsed.as_object().contains("files")) return {code, {}};
        return {code, parsed.at("files").at(0).as_object()};
    }
};

inline std::string level_of_first(const boost::json::object& file) {
    const auto& all = file.at("signatures").as_array();
    return all.empty() ? "" : std::string(all.front().at("level").as_string());
}

} // namespace vanthu::test

// What keeps `vanthu sign` from signing: a code, both languages, and no output.
#include "adapters/trust_services/evidence_cache.hpp"
#include "tests/cli_sign/desk.hpp"

#include <netinet/in.h>
#include <openssl/pkcs12.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace vanthu;
using namespace vanthu::test;

namespace {

struct counter : desk {
    void refuses(const std::string& key, const std::string& in, std::vector<std::string> more, const char* wanted,
                 const char* out = "none") const {
        std::string said;
        std::vector<std::string> all{"sign",    "--json", "--key", "p12:" + at(key), "--pin-file",
                                     at("pin"), at(in),   "-o",    at(out)};
        all.insert(all.end(), more.begin(), more.end());
        BOOST_TEST(run(all, &said) != 0, wanted);
        boost::system::error_code bad;
        auto parsed = boost::json::parse(said, bad);
        BOOST_REQUIRE_MESSAGE(!bad && parsed.is_object(), said);
        BOOST_TEST(std::string(parsed.at("code").as_string()) == wanted, said);
        for (const char* text : {"message_vi", "message_en", "action_vi", "action_en"})
            BOOST_TEST(!parsed.at(text).as_string().empty(), text);
        BOOST_TEST(!std::filesystem::exists(at(out)));
    }
    void put_key(const char* name, const subject_spec& who) const { put(name, ca.issue(who).pkcs12("secret")); }
};

// A port of loopback at which nobody listens.
std::string nobody() {
    int s = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof a;
    BOOST_REQUIRE(::bind(s, reinterpret_cast<sockaddr*>(&a), size) == 0);
    BOOST_REQUIRE(::getsockname(s, reinterpret_cast<sockaddr*>(&a), &size) == 0);
    ::close(s);
    return "http://127.0.0.1:" + std::to_string(ntohs(a.sin_port)) + "/tsa";
}

// A PKCS#12 file whose key is not that of its certificate.
bytes mismatched(const identity& certificate, const identity& key) {
    STACK_OF(PKCS12_SAFEBAG)* bags = nullptr;
    STACK_OF(PKCS7)* safes = nullptr;
    unsigned char id[] = {1};
    PKCS12_SAFEBAG* bag = PKCS12_add_cert(&bags, certificate.certificate());
    BOOST_REQUIRE(PKCS12_add_localkeyid(bag, id, 1) == 1);
    bag = PKCS12_add_key(&bags, key.key(), 0, 2048, NID_aes_256_cbc, "secret");
    BOOST_REQUIRE(PKCS12_add_localkeyid(bag, id, 1) == 1);
    BOOST_REQUIRE(PKCS12_add_safe(&safes, bags, NID_aes_256_cbc, 2048, "secret") == 1);
    PKCS12* p12 = PKCS12_add_safes(safes, 0);
    BOOST_REQUIRE(PKCS12_set_mac(p12, "secret", -1, nullptr, 0, 2048, EVP_sha256()) == 1);
    unsigned char* der = nullptr;
    int size = i2d_PKCS12(p12, &der);
    bytes out(der, der + size);
    OPENSSL_free(der);
    PKCS12_free(p12);
    sk_PKCS7_pop_free(safes, PKCS7_free);
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    return out;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_certificate_that_is_not_valid_now_signs_nothing_with_a_trust_folder_or_without) {
    counter d;
    const timestamp now = system_clock().now();
    d.put_key("old.p12", {.common_name = "Hết hạn", .not_after = now - std::chrono::hours(24)});
    d.put_key("early.p12", {.common_name = "Chưa đến hạn", .not_before = now + std::chrono::hours(24)});
    d.put_key("tls.p12", {.common_name = "Máy chủ",
                          .extra_extensions = {"keyUsage=critical,keyEncipherment"},
                          .without_key_usage = true});
    d.put_key("web.p12", {.common_name = "Máy chủ", .extra_extensions = {"extendedKeyUsage=serverAuth"}});
    for (const char* format : {"pades", "cades", "xades", "asic-e"}) {
        d.refuses("old.p12", "in.pdf", {"--format", format}, "sign.own_certificate_expired");
        d.refuses("early.p12", "in.pdf", {"--format", format}, "sign.own_certificate_expired");
        d.refuses("tls.p12", "in.pdf", {"--format", format}, "sign.own_certificate_unfit");
        d.refuses("web.p12", "in.pdf", {"--format", format}, "sign.own_certificate_unfit");
    }
    x509::certificate other = x509::parse_certificate(test_ca("Other").issue({}).certificate_der()).value();
    d.put("stranger.p12", test_ca("Other").issue({.common_name = "Người lạ"}).pkcs12("secret"));
    d.refuses("stranger.p12", "in.pdf", {}, "sign.own_certificate_bad");
}

BOOST_AUTO_TEST_CASE(a_revoked_certificate_or_ca_signs_nothing_whether_a_responder_or_a_list_says_so) {
    counter d;
    const timestamp yesterday = system_clock().now() - std::chrono::hours(24);
    auto leaf = x509::parse_certificate(d.leader.certificate_der()).value();
    d.who.revoked = {{leaf.serial(), yesterday, 1}};
    d.refuses("leader.p12", "in.pdf", {}, "sign.own_certificate_revoked"); // asked for
    d.put("sub.crl", d.who.crl(d.who.sub, system_clock().now()));
    d.refuses("leader.p12", "in.txt",
              {"--format", "cades", "--offline", "--crl", d.at("sub.crl"), "--cache", d.at("none-kept")},
              "sign.own_certificate_revoked");
    counter e;
    auto sub = x509::parse_certificate(e.ca.sub().certificate_der()).value();
    e.who.revoked = {{sub.serial(), yesterday, 2}};
    e.refuses("leader.p12", "in.pdf", {}, "sign.own_certificate_revoked");
}

BOOST_AUTO_TEST_CASE(a_missing_folder_of_trusted_certificates_is_named_with_its_option) {
    counter d;
    std::filesystem::create_directory(d.at("bare"));
    for (const char* folder : {"nowhere", "bare"}) {
        d.refuses("leader.p12", "in.pdf", {"--trust", d.at(folder)}, "cli.trust_folder_missing");
        std::string said;
        BOOST_TEST(d.run({"verify", "--trust", d.at(folder), d.at("in.pdf")}, &said) == 66, folder);
        BOOST_TEST(said.find("--trust") != said.npos, said);
        BOOST_TEST(said.find(d.at(folder)) != said.npos, said);
    }
}

BOOST_AUTO_TEST_CASE(nobody_to_ask_is_no_reason_to_refuse_and_is_said) {
    counter d;
    std::string said;
    BOOST_TEST(d.run({"sign", "--lang", "en", "--offline", "--cache", d.at("empty"), "--key",
                      "p12:" + d.at("leader.p12"), "--pin-file", d.at("pin"), d.at("in.pdf"), "-o", d.at("out.pdf")},
                     &said) == 0);
    BOOST_TEST(said.find("could not be found out") != said.npos, said);
}

BOOST_AUTO_TEST_CASE(a_certificate_revoked_before_signing_is_found_out_though_a_good_answer_is_kept) {
    counter d;
    BOOST_TEST(d.sign("leader.p12", "in.txt", "out.p7m", {"--format", "cades", "--cache", d.at("signer")}) == 0);
    const timestamp now = system_clock().now();
    auto leaf = x509::parse_certificate(d.leader.certificate_der()).value();
    auto sub = x509::parse_certificate(d.ca.sub().certificate_der()).value();
    bytes answer = d.who.ocsp(x509::ocsp_request(leaf, sub, {}), now - std::chrono::hours(1));
    for (const char* name : {"kept", "offline"})
        trust_services::evidence_cache(d.at(name)).keep(leaf, sub, x509::parse_ocsp_response(answer).value());
    d.put("root.crl", d.who.crl(d.who.root, now));
    d.who.revoked = {{leaf.serial(), now - std::chrono::minutes(30), 1}};
    auto [offline, told] =
        d.verify(d.at("out.p7m"), {"--offline", "--cache", d.at("offline"), "--crl", d.at("root.crl")});
    BOOST_TEST(offline == 0);
    BOOST_TEST(boost::json::serialize(told).find("x509.revocation_older") != std::string::npos);
    auto [online, found] = d.verify(d.at("out.p7m"), {"--cache", d.at("kept")});
    BOOST_TEST(online == 1, boost::json::serialize(found));
    BOOST_TEST(boost::json::serialize(found).find("x509.revoked") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(certificates_do_not_lead_into_a_private_network_and_it_is_said_what_to_do) {
    counter d;
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "out.pdf", {}) == 0);
    d.allowed = false;
    auto [code, file] = d.verify(d.at("out.pdf"), {"--cache", d.at("empty")});
    BOOST_TEST(code == 2);
    BOOST_REQUIRE(file.contains("unanswered"));
    for (const auto& one : file.at("unanswered").as_array()) {
        BOOST_TEST(one.at("code") == "trust_services.address_not_allowed");
        BOOST_TEST(one.at("text_vi").as_string().find("--allow-address") != std::string::npos);
        BOOST_TEST(one.at("text_en").as_string().find("--allow-address") != std::string::npos);
    }
    std::string said;
    BOOST_TEST(d.run({"verify", "--lang", "en", "--cache", d.at("empty"), d.at("out.pdf")}, &said) == 2);
    BOOST_TEST(said.find("add --allow-address") != said.npos, said);
    BOOST_TEST(d.run({"verify", "--allow-address", "10.0.0.0/99", d.at("out.pdf")}, &said) == 66);
    BOOST_TEST(said.find("cli.bad_allowed_address") != said.npos, said);
    BOOST_TEST(d.run({"verify", "--cache", d.at("empty"), "--allow-address", "127.0.0.1", d.at("out.pdf")}) == 0);
    // The time-stamping authority is the operator's own choice.
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "stamped.pdf", {"--level", "B-T", "--tsa", d.tsa()}) == 0);
}

BOOST_AUTO_TEST_CASE(a_symlink_under_the_name_of_an_output_stays_what_it_is) {
    counter d;
    std::filesystem::create_symlink(d.at("aim"), d.at("link"));
    std::string said;
    BOOST_TEST(d.run({"sign", "--offline", "--key", "p12:" + d.at("leader.p12"), "--pin-file", d.at("pin"),
                      d.at("in.pdf"), "-o", d.at("link")},
                     &said) == 1);
    BOOST_TEST(said.find("cli.output_not_a_file") != said.npos, said);
    BOOST_TEST(d.run({"verify", "--offline", "--report", d.at("link"), d.at("in.pdf")}, &said) == 1);
    BOOST_TEST(said.find("cli.output_not_a_file") != said.npos, said);
    BOOST_TEST(std::filesystem::is_symlink(d.at("link")));
    BOOST_TEST(!std::filesystem::exists(d.at("aim")));
}

BOOST_AUTO_TEST_CASE(a_key_that_is_not_the_certificate_s_signs_nothing) {
    counter d;
    d.put("mixed.p12", mismatched(d.leader, d.drafter));
    std::string said;
    BOOST_TEST(d.run({"sign", "--key", "p12:" + d.at("mixed.p12"), "--pin-file", d.at("pin"), d.at("in.pdf"), "-o",
                      d.at("none")},
                     &said) == 1);
    BOOST_TEST(said.find("token.") != said.npos, said);
    BOOST_TEST(!std::filesystem::exists(d.at("none")));
    d.refuses("leader.p12", "in.pdf", {"--scheme", "pss"}, "token.key_unfit"); // a P-256 key
}

BOOST_AUTO_TEST_CASE(a_time_stamping_authority_that_is_not_there_leaves_no_output) {
    counter d;
    const std::string gone = nobody();
    for (const char* format : {"pades", "cades", "xades", "asic-s", "asic-e"}) {
        std::string said;
        BOOST_TEST(d.run({"sign", "--json", "--key", "p12:" + d.at("leader.p12"), "--pin-file", d.at("pin"), "--format",
                          format, "--level", "B-T", "--tsa", gone, d.at("in.pdf"), "-o", d.at("none")},
                         &said) == 69,
                   format << " " << said);
        BOOST_TEST(!std::filesystem::exists(d.at("none")), format);
    }
}

BOOST_AUTO_TEST_CASE(an_output_that_cannot_be_written_is_refused_before_the_key_is_used) {
    counter d;
    d.put("pin", as_bytes("wrong")); // it would be found out
    d.refuses("leader.p12", "in.pdf", {}, "sign.output_unusable", "no-such-folder/out.pdf");
    d.refuses("leader.p12", "in.pdf", {"--format", "asic-e"}, "sign.output_unusable", "no-such-folder/out.asice");
    d.put("pin", as_bytes("secret"));
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "signed.pdf", {}) == 0);
    BOOST_TEST(d.run({"extend", "--level", "B-T", "--tsa", d.tsa(), d.at("signed.pdf"), "-o",
                      d.at("no-such-folder/out.pdf")}) == 1);
    BOOST_TEST(!std::filesystem::exists(d.at("no-such-folder")));
}

BOOST_AUTO_TEST_CASE(a_full_disk_leaves_neither_an_output_nor_a_part_of_one) {
    counter d;
    std::filesystem::create_directory(d.at("full"));
    std::string said;
    // No file may be larger than a kilobyte, which a message is: writing fails as on a full disk. The signal that would
    // end the program is ignored. (Not a PDF: what is judged before it is written would already be too large.)
    int code = run({"/bin/bash",
                    "-c",
                    "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\"",
                    VANTHU_PROGRAM,
                    "sign",
                    "--json",
                    "--key",
                    "p12:" + d.at("leader.p12"),
                    "--pin-file",
                    d.at("pin"),
                    "--trust",
                    d.at("trust"),
                    "--offline",
                    "--cache",
                    d.at("empty"),
                    "--format",
                    "cades",
                    d.at("in.txt"),
                    "-o",
                    d.at("full/out.p7m")},
                   &said);
    BOOST_TEST(code == 1, said);
    BOOST_TEST((said.find("files.write_failed") != said.npos || said.find("files.no_space") != said.npos), said);
    BOOST_TEST(std::filesystem::is_empty(d.at("full")));
}

BOOST_AUTO_TEST_CASE(what_is_no_pdf_or_a_damaged_one_is_refused) {
    counter d;
    d.refuses("leader.p12", "in.txt", {}, "pdf.not_a_pdf");
    d.put("cut.pdf", bytes_view(make_letter()).first(600));
    d.refuses("leader.p12", "cut.pdf", {}, "pdf.damaged");
}

BOOST_AUTO_TEST_CASE(what_is_no_regular_file_is_never_read) {
    counter d;
    BOOST_REQUIRE(::mkfifo(d.at("fifo").c_str(), 0600) == 0);
    std::filesystem::create_directory(d.at("folder"));
    auto says = [&](std::vector<std::string> all, const std::string& file, const char* code) {
        std::string said;
        BOOST_TEST(d.run(all, &said) == 66, file << " " << said);
        BOOST_TEST(said.find(code) != said.npos, file << " " << said);
        BOOST_TEST(!std::filesystem::exists(d.at("none")));
    };
    for (const auto& [file, code] : {std::pair(d.at("fifo"), "cli.input_not_a_file"),
                                     {std::string("/dev/zero"), "cli.input_not_a_file"},
                                     {d.at("folder"), "cli.directory_given"},
                                     {d.at("missing"), "files.not_found"}}) {
        for (const char* format : {"pades", "cades", "xades", "asic-s", "asic-e"})
            says({"sign", "--key", "p12:" + d.at("leader.p12"), "--pin-file", d.at("pin"), "--format", format, file,
                  "-o", d.at("none")},
                 file, code);
        says({"extend", "--level", "B-T", "--tsa", d.tsa(), file, "-o", d.at("none")}, file, code);
        says({"extend", "--level", "B-T", "--tsa", d.tsa(), "--content", file, d.at("in.xml"), "-o", d.at("none")},
             file, code);
        says({"verify", file}, file, code);
        says({"verify", "--content", file, d.at("in.pdf")}, file, code);
    }
}

BOOST_AUTO_TEST_CASE(a_run_that_ends_early_says_what_was_written_and_what_was_not) {
    counter d;
    std::filesystem::create_directory(d.at("folder"));
    d.put("a.pdf", make_letter());
    d.put("c.pdf", make_letter());
    std::vector<std::string> all{"sign",         "--key",       "p12:" + d.at("leader.p12"),
                                 "--pin-file",   d.at("pin"),   d.at("a.pdf"),
                                 d.at("in.txt"), d.at("c.pdf"), "-o",
                                 d.at("folder")};
    std::string said;
    BOOST_TEST(d.run(all, &said) == 1, said);
    for (const std::string& line :
         {"đã ghi: " + d.at("folder/a.pdf"), "chưa ký: " + d.at("in.txt"), "chưa ký: " + d.at("c.pdf")})
        BOOST_TEST(said.find(line) != said.npos, said);
    all.push_back("--json");
    BOOST_TEST(d.run(all, &said) == 1, said);
    auto told = boost::json::parse(said).as_object();
    BOOST_TEST(told.at("code").as_string() == "pdf.not_a_pdf", said);
    BOOST_REQUIRE(told.at("signed").as_array().size() == 1u);
    BOOST_TEST(told.at("signed").at(0).at("output").as_string() == d.at("folder/a.pdf"));
    BOOST_REQUIRE(told.at("not_signed").as_array().size() == 2u);
    BOOST_TEST(told.at("not_signed").at(0).as_string() == d.at("in.txt"));
    BOOST_TEST(told.at("not_signed").at(1).as_string() == d.at("c.pdf"));
    BOOST_TEST(d.verify("folder/a.pdf").first == 0);
    BOOST_TEST(!std::filesystem::exists(d.at("folder/c.pdf")));
}

BOOST_AUTO_TEST_CASE(a_content_that_no_signature_is_about_is_never_taken_for_judged) {
    counter d;
    d.put("forged.txt", as_bytes("nội dung giả"));
    for (const auto& [format, in, out] : {std::tuple("pades", "in.pdf", "o.pdf"),
                                          {"cades", "in.txt", "o.p7m"},
                                          {"xades", "in.xml", "o.xml"},
                                          {"xades", "in.txt", "o.enveloping"},
                                          {"asic-s", "in.txt", "o.asics"},
                                          {"asic-e", "in.txt", "o.asice"}}) {
        BOOST_REQUIRE(d.sign("leader.p12", in, out, {"--format", format}) == 0);
        BOOST_TEST(d.verify(out).first == 0, out);
        auto [code, file] = d.verify(out, {"--content", d.at("forged.txt")});
        const std::string said = boost::json::serialize(file);
        BOOST_TEST(code == 2, out << " " << said);
        BOOST_TEST(file.at("signatures").at(0).at("verdict").as_string() == "indeterminate", said);
        BOOST_TEST(said.find("file.content_not_used") != said.npos, said);
        BOOST_TEST(d.run({"extend", "--level", "B-T", "--tsa", d.tsa(), "--content", d.at("forged.txt"), d.at(out),
                          "-o", d.at("none")}) == 1,
                   out);
        BOOST_TEST(!std::filesystem::exists(d.at("none")));
    }
    // What was changed stays invalid, and a file without signatures unsigned.
    bytes changed = read_file(d.at("o.pdf")).value();
    changed[changed.size() / 4] ^= 1;
    d.put("changed.pdf", changed);
    BOOST_TEST(d.verify("changed.pdf", {"--content", d.at("forged.txt")}).first == 1);
    BOOST_TEST(d.verify("in.xml", {"--content", d.at("forged.txt")}).first == 3);
}

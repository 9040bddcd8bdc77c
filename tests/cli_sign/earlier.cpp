// What a file holds already is judged before anybody signs beside it, and what `issued` makes before it is written.
#include "tests/cli_sign/desk.hpp"

using namespace vanthu;
using namespace vanthu::test;

namespace {

struct counter : desk {
    // Exit code; `said`: both streams.
    int sign(const std::string& key, const std::string& in, const std::string& out, std::vector<std::string> more,
             std::string* said = nullptr) const {
        more.insert(more.begin(), {"sign", "--key", "p12:" + at(key), "--pin-file", at("pin"), at(in), "-o", at(out)});
        return run(more, said);
    }
    void refuses(const std::string& key, const std::string& in, std::vector<std::string> more,
                 const std::string& wanted) const {
        std::string said;
        more.push_back("--json");
        BOOST_TEST(sign(key, in, "none", more, &said) != 0, in << " " << said);
        BOOST_TEST(said.find("\"code\":\"" + wanted + "\"") != said.npos, in << " " << said);
        BOOST_TEST(!std::filesystem::exists(at("none")), in);
    }
    void put_key(const char* name, const subject_spec& who) const { put(name, ca.issue(who).pkcs12("secret")); }
    // The file with `from` replaced by `to`, which is as long.
    void alter(const char* name, std::string_view from, std::string_view to) const {
        bytes all = read_file(at(name)).value();
        const std::size_t where = as_text(all).find(from);
        BOOST_REQUIRE(where != std::string::npos);
        std::copy(to.begin(), to.end(), all.begin() + static_cast<std::ptrdiff_t>(where));
        put(name, all);
    }
    std::vector<std::string> issue(std::vector<std::string> more = {}) const {
        more.insert(more.begin(), {"--profile", "issued", "--number", "12/BC-UBND", "--date",
                                   to_rfc3339_vietnam(system_clock().now()).substr(0, 10)});
        return with_registry(more);
    }
};

struct kind {
    const char *format, *in, *out, *from, *to;
};
constexpr kind kinds[] = {{"pades", "in.pdf", "s.pdf", "/MediaBox [0 0 595", "/MediaBox [0 0 594"},
                          {"cades", "in.txt", "s.p7m", "nội dung", "nội dụng"},
                          {"xades", "in.xml", "s.xml", "Kính gửi", "Kính gứi"},
                          {"asic-s", "in.txt", "s.asics", "nội dung", "nội dụng"},
                          {"asic-e", "in.txt", "s.asice", "nội dung", "nội dụng"}};

} // namespace

BOOST_AUTO_TEST_CASE(nobody_signs_beside_a_signature_that_is_broken_in_any_format_at_any_level) {
    counter d;
    for (const kind& k : kinds) {
        BOOST_REQUIRE(d.desk::sign("leader.p12", k.in, k.out, {"--format", k.format}) == 0);
        if (k.format == std::string("pades")) {
            bytes all = read_file(d.at(k.out)).value();
            all[all.size() / 4] ^= 1;
            d.put(k.out, all);
        } else
            d.alter(k.out, k.from, k.to);
        for (const char* level : {"B-B", "B-T", "B-LT"})
            d.refuses("drafter.p12", k.out, {"--format", k.format, "--level", level, "--tsa", d.tsa()},
                      "sign.earlier_not_valid");
    }
    for (const char* profile : {"initial", "copy", "comment", "issued"}) {
        std::vector<std::string> how{"--profile", profile};
        if (profile == std::string("comment")) how.insert(how.end(), {"--comment", "x"});
        if (profile == std::string("issued")) how = d.issue({"--accept-indeterminate"});
        d.refuses("seal.p12", "s.pdf", how, "sign.earlier_not_valid");
    }
    // What is signed as any content is not read.
    BOOST_TEST(d.desk::sign("leader.p12", "s.pdf", "carried.p7m", {"--format", "cades"}) == 0);
}

BOOST_AUTO_TEST_CASE(an_earlier_signature_that_is_only_not_determined_keeps_nobody_from_signing_and_is_said) {
    counter d;
    for (const kind& k : kinds) {
        BOOST_REQUIRE(d.desk::sign("leader.p12", k.in, k.out, {"--format", k.format}) == 0);
        std::string said;
        std::vector<std::string> how{"--format", k.format};
        if (k.format == std::string("pades")) how.insert(how.end(), {"--profile", "comment", "--comment", "Đã xem"});
        auto with = [&](std::vector<std::string> more) {
            more.insert(more.end(), how.begin(), how.end());
            return more;
        };
        BOOST_TEST(d.sign("drafter.p12", k.out, "two", with({"--offline", "--cache", d.at("empty"), "--lang", "en"}),
                          &said) == 0,
                   k.out << said);
        BOOST_TEST(said.find("An earlier signature is not determined: ") != said.npos, said);
        BOOST_TEST(said.find("TRY_LATER") != said.npos, said);
        BOOST_TEST(d.sign("drafter.p12", k.out, "two", with({"--json"}), &said) == 0, said);
        BOOST_TEST(said.find("\"not_determined\":[]") != said.npos, said); // the responder answers
    }
}

// Both know who signed, and neither what: the certificate is good, the file can be read in two ways.
BOOST_AUTO_TEST_CASE(nobody_signs_or_raises_where_an_earlier_signature_is_in_doubt_for_more_than_its_certificate) {
    counter d;
    d.put("in.xml", as_bytes("<a>Kính gửi ông Minh</a>"));
    BOOST_REQUIRE(d.desk::sign("leader.p12", "in.xml", "1.xml", {"--format", "xades"}) == 0);
    // The signed text goes on behind the signature, which it may not interrupt.
    std::string text(as_text(read_file(d.at("1.xml")).value()));
    const std::size_t minh = text.find(" Minh"), close = text.rfind("</a>");
    BOOST_REQUIRE((minh != text.npos && close != text.npos));
    text.insert(close, " Minh").erase(minh, 5);
    d.put("torn.xml", as_bytes(text));
    // What is signed is only a part of what is read.
    BOOST_REQUIRE(d.desk::sign("leader.p12", "in.txt", "2.xml", {"--format", "xades"}) == 0);
    text = as_text(read_file(d.at("2.xml")).value());
    d.put("wrapped.xml", as_bytes("<b><c>99</c>" + text.substr(text.find("<ds:Signature")) + "</b>"));
    for (const auto& [name, code] :
         {std::pair("torn.xml", "xml.signature_in_text"), std::pair("wrapped.xml", "xml.covers_part")}) {
        auto [exit, file] = d.verify(name);
        BOOST_TEST(exit == 2);
        BOOST_TEST(boost::json::serialize(file).find(code) != std::string::npos);
        for (const char* level : {"B-B", "B-LT"})
            d.refuses("drafter.p12", name, {"--format", "xades", "--level", level, "--tsa", d.tsa()},
                      "sign.earlier_not_valid");
        // Where nobody's revocation can be had, too: that is the first reason then, and not the only one.
        d.refuses("drafter.p12", name, {"--format", "xades", "--offline", "--cache", d.at("empty")},
                  "sign.earlier_not_valid");
        std::string said;
        BOOST_TEST(d.run({"extend", "--json", "--level", "B-LT", "--tsa", d.tsa(), d.at(name), "-o", d.at("none")},
                         &said) == 1);
        BOOST_TEST(said.find("sign.form_in_doubt") != said.npos, said); // no certificate would help
        BOOST_TEST(!std::filesystem::exists(d.at("none")));
    }
}

BOOST_AUTO_TEST_CASE(what_sign_made_is_not_written_where_the_form_of_the_file_leaves_it_in_doubt) {
    counter d;
    d.put("marks.xml", as_bytes("<a>1<!-- %PDF 1.4\n1 0 obj << >> endobj --></a>"));
    for (const char* level : {"B-B", "B-T", "B-LT"})
        d.refuses("leader.p12", "marks.xml", {"--format", "xades", "--level", level, "--tsa", d.tsa()},
                  "sign.form_in_doubt");
    // Revocation that cannot be had is nothing of the kind.
    BOOST_TEST(d.sign("leader.p12", "in.xml", "1.xml", {"--format", "xades", "--offline", "--cache", d.at("empty")}) ==
               0);
}

BOOST_AUTO_TEST_CASE(a_result_is_not_named_as_a_file_of_another_format) {
    counter d;
    std::string said;
    auto misleads = [&](int exit) {
        BOOST_TEST(exit == 64, said);
        BOOST_TEST(said.find("sign.output_name_misleads") != said.npos, said);
    };
    d.put("pin", as_bytes("wrong")); // it would be found out
    misleads(d.sign("leader.p12", "in.pdf", "y.pdf", {"--format", "cades", "--json"}, &said));
    misleads(d.sign("leader.p12", "in.pdf", "y.p7m", {"--json"}, &said));
    misleads(d.sign("leader.p12", "in.xml", "y.html", {"--format", "xades", "--json"}, &said));
    misleads(d.sign("leader.p12", "in.txt", "y.docx", {"--format", "asic-e", "--json"}, &said));
    d.put("pin", as_bytes("secret\n"));
    BOOST_REQUIRE(d.sign("leader.p12", "in.txt", "y.p7m", {"--format", "cades"}) == 0);
    misleads(
        d.run({"extend", "--json", "--level", "B-T", "--tsa", d.tsa(), d.at("y.p7m"), "-o", d.at("y.pdf")}, &said));
    BOOST_TEST(!std::filesystem::exists(d.at("y.pdf")));
    for (const char* name : {"z", "z.sig", "z.p7s", "z.P7M"})
        BOOST_TEST(d.sign("leader.p12", "in.txt", name, {"--format", "cades"}) == 0, name);
}

BOOST_AUTO_TEST_CASE(an_input_that_is_too_much_to_inspect_is_neither_signed_nor_raised) {
    counter d;
    std::string deep;
    for (int i = 0; i < 100'000; ++i) deep += "<a>";
    for (int i = 0; i < 100'000; ++i) deep += "</a>";
    d.put("deep.xml", as_bytes(deep));
    d.refuses("leader.p12", "deep.xml", {"--format", "xades"}, "sign.over_budget");
    // More bytes than the worker takes: nothing of it is parsed here.
    d.put("large.pdf", as_bytes("%PDF-1.7\n"));
    std::filesystem::resize_file(d.at("large.pdf"), (std::uintmax_t{256} << 20) + 1);
    d.refuses("leader.p12", "large.pdf", {}, "sign.over_budget");
    std::string said;
    BOOST_TEST(d.run({"extend", "--json", "--level", "B-T", "--tsa", d.tsa(), d.at("large.pdf"), "-o", d.at("none")},
                     &said) == 1);
    BOOST_TEST(said.find("sign.over_budget") != said.npos, said);
    BOOST_TEST(!std::filesystem::exists(d.at("none")));
}

BOOST_AUTO_TEST_CASE(the_first_who_approves_decides_whose_number_it_is_and_an_initial_does_not) {
    counter d;
    d.put_key("other.p12", {.common_name = "Trần Thị B", .organisation = "UBND huyện Mẫu", .title = "Chủ tịch"});
    // A joint document that the other organisation's leader approved first.
    BOOST_REQUIRE(d.desk::sign("other.p12", "in.pdf", "1.pdf", {}) == 0);
    BOOST_REQUIRE(d.desk::sign("leader.p12", "1.pdf", "2.pdf", {"--page", "1", "--rect", "60,60,200,40"}) == 0);
    BOOST_TEST(d.verify("2.pdf").first == 0);
    for (const char* level : {"B-B", "B-T", "B-LT"})
        d.refuses("seal.p12", "2.pdf", d.issue({"--level", level, "--tsa", d.tsa()}), "sign.numbered_by_another");
    d.refuses("seal.p12", "2.pdf", d.issue({"--accept-indeterminate"}), "sign.numbered_by_another");
    // The other's initials beside our leader's approval.
    BOOST_REQUIRE(d.desk::sign("other.p12", "in.pdf", "3.pdf", {"--profile", "initial", "--anchor", "Lưu: VT."}) == 0);
    BOOST_REQUIRE(d.desk::sign("leader.p12", "3.pdf", "4.pdf", {}) == 0);
    BOOST_TEST(d.desk::sign("seal.p12", "4.pdf", "5.pdf", d.issue()) == 0);
    auto [code, file] = d.verify("5.pdf");
    BOOST_TEST(code == 0, boost::json::serialize(file));
    // Offline, where nobody's revocation is known: accepted by the clerk, and no worse than before.
    const std::vector<std::string> alone{"--offline", "--cache", d.at("empty")};
    auto accepted = d.issue({"--accept-indeterminate"});
    accepted.insert(accepted.end(), alone.begin(), alone.end());
    BOOST_TEST(d.desk::sign("seal.p12", "4.pdf", "6.pdf", accepted) == 0);
    BOOST_TEST(d.verify("6.pdf").first == 0);
}

BOOST_AUTO_TEST_CASE(a_number_that_goes_beside_the_seal_is_said_when_the_leader_signs_and_when_it_is_issued) {
    counter d;
    std::string said;
    BOOST_REQUIRE(d.desk::sign("drafter.p12", "in.pdf", "1.pdf", {"--profile", "comment", "--comment", "Đồng ý"}) == 0);
    BOOST_TEST(d.sign("leader.p12", "1.pdf", "2.pdf", {"--json"}, &said) == 0, said);
    BOOST_TEST(said.find("sign.no_number_field") != said.npos, said);
    BOOST_TEST(d.sign("seal.p12", "2.pdf", "3.pdf", d.issue({"--lang", "en"}), &said) == 0, said);
    BOOST_TEST(said.find("it is drawn with the seal") != said.npos, said);
    BOOST_TEST(said.find("number and notation") != said.npos, said);
    BOOST_TEST(said.find("date of issue") != said.npos, said);
    auto [code, file] = d.verify("3.pdf");
    BOOST_TEST(code == 0, boost::json::serialize(file));
    // The usual order says nothing.
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "4.pdf", {"--json"}, &said) == 0, said);
    BOOST_TEST(said.find("\"remarks\":[]") != said.npos, said);
    BOOST_TEST(d.sign("seal.p12", "4.pdf", "5.pdf", d.issue({"--json"}), &said) == 0, said);
    BOOST_TEST(said.find("\"remarks\":[]") != said.npos, said);
}

BOOST_AUTO_TEST_CASE(what_a_command_needs_is_looked_at_before_the_pin_is_tried) {
    counter d;
    d.put("pin", as_bytes("wrong")); // it would be found out
    d.put("two.pdf", make_letter());
    d.refuses("leader.p12", "missing.pdf", {}, "files.not_found");
    d.refuses("leader.p12", "in.pdf", {d.at("missing.pdf")}, "files.not_found");
    for (const char* format : {"cades", "xades", "asic-s", "asic-e"})
        d.refuses("leader.p12", "missing.pdf", {"--format", format}, "files.not_found");
    d.refuses("leader.p12", "in.txt", {"--format", "cades", "--content", d.at("missing")}, "files.not_found");
    d.refuses("leader.p12", "in.pdf", {"--image", d.at("missing.png")}, "files.not_found");
    d.refuses("leader.p12", "in.pdf", {"--font", d.at("missing.ttf")}, "files.not_found");
    d.refuses("leader.p12", "in.pdf", {"--registry", d.at("missing.toml")}, "files.not_found");
    d.refuses("leader.p12", "in.pdf", d.with_registry({"--organisation", "H99"}), "sign.organisation_unknown");
    d.refuses("seal.p12", "in.pdf", {"--profile", "issued", "--number", "1/QĐ", "--date", "2025-07-15"},
              "sign.registry_missing");
    std::string said;
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "../../proc/none.pdf", {"--json"}, &said) == 1);
    d.run({"sign", "--json", "--key", "p12:" + d.at("leader.p12"), "--pin-file", d.at("pin"), d.at("in.pdf"), "-o",
           "/proc/none.pdf"},
          &said);
    BOOST_TEST(said.find("sign.output_unusable") != said.npos, said);
}

BOOST_AUTO_TEST_CASE(what_is_printed_as_number_is_one_and_a_date_far_from_today_is_said) {
    counter d;
    BOOST_REQUIRE(d.desk::sign("leader.p12", "in.pdf", "1.pdf", {}) == 0);
    auto numbered = [&](const char* number) {
        std::string said;
        const int code = d.sign("seal.p12", "1.pdf", "2.pdf",
                                d.with_registry({"--profile", "issued", "--number", number, "--date",
                                                 to_rfc3339_vietnam(system_clock().now()).substr(0, 10), "--json"}),
                                &said);
        BOOST_TEST((said.find("sign.bad_number") != said.npos) == (code == 64), said);
        BOOST_TEST((code != 0 || said.find("\"remarks\":[]") != said.npos), said);
        return code;
    };
    for (const char* bad :
         {"../../1 /Type /Page", "QĐ-UBND", "1//QĐ", "/QĐ", "1/QĐ-", "1/QĐ UBND", "1/QĐ\n2", "1/QĐ<b>"})
        BOOST_TEST(numbered(bad) == 64, bad);
    for (const char* good :
         {"12", "321/UBND-KGVX", "15/2024/NĐ-CP", "05-NQ/TW", "12a/QĐ-UBND", "7/QĐ-BNV(C)", "3/TB-VP&KT"})
        BOOST_TEST(numbered(good) == 0, good);
    std::string said;
    BOOST_TEST(
        d.sign("seal.p12", "1.pdf", "3.pdf",
               d.with_registry({"--profile", "issued", "--number", "1/QĐ", "--date", "1990-01-01", "--lang", "en"}),
               &said) == 0);
    BOOST_TEST(said.find("1990-01-01 is more than 30 days from today") != said.npos, said);
}

BOOST_AUTO_TEST_CASE(a_refusal_names_what_is_wrong_in_words_of_the_desk) {
    counter d;
    d.refuses("leader.p12", "missing.pdf", {}, "files.not_found");
    std::string said;
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "in.pdf", {"--json"}, &said) == 64);
    BOOST_TEST(said.find("sign.output_is_input") != said.npos, said);
    BOOST_TEST(d.run({"extend", "--json", "--level", "B-B", d.at("in.pdf"), "-o", d.at("none")}, &said) == 64);
    BOOST_TEST(said.find("sign.bad_raise_level") != said.npos, said);
    BOOST_TEST(said.find("vanthu extend --help") != said.npos, said);
    for (const char* day : {"2026-11-22", "hôm nay"}) {
        BOOST_TEST(d.run({"verify", "--json", "--at", day, d.at("in.pdf")}, &said) == 64);
        BOOST_TEST(said.find("cli.bad_time") != said.npos, said);
    }
    for (const char* in : {"in.pdf", "in.xml", "in.txt"}) {
        BOOST_TEST(
            d.run({"extend", "--json", "--level", "B-T", "--tsa", d.tsa(), d.at(in), "-o", d.at("none")}, &said) == 1);
        BOOST_TEST(said.find("sign.nothing_signed") != said.npos, in << said);
    }
    BOOST_REQUIRE(d.desk::sign("leader.p12", "in.txt", "beside.xml", {"--format", "xades", "--detached"}) == 0);
    auto [code, file] = d.verify("beside.xml");
    BOOST_TEST(code == 2);
    BOOST_TEST(boost::json::serialize(file).find("xml.content_beside") != std::string::npos);
}

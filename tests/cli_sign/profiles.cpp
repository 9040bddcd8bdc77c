// Every legal profile from the command line: what it shows, where, and who may use it.
#include "signing/pdf/picture.hpp"
#include "tests/cli_sign/desk.hpp"

#include <png.h>

using namespace vanthu;
using namespace vanthu::test;

namespace {

bytes png_of(unsigned columns, unsigned rows) {
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = columns;
    image.height = rows;
    image.format = PNG_FORMAT_RGBA;
    bytes pixels(PNG_IMAGE_SIZE(image), 0x80);
    png_alloc_size_t size = 0;
    png_image_write_get_memory_size(image, size, 0, pixels.data(), 0, nullptr);
    bytes out(size);
    BOOST_REQUIRE(png_image_write_to_memory(&image, out.data(), &size, 0, pixels.data(), 0, nullptr) != 0);
    out.resize(size);
    return out;
}

std::string text_of(const std::string& pdf) {
    std::string text;
    BOOST_TEST(run({"/usr/bin/pdftotext", "-layout", pdf, "-"}, &text) == 0);
    return text;
}
bool shows(const std::string& pdf, const char* words) { return text_of(pdf).find(words) != std::string::npos; }

std::string code_of(const std::string& json) {
    boost::system::error_code bad;
    auto parsed = boost::json::parse(json, bad);
    return bad || !parsed.as_object().contains("code") ? json : std::string(parsed.at("code").as_string());
}

} // namespace

BOOST_AUTO_TEST_CASE(a_document_goes_from_initials_to_the_comments_of_its_receiver_and_every_signature_stays_valid) {
    desk d;
    BOOST_TEST(d.sign("drafter.p12", "in.pdf", "1.pdf",
                      d.with_registry({"--profile", "initial", "--anchor", "Lưu: VT."})) == 0);
    BOOST_TEST(d.sign("leader.p12", "1.pdf", "2.pdf", d.with_registry({"--profile", "approved"})) == 0);
    BOOST_TEST(d.sign("seal.p12", "2.pdf", "3.pdf",
                      d.with_registry({"--profile", "issued", "--number", "12/BC-UBND", "--date", "2025-07-15"})) == 0);
    BOOST_TEST(d.sign("seal.p12", "3.pdf", "4.pdf",
                      d.with_registry({"--profile", "income", "--comment", "Số đến: 152"})) == 0);
    BOOST_TEST(d.sign("drafter.p12", "4.pdf", "5.pdf",
                      d.with_registry({"--profile", "comment", "--comment", "Chuyển phòng Nội vụ"})) == 0);
    BOOST_TEST(d.sign("seal.p12", "5.pdf", "6.pdf", d.with_registry({"--profile", "copy", "--form", "sao-luc"})) == 0);
    auto [code, file] = d.verify("6.pdf");
    BOOST_TEST(code == 0, boost::json::serialize(file));
    BOOST_TEST(file.at("signatures").as_array().size() == 6u);
    for (const char* words : {"Lê Văn C", "Số đến: 152", "Chuyển phòng Nội vụ", "SAO LỤC; Ủy ban nhân dân xã Mẫu"})
        BOOST_TEST(shows(d.at("6.pdf"), words), words);
}

BOOST_AUTO_TEST_CASE(an_annex_and_a_copy_need_no_leader_but_the_agency_s_seal) {
    desk d;
    BOOST_TEST(d.sign("seal.p12", "in.pdf", "annex.pdf",
                      d.with_registry({"--profile", "appendix", "--number", "321/UBND-KGVX"})) == 0);
    BOOST_TEST(shows(d.at("annex.pdf"), "Số: 321/UBND-KGVX; "));
    BOOST_TEST(d.sign("seal.p12", "in.pdf", "copy.pdf", d.with_registry({"--profile", "copy"})) == 0);
    BOOST_TEST(shows(d.at("copy.pdf"), "SAO Y; Ủy ban nhân dân xã Mẫu"));
    for (const char* profile : {"appendix", "copy"}) {
        BOOST_TEST(d.sign("leader.p12", "in.pdf", "none.pdf", d.with_registry({"--profile", profile})) == 1, profile);
        BOOST_TEST(!std::filesystem::exists(d.at("none.pdf")));
    }
}

BOOST_AUTO_TEST_CASE(who_may_sign_is_what_the_registry_says_for_that_day_and_organisation) {
    desk d;
    auto refused = [&](const char* key, std::vector<std::string> more, const char* wanted) {
        std::string said;
        more.push_back("--json");
        std::vector<std::string> all{"sign",         "--key", "p12:" + d.at(key), "--pin-file", d.at("pin"),
                                     d.at("in.pdf"), "-o",    d.at("none")};
        all.insert(all.end(), more.begin(), more.end());
        BOOST_TEST(d.run(all, &said) == (std::string_view(wanted) == "files.not_found" ? 66 : 1), key);
        BOOST_TEST(code_of(said) == wanted, said);
        BOOST_TEST(!std::filesystem::exists(d.at("none")));
    };
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "a.pdf", d.with_registry({"--organisation", "H48.xa"})) == 0);
    refused("leader.p12", d.with_registry({"--organisation", "H48.huyen"}), "sign.not_authorised");
    refused("leader.p12", d.with_registry({"--organisation", "H99"}), "sign.organisation_unknown");
    refused("drafter.p12", d.with_registry({}), "sign.not_authorised");
    refused("seal.p12", d.with_registry({}), "sign.not_authorised");                       // a seal approves nothing
    refused("seal.p12", d.with_registry({"--profile", "initial"}), "sign.not_authorised"); // nor does it initial
    refused("leader.p12", {"--registry", d.at("missing.toml")}, "files.not_found");
    refused("leader.p12", d.with_registry({"--format", "cades", "--organisation", "H48.huyen"}), "sign.not_authorised");
    d.write_registry("2099-01-01"); // not yet
    refused("leader.p12", d.with_registry({}), "sign.not_authorised");
}

BOOST_AUTO_TEST_CASE(issuing_names_the_person_with_authority_or_refuses) {
    desk d;
    std::vector<std::string> issue{"--profile", "issued", "--number", "1/QĐ-UBND", "--date", "2025-07-15"};
    auto issued = [&](const char* in, std::vector<std::string> more, std::string* said = nullptr) {
        std::vector<std::string> all{"sign",         "--json",    "--key",  "p12:" + d.at("seal.p12"),
                                     "--pin-file",   d.at("pin"), d.at(in), "-o",
                                     d.at("out.pdf")};
        all.insert(all.end(), issue.begin(), issue.end());
        all.insert(all.end(), more.begin(), more.end());
        std::filesystem::remove(d.at("out.pdf"));
        int code = d.run(all, said);
        BOOST_TEST(std::filesystem::exists(d.at("out.pdf")) == (code == 0), in);
        return code;
    };
    std::string said;
    BOOST_TEST(d.sign("drafter.p12", "in.pdf", "drafter.pdf", {"--profile", "initial", "--anchor", "Lưu: VT."}) == 0);
    BOOST_TEST(issued("drafter.pdf", d.with_registry({}), &said) == 1); // valid, but of nobody with authority
    BOOST_TEST(code_of(said) == "sign.no_person_signature", said);
    BOOST_TEST(issued("drafter.pdf", d.with_registry({"--accept-indeterminate"})) == 1);
    BOOST_TEST(d.sign("leader.p12", "drafter.pdf", "leader.pdf", {}) == 0);
    BOOST_TEST(issued("leader.pdf", d.with_registry({}), &said) == 0);
    BOOST_TEST(said.find("Nguyễn Văn A, Chủ tịch") != said.npos, said);
    BOOST_TEST(said.find("Lê Văn C") == said.npos, said);
    d.write_registry("2099-01-01"); // when he signed he had no authority
    BOOST_TEST(issued("leader.pdf", d.with_registry({})) == 1);
    BOOST_TEST(issued("leader.pdf", {}, &said) == 1);
    BOOST_TEST(code_of(said) == "sign.registry_missing", said);
    BOOST_TEST(issued("leader.pdf", {"--accept-indeterminate"}) == 0);
}

BOOST_AUTO_TEST_CASE(pictures_anchors_and_rectangles_place_a_signature) {
    desk d;
    d.put("hand.png", png_of(200, 80));
    d.put("rank.png", png_of(60, 60));
    std::string listed;
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "one.pdf", {"--image", d.at("hand.png")}) == 0);
    run({"/usr/bin/pdfimages", "-list", d.at("one.pdf")}, &listed);
    BOOST_TEST((listed.find(" 200 ") != listed.npos && listed.find(" 60 ") == listed.npos), listed);
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "two.pdf",
                      {"--image", d.at("hand.png"), "--image", d.at("rank.png"), "--anchor", "GIÁM ĐỐC"}) == 0);
    run({"/usr/bin/pdfimages", "-list", d.at("two.pdf")}, &listed);
    BOOST_TEST((listed.find(" 200 ") != listed.npos && listed.find(" 60 ") != listed.npos), listed);
    BOOST_TEST(d.verify("two.pdf").first == 0);
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "three.pdf",
                      {"--profile", "comment", "--comment", "Đồng ý", "--page", "1", "--rect", "60,60,200,40"}) == 0);
    BOOST_TEST(shows(d.at("three.pdf"), "Đồng ý"));
    // What cannot be placed or shown is refused, and nothing is written.
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "none.pdf", {"--anchor", "không có cụm từ này"}) == 1);
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "none.pdf", {"--anchor", "x", "--page", "1", "--rect", "1,1,9,9"}) == 64);
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "none.pdf", {"--image", d.at("in.txt")}) == 1);
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "none.pdf", {"--image", d.at("missing.png")}) == 66);
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "none.pdf", {"--profile", "comment"}) == 1);
    BOOST_TEST(d.sign("seal.p12", "in.pdf", "none.pdf", {"--profile", "issued"}) == 1);
    BOOST_TEST(!std::filesystem::exists(d.at("none.pdf")));
}

BOOST_AUTO_TEST_CASE(an_appearance_file_replaces_a_row_and_is_refused_with_its_line) {
    desk d;
    d.put("look.toml", as_bytes("[approved]\nlines = [\"Ký bởi {signer}\"]\n"));
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "out.pdf", {"--appearance", d.at("look.toml")}) == 0);
    BOOST_TEST(shows(d.at("out.pdf"), "Ký bởi Nguyễn Văn A"));
    d.put("look.toml", as_bytes("[approved]\n\ncolour = \"red\"\n"));
    std::string said;
    BOOST_TEST(d.run({"sign", "--key", "p12:" + d.at("leader.p12"), "--pin-file", d.at("pin"), "--appearance",
                      d.at("look.toml"), d.at("in.pdf"), "-o", d.at("none.pdf")},
                     &said) == 1);
    BOOST_TEST(said.find("look.toml:3: colour") != said.npos, said);
    BOOST_TEST(!std::filesystem::exists(d.at("none.pdf")));
}

BOOST_AUTO_TEST_CASE(what_a_leader_signed_without_approving_is_no_ground_to_issue) {
    desk d;
    std::vector<std::string> issue{"--profile", "issued", "--number", "1/QĐ-UBND", "--date", "2025-07-15", "--json"};
    auto refused = [&](const std::string& in, const char* as) {
        std::string said;
        std::vector<std::string> all{"sign",   "--key", "p12:" + d.at("seal.p12"), "--pin-file", d.at("pin"),
                                     d.at(in), "-o",    d.at("none.pdf")};
        all.insert(all.end(), issue.begin(), issue.end());
        BOOST_TEST(d.run(d.with_registry(all), &said) == 1, as);
        BOOST_TEST(code_of(said) == "sign.no_person_signature", said);
        BOOST_TEST(said.find(std::string("--profile ") + as) != said.npos, said); // and says why it does not count
        BOOST_TEST(!std::filesystem::exists(d.at("none.pdf")));
    };
    BOOST_TEST(
        d.sign("leader.p12", "in.pdf", "no.pdf", {"--profile", "comment", "--comment", "KHÔNG ĐỒNG Ý phát hành"}) == 0);
    refused("no.pdf", "comment");
    BOOST_TEST(d.sign("leader.p12", "no.pdf", "no2.pdf", {"--profile", "comment", "--comment", "Xem lại"}) == 0);
    refused("no2.pdf", "comment"); // the second field of that kind
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "initial.pdf", {"--profile", "initial", "--anchor", "Lưu: VT."}) == 0);
    refused("initial.pdf", "initial");
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "copy.pdf", {"--profile", "copy"}) == 0);
    refused("copy.pdf", "copy");
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "income.pdf", {"--profile", "income", "--comment", "Số đến: 1"}) == 0);
    refused("income.pdf", "income");
    // A comment of others beside the approval is no obstacle.
    BOOST_TEST(d.sign("leader.p12", "initial.pdf", "yes.pdf", {}) == 0);
    std::string said;
    issue.insert(issue.end(), {"--key", "p12:" + d.at("seal.p12"), "--pin-file", d.at("pin"), d.at("yes.pdf"), "-o",
                               d.at("out.pdf")});
    issue.insert(issue.begin(), "sign");
    BOOST_TEST(d.run(d.with_registry(issue), &said) == 0, said);
    BOOST_TEST(said.find("Nguyễn Văn A, Chủ tịch") != said.npos, said);
}

BOOST_AUTO_TEST_CASE(only_a_day_of_the_calendar_is_printed_and_sealed) {
    desk d;
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "leader.pdf", {}) == 0);
    auto dated = [&](const char* day, std::string* said) {
        return d.run(d.with_registry({"sign", "--json", "--key", "p12:" + d.at("seal.p12"), "--pin-file", d.at("pin"),
                                      "--profile", "issued", "--number", "1/QĐ", "--date", day, d.at("leader.pdf"),
                                      "-o", d.at("out.pdf")}),
                     said);
    };
    std::string said;
    for (const char* day :
         {"2025-13-45", "2026-02-30", "2025-02-29", "2025-00-10", "2025-07-00", "0000-01-01", "31/12/2025", "abc",
          "2025-7-15", "2025-07-15 ", "ngày 15 tháng 7 năm 2025", "-025-07-15"}) {
        BOOST_TEST(dated(day, &said) == 64, day);
        BOOST_TEST(code_of(said) == "sign.bad_date", said);
        BOOST_TEST(!std::filesystem::exists(d.at("out.pdf")), day);
    }
    BOOST_TEST(dated("2024-02-29", &said) == 0, said);
    BOOST_TEST(shows(d.at("out.pdf"), "ngày 29 tháng 02 năm 2024"));
}

BOOST_AUTO_TEST_CASE(an_option_without_meaning_for_the_format_or_profile_is_refused) {
    desk d;
    auto refused = [&](std::vector<std::string> more) {
        std::string said, what;
        for (const std::string& one : more) what += one + " ";
        more.insert(more.begin(), {"sign", "--json", "--key", "p12:" + d.at("leader.p12"), "--pin-file", d.at("pin"),
                                   d.at("in.pdf"), "-o", d.at("none")});
        BOOST_TEST(d.run(more, &said) == 64, what);
        BOOST_TEST(code_of(said) == "sign.no_meaning", what << said);
        BOOST_TEST(!std::filesystem::exists(d.at("none")), what);
    };
    refused({"--format", "pades", "--detached"});
    refused({"--format", "pades", "--content", d.at("in.txt")});
    refused({"--format", "pades", "--signature", "cades"});
    refused({"--format", "asic-e", "--detached"});
    refused({"--number", "1/QĐ"}); // approved
    refused({"--date", "2025-07-15"});
    refused({"--comment", "Đồng ý"});
    refused({"--form", "sao-luc"});
    refused({"--accept-indeterminate"});
    refused({"--profile", "copy", "--certify"});
    refused({"--profile", "comment", "--comment", "x", "--number", "1"});
    for (const char* format : {"cades", "xades", "asic-s", "asic-e"})
        for (const auto& option : std::vector<std::vector<std::string>>{
                 {"--profile", "issued"}, {"--number", "1"}, {"--image", d.at("x.png")}, {"--certify"}}) {
            std::vector<std::string> all{"--format", format};
            all.insert(all.end(), option.begin(), option.end());
            refused(all);
        }
    // An appearance of one's own may show any of the texts.
    d.put("look.toml", as_bytes("[approved]\nlines = [\"Số: {number}\"]\n"));
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "out.pdf", {"--appearance", d.at("look.toml"), "--number", "7/QĐ"}) == 0);
    BOOST_TEST(shows(d.at("out.pdf"), "Số: 7/QĐ"));
}

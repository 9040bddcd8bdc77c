#include "daemon/base/files.hpp"
#include "signing/pdf/errors.hpp"
#include "tests/pdf/pdf_fixture.hpp"

#include <boost/test/unit_test.hpp>

using namespace vanthu;
using namespace vanthu::test;
using signing::verdict;

namespace {

std::vector<std::pair<std::string, bytes>> shapes() {
    bytes plain = make_letter();
    std::string junk = "junk before the header\n";
    bytes shifted = to_bytes(junk);
    shifted.insert(shifted.end(), plain.begin(), plain.end());
    return {{"table", plain},
            {"streams", reshaped(plain, {"--object-streams=generate"})},
            {"linearised", reshaped(plain, {"--linearize"})},
            {"linearised streams", reshaped(plain, {"--linearize", "--object-streams=generate"})},
            {"junk before the header", shifted}};
}

std::string judged_by(const std::vector<std::string>& command, bytes_view pdf, int expected) {
    temporary_directory dir;
    auto file = dir.path() / "file.pdf";
    BOOST_REQUIRE(write_file_atomically(file, pdf).has_value());
    auto full = command;
    full.push_back(file.string());
    std::string output;
    int code = run(full, &output);
    BOOST_TEST(code == expected, output);
    return output;
}

} // namespace

BOOST_AUTO_TEST_CASE(leader_then_seal_are_both_valid_in_every_shape_of_file) {
    for (const auto& [name, original] : shapes()) {
        BOOST_TEST_CONTEXT(name) {
            bytes once = world().approved(original);
            BOOST_TEST(std::equal(original.begin(), original.end(), once.begin()));
            auto first = world().verify(once);
            BOOST_TEST((first.verdict == verdict::valid), shown(first));
            bytes twice = world().issued(once);
            BOOST_TEST(std::equal(once.begin(), once.end(), twice.begin()));
            auto report = world().verify(twice);
            BOOST_TEST((report.verdict == verdict::valid), shown(report));
            BOOST_REQUIRE(report.signatures.size() == 2u);
            const auto &leader = report.signatures[0], &seal = report.signatures[1];
            BOOST_TEST(leader.covers == "revision");
            BOOST_TEST(seal.covers == "whole");
            BOOST_TEST(seal.field == "vanthu_seal");
            BOOST_TEST(leader.level == "B-B");
            BOOST_TEST(leader.signer.common_name == "Đặng Thị Ánh Nguyệt");
            BOOST_TEST((leader.changes_after == std::vector<std::string>{"field_filled:vanthu_number",
                                                                         "field_filled:vanthu_date",
                                                                         "signature_added:vanthu_seal"}),
                       shown(report));
            BOOST_TEST(seal.changes_after.empty());
        }
    }
}

BOOST_AUTO_TEST_CASE(a_certified_leader_with_permission_to_fill_stays_valid_under_the_seal) {
    bytes sealed = world().issued(world().approved(make_letter(), true));
    auto report = world().verify(sealed);
    BOOST_TEST((report.verdict == verdict::valid), shown(report));
}

BOOST_AUTO_TEST_CASE(other_peoples_tools_find_both_signatures_sound) {
    for (const auto& [name, original] : shapes()) {
        if (name.starts_with("junk")) continue; // qpdf --check warns about the junk itself
        BOOST_TEST_CONTEXT(name) {
            bytes sealed = world().issued(world().approved(original));
            judged_by({"/usr/bin/qpdf", "--check"}, sealed, 0);
            std::string said = judged_by({"/usr/bin/pdfsig", "-nocert"}, sealed, 0);
            auto times = [&](std::string_view what) {
                int n = 0;
                for (std::size_t at = 0; (at = said.find(what, at)) != said.npos; at += what.size()) ++n;
                return n;
            };
            BOOST_TEST(times("Signature is Valid.") == 2, said);
            BOOST_TEST(times("ETSI.CAdES.detached") == 2, said);
            BOOST_TEST(times("Total document signed") == 1, said);
        }
    }
}

BOOST_AUTO_TEST_CASE(openssl_verifies_the_extracted_signature_over_the_signed_ranges) {
    auto p = pdf::prepare(make_letter(), request_for(pdf::profile::approved));
    BOOST_REQUIRE(p.has_value());
    auto cms = cms::build_signature(p->content_sha256, world().signer_of(world().leader));
    BOOST_REQUIRE(cms.has_value());
    temporary_directory dir;
    bytes content(p->before().begin(), p->before().end());
    content.insert(content.end(), p->after().begin(), p->after().end());
    BOOST_REQUIRE(write_file_atomically(dir.path() / "content", content).has_value());
    BOOST_REQUIRE(write_file_atomically(dir.path() / "cms", *cms).has_value());
    BOOST_REQUIRE(write_file_atomically(dir.path() / "ca.pem", as_bytes(world().ca.root().certificate_pem() +
                                                                        world().ca.sub().certificate_pem()))
                      .has_value());
    std::string output;
    int code = run({"/usr/bin/openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in",
                    (dir.path() / "cms").string(), "-content", (dir.path() / "content").string(), "-CAfile",
                    (dir.path() / "ca.pem").string(), "-purpose", "any", "-out", "/dev/null"},
                   &output);
    BOOST_TEST(code == 0, output);
}

BOOST_AUTO_TEST_CASE(number_and_date_with_vietnamese_letters_come_back_from_pdftotext) {
    bytes sealed = world().issued(world().approved(make_letter()));
    temporary_directory dir;
    BOOST_REQUIRE(write_file_atomically(dir.path() / "a.pdf", sealed).has_value());
    std::string text;
    BOOST_TEST(run({"/usr/bin/pdftotext", "-raw", (dir.path() / "a.pdf").string(), "-"}, &text) == 0);
    for (const char* expected : {"321/QĐ-UBND-KGVX", "ngày 15 tháng 7 năm 2025", "Người ký: Đặng Thị Ánh Nguyệt",
                                 "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"})
        BOOST_TEST(text.find(expected) != text.npos, expected << "\n" << text);
}

BOOST_AUTO_TEST_CASE(a_time_stamp_makes_level_b_t_with_its_time) {
    auto request = request_for(pdf::profile::approved);
    auto report = world().verify(world().sign(make_letter(), world().leader, request, true));
    BOOST_REQUIRE(report.signatures.size() == 1u);
    BOOST_TEST((report.verdict == verdict::valid), shown(report));
    BOOST_TEST(report.signatures[0].level == "B-T");
    BOOST_TEST((report.signatures[0].best_time == signing_day));
}

BOOST_AUTO_TEST_CASE(a_second_leader_signs_after_the_first_under_another_name) {
    auto elsewhere = request_for(pdf::profile::approved);
    elsewhere.place = pdf::placement{1, 90, 300, 200, 50};
    bytes twice = world().sign(world().approved(make_letter()), world().leader, elsewhere);
    auto report = world().verify(twice);
    BOOST_TEST((report.verdict == verdict::valid), shown(report));
    BOOST_REQUIRE(report.signatures.size() == 2u);
    BOOST_TEST(report.signatures[0].field != report.signatures[1].field);
    BOOST_TEST((world().verify(world().issued(twice)).verdict == verdict::valid));
}

BOOST_AUTO_TEST_CASE(without_fields_number_and_date_go_into_the_appearance_of_the_seal) {
    bytes annex = world().sign(make_letter(), world().leader,
                               request_for(pdf::profile::appendix)); // a signature without our fields
    bytes sealed = world().issued(annex);
    auto report = world().verify(sealed);
    BOOST_TEST((report.verdict == verdict::valid), shown(report));
    for (const auto& change : report.signatures[0].changes_after)
        BOOST_TEST(!change.starts_with("field_filled"), change);
}

BOOST_AUTO_TEST_CASE(an_issued_document_is_not_issued_again) {
    auto again = pdf::prepare(world().issued(world().approved(make_letter())), request_for(pdf::profile::issued));
    BOOST_REQUIRE(!again.has_value());
    BOOST_TEST((again.error().code == pdf::errc::field_locked));
}

BOOST_AUTO_TEST_CASE(signing_refuses_with_a_code_what_it_cannot_do_well) {
    auto refused = [](bytes_view pdf, auto change) {
        auto request = request_for(pdf::profile::approved);
        change(request);
        auto p = pdf::prepare(pdf, request);
        BOOST_REQUIRE(!p.has_value());
        return p.error().code;
    };
    auto as_is = [](pdf::signature_request&) {};
    bytes good = make_letter();
    using pdf::errc;
    BOOST_TEST((refused(as_bytes("hello"), as_is) == errc::not_a_pdf));
    BOOST_TEST((refused(bytes_view(good).first(good.size() / 2), as_is) == errc::damaged));
    BOOST_TEST((refused(reshaped(good, {"--encrypt", "", "owner", "256", "--"}), as_is) == errc::encrypted));
    BOOST_TEST(
        (refused(good, [](auto& r) { r.place = pdf::placement{2, 10, 10, 50, 50}; }) == errc::page_out_of_range));
    BOOST_TEST((refused(good, [](auto& r) { r.place = pdf::placement{1, 580, 10, 50, 50}; }) == errc::bad_rectangle));
    BOOST_TEST((refused(good, [](auto& r) { r.signer_name = "Nguye\u0302\u0303n"; }) == errc::bad_text));
    BOOST_TEST((refused(good, [](auto& r) { r.signer_name = "漢字"; }) == errc::glyph_missing));
    BOOST_TEST(
        (refused(good, [](auto& r) { r.type.upright = pdf::typeface(to_bytes("no font")); }) == errc::font_unusable));
    BOOST_TEST((refused(good, [](auto& r) { r.kind = pdf::profile::issued; }) == errc::number_and_date_required));
    auto sealed = world().approved(good);
    BOOST_TEST((refused(sealed, [](auto& r) {
                    r = request_for(pdf::profile::issued);
                    r.place = pdf::placement{1, 10, 10, 50, 50};
                }) == errc::seal_place_is_fixed));
    auto p = pdf::prepare(good, request_for(pdf::profile::approved));
    BOOST_TEST((pdf::finish(std::move(*p), bytes(20'000)).error().code == errc::contents_too_small));
}

BOOST_AUTO_TEST_CASE(a_report_survives_its_way_through_json) {
    auto report = world().verify(world().approved(make_letter()));
    report.file = "công văn.pdf";
    auto back = validation::report_from_json(validation::to_json(report));
    BOOST_REQUIRE(back.has_value());
    BOOST_TEST(validation::to_json(*back) == validation::to_json(report));
    BOOST_TEST(!validation::report_from_json("{}").has_value());
}

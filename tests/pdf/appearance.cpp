// What the reader of a signed document sees: pictures, texts and their places, judged by rendering.
#include "daemon/base/files.hpp"
#include "signing/pdf/errors.hpp"
#include "tests/pdf/pdf_fixture.hpp"
#include "tests/pdf/png_file.hpp"

#include <boost/test/unit_test.hpp>

using namespace vanthu;
using namespace vanthu::test;
using signing::verdict;

namespace {

struct rendered {
    int width = 0, height = 0;
    std::string pixels; // RGB, from the top
    // The box, in points from below, of all pixels that `is` says yes to.
    template <class Is> std::optional<pdf::placement> box(Is is) const {
        int x0 = width, y0 = height, x1 = -1, y1 = -1;
        for (int y = 0; y < height; ++y)
            for (int x = 0; x < width; ++x) {
                auto at = static_cast<std::size_t>((y * width + x) * 3);
                if (!is(static_cast<std::uint8_t>(pixels[at]), static_cast<std::uint8_t>(pixels[at + 1]),
                        static_cast<std::uint8_t>(pixels[at + 2])))
                    continue;
                x0 = std::min(x0, x), x1 = std::max(x1, x), y0 = std::min(y0, y), y1 = std::max(y1, y);
            }
        if (x1 < 0) return std::nullopt;
        return pdf::placement{1, double(x0), double(height - 1 - y1), double(x1 - x0 + 1), double(y1 - y0 + 1)};
    }
};
bool is_red(int r, int g, int b) { return r > 150 && g < 110 && b < 110; }
bool is_blue(int r, int g, int b) { return b > 150 && r < 110 && g < 110; }

rendered render(bytes_view pdf) {
    temporary_directory dir;
    BOOST_REQUIRE(write_file_atomically(dir.path() / "a.pdf", pdf).has_value());
    BOOST_REQUIRE(run({"/usr/bin/pdftoppm", "-r", "72", "-singlefile", (dir.path() / "a.pdf").string(),
                       (dir.path() / "a").string()}) == 0);
    std::string ppm(as_text(read_file(dir.path() / "a.ppm").value()));
    rendered r;
    int most = 0, used = 0;
    BOOST_REQUIRE(std::sscanf(ppm.c_str(), "P6 %d %d %d%n", &r.width, &r.height, &most, &used) == 3);
    r.pixels = ppm.substr(static_cast<std::size_t>(used) + 1);
    return r;
}

std::string text_of(bytes_view pdf) {
    temporary_directory dir;
    BOOST_REQUIRE(write_file_atomically(dir.path() / "a.pdf", pdf).has_value());
    std::string text;
    BOOST_TEST(run({"/usr/bin/pdftotext", "-layout", (dir.path() / "a.pdf").string(), "-"}, &text) == 0);
    return text;
}

pdf::picture picture_of(const png_spec& spec) { return pdf::picture::from_png(png_file(spec)).value(); }
// 36 mm at 300 dpi, and a scanned signature.
pdf::picture seal() { return picture_of({.columns = 425, .rows = 425, .red = 200, .dpi = 300, .ring = true}); }
pdf::picture handwriting() { return picture_of({.columns = 600, .rows = 200, .blue = 220, .dpi = 200, .ring = true}); }

bytes with_pictures() {
    auto first = request_for(pdf::profile::approved), second = request_for(pdf::profile::issued);
    first.image = handwriting();
    second.image = seal();
    return world().sign(world().sign(make_letter(), world().leader, first), world().agency, second);
}

pdf::errc refusal(bytes_view pdf, const pdf::signature_request& request) {
    auto p = pdf::prepare(pdf, request);
    BOOST_REQUIRE(!p.has_value());
    return static_cast<pdf::errc>(p.error().code.value());
}

} // namespace

BOOST_AUTO_TEST_CASE(the_red_seal_covers_a_third_of_the_blue_signature_on_its_left_at_true_size) {
    bytes file = with_pictures();
    auto report = world().verify(file);
    BOOST_TEST((report.verdict == verdict::valid), shown(report));
    rendered page = render(file);
    auto red = page.box(is_red), blue = page.box(is_blue);
    BOOST_REQUIRE(red.has_value());
    BOOST_REQUIRE(blue.has_value());
    BOOST_TEST(std::abs(red->width - 102) < 3, red->width); // 36 mm
    BOOST_TEST(std::abs(red->height - 102) < 3, red->height);
    // The signature was made smaller to a quarter of the page's width; the left third lies under the seal.
    double left = 425 - 595.28 / 8, width = 595.28 / 4;
    BOOST_TEST(std::abs(blue->x + blue->width - (left + width)) < 4, blue->x << " " << blue->width);
    BOOST_TEST(std::abs(red->x + red->width - (left + width / 3)) < 3, red->x);
    BOOST_TEST(std::abs(red->y + red->height / 2 - blue->y - blue->height / 2) < 4);
    // Pictures instead of words: no text is prescribed for either.
    BOOST_TEST(text_of(file).find("Người ký") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_seal_larger_than_the_space_kept_for_it_is_not_scaled) {
    auto large = request_for(pdf::profile::issued);
    large.image = picture_of({.columns = 200, .rows = 200, .red = 200, .dpi = 96}); // 150 points
    bytes file = world().sign(world().approved(make_letter()), world().agency, large);
    BOOST_TEST((world().verify(file).verdict == verdict::valid));
    auto red = render(file).box(is_red);
    BOOST_REQUIRE(red.has_value());
    BOOST_TEST(std::abs(red->width - 150) < 3, red->width);
    // At the edge it is shifted.
    auto corner = request_for(pdf::profile::appendix);
    corner.look = pdf::default_appearance(pdf::profile::issued);
    corner.image = large.image;
    corner.place = pdf::placement{1, 560, 800, 20, 20};
    red = render(world().sign(make_letter(), world().agency, corner)).box(is_red);
    BOOST_REQUIRE(red.has_value());
    BOOST_TEST(std::abs(red->width - 150) < 3, red->width);
    BOOST_TEST(red->x + red->width <= 596);
}

BOOST_AUTO_TEST_CASE(several_pictures_stand_beside_each_other_at_their_true_sizes) {
    auto of = [](unsigned columns, unsigned rows) {
        return pdf::picture::from_png(png_file({.columns = columns, .rows = rows, .red = 200})).value();
    };
    pdf::picture two = pdf::picture::row({of(40, 20), of(20, 60)});
    BOOST_REQUIRE_EQUAL(two.parts().size(), 2u);
    BOOST_TEST(std::abs(two.width() - (30 + 4 + 15)) < 0.01);
    BOOST_TEST(std::abs(two.height() - 45) < 0.01);
    BOOST_TEST(std::abs(two.parts()[1].x - 34) < 0.01);
    BOOST_TEST(std::abs(two.parts()[1].width - 15) < 0.01);
    auto one = pdf::picture::row({of(40, 20)});
    BOOST_TEST(std::abs(one.width() - 30) < 0.01);
    // Both are drawn: the red reaches over the width of the two.
    auto request = request_for(pdf::profile::appendix);
    request.look = pdf::default_appearance(pdf::profile::issued);
    request.image = two;
    request.place = pdf::placement{1, 300, 300, 60, 50};
    auto red = render(world().sign(make_letter(), world().agency, request)).box(is_red);
    BOOST_REQUIRE(red.has_value());
    BOOST_TEST(std::abs(red->width - 49) < 3, red->width);
    BOOST_TEST(std::abs(red->height - 45) < 3, red->height);
}

BOOST_AUTO_TEST_CASE(every_kind_of_png_is_read_and_everything_else_refused) {
    for (int kind = 0; kind < 5; ++kind)
        for (int depth : {8, 16}) {
            auto p =
                pdf::picture::from_png(png_file({.columns = 40, .rows = 20, .red = 200, .kind = kind, .depth = depth}));
            BOOST_REQUIRE_MESSAGE(p.has_value(), kind << " " << depth << " " << p.error().detail);
            BOOST_TEST(std::abs(p->width() - 30) < 0.01); // 96 dpi where the file has none
            BOOST_TEST(p->parts().front().content->transparency.empty() == (kind != 1 && kind != 3));
        }
    bytes good = png_file({.columns = 40, .rows = 20, .dpi = 300});
    BOOST_TEST(std::abs(pdf::picture::from_png(good)->width() - 40 / 300.0 * 72) < 0.01);
    auto refused = [](bytes png) {
        auto p = pdf::picture::from_png(png);
        return !p && p.error().code == pdf::errc::bad_picture;
    };
    BOOST_TEST(refused(to_bytes("GIF89a")));
    BOOST_TEST(refused({}));
    BOOST_TEST(refused(bytes(good.begin(), good.end() - 40)));
    bytes flipped = good;
    flipped[flipped.size() - 20] ^= 0x40;
    BOOST_TEST(refused(flipped));
    bytes huge = good; // the header alone must be enough to refuse
    huge[16] = 0x7f;
    BOOST_TEST(refused(huge));
    BOOST_TEST(refused(png_file({.columns = 4, .rows = 4, .dpi = 5})));
}

BOOST_AUTO_TEST_CASE(every_profile_shows_its_text_with_all_marks_and_stays_valid_under_the_others) {
    auto person = [&](pdf::profile kind, std::string comment = "") {
        auto r = request_for(kind);
        r.signer_name = "Nguyễn Thị Bưởi";
        r.comment = comment;
        return r;
    };
    letter l;
    l.body.push_back("Trân trọng./.");
    bytes file = make_letter(l);
    file = world().sign(file, world().leader, person(pdf::profile::initial));
    file = world().sign(file, world().leader, person(pdf::profile::initial));
    file = world().sign(file, world().leader, person(pdf::profile::comment, "Kính trình đồng chí Giám đốc ký"));
    file = world().sign(file, world().leader, request_for(pdf::profile::approved));
    file = world().sign(file, world().agency, request_for(pdf::profile::issued));
    auto copy = request_for(pdf::profile::copy);
    copy.form = pdf::copy_form::trich_sao;
    file = world().sign(file, world().agency, copy);
    file = world().sign(file, world().agency, request_for(pdf::profile::appendix));
    file = world().sign(file, world().agency, person(pdf::profile::income, "Số đến: 152"));
    auto report = world().verify(file);
    BOOST_TEST((report.verdict == verdict::valid), shown(report));
    BOOST_TEST(report.signatures.size() == 8u);
    std::string text = text_of(file);
    for (const char* expected : {"Nguyễn Thị Bưởi; 15/07/2025; 16:20:05 +07:00", "Kính trình đồng chí Giám đốc ký",
                                 "Người ký: Đặng Thị Ánh Nguyệt", "TRÍCH SAO; Sở Nội vụ tỉnh Quảng Ngãi; 15/07/2025;",
                                 "Số: 321/QĐ-UBND-KGVX; 15/07/2025; 16:20:05 +07:00",
                                 "Số đến: 152; 15/07/2025; 16:20:05 +07:00", "ngày 15 tháng 7 năm 2025"})
        BOOST_TEST(text.find(expected) != text.npos, expected << "\n" << text);
}

BOOST_AUTO_TEST_CASE(the_three_forms_of_a_copy_are_named) {
    for (auto [form, label] : {std::pair(pdf::copy_form::sao_y, "SAO Y; "),
                               {pdf::copy_form::sao_luc, "SAO LỤC; "},
                               {pdf::copy_form::trich_sao, "TRÍCH SAO; "}}) {
        auto r = request_for(pdf::profile::copy);
        r.form = form;
        BOOST_TEST(text_of(world().sign(make_letter(), world().agency, r)).find(label) != std::string::npos, label);
    }
}

BOOST_AUTO_TEST_CASE(a_place_that_is_not_found_is_asked_for_and_never_guessed) {
    using pdf::errc;
    auto with = [](auto change) {
        letter l;
        change(l);
        return make_letter(l);
    };
    auto approve = request_for(pdf::profile::approved);
    bytes nameless = with([](letter& l) { l.title = "", l.signer = ""; });
    BOOST_TEST((refusal(nameless, approve) == errc::place_not_found));
    approve.anchor = "không có chữ này";
    BOOST_TEST((refusal(make_letter(), approve) == errc::place_not_found));
    approve.anchor = "";
    bytes block = with([](letter& l) { l.title = "(Ký, ghi rõ họ tên)", l.signer = ""; });
    BOOST_TEST(pdf::prepare(block, approve).has_value());
    bytes two = with([](letter& l) { l.title = "KÝ TÊN", l.signer = "", l.recipients = {"(Ký tên)"}; });
    BOOST_TEST((refusal(two, approve) == errc::place_ambiguous));
    BOOST_TEST((refusal(make_letter(), request_for(pdf::profile::initial)) == errc::place_not_found));
    BOOST_TEST((refusal(make_letter(), request_for(pdf::profile::issued)) == errc::place_not_found));
    auto silent = request_for(pdf::profile::comment);
    BOOST_TEST((refusal(make_letter(), silent) == errc::text_required));
    silent.comment = "x";
    bytes full = make_letter();
    for (int i = 0; i < 2; ++i) full = world().sign(full, world().leader, silent);
    for (int i = 0; i < 3; ++i)
        if (auto p = pdf::prepare(full, silent); p) full = world().sign(full, world().leader, silent);
    BOOST_TEST((refusal(full, silent) == errc::no_room));
    BOOST_TEST((refusal(world().approved(make_letter()), approve) == errc::no_room));
}

BOOST_AUTO_TEST_CASE(names_are_found_whatever_their_capitals_and_spaces) {
    letter l;
    l.signer = "TS.  ĐẶNG THỊ  ÁNH NGUYỆT";
    l.body.push_back("Kính gửi bà Đặng Thị Ánh Nguyệt");
    auto r = request_for(pdf::profile::approved);
    r.image = handwriting();
    auto blue = render(world().sign(make_letter(l), world().leader, r)).box(is_blue);
    BOOST_REQUIRE(blue.has_value());
    BOOST_TEST(std::abs(blue->x + blue->width / 2 - 425) < 4, blue->x);
    BOOST_TEST((blue->y > 110 && blue->y + blue->height < 210), blue->y);
}

BOOST_AUTO_TEST_CASE(the_number_goes_into_the_blank_before_the_printed_notation) {
    letter l;
    l.notation = "            /QĐ-UBND-KGVX";
    bytes file = world().issued(world().approved(make_letter(l)));
    BOOST_TEST((world().verify(file).verdict == verdict::valid));
    std::string text = text_of(file);
    std::size_t first = text.find("/QĐ-UBND-KGVX");
    BOOST_TEST(first != text.npos, text);
    BOOST_TEST(text.find("/QĐ-UBND-KGVX", first + 1) == text.npos, text);
    BOOST_TEST(text.find("321") < first, text);
    l.notation = "15/QĐ-UBND"; // numbered already: nothing is written over it
    bytes numbered = world().issued(world().approved(make_letter(l)));
    for (const auto& change : world().verify(numbered).signatures.at(0).changes_after)
        BOOST_TEST(change != "field_filled:vanthu_number");
}

BOOST_AUTO_TEST_CASE(on_a_turned_page_the_stamp_stands_upright) {
    for (int turn : {90, 180, 270}) {
        bytes turned = revised(make_letter(), [&](pdf::document& d, pdf::update& out) {
            first_page(d).replaceKey("/Rotate", QPDFObjectHandle::newInteger(turn));
            out.changed(first_page(d));
        });
        auto r = request_for(pdf::profile::approved);
        r.image = picture_of({.columns = 100, .rows = 20, .blue = 220, .dpi = 96});
        r.place = pdf::placement{1, 30, 40, 75, 15};
        bytes file = world().sign(turned, world().leader, r);
        BOOST_TEST((world().verify(file).verdict == verdict::valid));
        auto blue = render(file).box(is_blue);
        BOOST_REQUIRE(blue.has_value());
        BOOST_TEST((std::abs(blue->x - 30) < 3 && std::abs(blue->y - 40) < 3),
                   turn << " " << blue->x << " " << blue->y);
        BOOST_TEST((std::abs(blue->width - 75) < 3 && std::abs(blue->height - 15) < 3), turn);
    }
}

BOOST_AUTO_TEST_CASE(patterns_leave_out_what_is_not_known_and_refuse_what_nobody_knows) {
    pdf::appearance look = pdf::default_appearance(pdf::profile::appendix);
    pdf::text_values values;
    values.time = signing_day;
    BOOST_TEST(pdf::shown_lines(look, values).at(0) == "15/07/2025; 16:20:05 +07:00");
    values.number = "9/TB";
    BOOST_TEST(pdf::shown_lines(look, values).at(0) == "Số: 9/TB; 15/07/2025; 16:20:05 +07:00");
    for (const char* bad : {"{nobody}", "{number", "}", "{}"}) {
        look.lines = {bad};
        BOOST_TEST((pdf::check(look).error().code == pdf::errc::bad_pattern), bad);
    }
    look.lines = {"Số: {number}"};
    look.size = 40;
    BOOST_TEST(!pdf::check(look).has_value());
    for (const auto& row : pdf::default_appearances()) BOOST_TEST(pdf::check(row).has_value());
    BOOST_TEST((pdf::profile_named("income") == pdf::profile::income));
    BOOST_TEST(!pdf::profile_named("other"));
}

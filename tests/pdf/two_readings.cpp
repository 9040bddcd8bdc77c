// Updates, and signed parts under them, that viewers read in another way than QPDF does, each built here byte by byte.
#include "tests/pdf/hand_made.hpp"

using namespace vanthu;
using namespace vanthu::test;

namespace {

void plain(revision& r) { r.object(r.root, r.catalogue()); }
bytes ended(revision& r) { return r.table(); }
bytes with(std::string_view more) {
    return table([&](revision& r) { r.object(r.root, r.catalogue(more)); }, ended);
}
void expect_valid(const char* what, const bytes& file) {
    auto report = world().verify(file);
    BOOST_TEST((report.verdict == verdict::valid), what << " " << shown(report));
}

} // namespace

BOOST_AUTO_TEST_CASE(bytes_that_are_white_space_to_some_make_no_name) {
    for (std::string space : {"\x80", "\xff", "\x0b", "\xe9"}) {
        const std::string key = fmt::format("/Root{0}31{0}0{0}R 1 ", space); // "/Root 31 0 R" to PDFium
        if (space != "\x0b")                                                 // QPDF itself reads the other catalogue
            expect_refused("in a trailer", table(plain, [&](revision& r) { return r.table("", key); }),
                           "pdf.update_unclear", verdict::indeterminate);
        expect_refused("a key", with(fmt::format("/Extensions << /A{}B 1 >> ", space)), "pdf.update_unclear",
                       verdict::indeterminate);
        expect_refused("a name", with(fmt::format("/Extensions << /A /B{}C >> ", space)), "pdf.update_unclear",
                       verdict::indeterminate);
    }
    expect_valid("escaped letters", with("/Extensions << /A#c3#b3 /B#20C >> "));
}

BOOST_AUTO_TEST_CASE(nothing_is_in_use_because_an_extension_names_it) {
    expect_valid("of Adobe and ETSI",
                 with("/Extensions << /ADBE << /BaseVersion /1.7 /ExtensionLevel 3 /URL (https://a.example) >> "
                      "/ESIC [ << /Type /DeveloperExtensions /BaseVersion /1.7 /ExtensionLevel 5 >> ] >> "));
    auto extended = [](std::string_view body, std::string_view more) {
        return table(
            [&](revision& r) {
                const int id = r.fresh();
                r.object(id, body);
                r.object(r.root,
                         r.catalogue(fmt::format("/Extensions << /A {} >> ", fmt::format(fmt::runtime(more), id))));
            },
            ended);
    };
    expect_valid("an object of its own", extended("<< /BaseVersion /1.7 /ExtensionLevel 3 >>", "{} 0 R"));
    for (auto [body, use] : {std::pair("<< /Type /Catalog /Pages 3 0 R >>", "{} 0 R"),
                             {"<< /Type /Pages >>", "<< /B << /C {} 0 R >> >>"},
                             {"(text)", "{} 0 R"}}) {
        auto report = world().verify(extended(body, use));
        BOOST_TEST((report.verdict == verdict::invalid), body << " " << shown(report));
        const auto& changes = report.signatures.at(0).changes_after;
        BOOST_TEST(std::ranges::count(changes, "catalogue_changed:Extensions") == 1, shown(report));
    }
}

BOOST_AUTO_TEST_CASE(a_stream_is_decoded_in_one_way) {
    // To some readers a byte of every row falls out: the catalogue is another one.
    const std::string parameters = "/DP << /Predictor 12 /Columns 2000 >> ";
    expect_refused("an object stream", packed({""}, 0, {}, parameters.c_str()), "pdf.unaccounted_bytes");
    expect_refused("evidence",
                   table([&](revision& r) { plain(r), r.object(r.fresh(), stream_of("x", parameters)); }, ended),
                   "pdf.unaccounted_bytes");
    expect_refused("an escaped key", packed({""}, 0, {}, "/D#50 << /Predictor 12 >> "), "pdf.unaccounted_bytes");
    expect_refused("an entry of no object stream", packed({""}, 0, {}, "/Crypt 1 "), "pdf.object_stream_odd",
                   verdict::indeterminate);
    expect_fine("the length when decoded", packed({""}, 0, {}, "/DL 5 "));
    revision r(with_streams());
    r.evidence();
    plain(r);
    expect_refused("a cross-reference stream", r.section({}, parameters), "pdf.unaccounted_bytes");
}

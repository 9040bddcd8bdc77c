#include "signing/pdf/marking.hpp"
#include "tests/pdf/letter.hpp"

#include <boost/test/unit_test.hpp>

using namespace vanthu;
using namespace vanthu::test;
using pdf::secret_marking;

BOOST_AUTO_TEST_CASE(a_stand_alone_mark_is_found_on_the_first_page) {
    for (auto [text, mark] : {std::pair("MẬT", secret_marking::mat),
                              {"TỐI MẬT", secret_marking::toi_mat},
                              {"TUYỆT MẬT", secret_marking::tuyet_mat},
                              {"M Ậ T", secret_marking::mat},
                              {"(MẬT)", secret_marking::mat}}) {
        letter l;
        l.marking = text;
        for (const bytes& file : {make_letter(l), reshaped(make_letter(l), {"--object-streams=generate"})}) {
            auto found = pdf::first_page_marking(file);
            BOOST_TEST((found == mark), text);
        }
    }
}

BOOST_AUTO_TEST_CASE(words_that_contain_a_mark_raise_no_alarm) {
    for (const char* line : {"bảo mật", "BẢO MẬT", "MẬT KHẨU", "Mật", "mật", "MẤT", "MẶT", "ĐỘ MẬT: không",
                             "V/v BẢO VỆ BÍ MẬT NHÀ NƯỚC", "TỐI MẬT VỤ"}) {
        letter l;
        l.marking = line;
        l.body = {line, "Về việc bảo mật thông tin", line};
        BOOST_TEST(!pdf::first_page_marking(make_letter(l)).has_value(), line);
    }
    BOOST_TEST(!pdf::first_page_marking(as_bytes("no pdf")).has_value());
}

BOOST_AUTO_TEST_CASE(decomposed_and_composed_spellings_are_the_same_mark) {
    BOOST_TEST((pdf::marking_of("M\u00c2\u0323T") == secret_marking::mat));
    BOOST_TEST((pdf::marking_of("MA\u0323\u0302T") == secret_marking::mat));
    BOOST_TEST((pdf::marking_of("TUYE\u0323\u0302T M\u1eacT.") == secret_marking::tuyet_mat));
    BOOST_TEST(!pdf::marking_of("MA\u0302\u0301T").has_value());
}

BOOST_AUTO_TEST_CASE(the_highest_of_several_marks_counts) {
    letter l;
    l.marking = "MẬT";
    l.body = {"TUYỆT MẬT"};
    BOOST_TEST((pdf::first_page_marking(make_letter(l)) == secret_marking::tuyet_mat));
}

BOOST_AUTO_TEST_CASE(a_mark_beside_text_on_nearly_the_same_height_is_still_alone) {
    letter l;
    l.title = "MẬT"; // a little higher than the recipients at the left, which therefore come after it
    BOOST_TEST((pdf::first_page_marking(make_letter(l)) == secret_marking::mat));
}

BOOST_AUTO_TEST_CASE(what_looks_like_a_mark_on_paper_is_one) {
    BOOST_TEST((pdf::marking_of("M\u200bẬ\u200dT") == secret_marking::mat));
    BOOST_TEST((pdf::marking_of("\ufeffMẬ\u00adT\u2060") == secret_marking::mat));
    BOOST_TEST((pdf::marking_of("\u202eMẬT\u202c") == secret_marking::mat));
    BOOST_TEST((pdf::marking_of("ＭẬＴ") == secret_marking::mat));
    BOOST_TEST((pdf::marking_of("（ＭA\u0302\u200b\u0323Ｔ）") == secret_marking::mat));
    BOOST_TEST((pdf::marking_of("ＴỐＩ\u3000MẬT") == secret_marking::toi_mat));
    BOOST_TEST((pdf::marking_of("TUYỆT\u2003MẬT．") == secret_marking::tuyet_mat));
    for (const char* harmless : {"bảo\u200b mật", "b\u200bảo mật", "ＢẢＯ ＭẬＴ", "ｍật", "M\u200bật", "MẬT\u200b KHẨU",
                                 "ＭＡＴ", "\u200b", "", "M\xe1\xba"})
        BOOST_TEST(!pdf::marking_of(harmless).has_value(), harmless);
}

BOOST_AUTO_TEST_CASE(a_page_without_a_mark_is_told_apart_from_one_that_could_not_be_looked_at) {
    letter plain, marked;
    marked.marking = "MẬT";
    const bytes whole = make_letter(plain), secret = make_letter(marked);
    BOOST_TEST(pdf::look_at_first_page(whole).whole);
    BOOST_TEST(!pdf::look_at_first_page(whole).marking.has_value());
    BOOST_TEST(pdf::look_at_first_page(reshaped(whole, {"--object-streams=generate"})).whole);
    BOOST_TEST(!pdf::look_at_first_page(as_bytes("no pdf")).whole);
    BOOST_TEST(!pdf::look_at_first_page(as_bytes("%PDF-1.7\nnothing more")).whole);
    BOOST_TEST(!pdf::look_at_first_page(reshaped(whole, {"--encrypt", "mo", "mo", "256", "--"})).whole);
    // Cut anywhere, also within the page: the mark is found, or nobody says that there is none.
    for (const bytes& file : {secret, reshaped(secret, {"--object-streams=generate"})})
        for (std::size_t n = 0; n < file.size(); n += 97) {
            const pdf::first_page seen = pdf::look_at_first_page(bytes_view(file).first(n));
            BOOST_TEST((!seen.whole || seen.marking == secret_marking::mat), n);
        }
    // Whatever stands in front.
    for (std::size_t n : {1u, 1000u, 2000u, 100'000u}) {
        bytes junk(n, 'x');
        junk.insert(junk.end(), secret.begin(), secret.end());
        BOOST_TEST((pdf::look_at_first_page(junk).marking == secret_marking::mat), n);
    }
}

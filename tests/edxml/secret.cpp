#include "tests/edxml/packets.hpp"

using namespace vanthu;
using namespace vanthu::edxml;

BOOST_AUTO_TEST_CASE(a_marking_that_stands_alone_is_found) {
    std::pair<const char*, secret_level> marked[] = {{"Mật", secret_level::mat},
                                                     {"MẬT", secret_level::mat},
                                                     {" [MẬT] ", secret_level::mat},
                                                     {"Tối mật", secret_level::toi_mat},
                                                     {"TUYỆT  MẬT", secret_level::tuyet_mat},
                                                     {"Độ mật: Tối mật", secret_level::toi_mat},
                                                     {"Mức độ mật: MẬT", secret_level::mat},
                                                     {"MẬT - V/v điều động", secret_level::mat},
                                                     {"MẬT: V/v điều động", secret_level::mat},
                                                     {"[Mật] Báo cáo", secret_level::mat},
                                                     {"(Tối mật) Kế hoạch", secret_level::toi_mat},
                                                     {"TUYỆT MẬT Kế hoạch A", secret_level::tuyet_mat},
                                                     {"TỐI MẬT – kế hoạch", secret_level::toi_mat},
                                                     {"Công văn (Mật)", secret_level::mat},
                                                     {"Kế hoạch [TUYỆT MẬT].", secret_level::tuyet_mat},
                                                     {"MA\xCC\xA3\xCC\x82T", secret_level::mat},
                                                     {"MA\xCC\x82\xCC\xA3T", secret_level::mat}}; // decomposed
    for (auto [text, level] : marked) {
        auto found = secret_marking(text);
        BOOST_REQUIRE_MESSAGE(found.has_value(), text);
        BOOST_TEST((*found == level), text);
    }
}

BOOST_AUTO_TEST_CASE(a_word_that_only_contains_the_syllable_is_no_marking) {
    for (const char* text : {"",
                             "Công văn",
                             "V/v bảo mật thông tin",
                             "BẢO MẬT HỆ THỐNG",
                             "bí mật kinh doanh",
                             "BÍ MẬT KINH DOANH",
                             "Bí mật nhà nước",
                             "Công tác bảo vệ bí mật nhà nước",
                             "Mật độ dân số",
                             "MẬT ĐỘ XÂY DỰNG",
                             "MẬT MÃ DÂN SỰ",
                             "Mật ong rừng",
                             "MẬT ONG",
                             "mật khẩu",
                             "Mật khẩu: đổi định kỳ",
                             "Ban Cơ yếu (mật mã)",
                             "Độ mật: Thường",
                             "Độ mật: Không",
                             "Lưu hành nội bộ",
                             "Kế hoạch giữ bí mật",
                             "V/v giải mật tài liệu",
                             "tối mật thiết",
                             "MAT",
                             "mát",
                             "mất",
                             "Danh mục bí mật nhà nước độ Mật của ngành"})
        BOOST_TEST(!secret_marking(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(the_marker_names_its_field) {
    document_header h = full_header();
    BOOST_TEST(!find_secret_marker(h).has_value());
    h.subject = "TỐI MẬT: kế hoạch";
    BOOST_TEST(find_secret_marker(h)->field == "subject");
    h = full_header();
    h.other_info->sphere_of_promulgation = "Mật";
    BOOST_TEST(find_secret_marker(h)->field == "other_info.sphere_of_promulgation");
    h = full_header();
    h.document_type.type_name = "MẬT";
    BOOST_TEST(find_secret_marker(h)->field == "document_type.type_name");
    h = full_header();
    h.other_info->secret = "2";
    BOOST_TEST((find_secret_marker(h)->level == secret_level::unspecified));
    for (const char* none : {"0", "Thường", "Không"}) {
        h.other_info->secret = none;
        BOOST_TEST(!find_secret_marker(h).has_value(), none);
    }
}

#include "tests/registry/support.hpp"

using namespace vanthu;
using namespace vanthu::registry;

BOOST_AUTO_TEST_CASE(the_sample_registry_is_valid_and_calls_for_no_remark) {
    for (const remark& m : sample().remarks(noon("2026-07-15")))
        BOOST_TEST_ERROR("line " << m.line << ": " << m.text_en);
}

BOOST_AUTO_TEST_CASE(a_remark_names_the_line_of_what_is_perhaps_not_meant_so) {
    auto r =
        parsed("version = 1\n"
               "[[organisation]]\nid = 'a'\nname = 'A'\nto = 2020-01-01\ncodes = [{ code = 'A', form = 'local' }]\n"
               "[[organisation]]\nid = 'b'\nname = 'B'\nparent = 'a'\n"
               "[[node]]\nid = 'n'\norganisation = 'b'\n");
    std::vector<remark> remarks = r.remarks(noon("2025-01-01"));
    std::vector<std::uint32_t> lines;
    for (const remark& m : remarks) {
        lines.push_back(m.line);
        BOOST_TEST(!m.text_vi.empty());
    }
    // closed without successor; no code; closed parent; a node nobody can recognise
    BOOST_TEST((lines == std::vector<std::uint32_t>{2, 7, 7, 11}));
}

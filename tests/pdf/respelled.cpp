// What programs write in their own way, and means nothing.
#include "tests/pdf/hand_made.hpp"

using namespace vanthu;
using namespace vanthu::test;
using namespace std::string_literals;

namespace {

bytes commented(bytes_view file) {
    auto request = request_for(pdf::profile::comment);
    request.comment = "x";
    return world().sign(file, world().leader, request);
}

} // namespace

BOOST_AUTO_TEST_CASE(a_comment_in_the_trailer_of_the_signed_part_is_ordinary) {
    for (auto [comment, fine] : {std::pair("% ReportLab generated PDF document -- digest (opensource)\n", true),
                                 {"% made\xff by hand\n", false},
                                 {"% a\f/Root 3 0 R\n", false}}) {
        std::string letter(as_text(make_letter()));
        letter.insert(letter.rfind("trailer <<") + 10, "\n"s + comment);
        revision r(commented(to_bytes(letter)));
        r.evidence();
        r.object(r.root, r.catalogue());
        if (fine)
            expect_fine(comment, r.table());
        else
            expect_refused(comment, r.table(), "pdf.earlier_unclear", verdict::indeterminate);
    }
}

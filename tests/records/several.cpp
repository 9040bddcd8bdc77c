// Fewer rows than one for each: what is read of them is what rows of their own would give.
#include "daemon/records/framing.hpp"
#include "tests/records/store_in_a_folder.hpp"

#include <fmt/format.h>
#include <map>
#include <random>

using namespace vanthu;
using namespace vanthu::records;
using vanthu::test::store_in_a_folder;

namespace {

std::size_t rows_of(const ledger::view& view, std::string_view owner, char type) {
    std::size_t n = 0;
    BOOST_REQUIRE(view.scan(row_key(owner, type), {}, [&](std::string_view, std::string_view) { return ++n > 0; }));
    return n;
}
template <class Row> std::string text_of(const Row& row) {
    std::string out;
    append_json(row, out);
    return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(several)

BOOST_FIXTURE_TEST_CASE(an_inbox_id_leads_to_its_entry_without_a_row, store_in_a_folder) {
    std::vector<inbox_row> entries;
    for (int i = 0; i < 20; ++i)
        change([&](writer& w) -> result<> {
            const inbox_row in{.organisation = "@a", .document = std::to_string(i)};
            VANTHU_TRY(entries.emplace_back(), w.add_inbox(in, new_id(system_clock().now())));
            return {};
        });
    BOOST_TEST(rows_of(store->committed(), "@a", 'i') == 0u);
    for (const inbox_row& e : entries) {
        BOOST_TEST(is_id(e.id));
        auto found = read().inbox_entry("@a", e.id).value();
        BOOST_REQUIRE(found.has_value());
        BOOST_TEST(text_of(*found) == text_of(e));
        std::string other = e.id; // of the same sequence
        other[0] = other[0] == 'f' ? '0' : 'f';
        BOOST_TEST(!read().inbox_entry("@a", other).value().has_value());
        BOOST_TEST(!read().inbox_entry("@b", e.id).value().has_value());
    }
    // As an older program wrote it: the id says nothing, a row leads to the entry.
    const std::string id = "01980000-0000-7000-8000-0000ffff0003";
    BOOST_REQUIRE(store->commit_and_wait([&](ledger::transaction& t) -> result<> {
        inbox_row e = entries.front();
        VANTHU_TRY(e.sequence, t.next_sequence(row_key("@a", 'Z').text("inbox")));
        e.id = id;
        t.put(row_key("@a", 'I').u64(e.sequence), framed('I', e));
        t.put(row_key("@a", 'i').text(id), framed_text('i', std::to_string(e.sequence)));
        return {};
    }));
    BOOST_TEST(read().inbox_entry("@a", id).value()->sequence == 21u);
    // Beyond 32 bits, too.
    std::string text = id;
    BOOST_TEST(!write_sequence(text, 1ull << 32));
    BOOST_TEST(text == id);
}

BOOST_AUTO_TEST_SUITE_END()

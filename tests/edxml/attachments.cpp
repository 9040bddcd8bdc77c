#include "tests/edxml/packets.hpp"

#include "daemon/base/base64.hpp"
#include "schemas/edxml/unzip.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

using namespace vanthu;
using namespace vanthu::edxml;
using enum vanthu::edxml::finding_code;

namespace {
attachment_info first_of(const std::string& whole, const limits& l = {}) {
    return reads(whole, l).document()->attachments.at(0);
}
} // namespace

BOOST_AUTO_TEST_CASE(white_space_cdata_and_space_references_belong_to_base64_text) {
    for (const char* transfer : {"aGVsbG8=", "\r\n aGVs\tbG8=\n", "<![CDATA[aGVsbG8=]]>",
                                 " <![CDATA[aGVs]]><![CDATA[bG8=]]> ", "aGVs&#13;\nbG8=&#xD;&#10;"}) {
        std::string whole = packet_with({{"a.txt", transfer}});
        attachment_info a = first_of(whole);
        BOOST_TEST(a.sha256.hex() == sha256::of("hello").hex(), transfer);
        BOOST_TEST(a.findings.empty());
        BOOST_TEST(whole.substr(a.transfer.offset, a.transfer.length) == transfer);
    }
}

BOOST_AUTO_TEST_CASE(markup_in_base64_text_is_refused) {
    for (const char* transfer :
         {"aGVs<b/>bG8=", "aGVs<!-- -->bG8=", "aGVs&#65;", "aGVs&amp;", "aGVs<?x?>", "<![CDATA[aG]Vs]]>", "&#13"})
        refuses(packet_with({{"a.txt", transfer}}), errc::transfer_markup);
    refuses(packet_with({{"a.txt", "aGVs\x01"}}), errc::not_well_formed);
    refuses(packet_with({{"a.txt", "aGVs\xC3("}}), errc::encoding_unsupported);
}

BOOST_AUTO_TEST_CASE(wrong_base64_damages_the_attachment_not_the_packet) {
    for (const char* transfer : {"aGVsbG8", "aGVs*bG8=", "aGVsbG8=aGVsbG8=", "aGVs\xEF\xBF\xBD"}) {
        packet p = reads(packet_with({{"a.txt", transfer}, {"b.txt", "aGVsbG8=", "cid:2"}}));
        BOOST_TEST(p.document()->attachments[0].damaged, transfer);
        BOOST_TEST(has(p.document()->attachments[0].findings, attachment_damaged));
        BOOST_TEST(!p.document()->attachments[1].damaged);
    }
}

BOOST_AUTO_TEST_CASE(manifest_and_attachments_are_compared_without_cid) {
    std::string whole = sample("edoc-sample.edxml");
    auto finding_of_first = [](const std::string& text, finding_code code) {
        return has(first_of(text).findings, code);
    };
    std::size_t in_attachment = whole.rfind("cid:7d0f");
    std::string one_side = std::string(whole).erase(in_attachment, 4);
    BOOST_TEST(first_of(one_side).findings.empty());
    BOOST_TEST(first_of(one_side).content_id == "7d0f6a52-0001");
    std::string other_id = std::string(whole).replace(in_attachment, 8, "cid:9999");
    BOOST_TEST(finding_of_first(other_id, attachment_not_in_manifest));
    BOOST_TEST(has(reads(other_id).findings, manifest_without_attachment));
    std::string other_name = whole;
    other_name.replace(other_name.rfind("321-UBND-KGVX.signed.pdf"), 3, "999");
    BOOST_TEST(finding_of_first(other_name, manifest_mismatch));
    BOOST_TEST(finding_of_first(replaced(packet_with({{}}), "<ContentId>cid:1</ContentId>", ""), content_id_missing));
    packet twice = reads(packet_with({{}, {}}));
    BOOST_TEST(has(twice.document()->attachments[1].findings, content_id_duplicate));
    BOOST_TEST(finding_of_first(packet_with({{"a.txt", ""}}), attachment_empty));
    std::string unnamed = replaced(packet_with({{}}), "<AttachmentName>a.txt</AttachmentName>", "");
    BOOST_TEST(first_of(unnamed).name == "a.txt"); // the manifest knows it
    BOOST_TEST(finding_of_first(replaced(unnamed, "<edXML:AttachmentName>a.txt</edXML:AttachmentName>", ""),
                                attachment_name_missing));
    std::string second = replaced(packet_with({{}}), "</Attachment>",
                                  "<ContentTransferEncoded>eA==</ContentTransferEncoded></Attachment>");
    BOOST_TEST(finding_of_first(second, duplicate_transfer));
    BOOST_TEST(first_of(second).size == 5u);
    std::string none = sample("edoc-sample.edxml");
    std::size_t begin = none.find("<Attachment>"), end = none.find("</AttachmentEncoded>");
    BOOST_TEST(has(reads(none.erase(begin, end - begin)).findings, manifest_without_attachment));
}

BOOST_AUTO_TEST_CASE(a_wrapped_file_is_unwrapped_by_its_single_entry) {
    std::string content = "spreadsheet " + std::string(5000, 'x');
    for (bool deflate : {true, false})
        for (bool descriptor : {true, false}) {
            if (!deflate && descriptor) continue; // the length of a stored entry must be in front
            attachment_info a =
                first_of(packet_with_file("Bảng.xlsx", make_zip({{"0f8fad5b.xlsx", content, deflate, descriptor}})));
            BOOST_REQUIRE(a.unwrapped.has_value());
            BOOST_TEST(a.unwrapped->sha256.hex() == sha256::of(content).hex());
            BOOST_TEST(a.unwrapped->size == content.size());
            BOOST_TEST(a.content_hash().hex() == sha256::of(content).hex());
            BOOST_TEST((a.kind == content_kind::text));
        }
    std::string pdf = "%PDF-1.4\n%%EOF\n";
    packet wrapped =
        reads(packet_with({{"a.PDF", base64_encode(make_zip({{"u.pdf", pdf}})), "cid:1", "application/pdf"}}));
    BOOST_TEST((wrapped.document()->attachments[0].kind == content_kind::pdf));
    packet plain = reads(packet_with_file("b.pdf", as_bytes(pdf)));
    BOOST_TEST(wrapped.content_sha256.hex() == plain.content_sha256.hex()); // one content, two wrappings
    BOOST_TEST(as_text(unwrap(make_zip({{"u.pdf", pdf}}), "a.pdf").value().value()) == pdf);
}

BOOST_AUTO_TEST_CASE(anything_irregular_keeps_the_bytes_as_they_are) {
    bytes good = make_zip({{"u.txt", "hello"}});
    auto unwrapped = [](const std::string& name, const bytes& b) {
        return first_of(packet_with_file(name, b)).unwrapped.has_value();
    };
    BOOST_TEST(unwrapped("a.txt", good));
    BOOST_TEST(!unwrapped("a.zip", make_zip({{"u.zip", "hello"}})));
    BOOST_TEST(!unwrapped("a.pdf", good));
    BOOST_TEST(!unwrapped("a", good));
    BOOST_TEST(!unwrapped("a.txt", make_zip({{"u.txt", "hello"}, {"v.txt", "x"}})));
    BOOST_TEST(!unwrapped("a.docx", make_zip({{"[Content_Types].xml", "<x/>"}, {"word/document.xml", "<x/>"}})));
    bytes trailing = good;
    trailing.push_back('x');
    BOOST_TEST(!unwrapped("a.txt", trailing));
    for (std::size_t i = 0; i < good.size(); ++i) { // no flipped byte makes another content of it
        bytes flipped = good;
        flipped[i] ^= 0x01;
        attachment_info a = first_of(packet_with_file("a.txt", flipped));
        if (a.unwrapped) BOOST_TEST(a.unwrapped->sha256.hex() == sha256::of("hello").hex());
        bytes cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(i));
        BOOST_TEST(!unwrapped("a.txt", cut));
    }
    BOOST_TEST((
        first_of(packet_with_file("a.docx", make_zip({{"[Content_Types].xml", "<x/>"}, {"word/document.xml", "<x/>"}})))
            .kind == content_kind::docx));
}

BOOST_AUTO_TEST_CASE(a_zip_bomb_stays_packed_and_is_reported) {
    bytes bomb = make_zip({{"u.txt", std::string(8u << 20, '0')}});
    BOOST_TEST(bomb.size() < 20'000u);
    attachment_info a = first_of(packet_with_file("a.txt", bomb));
    BOOST_TEST(has(a.findings, zip_bomb));
    BOOST_TEST(!a.unwrapped.has_value());
    BOOST_TEST((unwrap(bomb, "a.txt").error().code == errc::inflated_too_large));
    limits l;
    l.inflated_bytes = 100;
    BOOST_TEST(
        has(first_of(packet_with_file("a.txt", make_zip({{"u.txt", std::string(101, 'x')}})), l).findings, zip_bomb));
}

BOOST_AUTO_TEST_CASE(a_pdf_destroyed_by_a_text_round_trip_is_damaged) {
    attachment_info a =
        first_of(packet_with_file("a.pdf", as_bytes("%PDF-1.3\n%\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\n")));
    BOOST_TEST(a.damaged);
    BOOST_TEST(has(a.findings, attachment_damaged));
    BOOST_TEST(!first_of(packet_with_file("a.pdf", as_bytes("%PDF-1.3\n%\xE2\xE3\xCF\xD3\n"))).damaged);
}

BOOST_AUTO_TEST_CASE(types_come_from_the_bytes) {
    std::pair<std::string, content_kind> known[] = {{"%PDF-1.7", content_kind::pdf},
                                                    {"junk\n%PDF-1.7", content_kind::pdf},
                                                    {"PK\3\4abc", content_kind::zip},
                                                    {"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", content_kind::ole},
                                                    {"\x89PNG\r\n\x1A\n", content_kind::png},
                                                    {"\xFF\xD8\xFF\xE0", content_kind::jpeg},
                                                    {"<?xml version", content_kind::xml},
                                                    {"{\\rtf1", content_kind::rtf},
                                                    {"chữ", content_kind::text},
                                                    {"\x01\x02", content_kind::unknown},
                                                    {"", content_kind::empty}};
    for (const auto& [head, kind] : known) BOOST_TEST((sniff(as_bytes(head)) == kind), head);
}

BOOST_AUTO_TEST_CASE(a_sink_gets_every_byte_once_and_the_whole_story_at_the_end) {
    std::string content(100'000, 'y');
    bytes zip = make_zip({{"u.txt", content}});
    std::string whole = packet_with({{"a.txt", base64_encode(zip)}, {"b.txt", "aGVsbG8=", "cid:2"}});
    // .NET order: the name after the content.
    whole = replaced(whole, "<AttachmentName>b.txt</AttachmentName>", "");
    whole = replaced(whole, "aGVsbG8=</edXML:ContentTransferEncoded>",
                     "aGVsbG8=</edXML:ContentTransferEncoded><AttachmentName>b.txt</AttachmentName>");
    collecting_sink sink;
    auto p = read_packet(as_bytes(whole), {}, {}, &sink);
    BOOST_REQUIRE(p.has_value());
    BOOST_REQUIRE(sink.all.size() == 2u);
    BOOST_TEST((sink.all[0].sent == zip));
    BOOST_TEST((as_text(sink.all[0].inner) == content));
    BOOST_TEST(sink.all[0].first.name == "a.txt");
    BOOST_TEST(sink.all[0].last.unwrapped->sha256.hex() == sha256::of(content).hex());
    BOOST_TEST((as_text(sink.all[1].sent) == "hello"));
    BOOST_TEST(sink.all[1].first.content_id == "2");
    BOOST_TEST(sink.all[1].last.name == "b.txt");
    for (const auto& one : sink.all) BOOST_TEST((one.begun == 1 && one.ended == 1));
}

BOOST_AUTO_TEST_CASE(attachments_may_stand_before_the_header) {
    std::string whole = packet_with({{"a.txt", "aGVsbG8="}});
    std::size_t begin = whole.find("<AttachmentEncoded>"), end = whole.find("</AttachmentEncoded>") + 20;
    std::string list = whole.substr(begin, end - begin);
    whole.erase(begin, end - begin).insert(whole.find("<edXML:edXMLEnvelope"), list);
    packet p = reads(whole);
    BOOST_TEST(has(p.findings, attachments_before_header));
    BOOST_TEST(p.document()->attachments.at(0).sha256.hex() == sha256::of("hello").hex());
    BOOST_TEST(p.document()->attachments[0].findings.empty());
}

BOOST_AUTO_TEST_CASE(content_sha256_is_the_documented_hash) {
    digest a = sha256::of("a"), b = sha256::of("b");
    const digest &low = std::min(a, b), &high = std::max(a, b);
    std::string text = "vanthu-content-v1\n2\n" + std::string(as_text(low.view())) + std::string(as_text(high.view()));
    BOOST_TEST(content_sha256({a, b}).hex() == sha256::of(text).hex());
    BOOST_TEST(content_sha256({b, a}).hex() == sha256::of(text).hex());
    BOOST_TEST(content_sha256({a, a}).hex() != content_sha256({a}).hex());
    BOOST_TEST(content_sha256({}).hex() == sha256::of("vanthu-content-v1\n0\n").hex());
}

BOOST_AUTO_TEST_CASE(memory_does_not_grow_with_the_attachment) {
    auto peak_kb = [] {
        rusage usage{};
        getrusage(RUSAGE_SELF, &usage);
        return usage.ru_maxrss;
    };
    std::string whole = packet_with({{"big.bin", "@"}});
    std::size_t at = whole.find(">@<") + 1;
    std::string line = base64_encode(bytes(57, 0xA5)) + "\r\n", block;
    while (block.size() < (1u << 20)) block += line;
#ifdef VANTHU_UNDER_ASAN
    constexpr int blocks = 20;
#else
    constexpr int blocks = 300;
#endif
    packet_reader reader;
    BOOST_REQUIRE(reader.feed(as_bytes(std::string_view(whole).substr(0, at))));
    BOOST_REQUIRE(reader.feed(as_bytes(block)));
    long before = peak_kb();
    for (int i = 1; i < blocks; ++i) BOOST_REQUIRE(reader.feed(as_bytes(block)));
    BOOST_REQUIRE(reader.feed(as_bytes(std::string_view(whole).substr(at + 1))));
    auto p = reader.finish();
    BOOST_REQUIRE(p.has_value());
    BOOST_TEST(p->document()->attachments[0].size == block.size() / line.size() * 57 * blocks);
    BOOST_TEST(peak_kb() - before < 16 * 1024);
}

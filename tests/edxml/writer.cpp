#include "tests/edxml/packets.hpp"

#include "daemon/base/base64.hpp"

#include <fmt/format.h>

using namespace vanthu;
using namespace vanthu::edxml;

namespace {
void refuses_field(const document_header& h, errc why, std::string_view path) {
    auto made = compose_document(h);
    BOOST_REQUIRE_MESSAGE(!made, "was written: " << path);
    BOOST_CHECK_MESSAGE(made.error().code == why, path);
    BOOST_CHECK_MESSAGE(made.error().detail.starts_with(path), made.error().detail);
}
} // namespace

BOOST_AUTO_TEST_CASE(what_is_written_is_read_back_the_same) {
    for (element_order order : {element_order::qcvn, element_order::sdk}) {
        std::string text = compose_document(full_header(), order).value();
        packet p = reads(text);
        BOOST_TEST((p.document()->header == full_header()));
        BOOST_TEST(p.findings.empty());
    }
    status_packet s = *reads(sample("status-sample.edxml")).status();
    s.description = "a & b <c>\r\nd";
    packet p = reads(compose_status(s).value());
    BOOST_TEST((*p.status() == s));
    BOOST_TEST(p.findings.empty());
}

BOOST_AUTO_TEST_CASE(the_literal_prefixes_and_the_order_of_the_route_are_written) {
    std::string qcvn = compose_document(full_header()).value(),
                sdk = compose_document(full_header(), element_order::sdk).value();
    BOOST_TEST(qcvn.starts_with(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<edXML xmlns=\"http://www.mic.gov.vn/TBT/QCVN_102_2016\">\n"
        "  <edXML:edXMLEnvelope xmlns:edXML=\"http://www.mic.gov.vn/TBT/QCVN_102_2016\">\n    <edXML:edXMLHeader>"));
    auto at = [](const std::string& text, std::string_view tag) {
        std::size_t found = text.find(tag);
        BOOST_REQUIRE(found != text.npos);
        return found;
    };
    BOOST_TEST(at(qcvn, "<edXML:ToPlaces>") < at(qcvn, "<edXML:OtherInfo>"));
    BOOST_TEST(at(qcvn, "<edXML:SteeringType>") < at(qcvn, "<edXML:DocumentId>000.00.00.H48"));
    BOOST_TEST(at(sdk, "<edXML:DocumentId>000.00.00.H48") < at(sdk, "<edXML:Code>"));
    BOOST_TEST(at(sdk, "<edXML:SteeringType>") < at(sdk, "<edXML:ToPlaces>"));
    BOOST_TEST(at(qcvn, "<AttachmentEncoded>") > at(qcvn, "</edXML:edXMLEnvelope>"));
}

BOOST_AUTO_TEST_CASE(what_breaks_the_standard_is_refused_by_field_and_never_cut) {
    document_header h;
    auto with = [](auto change) {
        document_header changed = full_header();
        change(changed);
        return changed;
    };
    refuses_field(with([](auto& d) { d.from.organ_id = ""; }), errc::field_missing, "from.organ_id");
    refuses_field(with([](auto& d) { d.content = ""; }), errc::field_missing, "content");
    refuses_field(with([](auto& d) { d.document_type.type_name = ""; }), errc::field_missing,
                  "document_type.type_name");
    refuses_field(with([](auto& d) { d.to.clear(); }), errc::recipient_missing, "to");
    refuses_field(with([](auto& d) { d.trace.clear(); }), errc::field_missing, "trace");
    refuses_field(with([](auto& d) { d.to[1] = d.to[0]; }), errc::duplicate_recipient, "to[1].organ_id");
    std::string subject;
    for (int i = 0; i < 500; ++i) subject += "ệ";
    BOOST_TEST(compose_document(with([&](auto& d) { d.subject = subject; })).has_value()); // characters, not bytes
    refuses_field(with([&](auto& d) { d.subject = subject + "x"; }), errc::field_too_long, "subject");
    refuses_field(with([](auto& d) { d.to[1].organ_id = std::string(36, 'A'); }), errc::field_too_long,
                  "to[1].organ_id");
    refuses_field(with([](auto& d) { d.promulgation.date = packet_date::parse("15/07/2025"); }), errc::field_invalid,
                  "promulgation.date");
    refuses_field(with([](auto& d) { d.other_info->priority = "5"; }), errc::field_invalid, "other_info.priority");
    refuses_field(with([](auto& d) { d.other_info->secret = "Mật"; }), errc::field_invalid, "other_info.secret");
    refuses_field(with([](auto& d) { d.subject = "a\x01"; }), errc::field_invalid, "subject");
    refuses_field(with([](auto& d) { d.subject = "a\xFF"; }), errc::field_invalid, "subject");
    refuses_field(with([](auto& d) { d.subject = " a"; }), errc::field_invalid, "subject");
    refuses_field(with([](auto& d) { d.trace[0].timestamp = packet_time::parse("2025-07-15"); }), errc::field_invalid,
                  "trace[0].timestamp");
    status_packet s = *reads(sample("status-sample.edxml")).status();
    s.response_for.document_id = "";
    BOOST_TEST((compose_status(s).error().code == errc::field_missing));
}

BOOST_AUTO_TEST_CASE(a_new_packet_carries_its_files_exactly) {
    std::vector<bytes> contents{random_bytes(1000), random_bytes(1), {}};
    std::vector<new_attachment> attached{{"Văn bản & phụ lục.pdf", "chính", "application/pdf", "id-1"},
                                         {"b.bin", "", "application/octet-stream", "id-2"},
                                         {"c.txt", "", "text/plain", "id-3"}};
    auto pieces = compose_new(full_header(), attached);
    BOOST_REQUIRE(pieces.has_value());
    std::string text = join(*pieces, {}, contents);
    std::uint64_t sizes[] = {1000, 1, 0};
    BOOST_TEST(total_size(*pieces, sizes) == text.size());
    packet p = reads(text);
    BOOST_TEST(p.findings.empty());
    for (std::size_t i = 0; i < 3; ++i) {
        const attachment_info& a = p.document()->attachments.at(i);
        BOOST_TEST(a.sha256.hex() == sha256::of(contents[i]).hex());
        BOOST_TEST(a.name == attached[i].name);
        BOOST_TEST(a.content_id == attached[i].content_id);
        BOOST_TEST(p.document()->manifest[i].attachment_name == attached[i].name);
    }
    attached[1].content_id = "id-1";
    BOOST_TEST((compose_new(full_header(), attached).error().code == errc::field_invalid));
    attached[1] = {"../b", "", "x/y", "id-2"};
    BOOST_TEST((compose_new(full_header(), attached).error().code == errc::field_invalid));
}

BOOST_AUTO_TEST_CASE(a_hop_passes_on_every_attachment_byte_for_byte) {
    std::string transfer = "aGVs&#13;\n<![CDATA[bG8=]]> ";
    std::string received = packet_with({{"a.txt", transfer}, {"b.txt", "aGVsbG8=", "2"}});
    packet p = reads(received);
    trace_header hop{"H48", packet_time::parse("2025/07/16 08:00:00")};
    auto pieces = compose_outgoing(*p.document(), hop, element_order::sdk);
    BOOST_REQUIRE(pieces.has_value());
    std::string sent = join(*pieces, received);
    BOOST_TEST(total_size(*pieces) == sent.size());
    BOOST_TEST(sent.find(transfer) != sent.npos);
    packet q = reads(sent);
    document_header expected = p.document()->header;
    expected.trace.push_back(hop);
    BOOST_TEST((q.document()->header == expected));
    BOOST_TEST(q.content_sha256.hex() == p.content_sha256.hex());
    BOOST_TEST(q.packet_sha256.hex() != p.packet_sha256.hex());
    // Once more over the next hop: nothing but the trace grows.
    packet r = reads(join(compose_outgoing(*q.document(), std::nullopt).value(), sent));
    BOOST_TEST((r.document()->header == expected));
    BOOST_TEST((r.document()->manifest == p.document()->manifest));
}

BOOST_AUTO_TEST_CASE(a_hop_does_not_judge_what_it_was_given) {
    std::string received = replaced(sample("edoc-sample.edxml"), "<edXML:TyperNotation>NVM<",
                                    "<edXML:TyperNotation>" + std::string(50, 'x') + "<");
    received = replaced(received, "<edXML:Priority>1<", "<edXML:Priority>Khẩn<");
    packet p = reads(received);
    packet q = reads(join(compose_outgoing(*p.document(), std::nullopt).value(), received));
    BOOST_TEST((q.document()->header == p.document()->header));
    document_packet edited = *p.document();
    edited.header.to.clear();
    BOOST_TEST((compose_outgoing(edited, std::nullopt).error().code == errc::recipient_missing));
    edited = *p.document();
    edited.header.subject = "\x02";
    BOOST_TEST((compose_outgoing(edited, std::nullopt).error().code == errc::field_invalid));
}

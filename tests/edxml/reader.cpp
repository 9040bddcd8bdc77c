#include "tests/edxml/packets.hpp"

#include "daemon/base/base64.hpp"

#include <fmt/format.h>

using namespace vanthu;
using namespace vanthu::edxml;
using namespace std::chrono_literals;
using enum vanthu::edxml::finding_code;

BOOST_AUTO_TEST_CASE(the_sample_document_is_read_whole_without_a_finding) {
    packet p = reads(sample("edoc-sample.edxml"));
    BOOST_TEST(p.findings.empty());
    BOOST_TEST(p.packet_sha256.hex() == "e68703571dc3d0bbe97e564c6822fe21600820dd9e04b3a1493e465cb2cd59bf");
    BOOST_REQUIRE(p.document());
    const document_header& h = p.document()->header;
    BOOST_TEST(h.from.organ_name == "UBND tỉnh Quảng Ngãi");
    BOOST_REQUIRE(h.to.size() == 2u);
    BOOST_TEST(h.to[1].organ_id == "H48.99.01");
    BOOST_TEST(h.code.number == "321");
    BOOST_TEST((h.promulgation.date.value == 2025y / 7 / 15));
    BOOST_TEST(h.document_id == "000.00.00.H48,2025/07/15,321/UBND-KGVX");
    BOOST_TEST(h.other_info->appendixes.at(0) == "Phụ lục I. Số liệu quý II");
    BOOST_TEST(priority_of(h).value() == 1);
    BOOST_TEST(h.trace.at(0).timestamp.value.has_value());
    BOOST_TEST((bussiness_type_of(h) == bussiness_type::new_document));
    BOOST_TEST(h.bussiness->staff->staff == "Trần Thị Ví Dụ");
    BOOST_TEST(p.document()->envelope_signature);
    BOOST_REQUIRE(p.document()->attachments.size() == 1u);
    const attachment_info& a = p.document()->attachments[0];
    BOOST_TEST(a.content_id == "7d0f6a52-0001");
    BOOST_TEST(a.findings.empty());
    BOOST_TEST((a.kind == content_kind::pdf));
    std::string whole = sample("edoc-sample.edxml");
    bytes decoded = base64_decode(std::string_view(whole).substr(a.transfer.offset, a.transfer.length)).value();
    BOOST_TEST(a.sha256.hex() == sha256::of(decoded).hex());
    BOOST_TEST(a.size == decoded.size());
    BOOST_TEST(p.content_sha256.hex() == content_sha256({a.sha256}).hex());
}

BOOST_AUTO_TEST_CASE(the_sample_status_is_read_whole) {
    packet p = reads(sample("status-sample.edxml"));
    BOOST_TEST(p.findings.empty());
    BOOST_REQUIRE(p.status());
    BOOST_TEST(p.status()->status_code == "03");
    BOOST_TEST(p.status()->response_for.organ_id == "000.00.00.H48");
    BOOST_TEST(p.status()->timestamp.value.has_value());
}

BOOST_AUTO_TEST_CASE(the_answer_does_not_depend_on_how_the_bytes_are_cut) {
    std::string crlf = replaced(packet_with({{"b.txt", "aGVs&#13;\n bG8=<![CDATA[]]>"}}), "?>", "?> <!-- a > b -- -->");
    for (const std::string& whole :
         {sample("edoc-sample.edxml"), "\xEF\xBB\xBF 12<12" + sample("status-sample.edxml"), crlf}) {
        packet expected = reads(whole);
        for (std::size_t step : {1u, 2u, 3u, 7u, 61u, 1021u}) {
            packet_reader reader;
            for (std::size_t at = 0; at < whole.size(); at += step)
                BOOST_REQUIRE(reader.feed(as_bytes(std::string_view(whole).substr(at, step))));
            auto p = reader.finish();
            BOOST_REQUIRE(p.has_value());
            BOOST_TEST((p->findings == expected.findings));
            BOOST_TEST(p->packet_sha256.hex() == expected.packet_sha256.hex());
            BOOST_TEST(p->content_sha256.hex() == expected.content_sha256.hex());
            if (p->document()) {
                BOOST_TEST((p->document()->header == expected.document()->header));
                BOOST_TEST((p->document()->attachments[0].transfer == expected.document()->attachments[0].transfer));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(any_order_and_any_prefix_give_one_model) {
    std::string whole = sample("edoc-sample.edxml");
    document_header expected = reads(whole).document()->header;
    // SDK order: DocumentId after To.
    std::string id = "<edXML:DocumentId>000.00.00.H48,2025/07/15,321/UBND-KGVX</edXML:DocumentId>";
    std::string moved = replaced(replaced(whole, id, ""), "<edXML:Code>\n          <edXML:CodeNumber>",
                                 id + "<edXML:Code><edXML:CodeNumber>");
    BOOST_TEST((reads(moved).document()->header == expected));
    // Default namespace only, and a prefix of somebody's own.
    std::string plain =
        replaced(replaced(replaced(whole, "edXML:edXMLEnvelope xmlns:edXML", "edXMLEnvelope xmlns"), "</edXML:", "</"),
                 "<edXML:", "<");
    packet p = reads(plain);
    BOOST_TEST(p.findings.empty());
    BOOST_TEST((p.document()->header == expected));
    BOOST_TEST(
        (reads(replaced(replaced(replaced(whole, "xmlns:edXML", "xmlns:q"), "</edXML:", "</q:"), "<edXML:", "<q:"))
             .document()
             ->header == expected));
    for (element_order order : {element_order::qcvn, element_order::sdk})
        BOOST_TEST((reads(compose_document(full_header(), order).value()).document()->header == full_header()));
}

BOOST_AUTO_TEST_CASE(leniency_is_remarked) {
    std::string whole = sample("edoc-sample.edxml");
    auto finds = [&](const std::string& text, finding_code code) {
        BOOST_TEST(has(reads(text).findings, code), describe(code).name);
    };
    finds("\xEF\xBB\xBF" + whole, byte_order_mark);
    finds("1212" + whole, leading_junk);
    finds("\n" + whole, leading_junk);
    finds(whole.substr(whole.find("?>") + 3), declaration_missing);
    finds(replaced(whole, "<edXML:Reference>", "<edXML:Reference xlink:href=\"\">"), unbound_prefix);
    finds(replaced(replaced(whole, "<AttachmentEncoded>", "<edXML:AttachmentEncoded>"), "</AttachmentEncoded>",
                   "</edXML:AttachmentEncoded>"),
          unbound_prefix);
    finds(replaced(replaced(whole, "<edXML xmlns=\"http://www.mic.gov.vn/TBT/QCVN_102_2016\">", "<edXML>"), "<Sig",
                   "<Sig"),
          namespace_missing);
    finds(replaced(whole, "<edXML:OrganId>H48.99.01</edXML:OrganId>", "<edXML:OrganId>000.00.00.G22</edXML:OrganId>"),
          finding_code::duplicate_recipient);
    finds(replaced(whole, "<edXML:OrganId>H48.99.01</edXML:OrganId>", ""), recipient_without_id);
    finds(replaced(whole, "<edXML:CodeNotation>UBND-KGVX</edXML:CodeNotation>", ""), required_missing);
    finds(replaced(whole, "<edXML:Priority>1<", "<edXML:Priority>9<"), value_unknown);
    finds(replaced(whole, "<edXML:TyperNotation>NVM<", "<edXML:TyperNotation>" + std::string(11, 'x') + "<"),
          longer_than_standard);
    BOOST_TEST(!has(reads(whole).findings, longer_than_standard));
    finds(replaced(whole, "<edXML:OrganId>H48.99.01</edXML:OrganId>", // of a recipient
                   "<edXML:OrganId>" + std::string(36, 'x') + "</edXML:OrganId>"),
          longer_than_standard);
    finds(replaced(whole, "<edXML:DueDate>2025/07/31<", "<edXML:DueDate>31/07/2025<"), date_form);
    finds(replaced(whole, "<edXML:DueDate>2025/07/31<", "<edXML:DueDate>03/04/2025<"), date_ambiguous);
    finds(replaced(whole, "<edXML:DueDate>2025/07/31<", "<edXML:DueDate>2025/02/30<"), date_invalid);
    finds(replaced(whole, "<edXML:Subject>", "<edXML:Subject>khác</edXML:Subject><edXML:Subject>"), duplicate_element);
    finds(replaced(whole, "<edXML:OrganId>000.00.00.H48</edXML:OrganId>\n          <edXML:Timestamp>",
                   "<edXML:OrganId>null</edXML:OrganId><edXML:Timestamp>"),
          trace_incomplete);
    BOOST_TEST(has(reads(whole, {}, 2025y / 7 / 14).findings, date_in_future));
    BOOST_TEST(!has(reads(whole, {}, 2025y / 7 / 15).findings, date_in_future));
    packet cut = reads(replaced(whole, "<edXML:Priority>1<", "<edXML:Priority>9<"), [] {
        limits l;
        l.findings = 0;
        return l;
    }());
    BOOST_TEST(has(cut.findings, more_findings));
    BOOST_TEST(cut.findings.size() == 1u);
}

BOOST_AUTO_TEST_CASE(duplicate_recipients_make_one_delivery_and_empty_groups_are_absent) {
    std::string whole = sample("edoc-sample.edxml");
    BOOST_TEST(reads(replaced(whole, "<edXML:OrganId>H48.99.01</edXML:OrganId>",
                              "<edXML:OrganId> 000.00.00.G22\n</edXML:OrganId>"))
                   .document()
                   ->header.to.size() == 1u);
    std::string empty =
        "<edXML:ResponseFor><edXML:OrganId/><edXML:Code> "
        "</edXML:Code><edXML:PromulgationDate/><edXML:DocumentId/></edXML:ResponseFor><edXML:ResponseFor/>";
    BOOST_TEST(reads(replaced(whole, "<edXML:ResponseFor>", empty + "<edXML:ResponseFor>"))
                   .document()
                   ->header.response_for.size() == 1u);
}

BOOST_AUTO_TEST_CASE(only_what_makes_a_packet_meaningless_is_refused) {
    std::string whole = sample("edoc-sample.edxml"), status = sample("status-sample.edxml");
    refuses(replaced(whole, "<edXML:From>\n          <edXML:OrganId>000.00.00.H48</edXML:OrganId>", "<edXML:From>"),
            errc::from_missing);
    refuses(replaced(replaced(whole, "<edXML:To>", "<edXML:Too>"), "</edXML:To>", "</edXML:Too>"),
            errc::recipient_missing);
    std::string nothing = replaced(replaced(whole, "<edXML:CodeNumber>321</edXML:CodeNumber>", ""),
                                   "<edXML:DocumentId>000.00.00.H48,2025/07/15,321/UBND-KGVX</edXML:DocumentId>", "");
    BOOST_TEST(target_document_id(reads(nothing).document()->header) ==
               "000.00.00.G22,2025/07/01,1234/VPCP-KSTT"); // a recall would still know
    refuses(replaced(nothing, "<edXML:DocumentId>000.00.00.G22,2025/07/01,1234/VPCP-KSTT</edXML:DocumentId>", ""),
            errc::identification_missing);
    refuses(replaced(status, "<edXML:StatusCode>03</edXML:StatusCode>", "<edXML:StatusCode/>"),
            errc::status_code_missing);
    refuses(replaced(status, "<edXML:OrganId>000.00.00.H48</edXML:OrganId>", ""), errc::recipient_missing);
    refuses(replaced(status, "<edXML:OrganId>000.00.00.G22</edXML:OrganId>", ""), errc::from_missing);
}

BOOST_AUTO_TEST_CASE(foreign_and_older_formats_are_named) {
    std::string whole = sample("edoc-sample.edxml");
    refuses("", errc::empty);
    refuses(" \n ", errc::empty);
    refuses("%PDF-1.4 and so on", errc::not_xml);
    refuses(std::string(5000, 'x') + whole, errc::not_xml);
    refuses(std::string("PK\3\4\0\0\0", 7), errc::not_xml);
    refuses("<html/>", errc::not_edxml);
    refuses("<edXML xmlns='urn:x'/>", errc::not_edxml);
    refuses("<edXML xmlns='http://www.mic.gov.vn/TBT/QCVN_102_2016'/>", errc::not_edxml);
    for (const char* old : {"http://www.go.vn/eDoc", "http://www.e-doc.vn/Schema/"})
        refuses(replaced(whole, namespace_uri, old), errc::old_namespace);
    std::string soap =
        "<soap-env:Envelope xmlns:soap-env='http://schemas.xmlsoap.org/soap/envelope/'><soap-env:Header>"
        "<edXML:MessageHeader xmlns:edXML='urn:edxml1'><edXML:From/><edXML:PromulgationInfo><edXML:Date>x</edXML:Date>"
        "</edXML:PromulgationInfo></edXML:MessageHeader></soap-env:Header></soap-env:Envelope>";
    refuses(soap, errc::edxml_1_0);
    refuses(replaced(whole, "encoding=\"UTF-8\"", "encoding=\"windows-1258\""), errc::encoding_unsupported);
    refuses("\xFF\xFE<\0e\0", errc::encoding_unsupported);
    refuses(std::string_view("<\0e\0d\0", 6), errc::encoding_unsupported);
    refuses(replaced(whole, "KT. CH", "KT. \xC0\xAF"), errc::encoding_unsupported);
    refuses(whole.substr(0, whole.size() / 2), errc::truncated);
    refuses(whole.substr(0, whole.size() - 3), errc::truncated);
    refuses(whole + "<more/>", errc::not_well_formed);
    refuses(replaced(whole, "</edXML:From>", "</edXML:Form>"), errc::not_well_formed);
    refuses(replaced(whole, "<edXML:Place>Như trên", "<edXML:Place>&unknown;"), errc::not_well_formed);
}

BOOST_AUTO_TEST_CASE(the_1_0_element_secret_is_exposed) {
    std::string whole =
        replaced(sample("edoc-sample.edxml"), "<edXML:OtherInfo>", "<edXML:OtherInfo><edXML:Secret>Mật</edXML:Secret>");
    packet p = reads(whole);
    BOOST_TEST(p.document()->header.other_info->secret == "Mật");
    BOOST_TEST((find_secret_marker(p.document()->header)->level == secret_level::mat));
}

BOOST_AUTO_TEST_CASE(a_status_may_use_the_gateway_variant_and_any_code) {
    std::string status = sample("status-sample.edxml");
    BOOST_TEST(reads(replaced(status, "<edXML:StatusCode>03<", "<edXML:StatusCode>07<")).status()->status_code == "07");
    std::string variant =
        replaced(replaced(status, "edXML:MessageHeader", "edXML:Status"), "2025/07/15 16:42:10", "15/07/2025 16:42:10");
    packet p = reads(variant);
    BOOST_REQUIRE(p.status());
    BOOST_TEST(has(p.findings, status_element_name));
    BOOST_TEST(has(p.findings, date_form));
    BOOST_TEST((p.status()->timestamp.value == reads(status).status()->timestamp.value));
    std::string soap = replaced(replaced(variant, "<edXML xmlns=\"http://www.mic.gov.vn/TBT/QCVN_102_2016\">",
                                         "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'>"),
                                "</edXML>", "</s:Envelope>");
    p = reads(soap);
    BOOST_TEST(has(p.findings, soap_envelope));
    BOOST_TEST(p.status()->status_code == "03");
}

BOOST_AUTO_TEST_CASE(a_recall_without_its_own_document_id_is_resolved) {
    std::string recall =
        replaced(sample("edoc-sample.edxml"), "<edXML:BussinessDocType>0<", "<edXML:BussinessDocType>1<");
    packet p = reads(recall);
    BOOST_TEST((bussiness_type_of(p.document()->header) == bussiness_type::recall));
    BOOST_TEST(target_document_id(p.document()->header) == "000.00.00.H48,2025/07/15,321/UBND-KGVX");
    BOOST_TEST(has(p.findings, recall_target_inferred));
    packet with = reads(replaced(recall, "<edXML:BussinessDocType>",
                                 "<edXML:DocumentId>X-1</edXML:DocumentId><edXML:BussinessDocType>"));
    BOOST_TEST(target_document_id(with.document()->header) == "X-1");
    BOOST_TEST(!has(with.findings, recall_target_inferred));
}

BOOST_AUTO_TEST_CASE(the_header_is_known_before_the_first_attachment_and_may_end_the_reading) {
    std::string whole = sample("edoc-sample.edxml");
    collecting_sink sink;
    packet_reader reader;
    reader.deliver_to(sink);
    int called = 0;
    reader.on_header([&](const packet& so_far) -> result<> {
        ++called;
        BOOST_TEST(so_far.document()->header.to.size() == 2u);
        BOOST_TEST(so_far.document()->manifest.size() == 1u);
        BOOST_TEST(sink.all.empty());
        return failed(errc::too_large, "quota");
    });
    auto fed = reader.feed(as_bytes(whole));
    BOOST_REQUIRE(!fed);
    BOOST_TEST(fed.error().detail == "quota");
    BOOST_TEST(called == 1);
    BOOST_TEST(!reader.finish().has_value());
    BOOST_TEST(sink.all.empty());
}

BOOST_AUTO_TEST_CASE(contents_passed_over_leave_where_they_stand_and_all_else) {
    for (const std::string& whole : {sample("edoc-sample.edxml"), packet_with({{"a.txt", "aGVsbG8="}, {"b", "?"}})}) {
        packet full = reads(whole);
        packet_reader reader;
        reader.pass_over_contents();
        BOOST_REQUIRE(reader.feed(as_bytes(whole)));
        packet p = reader.finish().value();
        BOOST_TEST((p.document()->header == full.document()->header));
        BOOST_REQUIRE(p.document()->attachments.size() == full.document()->attachments.size());
        for (std::size_t i = 0; i < p.document()->attachments.size(); ++i) {
            const attachment_info &a = p.document()->attachments[i], &b = full.document()->attachments[i];
            BOOST_TEST((a.transfer == b.transfer));
            BOOST_TEST(a.name == b.name);
            BOOST_TEST((a.sha256 == digest{}));
            BOOST_TEST(a.size == 0u);
        }
        BOOST_TEST((p.packet_sha256 == digest{}));
    }
}

BOOST_AUTO_TEST_CASE(every_finding_has_its_texts) {
    for (int i = 1; i <= int(more_findings); ++i) {
        const finding_row& row = describe(static_cast<finding_code>(i));
        BOOST_TEST(!row.name.empty());
        BOOST_TEST(!row.message_vi.empty());
        BOOST_TEST(!row.message_en.empty());
    }
    BOOST_TEST(finding_rows().size() == std::size_t(more_findings));
}

BOOST_AUTO_TEST_CASE(dates_are_understood_only_without_doubt) {
    auto d = [](const char* t) { return packet_date::parse(t).value; };
    BOOST_TEST((d("2025/07/15") == 2025y / 7 / 15));
    BOOST_TEST((d("2025-07-15") == 2025y / 7 / 15));
    BOOST_TEST((d("15/07/2025") == 2025y / 7 / 15));
    BOOST_TEST((d("07/07/2025") == 2025y / 7 / 7));
    for (const char* wrong : {"", "x", "03/04/2025", "07/15/2025", "2025/13/01", "2025/02/29", "2025/07-15",
                              "-5/07/2025", "15/07/25", "2025/07/15 ", "2025/007/15"})
        BOOST_TEST(!d(wrong).has_value(), wrong);
}

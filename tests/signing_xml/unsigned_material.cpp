// What stands in or beside a signature and is under none: comments, instructions, attributes and texts that nobody
// signed.
#include "tests/signing_xml/forge.hpp"

using namespace vanthu;
using namespace vanthu::test;

BOOST_FIXTURE_TEST_SUITE(unsigned_material, attack_world)

BOOST_AUTO_TEST_CASE(a_comment_within_signed_text_is_remarked) {
    bytes good_letter = enveloped(letter); // its own comment stands between elements
    auto said = [&](const std::string& from, const std::string& to) {
        auto v = verify(changed(good_letter, from, to));
        BOOST_TEST(word(v) == "valid", told(v)); // canonical XML leaves comments out
        return signing::has_finding(v.report.signatures.at(0).findings, "xml.comment_in_signed_text");
    };
    BOOST_TEST(!said("<vb:So>", "<vb:So>"));
    BOOST_TEST(!said("<vb:NoiDung", "<!-- x --><vb:NoiDung"));
    BOOST_TEST(said(">321<", ">32<!-- -->1<"));
    BOOST_TEST(said(">321<", "><!-- 999 -->321<"));
    BOOST_TEST(said(">321<", ">321<!-- 999 --><"));
}

// "10<Signature/>0": whoever reads the first text reads 10.
BOOST_AUTO_TEST_CASE(a_signature_does_not_stand_in_the_middle_of_a_text) {
    bytes document = to_bytes("<a><tien>100</tien> <chu>đồng</chu>\n</a>");
    auto moved = [](const bytes& from, std::string_view before) {
        std::string text(as_text(from));
        std::size_t begin = text.find("<ds:Signature "), end = text.find("</ds:Signature>") + 15;
        std::string signature = text.substr(begin, end - begin);
        text.erase(begin, end - begin);
        return to_bytes(text.insert(text.find(before) + before.size(), signature));
    };
    bytes good = enveloped(document);
    for (const char* harmless : {"<a>", "</tien>", "</tien> ", "</chu>", "<tien>100", "</chu>\n"}) {
        auto v = verify(moved(good, harmless));
        BOOST_TEST(word(v) == "valid", harmless << told(v));
    }
    for (const char* middle : {"<tien>10", "<tien>", "<chu>đ", "<chu>"})
        refuses(moved(good, middle), "xml.signature_in_text", "indeterminate");
    refuses(changed(moved(good, "<tien>10"), "</ds:Signature>", "</ds:Signature><!-- -->"), "xml.signature_in_text");
    refuses(changed(moved(good, "<tien>1"), "</ds:Signature>", "</ds:Signature><![CDATA[]]>"), "xml.signature_in_text");
    // Two that leave each other out.
    auto beside = plain();
    beside.beside_others = true;
    bytes two = enveloped(enveloped(document, beside), beside);
    BOOST_TEST(word(verify(two)) == "valid", told(verify(two)));
    refuses(moved(moved(two, "<tien>10"), "<tien>10"), "xml.signature_in_text", "indeterminate");
    // Text in front of it is where signing leaves it.
    bytes mixed = enveloped(to_bytes("<a>100</a>"));
    BOOST_TEST(word(verify(mixed)) == "valid", told(verify(mixed)));
}

BOOST_AUTO_TEST_CASE(what_stands_outside_the_root_is_signed_or_not_there) {
    const std::string sheet = "<?xml-stylesheet type=\"text/xsl\" href=\"a.xsl\"?>", note = "<!-- Đồng ý chi 9 000 -->";
    bytes file = to_bytes("nội dung"), enveloping = xml::sign_enveloping(file, signer(), plain()).value(),
          whole = enveloped(letter), styled = enveloped(changed(letter, "?>", "?>" + sheet));
    for (const bytes* good : {&enveloping, &whole, &styled}) BOOST_TEST(word(verify(*good)) == "valid");
    for (const bytes* good : {&enveloping, &whole, &styled}) {
        for (const bytes& noted : {changed(*good, "?>", "?>" + note), to_bytes(std::string(as_text(*good)) + note)}) {
            auto told_of = verify(noted);
            BOOST_TEST(word(told_of) == "valid", told(told_of));
            BOOST_TEST(told(told_of).find("xml.comment_outside_root") != std::string::npos, told(told_of));
        }
    }
    refuses(changed(enveloping, "?>", "?>" + sheet), "xml.unsigned_outside", "indeterminate");
    refuses(to_bytes(std::string(as_text(enveloping)) + sheet), "xml.unsigned_outside", "indeterminate");
    refuses(changed(whole, "?>", "?>" + sheet), "xml.digest_mismatch", "invalid"); // signed with the document
}

BOOST_AUTO_TEST_CASE(attributes_that_nobody_signs_are_those_of_the_schema) {
    bytes document = stamped(enveloped(letter), at_time("2026-03-01T08:00:01Z"));
    bytes file = to_bytes("nội dung"), enveloping = xml::sign_enveloping(file, signer(), plain()).value();
    auto good = verify(changed(document, "<ds:KeyInfo>", "<ds:KeyInfo Id=\"k\">"));
    BOOST_TEST(word(good) == "valid", told(good));
    for (const char* tag : {"<ds:Signature", "<ds:SignatureValue", "<ds:KeyInfo", "<ds:X509Data", "<ds:X509Certificate",
                            "<xades:QualifyingProperties", "<xades:UnsignedProperties", "<xades:SignatureTimeStamp",
                            "<xades:EncapsulatedTimeStamp"})
        for (const char* more : {" note=\"chi\"", " xml:lang=\"vi\"", " onclick=\"x\""})
            refuses(changed(document, tag, std::string(tag) + more), "xml.unsigned_content", "indeterminate");
    refuses(changed(document, "<ds:Object", "<ds:Object note=\"chi\""), "xml.object_not_signed", "indeterminate");
    refuses(changed(document, "<ds:KeyInfo>", "<ds:KeyInfo Id=\"chi 5 tỷ đồng\">"), "xml.unsigned_content");
    const std::string type = "MimeType=\"text/xml\"";
    refuses(changed(enveloping, type, "MimeType=\"text/html\""), "xml.unsigned_content", "indeterminate");
    refuses(changed(enveloping, type, type + " note=\"chi\""), "xml.unsigned_content", "indeterminate");
    refuses(changed(enveloping, "Encoding=\"", "Encoding=\"x"), "xml.unsigned_content", "indeterminate");
    for (const std::string& gone : {" " + type, std::string()}) // less than was signed is no harm
        BOOST_TEST(word(verify(changed(enveloping, gone, ""))) == "valid");
}

BOOST_AUTO_TEST_CASE(markup_in_base64_that_was_signed_is_nobody_s) {
    bytes enveloping = xml::sign_enveloping(to_bytes("nội dung của tờ trình"), signer(), plain()).value();
    std::string content = base64_encode(to_bytes("nội dung của tờ trình"));
    for (const char* markup : {"<!-- -->", "<?x y?>"})
        for (std::size_t at : {0u, 7u})
            refuses(changed(enveloping, content, std::string(content).insert(at, markup)), "xml.unsigned_content",
                    "indeterminate");
}

BOOST_AUTO_TEST_CASE(texts_that_nobody_signs_are_names_numbers_and_times) {
    bytes document = stamped(enveloped(letter), at_time("2026-03-01T08:00:01Z"));
    auto with = [&](const std::string& issuer, const std::string& time, const std::string& number) {
        return changed(document, "</xades:UnsignedSignatureProperties>",
                       "<xades:CompleteRevocationRefs xmlns:xades=\"http://uri.etsi.org/01903/v1.3.2#\"><xades:CRLRefs>"
                       "<xades:CRLRef><xades:CRLIdentifier URI=\"http://ca/a.crl\"><xades:Issuer>" +
                           issuer + "</xades:Issuer><xades:IssueTime>" + time + "</xades:IssueTime><xades:Number>" +
                           number +
                           "</xades:Number></xades:CRLIdentifier></xades:CRLRef></xades:CRLRefs>"
                           "</xades:CompleteRevocationRefs></xades:UnsignedSignatureProperties>");
    };
    const std::string name = "CN=Vanthu Test Sub CA, O=Vanthu", time = "2026-03-01T08:00:01Z", number = "17";
    BOOST_TEST(word(verify(with(name, time, number))) == "valid", told(verify(with(name, time, number))));
    for (const std::string text : {"Duyệt chi 5 tỷ đồng cho công ty X", "=Duyệt", "Duyệt chi CN=X"})
        refuses(with(text, time, number), "xml.unsigned_content", "indeterminate");
    refuses(with(name, "Duyệt", number), "xml.unsigned_content", "indeterminate");
    refuses(with(name, time, "5 tỷ"), "xml.unsigned_content", "indeterminate");
}

BOOST_AUTO_TEST_CASE(a_signature_inside_a_signature_is_no_counter_signature_by_its_place_alone) {
    bytes stamped_letter = stamped(enveloped(letter), at_time("2026-03-01T08:00:01Z"));
    std::string inner = "<ds:Signature><ds:KeyInfo></ds:KeyInfo></ds:Signature>",
                counter = "<xades:CounterSignature xmlns:xades=\"http://uri.etsi.org/01903/v1.3.2#\">" + inner +
                          "</xades:CounterSignature>";
    auto v = verify(changed(stamped_letter, "</xades:UnsignedSignatureProperties>",
                            counter + "</xades:UnsignedSignatureProperties>"));
    BOOST_TEST(word(v) == "valid", told(v));
    BOOST_TEST(signing::has_finding(v.report.signatures.at(0).findings, "xml.nested_signature"));
    std::string content = counter;
    content.insert(content.find("</ds:KeyInfo>"), "<So>999</So>");
    refuses(changed(stamped_letter, "</xades:UnsignedSignatureProperties>",
                    content + "</xades:UnsignedSignatureProperties>"),
            "xml.unsigned_content", "indeterminate");
    for (const char* at : {"</ds:KeyInfo>", "</xades:UnsignedProperties>"})
        refuses(changed(stamped_letter, at, counter + at), "xml.nested_signature", "indeterminate");
    // Out of what a filter signs a signature is left; in a signed Object it is nobody's.
    refuses(changed(stamped_letter, "</ds:Signature>", "<ds:Object>" + inner + "</ds:Object></ds:Signature>"),
            "xml.nested_signature", "indeterminate");
}

BOOST_AUTO_TEST_CASE(content_beside_a_signature_that_leaves_itself_out_is_reported) {
    bytes enveloped_letter = enveloped(letter);
    refuses(changed(enveloped_letter, "</ds:Signature>", "<ds:Object>giả</ds:Object></ds:Signature>"),
            "xml.object_not_signed", "indeterminate");
    bytes file = to_bytes("nội dung");
    bytes enveloping = xml::sign_enveloping(file, signer(), plain()).value();
    refuses(changed(enveloping, "</ds:Signature>", "<ds:Object>giả</ds:Object></ds:Signature>"),
            "xml.object_not_signed", "indeterminate");
    // Content smuggled beside the properties, by a name that the document has too.
    const std::string forged = "<VanBan><So>999</So></VanBan>", signature_mark = "<ds:Signature ";
    bytes stamped_letter = stamped(enveloped_letter, at_time("2026-03-01T08:00:01Z"));
    BOOST_TEST(word(verify(stamped_letter)) == "valid", told(verify(stamped_letter)));
    struct smuggled {
        std::string at, finding = "xml.unsigned_content";
    };
    for (const smuggled& one : std::vector<smuggled>{{"</ds:KeyInfo>"},
                                                     {"</ds:X509Data>"},
                                                     {"</xades:SignatureTimeStamp>"},
                                                     {"</xades:UnsignedSignatureProperties>"},
                                                     {"</xades:UnsignedProperties>"},
                                                     {"</xades:QualifyingProperties>"}}) {
        for (const std::string& what : std::vector<std::string>{
                 forged, std::string("Chi cho Eve 9 000 000"), "<ds:KeyValue>" + forged + "</ds:KeyValue>",
                 "<ds:KeyName>" + forged + "</ds:KeyName>", "<ds:X509SKI>Chi cho Eve 9 000 000 đồng</ds:X509SKI>",
                 "<ds:KeyName>" + std::string(513, 'x') + "</ds:KeyName>", "<ds:SPKIData>" + forged + "</ds:SPKIData>",
                 std::string("<xades:UnsignedDataObjectProperties "
                             "xmlns:xades=\"http://uri.etsi.org/01903/v1.3.2#\"><xades:UnsignedDataObjectProperty>9"
                             "</xades:UnsignedDataObjectProperty></xades:UnsignedDataObjectProperties>")}) {
            bytes attack = changed(stamped_letter, one.at, what + one.at);
            refuses(attack, one.finding, "indeterminate");
            BOOST_TEST(verify(attack).report.signatures.at(0).covers == "part");
        }
    }
    // The signature goes to the front, so that the stranger is the first of the name.
    std::string text(as_text(changed(stamped_letter, "</ds:KeyInfo>", forged + "</ds:KeyInfo>")));
    std::size_t from = text.find(signature_mark), to = text.find("</ds:Signature>") + 15;
    std::string moved = text.substr(from, to - from), rest = text.erase(from, to - from);
    refuses(to_bytes(rest.insert(rest.find("<vb:So>"), moved)), "xml.unsigned_content", "indeterminate");
    // A key's name and number are no content.
    auto named = verify(changed(enveloped_letter, "<ds:X509Data>", "<ds:KeyName>An</ds:KeyName><ds:X509Data>"));
    BOOST_TEST(word(named) == "valid", told(named));
    // Content smuggled beside the properties of what is no document.
    refuses(changed(enveloping, "</xades:QualifyingProperties>", "</xades:QualifyingProperties><b/>"),
            "xml.object_not_signed", "indeterminate");
}

BOOST_AUTO_TEST_SUITE_END()

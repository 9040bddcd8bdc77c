// Signatures made here, judged here, by xmlsec1 and by the XMLDSig of the JDK.
#include "daemon/base/base64.hpp"
#include "tests/signing_xml/world.hpp"

#include <map>

using namespace vanthu;
using namespace vanthu::test;

namespace {

// 0: the signature is good, by a certificate that leads to the root.
int xmlsec_verify(const xml_world& w, const bytes& document, const std::string& id_attribute = {}) {
    temporary_directory folder;
    write_file(folder.path() / "signed.xml", document);
    write_file(folder.path() / "root.pem", as_bytes(w.ca.root().certificate_pem()));
    write_file(folder.path() / "sub.pem", as_bytes(w.ca.sub().certificate_pem()));
    std::vector<std::string> command{"xmlsec1",
                                     "--verify",
                                     "--id-attr:Id",
                                     "http://uri.etsi.org/01903/v1.3.2#:SignedProperties",
                                     "--trusted-pem",
                                     (folder.path() / "root.pem").string(),
                                     "--untrusted-pem",
                                     (folder.path() / "sub.pem").string(),
                                     "--verification-time",
                                     "2026-03-01 08:00:00"};
    if (!id_attribute.empty()) command.insert(command.begin() + 2, {"--id-attr:Id", id_attribute});
    command.push_back((folder.path() / "signed.xml").string());
    std::string said;
    int code = run(command, &said);
    if (code != 0) BOOST_TEST_MESSAGE(said);
    return code;
}

// What the JDK says of the core of each signature, one letter a document: "v" valid, "x" not.
std::string java_verify(const std::vector<bytes>& documents) {
    temporary_directory folder;
    std::vector<std::string> command{"java", VANTHU_SOURCE_DIR "/tests/signing_xml/VerifyXml.java"};
    for (std::size_t i = 0; i < documents.size(); ++i) {
        command.push_back((folder.path() / (std::to_string(i) + ".xml")).string());
        write_file(command.back(), documents[i]);
    }
    std::string output;
    run(command, &output);
    BOOST_TEST_MESSAGE(output);
    std::string answer;
    for (std::size_t i = 0; i < documents.size(); ++i)
        answer += output.find(std::to_string(i) + ".xml: true") != output.npos ? 'v' : 'x';
    return answer;
}

} // namespace

BOOST_AUTO_TEST_SUITE(signing_documents)

BOOST_AUTO_TEST_CASE(an_enveloped_signature_is_valid_here_and_for_xmlsec) {
    for (test_key kind : {test_key::rsa_2048, test_key::p256, test_key::p384}) {
        xml_world w(kind);
        bytes document = w.enveloped(w.letter);
        auto verdict = w.verify(document);
        BOOST_TEST(word(verdict) == "valid", told(verdict));
        const auto& s = verdict.report.signatures.at(0);
        BOOST_TEST(s.format == "xades");
        BOOST_TEST(s.level == "B-B");
        BOOST_TEST(s.covers == "whole");
        BOOST_TEST(s.signer.common_name == "Nguyễn Văn A");
        BOOST_TEST((s.claimed_time == signed_at));
        const auto& part = verdict.reading.signatures.at(0).parts.at(0);
        BOOST_TEST(part.path == "/");
        BOOST_TEST(part.mime_type == "text/xml");
        BOOST_TEST(part.intact);
        BOOST_TEST(xmlsec_verify(w, document) == 0);
    }
}

BOOST_AUTO_TEST_CASE(nothing_but_the_signature_is_added) {
    xml_world w;
    bytes document = w.enveloped(w.letter);
    std::string text(as_text(document));
    std::size_t begin = text.find("<ds:Signature "), end = text.find("</ds:Signature>") + 15;
    BOOST_TEST(text.erase(begin, end - begin) == as_text(w.letter));
}

BOOST_AUTO_TEST_CASE(an_rsa_pss_signature_is_valid) { // xmlsec1 1.2 has no PSS
    xml_world w(test_key::rsa_2048);
    bytes document = w.enveloped(w.letter, xml_world::plain(), true);
    auto verdict = w.verify(document);
    BOOST_TEST(word(verdict) == "valid", told(verdict));
    BOOST_TEST(verdict.report.signatures.at(0).signature_algorithm == "RSASSA-PSS");
}

BOOST_AUTO_TEST_CASE(a_packet_is_sealed_where_the_field_puts_the_signature) {
    xml_world w(test_key::rsa_2048);
    bytes packet = w.enveloped(sample_packet(), xml::edxml_seal(signed_at));
    BOOST_TEST(as_text(packet).find("</Signature></edXML:edXMLHeader>") != std::string::npos);
    auto verdict = w.verify(packet);
    BOOST_TEST(word(verdict) == "valid", told(verdict));
    BOOST_TEST(verdict.report.signatures.at(0).covers == "whole");
    BOOST_TEST(xmlsec_verify(w, packet) == 0);
    // A hop that adds its TraceHeader breaks the seal.
    bytes onward = changed(packet, "</edXML:TraceHeaderList>", "<edXML:TraceHeader/></edXML:TraceHeaderList>");
    BOOST_TEST(word(w.verify(onward)) == "invalid");
}

BOOST_AUTO_TEST_CASE(the_signed_sample_packet_of_the_field_is_read) {
    auto root = std::filesystem::path(VANTHU_SOURCE_DIR) / "tests/samples";
    bytes packet = read_file(root / "edoc-sample.edxml");
    auto signer = x509::parse_certificate(read_file(root / "edoc-sample-signer.pem")).value();
    x509::trust_store trust{{signer}, {}, {}};
    auto verdict = xml::verify(xml::in_memory(packet), trust, {}, at_time("2026-12-01T00:00:00Z"),
                               {.revocation = x509::revocation_rule::if_present});
    // Its signer made himself a CA: the content is intact, but such a certificate signs no documents.
    BOOST_TEST(verdict.report.signatures.at(0).sub_indication == "CHAIN_CONSTRAINTS_FAILURE", told(verdict));
    BOOST_TEST(signing::has_finding(verdict.report.signatures.at(0).findings, "x509.ca_as_signer"));
    BOOST_TEST(verdict.reading.signatures.at(0).facts.objections.empty());
    BOOST_TEST(verdict.report.signatures.at(0).format == "xmldsig");
    BOOST_TEST(verdict.report.signatures.at(0).level == "");
    BOOST_TEST(verdict.report.signatures.at(0).covers == "whole");
    verdict = xml::verify(xml::in_memory(changed(packet, "tỉnh Quảng Ngãi", "tỉnh Quảng Nam")), trust, {},
                          at_time("2026-12-01T00:00:00Z"));
    BOOST_TEST(word(verdict) == "invalid");
}

BOOST_AUTO_TEST_CASE(an_enveloping_signature_carries_its_content) {
    xml_world w(test_key::rsa_2048);
    auto options = xml_world::plain();
    options.mime_type = "application/pdf";
    bytes content = to_bytes("%PDF-1.4 <&> nhị phân \x01\x02");
    bytes document = xml::sign_enveloping(content, w.signer(), options).value();
    auto verdict = w.verify(document);
    BOOST_TEST(word(verdict) == "valid", told(verdict));
    BOOST_TEST(verdict.report.signatures.at(0).covers == "whole");
    BOOST_TEST(verdict.reading.signatures.at(0).parts.at(0).path == "/Signature/Object");
    BOOST_TEST(verdict.reading.signatures.at(0).parts.at(0).mime_type == "application/pdf");
    BOOST_TEST(xmlsec_verify(w, document, "http://www.w3.org/2000/09/xmldsig#:Object") == 0);
}

BOOST_AUTO_TEST_CASE(a_detached_signature_needs_the_very_files_it_names) {
    xml_world w;
    bytes one = to_bytes("một"), two = to_bytes("hai");
    bytes document = xml::sign_detached({{"công văn.pdf", "application/pdf", sha256::of(one)},
                                         {"phu-luc/2.txt", "text/plain", sha256::of(two)}},
                                        w.signer(), xml_world::plain(), "XAdESSignatures")
                         .value();
    std::map<std::string, bytes> files{{"công văn.pdf", one}, {"phu-luc/2.txt", two}};
    xml::outside others = [&](const std::string& uri) -> std::optional<xml::source> {
        auto found = files.find(xml::from_reference_uri(uri).value());
        if (found == files.end()) return std::nullopt;
        return xml::in_memory(found->second);
    };
    auto verdict = w.verify(document, signed_at, others);
    BOOST_TEST(word(verdict) == "valid", told(verdict));
    BOOST_TEST(verdict.report.signatures.at(0).covers == "whole");
    BOOST_TEST(verdict.reading.signatures.at(0).parts.at(0).path == "công văn.pdf");
    BOOST_TEST(verdict.reading.signatures.at(0).parts.at(1).mime_type == "text/plain");
    files["phu-luc/2.txt"].push_back('!');
    BOOST_TEST(word(w.verify(document, signed_at, others)) == "invalid");
    files.erase("phu-luc/2.txt");
    verdict = w.verify(document, signed_at, others);
    BOOST_TEST(word(verdict) == "indeterminate");
    BOOST_TEST(signing::has_finding(verdict.report.signatures.at(0).findings, "xml.reference_missing"));
}

// What is kept of a certificate from one signature to the next is that certificate's.
BOOST_AUTO_TEST_CASE(signers_who_take_turns_name_their_own_certificates) {
    xml_world first, second(test_key::rsa_2048);
    const bytes content = to_bytes("một");
    xml::outside the_one = [&](const std::string&) { return std::optional<xml::source>(xml::in_memory(content)); };
    for (int turn = 0; turn < 3; ++turn)
        for (const xml_world* w : {&first, &second})
            for (bool chain : {true, false})
                for (const char* prefix : {"ds", ""}) {
                    auto options = xml_world::plain();
                    options.embed_chain = chain;
                    options.prefix = prefix;
                    const bytes document =
                        xml::sign_detached({{"1.txt", "text/plain", sha256::of(content)}}, w->signer(), options)
                            .value();
                    const std::string_view text = as_text(document);
                    const std::string name = (*prefix ? std::string(prefix) + ":" : "") + "X509Certificate>";
                    auto count = [&](const std::string& what) {
                        int found = 0;
                        for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++found;
                        return found;
                    };
                    BOOST_TEST(count("<" + name) == (chain ? 2 : 1));
                    BOOST_TEST(count(base64_encode(w->signer().leaf.der())) == 1);
                    BOOST_TEST(count(base64_encode(w->signer().chain.front().der())) == (chain ? 1 : 0));
                    if (chain) BOOST_TEST(word(w->verify(document, signed_at, the_one)) == "valid");
                }
}

// What is signed is hashed as it is written, without canonicalising it: others who do must come to the same octets.
BOOST_AUTO_TEST_CASE(a_signature_is_written_as_others_canonicalise_it) {
    for (test_key kind : {test_key::rsa_2048, test_key::p256})
        for (const char* prefix : {"ds", "", "s"})
            for (const char* type : {"text/xml", "text/x; a=\"<b> & 'c'\"", "văn/bản", "a\tb\r\nc"}) {
                xml_world w(kind);
                auto options = xml_world::plain();
                options.prefix = prefix;
                options.mime_type = type;
                bytes document = to_bytes("<?xml version=\"1.0\"?><!-- x --><a xmlns=\"urn:a\" xmlns:b=\"urn:b\" "
                                          "xml:lang=\"vi\" xml:space=\"preserve\" b:c=\"1\"> <!-- x --><b:d "
                                          "Id=\"id-x\"/> </a>");
                bytes within = w.enveloped(document, options);
                BOOST_TEST(word(w.verify(within)) == "valid", told(w.verify(within)));
                BOOST_TEST(xmlsec_verify(w, within) == 0, prefix << " " << type);
                bytes around = xml::sign_enveloping(document, w.signer(), options).value();
                BOOST_TEST(word(w.verify(around)) == "valid", told(w.verify(around)));
                BOOST_TEST(xmlsec_verify(w, around, "http://www.w3.org/2000/09/xmldsig#:Object") == 0);
            }
}

BOOST_AUTO_TEST_CASE(awkward_names_of_files_are_written_as_others_canonicalise_them) {
    xml_world w;
    bytes content = to_bytes("một");
    xml::outside the_one = [&](const std::string&) { return std::optional<xml::source>(xml::in_memory(content)); };
    for (std::string name : {"a&b's \"c\" <d>.pdf", "công văn.pdf", "a%20b(1)[2]{3}^~`+=,;@.txt", "a\tb\rc\nd"}) {
        std::vector<xml::detached_file> files;
        for (std::size_t i = 0; i < 40; ++i) { // few, and so many that the reader is asked
            files.push_back({std::to_string(i) + name, "application/pdf", sha256::of(content)});
            if (i != 0 && i != 39) continue;
            bytes document = xml::sign_detached(files, w.signer(), xml_world::plain()).value();
            auto verdict = w.verify(document, signed_at, the_one);
            BOOST_TEST(word(verdict) == "valid", name << ": " << told(verdict));
        }
    }
}

BOOST_AUTO_TEST_CASE(what_the_reader_would_refuse_is_refused_before_the_key_is_used) {
    xml_world w;
    cms::signer never = w.signer();
    never.sign = [](bytes_view) -> result<bytes> {
        BOOST_ERROR("the key was used");
        return bytes{};
    };
    std::vector<xml::detached_file> many(100, {"a.pdf", "application/pdf", digest{}});
    BOOST_TEST(!xml::sign_detached(many, never, xml_world::plain()));
    xml::sign_options narrow = xml_world::plain();
    narrow.bounds.signature_bytes = 2000;
    BOOST_TEST(!xml::sign_enveloped(xml::in_memory(w.letter), never, narrow));
    BOOST_TEST(!xml::sign_enveloping(w.letter, never, narrow));
}

BOOST_AUTO_TEST_CASE(java_agrees_about_every_form) {
    xml_world rsa(test_key::rsa_2048), ec(test_key::p256);
    bytes enveloped = ec.enveloped(ec.letter);
    BOOST_TEST(java_verify({rsa.enveloped(rsa.letter), enveloped, rsa.enveloped(rsa.letter, xml_world::plain(), true),
                            rsa.enveloped(sample_packet(), xml::edxml_seal(signed_at)),
                            xml::sign_enveloping(ec.letter, ec.signer(), xml_world::plain()).value(),
                            changed(enveloped, "321", "322")}) == "vvvvvx");
}

BOOST_AUTO_TEST_CASE(the_verdict_does_not_depend_on_how_a_file_is_read) {
    xml_world w;
    bytes document = w.enveloped(sample_packet(), xml::edxml_seal(signed_at));
    for (std::size_t size : {1u, 3u, 7u, 64u, 1000u}) {
        xml::source pieces = [&](const xml::byte_sink& sink) -> result<> {
            for (std::size_t i = 0; i < document.size(); i += size)
                VANTHU_CHECK(sink(bytes_view(document).subspan(i, std::min(size, document.size() - i))));
            return {};
        };
        auto verdict = xml::verify(pieces, w.trust, w.known, signed_at);
        BOOST_TEST(word(verdict) == "valid", size << ": " << told(verdict));
    }
}

BOOST_AUTO_TEST_CASE(a_second_enveloped_signature_is_refused) {
    xml_world w;
    bytes document = w.enveloped(w.letter);
    auto again = xml::sign_enveloped(xml::in_memory(document), w.signer(), xml_world::plain());
    BOOST_TEST(again.error().code == xml::errc::already_signed);
}

BOOST_AUTO_TEST_CASE(signatures_that_leave_signatures_out_stand_beside_each_other) {
    xml_world w, rsa(test_key::rsa_2048);
    xml::sign_options beside = xml_world::plain();
    beside.beside_others = true;
    bytes one = w.enveloped(w.letter, beside);
    bytes two = w.enveloped(one, beside);
    auto verdict = w.verify(two);
    BOOST_TEST(word(verdict) == "valid", told(verdict));
    BOOST_REQUIRE_EQUAL(verdict.report.signatures.size(), 2u);
    for (const auto& s : verdict.report.signatures) BOOST_TEST(s.covers == "whole");
    bytes other_prefix = w.letter;
    xml::sign_options plain_prefix = beside;
    plain_prefix.prefix = "";
    BOOST_TEST(word(w.verify(w.enveloped(w.enveloped(other_prefix, plain_prefix), beside))) == "valid");
    for (const auto& [from, to] : {std::pair("321", "322"), std::pair("a &amp; b", "c")})
        BOOST_TEST(word(w.verify(changed(two, from, to))) == "invalid", from);
    BOOST_TEST(java_verify({rsa.enveloped(rsa.letter, beside), two, changed(two, "321", "322")}) == "vvx");
    // Either of the two kinds would sign, or be signed by, the other.
    auto refused = [&](const bytes& document, const xml::sign_options& how) {
        return xml::sign_enveloped(xml::in_memory(document), w.signer(), how).error().code;
    };
    BOOST_TEST(refused(one, xml_world::plain()) == xml::errc::already_signed);
    BOOST_TEST(refused(w.enveloped(w.letter), beside) == xml::errc::already_signed);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_signed_is_refused_with_its_reason) {
    xml_world w;
    auto refusal = [&](std::string_view document, const xml::sign_options& options, const cms::signer& who) {
        bytes kept = to_bytes(document);
        return xml::sign_enveloped(xml::in_memory(kept), who, options).error().code;
    };
    BOOST_TEST(refusal("<a>", xml_world::plain(), w.signer()) == xml::errc::not_xml);
    BOOST_TEST(refusal("<p:a></p:a>", xml_world::plain(), w.signer()) == xml::errc::not_xml);
    BOOST_TEST(refusal("<!DOCTYPE a><a></a>", xml_world::plain(), w.signer()) == xml::errc::doctype_refused);
    BOOST_TEST(refusal("<a/>", xml_world::plain(), w.signer()) == xml::errc::place_not_found);
    BOOST_TEST(refusal("<a></a>", xml::edxml_seal(signed_at), w.signer()) == xml::errc::place_not_found);
    cms::signer unfit = w.signer();
    unfit.scheme = x509::scheme::rsa_pkcs1;
    BOOST_TEST(refusal("<a></a>", xml_world::plain(), unfit) == xml::errc::key_unfit);
    cms::signer wrong = w.signer();
    wrong.sign = [](bytes_view) -> result<bytes> { return bytes(70, 1); };
    BOOST_TEST(refusal("<a></a>", xml_world::plain(), wrong) == xml::errc::signer_failed);
    auto small = xml_world::plain();
    small.bounds.bytes = 3;
    BOOST_TEST(refusal("<a></a>", small, w.signer()) == xml::errc::over_budget);
}

BOOST_AUTO_TEST_CASE(a_token_may_answer_with_r_and_s_side_by_side) {
    xml_world w;
    cms::signer raw = w.signer();
    raw.sign = [key = w.who](bytes_view h) -> result<bytes> {
        bytes der = key.sign_sha256(h), out;
        for (std::size_t at = 2; at < der.size(); at += 2 + der[at + 1]) { // 02 length value, twice
            bytes_view value = bytes_view(der).subspan(at + 2, der[at + 1]);
            while (value.size() > 32) value = value.subspan(1);
            out.insert(out.end(), 32 - value.size(), 0);
            out.insert(out.end(), value.begin(), value.end());
        }
        return out;
    };
    auto what = xml::sign_enveloped(xml::in_memory(w.letter), raw, xml_world::plain());
    BOOST_REQUIRE(what);
    BOOST_TEST(word(w.verify(xml::spliced(w.letter, *what))) == "valid");
}

BOOST_AUTO_TEST_CASE(an_unsigned_document_is_unsigned) {
    xml_world w;
    BOOST_TEST(word(w.verify(w.letter)) == "unsigned");
    auto not_xml = w.verify(to_bytes("<a>"));
    BOOST_TEST(word(not_xml) == "indeterminate");
    BOOST_TEST(signing::has_finding(not_xml.report.findings, "xml.not_xml"));
}

BOOST_AUTO_TEST_SUITE_END()

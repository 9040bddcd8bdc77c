// Which format a file is, decided once, whatever else it also looks like.
#include "signing/asic/container.hpp"
#include "signing/signed_file/file_name.hpp"
#include "signing/signed_file/verify.hpp"
#include "signing/xml/sign.hpp"

#include "daemon/base/base64.hpp"
#include "tests/signing_cms/world.hpp"

using namespace vanthu;
using namespace vanthu::test;
using signing::verdict;

namespace {

std::string pem(bytes_view der, const std::string& label = "CMS") {
    std::string body = base64_encode(der), out = "-----BEGIN " + label + "-----\n";
    for (std::size_t at = 0; at < body.size(); at += 64) out += body.substr(at, 64) + "\n";
    return out + "-----END " + label + "-----\n";
}

struct desk : world {
    bytes message = cms::attach(stamp(sign(), at_time("2026-02-01T00:00:00Z")), content).value();
    validation::file_report judge(bytes_view file) const { return signed_file::verify(file, trust, known, now); }
    verdict of(std::string_view text) const { return judge(as_bytes(text)).verdict; }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(a_message_is_read_as_der_and_as_pem, desk) {
    BOOST_TEST((judge(message).verdict == verdict::valid), validation::to_json(judge(message)));
    for (const std::string& text :
         {pem(message), pem(message, "PKCS7"), "\xEF\xBB\xBF" + pem(message), " \r\n\n" + pem(message) + "\r\n \n"}) {
        BOOST_TEST((of(text) == verdict::valid), text.substr(0, 40));
        BOOST_TEST((signed_file::kind_of(as_bytes(text)) == signed_file::kind::cms));
        BOOST_TEST((signed_file::message_in(as_bytes(text)).value() == message));
    }
    BOOST_TEST((signed_file::message_in(message).value() == message));
}

// The text that another signed would be shown with the verdict of the message hidden in it.
BOOST_FIXTURE_TEST_CASE(a_message_inside_another_messages_content_is_not_taken_for_it, desk) {
    world eve;
    eve.content = to_bytes("Chi cho Eve 9 000 000 đồng\n" + pem(message));
    bytes outer = cms::attach(eve.sign(), eve.content).value();
    auto report = judge(outer);
    BOOST_TEST((report.verdict == verdict::indeterminate), validation::to_json(report)); // Eve is not trusted
    BOOST_REQUIRE(report.signatures.size() == 1u);
    BOOST_TEST(report.signatures[0].signer.subject == eve.signer().leaf.subject());
    BOOST_TEST((signed_file::message_in(outer).value() == outer));
    // A file that begins like a message and is none.
    bytes none = to_bytes("\x30\x82\x7f\x7f\x06\x09" + pem(message));
    BOOST_TEST((judge(none).verdict == verdict::invalid));
}

BOOST_FIXTURE_TEST_CASE(a_pem_file_is_one_block_and_nothing_else, desk) {
    std::string one = pem(message), other = pem(message, "PKCS7"), cut = one.substr(0, one.size() - 5);
    for (const std::string& text : std::initializer_list<std::string>{
             one + one, one + other, one + "Chi cho Eve 9 000 000 đồng\n", one + '\0', cut, "-----BEGIN CMS-----\n",
             "-----BEGIN CMS-----\nA: b\n\n" + one.substr(20), pem({}), "-----BEGIN CMS-----" + other}) {
        BOOST_TEST((of(text) == verdict::invalid), text.substr(0, 40));
        BOOST_TEST((signed_file::message_in(as_bytes(text)).value_or(bytes{}).empty()));
    }
    for (const std::string& text : {"Chi cho Eve 9 000 000 đồng\n" + one, "\xEF\xBB\xBF\xEF\xBB\xBF" + one}) {
        BOOST_TEST((of(text) == verdict::unsigned_), text.substr(0, 40));
        BOOST_TEST(!signed_file::message_in(as_bytes(text)));
    }
}

// A reader goes by the name: what it then shows must be what was judged.
BOOST_FIXTURE_TEST_CASE(a_name_that_contradicts_the_format_leaves_nothing_valid, desk) {
    auto named = [&](const char* name, bytes_view file) {
        auto report = judge(file);
        BOOST_TEST((report.verdict == verdict::valid), validation::to_json(report));
        report.file = name;
        signed_file::check_file_name(report);
        bool said = signing::has_finding(report.findings, "file.name_contradicts");
        BOOST_TEST((report.verdict == (said ? verdict::indeterminate : verdict::valid)), name);
        for (const auto& s : report.signatures)
            BOOST_TEST((s.verdict == (said ? verdict::indeterminate : verdict::valid)), name);
        return said;
    };
    for (const char* silent :
         {"a.p7m", "a.pdf.p7m", "A.P7S", "a", "a.sig", "pdf", "a.b/c", "công văn.p7m ", "a.pdf/b.p7m"})
        BOOST_TEST(!named(silent, message), silent);
    for (const char* wrong : {"a.pdf", "A.PDF", "a.p7m.pdf", "a.pdf.", "a.pdf . ", "a.xml", "a.asice", "a.docx",
                              "a.html", ".pdf", "x/a.zip"})
        BOOST_TEST(named(wrong, message), wrong);
    bytes xml = to_bytes("<a>100</a>");
    xml = xml::spliced(xml, xml::sign_enveloped(xml::in_memory(xml), signer(), {.signing_time = now}).value());
    for (const char* silent : {"a.xml", "a.svg", "a.edxml", "a.txt"}) BOOST_TEST(!named(silent, xml), silent);
    for (const char* wrong : {"a.pdf", "a.p7m", "a.asice", "a.html"}) BOOST_TEST(named(wrong, xml), wrong);
    // A file without signatures is no better or worse for its name.
    auto none = judge(as_bytes(std::string_view("hello")));
    none.file = "a.pdf";
    signed_file::check_file_name(none);
    BOOST_TEST((none.verdict == verdict::unsigned_));
    // An invalid one stays invalid.
    bytes broken = message;
    broken[broken.size() / 4] ^= 1;
    auto bad = judge(broken);
    bad.file = "a.pdf", bad.verdict = verdict::invalid;
    signed_file::check_file_name(bad);
    BOOST_TEST((bad.verdict == verdict::invalid));
}

BOOST_FIXTURE_TEST_CASE(a_signed_xml_file_is_no_pdf_to_anybody, desk) {
    auto signed_xml = [&](std::string_view text) {
        bytes file = to_bytes(text);
        return xml::spliced(file, xml::sign_enveloped(xml::in_memory(file), signer(), {.signing_time = now}).value());
    };
    auto plain = judge(signed_xml("<a><!-- 5 objects, 1 0 object; obj = 7 --><b>obj: 12 obj. 100%PDF 1.4</b></a>"));
    BOOST_TEST((plain.verdict == verdict::valid), validation::to_json(plain));
    // Unsigned all: a comment within the root, the name of a prefix that nothing uses.
    for (const char* hidden :
         {"<a><!-- %PDF 1.4\n1 0 obj\n<< >> endobj --></a>", "<a><!--\n1 0 obj<</Type/Catalog>> --></a>",
          "<a xmlns:e='%PDF 1.4 1 0 obj[ ] endobj'></a>", "<a><!-- 1%\n0%\nobj(x) --></a>",
          "<a><!-- startxref 17 --></a>"}) {
        auto report = judge(signed_xml(hidden));
        BOOST_TEST((report.verdict == verdict::indeterminate), hidden);
        BOOST_TEST(signing::has_finding(report.findings, "file.second_document"), hidden);
        for (const auto& s : report.signatures) BOOST_TEST((s.verdict == verdict::indeterminate), hidden);
    }
}

// Two octets a character: other programs find a signature there that we do not read.
BOOST_FIXTURE_TEST_CASE(xml_in_another_encoding_is_not_called_unsigned, desk) {
    std::string text = "<a><Signature/></a>", big, little;
    for (char c : text) big += '\0', big += c, little += c, little += '\0';
    for (const std::string& file :
         {big, little, "\xFE\xFF" + big, "\xFF\xFE" + little, std::string("\0\0\0<\0\0\0a", 8),
          std::string("<\0\0\0a\0\0\0", 8), std::string("\x4C\x6F\xA7\x94")}) {
        auto report = judge(as_bytes(file));
        BOOST_TEST((report.verdict == verdict::indeterminate), to_hex(as_bytes(file)));
        BOOST_TEST(report.signatures.empty());
    }
    std::string note("\xFF\xFE"
                     "C\0h\0i\0 \0<\0",
                     12); // a text, not XML
    BOOST_TEST((of(note) == verdict::unsigned_));
}

BOOST_FIXTURE_TEST_CASE(a_message_in_base64_alone_is_judged_and_one_with_more_around_it_is_not_called_unsigned, desk) {
    std::string one = base64_encode(message), lines = one;
    for (std::size_t at = 76; at < lines.size(); at += 78) lines.insert(at, "\r\n");
    for (const std::string& text : {one, lines, "\xEF\xBB\xBF" + lines + "\r\n"}) {
        BOOST_TEST((of(text) == verdict::valid), text.substr(0, 40));
        BOOST_TEST((signed_file::message_in(as_bytes(text)).value() == message));
    }
    for (const std::string& text :
         {one + "\nChi cho Eve 9 000 000 đồng\n", one + "\n" + pem(message), one.substr(0, one.size() - 6) + "!"}) {
        auto report = judge(as_bytes(text));
        BOOST_TEST((report.verdict == verdict::indeterminate), validation::to_json(report));
        BOOST_TEST(signing::has_finding(report.findings, "file.encoded_message"));
    }
    // Text that only begins with the same letters.
    for (const char* text : {"MIIHVg", "MIIB is a file", "Mi"}) BOOST_TEST((of(text) == verdict::unsigned_), text);
}

BOOST_FIXTURE_TEST_CASE(a_signed_mail_is_not_called_unsigned, desk) {
    const std::string body = "\r\n\r\n" + base64_encode(message);
    for (const char* type :
         {"Content-Type: application/pkcs7-mime; smime-type=signed-data; name=\"smime.p7m\"",
          "CONTENT-TYPE: application/x-pkcs7-mime",
          "Content-Type: multipart/signed;\r\n protocol=\"application/pkcs7-signature\"; boundary=a"}) {
        auto report = judge(as_bytes("MIME-Version: 1.0\r\nFrom: a@b.vn\r\n" + std::string(type) + body));
        BOOST_TEST((report.verdict == verdict::indeterminate), type);
        BOOST_TEST(signing::has_finding(report.findings, "file.mail_message"), type);
    }
    BOOST_TEST((of("MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nXin chào") == verdict::unsigned_));
    BOOST_TEST((of("Về application/pkcs7-mime\n\nContent-Type: pkcs7-mime") == verdict::unsigned_));
}

// EN 319 162-1, 4.3.3.1: the mimetype may be left out. Where it stands elsewhere than first the container is irregular.
BOOST_FIXTURE_TEST_CASE(a_container_without_a_mimetype_in_front_is_judged_and_not_called_unsigned, desk) {
    const bytes text = to_bytes("Kính gửi");
    const auto type = [](asic::kind k) { return as_bytes(asic::mime_type(k)); };
    bytes alone = cms::build_signature(sha256::of(text), signer(), {.signing_time = now}).value();
    auto plan = asic::plan_extended({{"a.txt", "text/plain", text}});
    bytes over = cms::build_signature(plan.sha256(), signer(), {.signing_time = now}).value();
    const std::vector<asic::zip_file> simple{{"a.txt", text}, {"META-INF/signature.p7s", alone}},
        extended{{"a.txt", text}, {plan.name, plan.xml}, {plan.signature_name, over}};
    for (const auto& [files, kind] :
         {std::pair(simple, asic::kind::simple), std::pair(extended, asic::kind::extended)}) {
        bytes without = asic::write_zip(files).value();
        auto report = judge(without);
        BOOST_TEST((report.verdict == verdict::valid), validation::to_json(report));
        BOOST_TEST((asic::kind_of_container(without).value() == kind));
        auto last = files;
        last.push_back({"mimetype", type(kind)});
        report = judge(asic::write_zip(last).value());
        BOOST_TEST((report.verdict == verdict::indeterminate), validation::to_json(report));
        BOOST_TEST(signing::has_finding(report.findings, "asic.irregular_archive"));
        // An octet behind the archive keeps it from being read at all.
        for (bytes odd : {without, asic::write_zip(last).value()}) {
            odd.push_back('x');
            report = judge(odd);
            BOOST_TEST((report.verdict == verdict::indeterminate), validation::to_json(report));
        }
    }
    // Others' containers, and plain archives, carry none.
    for (const std::vector<asic::zip_file>& files : std::initializer_list<std::vector<asic::zip_file>>{
             {{"a.txt", text}},
             {{"mimetype", as_bytes("application/vnd.oasis.opendocument.text")},
              {"content.xml", text},
              {"META-INF/manifest.xml", text},
              {"META-INF/documentsignatures.xml", text}},
             {{"[Content_Types].xml", text}, {"word/document.xml", text}},
             {{"META-INF/MANIFEST.MF", text}, {"A.class", text}}}) {
        auto report = judge(asic::write_zip(files).value());
        BOOST_TEST((report.verdict == verdict::unsigned_), validation::to_json(report));
        BOOST_TEST(signing::has_finding(report.findings, "file.no_signature_format"));
    }
}

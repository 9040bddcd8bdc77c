// Signatures that must not be called valid: wrapping, ambiguous ids, transforms, keys, and what else people try.
#include "tests/signing_xml/forge.hpp"

using namespace vanthu;
using namespace vanthu::test;

BOOST_FIXTURE_TEST_SUITE(attacks, attack_world)

BOOST_AUTO_TEST_CASE(the_forge_makes_good_signatures_when_nothing_is_forged) {
    auto v = verify(document("x", good("x").make()));
    BOOST_TEST(word(v) == "valid", told(v));
    forge by_id{*this};
    by_id.reference(" URI=\"#r\"", enveloped_transforms, base64_of("<a Id=\"r\">x</a>"));
    v = verify(to_bytes("<a Id='r'>x" + by_id.make() + "</a>"));
    BOOST_TEST(word(v) == "valid", told(v));
    BOOST_TEST(v.reading.signatures.at(0).parts.at(0).path == "/a");
}

BOOST_AUTO_TEST_CASE(a_signed_part_that_may_have_been_moved_is_not_enough) {
    forge f{*this};
    f.reference(" URI=\"#b\"", forge::transform(exclusive), base64_of("<b Id=\"b\">1000</b>"));
    std::string signature = f.make(), part = "<b Id='b'>1000</b>";
    // As signed, then: beside its place, below a wrapper, in the signature's own Object, above the signature.
    refuses(to_bytes("<a>" + part + signature + "</a>"), "xml.covers_part", "indeterminate");
    refuses(to_bytes("<a><b>9999</b><w>" + part + "</w>" + signature + "</a>"), "xml.covers_part", "indeterminate");
    std::string wrapped = signature;
    wrapped.insert(wrapped.find("</Signature>"), "<Object>" + part + "</Object>");
    refuses(to_bytes("<a><b xmlns=''>9999</b>" + wrapped + "</a>"), "xml.digest_mismatch",
            "invalid"); // other namespace
    wrapped = signature;
    wrapped.insert(wrapped.find("</Signature>"),
                   "<Object xmlns:d='http://www.w3.org/2000/09/xmldsig#'><b xmlns='' Id='b'>1000</b></Object>");
    refuses(to_bytes("<a><b>9999</b>" + wrapped + "</a>"), "xml.covers_part", "indeterminate");
    // Who uses /a/b may say so; then only that place is good.
    xml::verify_options used;
    used.used_parts = {"/a/b"};
    auto v = verify(to_bytes("<a>" + part + signature + "</a>"), signed_at, {}, used);
    BOOST_TEST(word(v) == "valid", told(v));
    BOOST_TEST(v.report.signatures.at(0).covers == "part");
    refuses(to_bytes("<a><b>9999</b><w>" + part + "</w>" + signature + "</a>"), "xml.covers_part", "indeterminate",
            used);
    refuses(to_bytes("<a><b>9999</b>" + wrapped + "</a>"), "xml.covers_part", "indeterminate", used);
}

BOOST_AUTO_TEST_CASE(an_id_that_is_there_twice_is_no_id) {
    forge f{*this};
    f.reference(" URI=\"#b\"", forge::transform(exclusive), base64_of("<b Id=\"b\">1000</b>"));
    xml::verify_options used;
    used.used_parts = {"/a/b"};
    for (const char* second : {"<b Id='b'>9999</b>", "<c ID='b'/>", "<c id='b'/>", "<c xml:id='b'/>", "<c Id='b'/>"}) {
        refuses(to_bytes("<a><b Id='b'>1000</b>" + f.make() + second + "</a>"), "xml.id_ambiguous", "invalid", used);
        refuses(to_bytes(std::string("<a>") + second + "<b Id='b'>1000</b>" + f.make() + "</a>"), "xml.id_ambiguous",
                "invalid", used);
    }
    // An attribute of the same name in a namespace is no id, and a reference without its element points nowhere.
    refuses(to_bytes("<a><b xmlns:p='p' p:Id='b'>1000</b>" + f.make() + "</a>"), "xml.reference_missing",
            "indeterminate", used);
}

BOOST_AUTO_TEST_CASE(a_signed_document_inside_another_one_is_not_that_document) {
    std::string inner = "<a>1000" + good("1000").make() + "</a>";
    refuses(to_bytes("<a>9999" + inner + "</a>"), "xml.digest_mismatch", "invalid");
    refuses(to_bytes("<w><a>9999</a>" + inner + "</w>"), "xml.digest_mismatch", "invalid");
    // In the Object of a stranger's signature only the stranger's signature counts.
    test_ca stranger("Người lạ");
    xml_world other(test_key::rsa_2048);
    bytes hosted = other.enveloped(to_bytes("<a>9999</a>"));
    hosted = changed(hosted, "</ds:Signature>", "<ds:Object>" + inner + "</ds:Object></ds:Signature>");
    refuses(hosted, "xml.nested_signature", "indeterminate");
}

BOOST_AUTO_TEST_CASE(transforms_outside_the_list_are_refused_even_when_well_signed) {
    for (const std::string& t :
         {forge::transform("http://www.w3.org/TR/1999/REC-xpath-19991116", "<XPath>1 = 1</XPath>"),
          forge::transform("http://www.w3.org/2002/06/xmldsig-filter2"),
          forge::transform("http://www.w3.org/TR/1999/REC-xslt-19991116"),
          forge::transform("http://www.w3.org/TR/xml-exc-c14n#"), forge::transform("")}) {
        forge f{*this};
        f.reference(" URI=\"\"", forge::transform("http://www.w3.org/2000/09/xmldsig#enveloped-signature") + t,
                    digest_of_whole("x"));
        refuses(document("x", f.make()), "xml.algorithm_refused", "indeterminate");
    }
    // c14n before enveloped-signature, twice the same, parameters where none belong
    for (const std::string& t :
         {forge::transform(exclusive) + forge::transform("http://www.w3.org/2000/09/xmldsig#enveloped-signature"),
          forge::transform(exclusive) + forge::transform(exclusive)}) {
        forge f{*this};
        f.reference(" URI=\"\"", t, digest_of_whole("x"));
        refuses(document("x", f.make()), "xml.algorithm_refused", "indeterminate");
    }
    forge parameters{*this};
    parameters.reference(" URI=\"\"",
                         forge::transform("http://www.w3.org/2000/09/xmldsig#enveloped-signature", "<x></x>"),
                         digest_of_whole("x"));
    refuses(document("x", parameters.make()), "xml.signature_malformed", "invalid");
    forge many{*this};
    many.reference(" URI=\"\"", enveloped_transforms + forge::transform(exclusive) + forge::transform(exclusive),
                   digest_of_whole("x"));
    refuses(document("x", many.make()), "budget", "indeterminate");
}

BOOST_AUTO_TEST_CASE(two_expressions_that_leave_out_signatures_are_known_by_their_text) {
    auto filter = [](const std::string& expression, const std::string& mode = "subtract") {
        return forge::transform("http://www.w3.org/2002/06/xmldsig-filter2",
                                "<f:XPath xmlns:f=\"http://www.w3.org/2002/06/xmldsig-filter2\" Filter=\"" + mode +
                                    "\" xmlns:d=\"http://www.w3.org/2000/09/xmldsig#\" xmlns:o=\"urn:o\">" +
                                    expression + "</f:XPath>");
    };
    auto xpath = [](const std::string& expression) {
        return forge::transform("http://www.w3.org/TR/1999/REC-xpath-19991116",
                                "<XPath xmlns:d=\"http://www.w3.org/2000/09/xmldsig#\" xmlns:o=\"urn:o\">" +
                                    expression + "</XPath>");
    };
    auto with = [&](const std::string& t) {
        forge f{*this};
        f.method = exclusive; // SignedInfo is signed as its text stands only if no attribute or prefix has to move
        f.reference(" URI=\"\"", t + forge::transform(exclusive), digest_of_whole("x"));
        return document("x", f.make());
    };
    auto codes = [&](const bytes& d) { return told(verify(d)); };
    for (const std::string& t : {filter("/descendant::d:Signature"), xpath("\n not(ancestor-or-self::d:Signature) ")})
        BOOST_TEST(codes(with(t)).find("xml.algorithm_refused") == std::string::npos, codes(with(t)));
    for (const std::string& t :
         {filter("/descendant::o:Signature"), filter("/descendant::Signature"), filter("/descendant::d:Object"),
          filter("/descendant::d:Signature | //x"), filter("/descendant::d:Signature", "union"), xpath("1 = 1"),
          xpath("not(ancestor-or-self::o:Signature)"), filter("")})
        refuses(with(t), "xml.algorithm_refused", "indeterminate");
}

BOOST_AUTO_TEST_CASE(references_go_nowhere_else) {
    for (const char* uri :
         {" URI=\"http://example.invalid/x\"", " URI=\"file:///etc/passwd\"", " URI=\"/etc/passwd\"", " URI=\"../x\"",
          " URI=\"#xpointer(/)\"", " URI=\"#xpointer(id('b'))\"", " URI=\"#\"", "", " URI=\"x#y\"", " URI=\"C:\\x\""}) {
        forge f{*this};
        f.reference(uri, enveloped_transforms, digest_of_whole("x"));
        refuses(document("x", f.make()), "xml.reference_refused", "indeterminate");
    }
    forge outside{*this};
    outside.reference(" URI=\"letter.pdf\"", "", base64_of("x"));
    refuses(document("x", outside.make()), "xml.reference_missing", "indeterminate");
}

BOOST_AUTO_TEST_CASE(weak_and_unknown_algorithms_are_doubts) {
    forge sha1{*this};
    sha1.reference(" URI=\"\"", enveloped_transforms,
                   base64_encode(x509::hash_of(x509::hash::sha1, as_bytes("<a>x</a>"))),
                   "http://www.w3.org/2000/09/xmldsig#sha1");
    refuses(document("x", sha1.make()), "xml.weak_algorithm", "indeterminate");
    forge md5{*this};
    md5.reference(" URI=\"\"", enveloped_transforms, "AAAA", "http://www.w3.org/2001/04/xmldsig-more#md5");
    refuses(document("x", md5.make()), "xml.algorithm_refused", "indeterminate");
    bytes hmac = changed(document("x", good("x").make()), "xmldsig-more#rsa-sha256", "xmldsig-more#hmac-sha256");
    refuses(hmac, "xml.algorithm_refused", "indeterminate");
}

BOOST_AUTO_TEST_CASE(markup_inside_a_value_is_refused) {
    std::string signature = good("x").make();
    for (const char* name : {"DigestValue", "SignatureValue", "X509Certificate"})
        for (const char* markup : {"<!---->", "<?x y?>", "<b/>"}) {
            std::string s = signature;
            s.insert(s.find("</" + std::string(name)) - 8, markup);
            refuses(document("x", s), "xml.signature_malformed", "invalid");
        }
    bytes xades = enveloped(letter);
    refuses(changed(xades, "08:00:00", "08:<!---->00:00"), "xml.signature_malformed", "invalid");
}

BOOST_AUTO_TEST_CASE(the_key_is_that_of_the_validated_certificate) {
    identity stranger = test_ca("Người lạ").issue({.common_name = "Kẻ gian", .key = test_key::rsa_2048});
    // Signed by a stranger, with our certificate: does not verify.
    forge f = good("x");
    std::string info = f.make();
    bytes ours = to_bytes("<a>x" + info + "</a>");
    std::string text(as_text(ours));
    std::size_t begin = text.find("<SignatureValue>") + 16, end = text.find("</SignatureValue>");
    std::size_t ib = text.find("<SignedInfo"), ie = text.find("</SignedInfo>") + 13;
    text.replace(begin, end - begin, base64_encode(stranger.sign_sha256(sha256::of(text.substr(ib, ie - ib)).view())));
    refuses(to_bytes(text), "xml.signature_wrong", "invalid");
    // With the stranger's own certificate: verifies, but nobody trusts it; in front of ours it is still the signer.
    std::string certificate = base64_encode(who.certificate_der());
    for (const std::string& held :
         {base64_encode(stranger.certificate_der()),
          base64_encode(stranger.certificate_der()) + "</X509Certificate><X509Certificate>" + certificate})
        refuses(changed(to_bytes(text), certificate, held), "x509.no_chain", "indeterminate");
    // A KeyValue beside the certificate changes nothing.
    auto v = verify(
        changed(ours, "<KeyInfo>", "<KeyInfo><KeyValue><RSAKeyValue><Modulus>AQAB</Modulus></RSAKeyValue></KeyValue>"));
    BOOST_TEST(word(v) == "valid", told(v));
    BOOST_TEST(signing::has_finding(v.report.signatures.at(0).findings, "xml.key_value_ignored"));
    // Without any certificate there is no signer.
    refuses(changed(ours, "<X509Certificate>" + certificate + "</X509Certificate>", ""), "xml.no_signer_certificate",
            "indeterminate");
    // XAdES names its certificate by hash: another one with the same key is not it.
    identity twin = ca.issue({.common_name = "Người khác", .key = test_key::rsa_2048});
    bytes xades = enveloped(letter);
    refuses(changed(xades, certificate, base64_encode(twin.certificate_der())), "xml.signing_certificate_differs",
            "indeterminate");
}

BOOST_AUTO_TEST_CASE(properties_that_are_not_signed_are_not_believed) {
    bytes xades = enveloped(letter);
    // Added to a plain signature
    std::string text(as_text(xades));
    std::size_t begin = text.find("<ds:Object>"), end = text.find("</ds:Object>") + 12;
    std::string object = text.substr(begin, end - begin);
    std::string id = text.substr(text.find("Target=\"#") + 9, 35);
    forge plain_one = good("x");
    std::string lie = object;
    for (std::size_t at; (at = lie.find(id)) != lie.npos;) lie.replace(at, id.size(), "s");
    plain_one.objects =
        "<Object xmlns:ds='http://www.w3.org/2000/09/xmldsig#'>" + lie.substr(11, lie.size() - 23) + "</Object>";
    refuses(document("x", plain_one.make()), "xml.properties_not_signed", "invalid");
    // A second set, before or after the signed one
    refuses(changed(xades, "</ds:Signature>", object + "</ds:Signature>"), "xml.signature_malformed", "invalid");
    refuses(changed(xades, "<ds:Object>", object + "<ds:Object>"), "xml.signature_malformed", "invalid");
    // A second SignedProperties beside the signed one
    std::string signed_part =
        text.substr(text.find("<xades:SignedProperties"),
                    text.find("</xades:SignedProperties>") + 25 - text.find("<xades:SignedProperties"));
    refuses(changed(xades, "</xades:SignedProperties>", "</xades:SignedProperties><xades:SignedProperties/>"),
            "xml.signature_malformed", "invalid");
    // The signed one moved elsewhere, another in its place
    std::string fake = signed_part;
    fake.replace(fake.find("Id=\""), 4, "Id=\"f");
    bytes moved = changed(xades, signed_part, fake);
    moved =
        changed(moved, "</vb:VanBan>",
                "<w xmlns:xades='http://uri.etsi.org/01903/v1.3.2#' xmlns:ds='http://www.w3.org/2000/09/xmldsig#'>" +
                    signed_part + "</w></vb:VanBan>");
    refuses(moved, "xml.properties_not_signed", "invalid");
    // Another signature's Target
    refuses(changed(xades, "Target=\"#", "Target=\"#x"), "xml.signature_malformed", "invalid");
    // No reference to them at all
    std::string without(as_text(xades));
    std::size_t rb = without.find("<ds:Reference Type="), re = without.find("</ds:Reference>", rb) + 15;
    refuses(to_bytes(without.erase(rb, re - rb)), "xml.properties_not_signed", "invalid");
}

BOOST_AUTO_TEST_CASE(a_signature_that_signs_no_content_is_none) {
    bytes xades = enveloped(letter);
    std::string text(as_text(xades));
    std::size_t begin = text.find("<ds:Reference Id="), end = text.find("</ds:Reference>", begin) + 15;
    refuses(to_bytes(text.erase(begin, end - begin)), "xml.signs_nothing");
    forge f{*this};
    f.references = "";
    refuses(document("x", f.make()), "xml.signature_malformed", "invalid");
    forge manifest{*this};
    manifest.objects = "<Object><Manifest Id=\"m\"></Manifest></Object>";
    manifest.reference(" Type=\"http://www.w3.org/2000/09/xmldsig#Manifest\" URI=\"#m\"", forge::transform(exclusive),
                       base64_of("<Manifest xmlns=\"http://www.w3.org/2000/09/xmldsig#\" Id=\"m\"></Manifest>"));
    refuses(to_bytes(manifest.make()), "xml.manifest", "indeterminate");
}

BOOST_AUTO_TEST_CASE(elements_of_which_only_the_text_was_signed_are_not_covered) {
    forge f{*this};
    f.reference(" URI=\"#b\"", forge::transform("http://www.w3.org/2000/09/xmldsig#base64"), base64_of("abc"));
    for (const char* root : {"<a Id='b'>YWJj", "<a Id='b'><x>YW</x>Jj"}) {
        // The values of the signature are text of the root, too: the digest differs.
        refuses(to_bytes(root + f.make() + "</a>"), "xml.digest_mismatch", "invalid");
    }
    refuses(to_bytes("<a><b Id='b'><x>YW</x>Jj</b>" + f.make() + "</a>"), "xml.covers_part", "indeterminate");
}

BOOST_AUTO_TEST_CASE(many_archive_stamps_do_not_make_many_readings) {
    bytes lta = archived(with_data(stamped(enveloped(letter), signed_at), signed_at), signed_at);
    xml::verify_options how;
    how.bounds.archive_readings = 1;
    auto v = verify(lta, signed_at, {}, how);
    BOOST_TEST(v.report.signatures.at(0).level != "B-LTA", told(v));
}

BOOST_AUTO_TEST_CASE(namespaces_cannot_be_injected) {
    bytes xades = enveloped(letter);
    refuses(changed(xades, "<vb:So>", "<vb:So xmlns:vb=\"urn:other\">"), "xml.digest_mismatch", "invalid");
    refuses(changed(xades, "xmlns:vb=\"urn:vb\"", "xmlns:vb=\"urn:vc\""), "xml.digest_mismatch", "invalid");
    // A prefix nobody uses changes nothing under exclusive canonicalisation, and everything under the inclusive one.
    BOOST_TEST(word(verify(changed(xades, "xmlns:vb=\"urn:vb\"", "xmlns:vb=\"urn:vb\" xmlns:q=\"urn:q\""))) == "valid");
    bytes packet = enveloped(sample_packet(), xml::edxml_seal(signed_at));
    refuses(changed(packet, "<edXML xmlns", "<edXML xmlns:q=\"urn:q\" xmlns"), "xml.signature_wrong", "invalid");
    // Called Signature, but in another namespace: nothing that could be judged.
    refuses(changed(xades, "xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"", "xmlns:ds=\"urn:other\""),
            "xml.foreign_signature", "indeterminate");
}

BOOST_AUTO_TEST_CASE(what_is_over_budget_is_undecided) {
    bytes xades = enveloped(letter);
    xml::verify_options how;
    auto budget = [&](auto change) {
        how = {};
        change(how.bounds);
        refuses(xades, "budget", "indeterminate", how);
    };
    budget([](xml::limits& l) { l.bytes = 1000; });
    budget([](xml::limits& l) { l.depth = 4; });
    budget([](xml::limits& l) { l.elements = 10; });
    budget([](xml::limits& l) { l.attributes = 1; });
    budget([](xml::limits& l) { l.tag_bytes = 50; });
    budget([](xml::limits& l) { l.markup_bytes = 40; });
    budget([](xml::limits& l) { l.signatures = 0; });
    budget([](xml::limits& l) { l.signature_bytes = 500; });
    budget([](xml::limits& l) { l.signature_elements = 5; });
    budget([](xml::limits& l) { l.references = 1; });
    budget([](xml::limits& l) { l.transforms = 1; });
    budget([](xml::limits& l) { l.certificates = 0; });
    xades = with_data(stamped(xades, signed_at), signed_at);
    budget([](xml::limits& l) { l.time_stamps = 0; });
    budget([](xml::limits& l) { l.revocation_values = 0; });
    forge f{*this};
    for (int i = 0; i < 70; ++i) f.reference(" URI=\"\"", enveloped_transforms, digest_of_whole("x"));
    refuses(document("x", f.make()), "budget", "indeterminate");
}

BOOST_AUTO_TEST_CASE(no_flipped_byte_leaves_a_document_valid_that_says_something_else) {
    bytes xades = enveloped(letter);
    std::size_t still_valid = 0;
#ifdef VANTHU_UNDER_ASAN
    constexpr std::size_t step = 13;
#else
    constexpr std::size_t step = 1;
#endif
    for (std::size_t i = 0; i < xades.size(); i += step) {
        bytes other = xades;
        other[i] ^= i % 2 ? 0x01 : 0x20; // another letter, another case
        auto v = verify(other);
        if (word(v) != "valid") continue;
        ++still_valid;
        // Only what is not content: white space around base64, comments, the XML declaration's quotes, KeyInfo's
        // further certificates. The canonical document must be the one that was signed.
        xml::reference whole;
        whole.transforms = {{xml::transform::kind::enveloped}, {xml::transform::kind::canonical, {}}};
        auto canonical = [&](const bytes& d) {
            xml::hash_sink hash(x509::hash::sha256);
            std::size_t top = xml::outline_of(xml::in_memory(d), {}).value().signatures.at(0).top->ordinal;
            std::vector<xml::follow> one{{&whole, top, {}, &hash, {}}};
            BOOST_REQUIRE(xml::follow_references(xml::in_memory(d), {}, one, {}));
            return hash.finish();
        };
        BOOST_TEST((canonical(other) == canonical(xades)), "byte " << i << " of " << as_text(other).substr(i, 20));
        BOOST_TEST((v.report.signatures.at(0).signer.certificate_sha256 == cert_of(who).sha256().hex()));
        BOOST_TEST((v.report.signatures.at(0).claimed_time == signed_at));
    }
    BOOST_TEST_MESSAGE(still_valid << " of " << xades.size() << " changes touch nothing that is signed");
}

BOOST_AUTO_TEST_SUITE_END()

// Containers made, raised, added to, judged, and changed behind the signer's back.
#include "daemon/base/files.hpp"
#include "signing/cms/parts.hpp"
#include "tests/signing_asic/office.hpp"

using namespace vanthu;
using namespace vanthu::test;
using signing::has_finding;
using signing::verdict;

namespace {
const std::vector<std::string> utf8{"LC_ALL=C.UTF-8"};

bool says(const asic::container_verdict& v, std::string_view code) {
    return has_finding(v.report.findings, code) ||
           std::ranges::any_of(v.report.signatures, [&](const auto& s) { return has_finding(s.findings, code); });
}
} // namespace

BOOST_AUTO_TEST_CASE(containers_of_both_kinds_and_both_formats_are_valid_and_wholly_covered) {
    office o;
    struct made {
        bytes container;
        const char *format, *level;
        asic::kind kind;
    };
    for (const made& m : {made{o.simple(), "cades", "B-T", asic::kind::simple},
                          {o.extended(), "cades", "B-T", asic::kind::extended},
                          {o.with_xades(asic::kind::simple), "xades", "B-B", asic::kind::simple},
                          {o.with_xades(asic::kind::extended), "xades", "B-B", asic::kind::extended}}) {
        auto v = o.judge(m.container);
        BOOST_TEST((v.report.verdict == verdict::valid), validation::to_json(v.report));
        BOOST_REQUIRE(v.report.signatures.size() == 1u);
        BOOST_TEST(v.report.signatures[0].format == m.format);
        BOOST_TEST(v.report.signatures[0].level == m.level);
        BOOST_TEST(v.report.signatures[0].covers == "whole");
        std::size_t expected = m.kind == asic::kind::simple ? o.letter.size() : o.letter.size() + o.annex.size();
        BOOST_TEST(v.report.signatures[0].covered_bytes == expected);
        BOOST_TEST(asic::is_container(m.container));
        BOOST_TEST(as_text(m.container).substr(30, 8 + 31) ==
                   "mimetype" + std::string(asic::mime_type(m.kind))); // readers look here
    }
    BOOST_TEST((asic::make_with_xades(asic::kind::simple, o.files, {}).error().code == asic::errc::not_one_file));
    BOOST_TEST((asic::make_simple({"META-INF/x", "", o.letter}, {}).error().code == asic::errc::name_unsafe));
    BOOST_TEST((asic::make_simple({"mimetype", "", o.letter}, {}).error().code == asic::errc::name_unsafe));
    BOOST_TEST((asic::make_simple({"../x", "", o.letter}, {}).error().code == asic::errc::name_unsafe));
}

BOOST_AUTO_TEST_CASE(unzip_and_openssl_read_what_we_write) {
    office o;
    temporary_directory dir;
    auto path = [&](const std::string& name) { return (dir.path() / name).string(); };
    BOOST_REQUIRE(write_file_atomically(path("c.asice"), o.extended()));
    std::string output;
    BOOST_TEST(run({"unzip", "-tq", path("c.asice")}, &output) == 0, output);
    BOOST_TEST(run({"unzip", "-q", path("c.asice"), "-d", path("out")}, &output, utf8) == 0, output);
    BOOST_TEST((read_file(path("out/phụ lục/danh sách.xml")).value() == o.annex));
    BOOST_REQUIRE(write_file_atomically(path("root.pem"), as_bytes(o.ca.root().certificate_pem())));
    BOOST_TEST(run({"openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in",
                    path("out/META-INF/signature001.p7s"), "-content", path("out/META-INF/ASiCManifest001.xml"),
                    "-CAfile", path("root.pem"), "-purpose", "any", "-attime", "1772352000", "-out", "/dev/null"},
                   &output) == 0,
               output);
    BOOST_TEST(run({"xmllint", "--noout", path("out/META-INF/ASiCManifest001.xml")}, &output) == 0, output);
}

BOOST_AUTO_TEST_CASE(a_container_that_zip_made_with_compression_is_read) {
    office o;
    temporary_directory dir;
    auto path = [&](const std::string& name) { return (dir.path() / name).string(); };
    bytes big;
    for (int i = 0; i < 20'000; ++i) big.insert(big.end(), o.letter.begin(), o.letter.end()), big.push_back(i & 0xff);
    o.letter = big;
    o.files[0].content = o.letter;
    BOOST_REQUIRE(write_file_atomically(path("c.asice"), o.extended()));
    std::string output;
    BOOST_REQUIRE(run({"unzip", "-q", path("c.asice"), "-d", path("out")}, &output, utf8) == 0);
    BOOST_REQUIRE(
        run({"sh", "-c", "cd '" + path("out") + "' && zip -qX0 ../d.zip mimetype && zip -qXr9 ../d.zip . -x mimetype"},
            &output) == 0);
    bytes container = read_file(path("d.zip")).value();
    BOOST_TEST(container.size() < big.size() / 2);
    auto v = o.judge(container);
    BOOST_TEST((v.report.verdict == verdict::valid), validation::to_json(v.report));
    BOOST_TEST(v.report.signatures.at(0).covers == "whole");
}

BOOST_AUTO_TEST_CASE(the_signatures_in_a_container_reach_every_level) {
    office o;
    for (bool simple : {true, false}) {
        bytes t = simple ? o.simple() : o.extended();
        auto level = [&](const bytes& c) {
            auto v = o.judge(c);
            BOOST_TEST((v.report.verdict == verdict::valid), validation::to_json(v.report));
            return v.report.signatures.at(0).level;
        };
        BOOST_TEST(level(t) == "B-T");
        BOOST_TEST(level(o.raised(t, false)) == "B-LT");
        BOOST_TEST(level(o.raised(t, true)) == "B-LTA");
    }
}

BOOST_AUTO_TEST_CASE(an_archive_manifest_lifts_the_signatures_that_it_names_and_is_renewed) {
    office o;
    o.who = o.ca.issue({.not_after = at_time("2026-06-01T00:00:00Z")});
    o.tsa = o.ca.issue({.use = profile::tsa, .not_after = at_time("2026-09-01T00:00:00Z")});
    bytes lt = o.raised(o.extended(), false);
    o.tsa = o.ca.issue({.common_name = "TSA 2", .use = profile::tsa, .not_after = at_time("2027-09-01T00:00:00Z")});
    bytes lta = o.archived(lt, archived_at);
    auto v = o.judge(lta);
    BOOST_TEST((v.report.verdict == verdict::valid), validation::to_json(v.report));
    BOOST_REQUIRE(v.report.signatures.size() == 1u); // the archive stamp is the signature's, no entry of its own
    BOOST_TEST(v.report.signatures[0].level == "B-LTA");
    timestamp later = at_time("2026-12-01T00:00:00Z"), much_later = at_time("2027-12-01T00:00:00Z");
    BOOST_TEST((o.judge(lt, later).report.verdict == verdict::indeterminate));
    BOOST_TEST((o.judge(lta, later).report.verdict == verdict::valid));
    BOOST_TEST((o.judge(lta, much_later).report.verdict == verdict::indeterminate));
    o.tsa = o.ca.issue({.common_name = "TSA 3", .use = profile::tsa});
    bytes renewed = o.archived(lta, renewed_at);
    v = o.judge(renewed, much_later);
    BOOST_TEST((v.report.verdict == verdict::valid), validation::to_json(v.report));
    BOOST_TEST(v.report.signatures.at(0).stamps.size() == 3u);
    auto zip = asic::zip_archive::open(renewed).value();
    BOOST_TEST(zip.find("META-INF/ASiCArchiveManifest.xml"));
    BOOST_TEST(zip.find("META-INF/ASiCArchiveManifest001.xml"));

    auto all = asic::signatures(lta).value();
    BOOST_TEST((asic::with_signature(lta, all[0].name, all[0].cms).error().code == asic::errc::signature_fixed));
    auto plan = asic::plan_archive(lt).value();
    BOOST_TEST(
        (asic::with_archive(lt, plan, o.token(sha256::of("x"), now)).error().code == cms::errc::timestamp_mismatch));
    // What the archive manifest names must be as it was.
    BOOST_TEST((o.judge(repacked(lta, {{"phụ lục/danh sách.xml", to_bytes("x")}})).report.verdict == verdict::invalid));
    bytes other = lta; // the evidence is taken out of the signature
    bytes bare = o.extended();
    auto before = asic::signatures(bare).value();
    auto stripped = o.judge(repacked(lta, {{"META-INF/signature001.p7s", before[0].cms}}));
    BOOST_TEST((stripped.report.verdict != verdict::valid));
    BOOST_TEST(says(stripped, "asic.file_changed"));
}

BOOST_AUTO_TEST_CASE(another_signer_signs_the_same_files) {
    office o;
    bytes first = o.extended();
    auto plan = asic::plan_another(first).value();
    BOOST_TEST(plan.signature_name == "META-INF/signature002.p7s");
    o.who = o.ca.issue({.common_name = "Trần Thị B"});
    bytes both = asic::with_another(first, plan, o.cades_over(plan.xml)).value();
    auto v = o.judge(both);
    BOOST_TEST((v.report.verdict == verdict::valid), validation::to_json(v.report));
    BOOST_REQUIRE(v.report.signatures.size() == 2u);
    BOOST_TEST(v.report.signatures[0].signer.common_name == "Nguyễn Văn A");
    BOOST_TEST(v.report.signatures[1].signer.common_name == "Trần Thị B");
    BOOST_TEST(v.report.signatures[1].covers == "whole");
    BOOST_TEST(asic::plan_another(o.simple()).error().code == asic::errc::not_one_file);
}

BOOST_AUTO_TEST_CASE(another_signer_signs_the_same_files_with_xades) {
    office o;
    bytes first = o.with_xades(asic::kind::extended);
    BOOST_TEST((asic::kind_of_container(first).value() == asic::kind::extended));
    BOOST_TEST((asic::kind_of_container(o.simple()).value() == asic::kind::simple));
    std::vector<xml::detached_file> named;
    for (const asic::contained_file& f : asic::data_files(first).value())
        named.push_back({f.name, "application/octet-stream", sha256::of(f.content)});
    BOOST_TEST(named.size() == o.files.size());
    o.who = o.ca.issue({.common_name = "Trần Thị B"});
    xml::sign_options options;
    options.signing_time = signed_at;
    bytes more = xml::sign_detached(named, o.signer(), options, "XAdESSignatures").value();
    bytes both = asic::with_another_xades(first, more).value();
    BOOST_TEST(asic::xades_files(both).value().size() == 2u);
    auto v = o.judge(both);
    BOOST_TEST((v.report.verdict == verdict::valid), validation::to_json(v.report));
    BOOST_REQUIRE(v.report.signatures.size() == 2u);
    BOOST_TEST(v.report.signatures[0].signer.common_name == "Nguyễn Văn A");
    BOOST_TEST(v.report.signatures[1].signer.common_name == "Trần Thị B");
    BOOST_TEST(v.report.signatures[1].covers == "whole");
    BOOST_TEST(asic::with_another_xades(o.with_xades(asic::kind::simple), more).error().code ==
               asic::errc::not_one_file);
    // Raised, the file goes back to its place; what is archived stays.
    std::string name = asic::xades_files(first).value()[0].name;
    BOOST_TEST((asic::with_signature(first, name, more).has_value()));
    BOOST_TEST((asic::with_signature(first, "META-INF/manifest.xml", more).error().code == asic::errc::no_such_entry));
}

BOOST_AUTO_TEST_CASE(a_changed_or_missing_file_is_found_in_every_kind_of_container) {
    office o;
    for (const bytes& c :
         {o.simple(), o.extended(), o.with_xades(asic::kind::simple), o.with_xades(asic::kind::extended)}) {
        bytes changed = o.letter;
        changed[2] ^= 1;
        auto v = o.judge(repacked(c, {{"Công văn 321.txt", changed}}));
        BOOST_TEST((v.report.verdict == verdict::invalid));
        BOOST_TEST(v.report.signatures.at(0).sub_indication == signing::sub::hash_failure);
        auto missing = o.judge(repacked(c, {{"Công văn 321.txt", std::nullopt}}));
        BOOST_TEST((missing.report.verdict == verdict::indeterminate || missing.report.verdict == verdict::invalid));
        auto renamed = o.judge(repacked(c, {{"Công văn 321.txt", std::nullopt}, {"Công văn 322.txt", o.letter}}));
        // An ASiC-S with CAdES is about the content of its one file; its name is not signed.
        bool name_signed =
            asic::signatures(c).value().empty() || asic::signatures(c).value()[0].name != "META-INF/signature.p7s";
        BOOST_TEST((renamed.report.verdict != verdict::valid) == name_signed);
    }
}

BOOST_AUTO_TEST_CASE(a_file_that_nobody_signed_makes_the_container_unsigned) {
    office o;
    for (const bytes& c : {o.extended(), o.with_xades(asic::kind::extended)}) {
        for (const char* name : {"thêm.txt", "META-INF/thêm.txt", "meta-inf/x"}) {
            auto v = o.judge(repacked(c, {{name, to_bytes("x")}}));
            BOOST_TEST((v.report.verdict == verdict::unsigned_), name << validation::to_json(v.report));
            BOOST_TEST((v.report.signatures.at(0).verdict == verdict::valid));
            BOOST_TEST(says(v, "asic.file_not_signed"));
        }
        auto data = o.judge(repacked(c, {{"thêm.txt", to_bytes("x")}}));
        BOOST_TEST(data.report.signatures.at(0).covers == "part");
    }
    // ASiC-S has no place for a second file.
    auto v = o.judge(repacked(o.simple(), {{"thêm.txt", to_bytes("x")}}));
    BOOST_TEST((v.report.verdict == verdict::indeterminate));
    BOOST_TEST(says(v, "asic.not_one_file"));
    // No signature at all.
    bytes none = repacked(o.simple(), {{"META-INF/signature.p7s", std::nullopt}});
    BOOST_TEST((o.judge(none).report.verdict == verdict::unsigned_));
}

BOOST_AUTO_TEST_CASE(signatures_over_a_part_each_are_not_one_over_the_whole) {
    office o;
    bytes order = to_bytes("Lệnh chi 10 tỷ");
    auto plan = asic::plan_extended({{"lenh.txt", "text/plain", order}}, 2);
    bytes beside = repacked(
        o.extended(), {{"lenh.txt", order}, {plan.name, plan.xml}, {plan.signature_name, o.cades_over(plan.xml)}});
    auto v = o.judge(beside);
    BOOST_TEST((v.report.verdict == verdict::indeterminate), validation::to_json(v.report));
    BOOST_TEST(says(v, "asic.signed_in_parts"));
    BOOST_REQUIRE(v.report.signatures.size() == 2u);
    for (const auto& s : v.report.signatures) {
        BOOST_TEST((s.verdict == verdict::valid));
        BOOST_TEST(s.covers == "part");
        auto only = std::ranges::find(s.findings, "asic.signs_only", &signing::finding::code);
        BOOST_REQUIRE((only != s.findings.end()));
        BOOST_TEST((only->text_en.find("lenh.txt") != std::string::npos) == (s.field == plan.signature_name));
    }
    // Who signs all of them as well makes one document of them.
    auto another = asic::plan_another(beside).value();
    auto whole = o.judge(asic::with_another(beside, another, o.cades_over(another.xml)).value());
    BOOST_TEST((whole.report.verdict == verdict::valid), validation::to_json(whole.report));
}

BOOST_AUTO_TEST_CASE(a_time_stamp_alone_is_nobody_s_signature) {
    office o;
    auto token = o.token(sha256::of(o.letter), signed_at);
    bytes c = repacked(o.simple(), {{"META-INF/signature.p7s", std::nullopt}, {"META-INF/timestamp.tst", token.der}});
    auto v = o.judge(c);
    BOOST_TEST((v.report.verdict == verdict::unsigned_), validation::to_json(v.report));
    BOOST_REQUIRE(v.report.signatures.size() == 1u);
    BOOST_TEST(v.report.signatures[0].format == "timestamp");
    BOOST_TEST((v.report.signatures[0].best_time == signed_at));
    auto other = o.judge(repacked(c, {{"Công văn 321.txt", to_bytes("x")}}));
    BOOST_TEST((other.report.verdict == verdict::invalid));
}

BOOST_AUTO_TEST_CASE(manifests_that_contradict_are_no_ground_for_a_valid_signature) {
    office o;
    bytes c = o.extended();
    bytes manifest = asic::zip_archive::open(c)
                         .value()
                         .content(*asic::zip_archive::open(c).value().find("META-INF/ASiCManifest001.xml"), 1 << 20)
                         .value();
    auto judge = [&](std::vector<std::pair<std::string, std::optional<bytes>>> changes) {
        return o.judge(repacked(c, changes));
    };
    auto two = judge({{"META-INF/ASiCManifest002.xml", manifest}});
    BOOST_TEST((two.report.verdict == verdict::indeterminate));
    BOOST_TEST(says(two, "asic.two_manifests"));
    auto none = judge({{"META-INF/ASiCManifest001.xml", std::nullopt}});
    BOOST_TEST((none.report.verdict == verdict::indeterminate));
    BOOST_TEST(says(none, "asic.no_manifest"));
    auto lost = judge({{"META-INF/signature001.p7s", std::nullopt}});
    BOOST_TEST((lost.report.verdict == verdict::indeterminate));
    BOOST_TEST(says(lost, "asic.manifest_without_signature"));

    auto with_manifest = [&](std::string text) {
        return o.judge(repacked(c, {{"META-INF/ASiCManifest001.xml", to_bytes(text)},
                                    {"META-INF/signature001.p7s", o.cades_over(to_bytes(text))}}));
    };
    auto replaced = [&](std::string_view from, std::string_view to) {
        std::string text(as_text(manifest));
        std::size_t at = text.find(from);
        BOOST_REQUIRE(at != text.npos);
        return text.replace(at, from.size(), to);
    };
    BOOST_TEST((with_manifest(std::string(as_text(manifest))).report.verdict == verdict::valid));
    // SHA-1 is no proof of what the file was.
    std::string sha1 = replaced("http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2000/09/xmldsig#sha1");
    auto weak = with_manifest(sha1);
    BOOST_TEST((weak.report.verdict == verdict::indeterminate));
    BOOST_TEST(says(weak, "asic.weak_algorithm"));
    for (auto [from, to] : {std::pair("</asic:ASiCManifest>", "<asic:DataObjectReference/></asic:ASiCManifest>"),
                            {"</asic:ASiCManifest>", "</asic:ASiCManifest><x/>"},
                            {"<asic:ASiCManifest ", "<!DOCTYPE x [<!ENTITY a 'b'>]><asic:ASiCManifest "},
                            {"</asic:ASiCManifest>", "<asic:ASiCManifestExtensions><asic:Extension Critical=\"true\"/>"
                                                     "</asic:ASiCManifestExtensions></asic:ASiCManifest>"},
                            {"<asic:SigReference", "<asic:SigReference URI=\"x\"/><asic:SigReference"}}) {
        std::string text = replaced(from, to);
        if (text.find("<!DOCTYPE") != text.npos) text.erase(0, text.find("?>") + 2);
        auto v = with_manifest(text);
        BOOST_TEST((v.report.verdict == verdict::indeterminate), to);
        BOOST_TEST(says(v, "asic.manifest_unreadable"), to);
    }
}

BOOST_AUTO_TEST_CASE(no_flipped_byte_of_a_container_leaves_it_valid_and_other_than_it_was) {
    office o;
    for (const bytes& good : {o.raised(o.simple(), true), o.extended(), o.with_xades(asic::kind::extended)}) {
#ifdef VANTHU_UNDER_ASAN
        const std::size_t step = 41;
#else
        const std::size_t step = 5;
#endif
        for (std::size_t i = 0; i < good.size(); i += step) {
            bytes bad = good;
            bad[i] ^= 0x04;
            auto v = o.judge(bad);
            if (v.report.verdict != verdict::valid) continue;
            // What still is valid shows the same files and the same signer.
            auto zip = asic::zip_archive::open(bad);
            BOOST_REQUIRE(zip.has_value());
            for (const auto& e : zip->entries())
                if (asic::is_data_file(e.name)) {
                    auto content = zip->content(e, 1 << 20).value();
                    BOOST_TEST((content == o.letter || content == o.annex), "byte " << i);
                }
            BOOST_TEST(v.report.signatures.at(0).signer.common_name == "Nguyễn Văn A", "byte " << i);
        }
    }
}

// ASiC containers made and added to; the signatures themselves come from signing/cades and signing/xml.
//
//   ASiC-S, CAdES   cms over the file ─▶ make_simple()
//   ASiC-E, CAdES   plan_extended() ─▶ cms over the manifest ─▶ make_extended()
//   either, XAdES   xml::sign_detached(..., "XAdESSignatures") ─▶ make_with_xades()
//   a higher level  signatures() ─▶ cades::to_lt(), add_archive_stamp() ─▶ with_signature()
//   archive         plan_archive() ─▶ time stamp over the manifest ─▶ with_archive()      (ASiC-E with CAdES)
//
// "mimetype" stands first and stored. After a failure nothing was made. All in memory.
// Source: ETSI EN 319 162-1 V1.1.1, clauses 4.3, 4.4 and annex A; part 2 has the old names of the levels.
#pragma once

#include "signing/asic/manifest.hpp"
#include "signing/cms/timestamp.hpp"

namespace vanthu::asic {

enum class kind : std::uint8_t { simple = 1, extended };
std::string_view mime_type(kind k); // "application/vnd.etsi.asic-s+zip" | "...asic-e+zip"

struct data_file {
    std::string name; // '/' between folders; not in META-INF, not "mimetype" (errc::name_unsafe)
    std::string mime_type;
    bytes_view content;
};

// `cms`: detached CAdES over the file's content.
result<bytes> make_simple(const data_file& file, bytes_view cms);

// What one more CAdES signature over these files signs: the manifest, whose names are those of signature `number`
// (from 1).
struct planned_manifest {
    std::string name, signature_name;
    bytes xml;
    digest sha256() const { return vanthu::sha256::of(xml); }
};
planned_manifest plan_extended(const std::vector<data_file>& files, unsigned number = 1);
result<bytes> make_extended(const std::vector<data_file>& files, const planned_manifest& plan, bytes_view cms);
// One more signature over all the files that are there: plan, then the container with it.
result<planned_manifest> plan_another(bytes_view container, const limits& bounds = {});
result<bytes> with_another(bytes_view container, const planned_manifest& plan, bytes_view cms,
                           const limits& bounds = {});

// ASiC-S takes exactly one file. `signatures`: a document with root XAdESSignatures.
result<bytes> make_with_xades(kind k, const std::vector<data_file>& files, bytes_view signatures);
// One more such document in a container of ASiC-E, over the files that data_files() names.
result<bytes> with_another_xades(bytes_view container, bytes_view signatures, const limits& bounds = {});

// What is in a container.
result<kind> kind_of_container(bytes_view container, const limits& bounds = {});
struct contained_file {
    std::string name;
    bytes content;
};
result<std::vector<contained_file>> data_files(bytes_view container, const limits& bounds = {});
result<std::vector<contained_file>> xades_files(bytes_view container, const limits& bounds = {});

// The CAdES signatures of a container, with what each is over.
struct signature_file {
    std::string name; // "META-INF/signature001.p7s"
    bytes cms;
    digest content; // SHA-256 of the file or manifest that it signs
    bool over_manifest = false;
};
result<std::vector<signature_file>> signatures(bytes_view container, const limits& bounds = {});
// The container with that CAdES or XAdES file replaced. errc::signature_fixed: an ASiCArchiveManifest is over it.
result<bytes> with_signature(bytes_view container, std::string_view name, bytes_view signature,
                             const limits& bounds = {});

// B-LTA of the container: a manifest of everything in it, archive manifests and their time stamps included, to be
// stamped. The newest is called ASiCArchiveManifest.xml; the one before it gets a number.
struct planned_archive {
    std::string stamp_name;
    bytes xml;
    digest sha256() const { return vanthu::sha256::of(xml); }
};
result<planned_archive> plan_archive(bytes_view container, const limits& bounds = {});
// cms::errc::timestamp_mismatch: the token is not over the plan.
result<bytes> with_archive(bytes_view container, const planned_archive& plan, const cms::timestamp_token& token,
                           const limits& bounds = {});

// How files are told apart.
bool in_meta_inf(std::string_view name);
bool is_data_file(std::string_view name);             // signed content: neither mimetype nor META-INF nor a folder
bool is_cades_file(std::string_view name);            // META-INF/*signature*.p7s
bool is_xades_file(std::string_view name);            // META-INF/*signatures*.xml
bool is_time_stamp_file(std::string_view name);       // META-INF/*timestamp*.tst
bool is_manifest_file(std::string_view name);         // META-INF/*ASiCManifest*.xml
bool is_archive_manifest_file(std::string_view name); // META-INF/*ASiCArchiveManifest*.xml

} // namespace vanthu::asic

#include "daemon/cli/sign_authority.hpp"

#include "daemon/cli/sign.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <set>

namespace vanthu::cli {
namespace {

registry::certificate_ids ids_of(const x509::certificate& c) {
    return {c.spki_sha256(), c.sha256(), c.subject(), c.issuer()};
}

// The one organisation with a row for this certificate; null: none or several.
const registry::organisation* organisation_of(const registry::registry& r, const x509::certificate& signer,
                                              timestamp now) {
    const registry::certificate_ids ids = ids_of(signer);
    std::set<std::string> found;
    for (const auto* row : r.agency_certificates_of(ids, now))
        if (row->use == registry::certificate_use::seal) found.insert(row->organisation);
    for (const registry::authority& row : r.authorities())
        if (row.valid.contains(now) && registry::matches(row.certificate, ids)) found.insert(row.organisation);
    return found.size() == 1 ? r.find_organisation(*found.begin()) : nullptr;
}

} // namespace

void add_authority_options(CLI::App& command, authority_options& o) {
    command.add_option("--organisation", o.organisation,
                       "Mã cơ quan mà người ký đại diện / code of the organisation that is signed for");
    o.file_option = command.add_option("--registry", o.file, "Danh bạ có thẩm quyền ký / registry with who may sign")
                        ->envname("VANTHU_REGISTRY")
                        ->capture_default_str();
}

result<signing_authority> signing_authority::read(const authority_options& o, timestamp now) {
    signing_authority out;
    const bool named = !o.organisation.empty() || (o.file_option && o.file_option->count() > 0);
    std::error_code none;
    if (!named && !std::filesystem::exists(o.file, none)) return out;
    VANTHU_TRY(registry::registry read, registry::registry::load(o.file));
    out.registry_ = std::move(read);
    if (!o.organisation.empty()) {
        out.organisation_ = out.registry_->resolve(o.organisation, now).found;
        if (!out.organisation_ || out.organisation_->closed(now))
            return failed(sign_errc::organisation_unknown, o.organisation);
        out.name_ = out.organisation_->name(now);
    }
    return out;
}

void signing_authority::choose_for(const x509::certificate& signer, timestamp now) {
    if (!known() || organisation_) return;
    organisation_ = organisation_of(*registry_, signer, now);
    if (organisation_) name_ = organisation_->name(now);
}

bool signing_authority::has_person(const registry::certificate_ids& ids, timestamp at) const {
    return organisation_ && !registry_->authority_of(ids, *organisation_, at).empty();
}

bool signing_authority::has_seal(const registry::certificate_ids& ids, timestamp at) const {
    if (!organisation_) return false;
    for (const auto* row : registry_->agency_certificates_of(ids, at))
        if (row->organisation == organisation_->id && row->use == registry::certificate_use::seal) return true;
    return false;
}

result<> signing_authority::may_sign(pdf::profile kind, pdf::signs who, const x509::certificate& signer,
                                     timestamp now) const {
    if (!known()) return {};
    const registry::certificate_ids ids = ids_of(signer);
    bool may = false;
    if (kind == pdf::profile::initial || kind == pdf::profile::comment) {
        may = registry_->agency_certificates_of(ids, now).empty();
    } else {
        may = (who != pdf::signs::agency && has_person(ids, now)) || (who != pdf::signs::person && has_seal(ids, now));
    }
    if (!may) return failed(sign_errc::not_authorised, signer.subject() + ": " + name_);
    return {};
}

result<> signing_authority::may_sign(const x509::certificate& signer, timestamp now) const {
    const registry::certificate_ids ids = ids_of(signer);
    if (known() && !has_person(ids, now) && !has_seal(ids, now))
        return failed(sign_errc::not_authorised, signer.subject() + ": " + name_);
    return {};
}

const registry::authority* signing_authority::person(const validation::signature_report& s, timestamp now) const {
    auto key = digest::from_hex(s.signer.public_key_sha256), whole = digest::from_hex(s.signer.certificate_sha256);
    if (!organisation_ || !key || !whole) return nullptr;
    auto rows = registry_->authority_of({*key, *whole, s.signer.subject, s.signer.issuer}, *organisation_,
                                        s.best_time.value_or(now));
    return rows.empty() ? nullptr : rows.front();
}

} // namespace vanthu::cli

// Who may sign for whom, by the registry's dated rows (contracts: authority is data). The registry is a file beside the
// command; without one nothing about authority is known.
#pragma once

#include "daemon/registry/registry.hpp"
#include "signing/pdf/appearance.hpp"
#include "signing/validation/report.hpp"

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace vanthu::cli {

struct authority_options {
    std::string organisation; // any code of it; "": the one whose row names the signer's certificate
    std::string file = "/etc/vanthu/registry.toml";
    CLI::Option* file_option = nullptr;
};
void add_authority_options(CLI::App& command, authority_options& o);

class signing_authority {
public:
    // Knows nothing where nobody named a registry or an organisation and the default file is not there. Failures of the
    // registry; sign_errc::organisation_unknown: no row for the code, or a closed one.
    static result<signing_authority> read(const authority_options& o, timestamp now);
    // Where no organisation was named: the one whose row has the signer's certificate, if it is one.
    void choose_for(const x509::certificate& signer, timestamp now);

    bool known() const { return registry_.has_value(); }
    // "" where unknown.
    std::string organisation_name() const { return name_; }

    // `who` as the appearance of the profile says: a person needs an authority row for the organisation, the agency's
    // own act a seal row; `either` one of the two. A person who initials or comments needs no authority, but no seal
    // does so. sign_errc::not_authorised. Always good where nothing is known.
    result<> may_sign(pdf::profile kind, pdf::signs who, const x509::certificate& signer, timestamp now) const;
    // For formats without profiles.
    result<> may_sign(const x509::certificate& signer, timestamp now) const;

    // The row of the person who made a signature: of the organisation, valid when the signature is proven to have
    // existed (else at `now`). Null: nobody with authority.
    const registry::authority* person(const validation::signature_report& s, timestamp now) const;

private:
    bool has_person(const registry::certificate_ids& ids, timestamp at) const;
    bool has_seal(const registry::certificate_ids& ids, timestamp at) const;

    std::optional<registry::registry> registry_;
    const registry::organisation* organisation_ = nullptr; // null: none of the registry
    std::string name_;
};

} // namespace vanthu::cli

#include "daemon/registry/rows.hpp"

#include "daemon/registry/nearest.hpp"

#include <tuple>

namespace vanthu::registry {

std::string_view to_string(code_form f) {
    switch (f) {
    case code_form::qcvn102:
        return "qcvn102";
    case code_form::qd20:
        return "qd20";
    case code_form::tax:
        return "tax";
    case code_form::local:
        return "local";
    case code_form::system:
        return "system";
    }
    return "";
}

std::string_view to_string(successor_kind k) {
    switch (k) {
    case successor_kind::merge:
        return "merge";
    case successor_kind::split:
        return "split";
    case successor_kind::rename:
        return "rename";
    case successor_kind::dissolve:
        return "dissolve";
    }
    return "";
}

std::string_view organisation::name(timestamp at) const {
    const dated_value* best = nearest(names, at, [](const dated_value& v) -> const period& { return v.valid; });
    return best ? std::string_view(best->value) : std::string_view(id);
}

const dated_code* organisation::preferred_code(timestamp at) const {
    return nearest(codes, at, [](const dated_code& c) -> const period& { return c.valid; });
}

bool organisation::operator==(const organisation& o) const {
    return std::tie(id, kind, valid, names, parents, served_by, codes, successors, answers_on_commit) ==
           std::tie(o.id, o.kind, o.valid, o.names, o.parents, o.served_by, o.codes, o.successors, o.answers_on_commit);
}

bool node::operator==(const node& o) const {
    return std::tie(id, kind, organisation, uplink, valid, urls, san_uri, ca, ca_sha256, pins, capabilities, size_limit,
                    order, authorised_for) == std::tie(o.id, o.kind, o.organisation, o.uplink, o.valid, o.urls,
                                                       o.san_uri, o.ca, o.ca_sha256, o.pins, o.capabilities,
                                                       o.size_limit, o.order, o.authorised_for);
}

bool explicit_route::operator==(const explicit_route& o) const {
    return std::tie(at, organisation, via, valid) == std::tie(o.at, o.organisation, o.via, o.valid);
}

bool authority::operator==(const authority& o) const {
    return std::tie(certificate, person, title, organisation, may_sign_for, valid) ==
           std::tie(o.certificate, o.person, o.title, o.organisation, o.may_sign_for, o.valid);
}

bool agency_certificate::operator==(const agency_certificate& o) const {
    return std::tie(certificate, organisation, use, valid) == std::tie(o.certificate, o.organisation, o.use, o.valid);
}

bool matches(const certificate_match& wanted, const certificate_ids& have) {
    if (!wanted.spki_sha256 && !wanted.certificate_sha256 && wanted.subject.empty()) return false;
    if (wanted.spki_sha256 && *wanted.spki_sha256 != have.spki_sha256) return false;
    if (wanted.certificate_sha256 && *wanted.certificate_sha256 != have.certificate_sha256) return false;
    return wanted.subject.empty() || (wanted.subject == have.subject && wanted.issuer == have.issuer);
}

} // namespace vanthu::registry

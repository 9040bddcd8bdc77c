#include "signing/xml/imprint.hpp"

namespace vanthu::xml {

void write_signature_imprint(const core_signature& core, const canonicalisation& how, octet_sink& out) {
    write_canonical(*core.signature_value, how, out);
}

result<> write_archive_imprint(const archive_subject& subject, const element* stamp, const canonicalisation& how,
                               const limits& bounds, octet_sink& out) {
    const core_signature& core = subject.core;
    for (const reference& one : core.references) {
        follow to{&one, subject.signature.top->ordinal, how, &out};
        if (one.same_document()) {
            std::vector<follow> only{to};
            VANTHU_CHECK(follow_references(subject.document, bounds, only, {subject.signature.top->ordinal}));
            if (only[0].found.matches != 1 || only[0].found.damaged) return failed(errc::reference_missing, one.uri);
        } else {
            std::optional<source> content = subject.others ? subject.others(one.uri) : std::nullopt;
            if (!content) return failed(errc::reference_missing, one.uri);
            VANTHU_CHECK(follow_outside(*content, bounds, to));
        }
    }
    for (const element* part : {core.signed_info, core.signature_value, core.key_info})
        if (part) write_canonical(*part, how, out);
    if (subject.about.unsigned_signature_properties)
        for (const element* property : subject.about.unsigned_signature_properties->children()) {
            if (property == stamp) break;
            write_canonical(*property, how, out);
        }
    for (const element* object : core.objects)
        if (object != subject.about.qualifying->parent) write_canonical(*object, how, out);
    return {};
}

} // namespace vanthu::xml

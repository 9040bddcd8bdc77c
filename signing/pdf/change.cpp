#include "signing/pdf/revisions.hpp"

namespace vanthu::pdf {

std::string to_string(const change& c) {
    switch (c.kind) {
    case change_kind::signature_added:
        return "signature_added:" + c.what;
    case change_kind::field_added:
        return "signature_field_added:" + c.what;
    case change_kind::field_filled:
        return "field_filled:" + c.what;
    case change_kind::timestamp_added:
        return "timestamp_added:" + c.what;
    case change_kind::evidence_added:
        return "evidence_added";
    case change_kind::metadata_updated:
        return "metadata_updated";
    case change_kind::resources_added:
        return "form_resources_added";
    case change_kind::forbidden:
        return c.what;
    }
    return c.what;
}

} // namespace vanthu::pdf

#include "daemon/delivery/fault.hpp"

#include "daemon/base/error_table.hpp"
#include "daemon/delivery/errors.hpp"
#include "daemon/delivery/transport.hpp"

#include <algorithm>

namespace vanthu::delivery {
namespace {

constexpr fault_row rows[] = {
    // No way there: nothing of any document was sent.
    {"net.connect_refused", fault::of_destination},
    {"net.unreachable", fault::of_destination},
    {"net.name_not_resolved", fault::of_destination},
    {"net.tls_failed", fault::of_destination},
    {"net.peer_not_trusted", fault::of_destination},
    {"net.address_refused", fault::of_destination},
    {"net.bad_url", fault::of_destination},
    {"net.bad_tls_configuration", fault::of_destination},
    {"net.busy", fault::of_destination},
    {"delivery.node_unknown", fault::of_destination},
    {"delivery.no_transport", fault::of_destination},
    {"peer.version_unsupported", fault::of_destination},
    // It does not let us in: for a person to put right, and no fault of a document.
    {"peer_link.unknown_peer", fault::of_destination},
    {"peer_link.not_a_link_certificate", fault::of_destination},
    {"peer_link.signing_certificate", fault::of_destination},
    {"peer_link.pin_not_valid", fault::of_destination},
    // It says that it can take nothing now.
    {"peer_link.too_many_transfers", fault::of_destination},
    {"ledger.no_space", fault::of_destination},
    {"ledger.spool_full", fault::of_destination},
    {"ledger.stopped", fault::of_destination},
    {"ledger.closed", fault::of_destination},
    {"intake.overloaded", fault::no_documents},
    // Half-way: a weak link, or a document that the other side chokes on.
    {"net.timed_out", fault::unclear},
    {"tasks.timed_out", fault::unclear},
    {"net.connection_closed", fault::unclear},
    {"net.bad_response", fault::unclear},
    {"net.response_too_large", fault::unclear},
    {"net.too_slow", fault::unclear},
    {"net.handler_failed", fault::unclear},
    {"delivery.receipt_not_valid", fault::unclear},
    // This packet, now.
    {"delivery.packet_unreadable", fault::of_document},
    {"net.body_source_failed", fault::of_document},
    {"peer_link.manifest_missing", fault::of_document},
    {"peer_link.offset_mismatch", fault::of_document},
    {"peer_link.transfer_running", fault::of_document},
    {"intake.still_running", fault::of_document},
    {"intake.hash_mismatch", fault::of_document},
    {"intake.size_mismatch", fault::of_document},
    // By time, not by the other side.
    {"delivery.expired", fault::permanent},
};

} // namespace

std::span<const fault_row> fault_table() { return rows; }

fault fault_of(std::string_view code, int status, std::optional<bool> says_retry) {
    for (const fault_row& r : rows)
        if (r.code == code) return r.is;
    const bool busy = status == 429 || status == 503 || status == 507;
    const bool transient = busy || status >= 500 || status == 408 || status == 425;
    if (status == 0) return fault::unclear; // no answer
    if (!says_retry.value_or(transient)) return fault::permanent;
    return busy ? fault::of_destination : transient ? fault::unclear : fault::of_document;
}

fault fault_of(const outcome& o) {
    if (o.what == outcome::kind::delivered) return fault::none;
    if (o.what == outcome::kind::refused) return fault::permanent;
    if (o.at_greeting) return fault::of_destination;
    // Of what fails here only one thing is about the destination: that the registry knows it no more.
    if (o.at_home && o.code != public_code(errc::node_unknown)) return fault::at_home;
    const fault is = fault_of(o.code, o.status, true);
    return is == fault::permanent ? fault::unclear : is; // it is tried again, whatever its code is elsewhere
}

} // namespace vanthu::delivery

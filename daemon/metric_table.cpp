#include "daemon/metric_table.hpp"

namespace vanthu {
namespace {
using metrics::row;
using enum metrics::kind;

constexpr double size_buckets[] = {1024,    16384,    65536,    262144,    1048576,
                                   4194304, 16777216, 67108864, 268435456, 1073741824};

const row rows[] = {
    {"vanthu_consignments_waiting", gauge, "Consignments that wait for delivery.", "destination"},
    {"vanthu_oldest_waiting_seconds", gauge, "Age of the oldest transfer that waits.", "destination"},
    {"vanthu_consignments_parked", gauge, "Consignments parked until a person acts.", "destination,reason"},
    {"vanthu_waiting_bytes", gauge, "Bytes of packets that wait for delivery.", "destination"},
    {"vanthu_destination_state", gauge,
     "1 for the state a destination is in: closed (traffic flows), paused (as it asked), open (does not answer), "
     "probing, "
     "no_documents (overloaded: takes statuses and recalls only).",
     "destination,state"},
    {"vanthu_destination_window", gauge, "Transfers that may run at one time.", "destination"},
    {"vanthu_inbox_unacknowledged", gauge, "Inbox entries the eOffice has not acknowledged.", "organisation"},
    {"vanthu_inbox_arrival_due_soon", gauge,
     "Entries whose arrival (01) must be told within calendar.warn_before of working time.", "organisation"},
    {"vanthu_inbox_arrival_overdue", gauge, "Entries whose arrival (01) should have been told by now, in working time.",
     "organisation"},
    {"vanthu_inbox_oldest_unacknowledged_seconds", gauge, "Age of the oldest entry not acknowledged.", "organisation"},
    {"vanthu_documents_accepted_total", counter, "Packets committed and acknowledged.", "door"},
    {"vanthu_documents_refused_total", counter, "Packets refused at the gate.", "door,code"},
    {"vanthu_documents_duplicate_total", counter, "Packets answered with the first answer again.", "door"},
    {"vanthu_accept_seconds", histogram, "From the first byte of a packet to its durable commit.", "door",
     metrics::latency_buckets()},
    {"vanthu_packet_bytes", histogram, "Size of accepted packets.", "door", size_buckets},
    {"vanthu_verdicts_total", counter, "Signature verdicts at the gate.", "verdict"},
    {"vanthu_delivery_attempts_total", counter, "Attempts, by how they ended.", "destination,outcome"},
    {"vanthu_new_documents_refused", gauge, "1 while new documents are refused, by what has reached its mark.",
     "cause"},
    {"vanthu_process_resident_bytes", gauge, "Memory of the daemon."},
    {"vanthu_reconcile_findings", gauge, "What the last comparison with a node found.", "destination,kind"},
    {"vanthu_reconcile_unrepaired", gauge, "What of it was not repaired by itself.", "destination,kind"},
    {"vanthu_reconcile_failed", gauge, "1: the last comparison with a node did not come to its end.", "destination"},
    {"vanthu_reconcile_age_seconds", gauge, "Age of the last comparison with a node.", "destination"},
    {"vanthu_store_free_bytes", gauge, "Free space on the disk of the store."},
    {"vanthu_store_spool_bytes", gauge, "Bytes of packets still being received."},
    {"vanthu_http_requests_total", counter, "Requests answered.", "listener,method,status"},
    {"vanthu_build_info", gauge, "Always 1; the label is the version.", "version"},
};
} // namespace

std::span<const metrics::row> daemon_metric_table() { return rows; }

} // namespace vanthu

// One packet on its way through the gate.
#pragma once

#include "daemon/intake/companion.hpp"
#include "daemon/intake/decision.hpp"
#include "daemon/intake/spooled.hpp"

namespace vanthu::intake {

edxml::date today(timestamp at); // in Viet Nam

class acceptance final : public edxml::attachment_sink {
public:
    acceptance(gate& g, offer o);
    task<accepted> run(net::body_source& body);
    task<accepted> run(std::unique_ptr<ledger::spool_file> packet);

    result<> begin(std::size_t index, const edxml::attachment_info& so_far) override;
    result<> data(std::size_t index, bytes_view decoded) override;
    result<> inner(std::size_t index, bytes_view unpacked) override;
    result<> end(std::size_t index, const edxml::attachment_info& final) override;

private:
    // A PDF among the attachments, kept for the inspector while its bytes pass by.
    struct copy {
        explicit copy(spooled s) : content(std::move(s)) {}
        spooled content;
        bytes head; // until it is decided
        bool decided = false, wanted = false, over_budget = false;
        bool header_inside = false; // not wanted, and yet "%PDF-" stands in it
        std::string last;           // while that is looked for: what came before, as long as a header may be cut
        result<> take(bytes_view piece, std::uint64_t limit);
        result<> settle(std::uint64_t limit); // all bytes have passed, or enough to decide
        result<> keep(bytes_view piece, std::uint64_t limit);
    };
    struct candidate {
        std::string name;
        copy outer, unpacked;
        copy* chosen = nullptr;
    };

    task<> read(net::body_source& body);
    task<> read_spool();
    task<accepted> decide();
    result<> take(bytes_view piece);
    result<> check_announcement() const;
    result<> check_pressure(const edxml::document_packet&);
    result<bool> perhaps_known(const edxml::document_packet&, const std::vector<std::string>& codes) const;
    result<> check_sender(std::string_view from_code, bool is_document);
    result<> check_attachments() const;
    result<> check_code();
    result<> check_dates();
    result<> route_recipients();
    result<> keep_with_documents();
    task<> check_secrets();
    task<> inspect_signatures();
    // Where nobody looks at PDFs none is kept aside.
    std::uint64_t inspect_limit() const { return gate_.inspectors_ ? gate_.options_.inspect_limit : 0; }
    result<> apply_policy();
    result<> check_origin();
    result<> sign_origin(arrival&, const edxml::packet&) const;
    std::string expected_signer(const std::string& from) const;
    result<> prepare_companions();
    void compose_ahead();
    task<> store_payloads();
    void discard_payloads();
    task<accepted> commit();
    fail isolate_or_refuse(const std::string& field);

    gate& gate_;
    offer offer_;
    timestamp at_;
    std::shared_ptr<const registry::registry> registry_;
    spooled packet_bytes_;
    edxml::packet_reader reader_;
    std::optional<edxml::packet> packet_;
    std::vector<std::unique_ptr<candidate>> candidates_;
    std::optional<std::string> marking_; // where a secrecy marking was found
    bool first_page_unseen_ = false;     // of a PDF, or of a file that pretends to be one
    arrival arrival_;
    records::composed_ahead composed_;

    std::vector<std::unique_ptr<companion>> companions_;
    std::unique_ptr<companion> arrival_before_; // arrival::arrival_before
};

} // namespace vanthu::intake

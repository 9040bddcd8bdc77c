// The REST API for eOffice systems. One table of endpoints (endpoints() below); schemas/openapi/eoffice-v1.yaml
// describes the same ones and a test compares the two. docs/api.md is the guide.
//
// Threads: handle() runs on any network executor. What it answers with 2xx is on disk.
#pragma once

#include "daemon/api/bell.hpp"
#include "daemon/api/credentials.hpp"
#include "daemon/api/errors.hpp"
#include "daemon/calendar/duties.hpp"
#include "daemon/delivery/flow.hpp"
#include "daemon/intake/gate.hpp"

#include <boost/json/fwd.hpp>

#include <span>

namespace vanthu::api {

struct eoffice_options {
    std::string node, home, organisation;
    std::size_t files = 200; // of one submission
    std::uint64_t memory_spool = 1u << 20;
    std::chrono::seconds longest_wait{60}; // of a long poll
    std::size_t search_at_most = 5000;     // rows looked through by one request for a list
    // What /v1/health asks for, on the disk pool: may new documents be stored? Empty: not asked.
    std::function<result<>()> room;
    // delivery::engine::trouble, for ladders. Empty: not known.
    std::function<std::optional<delivery::flow_standing>(const std::string& node)> trouble;
    unsigned attempts = 0; // of a delivery, for ladders; 0: not known
};

class eoffice {
public:
    struct call; // one request with its credential and path parameters
    struct endpoint {
        std::string_view method, path; // "{id}" stands for one segment
        std::string_view right;        // empty: none needed
        std::string_view query;        // names of its query parameters, between spaces; any other is refused
        asio::awaitable<net::response> (eoffice::*serve)(call&);
    };
    static std::span<const endpoint> endpoints();

    eoffice(eoffice_options, intake::gate&, ledger::store&, ledger::receipt_log&, ledger::spool&, inbox_bell&,
            asio::thread_pool& disk, const wall_clock&);
    void use_calendar(std::shared_ptr<const calendar::office> c) { calendar_.store(std::move(c)); }
    void use_credentials(std::shared_ptr<const credentials> c) { credentials_.store(std::move(c)); }
    asio::awaitable<net::response> handle(net::request&);

private:
    asio::awaitable<net::response> health(call&);
    asio::awaitable<net::response> submit(call&);
    asio::awaitable<net::response> documents(call&);
    asio::awaitable<net::response> track(call&);
    asio::awaitable<net::response> receipt(call&);
    asio::awaitable<net::response> recall(call&);
    asio::awaitable<net::response> replace(call&);
    asio::awaitable<net::response> update(call&);
    asio::awaitable<net::response> inbox(call&);
    asio::awaitable<net::response> inbox_entry(call&);
    asio::awaitable<net::response> packet(call&);
    asio::awaitable<net::response> attachment(call&);
    asio::awaitable<net::response> acknowledge(call&);
    asio::awaitable<net::response> set_status(call&);
    asio::awaitable<net::response> organisations(call&);

    struct found_entry {
        records::inbox_row entry;
        records::document_row document;
    };
    struct status_report { // what an eOffice says about an entry
        std::string code, description;
        std::optional<edxml::staff_info> staff;
    };
    static result<status_report> status_report_from(std::string_view body);
    result<std::string> organisation_of(const call&) const; // canonical: the one the request is for
    // Is a reader's place in an inbox one of this store? inbox_restored.
    result<> check_place(std::string_view organisation, std::uint64_t after,
                         const std::optional<std::string>& instance) const;
    result<found_entry> find_entry(const call&) const;
    result<records::document_row> find_document(const call&) const;
    result<records::document_row> find_recallable(const call&) const;
    result<std::vector<std::string>> recall_recipients(const call&, const records::document_row&,
                                                       const std::vector<std::string>& named) const;
    task<net::response> recall_by(call&, const std::string& key);
    task<net::response> update_recipients(call&, const records::document_row&, const std::string& key);
    result<net::response> recall_answer(const std::string& document, const records::document_row& recall,
                                        const std::string& receipt) const;
    result<std::optional<net::response>> answered_before(const call&, const records::document_row&,
                                                         const std::string& key, const digest& request) const;
    static result<std::string> key_of(const net::request&); // its Idempotency-Key; empty: none
    // One request a key at a time; a second one is told to ask again.
    class running_request {
    public:
        running_request(eoffice& of, const std::string& credential, const std::string& key);
        ~running_request();
        running_request(const running_request&) = delete;
        bool mine() const { return mine_; }

    private:
        eoffice& of_;
        std::pair<std::string, std::string> key_;
        bool mine_ = true;
    };
    // What the metadata of a submission mean.
    using header_reader = std::function<result<edxml::document_header>(boost::json::object)>;
    asio::awaitable<net::response> submit_as(call&, intake::offer, const header_reader&);
    task<net::response> submit_packet(call&, intake::offer);
    task<net::response> submit_files(call&, intake::offer, const header_reader&);
    task<intake::accepted> report(const found_entry&, status_report);
    boost::json::object listed_json(const records::reader&, const records::reader::listed_entry&) const;
    boost::json::object entry_json(const records::inbox_row&, const records::document_row&) const;

    eoffice_options options_;
    intake::gate& gate_;
    ledger::store& store_;
    ledger::receipt_log& log_;
    ledger::spool& spool_;
    inbox_bell& bell_;
    asio::thread_pool& disk_;
    const wall_clock& clock_;
    std::atomic<std::shared_ptr<const credentials>> credentials_;
    std::atomic<std::shared_ptr<const calendar::office>> calendar_{std::make_shared<const calendar::office>()};
    std::mutex running_guard_;
    std::set<std::pair<std::string, std::string>> running_keys_; // credential, Idempotency-Key
};

} // namespace vanthu::api

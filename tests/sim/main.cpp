// vanthu-sim: a partner that misbehaves by a seed and a script. For tests; no part of the delivery.
//
//   vanthu-sim run --node ID --organisation CODE --listen 127.0.0.1:PORT --certificate F --key F --ca F
//                  --log-key F --delegation F --trust DIR --script F --seed N --journal F
//                  [--peer ID=URL --peer-organisation ID=CODE]
//        Speaks peer protocol v1 (docs/peer-protocol.md) over mutual TLS, as the next hop of a vanthud and, with
//        --peer, as a node that sends to it. Prints "ready PORT"; ends on SIGTERM.
//   vanthu-sim plan --script F --seed N --key K --step S [--kind K] [--list answering] [--attempts 5]
//        What is decided for one message, without running anything.
//   vanthu-sim replay JOURNAL --script F --seed N
//        Decides everything in a journal once more: 0 when each decision is the same, 1 with the first that is not.
//
// The script (JSON). "answering": what vanthud meets when it calls; "calling": what it is sent. Each rule strikes
// `share` of the messages that come to step `at`, in their first `attempts` attempts (default 2); the draw is made by
// seed, key of the message, step and attempt, and by nothing else. A key is made of what is the same in every run with
// the same documents: content hash, numbers, fields; never a time. Shares of one step add up to at most 1.
//
//   answering, at: hello, manifest, packet, notices, reconcile
//     cut_before_taking   connection reset before anything is kept          cut_after_taking   taken, reset, no answer
//     cut_in_body         half the body read, reset; continued from there   cut_in_answer      half the answer, reset
//     slow                the answer in drops, over `value` ms              garbage_http, garbage_json,
//     oversize_headers status_500, status_503, status_429, status_400                        with Retry-After: `value`
//     where not 0 offset_beyond, junk_known                                             wrong answers to a manifest
//     receipt_other_hash, receipt_other_origin, receipt_bad_signature, receipt_missing_recipient, receipt_without_proof
//                         (at packet) a wrong receipt; nothing is taken
//     ack_too_low         (at notices) as if none had arrived
//     other_question      (at reconcile) an answer that speaks of something else
//     never_sent, other_order, pages_backwards, same_page, small_pages
//                         (at reconcile) of a list: with a packet that nobody has sent; its rows or its pages from the
//                         last to the first; the same page for ever; `value` rows a page
//   answering, at: stand (each packet that is asked about)
//     not_known, other_content, recipient_left_out, other_recipient, second_entry, no_entry, stand_twice,
//     status_ahead (a 03 that was never sent), says_recalled, says_parked
//   answering, at: listed (each packet in a list)
//     left_out, listed_twice, listed_other_hash
//   calling, at: document, status (each attempt to send one), envelope, storm (once a document)
//     duplicate, duplicate_at_once, reset_in_body, cut_before_answer (after `value` ms), slow_body (over `value` ms),
//     wrong_hash, wrong_size, no_manifest, oversize_headers, garbage_http
//     new_envelope        (at envelope) the same document again in other bytes
//     storm               (at storm) its statuses out of order, twice, with unknown codes
//   calling also: "documents": how many to send, "pause_ms": between two, "statuses": "none" or "once" for what it
//   takes
//
// The journal: {"event":"decided","key","step","attempt","fault"...}; "taken" (a packet it has custody of); "given" (a
// receipt of vanthud's for something sent); "notice"; "wrong" (something that vanthud must never do).
#include "daemon/base/files.hpp"
#include "daemon/cli/verify_receipt.hpp"
#include "tests/sim/partner.hpp"
#include "tests/support/must.hpp"

#include <CLI/CLI.hpp>
#include <csignal>
#include <fmt/format.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

using namespace vanthu;
using test::must;

namespace {

struct arguments {
    sim::settings what;
    sim::identity_files files;
    std::string listen = "127.0.0.1:0", log_key, delegation, trust, script, journal, peer, peer_organisation;
    std::string key, step, kind, list = "answering";
    unsigned attempts = 5;
};

std::string text_of(const std::string& path) { return must(path.c_str(), read_text_file(path, 4u << 20)); }

std::pair<std::string, std::string> split(const std::string& text) {
    const auto sign = text.find('=');
    return {text.substr(0, sign), sign == std::string::npos ? "" : text.substr(sign + 1)};
}

int run(arguments& a) {
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ending, nullptr);
    std::signal(SIGPIPE, SIG_IGN);

    a.what.faults = must("script", sim::script::load(a.script));
    std::string delegation = text_of(a.delegation);
    if (delegation.ends_with('\n')) delegation.pop_back();
    const auto content = must("delegation", receipt::decode_delegation(delegation));
    sim::receipts receipts(must("log key", tlog::ed25519_private_key::from_pem(text_of(a.log_key))), delegation,
                           content.log_origin, a.what.organisation);
    sim::journal journal(a.journal);
    sim::receiver receiver(a.what, receipts, journal);

    const auto context = sim::server_side(a.files);
    std::uint16_t port = 0;
    const int listening = sim::listen_on_loopback(a.listen, port);
    // Threads live as long as the process, which ends by _exit: whatever they are in the middle of is a fault like any
    // other.
    std::thread([&] {
        for (;;) {
            const int socket = ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);
            if (socket < 0) continue;
            std::thread([&, socket] {
                try {
                    sim::wire w(socket, context, true);
                    receiver.serve(w);
                } catch (const sim::broken&) { // the other side's way of ending
                }
            }).detach();
        }
    }).detach();
    std::unique_ptr<sim::caller> caller;
    if (!a.peer.empty()) {
        const auto [node, url] = split(a.peer);
        caller = std::make_unique<sim::caller>(a.what, sim::peer_to_call{node, url, split(a.peer_organisation).second},
                                               a.files, text_of(a.files.key), text_of(a.files.certificate),
                                               must("trust", cli::read_trust(a.trust)), journal);
        std::thread([&] { caller->send_documents(); }).detach();
        std::thread([&] { caller->send_statuses(receiver); }).detach();
    }
    fmt::print("ready {}\n", port);
    std::fflush(stdout);
    int got = 0;
    sigwait(&ending, &got);
    ::_exit(0);
}

int plan(const arguments& a) {
    const auto faults = must("script", sim::script::load(a.script));
    const auto& rules = a.list == "calling" ? faults.calling : faults.answering;
    for (unsigned n = 1; n <= a.attempts; ++n) {
        const sim::rule* r = sim::decide(rules, a.what.seed, a.key, a.step, a.kind, n);
        fmt::print("{} {}\n", n, r ? r->fault : "none");
    }
    return 0;
}

int replay(const arguments& a) {
    const auto faults = must("script", sim::script::load(a.script));
    const std::string text = must("journal", read_text_file(a.journal, 1u << 30));
    std::uint64_t same = 0;
    for (std::string_view rest = text; !rest.empty();) {
        const auto end = rest.find('\n');
        if (end == std::string_view::npos) break; // killed while it wrote
        const auto line = boost::json::parse(rest.substr(0, end)).as_object();
        rest.remove_prefix(end + 1);
        if (line.at("event") != "decided") continue;
        auto word = [&](const char* name) { return std::string(line.at(name).as_string()); };
        const sim::rule* r =
            sim::decide(word("list") == "calling" ? faults.calling : faults.answering, a.what.seed, word("key"),
                        word("step"), word("kind"), line.at("attempt").to_number<unsigned>());
        if ((r ? r->fault : "none") != word("fault")) {
            fmt::print("{}\n  is now {}\n", boost::json::serialize(line), r ? r->fault : "none");
            return 1;
        }
        ++same;
    }
    fmt::print("{} decisions, all the same\n", same);
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    arguments a;
    CLI::App app("A partner that misbehaves by a seed and a script.");
    app.require_subcommand(1);
    auto common = [&](CLI::App* c) {
        c->add_option("--script", a.script)->required();
        c->add_option("--seed", a.what.seed)->required();
        return c;
    };
    auto* running = common(app.add_subcommand("run"));
    running->add_option("--node", a.what.node)->required();
    running->add_option("--organisation", a.what.organisation)->required();
    running->add_option("--listen", a.listen);
    running->add_option("--certificate", a.files.certificate)->required();
    running->add_option("--key", a.files.key)->required();
    running->add_option("--ca", a.files.ca)->required();
    running->add_option("--log-key", a.log_key)->required();
    running->add_option("--delegation", a.delegation)->required();
    running->add_option("--trust", a.trust)->required();
    running->add_option("--journal", a.journal)->required();
    running->add_option("--peer", a.peer);
    running->add_option("--peer-organisation", a.peer_organisation);
    auto* planning = common(app.add_subcommand("plan"));
    planning->add_option("--key", a.key)->required();
    planning->add_option("--step", a.step)->required();
    planning->add_option("--kind", a.kind);
    planning->add_option("--list", a.list);
    planning->add_option("--attempts", a.attempts);
    auto* replaying = common(app.add_subcommand("replay"));
    replaying->add_option("journal", a.journal)->required();
    CLI11_PARSE(app, argc, argv);
    try {
        return *running ? run(a) : *planning ? plan(a) : replay(a);
    } catch (const std::exception& e) {
        fmt::print(stderr, "vanthu-sim: {}\n", e.what());
        return 2;
    }
}

// POST /v1/documents: a ready packet, or metadata and files from which the packet is made here.
#include "daemon/api/call.hpp"
#include "daemon/api/strict_json.hpp"
#include "daemon/base/base64.hpp"
#include "daemon/base/log.hpp"
#include "daemon/intake/decision.hpp"
#include "daemon/intake/spooled.hpp"
#include "daemon/net/multipart.hpp"
#include "schemas/edxml/json.hpp"
#include "schemas/edxml/writer.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace vanthu::api {

namespace json = boost::json;

namespace {

struct file_part {
    std::string name, content_type;
    intake::spooled content;
};

// The packet that pieces and files make, as a body for the gate.
class composed_body final : public net::body_source {
public:
    composed_body(std::vector<edxml::piece> pieces, std::vector<file_part>& files)
        : pieces_(std::move(pieces)), files_(files) {}
    task<std::size_t> read_some(std::span<std::uint8_t> out) override {
        while (ready_at_ == ready_.size()) {
            if (piece_ == pieces_.size()) co_return std::size_t{0};
            ready_at_ = 0;
            ready_.clear();
            if (auto* text = std::get_if<std::string>(&pieces_[piece_])) {
                ready_ = std::move(*text);
                ++piece_;
            } else if (auto* content = std::get_if<edxml::attachment_content>(&pieces_[piece_])) {
                bytes block(48u << 10); // a multiple of three: no padding inside
                VANTHU_CO_TRY(std::size_t n, files_[content->index].content.read(offset_, block));
                ready_ = base64_encode(bytes_view(block.data(), n));
                offset_ += n;
                if (n < block.size()) {
                    offset_ = 0;
                    ++piece_;
                }
            } else {
                ++piece_; // ranges of a received packet do not occur in a new one
            }
        }
        std::size_t n = std::min(out.size(), ready_.size() - ready_at_);
        std::copy_n(ready_.begin() + static_cast<std::ptrdiff_t>(ready_at_), n, out.begin());
        ready_at_ += n;
        co_return n;
    }

private:
    std::vector<edxml::piece> pieces_;
    std::vector<file_part>& files_;
    std::size_t piece_ = 0, ready_at_ = 0;
    std::uint64_t offset_ = 0;
    std::string ready_;
};

// The same for every answer to the same request: only what never changes stands in it (contracts 1).
net::response accepted_answer(const intake::accepted& a, bool dry_run, int status) {
    json::object o{{"schema_version", 1},
                   {"document_id", a.document.id},
                   {"business_document_id", a.document.identity.document_id},
                   {"packet_sha256", a.document.packet_sha256.hex()},
                   {"content_sha256", a.document.content_sha256.hex()},
                   {"signatures", a.document.signatures},
                   {"flags", json::array(a.document.flags.begin(), a.document.flags.end())}};
    if (dry_run) {
        o["dry_run"] = true;
        o.erase("document_id");
        json::array findings;
        for (const edxml::finding& f : a.findings) findings.push_back(edxml::to_json(f));
        o["findings"] = std::move(findings);
    } else {
        o["receipt"] = a.receipt;
    }
    net::response out = answer(status, o);
    if (!dry_run) out.fields.set("Location", "/v1/documents/" + a.document.id);
    return out;
}

// A document that takes the place of one under the same number and day: recalls, replacements and statuses name
// documents by their ids, so it gets one of its own, the same whenever it is asked for. Readers of such an id take the
// number from its third part, so that a fourth is counted.
std::string another_than(const std::string& id, const std::vector<edxml::replacement_info>& replaced) {
    unsigned last = 0;
    for (const edxml::replacement_info& each : replaced) {
        const std::string_view old = each.document_id;
        if (!old.starts_with(id)) continue;
        const std::string_view rest = old.substr(id.size());
        unsigned n = 1;
        if (!rest.empty()) {
            const char* end = rest.data() + rest.size();
            if (rest.front() != ',' || std::from_chars(rest.data() + 1, end, n).ptr != end) continue;
        }
        last = std::max(last, n);
    }
    return last == 0 ? id : fmt::format("{},{}", id, last + 1);
}

// What the metadata may leave out because it follows from the sender, the registry and the day.
void fill_in(edxml::document_header& h, const registry::registry& r, const std::string& own_code, timestamp at) {
    if (h.from.organ_id.empty()) h.from.organ_id = own_code;
    auto name = [&](edxml::organisation& o) {
        auto found = r.resolve(o.organ_id, at);
        if (o.organ_name.empty() && found.known()) o.organ_name = found.found->name(at);
    };
    name(h.from);
    for (edxml::organisation& to : h.to) name(to);
    if (h.promulgation.date.empty()) h.promulgation.date = edxml::packet_date::parse(to_edxml_date(at));
    if (h.document_id.empty()) // 05 and 5 are one number, so they make one id
        h.document_id = another_than(fmt::format("{},{},{}/{}", h.from.organ_id, h.promulgation.date.text,
                                                 records::comparable_number(h.code.number), h.code.notation),
                                     h.bussiness ? h.bussiness->replacements : std::vector<edxml::replacement_info>());
    if (h.content.empty()) h.content = h.subject;
    if (h.steering_type.empty()) h.steering_type = "1";
    if (h.trace.empty()) h.trace.push_back({h.from.organ_id, edxml::packet_time::of(at)});
}

result<edxml::document_header> header_of(const std::string& metadata, const eoffice::call& c,
                                         const std::function<result<edxml::document_header>(json::object)>& read) {
    VANTHU_TRY(json::object described, strict_object(metadata, "metadata"));
    VANTHU_TRY(edxml::document_header h, read(std::move(described)));
    if (h.from.organ_id.empty() && c.who->organisations.size() != 1) return failed(errc::organisation_unclear);
    fill_in(h, *c.registry, c.who->organisations.front(), c.at);
    return h;
}

// May the answer be one that was given before? The gate finds out for certain; this spares the bytes of files.
result<bool> perhaps_known(const records::reader& read, const intake::offer& o) {
    for (const std::string& organisation : o.may_send_for) {
        VANTHU_TRY(auto row, read.idempotent(organisation, o.credential, o.idempotency_key));
        if (row && !o.idempotency_key.empty()) return true;
    }
    return false;
}
result<bool> perhaps_known(const records::reader& read, const std::string& home, const edxml::document_header& h,
                           const eoffice::call& c) {
    if (h.to.empty()) return false;
    const auto i = intake::identity_of({.header = h, .manifest = {}, .attachments = {}}, *c.registry, c.at);
    VANTHU_TRY(auto same, read.occupied(home, c.registry->canonical(h.to.front().organ_id, c.at), i));
    return same.has_value();
}

} // namespace

result<std::string> eoffice::key_of(const net::request& r) {
    std::string key(r.fields.get("Idempotency-Key"));
    if (key.size() > 200 || (key.empty() && r.fields.contains("Idempotency-Key")) ||
        r.fields.count("Idempotency-Key") > 1)
        return failed(errc::bad_parameter, "Idempotency-Key");
    return key;
}

eoffice::running_request::running_request(eoffice& of, const std::string& credential, const std::string& key)
    : of_(of), key_(credential, key) {
    if (key.empty()) return;
    std::lock_guard lock(of_.running_guard_);
    mine_ = of_.running_keys_.insert(key_).second;
}

eoffice::running_request::~running_request() {
    std::lock_guard lock(of_.running_guard_);
    if (mine_) of_.running_keys_.erase(key_);
}

asio::awaitable<net::response> eoffice::submit(call& c) {
    co_return co_await submit_as(c, {}, [](json::object o) { return edxml::header_from_json(o); });
}

asio::awaitable<net::response> eoffice::submit_as(call& c, intake::offer o, const header_reader& read) {
    o.source = intake::offer::from::eoffice;
    o.from_inbox = c.who->rights.contains("inbox");
    o.credential = c.who->id;
    for (const std::string& code : c.who->organisations) o.may_send_for.push_back(c.registry->canonical(code, c.at));
    std::string dry_run = c.request.query.find("dry_run").value_or("0");
    o.dry_run = dry_run == "1" || dry_run == "true";
    if (!o.dry_run && dry_run != "0" && dry_run != "false")
        co_return net::error_response(errc::bad_parameter, {.cause = "dry_run"});
    auto key = key_of(c.request);
    if (!key) co_return refuse(key.error(), told(key.error()));
    if (!o.dry_run) o.idempotency_key = *key;
    running_request hold(*this, c.who->id, o.idempotency_key);
    if (!hold.mine())
        co_return net::error_response(intake::errc::still_running, {.retry_after = std::chrono::seconds(2)});
    std::string_view type = c.request.fields.get("Content-Type");
    type = type.substr(0, type.find(';'));
    const bool about_another = !o.speaks_of.second.empty(); // as metadata and files only
    result<net::response> done = failed(errc::unsupported_media_type,
                                        about_another ? "multipart/form-data" : "multipart/form-data, application/xml");
    if (net::equal_without_case(type, "multipart/form-data"))
        done = co_await submit_files(c, std::move(o), read);
    else if (!about_another &&
             (net::equal_without_case(type, "application/xml") || net::equal_without_case(type, "text/xml") ||
              net::equal_without_case(type, "application/octet-stream")))
        done = co_await submit_packet(c, std::move(o));
    if (done) co_return std::move(*done);
    log::info("submission_refused", {{"credential", c.who->id}, {"failure", done.error()}});
    co_return refuse(done.error(), told(done.error()));
}

task<net::response> eoffice::submit_packet(call& c, intake::offer o) {
    const bool dry = o.dry_run, keyed = !o.idempotency_key.empty();
    const std::string_view length = c.request.fields.get("Content-Length");
    std::from_chars(length.data(), length.data() + length.size(), o.expected_size);
    VANTHU_CO_TRY(intake::accepted a, co_await gate_.accept(std::move(o), c.request.body));
    co_return accepted_answer(a, dry, dry || (a.known && !keyed) ? 200 : 201);
}

task<net::response> eoffice::submit_files(call& c, intake::offer o, const header_reader& read) {
    VANTHU_CO_TRY(std::string boundary, net::multipart_boundary(c.request.fields.get("Content-Type")));
    net::multipart_reader parts(c.request.body, boundary, {.parts = options_.files + 1});
    std::optional<std::string> metadata;
    std::vector<file_part> files;
    sha256 request;
    if (!o.speaks_of.second.empty()) request.update("about " + o.speaks_of.second + "\n");
    bytes chunk(64u << 10);
    for (;;) {
        VANTHU_CO_TRY(std::optional<net::part> part, co_await parts.next_part());
        if (!part) break;
        request.update(part->name).update("\n");
        if (part->name == "metadata") {
            // Which of two would count? Other readers could take the other one.
            if (metadata) co_return failed(errc::repeated_parameter, "metadata");
            metadata.emplace();
        } else {
            // A field of a form that is no file: a misspelt `metadata`, or what the sender believes to be understood.
            if (!part->filename) co_return failed(errc::unknown_parameter, part->name.substr(0, 200));
            if (part->filename->empty()) co_return failed(errc::bad_parameter, "filename");
            // Files make a new document: that none is taken now is told before they come.
            if (files.empty() && o.speaks_of.second.empty())
                if (auto may = gate_.may_take_any(); !may) {
                    const records::reader on_record(store_.committed());
                    VANTHU_CO_TRY(bool known, perhaps_known(on_record, o));
                    if (!known && metadata) {
                        VANTHU_CO_TRY(auto h, header_of(*metadata, c, read));
                        VANTHU_CO_TRY(known, perhaps_known(on_record, options_.home, h, c));
                    }
                    if (!known) co_return std::unexpected(may.error());
                }
            files.push_back({*part->filename, part->content_type, intake::spooled(spool_, options_.memory_spool)});
            request.update(files.back().name).update("\n");
        }
        std::uint64_t length = 0;
        for (;;) {
            VANTHU_CO_TRY(std::size_t n, co_await parts.read_some(chunk));
            if (n == 0) break;
            length += n;
            request.update(bytes_view(chunk.data(), n));
            if (part->name == "metadata") {
                metadata->append(as_text(bytes_view(chunk.data(), n)));
                if (metadata->size() > (4u << 20))
                    co_return failed(net::errc::multipart_limit, "metadata: at most 4194304 bytes");
            } else {
                VANTHU_CO_CHECK(files.back().content.write(bytes_view(chunk.data(), n)));
            }
        }
        request.update("\n" + std::to_string(length) + "\n");
    }
    if (!metadata) co_return failed(errc::metadata_missing);
    if (files.empty()) co_return failed(errc::file_missing);
    VANTHU_CO_TRY(edxml::document_header h, header_of(*metadata, c, read));

    std::vector<edxml::new_attachment> attachments;
    for (std::size_t i = 0; i < files.size(); ++i) {
        std::uint8_t head[4096];
        VANTHU_CO_TRY(std::size_t n, files[i].content.read(0, head));
        edxml::content_kind kind = edxml::sniff(bytes_view(head, n));
        attachments.push_back(
            {files[i].name, {}, std::string(edxml::media_type(kind)), fmt::format("{}-{}", h.document_id, i + 1)});
    }
    VANTHU_CO_TRY(auto pieces, edxml::compose_new(h, attachments));
    const bool dry = o.dry_run, keyed = !o.idempotency_key.empty();
    o.request_sha256 = request.finish();
    composed_body body(std::move(pieces), files);
    VANTHU_CO_TRY(intake::accepted a, co_await gate_.accept(std::move(o), body));
    co_return accepted_answer(a, dry, dry || (a.known && !keyed) ? 200 : 201);
}

} // namespace vanthu::api

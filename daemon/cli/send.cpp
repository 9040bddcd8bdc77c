// `vanthu send`: streams a packet, or metadata and files as multipart, under a key made from the content, so that it
// may be repeated after an answer was lost.
#include "daemon/base/error_table.hpp"
#include "daemon/base/files.hpp"
#include "daemon/cli/exchange.hpp"
#include "daemon/cli/packet_files.hpp"
#include "daemon/cli/verify_receipt.hpp"
#include "schemas/receipt/receipt.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <thread>
#include <unistd.h>

namespace vanthu::cli {
namespace {

namespace json = boost::json;

struct section {
    std::string text; // or, where `file` is named, that file's bytes
    std::string file{};
    std::uint64_t size = 0;
};

struct submission {
    std::string content_type, key;
    std::vector<section> sections;
    std::optional<digest> packet_sha256; // known only where the packet is ours
};

// Hashes a file with its length, and answers the length.
result<std::uint64_t> measure(const std::string& path, sha256& into) {
    std::uint64_t size = 0;
    VANTHU_CHECK(stream_file(path, [&](bytes_view b) -> result<> {
        size += b.size();
        into.update(b);
        return {};
    }));
    return size;
}

bool is_metadata(std::string_view name) { return name.ends_with(".json"); }

std::string form_name(std::string_view name) {
    std::string out;
    for (char c : name)
        if (c == '"')
            out += "%22";
        else if (static_cast<unsigned char>(c) >= 0x20)
            out += c;
    return out;
}

result<submission> prepare_packet(const std::string& file) {
    submission s{.content_type = "application/xml"};
    sha256 hash;
    VANTHU_TRY(std::uint64_t size, measure(file, hash));
    s.packet_sha256 = hash.finish();
    s.key = "cli-" + s.packet_sha256->hex();
    s.sections.push_back({{}, file, size});
    return s;
}

result<submission> prepare_files(const exchange_options& o) {
    const std::vector<std::string>& files = o.files;
    VANTHU_TRY(std::string metadata, read_text_file(files.front(), 4u << 20));
    boost::system::error_code ec;
    json::value parsed = json::parse(metadata, ec);
    if (ec || !parsed.is_object()) return failed(errc::metadata_unreadable, files.front());
    if (!o.id.empty()) { // of a replacement
        parsed.get_object()["reason"] = o.description;
        metadata = json::serialize(parsed);
    }
    sha256 hash;
    if (!o.id.empty()) hash.update(o.verb + o.id + "\n");
    hash.update(fmt::format("vanthu send\n{}\n{}", metadata.size(), metadata));
    std::vector<std::pair<std::string, std::uint64_t>> measured;
    for (auto file = files.begin() + 1; file != files.end(); ++file) {
        std::string name = std::filesystem::path(*file).filename().string();
        hash.update(fmt::format("\n{}\n", name));
        VANTHU_TRY(std::uint64_t size, measure(*file, hash));
        hash.update(fmt::format("\n{}", size));
        measured.emplace_back(std::move(name), size);
    }
    submission s;
    std::string content = hash.finish().hex();
    const std::string& boundary =
        content; // 64 of the 70 characters allowed; a text that holds its own hash does not occur
    s.key = "cli-" + content;
    s.content_type = "multipart/form-data; boundary=" + boundary;
    s.sections.push_back({fmt::format("--{}\r\nContent-Disposition: form-data; name=\"metadata\"\r\n"
                                      "Content-Type: application/json\r\n\r\n{}\r\n",
                                      boundary, metadata)});
    for (std::size_t i = 0; i < measured.size(); ++i) {
        s.sections.push_back({fmt::format("--{}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{}\"\r\n"
                                          "Content-Type: application/octet-stream\r\n\r\n",
                                          boundary, form_name(measured[i].first))});
        s.sections.push_back({{}, files[i + 1], measured[i].second});
        s.sections.push_back({"\r\n"});
    }
    s.sections.push_back({fmt::format("--{}--\r\n", boundary)});
    return s;
}

// A fresh pass over the sections for each try.
net::producer body_of(const submission& s) {
    struct place {
        std::size_t section = 0;
        std::uint64_t offset = 0;
        unique_fd open;
    };
    net::producer out;
    out.size = 0;
    for (const section& each : s.sections) *out.size += each.file.empty() ? each.text.size() : each.size;
    out.read_some = [&s, at = std::make_shared<place>()](std::span<std::uint8_t> into) -> task<std::size_t> {
        for (; at->section < s.sections.size(); ++at->section, at->offset = 0) {
            const section& now = s.sections[at->section];
            if (now.file.empty()) {
                std::size_t n = std::min<std::size_t>(into.size(), now.text.size() - at->offset);
                std::memcpy(into.data(), now.text.data() + at->offset, n);
                at->offset += n;
                if (n > 0) co_return n;
                continue;
            }
            if (at->offset == 0) at->open.reset(::open(now.file.c_str(), O_RDONLY | O_CLOEXEC));
            std::size_t want = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), now.size - at->offset));
            if (want == 0) continue;
            ssize_t n = ::read(at->open.get(), into.data(), want);
            if (n <= 0)
                co_return failed(files::errc::unreadable,
                                 now.file + ": " + (n ? std::strerror(errno) : "shorter than before"));
            at->offset += static_cast<std::uint64_t>(n);
            co_return static_cast<std::size_t>(n);
        }
        co_return std::size_t{0};
    };
    return out;
}

bool worth_another_try(const result<net::client_response>& r) {
    if (!r) return transient(r.error().code) || r.error().code == net::make_error_code(net::errc::connection_closed);
    if (r->status < 400) return false;
    boost::system::error_code ec;
    json::value v = json::parse(r->body, ec);
    const json::object* o = ec ? nullptr : v.if_object();
    const json::value* again = o ? o->if_contains("retryable") : nullptr;
    return again ? *again == true : r->status == 502 || r->status == 503 || r->status == 504;
}

std::chrono::seconds pause_before(unsigned attempt, const result<net::client_response>& last) {
    unsigned asked = 0;
    if (last) {
        std::string_view text = last->fields.get("Retry-After");
        std::from_chars(text.data(), text.data() + text.size(), asked);
    }
    return std::chrono::seconds(std::clamp(std::max(asked, 1u << std::min(attempt, 5u)), 1u, 60u));
}

result<> keep_receipt(const exchange_options& o, const submission& s, const json::object& answer) {
    std::string text = text_in(answer, "receipt");
    if (!o.receipt_file.empty()) VANTHU_CHECK(write_output(o.receipt_file, as_bytes(text)));
    if (o.trust.empty()) return {};
    VANTHU_TRY(receipt::trust_anchors anchors, read_trust(o.trust));
    receipt::expectation expected;
    expected.as = receipt::role::accepted;
    // Without a packet of our own the server names the hash; the content under it is compared by whoever has both.
    expected.packet_sha256 = s.packet_sha256 ? s.packet_sha256 : digest::from_hex(text_in(answer, "packet_sha256"));
    if (auto good = receipt::verify(text, anchors, expected); !good)
        return failed(errc::receipt_not_trusted, public_code(good.error().code) + " " + good.error().detail);
    return {};
}

void print_answer(const exchange_options& o, const std::string& key, const json::object& answer) {
    auto line = [](std::string_view name, const std::string& value) {
        if (!value.empty()) fmt::print("  {}: {}\n", name, for_terminal(value));
    };
    fmt::print("{}\n", o.dry_run ? o.say("Kiểm tra đạt; chưa gửi gì.", "The check passes; nothing was sent.")
                                 : o.say("Đã tiếp nhận và ghi bền vững.", "Accepted and kept durably."));
    line(o.say("Mã theo dõi", "Track it by"), text_in(answer, "document_id"));
    line(o.say("Mã văn bản", "Document id"), text_in(answer, "business_document_id"));
    line("SHA-256", text_in(answer, "packet_sha256"));
    if (!o.trust.empty() && !o.dry_run)
        line(o.say("Biên nhận", "Receipt"), std::string(o.say("đã kiểm chứng", "verified")));
    // The first answer again reads like a new one; what was denied may be asked again, but under another key.
    if (!o.id.empty() && !o.dry_run) {
        line(o.say("Khóa chống gửi trùng", "Idempotency key"), key);
        fmt::print("  {}\n",
                   o.say("Gửi lại lệnh này chỉ nhận lại trả lời này; muốn yêu cầu lần nữa: --idempotency-key.",
                         "The same command again only gets this answer; to ask once more: --idempotency-key."));
    }
    if (const json::array* findings = array_in(answer, "findings"))
        for (const json::value& each : *findings)
            if (const json::object* f = each.if_object())
                fmt::print("  ! {}: {} {}\n", for_terminal(text_in(*f, "code")),
                           for_terminal(text_in(*f, o.say.vietnamese() ? "message_vi" : "message_en")),
                           for_terminal(text_in(*f, "detail")));
}

} // namespace

int send(const exchange_options& o, connection& server) {
    const bool replaces = !o.id.empty(), packet = !replaces && !is_metadata(o.files.front());
    if (packet ? o.files.size() != 1 : o.files.size() < 2) {
        fmt::print(stderr, "{}\n",
                   o.say("Cần SIÊU_DỮ_LIỆU.json và ít nhất một tệp, hoặc đúng một GÓI.edxml.",
                         "Give META.json and at least one file, or exactly one PACKET.edxml."));
        return usage;
    }
    if (!o.receipt_file.empty())
        if (auto usable = can_be_output(o.receipt_file, existing_file::replaced); !usable)
            return tell(usable.error(), o.say);
    auto s = packet ? prepare_packet(o.files.front()) : prepare_files(o);
    if (!s) return tell(s.error(), o.say);
    result<net::client_response> last = failed(errc::server_missing);
    for (unsigned attempt = 0;; ++attempt) {
        net::client_request r;
        r.method = "POST";
        r.target = replaces ? "/v1/documents/" + net::percent_encode(o.id) + "/" + o.verb : "/v1/documents";
        if (o.dry_run) r.target += "?dry_run=1";
        r.fields.set("Content-Type", s->content_type);
        if (!o.dry_run) r.fields.set("Idempotency-Key", o.idempotency_key.empty() ? s->key : o.idempotency_key);
        r.expect_continue = true;
        r.idempotent = true;
        r.deadline = in(std::chrono::hours(1));
        r.body = body_of(*s);
        last = server.send(std::move(r));
        if (attempt >= o.retries || !worth_another_try(last)) break;
        auto pause = pause_before(attempt, last);
        fmt::print(stderr, "{} ({}) {} {} s\n", o.say("Chưa gửi được", "Not sent yet"),
                   last ? "HTTP " + std::to_string(last->status) : public_code(last.error().code),
                   o.say("thử lại sau", "trying again in"), pause.count());
        std::this_thread::sleep_for(pause);
    }
    auto answer = json_of(last, o.say);
    if (!answer) return answer.error();
    if (!o.dry_run)
        if (auto kept = keep_receipt(o, *s, *answer); !kept) return tell(kept.error(), o.say);
    if (o.say.as_json)
        print(*answer);
    else
        print_answer(o, o.idempotency_key.empty() ? s->key : o.idempotency_key, *answer);
    return done;
}

} // namespace vanthu::cli

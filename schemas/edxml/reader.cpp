#include "schemas/edxml/reader.hpp"

#include "daemon/base/base64.hpp"
#include "schemas/edxml/header.hpp"
#include "schemas/edxml/scanner.hpp"
#include "schemas/edxml/unzip.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace vanthu::edxml {
namespace {

constexpr std::size_t head_bytes = 4096;

bool ends_with_pdf(std::string_view name) {
    if (name.size() < 4) return false;
    std::string_view tail = name.substr(name.size() - 4);
    return tail[0] == '.' && (tail[1] | 32) == 'p' && (tail[2] | 32) == 'd' && (tail[3] | 32) == 'f';
}

// U+FFFD one after another near the start: somebody decoded the bytes as text and wrote them back.
bool ruined_by_text(bytes_view head) {
    return as_text(head.first(std::min<std::size_t>(head.size(), 1024))).find("\xEF\xBF\xBD\xEF\xBF\xBD") !=
           std::string_view::npos;
}

// One attachment while its content passes by.
struct current_attachment {
    attachment_info info;
    base64_decoder decoder;
    sha256 hash;
    bytes head;
    bytes decoded; // one piece, reused
    std::optional<zip_unwrapper> unwrapper;
    bool begun = false, receiving = false, wrong_base64 = false;
};

} // namespace

struct packet_reader::state final : scan_handler {
    state(const edxml::limits& l, std::optional<date> t)
        : limits(l), today(t), odd(out.findings, l.findings), scan(l, *this) {}

    edxml::limits limits;
    std::optional<date> today;
    attachment_sink* sink = nullptr;
    std::function<result<>(const packet&)> header_known;
    packet out;
    remarks odd;
    xml_tree tree;
    scanner scan;
    sha256 hash;
    std::optional<failure> broken;
    bool root_checked = false, interpreted = false, contents = true;
    std::vector<attachment_info> attachments;
    std::set<std::string, std::less<>> unbound;
    std::optional<current_attachment> current;

    result<> header() {
        interpreted = true;
        if (!attachments.empty()) odd.add(finding_code::attachments_before_header);
        VANTHU_CHECK(interpret(*tree.root(), today, out, odd));
        return header_known ? header_known(out) : result<>{};
    }

    // ── scan_handler ──
    void remark(finding_code code, std::string detail) override { odd.add(code, detail); }

    result<> token(std::string_view whole) override {
        VANTHU_CHECK(tree.feed(whole));
        if (tree.depth() != scan.depth()) return failed(errc::not_well_formed, "tags and their meaning differ");
        for (std::string& prefix : tree.take_unbound())
            if (unbound.size() < 16 && unbound.insert(prefix).second) odd.add(finding_code::unbound_prefix, prefix);
        if (!root_checked && tree.root()) {
            root_checked = true;
            VANTHU_CHECK(check_root(*tree.root(), odd));
        }
        if (!interpreted && tree.just_closed() == "edXMLEnvelope") return header();
        return {};
    }

    result<> attachment_begin() override {
        current.emplace();
        return {};
    }

    result<> transfer_begin(std::uint64_t offset) override {
        current->receiving = !current->begun;
        if (current->begun) {
            current->info.findings.push_back({finding_code::duplicate_transfer, {}});
            return {};
        }
        current->begun = true;
        current->info.transfer.offset = offset;
        current->unwrapper.emplace(limits, [this](bytes_view b) -> result<> {
            return sink ? sink->inner(attachments.size(), b) : result<>{};
        });
        if (!sink) return {};
        attachment_info so_far = current->info;
        read_fields_so_far(so_far);
        return sink->begin(attachments.size(), so_far);
    }

    result<> transfer_text(std::string_view text) override {
        current_attachment& a = *current;
        if (!a.receiving || a.wrong_base64 || !contents) return {};
        a.decoded.clear();
        a.wrong_base64 = !a.decoder.feed(text, a.decoded);
        if (a.decoded.empty()) return {};
        a.info.size += a.decoded.size();
        a.hash.update(a.decoded);
        std::size_t n = std::min(a.decoded.size(), head_bytes - a.head.size());
        a.head.insert(a.head.end(), a.decoded.begin(), a.decoded.begin() + static_cast<std::ptrdiff_t>(n));
        VANTHU_CHECK(a.unwrapper->feed(a.decoded));
        return sink ? sink->data(attachments.size(), a.decoded) : result<>{};
    }

    result<> transfer_end(std::uint64_t length) override {
        current_attachment& a = *current;
        if (!a.receiving) return {};
        a.receiving = false;
        a.info.transfer.length = length;
        if (!contents) return {};
        if (!a.wrong_base64 && a.decoder.finish()) return {};
        a.info.damaged = true;
        a.info.findings.push_back({finding_code::attachment_damaged, "base64"});
        return {};
    }

    result<> attachment_end() override {
        current_attachment& a = *current;
        interpret_attachment(tree.take_closed_child(), a.info);
        name_from_manifest(a.info);
        if (contents) {
            a.info.sha256 = a.hash.finish();
            judge_content(a);
        }
        std::size_t index = attachments.size();
        attachments.push_back(std::move(a.info));
        bool begun = a.begun;
        current.reset();
        return begun && sink ? sink->end(index, attachments.back()) : result<>{};
    }

    // ── parts ──
    void read_fields_so_far(attachment_info& info) {
        // The open elements are Attachment and ContentTransferEncoded: the last child on each level leads there.
        const element* e = tree.root();
        for (std::size_t level = 2; e && level < tree.depth(); ++level)
            e = e->children.empty() ? nullptr : &e->children.back();
        if (e) interpret_attachment(*e, info);
        name_from_manifest(info);
    }

    void name_from_manifest(attachment_info& info) {
        const document_packet* d = out.document();
        if (!d || info.content_id.empty()) return;
        for (const manifest_reference& r : d->manifest)
            if (r.content_id == info.content_id) {
                if (info.name.empty()) info.name = r.attachment_name;
                return;
            }
    }

    void judge_content(current_attachment& a) {
        attachment_info& info = a.info;
        auto note = [&](finding_code code, std::string detail = {}) {
            info.findings.push_back({code, std::move(detail)});
        };
        if (info.content_id.empty()) note(finding_code::content_id_missing);
        if (info.name.empty()) note(finding_code::attachment_name_missing);
        if (info.size == 0) note(finding_code::attachment_empty);
        bytes_view head = a.head;
        if (a.unwrapper) {
            if (a.unwrapper->beyond_limits() && wraps(a.unwrapper->entry_name(), info.name))
                note(finding_code::zip_bomb);
            auto content = info.damaged ? std::nullopt : a.unwrapper->finish();
            if (content && wraps(content->name, info.name)) {
                info.unwrapped = std::move(content);
                head = a.unwrapper->head();
            }
        }
        info.kind = sniff(head);
        bool claims_pdf =
            ends_with_pdf(info.name) || info.content_type == "application/pdf" || info.kind == content_kind::pdf;
        if (claims_pdf && ruined_by_text(head)) {
            info.damaged = true;
            note(finding_code::attachment_damaged, "U+FFFD");
        }
    }

    void compare_with_manifest(document_packet& d) {
        std::set<std::string, std::less<>> ids;
        for (attachment_info& a : d.attachments) {
            if (a.content_id.empty()) continue;
            if (!ids.insert(a.content_id).second)
                a.findings.push_back({finding_code::content_id_duplicate, a.content_id});
            auto r = std::find_if(d.manifest.begin(), d.manifest.end(),
                                  [&](const manifest_reference& m) { return m.content_id == a.content_id; });
            if (r == d.manifest.end())
                a.findings.push_back({finding_code::attachment_not_in_manifest, {}});
            else if (!r->attachment_name.empty() && r->attachment_name != a.name)
                a.findings.push_back({finding_code::manifest_mismatch, r->attachment_name.substr(0, 500)});
        }
        for (const manifest_reference& m : d.manifest)
            if (!ids.contains(m.content_id))
                odd.add(finding_code::manifest_without_attachment,
                        m.content_id.empty() ? m.attachment_name : m.content_id);
    }

    result<> feed(bytes_view piece) {
        // What still fits is read first, so that the answer does not depend on the cuts.
        bytes_view fits =
            piece.first(static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), limits.total_bytes - out.size)));
        out.size += fits.size();
        if (contents) hash.update(fits);
        VANTHU_CHECK(scan.feed(as_text(fits)));
        if (fits.size() < piece.size())
            return failed(errc::too_large, fmt::format("more than {} bytes", limits.total_bytes));
        return {};
    }

    result<packet> finish() {
        VANTHU_CHECK(scan.finish());
        VANTHU_CHECK(tree.finish());
        if (!interpreted) VANTHU_CHECK(header());
        std::vector<digest> hashes;
        for (const attachment_info& a : attachments) hashes.push_back(a.content_hash());
        if (auto* d = std::get_if<document_packet>(&out.body)) {
            d->attachments = std::move(attachments);
            compare_with_manifest(*d);
        }
        if (!contents) return std::move(out);
        out.packet_sha256 = hash.finish();
        out.content_sha256 = content_sha256(std::move(hashes));
        return std::move(out);
    }
};

packet_reader::packet_reader(const limits& l, std::optional<date> today) : state_(std::make_unique<state>(l, today)) {}
packet_reader::~packet_reader() = default;
packet_reader::packet_reader(packet_reader&&) noexcept = default;
packet_reader& packet_reader::operator=(packet_reader&&) noexcept = default;

void packet_reader::deliver_to(attachment_sink& sink) { state_->sink = &sink; }
void packet_reader::on_header(std::function<result<>(const packet&)> callback) {
    state_->header_known = std::move(callback);
}

void packet_reader::pass_over_contents() { state_->contents = false; }

result<> packet_reader::feed(bytes_view piece) {
    if (state_->broken) return fail(*state_->broken);
    result<> answer = state_->feed(piece);
    if (!answer) state_->broken = answer.error();
    return answer;
}

result<packet> packet_reader::finish() {
    if (state_->broken) return fail(*state_->broken);
    result<packet> answer = state_->finish();
    state_->broken = answer ? failure{errc::truncated, "finish() was called before"} : answer.error();
    return answer;
}

result<packet> read_packet(bytes_view whole, const limits& l, std::optional<date> today, attachment_sink* sink) {
    packet_reader reader(l, today);
    if (sink) reader.deliver_to(*sink);
    VANTHU_CHECK(reader.feed(whole));
    return reader.finish();
}

} // namespace vanthu::edxml

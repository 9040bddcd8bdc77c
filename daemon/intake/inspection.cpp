// The signature pre-flight: PDFs are copied aside while the packet passes by, then given to the inspector.
#include "daemon/intake/acceptance.hpp"

#include "daemon/base/log.hpp"
#include "daemon/records/row_json.hpp"
#include "signing/signed_file/file_name.hpp"

namespace vanthu::intake {
namespace {
constexpr std::string_view pdf_header = "%PDF-";

bool is_named_pdf(std::string_view name) {
    return name.size() >= 4 && net::equal_without_case(name.substr(name.size() - 4), ".pdf");
}
} // namespace

result<> acceptance::copy::take(bytes_view piece, std::uint64_t limit) {
    if (!decided) {
        head.insert(head.end(), piece.begin(), piece.end());
        return head.size() < 4096 ? result<>() : settle(limit);
    }
    return keep(piece, limit);
}

// What it is does not depend on how the network cut the bytes.
result<> acceptance::copy::settle(std::uint64_t limit) {
    if (decided) return {};
    decided = true;
    // Some readers open a PDF whatever stands in front of it, so it is looked at whatever stands in front of it.
    const edxml::content_kind kind = edxml::sniff(head);
    wanted = kind == edxml::content_kind::pdf ||
             ((kind == edxml::content_kind::unknown || kind == edxml::content_kind::text) &&
              as_text(head).substr(0, 4096).find(pdf_header) != std::string_view::npos);
    bytes first = std::move(head);
    return keep(first, limit);
}

result<> acceptance::copy::keep(bytes_view piece, std::uint64_t limit) {
    if (!wanted) {
        if (header_inside) return {};
        // The header may be cut: its beginning in what came before, its end in the first bytes of this piece.
        constexpr std::size_t overlap = pdf_header.size() - 1;
        const std::string_view text = as_text(piece);
        last += text.substr(0, overlap);
        header_inside = last.find(pdf_header) != std::string::npos || text.find(pdf_header) != std::string_view::npos;
        if (text.size() > overlap) last = text.substr(text.size() - overlap);
        last.erase(0, last.size() - std::min(last.size(), overlap));
        return {};
    }
    if (over_budget) return {};
    if (content.size() + piece.size() > limit) {
        over_budget = true;
        return {};
    }
    return content.write(piece);
}

result<> acceptance::begin(std::size_t index, const edxml::attachment_info& so_far) {
    candidates_.resize(std::max(candidates_.size(), index + 1));
    auto space = [this] { return copy(spooled(gate_.spool_, gate_.options_.memory_spool)); };
    candidates_[index] = std::make_unique<candidate>(candidate{so_far.name, space(), space(), nullptr});
    return {};
}

result<> acceptance::data(std::size_t index, bytes_view decoded) {
    return candidates_[index]->outer.take(decoded, inspect_limit());
}

result<> acceptance::inner(std::size_t index, bytes_view unpacked) {
    return candidates_[index]->unpacked.take(unpacked, inspect_limit());
}

result<> acceptance::end(std::size_t index, const edxml::attachment_info& final) {
    candidate& c = *candidates_[index];
    c.name = final.name;
    copy& counts = final.unwrapped ? c.unpacked : c.outer;
    VANTHU_CHECK(counts.settle(inspect_limit()));
    if (counts.wanted) c.chosen = &counts;
    if (counts.header_inside && is_named_pdf(c.name)) first_page_unseen_ = true;
    return {};
}

// Beside the signatures the first page is looked at; a page that could not be is told apart from one without a marking.
// The worst verdict decides: damaged, invalid, indeterminate, unsigned; valid only when every PDF is. Files that cannot
// carry a PDF signature do not count, but a clerk is told that there are some.
task<> acceptance::inspect_signatures() {
    bool damaged = false, invalid = false, indeterminate = false, valid = false, unsigned_pdf = false, other = false;
    for (const edxml::attachment_info& a : packet_->document()->attachments) damaged |= a.damaged;
    std::string reports; // of an array
    auto add_report = [&](std::string_view json) { (reports += reports.empty() ? '[' : ',') += json; };
    for (auto& c : candidates_) {
        if (!c || !c->chosen) {
            other = true;
            continue;
        }
        if (!gate_.inspectors_) {
            indeterminate = first_page_unseen_ = true;
            continue;
        }
        arrival_.signatures_checked = true;
        if (c->chosen->over_budget) {
            indeterminate = first_page_unseen_ = true;
            add_report(boost::json::serialize(
                boost::json::object{{"file", c->name}, {"verdict", "indeterminate"}, {"finding", "budget"}}));
            continue;
        }
        auto look = [this, &content = c->chosen->content]() -> inspect::inspection {
            auto deadline = in(gate_.options_.inspect_time);
            if (content.in_memory()) return gate_.inspectors_->inspect(content.memory(), at_, deadline);
            auto fd = content.file()->read_only();
            if (!fd) return {};
            return gate_.inspectors_->inspect(fd->get(), at_, deadline);
        };
        inspect::inspection seen = co_await offload(gate_.crypto_, look);
        if (seen.marking) marking_ = "first_page";
        if (!seen.first_page_seen) first_page_unseen_ = true;
        seen.report.file = c->name;
        signed_file::check_file_name(seen.report);
        invalid |= seen.report.verdict == signing::verdict::invalid;
        indeterminate |= seen.report.verdict == signing::verdict::indeterminate;
        valid |= seen.report.verdict == signing::verdict::valid;
        unsigned_pdf |= seen.report.verdict == signing::verdict::unsigned_;
        add_report(validation::to_json(seen.report));
    }
    arrival_.signatures = damaged                  ? intake::verdict::damaged
                          : invalid                ? intake::verdict::invalid
                          : indeterminate          ? intake::verdict::indeterminate
                          : valid && !unsigned_pdf ? intake::verdict::valid
                                                   : intake::verdict::unsigned_;
    if (valid && (other || unsigned_pdf)) arrival_.flags.push_back("partly_unsigned");
    if (!arrival_.signatures_checked && !indeterminate) arrival_.signatures_checked = true; // nothing there to check
    if (!reports.empty()) arrival_.signature_report = reports + ']';
    co_return result<>();
}

} // namespace vanthu::intake

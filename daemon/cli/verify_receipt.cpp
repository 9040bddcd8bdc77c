#include "daemon/cli/verify_receipt.hpp"

#include "daemon/base/error_table.hpp"
#include "daemon/base/files.hpp"
#include "daemon/cli/packet_files.hpp"
#include "schemas/receipt/receipt.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iostream>
#include <memory>

namespace vanthu::cli {
namespace {

namespace json = boost::json;
constexpr int holds = 0, does_not_hold = 1, unreadable = 66;

struct request {
    std::string receipt, trust = "/etc/vanthu/trust", packet, later, language = "vi";
    bool as_json = false;
};

std::string_view role_text(receipt::role role, bool vietnamese) {
    switch (role) {
    case receipt::role::accepted:
        return vietnamese ? "đã tiếp nhận để gửi đi" : "accepted for sending";
    case receipt::role::relayed:
        return vietnamese ? "đã tiếp nhận để chuyển tiếp" : "accepted for relay";
    case receipt::role::final_hop:
        return vietnamese ? "đã giữ cho nơi nhận" : "kept for the recipient";
    }
    return "";
}

void print_text(const receipt::verified_receipt& good, bool vi) {
    auto line = [](std::string_view name, std::string_view value) {
        std::cout << fmt::format("  {}: {}\n", name, for_terminal(value));
    };
    std::cout << (vi ? "Biên nhận hợp lệ.\n" : "The receipt holds.\n");
    line(vi ? "Cơ quan xác nhận" : "Confirmed by", receipt::hop_organisation(good.content));
    line(vi ? "Thời điểm" : "At", to_rfc3339_vietnam(receipt::hop_time(good.content)));
    if (const auto* leaf = std::get_if<receipt::custody_leaf>(&good.content)) {
        const receipt::business_identity& id = leaf->identity;
        line(vi ? "Việc xác nhận" : "What", role_text(leaf->as, vi));
        line(vi ? "Văn bản" : "Document", fmt::format("{}/{} ({}), {} {}", id.number, id.notation, id.date,
                                                      vi ? "cơ quan ban hành" : "issued by", id.issuer));
        line(vi ? "Mã văn bản" : "Document id", id.document_id);
        line(vi ? "Nơi gửi" : "From", leaf->from);
        line(vi ? "Nơi nhận" : "To", fmt::format("{}", fmt::join(leaf->recipients, ", ")));
        line("SHA-256", leaf->packet_sha256.hex());
    } else {
        const auto& stone = std::get<receipt::tombstone_leaf>(good.content);
        line(vi ? "Việc xác nhận" : "What", vi ? "đã tiêu hủy nội dung theo quy định" : "content destroyed lawfully");
        line(vi ? "Bản ghi đã tiêu hủy" : "Destroyed entry",
             fmt::format("{} {}", stone.destroyed_origin, stone.destroyed_sequence));
        line(vi ? "Căn cứ" : "Authority", stone.authority);
        line(vi ? "Lý do" : "Reason", stone.reason);
    }
    line(vi ? "Nhật ký" : "Log",
         fmt::format("{}, {} {}/{}", good.log_origin, vi ? "số" : "entry", good.sequence, good.tree_size));
    line(vi ? "Chứng thư dịch vụ" : "Service certificate", good.service_subject);
}

// `continued`: what --later says; null without it.
void print_json(const receipt::verified_receipt& good, const json::value& continued) {
    json::object out{{"schema_version", 1},
                     {"valid", true},
                     {"log_origin", good.log_origin},
                     {"sequence", good.sequence},
                     {"tree_size", good.tree_size},
                     {"root", good.root.hex()},
                     {"hop_organisation", receipt::hop_organisation(good.content)},
                     {"hop_time", to_rfc3339(receipt::hop_time(good.content))},
                     {"service_certificate", good.service_subject},
                     {"continued", continued}};
    if (const auto* leaf = std::get_if<receipt::custody_leaf>(&good.content)) {
        const receipt::business_identity& id = leaf->identity;
        out["kind"] = "custody";
        out["role"] = receipt::to_string(leaf->as);
        out["packet_sha256"] = leaf->packet_sha256.hex();
        out["content_sha256"] = leaf->content_sha256.hex();
        out["from"] = leaf->from;
        out["recipients"] = json::array(leaf->recipients.begin(), leaf->recipients.end());
        out["identity"] =
            json::object{{"issuer", id.issuer}, {"document_type", id.document_type}, {"document_id", id.document_id},
                         {"number", id.number}, {"notation", id.notation},           {"date", id.date}};
    } else {
        const auto& stone = std::get<receipt::tombstone_leaf>(good.content);
        out["kind"] = "tombstone";
        out["destroyed_origin"] = stone.destroyed_origin;
        out["destroyed_sequence"] = stone.destroyed_sequence;
        out["authority"] = stone.authority;
        out["reason"] = stone.reason;
    }
    std::cout << json_for_terminal(json::serialize(out)) << '\n';
}

// `holds_itself`: what is wrong is what --later says of a receipt that holds.
int complain(const failure& why, const request& asked, int code, bool holds_itself = false) {
    const error_row* row = describe(why.code);
    std::string public_name = public_code(why.code);
    std::string_view message_vi = row ? row->message_vi : "Lỗi nội bộ.",
                     message_en = row ? row->message_en : "Internal error.";
    std::string_view action_vi = row ? row->action_vi : "", action_en = row ? row->action_en : "";
    if (asked.as_json) {
        json::object out{{"schema_version", 1},      {"valid", holds_itself},    {"code", public_name},
                         {"message_vi", message_vi}, {"message_en", message_en}, {"action_vi", action_vi},
                         {"action_en", action_en},   {"cause", why.detail},      {"retryable", transient(why.code)}};
        std::cout << json_for_terminal(json::serialize(out)) << '\n';
        return code;
    }
    bool vi = asked.language == "vi";
    std::ostream& out = code == does_not_hold ? std::cout : std::cerr;
    if (holds_itself)
        out << (vi ? "Biên nhận hợp lệ, nhưng biên nhận sau KHÔNG xác nhận nó.\n"
                   : "The receipt holds, but the later one does NOT stand by it.\n");
    else if (code == does_not_hold)
        out << (vi ? "Biên nhận KHÔNG hợp lệ.\n" : "The receipt does NOT hold.\n");
    out << fmt::format("  {}: {}\n  {}\n", public_name, vi ? message_vi : message_en, vi ? action_vi : action_en);
    if (!why.detail.empty()) out << fmt::format("  ({})\n", for_terminal(why.detail));
    return code;
}

result<std::string> read_receipt(const std::string& file) {
    VANTHU_TRY(std::string text,
               read_text_file(file, receipt::max_receipt_size + 1)); // one more: decode() says too large
    // An editor or a shell may have added the newline: it is no part of the receipt.
    if (text.ends_with('\n')) text.pop_back();
    return text;
}

// Does a receipt that was given later still stand by this one?
result<bool> compare_with_later(const std::string& earlier, const std::string& later,
                                const receipt::trust_anchors& anchors) {
    if (auto good = receipt::verify(later, anchors); !good)
        return failed(good.error().code, "--later: " + good.error().detail);
    VANTHU_TRY(const receipt::receipt_v1 first, receipt::decode(earlier));
    VANTHU_TRY(const receipt::receipt_v1 second, receipt::decode(later));
    return receipt::continued_by(first, second);
}

int run(const request& asked) {
    auto text = read_receipt(asked.receipt);
    if (!text) return complain(text.error(), asked, unreadable);
    auto anchors = read_trust(asked.trust);
    if (!anchors) return complain(anchors.error(), asked, unreadable);
    receipt::expectation expected;
    if (!asked.packet.empty()) {
        auto packet = read_file(asked.packet, 1u << 30);
        if (!packet) return complain(packet.error(), asked, unreadable);
        expected.packet_sha256 = sha256::of(*packet);
    }
    auto verified = receipt::verify(*text, *anchors, expected);
    if (!verified) return complain(verified.error(), asked, does_not_hold);
    json::value continued = nullptr;
    if (!asked.later.empty()) {
        auto later = read_receipt(asked.later);
        if (!later) return complain(later.error(), asked, unreadable);
        auto stands = compare_with_later(*text, *later, *anchors);
        if (!stands) return complain(stands.error(), asked, does_not_hold, true);
        continued = *stands;
    }
    const bool vi = asked.language == "vi";
    if (asked.as_json)
        print_json(*verified, continued);
    else
        print_text(*verified, vi);
    if (!asked.as_json && continued.is_bool())
        std::cout << fmt::format("  {}: {}\n", vi ? "Biên nhận sau" : "The later receipt",
                                 continued.get_bool()
                                     ? (vi ? "nhật ký sau nối tiếp nhật ký này, có mục này"
                                           : "its log goes on from this one, with this entry")
                                     : (vi ? "không nói gì về mục này" : "says nothing of this entry"));
    return holds;
}

} // namespace

result<receipt::trust_anchors> read_trust(const std::filesystem::path& folder) {
    std::error_code error;
    std::vector<std::filesystem::path> found;
    for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
        if (auto kind = at->path().extension(); kind == ".pem" || kind == ".crt") found.push_back(at->path());
    if (error)
        return failed(error == std::errc::no_such_file_or_directory ? files::errc::not_found : files::errc::unreadable,
                      fmt::format("--trust {}: {}", folder.string(), error.message()));
    if (found.empty()) return failed(files::errc::not_found, fmt::format("--trust {}/*.pem, *.crt", folder.string()));
    receipt::trust_anchors out;
    for (const auto& path : found) {
        VANTHU_TRY(std::string text, read_text_file(path, 1u << 20));
        bool is_pem = text.find("-----BEGIN") != text.npos;
        if (auto added = is_pem ? out.add_pem(text) : out.add_der(as_bytes(text)); !added)
            return failed(files::errc::unreadable, path.string());
    }
    return out;
}

void add_verify_receipt_command(CLI::App& app, int& exit_code) {
    auto asked = std::make_shared<request>();
    CLI::App* command =
        app.add_subcommand("verify-receipt", "Kiểm tra biên nhận, không cần mạng / verify a receipt, offline");
    command->add_option("FILE", asked->receipt, "biên nhận / the receipt")->required();
    command->add_option("--trust", asked->trust, "thư mục chứng thư CA tin cậy / folder of trusted CA certificates")
        ->capture_default_str();
    command->add_option("--packet", asked->packet, "gói tin để đối chiếu / the packet to compare with");
    command->add_option(
        "--later", asked->later,
        "biên nhận cấp sau của cùng cơ quan: nhật ký sau có còn mục này không / a receipt that the same "
        "organisation gave later: does its log still have this entry");
    command->add_option("--lang", asked->language, "vi, en")->check(CLI::IsMember({"vi", "en"}))->capture_default_str();
    command->add_flag("--json", asked->as_json, "kết quả dạng JSON / answer in JSON");
    // Wrong usage is CLI11's ParseError; the caller of parse() turns it into 64.
    command->callback([asked, &exit_code] { exit_code = run(*asked); });
}

} // namespace vanthu::cli

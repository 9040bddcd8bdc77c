#include "daemon/cli/packet.hpp"

#include "daemon/base/base64.hpp"
#include "daemon/base/error_table.hpp"
#include "daemon/base/ids.hpp"
#include "daemon/cli/packet_files.hpp"
#include "schemas/edxml/json.hpp"
#include "schemas/edxml/writer.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace vanthu::cli {
namespace {

namespace json = boost::json;

struct options {
    std::string packet, metadata, output, directory, language = "vi", order = "qcvn";
    std::vector<std::string> attached;
    bool as_json = false;
    bool english() const { return language == "en"; }
};

void print(const json::object& o) { fmt::print("{}\n", json_for_terminal(json::serialize(o))); }

// The error object of every door (code, texts, cause).
int tell(const failure& f, const options& o) {
    const error_row* row = describe(f.code);
    std::string_view vi = row ? row->message_vi : "Lỗi nội bộ.", en = row ? row->message_en : "Internal error.";
    if (o.as_json)
        print({{"schema_version", edxml::packet_schema_version},
               {"code", public_code(f.code)},
               {"message_vi", vi},
               {"message_en", en},
               {"cause", for_terminal(f.detail)},
               {"action_vi", row ? row->action_vi : std::string_view()},
               {"action_en", row ? row->action_en : std::string_view()},
               {"retryable", transient(f.code)},
               {"next_attempt_at", nullptr}});
    else
        fmt::print(stderr, "{}: {}{}{}\n", public_code(f.code), o.english() ? en : vi, f.detail.empty() ? "" : " ",
                   for_terminal(f.detail));
    return 1;
}

edxml::date today() { return std::chrono::floor<std::chrono::days>(system_clock().now() + vietnam_offset); }

result<edxml::packet> read_file_as_packet(const std::string& path) {
    edxml::packet_reader reader({}, today());
    VANTHU_CHECK(stream_file(path, [&](bytes_view b) { return reader.feed(b); }));
    return reader.finish();
}

void print_findings(const std::vector<edxml::finding>& findings, std::string_view indent, bool english) {
    for (const edxml::finding& f : findings) {
        const edxml::finding_row& row = edxml::describe(f.code);
        fmt::print("{}! edxml.{}: {}{}{}\n", indent, row.name, english ? row.message_en : row.message_vi,
                   f.detail.empty() ? "" : " ", for_terminal(f.detail));
    }
}

int check(const options& o) {
    result<edxml::packet> read = read_file_as_packet(o.packet);
    if (!read) return tell(read.error(), o);
    if (o.as_json) {
        print(to_json(*read));
        return 0;
    }
    fmt::print("{}\n", o.english() ? "The packet can be read." : "Đọc được gói tin.");
    print_findings(read->findings, "  ", o.english());
    if (const edxml::document_packet* d = read->document())
        for (const edxml::attachment_info& a : d->attachments)
            print_findings(a.findings, fmt::format("  {}: ", for_terminal(a.name)), o.english());
    return 0;
}

// ── show ────────────────────────────────────────────────────────────────────────────────────────────────────────────

struct listing {
    bool english;
    void line(std::string_view vi, std::string_view en, std::string_view value) const {
        if (!value.empty()) fmt::print("{}: {}\n", english ? en : vi, for_terminal(value));
    }
    void organisation(std::string_view vi, std::string_view en, const edxml::organisation& o) const {
        line(vi, en, o.organ_name.empty() ? o.organ_id : fmt::format("{} ({})", o.organ_name, o.organ_id));
    }
};

std::string_view kind_name(edxml::bussiness_type kind, bool english) {
    switch (kind) {
    case edxml::bussiness_type::new_document:
        return english ? "new document" : "văn bản mới";
    case edxml::bussiness_type::recall:
        return english ? "recall" : "thu hồi";
    case edxml::bussiness_type::update:
        return english ? "update" : "cập nhật";
    case edxml::bussiness_type::replace:
        return english ? "replacement" : "thay thế";
    case edxml::bussiness_type::unknown:
        break;
    }
    return english ? "unknown" : "không rõ";
}

std::string_view priority_name(int priority, bool english) {
    constexpr std::string_view vi[] = {"thường", "khẩn", "thượng khẩn", "hỏa tốc", "hỏa tốc hẹn giờ"};
    constexpr std::string_view en[] = {"normal", "urgent", "very urgent", "express", "express, fixed hour"};
    return (english ? en : vi)[priority];
}

void show_document(const edxml::document_packet& d, const listing& l) {
    const edxml::document_header& h = d.header;
    l.line("Loại gói tin", "Packet", kind_name(bussiness_type_of(h), l.english));
    if (h.bussiness) l.line("Lý do", "Reason", h.bussiness->doc_reason);
    if (bussiness_type_of(h) != edxml::bussiness_type::new_document)
        l.line("Văn bản liên quan", "Concerns document", target_document_id(h));
    l.line("Mã văn bản", "Document id", h.document_id);
    l.line("Số, ký hiệu", "Number and notation",
           h.code.notation.empty() ? h.code.number : h.code.number + "/" + h.code.notation);
    l.line("Tên loại", "Type", h.document_type.type_name);
    l.line("Trích yếu", "Subject", h.subject);
    l.line("Nội dung", "Content", h.content);
    l.line("Nơi ban hành", "Place of issue", h.promulgation.place);
    l.line("Ngày ban hành", "Date of issue", h.promulgation.date.text);
    l.organisation("Nơi gửi", "From", h.from);
    for (const edxml::organisation& to : h.to) l.organisation("Nơi nhận", "To", to);
    if (h.signer)
        l.line("Người ký", "Signer",
               fmt::format("{} {} {}", h.signer->competence, h.signer->position, h.signer->full_name));
    l.line("Hạn trả lời", "Due date", h.due_date.text);
    if (auto p = priority_of(h)) l.line("Độ khẩn", "Priority", priority_name(*p, l.english));
    for (const edxml::response_for& r : h.response_for)
        l.line("Trả lời văn bản", "In response to", fmt::format("{} ({})", r.code, r.organ_id));
    for (const edxml::trace_header& t : h.trace)
        l.line("Vết", "Trace", fmt::format("{} {}", t.timestamp.text, t.organ_id));
    for (const edxml::attachment_info& a : d.attachments) {
        l.line("Tệp đính kèm", "Attachment",
               fmt::format("{} | {} | {} {} | SHA-256 {}", a.name, name_of(a.kind), a.content_size(),
                           l.english ? "bytes" : "byte", a.content_hash().hex()));
        print_findings(a.findings, "  ", l.english);
    }
}

void show_status(const edxml::status_packet& s, const listing& l) {
    l.line("Loại gói tin", "Packet", l.english ? "status" : "trạng thái");
    l.line("Mã trạng thái", "Status code", s.status_code);
    l.line("Mô tả", "Description", s.description);
    l.line("Thời điểm", "Time", s.timestamp.text);
    l.organisation("Nơi báo", "From", s.from);
    l.line("Báo cho", "To", s.response_for.organ_id);
    l.line("Về văn bản", "About document", fmt::format("{} {}", s.response_for.code, s.response_for.document_id));
    if (s.staff) l.line("Cán bộ", "Staff", s.staff->staff);
}

int show(const options& o) {
    result<edxml::packet> read = read_file_as_packet(o.packet);
    if (!read) return tell(read.error(), o);
    if (o.as_json) {
        print(to_json(*read));
        return 0;
    }
    listing l{o.english()};
    if (const edxml::document_packet* d = read->document())
        show_document(*d, l);
    else
        show_status(*read->status(), l);
    l.line("Mã băm gói tin", "Packet SHA-256", read->packet_sha256.hex());
    print_findings(read->findings, "", o.english());
    return 0;
}

// ── make ────────────────────────────────────────────────────────────────────────────────────────────────────────────

struct make_request {
    edxml::document_header header;
    std::vector<edxml::new_attachment> attachments;
};

// The metadata file is a header with an optional list `attachments` of {name, description, content_type}, in the order
// of the files on the command line.
result<make_request> read_metadata(const options& o) {
    VANTHU_TRY(std::string text, read_text_file(o.metadata));
    boost::system::error_code wrong;
    json::value value = json::parse(text, wrong);
    if (wrong || !value.is_object()) return failed(edxml::errc::field_invalid, o.metadata + ": not a JSON object");
    json::object& object = value.get_object();
    json::array described;
    if (json::value* list = object.if_contains("attachments")) {
        if (!list->is_array()) return failed(edxml::errc::field_invalid, "attachments: must be a list");
        described = std::move(list->get_array());
        object.erase("attachments");
    }
    make_request made;
    VANTHU_TRY(made.header, edxml::header_from_json(object));
    if (described.size() > o.attached.size())
        return failed(edxml::errc::field_invalid, "attachments: more than the files given");
    for (std::size_t i = 0; i < o.attached.size(); ++i) {
        edxml::new_attachment& a = made.attachments.emplace_back();
        if (i < described.size()) {
            const json::object* d = described[i].if_object();
            if (!d) return failed(edxml::errc::field_invalid, fmt::format("attachments[{}]: must be an object", i));
            for (const auto& [key, member] : *d) {
                std::string* field = key == "name"           ? &a.name
                                     : key == "description"  ? &a.description
                                     : key == "content_type" ? &a.content_type
                                                             : nullptr;
                std::string path = fmt::format("attachments[{}].{}", i, std::string_view(key));
                if (!field) return failed(edxml::errc::field_unknown, path + ": no such field");
                if (!member.is_string()) return failed(edxml::errc::field_invalid, path + ": must be a text");
                *field = std::string(std::string_view(member.get_string()));
            }
        }
        if (a.name.empty()) a.name = std::filesystem::path(o.attached[i]).filename().string();
        a.content_id = new_id(system_clock().now());
    }
    return made;
}

result<> complete(make_request& made, const options& o) {
    for (std::size_t i = 0; i < made.attachments.size(); ++i) {
        if (!made.attachments[i].content_type.empty()) continue;
        bytes head;
        VANTHU_CHECK(stream_file(o.attached[i], [&](bytes_view b) -> result<> {
            std::size_t n = std::min<std::size_t>(b.size(), 4096 - head.size());
            head.insert(head.end(), b.begin(), b.begin() + static_cast<std::ptrdiff_t>(n));
            return {};
        }));
        made.attachments[i].content_type = media_type(edxml::sniff(head));
    }
    edxml::document_header& h = made.header;
    if (h.trace.empty()) h.trace.push_back({h.from.organ_id, edxml::packet_time::of(system_clock().now())});
    if (h.promulgation.date.value && *h.promulgation.date.value > today())
        return failed(edxml::errc::field_invalid, "promulgation.date: in the future");
    return {};
}

// Base64 in pieces: only the last one may end inside a group of three bytes.
result<> write_base64(new_file& out, const std::string& path) {
    bytes held;
    VANTHU_CHECK(stream_file(path, [&](bytes_view b) -> result<> {
        held.insert(held.end(), b.begin(), b.end());
        std::size_t whole = held.size() / 3 * 3;
        VANTHU_CHECK(out.write(as_bytes(base64_encode(bytes_view(held).first(whole)))));
        held.erase(held.begin(), held.begin() + static_cast<std::ptrdiff_t>(whole));
        return {};
    }));
    return out.write(as_bytes(base64_encode(held)));
}

result<> make_packet(const options& o) {
    const std::filesystem::path target(o.output);
    VANTHU_CHECK(can_be_output(target, existing_file::replaced));
    VANTHU_TRY(make_request made, read_metadata(o));
    VANTHU_CHECK(complete(made, o));
    auto order = o.order == "sdk" ? edxml::element_order::sdk : edxml::element_order::qcvn;
    VANTHU_TRY(std::vector<edxml::piece> pieces, compose_new(made.header, made.attachments, order));
    VANTHU_TRY(new_file out, new_file::beside(target.parent_path()));
    for (const edxml::piece& p : pieces) {
        const auto* text = std::get_if<std::string>(&p);
        VANTHU_CHECK(text ? out.write(as_bytes(*text))
                          : write_base64(out, o.attached[std::get<edxml::attachment_content>(p).index]));
    }
    return out.take_name(target, existing_file::replaced);
}

int make(const options& o) {
    if (result<> made = make_packet(o); !made) return tell(made.error(), o);
    result<edxml::packet> read = read_file_as_packet(o.output); // what others will read
    if (!read) return tell(read.error(), o);
    if (o.as_json)
        print(to_json(*read));
    else
        fmt::print("{}\n{}\n", for_terminal(o.output), read->packet_sha256.hex());
    return 0;
}

int extract_all(const options& o) {
    auto done = extract(o.packet, o.directory);
    if (!done) return tell(done.error(), o);
    json::array list;
    for (const extracted_file& f : *done) {
        if (!o.as_json) {
            fmt::print("{}\n", for_terminal(f.name));
            print_findings(f.info.findings, "  ", o.english());
        }
        json::object entry = to_json(f.info);
        entry["file"] = f.name;
        list.push_back(std::move(entry));
    }
    if (o.as_json) print({{"schema_version", edxml::packet_schema_version}, {"files", std::move(list)}});
    return 0;
}

// Foreign exceptions (memory, file system) end here: a command answers 0 or 1, never otherwise.
int guarded(int (*command)(const options&), const options& o) {
    try {
        return command(o);
    } catch (const std::exception& e) {
        return tell({std::make_error_code(std::errc::not_enough_memory), e.what()}, o);
    }
}

} // namespace

void add_packet_commands(CLI::App& app, int& exit_code) {
    auto o = std::make_shared<options>();
    CLI::App* group = app.add_subcommand(
        "packet", "Gói tin edXML: kiểm tra, xem, tạo, tách tệp / edXML packets: check, show, make, extract");
    group->require_subcommand(1);
    auto command = [&](const char* name, const char* help, int (*run)(const options&)) {
        CLI::App* sub = group->add_subcommand(name, help);
        sub->add_flag("--json", o->as_json, "Kết quả dạng JSON / answer as JSON");
        sub->add_option("--lang", o->language, "Ngôn ngữ / language: vi, en")->check(CLI::IsMember({"vi", "en"}));
        sub->callback([o, run, &exit_code] { exit_code = guarded(run, *o); });
        return sub;
    };
    command("check", "Kiểm tra một gói tin / check a packet", check)->add_option("FILE", o->packet)->required();
    command("show", "Xem nội dung một gói tin / show a packet", show)->add_option("FILE", o->packet)->required();
    CLI::App* sub = command("make", "Tạo gói tin từ siêu dữ liệu và tệp / make a packet from metadata and files", make);
    sub->add_option("META", o->metadata, "Siêu dữ liệu JSON / metadata as JSON")->required();
    sub->add_option("FILE", o->attached, "Tệp đính kèm / attachments");
    sub->add_option("-o,--output", o->output, "Gói tin cần ghi / packet to write")->required();
    sub->add_option("--order", o->order, "Thứ tự thẻ / order of elements: qcvn, sdk")
        ->check(CLI::IsMember({"qcvn", "sdk"}));
    sub = command("extract", "Tách các tệp đính kèm / write the attachments as files", extract_all);
    sub->add_option("PACKET", o->packet)->required();
    sub->add_option("-d,--directory", o->directory, "Thư mục đích / directory to write into")->required();
}

} // namespace vanthu::cli

#include "schemas/peer/peer.hpp"

#include "daemon/base/error_table.hpp"
#include "schemas/peer/object_reader.hpp"

namespace vanthu::peer {
namespace {

constexpr error_row rows[] = {
    {int(errc::malformed), "malformed", 400, retry::no, "Thông điệp giữa hai trục không đúng cấu trúc.",
     "The message between the two nodes is malformed.", "Kiểm tra phiên bản phần mềm của hai bên.",
     "Check the software versions of both sides."},
    {int(errc::too_many_entries), "too_many_entries", 413, retry::no, "Thông điệp có quá nhiều mục.",
     "The message has too many entries.", "Chia nhỏ rồi gửi lại.", "Split it and send again."},
    {int(errc::version_unsupported), "version_unsupported", 426, retry::no,
     "Hai bên không có phiên bản giao thức chung.", "The two sides share no protocol version.",
     "Nâng cấp phần mềm của bên cũ hơn.", "Upgrade the older side."},
};
const error_table table("peer", rows);

constexpr std::size_t notice_limit = 1000, instance_limit = 64;

} // namespace

std::error_code make_error_code(errc e) { return {int(e), table}; }

std::string encode(const hello& h) {
    return json::serialize(json::object{{"schema_version", 1},
                                        {"protocol", json::object{{"lowest", h.lowest}, {"highest", h.highest}}},
                                        {"node", h.node},
                                        {"organisation", h.organisation},
                                        {"software", h.software},
                                        {"capabilities", array_of(h.capabilities)},
                                        {"packet_limit", h.packet_limit},
                                        {"registry_version", h.registry_version},
                                        {"clock", h.clock}});
}

result<hello> decode_hello(std::string_view text) {
    object_reader r(text);
    hello h;
    if (const json::value* p = r.find("protocol")) {
        object_reader range(*p);
        h.lowest = range.number<int>("lowest", true);
        h.highest = range.number<int>("highest", true);
        if (auto ok = range.answer(0); !ok) r.note("protocol");
    } else {
        r.note("protocol");
    }
    h.node = r.text("node", true);
    h.organisation = r.text("organisation");
    h.software = r.text("software");
    h.capabilities = r.texts("capabilities", false);
    h.packet_limit = r.number<std::uint64_t>("packet_limit");
    h.registry_version = r.text("registry_version");
    h.clock = r.text("clock");
    VANTHU_TRY(hello good, r.answer(h));
    if (good.lowest > protocol_highest || good.highest < protocol_lowest)
        return failed(errc::version_unsupported,
                      "peer speaks " + std::to_string(good.lowest) + ".." + std::to_string(good.highest));
    return good;
}

std::string encode(const manifest& m) {
    json::object o{{"schema_version", 1}, {"packet_sha256", m.packet_sha256.hex()}, {"size", m.size},
                   {"kind", m.kind},      {"recipients", array_of(m.recipients)},   {"document", m.document}};
    if (!m.origin.empty()) o.emplace("origin", m.origin);
    return json::serialize(o);
}

result<manifest> decode_manifest(std::string_view text) {
    object_reader r(text);
    manifest m;
    m.packet_sha256 = r.hash("packet_sha256");
    m.size = r.number<std::uint64_t>("size", true);
    m.kind = r.text("kind", true);
    m.recipients = r.texts("recipients", true);
    m.origin = r.text("origin");
    m.document = r.text("document");
    if (m.kind != "document" && m.kind != "status") r.note("kind");
    if (m.recipients.empty()) r.note("recipients");
    return r.answer(m);
}

std::string encode(const manifest_answer& a) {
    if (a.known)
        return json::serialize(json::object{{"schema_version", 1}, {"state", "known"}, {"receipt", a.receipt}});
    return json::serialize(json::object{{"schema_version", 1}, {"state", "wanted"}, {"offset", a.offset}});
}

result<manifest_answer> decode_manifest_answer(std::string_view text) {
    object_reader r(text);
    manifest_answer a;
    std::string word = r.text("state", true);
    if (word == "known") {
        a.known = true;
        a.receipt = r.text("receipt", true);
    } else if (word == "wanted") {
        a.offset = r.number<std::uint64_t>("offset", true);
    } else {
        r.note("state");
    }
    return r.answer(a);
}

std::string encode(const notice_call& call) {
    json::array list;
    for (const notice& n : call.notices) {
        json::object o{{"sequence", n.sequence},
                       {"packet_sha256", n.packet_sha256.hex()},
                       {"recipient", n.recipient},
                       {"kind", n.kind},
                       {"by", n.by},
                       {"at", n.at}};
        if (!n.code.empty()) o.emplace("code", n.code);
        if (!n.proof.empty()) o.emplace("proof", n.proof);
        list.push_back(std::move(o));
    }
    json::object o{{"schema_version", 1}};
    if (!call.instance.empty()) o.emplace("instance", call.instance);
    o.emplace("notices", std::move(list));
    return json::serialize(o);
}

result<notice_call> decode_notices(std::string_view text) {
    object_reader r(text);
    notice_call out;
    out.instance = r.text("instance");
    if (out.instance.size() > instance_limit) r.note("instance");
    const json::value* list = r.find("notices");
    if (!list || !list->is_array()) {
        r.note("notices");
        return r.answer(out);
    }
    if (list->get_array().size() > notice_limit) return failed(errc::too_many_entries);
    for (const json::value& v : list->get_array()) {
        object_reader e(v);
        notice n;
        n.sequence = e.number<std::uint64_t>("sequence", true);
        n.packet_sha256 = e.hash("packet_sha256");
        n.recipient = e.text("recipient", true);
        n.kind = e.text("kind", true);
        n.code = e.text("code");
        n.by = e.text("by");
        n.at = e.number<std::int64_t>("at", true);
        n.proof = e.text("proof");
        VANTHU_TRY(notice good, e.answer(n));
        out.notices.push_back(std::move(good));
    }
    return r.answer(std::move(out));
}

std::string encode_notices_answer(std::uint64_t received_up_to) {
    return json::serialize(json::object{{"schema_version", 1}, {"received_up_to", received_up_to}});
}

result<std::uint64_t> decode_notices_answer(std::string_view text) {
    object_reader r(text);
    return r.answer(r.number<std::uint64_t>("received_up_to", true));
}

} // namespace vanthu::peer

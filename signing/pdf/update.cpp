#include "signing/pdf/update.hpp"

#include "signing/pdf/errors.hpp"

#include <algorithm>
#include <cassert>
#include <fmt/format.h>
#include <functional>
#include <zlib.h>

namespace vanthu::pdf {
namespace {

void append(bytes& out, std::string_view text) {
    out.insert(out.end(), reinterpret_cast<const std::uint8_t*>(text.data()),
               reinterpret_cast<const std::uint8_t*>(text.data()) + text.size());
}

bool is_plain_name(std::string_view name) {
    return name.size() > 1 && std::all_of(name.begin() + 1, name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                      c == '-' || c == '_' || c == '+';
           });
}

// As QPDF unparses it, but that references are kept as they are: QPDF reads what they lead to, and leaves out entries
// that lead nowhere.
void write_value(std::string& out, QPDFObjectHandle value, int depth = 0) {
    constexpr int deepest = 100;
    if (value.isIndirect() && depth > 0) {
        const QPDFObjGen id = value.getObjGen();
        out += std::to_string(id.getObj()) + ' ' + std::to_string(id.getGen()) + " R";
    } else if (depth < deepest && value.isDictionary()) {
        out += "<< ";
        for (const auto& [key, entry] : value.getDictAsMap()) {
            if (!QPDFObjectHandle(entry).isIndirect() && QPDFObjectHandle(entry).isNull()) continue;
            out += is_plain_name(key) ? key : QPDFObjectHandle::newName(key).unparse();
            out += ' ';
            write_value(out, entry, depth + 1);
            out += ' ';
        }
        out += ">>";
    } else if (depth < deepest && value.isArray()) {
        out += "[ ";
        for (int i = 0, n = value.getArrayNItems(); i < n; ++i) {
            write_value(out, value.getArrayItem(i), depth + 1);
            out += ' ';
        }
        out += ']';
    } else
        out += value.unparseResolved();
}

void append_number(bytes& out, std::uint64_t number, std::size_t width = 1) {
    char digits[20];
    std::size_t at = sizeof digits;
    for (; number > 0 || sizeof digits - at < width; number /= 10) digits[--at] = static_cast<char>('0' + number % 10);
    append(out, {digits + at, sizeof digits - at});
}

std::string serialised(QPDFObjectHandle object) {
    std::string out;
    if (!object.isStream()) {
        write_value(out, object);
        return out;
    }
    auto raw = object.getRawStreamData();
    QPDFObjectHandle dictionary = object.getDict().shallowCopy();
    dictionary.replaceKey("/Length", QPDFObjectHandle::newInteger(static_cast<long long>(raw->getSize())));
    write_value(out, dictionary);
    out += "\nstream\n";
    out.append(reinterpret_cast<const char*>(raw->getBuffer()), raw->getSize());
    return out += "\nendstream";
}

// Entries of the trailer that describe the section itself and are written anew.
constexpr std::string_view own_entries[] = {"/Prev",   "/XRefStm", "/Size",        "/Type", "/W",      "/Index",
                                            "/Filter", "/Length",  "/DecodeParms", "/ID",   "/Encrypt"};

// "/Root 1 0 R /Info 2 0 R /ID [...]": everything of the previous trailer that stays true.
struct trailer_entries {
    std::string text;
    std::size_t identifier_at = 0; // within it
};
// `identifier`: makes the second half of /ID from the one before.
trailer_entries kept_entries(const document& base, const std::function<std::string(const std::string&)>& identifier) {
    trailer_entries out;
    auto entries = base.qpdf().getTrailer().getDictAsMap();
    for (const auto& [key, value] : entries) {
        bool own = std::find(std::begin(own_entries), std::end(own_entries), key) != std::end(own_entries);
        if (own) continue;
        out.text += QPDFObjectHandle::newName(key).unparse() + ' ';
        write_value(out.text, value, 1);
        out.text += ' ';
    }
    // The first half of /ID names the file for ever, the second this revision (14.4).
    QPDFObjectHandle id = base.qpdf().getTrailer().getKey("/ID");
    if (id.isArray() && id.getArrayNItems() == 2 && id.getArrayItem(0).isString()) {
        out.text += "/ID [" + id.getArrayItem(0).unparse() + " <";
        out.identifier_at = out.text.size();
        out.text += identifier(id.getArrayItem(1).unparse()) + ">] ";
    }
    return out;
}

} // namespace

std::string compressed(std::string_view data, int level) {
    uLongf size = compressBound(data.size());
    std::string out(size, '\0');
    int rc = compress2(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(data.data()),
                       data.size(), level);
    if (rc != Z_OK) std::abort(); // the buffer is compressBound() large: only memory can be missing
    out.resize(size);
    return out;
}

QPDFObjectHandle update::add(QPDFObjectHandle value) {
    QPDFObjectHandle object = base_.make_indirect(value);
    changed(object);
    return object;
}

QPDFObjectHandle update::add_as(std::string body) {
    // Any value but null: QPDF leaves out entries that refer to null.
    QPDFObjectHandle object = base_.make_indirect(QPDFObjectHandle::newInteger(0));
    write_as(object, std::move(body));
    return object;
}

QPDFObjectHandle update::add_raw(std::string_view entries, std::string_view data) {
    std::string body = fmt::format("<< {} /Length {} >>\nstream\n", entries, data.size());
    body.reserve(body.size() + data.size() + 10);
    body += data;
    body += "\nendstream";
    return add_as(std::move(body));
}

QPDFObjectHandle update::add_compressed(std::string_view entries, std::string_view flate) {
    return add_raw(fmt::format("{} /Filter /FlateDecode", entries), flate);
}

QPDFObjectHandle update::add_stream(std::string_view entries, std::string_view data) {
    constexpr std::size_t worth_it = 1024; // below, a deflater costs more time than the bytes it saves are worth
    return data.size() < worth_it ? add_raw(entries, data) : add_compressed(entries, compressed(data));
}

void update::changed(QPDFObjectHandle object) {
    assert(object.isIndirect());
    objects_.insert_or_assign(object.getObjGen(), object);
}

void update::write_as(QPDFObjectHandle object, std::string body) {
    changed(object);
    bodies_[object.getObjGen()] = std::move(body);
}

result<update::written> update::write(identifier how) const {
    written w;
    bytes& out = w.file;
    out.reserve(base_.file().size() + 65536);
    out.assign(base_.file().begin(), base_.file().end());
    if (!out.empty() && out.back() != '\n' && out.back() != '\r') out.push_back('\n');
    std::map<QPDFObjGen, std::size_t> offsets; // from the header
    for (const auto& [id, object] : objects_) {
        offsets[id] = out.size() - base_.header_at();
        append_number(out, static_cast<unsigned>(id.getObj()));
        append(out, " ");
        append_number(out, static_cast<unsigned>(id.getGen()));
        append(out, " obj\n");
        w.body_at[id] = out.size();
        auto own = bodies_.find(id);
        append(out, own != bodies_.end() ? own->second : serialised(object));
        append(out, "\nendobj\n");
    }
    const std::size_t xref = out.size() - base_.header_at();
    if (xref >= 0xffff0000u) return failed(errc::too_large);

    int size = base_.qpdf().getTrailer().getKey("/Size").isInteger()
                   ? base_.qpdf().getTrailer().getKey("/Size").getIntValueAsInt()
                   : 0;
    size = std::max(size, offsets.rbegin()->first.getObj() + 1);
    const trailer_entries kept = kept_entries(base_, [&](const std::string& previous) {
        if (how == identifier::left_open) return std::string(identifier_digits, '0');
        bytes_view appended = bytes_view(out).subspan(base_.file().size());
        return sha256()
            .update(previous)
            .update(std::to_string(base_.file().size()))
            .update(appended)
            .finish()
            .hex()
            .substr(0, identifier_digits);
    });
    auto append_kept = [&] {
        if (kept.identifier_at > 0) w.identifier_at = out.size() + kept.identifier_at;
        append(out, kept.text);
    };
    if (base_.kind() == xref_kind::table) {
        append(out, "xref\n");
        for (auto at = offsets.begin(); at != offsets.end();) {
            auto end = std::next(at);
            int count = 1;
            while (end != offsets.end() && end->first.getObj() == at->first.getObj() + count) ++end, ++count;
            append(out, fmt::format("{} {}\n", at->first.getObj(), count));
            for (; at != end; ++at) {
                append_number(out, at->second, 10);
                append(out, " ");
                append_number(out, static_cast<unsigned>(at->first.getGen()), 5);
                append(out, " n \n");
            }
        }
        append(out, "trailer\n<< ");
        append_kept();
        append(out, fmt::format("/Size {} /Prev {} >>\n", size, base_.startxref()));
    } else {
        QPDFObjGen self(size, 0); // the section is an object itself and lists itself
        offsets[self] = xref;
        std::string index, rows;
        for (const auto& [id, offset] : offsets) {
            index += fmt::format("{} 1 ", id.getObj());
            rows += '\1';
            for (int shift = 24; shift >= 0; shift -= 8) rows += static_cast<char>(offset >> shift & 0xff);
            rows += static_cast<char>(id.getGen() >> 8 & 0xff);
            rows += static_cast<char>(id.getGen() & 0xff);
        }
        append(out, fmt::format("{} 0 obj\n<< /Type /XRef /W [1 4 2] /Index [{}] ", size, index));
        append_kept();
        append(out, fmt::format("/Size {} /Prev {} /Length {} >>\nstream\n", size + 1, base_.startxref(), rows.size()));
        append(out, rows);
        append(out, "\nendstream\nendobj\n");
    }
    append(out, fmt::format("startxref\n{}\n%%EOF\n", xref));
    return w;
}

} // namespace vanthu::pdf

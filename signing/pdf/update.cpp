#include "signing/pdf/update.hpp"

#include "signing/pdf/errors.hpp"

#include <cassert>
#include <fmt/format.h>
#include <zlib.h>

namespace vanthu::pdf {
namespace {

void append(bytes& out, std::string_view text) {
    out.insert(out.end(), reinterpret_cast<const std::uint8_t*>(text.data()),
               reinterpret_cast<const std::uint8_t*>(text.data()) + text.size());
}

std::string serialised(QPDFObjectHandle object) {
    if (!object.isStream()) return object.unparseResolved();
    auto raw = object.getRawStreamData();
    QPDFObjectHandle dictionary = object.getDict().shallowCopy();
    dictionary.replaceKey("/Length", QPDFObjectHandle::newInteger(static_cast<long long>(raw->getSize())));
    return fmt::format("{}\nstream\n{}\nendstream", dictionary.unparseResolved(),
                       std::string_view(reinterpret_cast<const char*>(raw->getBuffer()), raw->getSize()));
}

// Entries of the trailer that describe the section itself and are written anew.
constexpr std::string_view own_entries[] = {"/Prev",  "/XRefStm", "/Size",   "/Type",        "/W",
                                            "/Index", "/Filter",  "/Length", "/DecodeParms", "/ID"};

// "/Root 1 0 R /Info 2 0 R /ID [...]": everything of the previous trailer that stays true.
// `appended`: what the revision adds to the file.
std::string kept_entries(const document& base, bytes_view appended) {
    QPDFObjectHandle trailer = base.qpdf().getTrailer();
    std::string out;
    for (const std::string& key : trailer.getKeys()) {
        bool own = std::find(std::begin(own_entries), std::end(own_entries), key) != std::end(own_entries);
        if (!own) out += key + " " + trailer.getKey(key).unparse() + " ";
    }
    // The first half of /ID names the file for ever, the second this revision (14.4).
    if (QPDFObjectHandle id = trailer.getKey("/ID");
        id.isArray() && id.getArrayNItems() == 2 && id.getArrayItem(0).isString())
        out += fmt::format("/ID [{} <{}>] ", id.getArrayItem(0).unparse(),
                           sha256()
                               .update(id.getArrayItem(1).unparse())
                               .update(std::to_string(base.file().size()))
                               .update(appended)
                               .finish()
                               .hex()
                               .substr(0, 32));
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

result<update::written> update::write() const {
    written w;
    bytes& out = w.file;
    out.reserve(base_.file().size() + 65536);
    out.assign(base_.file().begin(), base_.file().end());
    if (!out.empty() && out.back() != '\n' && out.back() != '\r') out.push_back('\n');
    std::map<QPDFObjGen, std::size_t> offsets; // from the header
    for (const auto& [id, object] : objects_) {
        offsets[id] = out.size() - base_.header_at();
        append(out, fmt::format("{} {} obj\n", id.getObj(), id.getGen()));
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
    std::string kept = kept_entries(base_, bytes_view(out).subspan(base_.file().size()));
    if (base_.kind() == xref_kind::table) {
        append(out, "xref\n");
        for (auto at = offsets.begin(); at != offsets.end();) {
            auto end = std::next(at);
            int count = 1;
            while (end != offsets.end() && end->first.getObj() == at->first.getObj() + count) ++end, ++count;
            append(out, fmt::format("{} {}\n", at->first.getObj(), count));
            for (; at != end; ++at) append(out, fmt::format("{:010} {:05} n \n", at->second, at->first.getGen()));
        }
        append(out, fmt::format("trailer\n<< {}/Size {} /Prev {} >>\n", kept, size, base_.startxref()));
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
        append(out, fmt::format(
                        "{} 0 obj\n<< /Type /XRef /W [1 4 2] /Index [{}] {}/Size {} /Prev {} /Length {} >>\nstream\n",
                        size, index, kept, size + 1, base_.startxref(), rows.size()));
        append(out, rows);
        append(out, "\nendstream\nendobj\n");
    }
    append(out, fmt::format("startxref\n{}\n%%EOF\n", xref));
    return w;
}

} // namespace vanthu::pdf

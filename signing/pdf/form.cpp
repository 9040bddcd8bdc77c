#include "signing/pdf/form.hpp"

#include "signing/pdf/errors.hpp"
#include "signing/pdf/history.hpp"
#include "signing/pdf/one_reading.hpp"
#include "signing/x509/hash.hpp"
#include "signing/x509/openssl.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace vanthu::pdf {

std::string text_string(std::string_view utf8) {
    return QPDFObjectHandle::newUnicodeString(std::string(utf8)).unparse();
}

namespace {

// Does QPDF only miss the last cross-reference stream, which counts itself in /Size and does not list itself? pypdf
// writes them so, and no reader looks for one under its number.
bool is_of_unlisted_section(const std::string& warning, const document& d) {
    const std::string_view at = as_text(d.file()).substr(d.header_at() + d.startxref());
    int own = 0;
    auto [end, error] = std::from_chars(at.data(), at.data() + at.size(), own);
    if (error != std::errc{} || own <= 0 || !std::string_view(end, at.data() + at.size()).starts_with(" 0 obj"))
        return false;
    const auto listed = d.qpdf().getXRefTable();
    QPDFObjectHandle size = d.qpdf().getTrailer().getKey("/Size");
    return !listed.empty() && listed.rbegin()->first.getObj() < own && size.isInteger() &&
           size.getIntValue() == own + 1LL &&
           warning.find(fmt::format("reported number of objects ({}) is not one plus", own + 1)) != warning.npos;
}

} // namespace

result<form> form::open(document& base, update& out, intent what) {
    form f(base, out);
    base.read_every_object();
    f.fields_ = read_fields(f.qpdf_);
    if (f.fields_.exceeded) return failed(errc::damaged, "form fields");
    QPDFObjectHandle found = f.qpdf_.getRoot().getKey("/AcroForm");
    if (found.isDictionary() && found.hasKey("/XFA")) return failed(errc::xfa_form);
    for (const form_field& field : f.fields_.fields) {
        if (!field.is_signed()) continue;
        f.has_signature_ = true;
        for (permissions& p : permissions_of(field)) {
            if (p.docmdp == 1 && what == intent::sign) return failed(errc::changes_forbidden);
            f.forbidden_.push_back(std::move(p));
        }
    }
    if (f.has_signature_) VANTHU_CHECK(require_unchanged(base.file()));
    if (!f.has_signature_ && may_turn_linear(base)) return failed(errc::damaged, "/Linearized");
    if (!f.has_signature_ && has_split_names(base)) return failed(errc::damaged, "names");
    f.pages_ = f.qpdf_.getAllPages();
    if (f.pages_.empty()) return failed(errc::damaged, "no pages");
    for (QPDFObjectHandle& page : f.pages_) {
        if (!base.has_object(page.getObjGen())) return failed(errc::damaged, "page tree");
        f.page_numbers_.emplace(page.getObjGen(), static_cast<int>(f.page_numbers_.size()) + 1);
    }
    for (const std::string& warning : base.take_warnings())
        if (!is_of_unlisted_section(warning, base)) return failed(errc::damaged, warning);
    return f;
}

const page_frame& form::frame(int page) const {
    auto known = frames_.find(page);
    if (known == frames_.end())
        known = frames_.emplace(page, page_frame(pages_[static_cast<std::size_t>(page) - 1])).first;
    return known->second;
}

bool form::locked(std::string_view field) const {
    return std::any_of(forbidden_.begin(), forbidden_.end(), [&](const permissions& p) { return p.locks(field); });
}

result<placement> form::place_of(QPDFObjectHandle widget) const {
    QPDFObjectHandle rect = widget.getKey("/Rect"), page = widget.getKey("/P");
    if (!rect.isRectangle()) return failed(errc::damaged, "field rectangle");
    auto number = page.isIndirect() ? page_numbers_.find(page.getObjGen()) : page_numbers_.end();
    if (number == page_numbers_.end()) { // /P is optional: the page lists the widget
        for (number = page_numbers_.begin(); number != page_numbers_.end(); ++number) {
            QPDFObjectHandle holder = pages_[static_cast<std::size_t>(number->second) - 1];
            QPDFObjectHandle list = holder.getKey("/Annots");
            bool here = false;
            for (int i = 0, n = list.isArray() ? list.getArrayNItems() : 0; i < n && !here; ++i)
                here = list.getArrayItem(i).isIndirect() && list.getArrayItem(i).getObjGen() == widget.getObjGen();
            if (here) break;
        }
        if (number == page_numbers_.end()) return failed(errc::damaged, "field page");
    }
    placement p = frame(number->second).shown(rect.getArrayAsRectangle());
    p.page = number->second;
    return p;
}

std::vector<placement> form::signatures(int page) const {
    std::vector<placement> all;
    for (const form_field& f : fields_.fields)
        if (f.is_signed())
            for (QPDFObjectHandle widget : f.widgets)
                if (auto p = place_of(widget); p && p->page == page && p->width > 0 && p->height > 0) all.push_back(*p);
    return all;
}

std::optional<placement> form::last_signature() const {
    std::optional<placement> of_person, of_anybody;
    for (const form_field& f : fields_.fields)
        if (f.is_signed())
            for (QPDFObjectHandle widget : f.widgets)
                if (auto p = place_of(widget); p && p->width > 0 && p->height > 0)
                    (f.name.starts_with("vanthu_signature") ? of_person : of_anybody) = *p;
    return of_person ? of_person : of_anybody;
}

std::string form::free_name(std::string_view base) const {
    std::string name(base);
    for (int n = 2; fields_.find(name); ++n) name = fmt::format("{}_{}", base, n);
    return name;
}

QPDFObjectHandle form::dictionary() {
    QPDFObjectHandle root = qpdf_.getRoot(), found = root.getKey("/AcroForm");
    if (found.isDictionary()) return found;
    found = out_.add(QPDFObjectHandle::newDictionary({{"/Fields", QPDFObjectHandle::newArray()}}));
    root.replaceKey("/AcroForm", found);
    out_.changed(root);
    return found;
}

QPDFObjectHandle form::add_field(std::string_view name, const std::string& type, int flags, const placement& where) {
    QPDFObjectHandle page = pages_[static_cast<std::size_t>(where.page) - 1];
    QPDFObjectHandle field = out_.add(QPDFObjectHandle::newDictionary({
        {"/Type", QPDFObjectHandle::newName("/Annot")},
        {"/Subtype", QPDFObjectHandle::newName("/Widget")},
        {"/T", QPDFObjectHandle::newUnicodeString(std::string(name))},
        {"/FT", QPDFObjectHandle::newName(type)},
        {"/F", QPDFObjectHandle::newInteger(flags)},
        {"/Rect", frame(where.page).rectangle(where)},
        {"/P", page},
    }));

    QPDFObjectHandle f = dictionary(), list = f.getKey("/Fields");
    if (!list.isArray()) f.replaceKey("/Fields", list = QPDFObjectHandle::newArray());
    list.appendItem(field);
    if (list.isIndirect())
        out_.changed(list);
    else
        out_.changed(f, qpdf_.getRoot());

    QPDFObjectHandle annotations = page.getKey("/Annots");
    if (!annotations.isArray()) page.replaceKey("/Annots", annotations = QPDFObjectHandle::newArray());
    annotations.appendItem(field);
    out_.changed(annotations, page);
    return field;
}

void form::add_times_font() {
    QPDFObjectHandle f = dictionary(), resources = f.getKey("/DR");
    if (!resources.isDictionary()) f.replaceKey("/DR", resources = QPDFObjectHandle::newDictionary());
    QPDFObjectHandle fonts = resources.getKey("/Font");
    if (!fonts.isDictionary()) resources.replaceKey("/Font", fonts = QPDFObjectHandle::newDictionary());
    if (!fonts.hasKey("/TiRo"))
        fonts.replaceKey("/TiRo", QPDFObjectHandle::parse("<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman >>"));
    for (QPDFObjectHandle part : {fonts, resources})
        if (part.isIndirect()) out_.changed(part);
    out_.changed(f, qpdf_.getRoot());
}

void form::name_etsi_extension() {
    QPDFObjectHandle root = qpdf_.getRoot(), version = root.getKey("/Version");
    if (qpdf_.getPDFVersion() >= "2.0" || (version.isName() && version.getName() >= "/2.0")) return;
    QPDFObjectHandle extensions = root.getKey("/Extensions");
    if (!extensions.isDictionary()) root.replaceKey("/Extensions", extensions = QPDFObjectHandle::newDictionary());
    if (extensions.hasKey("/ESIC")) return;
    extensions.replaceKey("/ESIC", QPDFObjectHandle::parse("<< /BaseVersion /1.7 /ExtensionLevel 5 >>"));
    out_.changed(extensions, root);
}

namespace {

// Hashes what is signed, and names the revision, as its /ID wants it, by the hash of everything in front of the name
// but the hole: the file is read once. `name_at`: where the digits of the name begin, behind the hole; 0: none.
void name_and_hash(prepared& p, std::size_t name_at) {
    ossl::md_ctx_ptr hash(EVP_MD_CTX_new()), name(EVP_MD_CTX_new());
    auto add = [&](bytes_view part) { return EVP_DigestUpdate(hash.get(), part.data(), part.size()) == 1; };
    const EVP_MD* sha256 = x509::native(x509::hash::sha256);
    bool good = hash && name && EVP_DigestInit_ex2(hash.get(), sha256, nullptr) == 1 && add(p.before());
    const bytes_view after = p.after();
    std::size_t done = 0; // of it
    if (good && name_at > 0) {
        done = name_at - p.byte_range[2];
        digest of_name;
        good = add(after.first(done)) && EVP_MD_CTX_copy_ex(name.get(), hash.get()) == 1 &&
               EVP_DigestFinal_ex(name.get(), of_name.value.data(), nullptr) == 1;
        const std::string digits = of_name.hex();
        std::copy_n(digits.begin(), update::identifier_digits,
                    p.document.begin() + static_cast<std::ptrdiff_t>(name_at));
    }
    if (!good || !add(after.subspan(done)) ||
        EVP_DigestFinal_ex(hash.get(), p.content_sha256.value.data(), nullptr) != 1)
        std::abort(); // only memory can be missing
}

} // namespace

result<prepared> form::write_with_hole(QPDFObjectHandle field, std::string head, std::string_view tail,
                                       std::size_t size, bool certifies) {
    QPDFObjectHandle value = out_.add(QPDFObjectHandle::newDictionary());
    field.replaceKey("/V", value);
    out_.changed(field);
    QPDFObjectHandle f = dictionary(), root = qpdf_.getRoot();
    long long flags = f.getKey("/SigFlags").isInteger() ? f.getKey("/SigFlags").getIntValue() : 0;
    if ((flags & 3) != 3) { // signatures exist; append only
        f.replaceKey("/SigFlags", QPDFObjectHandle::newInteger(flags | 3));
        out_.changed(f, root);
    }
    if (certifies) {
        QPDFObjectHandle permitted = QPDFObjectHandle::newDictionary();
        permitted.replaceKey("/DocMDP", value);
        root.replaceKey("/Perms", permitted);
        out_.changed(root);
    }
    head = "<< " + head + " /ByteRange [";
    const std::size_t numbers = head.size();
    head += std::string(40, ' ') + "] /Contents ";
    const std::size_t hole = head.size();
    std::string body;
    body.reserve(hole + size * 2 + tail.size() + 8);
    body += head;
    body += '<';
    body.append(size * 2, '0');
    body += '>';
    body += tail;
    body += " >>";
    out_.write_as(value, std::move(body));

    VANTHU_TRY(update::written w, out_.write(update::identifier::left_open));
    prepared p;
    std::size_t body_at = w.body_at.at(value.getObjGen());
    std::uint64_t a = body_at + hole, b = a + size * 2 + 2;
    p.byte_range = {0, a, b, w.file.size() - b};
    std::string range = fmt::format("{} {} {} {}", p.byte_range[0], p.byte_range[1], p.byte_range[2], p.byte_range[3]);
    std::copy(range.begin(), range.end(), w.file.begin() + static_cast<std::ptrdiff_t>(body_at + numbers));
    p.document = std::move(w.file);
    p.contents_size = size;
    name_and_hash(p, w.identifier_at);
    return p;
}

} // namespace vanthu::pdf

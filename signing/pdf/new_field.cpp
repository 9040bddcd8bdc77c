#include "signing/pdf/new_field.hpp"

#include <algorithm>

namespace vanthu::pdf {
namespace {

bool same_object(QPDFObjectHandle a, QPDFObjectHandle b) {
    return a.isIndirect() && b.isIndirect() && a.getObjGen() == b.getObjGen();
}

bool is_plainly_built(const form_field& f) {
    if (!f.object.getKey("/Parent").isNull()) return false;
    QPDFObjectHandle kids = f.object.getKey("/Kids");
    if (!kids.isArray() && !kids.isNull()) return false;
    for (int i = 0, n = kids.isArray() ? kids.getArrayNItems() : 0; i < n; ++i) {
        QPDFObjectHandle kid = kids.getArrayItem(i);
        if (!kid.isDictionary() || kid.hasKey("/Kids") || !same_object(kid.getKey("/Parent"), f.object)) return false;
    }
    return true;
}

bool acts(QPDFObjectHandle node) { return node.hasKey("/A") || node.hasKey("/AA") || node.hasKey("/PMD"); }

bool is_zero(QPDFObjectHandle number) { return number.isNumber() && number.getNumericValue() == 0; }

bool draws_nothing(const std::string& key, QPDFObjectHandle value) {
    // /TU: the field's name as it is told, for instance when pointed at.
    constexpr std::string_view harmless[] = {"/Type", "/Subtype", "/FT", "/T",  "/TU",          "/Ff", "/V",
                                             "/F",    "/Rect",    "/P",  "/SV", "/M",           "/NM", "/Parent",
                                             "/Kids", "/Lock",    "/H",  "/DA", "/StructParent"};
    if (std::find(std::begin(harmless), std::end(harmless), key) != std::end(harmless)) return true;
    if (key == "/MK" || key == "/DR") return value.isDictionary() && value.getKeys().empty(); // iText: an empty /DR
    if (key == "/BS") return value.isDictionary() && is_zero(value.getKey("/W"));
    if (key == "/Border") return value.isArray() && value.getArrayNItems() == 3 && is_zero(value.getArrayItem(2));
    return false;
}

} // namespace

bool is_unseen(QPDFObjectHandle widget) {
    constexpr long long hidden = 2; // NoView would still be printed
    if (QPDFObjectHandle flags = widget.getKey("/F"); flags.isInteger() && (flags.getIntValue() & hidden)) return true;
    QPDFObjectHandle rect = widget.getKey("/Rect");
    if (!rect.isRectangle()) return false;
    auto r = rect.getArrayAsRectangle();
    return r.llx == r.urx || r.lly == r.ury;
}

bool is_acceptable_new_field(const form_field& f, field_state state) {
    if (!is_plainly_built(f)) return false;
    std::vector<QPDFObjectHandle> nodes = f.widgets;
    nodes.push_back(f.object);
    if (std::any_of(nodes.begin(), nodes.end(), acts)) return false;
    if (state == field_state::signed_by_somebody) return true;
    const bool stamp = state == field_state::time_stamped;
    return std::all_of(nodes.begin(), nodes.end(), [&](QPDFObjectHandle node) {
        const auto keys = node.getKeys();
        return std::all_of(keys.begin(), keys.end(), [&](const std::string& key) {
            return draws_nothing(key, node.getKey(key)) || (stamp && key == "/AP" && node.getKey(key).isDictionary());
        });
    });
}

} // namespace vanthu::pdf

#include "signing/pdf/plain_object.hpp"

#include "signing/pdf/syntax.hpp"

#include <algorithm>
#include <charconv>

namespace vanthu::pdf {
namespace {

bool ends_word(char c) { return is_plain_space(c) || is_delimiter(c); }

constexpr std::string_view keys_of_trees[] = {"/Kids", "/Fields"};

// The spelling has been judged: only what tells one kind of value from another is looked at.
class builder {
public:
    builder(QPDF& qpdf, std::string_view file, std::vector<QPDFObjGen>& further, bool describe = false)
        : qpdf_(qpdf), file_(file), further_(further), describe_(describe) {}

    void load(const object_place& which) {
        at_ = which.at;
        left_to_qpdf_ = false;
        const std::size_t found = further_.size();
        for (int i = 0; i < 3; ++i) skip_spaces(), word(); // "12 0 obj"
        QPDFObjectHandle made = value(false);
        skip_spaces();
        if (!left_to_qpdf_ && word() == "endobj")
            qpdf_.replaceObject(QPDFObjGen(which.id, which.generation), made);
        else
            further_.resize(found);
    }

private:
    void skip_spaces() {
        while (at_ < file_.size() && is_plain_space(file_[at_])) ++at_;
    }
    std::string_view word() {
        const std::size_t begin = at_;
        while (at_ < file_.size() && !ends_word(file_[at_])) ++at_;
        return file_.substr(begin, at_ - begin);
    }
    bool next_is(char c) const { return at_ < file_.size() && file_[at_] == c; }

    // `of_tree`: references in it lead to nodes of a tree.
    QPDFObjectHandle value(bool of_tree) {
        QPDFObjectHandle made = undescribed_value(of_tree);
        if (describe_ && !made.isIndirect()) made.setObjectDescription(&qpdf_, "object");
        return made;
    }

    QPDFObjectHandle undescribed_value(bool of_tree) {
        skip_spaces();
        switch (at_ < file_.size() ? file_[at_] : ' ') {
        case '<':
            return file_.substr(at_).starts_with("<<") ? dictionary() : hexadecimal();
        case '[':
            return array(of_tree);
        case '(':
            return text();
        case '/':
            return QPDFObjectHandle::newName(std::string(name()));
        case 't':
        case 'f':
            return QPDFObjectHandle::newBool(word() == "true");
        case 'n':
            return word(), QPDFObjectHandle::newNull();
        default:
            return number_or_reference(of_tree);
        }
    }

    std::string_view name() {
        const std::size_t begin = at_++;
        while (at_ < file_.size() && !ends_word(file_[at_])) ++at_;
        return file_.substr(begin, at_ - begin);
    }

    QPDFObjectHandle dictionary() {
        std::map<std::string, QPDFObjectHandle> entries;
        at_ += 2;
        for (skip_spaces(); next_is('/'); skip_spaces()) {
            const std::string_view key = name();
            const bool of_tree = std::ranges::find(keys_of_trees, key) != std::end(keys_of_trees);
            entries.emplace(std::string(key), value(of_tree));
        }
        at_ += 2;
        return QPDFObjectHandle::newDictionary(entries);
    }

    QPDFObjectHandle array(bool of_tree) {
        std::vector<QPDFObjectHandle> items;
        ++at_;
        for (skip_spaces(); at_ < file_.size() && file_[at_] != ']'; skip_spaces()) items.push_back(value(of_tree));
        ++at_;
        return QPDFObjectHandle::newArray(items);
    }

    QPDFObjectHandle hexadecimal() {
        const std::size_t first = at_ + 1, end = std::min(file_.find('>', first), file_.size());
        if (auto plain = from_hex(file_.substr(first, end - first))) { // no white space, as in the value of a signature
            at_ = std::min(end + 1, file_.size());
            return QPDFObjectHandle::newString(std::string(as_text(*plain)));
        }
        std::string out;
        int high = -1;
        for (++at_; at_ < file_.size() && file_[at_] != '>'; ++at_) {
            const char c = file_[at_];
            if (is_plain_space(c)) continue;
            const int digit = is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10;
            if (high < 0)
                high = digit;
            else
                out += static_cast<char>(high << 4 | digit), high = -1;
        }
        ++at_;
        if (high >= 0) out += static_cast<char>(high << 4);
        return QPDFObjectHandle::newString(out);
    }

    QPDFObjectHandle text() {
        const std::size_t begin = at_ + 1;
        int open = 0;
        for (; at_ < file_.size(); ++at_) {
            if (file_[at_] == '\\' || file_[at_] == '\r') break;
            if (file_[at_] == '(') ++open;
            if (file_[at_] == ')' && --open == 0)
                return ++at_, QPDFObjectHandle::newString(std::string(file_.substr(begin, at_ - 1 - begin)));
        }
        left_to_qpdf_ = true;
        at_ = file_.size();
        return QPDFObjectHandle::newNull();
    }

    QPDFObjectHandle number_or_reference(bool of_tree) {
        const std::string_view number = word();
        if (number.empty()) { // never of a sound file, but this loop must come to an end
            left_to_qpdf_ = true;
            at_ = file_.size();
            return QPDFObjectHandle::newNull();
        }
        if (number.find('.') != number.npos) return QPDFObjectHandle::newReal(std::string(number));
        if (number[0] != '-') {
            const std::size_t behind = at_;
            skip_spaces();
            const std::string_view generation = word();
            skip_spaces();
            if (!generation.empty() && std::ranges::all_of(generation, is_digit) && word() == "R")
                return reference(integer(number), integer(generation), of_tree);
            at_ = behind;
        }
        return QPDFObjectHandle::newInteger(integer(number));
    }

    static long long integer(std::string_view digits) {
        long long out = 0;
        std::from_chars(digits.data(), digits.data() + digits.size(), out);
        return out;
    }

    QPDFObjectHandle reference(long long id, long long generation, bool of_tree) {
        const QPDFObjGen to(static_cast<int>(id), static_cast<int>(generation));
        if (of_tree) further_.push_back(to);
        return qpdf_.getObject(to);
    }

    QPDF& qpdf_;
    std::string_view file_;
    std::vector<QPDFObjGen>& further_;
    std::size_t at_ = 0;
    bool left_to_qpdf_ = false;
    const bool describe_;
};

} // namespace

void load_if_plain(QPDF& qpdf, std::string_view file, const object_place& which, bool describe) {
    std::vector<QPDFObjGen> further;
    if (highest_number_if_sound(file, {which})) builder(qpdf, file, further, describe).load(which);
}

void load_described(QPDF& qpdf, std::string_view file, const std::vector<object_place>& objects) {
    std::vector<QPDFObjGen> further;
    builder build(qpdf, file, further, true);
    for (const object_place& one : objects) build.load(one);
}

void load_trees(QPDF& qpdf, std::string_view file, const std::vector<object_place>& objects) {
    std::vector<QPDFObjGen> further;
    QPDFObjectHandle root = qpdf.getRoot();
    for (const char* tree : {"/Pages", "/AcroForm"})
        if (QPDFObjectHandle top = root.getKey(tree); top.isIndirect()) further.push_back(top.getObjGen());
    std::vector<bool> seen(objects.size());
    builder build(qpdf, file, further);
    while (!further.empty()) {
        const QPDFObjGen next = further.back();
        further.pop_back();
        auto found = std::ranges::lower_bound(objects, next.getObj(), {}, &object_place::id);
        if (found == objects.end() || found->id != next.getObj() || found->generation != next.getGen()) continue;
        const auto which = static_cast<std::size_t>(found - objects.begin());
        if (seen[which] || next == root.getObjGen()) continue;
        seen[which] = true;
        build.load(*found);
    }
}

} // namespace vanthu::pdf

#include "signing/pdf/soundness.hpp"

#include "signing/pdf/syntax.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace vanthu::pdf {
namespace {

constexpr int deepest = 40;
constexpr std::size_t most_keys = 256; // of a dictionary: each is compared with all

enum : std::uint8_t { space = 1, delimiter = 2, digit = 4 };

constexpr auto classes = [] {
    std::array<std::uint8_t, 256> all{};
    auto mark = [&](std::string_view of, std::uint8_t what) {
        for (char c : of) all[static_cast<unsigned char>(c)] |= what;
    };
    mark(" \n\r\t\f", space);
    mark("()<>[]{}/%", delimiter);
    mark("0123456789", digit);
    return all;
}();

bool is(char c, std::uint8_t what) { return classes[static_cast<unsigned char>(c)] & what; }

// Every function leaves at() behind what it has read; false: not of the plain form, at() is then of no use.
class reader {
public:
    reader(std::string_view file, const std::vector<object_place>& objects) : file_(file), objects_(objects) {}

    int highest() const { return highest_; }
    bool has_range() const { return has_range_; } // the last object()

    bool object(const object_place& which) {
        at_ = which.at;
        length_.reset();
        has_range_ = false;
        keys_.clear();
        if (!head(which) || !value(0, true)) return false;
        skip_spaces();
        if (word("endobj")) return true;
        if (!length_ || !word_begins("stream")) return false;
        at_ += 6;
        if (at_ < file_.size() && file_[at_] == '\r') ++at_;
        if (at_ >= file_.size() || file_[at_] != '\n') return false;
        ++at_;
        if (*length_ > file_.size() - at_) return false;
        at_ += *length_;
        skip_spaces();
        if (!word("endstream")) return false;
        skip_spaces();
        return word("endobj");
    }

private:
    void skip_spaces() {
        while (at_ < file_.size() && is(file_[at_], space)) ++at_;
    }
    bool word_begins(std::string_view text) const { return file_.substr(at_, text.size()) == text; }
    // The whole word: no regular character follows.
    bool word(std::string_view text) {
        if (!word_begins(text)) return false;
        at_ += text.size();
        return at_ == file_.size() || is(file_[at_], space | delimiter);
    }

    // Decimal digits only, and not so many that somebody's integer overflows.
    std::optional<int> natural() {
        const std::size_t begin = at_;
        while (at_ < file_.size() && is(file_[at_], digit)) ++at_;
        int number = 0;
        if (at_ == begin || at_ - begin > 9) return std::nullopt;
        std::from_chars(file_.data() + begin, file_.data() + at_, number);
        return number;
    }

    bool head(const object_place& which) {
        auto id = natural();
        if (!id || *id != which.id || at_ == file_.size() || !is(file_[at_], space)) return false;
        skip_spaces();
        auto generation = natural();
        if (!generation || *generation != which.generation || at_ == file_.size() || !is(file_[at_], space))
            return false;
        skip_spaces();
        highest_ = std::max(highest_, *id);
        return *id > 0 && *id <= highest_number && word("obj");
    }

    bool value(int depth, bool outermost = false) {
        skip_spaces();
        if (at_ >= file_.size() || depth > deepest) return false;
        switch (file_[at_]) {
        case '<':
            return word_begins("<<") ? dictionary(depth, outermost) : hexadecimal();
        case '[':
            return array(depth);
        case '(':
            return text();
        case '/':
            return name().has_value();
        case 't':
            return word("true");
        case 'f':
            return word("false");
        case 'n':
            return word("null");
        default:
            return number_or_reference(!outermost);
        }
    }

    bool dictionary(int depth, bool outermost) {
        at_ += 2;
        const auto first_key = static_cast<std::ptrdiff_t>(keys_.size());
        for (;;) {
            skip_spaces();
            if (word_begins(">>")) {
                at_ += 2;
                keys_.resize(static_cast<std::size_t>(first_key));
                return true;
            }
            if (at_ >= file_.size() || file_[at_] != '/') return false;
            auto key = name();
            if (!key || std::find(keys_.begin() + first_key, keys_.end(), *key) != keys_.end()) return false;
            if (keys_.size() - static_cast<std::size_t>(first_key) == most_keys) return false;
            keys_.push_back(*key);
            has_range_ |= outermost && *key == "/ByteRange";
            if (outermost && *key == "/Length") {
                skip_spaces();
                const std::size_t begin = at_;
                if (!value(depth + 1)) return false;
                length_ = length_in(file_.substr(begin, at_ - begin));
            } else if (!value(depth + 1))
                return false;
        }
    }

    bool array(int depth) {
        ++at_;
        for (;;) {
            skip_spaces();
            if (at_ >= file_.size()) return false;
            if (file_[at_] == ']') {
                ++at_;
                return true;
            }
            if (!value(depth + 1)) return false;
        }
    }

    std::optional<std::string_view> name() {
        const std::size_t begin = at_++;
        for (; at_ < file_.size() && !is(file_[at_], space | delimiter); ++at_)
            if (file_[at_] == '#' || file_[at_] < '!' || file_[at_] > '~') return std::nullopt;
        if (at_ - begin < 2) return std::nullopt;
        return file_.substr(begin, at_ - begin);
    }

    bool hexadecimal() {
        at_ = end_of_hex(file_, at_ + 1);
        return at_ < file_.size() && file_[at_++] == '>';
    }

    bool text() {
        int open = 0;
        for (; at_ < file_.size(); ++at_) {
            if (file_[at_] == '\\')
                ++at_;
            else if (file_[at_] == '(')
                ++open;
            else if (file_[at_] == ')' && --open == 0)
                return ++at_, true;
        }
        return false;
    }

    bool number_or_reference(bool may_refer) {
        const std::size_t begin = at_;
        if (file_[at_] == '-') ++at_;
        std::size_t digits = 0, points = 0;
        for (; at_ < file_.size() && !is(file_[at_], space | delimiter); ++at_) {
            if (file_[at_] == '.' && ++points == 1) continue;
            if (!is(file_[at_], digit) || ++digits > 15) return false;
        }
        if (digits == 0) return false;
        if (!may_refer || points > 0 || file_[begin] == '-') return true;
        // "12 0 R"?
        const std::size_t end = at_;
        skip_spaces();
        auto generation = at_ < file_.size() && is(file_[at_], digit) ? natural() : std::nullopt;
        if (generation && at_ < file_.size() && is(file_[at_], space)) {
            skip_spaces();
            if (word("R")) {
                int id = 0;
                auto [rest, error] = std::from_chars(file_.data() + begin, file_.data() + end, id);
                highest_ = std::max(highest_, id);
                return error == std::errc{} && id > 0 && id <= highest_number && *generation <= 65'535;
            }
        }
        at_ = end;
        return true;
    }

    // "1234", or "12 0 R" where object 12 is one.
    std::optional<std::size_t> length_in(std::string_view spelled) const {
        reader inside(spelled, objects_);
        auto length = inside.natural();
        if (!length || inside.at_ == spelled.size()) return length;
        auto found = std::lower_bound(objects_.begin(), objects_.end(), *length,
                                      [](const object_place& o, int id) { return o.id < id; });
        if (found == objects_.end() || found->id != *length || !spelled.ends_with('R')) return std::nullopt;
        inside.skip_spaces();
        if (inside.natural() != found->generation) return std::nullopt;
        reader other(file_, objects_);
        other.at_ = found->at;
        if (!other.head(*found)) return std::nullopt;
        other.skip_spaces();
        auto value = other.natural();
        other.skip_spaces();
        if (!value || !other.word("endobj")) return std::nullopt;
        return *value;
    }

    std::string_view file_;
    const std::vector<object_place>& objects_;
    std::size_t at_ = 0;
    std::optional<std::size_t> length_;  // of the stream, if this is one
    bool has_range_ = false;
    std::vector<std::string_view> keys_; // of the dictionaries that are open, the outer ones first
    int highest_ = 0;
};

} // namespace

std::optional<int> highest_number_if_sound(std::string_view file, const std::vector<object_place>& objects,
                                           std::vector<object_place>* ranges) {
    reader in(file, objects);
    for (const object_place& one : objects) {
        if (one.at == 0 || one.at >= file.size() || !in.object(one)) return std::nullopt;
        if (ranges && in.has_range()) ranges->push_back(one);
    }
    return in.highest();
}

} // namespace vanthu::pdf

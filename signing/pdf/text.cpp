#include "signing/pdf/text.hpp"

#include "signing/pdf/frame.hpp"
#include "signing/pdf/letters.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace vanthu::pdf {
namespace {

constexpr std::size_t most_runs = 50'000;

using matrix = std::array<double, 6>;
constexpr matrix identity{1, 0, 0, 1, 0, 0};

matrix operator*(const matrix& a, const matrix& b) {
    return {a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3],        a[2] * b[0] + a[3] * b[2],
            a[2] * b[1] + a[3] * b[3], a[4] * b[0] + a[5] * b[2] + b[4], a[4] * b[1] + a[5] * b[3] + b[5]};
}

struct run {
    double x, y, end, size;
    std::string text;
    std::vector<double> at; // left edge of the letter that each byte belongs to
};

// Follows a content stream as far as text needs: matrices, fonts, text operators, form XObjects.
class reader : public QPDFObjectHandle::ParserCallbacks {
public:
    reader(QPDFObjectHandle resources, matrix start, std::vector<run>& runs, int depth)
        : resources_(resources), runs_(runs), depth_(depth) {
        now_.ctm = start;
    }

    void handleObject(QPDFObjectHandle object) override {
        if (!object.isOperator()) {
            if (operands_.size() < 1000) operands_.push_back(object);
            return;
        }
        if (runs_.size() < most_runs) operate(object.getOperatorValue());
        operands_.clear();
    }
    void handleEOF() override {}

private:
    struct state {
        matrix ctm = identity;
        const text_font* font = nullptr;
        double size = 0, letter_space = 0, word_space = 0, scale = 1, leading = 0, rise = 0;
    };

    double number(std::size_t i) {
        return i < operands_.size() && operands_[i].isNumber() ? operands_[i].getNumericValue() : 0;
    }
    matrix six() { return {number(0), number(1), number(2), number(3), number(4), number(5)}; }

    void next_line(double x, double y) { text_ = line_ = matrix{1, 0, 0, 1, x, y} * line_; }

    void operate(const std::string& op) {
        if (op == "q") {
            if (saved_.size() < 500) saved_.push_back(now_);
        } else if (op == "Q") {
            if (!saved_.empty()) now_ = saved_.back(), saved_.pop_back();
        } else if (op == "cm")
            now_.ctm = six() * now_.ctm;
        else if (op == "BT")
            text_ = line_ = identity;
        else if (op == "Tf")
            set_font();
        else if (op == "Tc")
            now_.letter_space = number(0);
        else if (op == "Tw")
            now_.word_space = number(0);
        else if (op == "Tz")
            now_.scale = number(0) / 100;
        else if (op == "TL")
            now_.leading = number(0);
        else if (op == "Ts")
            now_.rise = number(0);
        else if (op == "Tm")
            text_ = line_ = six();
        else if (op == "Td")
            next_line(number(0), number(1));
        else if (op == "TD")
            now_.leading = -number(1), next_line(number(0), number(1));
        else if (op == "T*")
            next_line(0, -now_.leading);
        else if (op == "Tj")
            show(0);
        else if (op == "'")
            next_line(0, -now_.leading), show(0);
        else if (op == "\"")
            now_.word_space = number(0), now_.letter_space = number(1), next_line(0, -now_.leading), show(2);
        else if (op == "TJ")
            show_array();
        else if (op == "Do")
            draw();
    }

    void set_font() {
        now_.size = number(1);
        if (operands_.empty() || !operands_[0].isName() || !resources_.isDictionary()) return;
        QPDFObjectHandle fonts = resources_.getKey("/Font");
        auto [it, fresh] = fonts_.try_emplace(operands_[0].getName());
        if (fresh && fonts.isDictionary()) it->second = read_font(fonts.getKey(operands_[0].getName()));
        now_.font = &it->second;
    }

    void show(std::size_t i) {
        if (i < operands_.size() && operands_[i].isString()) show_string(operands_[i].getStringValue());
    }

    void show_array() {
        if (operands_.empty() || !operands_[0].isArray()) return;
        for (int i = 0, n = operands_[0].getArrayNItems(); i < n; ++i) {
            QPDFObjectHandle item = operands_[0].getArrayItem(i);
            if (item.isString())
                show_string(item.getStringValue());
            else if (item.isNumber())
                text_ = matrix{1, 0, 0, 1, -item.getNumericValue() / 1000 * now_.size * now_.scale, 0} * text_;
        }
    }

    void show_string(const std::string& codes) {
        if (!now_.font) return;
        auto at = [&] { return matrix{1, 0, 0, 1, 0, now_.rise} * text_ * now_.ctm; };
        matrix begin = at();
        run r{begin[4], begin[5], 0, std::hypot(begin[2], begin[3]) * std::abs(now_.size), "", {}};
        std::size_t step = now_.font->two_bytes ? 2 : 1;
        for (std::size_t i = 0; i + step <= codes.size(); i += step) {
            unsigned code = code_of(as_bytes(std::string_view(codes).substr(i, step)));
            r.text += now_.font->letter(code);
            r.at.resize(r.text.size(), at()[4]);
            double advance = now_.font->width(code) / 1000 * now_.size + now_.letter_space +
                             (step == 1 && code == ' ' ? now_.word_space : 0);
            text_ = matrix{1, 0, 0, 1, advance * now_.scale, 0} * text_;
        }
        r.end = at()[4];
        if (runs_.size() < most_runs) runs_.push_back(std::move(r));
    }

    void draw() {
        if (depth_ >= 6 || operands_.empty() || !operands_[0].isName() || !resources_.isDictionary()) return;
        QPDFObjectHandle all = resources_.getKey("/XObject");
        QPDFObjectHandle form = all.isDictionary() ? all.getKey(operands_[0].getName()) : all;
        if (!form.isStream() || !form.getDict().getKey("/Subtype").isNameAndEquals("/Form")) return;
        QPDFObjectHandle inner = form.getDict().getKey("/Resources"), m = form.getDict().getKey("/Matrix");
        matrix own = identity;
        if (m.isMatrix()) {
            auto v = m.getArrayAsMatrix();
            own = {v.a, v.b, v.c, v.d, v.e, v.f};
        }
        reader nested(inner.isDictionary() ? inner : resources_, own * now_.ctm, runs_, depth_ + 1);
        QPDFObjectHandle::parseContentStream(form, &nested);
    }

    QPDFObjectHandle resources_;
    std::vector<run>& runs_;
    int depth_;
    state now_;
    std::vector<state> saved_;
    matrix text_ = identity, line_ = identity;
    std::vector<QPDFObjectHandle> operands_;
    std::map<std::string, text_font> fonts_;
};

void read_annotations(QPDFObjectHandle page, const matrix& upright, std::vector<run>& runs) {
    QPDFObjectHandle list = page.getKey("/Annots");
    if (!list.isArray()) return;
    for (int i = 0, n = std::min(list.getArrayNItems(), 1000); i < n; ++i) {
        QPDFObjectHandle a = list.getArrayItem(i);
        if (!a.isDictionary() || !a.getKey("/AP").isDictionary() || !a.getKey("/AP").getKey("/N").isStream() ||
            !a.getKey("/Rect").isRectangle())
            continue;
        QPDFObjectHandle form = a.getKey("/AP").getKey("/N");
        auto rect = a.getKey("/Rect").getArrayAsRectangle();
        reader r(form.getDict().getKey("/Resources"), matrix{1, 0, 0, 1, rect.llx, rect.lly} * upright, runs, 1);
        QPDFObjectHandle::parseContentStream(form, &r);
    }
}

// Runs on one line join while the gap is small; a gap of two letters' height begins a new one.
std::vector<text_line> joined(std::vector<run> runs) {
    std::sort(runs.begin(), runs.end(), [](const run& a, const run& b) {
        double ya = std::round(a.y / 3), yb = std::round(b.y / 3);
        return ya != yb ? ya > yb : a.x < b.x;
    });
    std::vector<text_line> lines;
    const run* last = nullptr;
    for (const run& r : runs) {
        if (r.text.empty()) continue;
        double size = std::max(r.size, 1.0);
        double gap = last ? r.x - last->end : 0; // far to the left: another column on nearly the same height
        bool same_line = last && std::abs(last->y - r.y) < 3 && gap < 2 * size && gap > -2 * size;
        if (!same_line)
            lines.push_back({r.x, r.y, r.end, r.size, "", {}});
        else if (r.x - last->end > 0.15 * size) {
            lines.back().text += ' ';
            lines.back().at.push_back(last->end);
        }
        text_line& line = lines.back();
        line.text += r.text;
        line.at.insert(line.at.end(), r.at.begin(), r.at.end());
        line.end = std::max(line.end, r.end);
        last = &r;
    }
    return lines;
}

} // namespace

std::vector<text_line> lines_of(QPDFObjectHandle page, bool with_annotations, bool* whole) {
    std::vector<run> runs;
    try {
        page_frame frame(page);
        // As a reader sees the page: upright and from its lower left corner.
        auto [x0, y0] = frame.point(0, 0);
        auto [xx, xy] = frame.point(1, 0);
        auto [yx, yy] = frame.point(0, 1);
        matrix upright{xx - x0, xy - y0, yx - x0, yy - y0, x0, y0};
        QPDFPageObjectHelper helper(page);
        reader r(helper.getAttribute("/Resources", false), upright, runs, 0);
        helper.parseContents(&r);
        if (with_annotations) read_annotations(page, upright, runs);
    } catch (const std::exception&) {
        // What was read until here still counts.
        if (whole) *whole = false;
    }
    return joined(std::move(runs));
}

} // namespace vanthu::pdf

#include "signing/pdf/text.hpp"

#include "signing/pdf/content.hpp"
#include "signing/pdf/frame.hpp"
#include "signing/pdf/inherited.hpp"
#include "signing/pdf/letters.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <qpdf/Pl_Buffer.hh>

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
            if (collected_.size() < 1000) collected_.push_back(operand_of(object, 0));
            return;
        }
        operate(object.getOperatorValue(), collected_);
        collected_.clear();
    }
    void handleEOF() override {}

    void operate(std::string_view op, const std::vector<operand>& operands) {
        if (runs_.size() >= most_runs) return;
        operands_ = &operands;
        operate(op);
    }

private:
    struct state {
        matrix ctm = identity;
        const text_font* font = nullptr;
        double size = 0, letter_space = 0, word_space = 0, scale = 1, leading = 0, rise = 0;
    };

    static operand operand_of(QPDFObjectHandle object, int depth) {
        if (object.isNumber()) return {operand::kind::number, object.getNumericValue()};
        if (object.isName()) return {operand::kind::name, 0, object.getName()};
        if (object.isString()) return {operand::kind::text, 0, object.getStringValue()};
        if (!object.isArray() || depth > 0) return {};
        operand out{operand::kind::array};
        for (int i = 0, n = object.getArrayNItems(); i < n; ++i)
            out.items.push_back(operand_of(object.getArrayItem(i), depth + 1));
        return out;
    }
    bool is(std::size_t i, operand::kind what) const { return i < operands_->size() && (*operands_)[i].what == what; }
    double number(std::size_t i) const { return is(i, operand::kind::number) ? (*operands_)[i].number : 0; }
    matrix six() { return {number(0), number(1), number(2), number(3), number(4), number(5)}; }

    void next_line(double x, double y) { text_ = line_ = matrix{1, 0, 0, 1, x, y} * line_; }

    void operate(std::string_view op) {
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
        if (!is(0, operand::kind::name) || !resources_.isDictionary()) return;
        const std::string& name = (*operands_)[0].text;
        auto [it, fresh] = fonts_.try_emplace(name);
        if (fresh)
            if (QPDFObjectHandle fonts = resources_.getKey("/Font"); fonts.isDictionary())
                it->second = read_font(fonts.getKey(name));
        now_.font = &it->second;
    }

    void show(std::size_t i) {
        if (is(i, operand::kind::text)) show_string((*operands_)[i].text);
    }

    void show_array() {
        if (!is(0, operand::kind::array)) return;
        for (const operand& item : (*operands_)[0].items) {
            if (item.what == operand::kind::text)
                show_string(item.text);
            else if (item.what == operand::kind::number)
                text_ = matrix{1, 0, 0, 1, -item.number / 1000 * now_.size * now_.scale, 0} * text_;
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
        if (depth_ >= 6 || !is(0, operand::kind::name) || !resources_.isDictionary()) return;
        QPDFObjectHandle all = resources_.getKey("/XObject");
        QPDFObjectHandle form = all.isDictionary() ? all.getKey((*operands_)[0].text) : all;
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
    const std::vector<operand>* operands_ = nullptr; // of the operator now
    std::vector<operand> collected_;                 // of the next one
    std::map<std::string, text_font> fonts_;
};

void read_contents(QPDFObjectHandle page, const matrix& upright, std::vector<run>& runs) {
    QPDFPageObjectHelper helper(page);
    QPDFObjectHandle resources = inherited(page, "/Resources");
    Pl_Buffer stream("contents");
    helper.pipeContents(&stream);
    auto content = stream.getBufferSharedPointer();
    reader quick(resources, upright, runs, 0);
    const std::string_view text(reinterpret_cast<const char*>(content->getBuffer()), content->getSize());
    if (read_plain_content(text, [&](std::string_view op, const auto& operands) { quick.operate(op, operands); }))
        return;
    runs.clear();
    reader thorough(resources, upright, runs, 0);
    helper.parseContents(&thorough);
}

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
        read_contents(page, upright, runs);
        if (with_annotations) read_annotations(page, upright, runs);
    } catch (const std::exception&) {
        // What was read until here still counts.
        if (whole) *whole = false;
    }
    return joined(std::move(runs));
}

} // namespace vanthu::pdf

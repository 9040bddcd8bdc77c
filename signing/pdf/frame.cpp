#include "signing/pdf/frame.hpp"

#include "signing/pdf/inherited.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace vanthu::pdf {

namespace {

// All zeros where it is no plain rectangle: readers differ then.
QPDFObjectHandle::Rectangle upright_box(QPDFObjectHandle box) {
    auto r = box.getArrayAsRectangle();
    return {std::min(r.llx, r.urx), std::min(r.lly, r.ury), std::max(r.llx, r.urx), std::max(r.lly, r.ury)};
}

} // namespace

page_frame::page_frame(QPDFObjectHandle page) {
    QPDFObjectHandle whole = inherited(page, "/MediaBox"), cut = inherited(page, "/CropBox");
    // What readers take where it is missing: US letter.
    auto box = whole.isNull() ? QPDFObjectHandle::Rectangle(0, 0, 612, 792) : upright_box(whole);
    if (!cut.isNull()) { // what is outside the medium is not shown (14.11.2)
        auto shown = upright_box(cut);
        box = {std::max(box.llx, shown.llx), std::max(box.lly, shown.lly), std::min(box.urx, shown.urx),
               std::min(box.ury, shown.ury)};
    }
    left_ = box.llx;
    bottom_ = box.lly;
    width_ = std::max(0.0, box.urx - box.llx);
    height_ = std::max(0.0, box.ury - box.lly);
    QPDFObjectHandle rotate = inherited(page, "/Rotate");
    if (rotate.isInteger()) turned_ = static_cast<int>((rotate.getIntValue() % 360 + 360) % 360) / 90 * 90;
    if (turned_ == 90 || turned_ == 270) std::swap(width_, height_);
}

std::pair<double, double> page_frame::own(double x, double y) const {
    switch (turned_) {
    case 90:
        return {left_ + height_ - y, bottom_ + x};
    case 180:
        return {left_ + width_ - x, bottom_ + height_ - y};
    case 270:
        return {left_ + y, bottom_ + width_ - x};
    default:
        return {left_ + x, bottom_ + y};
    }
}

std::pair<double, double> page_frame::point(double x, double y) const {
    x -= left_;
    y -= bottom_;
    switch (turned_) {
    case 90:
        return {y, height_ - x};
    case 180:
        return {width_ - x, height_ - y};
    case 270:
        return {width_ - y, x};
    default:
        return {x, y};
    }
}

QPDFObjectHandle page_frame::rectangle(const placement& shown) const {
    auto [x0, y0] = own(shown.x, shown.y);
    auto [x1, y1] = own(shown.x + shown.width, shown.y + shown.height);
    auto number = [](double n) { return QPDFObjectHandle::newReal(fmt::format("{:.2f}", n)); };
    return QPDFObjectHandle::newArray(
        {number(std::min(x0, x1)), number(std::min(y0, y1)), number(std::max(x0, x1)), number(std::max(y0, y1))});
}

placement page_frame::shown(QPDFObjectHandle::Rectangle rect) const {
    auto [x0, y0] = point(rect.llx, rect.lly);
    auto [x1, y1] = point(rect.urx, rect.ury);
    return {0, std::min(x0, x1), std::min(y0, y1), std::abs(x1 - x0), std::abs(y1 - y0)};
}

std::string page_frame::upright() const {
    switch (turned_) {
    case 90:
        return "/Matrix [0 1 -1 0 0 0]";
    case 180:
        return "/Matrix [-1 0 0 -1 0 0]";
    case 270:
        return "/Matrix [0 -1 1 0 0 0]";
    default:
        return "";
    }
}

bool page_frame::shift_inside(placement& p) const {
    p.x = std::max(0.0, std::min(p.x, width_ - p.width));
    p.y = std::max(0.0, std::min(p.y, height_ - p.height));
    return p.width <= width_ + 0.5 && p.height <= height_ + 0.5;
}

} // namespace vanthu::pdf

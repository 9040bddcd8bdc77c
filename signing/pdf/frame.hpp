// A page as its reader sees it: upright, measured from the lower left corner of what is shown, whatever /MediaBox,
// /CropBox and /Rotate say. Where a box is no rectangle, or nothing is left of the page, it has no width and no height.
// Internal to signing/pdf. Source: ISO 32000-2 7.7.3.3, 12.5.5, 14.11.2.
#pragma once

#include "signing/pdf/qpdf.hpp"
#include "signing/pdf/sign.hpp"

namespace vanthu::pdf {

class page_frame {
public:
    explicit page_frame(QPDFObjectHandle page);
    double width() const { return width_; }
    double height() const { return height_; }
    // /Rect of an annotation that stands at `shown`.
    QPDFObjectHandle rectangle(const placement& shown) const;
    // Where an annotation with this /Rect is seen.
    placement shown(QPDFObjectHandle::Rectangle rect) const;
    // Entry of a form XObject that stands upright for the reader; "" where nothing is turned.
    std::string upright() const;
    // A point of the page's own coordinates as seen.
    std::pair<double, double> point(double x, double y) const;
    // A rectangle of this size moved into the page, never shrunk. False: it is larger than the page.
    bool shift_inside(placement& p) const;

private:
    std::pair<double, double> own(double x, double y) const; // the way back
    double left_ = 0, bottom_ = 0, width_ = 0, height_ = 0;
    int turned_ = 0; // 0, 90, 180, 270 clockwise
};

} // namespace vanthu::pdf

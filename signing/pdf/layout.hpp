// Where things stand on an A4 official letter, in points from the lower left corner.
// Source: NĐ 30/2020/NĐ-CP, annex I, part I, IV (cells of the layout; margins 20-25, 30-35 and 15-20 mm).
#pragma once

namespace vanthu::pdf::layout {

struct box {
    double x, y, width, height;
};

inline constexpr double page_width = 595.28, page_height = 841.89;
inline constexpr double margin_left = 85, margin_right = 42.5, margin_top = 57, margin_bottom = 57;
inline constexpr double left_column = 165, right_column = 415; // centres of the two columns of the heading
inline constexpr double number_line = 729;                     // baseline of cells 3 and 4

inline constexpr box number{120, 724.5, 130, 17}; // cell 3, after the printed "Số:"
inline constexpr box date{382, 724.5, 170, 17};   // cell 4, after the printed name of the place
inline constexpr box leader{325, 125, 200, 60};   // cell 7c, between title and full name
inline constexpr box seal{258, 104, 102, 102};    // cell 8: 36 mm, covers a third of 7c on its left
// Top right of the first page: agency's signature on an annex.
inline constexpr box appendix{page_width - margin_right - 300, 800, 300, 16};

} // namespace vanthu::pdf::layout

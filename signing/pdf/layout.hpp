// Where things stand on an A4 official letter, in points from the lower left corner.
// Source: NĐ 30/2020/NĐ-CP, annex I, part I, IV (cells of the layout; margins 20-25, 30-35 and 15-20 mm).
#pragma once

namespace vanthu::pdf::layout {

struct box {
    double x, y, width, height;
};

inline constexpr double margin_left = 85, margin_right = 42.5, margin_top = 57;
inline constexpr double left_column = 165, right_column = 415; // centres of the two columns of the heading
inline constexpr double number_line = 729;                     // baseline of cells 3 and 4
inline constexpr box leader{325, 125, 200, 60};                // cell 7c, between title and full name
// Space kept for the seal (cell 8): 42 mm, more than any seal an agency of the administration uses; smaller ones stand
// in it at their true size.
inline constexpr double seal_width = 119, seal_height = 119;
inline constexpr double top_line = 6; // from the upper edge to the first mark above the text

} // namespace vanthu::pdf::layout

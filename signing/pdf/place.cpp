#include "signing/pdf/place.hpp"

#include "signing/pdf/errors.hpp"
#include "signing/pdf/layout.hpp"

#include <algorithm>

namespace vanthu::pdf {
namespace {

bool overlap(const placement& a, const placement& b) {
    return a.page == b.page && a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height &&
           b.y < a.y + a.height;
}

class choice {
public:
    choice(const form& on, page_texts& texts, const appearance& look, const signature_request& request,
           const content_size& what)
        : on_(on), texts_(texts), look_(look), request_(request), what_(what) {
        if (what.image) image_ = {0, 0, 0, what.image->width(), what.image->height()};
        width_ = std::max(what.text_width, image_.width);
        height_ = image_.height + what.text_height;
    }

    result<chosen_place> run() {
        if (request_.place) return at_given_rectangle();
        if (!request_.anchor.empty()) {
            VANTHU_TRY(found_text words, last_occurrence(texts_, request_.anchor));
            return beside_words(words);
        }
        switch (look_.place) {
        case place_rule::leader:
            return in_signing_space();
        case place_rule::beside_leader:
            return beside_last_person();
        case place_rule::top_right:
        case place_rule::top_left:
            return at_top();
        case place_rule::end_mark: {
            VANTHU_TRY(found_text mark, last_occurrence(texts_, "./."));
            return beside_words(mark);
        }
        case place_rule::given:
            break;
        }
        return failed(errc::place_not_found);
    }

private:
    bool scales() const { return look_.image == picture_rule::signature; }

    // The picture made smaller to fit, never larger.
    void fit(double width, double height, int page) {
        if (!what_.image) return;
        width = std::min(width, on_.frame(page).width() / 4);
        double factor = std::min({1.0, width / image_.width, height / image_.height});
        image_.width *= factor;
        image_.height *= factor;
    }

    // The picture within the whole: over the lines of text, or in the middle of the space.
    chosen_place placed(placement whole, bool right) {
        chosen_place c{whole, image_};
        double above = whole.height - what_.text_height - image_.height;
        c.image.x = right ? whole.width - image_.width : (whole.width - image_.width) / 2;
        c.image.y = what_.text_height + std::max(0.0, above / 2);
        return c;
    }

    result<chosen_place> shifted(placement whole, bool right = false) {
        if (!on_.frame(whole.page).shift_inside(whole)) return failed(errc::no_room);
        return placed(whole, right);
    }

    result<chosen_place> at_given_rectangle() {
        placement where = *request_.place;
        if (where.page < 1 || where.page > texts_.count()) return failed(errc::page_out_of_range);
        page_frame frame = on_.frame(where.page);
        bool inside = where.x >= 0 && where.y >= 0 && where.width >= 1 && where.height >= 1 &&
                      where.x + where.width <= frame.width() + 0.5 && where.y + where.height <= frame.height() + 0.5;
        if (!inside) return failed(errc::bad_rectangle);
        if (scales())
            fit(where.width, where.height - what_.text_height, where.page);
        else if (what_.image) { // a seal keeps its size whatever the rectangle is
            where.width = std::max(where.width, image_.width);
            where.height = std::max(where.height, height_);
        }
        return shifted(where);
    }

    // A person signs below the words (title, "Ký tên"), everybody else behind them.
    result<chosen_place> beside_words(const found_text& words) {
        if (look_.place == place_rule::leader || look_.place == place_rule::beside_leader) {
            if (scales()) fit(layout::leader.width, layout::leader.height, words.page);
            double width = what_.image ? image_.width : std::max(what_.text_width, layout::leader.width);
            double height = std::max(image_.height + what_.text_height, what_.image ? 0.0 : layout::leader.height);
            return shifted({words.page, (words.x + words.end - width) / 2, words.y - 6 - height, width, height});
        }
        if (scales()) fit(layout::leader.width, layout::leader.height, words.page);
        placement where{words.page, words.end + 4, words.y - 3, std::max(what_.text_width, image_.width),
                        image_.height + what_.text_height};
        for (const placement& taken : on_.signatures(words.page)) // initials stand side by side
            if (overlap(where, taken)) where.x = std::max(where.x, taken.x + taken.width + 4);
        if (where.x + where.width > on_.frame(words.page).width()) return failed(errc::no_room);
        return placed(where, false);
    }

    result<chosen_place> in_signing_space() {
        VANTHU_TRY(placement space, signing_space(texts_, request_.signer_name));
        for (const placement& taken : on_.signatures(space.page))
            if (std::abs(taken.x + taken.width / 2 - space.x - space.width / 2) < space.width / 4 &&
                std::abs(taken.y + taken.height / 2 - space.y - space.height / 2) < space.height / 2)
                return failed(errc::no_room);
        if (what_.image) {
            fit(space.width, std::max(1.0, space.height - what_.text_height), space.page);
            double width = std::max(image_.width, what_.text_width), height = image_.height + what_.text_height;
            space = {space.page, space.x + (space.width - width) / 2, space.y + (space.height - height) / 2, width,
                     height};
        }
        return shifted(space);
    }

    result<chosen_place> beside_last_person() {
        std::optional<placement> leader = on_.last_signature();
        if (!leader) return failed(errc::place_not_found);
        double image_height = what_.image ? image_.height : layout::seal_height;
        double width = std::max(what_.text_width, what_.image ? image_.width : 0.0);
        placement where = beside(*leader, width, image_height);
        where.y -= what_.text_height; // the lines stand under the seal
        where.height += what_.text_height;
        if (!what_.image) where = beside(*leader, std::max(width, layout::seal_width), image_height);
        return shifted(where, true);
    }

    // Further marks stand under the earlier ones, all within the margin.
    result<chosen_place> at_top() {
        page_frame frame = on_.frame(1);
        double width = std::max(width_, 20.0);
        placement where{1, layout::margin_left, frame.height() - layout::top_line - height_, width, height_};
        if (look_.place == place_rule::top_right) where.x = frame.width() - layout::margin_right - width;
        for (bool moved = true; moved;) {
            moved = false;
            for (const placement& taken : on_.signatures(1))
                if (overlap(where, taken)) where.y = taken.y - height_ - 0.5, moved = true;
        }
        if (where.x < 0 || where.y < frame.height() - layout::margin_top - 4) return failed(errc::no_room);
        return placed(where, false);
    }

    const form& on_;
    page_texts& texts_;
    const appearance& look_;
    const signature_request& request_;
    const content_size& what_;
    placement image_{0, 0, 0, 0, 0};
    double width_ = 0, height_ = 0;
};

} // namespace

placement beside(const placement& leader, double width, double height) {
    return {leader.page, leader.x + leader.width / 3 - width, leader.y + (leader.height - height) / 2, width, height};
}

result<chosen_place> choose_place(const form& on, page_texts& texts, const appearance& look,
                                  const signature_request& request, const content_size& what) {
    return choice(on, texts, look, request, what).run();
}

} // namespace vanthu::pdf

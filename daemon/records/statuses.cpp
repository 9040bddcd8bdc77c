#include "daemon/records/statuses.hpp"

#include <algorithm>
#include <array>

namespace vanthu::records {
namespace {

constexpr std::array<std::string_view, 9> known{"01", "02", "03", "04", "05", "06", "13", "15", "16"};
constexpr std::array<std::string_view, 4> processing{"06", "05", "04", "03"}; // the furthest first

bool is_known(std::string_view code) { return std::ranges::find(known, code) != known.end(); }
bool is_processing(std::string_view code) { return std::ranges::find(processing, code) != processing.end(); }
bool is_answer(std::string_view code) { return code == "15" || code == "16"; }

const status_seen* seen(const consignment_row& c, std::string_view code) {
    auto at = std::ranges::find(c.statuses, code, &status_seen::code);
    return at == c.statuses.end() ? nullptr : &*at;
}

bool asked(const consignment_row& c) { return c.asked_back || seen(c, "13"); }

// Was it taken into process (or its recall answered) before `time`? Then it cannot be refused any more.
bool accepted_before(const consignment_row& c, std::int64_t time) {
    return std::ranges::any_of(c.statuses, [&](const status_seen& s) {
        return (is_processing(s.code) || (is_answer(s.code) && asked(c))) && s.first < time;
    });
}

const status_seen* valid_refusal(const consignment_row& c) {
    const status_seen* refusal = seen(c, "02");
    return refusal && !accepted_before(c, refusal->first) ? refusal : nullptr;
}

const status_seen* last_of(const consignment_row& c) {
    if (const status_seen* refusal = valid_refusal(c)) return refusal;
    for (std::string_view answer : {"15", "16"})
        if (const status_seen* s = seen(c, answer); s && asked(c)) return s;
    if (const status_seen* taken_back = seen(c, "13")) return taken_back;
    for (std::string_view code : processing)
        if (const status_seen* s = seen(c, code)) return s;
    if (const status_seen* arrived = seen(c, "01")) return arrived;
    auto unknown = std::ranges::find_if(c.statuses, [](const status_seen& s) { return !is_known(s.code); });
    return unknown == c.statuses.end() ? nullptr : &*unknown;
}

void find_last(consignment_row& c) {
    const status_seen* last = last_of(c);
    c.last_status = last ? last->code : "";
    c.last_status_time = last ? last->last : 0;
    if (c.answer == "16" && c.last_status != "02" && c.last_status != "15") {
        c.last_status = c.answer;
        c.last_status_time = c.answer_time;
    }
}

} // namespace

void add_status(consignment_row& c, std::string_view code, std::int64_t time) {
    // Of the unknown codes one is remembered, the latest: a partner may invent any number of them.
    auto same = std::ranges::find_if(
        c.statuses, [&](const status_seen& s) { return is_known(code) ? s.code == code : !is_known(s.code); });
    if (same == c.statuses.end()) {
        c.statuses.push_back({std::string(code), time, time});
    } else if (is_known(code)) {
        same->first = std::min(same->first, time);
        same->last = std::max(same->last, time);
    } else if (std::pair(time, code) > std::pair(same->last, std::string_view(same->code))) {
        *same = {std::string(code), time, time};
    }
    find_last(c);
}

void ask_back(consignment_row& c) {
    c.asked_back = true;
    find_last(c);
}

void answer_place(consignment_row& c, std::string_view code, std::int64_t time) {
    if (c.answer == "15" && code != "15") return;
    c.answer = code;
    c.answer_time = time;
    find_last(c);
}

status_fault fault_of(const consignment_row& c, std::string_view code, std::int64_t time) {
    if (!is_known(code) || code == "01") return status_fault::none;
    if (is_answer(code) && !asked(c)) return status_fault::answer_without_request;
    if (c.answer == "16" && is_processing(code) && c.answer_time <= time) return status_fault::after_the_end;
    const status_seen *refusal = valid_refusal(c), *agreed = asked(c) ? seen(c, "15") : nullptr;
    if (code != "02" && refusal && refusal->first <= time) return status_fault::after_the_end;
    if (code != "15" && code != "13" && agreed && agreed->first <= time) return status_fault::after_the_end;
    if (code == "02" && accepted_before(c, time)) return status_fault::refusal_after_acceptance;
    return status_fault::none;
}

} // namespace vanthu::records

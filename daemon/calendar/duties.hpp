// What the law wants done by when, for one recipient of one document.
//
//   sent        by the issuer's office: on the day of signing, at the latest in the morning of the next working day; an
//               urgent one at once (QĐ 28/2018 Điều 6, NĐ 30/2020 Điều 18)
//   arrived     the recipient tells the sender on the day of arrival (NĐ 30/2020 Điều 21(2)(c)); what arrives after
//               work counts as of the next working day
//   registered  by the recipient: on the day of arrival, at the latest the next working day; an urgent one at once
//               (NĐ 30/2020 Điều 4(2)(c), 23(1))
//   answered    the recipient's clerk answers a recall, update or replacement (15, 16); no law says by when: as long
//               as it has to register a document
//   replied     the recipient has dealt with it (06) by the document's own DueDate: the end of that day's work, or of
//               the next working day where nobody works on it
//
// "At once" is a number here, because a program cannot warn of less: urgent_limit, by the clock for what programs do,
// in working time for what people do. Pure.
#pragma once

#include "daemon/calendar/calendar.hpp"

#include <boost/describe/enum.hpp>
#include <optional>

namespace vanthu::calendar {

BOOST_DEFINE_ENUM_CLASS(duty, sent, arrived, registered, answered, replied)
BOOST_DEFINE_ENUM_CLASS(standing, open, soon, late, met, met_late)

// How much is "at once", and how early a breach is warned of.
struct limits {
    std::chrono::minutes urgent_limit{30};
    std::chrono::minutes warn_before{120}; // time at work
};

// What one office runs on.
struct office {
    office_calendar days{};
    limits margins{};
    std::chrono::microseconds not_fetched_after{std::chrono::hours(4)}; // time at work
};

// `signed_on`: the document's date; `handed_in`: when it came to us to be sent.
timestamp send_by(const office_calendar&, const limits&, std::optional<std::chrono::year_month_day> signed_on,
                  timestamp handed_in, bool urgent);
timestamp arrived_by(const office_calendar&, timestamp kept_at);
timestamp registered_by(const office_calendar&, const limits&, timestamp kept_at, bool urgent);
timestamp replied_by(const office_calendar&, std::chrono::year_month_day due); // due.ok()

// What is due by then is warned of at `now`, where it is not late yet. It only grows with `now`.
timestamp warned_until(const office_calendar&, const limits&, timestamp now);
// Where a duty with this deadline stands at `now`. `done`: when it was done.
standing stands(const office_calendar&, const limits&, timestamp by, std::optional<timestamp> done, timestamp now);

} // namespace vanthu::calendar

// The standard's demands on each field, as one list: the reader remarks on what breaks it, the writer refuses.
//
// Source: QCVN 102:2016/BTTTT (cardinalities, lengths), Sửa đổi 1:2022 (OrganId 35), NĐ 30/2020 annex VI.
#pragma once

#include "schemas/edxml/packet.hpp"

namespace vanthu::edxml {

enum class field_form { text, date, time, number };

struct field {
    std::string path;       // "to[1].organ_id": the key of the JSON form
    std::string_view value; // points into the header
    std::size_t longest;    // characters
    bool required = false;
    field_form form = field_form::text;
    int low = 0, high = 0; // of a number
};

// perhaps_odd: of the recipients only those in which a field may break its demand. There may be thousands, and a path
// for each field of each costs more than reading it.
enum class recipients { all, perhaps_odd };
std::vector<field> fields_of(const document_header&, recipients = recipients::all);
std::vector<field> fields_of(const status_packet&);

// dd/MM/yyyy or MM/dd/yyyy: both readings are dates.
bool is_ambiguous_date(std::string_view text);

} // namespace vanthu::edxml

// People, an agency and their signatures for the PDF tests.
#pragma once

#include "signing/cms/build.hpp"
#include "signing/pdf/document.hpp"
#include "signing/pdf/long_term.hpp"
#include "signing/pdf/report.hpp"
#include "signing/pdf/sign.hpp"
#include "signing/pdf/update.hpp"
#include "tests/pdf/letter.hpp"
#include "tests/support/test_ca.hpp"

namespace vanthu::test {

inline const timestamp signing_day = from_us(1'752'571'205'000'000); // 2025-07-15 16:20:05 +07:00

struct pdf_world {
    test_ca ca{"Vanthu PDF"};
    identity leader, agency, tsa, stranger;
    x509::trust_store trust;
    x509::evidence known;
    pdf_world();

    cms::signer signer_of(const identity& who) const;
    // prepare, sign, finish; aborts on failure.
    bytes sign(bytes_view pdf, const identity& who, pdf::signature_request request, bool time_stamp = false) const;
    bytes approved(bytes_view pdf, bool restrict_changes = false) const;
    bytes issued(bytes_view pdf) const;
    validation::file_report verify(bytes_view pdf) const;
    // With what the file itself brings, and nothing else but the anchor.
    validation::file_report verify_alone(bytes_view pdf, timestamp at) const;
    cms::timestamp_token stamp(const digest& imprint, timestamp when, const identity& by) const;
    bytes with_evidence(bytes_view pdf) const;
    bytes with_timestamp(bytes_view pdf, timestamp when, const identity& by) const;
};

// Appends one revision made by `change(document, update)`.
template <class Change> bytes revised(bytes_view pdf, Change change) {
    auto base = pdf::document::open(pdf);
    if (!base) throw std::runtime_error("revised: " + base.error().detail);
    pdf::update out(*base);
    change(*base, out);
    return out.write().value().file;
}
inline QPDFObjectHandle first_page(pdf::document& d) { return d.qpdf().getAllPages().front(); }

const pdf_world& world(); // made once
pdf::signature_request request_for(pdf::profile kind);
std::string shown(const validation::file_report& report); // for messages of failed checks

} // namespace vanthu::test

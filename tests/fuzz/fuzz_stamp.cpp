// Any bytes as the answer of a time-stamping authority, or as the token in a file: read or refused, never trusted.
#include "signing/cms/timestamp.hpp"
#include "tests/fuzz/check.hpp"

using namespace vanthu;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    bytes_view input(data, size);
    static const timestamp at = from_rfc3339("2026-03-01T08:00:00Z").value();
    static const digest imprint = sha256::of("stamped");
    (void)cms::check_timestamp_reply(input, imprint, bytes(cms::nonce_size));
    if (auto token = cms::parse_timestamp_token(input)) {
        auto again = cms::parse_timestamp_token(token->der);
        check(again && again->time == token->time && again->imprint == token->imprint);
    }
    auto judged = cms::check_timestamp(input, as_bytes("stamped"), {}, {}, at);
    check(judged.indication != signing::indication::total_passed);
    return 0;
}

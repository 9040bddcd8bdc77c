// Every call answered with every CK_RV, and tokens that come and go.
#include "tests/signing_token/fake_token.hpp"

#include "daemon/base/error_table.hpp"

#include <boost/test/unit_test.hpp>

using namespace vanthu;
using namespace vanthu::test;
using token::errc;

namespace {

struct fresh {
    fresh() { renew_fake(); }
    std::shared_ptr<token::module> library = token::module::around(fake_functions());

    result<std::shared_ptr<token::card>> opened() {
        VANTHU_TRY(auto card, token::card::open(library, {.label = "fake"}));
        VANTHU_CHECK(card->login(token::pin("1234"), open_gate()));
        return card;
    }
    static result<bytes> sign(token::card& card) {
        VANTHU_TRY(auto key, card.find_key({}));
        return card.sign(key, x509::scheme::ecdsa, sha256::of("x").view());
    }
    // The whole way from the slot list to a signature.
    result<bytes> use() {
        VANTHU_TRY(auto card, opened());
        return sign(*card);
    }
};

// A card whose key is known, as in the middle of a batch.
struct batch : fresh {
    std::shared_ptr<token::card> card = opened().value();
    token::key_info key = card->find_key({}).value();
    result<bytes> next() { return card->sign(key, x509::scheme::ecdsa, sha256::of("x").view()); }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(the_fake_token_signs_and_is_neither_logged_out_nor_finalised, fresh) {
    BOOST_REQUIRE(use());
    BOOST_TEST(fake.calls["C_Login"] == 1);
    BOOST_TEST(fake.calls["C_Finalize"] == 0);
    BOOST_TEST(fake.calls["C_Logout"] == 0);
    BOOST_TEST(fake.sessions.empty());
}

BOOST_AUTO_TEST_CASE(every_return_value_at_every_call_becomes_one_documented_failure) {
    for (const char* call : {"C_GetSlotList", "C_GetTokenInfo", "C_OpenSession", "C_Login", "C_FindObjectsInit",
                             "C_FindObjects", "C_FindObjectsFinal", "C_SignInit", "C_Login context", "C_Sign",
                             "C_CloseSession", "C_GetAttributeValue", "C_GetMechanismInfo"})
        for (CK_RV rv : every_rv) {
            fresh f;
            fake.always_authenticate = std::string_view(call) == "C_Login context";
            fake.answers[call] = rv;
            auto got = f.use();
            // A session that does not close properly spoils nothing, and who is logged in already is logged in.
            bool harmless = std::string_view(call) == "C_CloseSession" ||
                            (std::string_view(call).starts_with("C_Login") && rv == CKR_USER_ALREADY_LOGGED_IN);
            if (!harmless) {
                BOOST_REQUIRE_MESSAGE(!got, call << " " << rv);
                BOOST_REQUIRE_MESSAGE(describe(got.error().code), call << " " << rv);
            }
            BOOST_TEST(fake.calls["C_Login"] <= 2, call << " " << rv);
            BOOST_TEST(fake.calls["C_Login context"] <= 2, call << " " << rv);
            BOOST_TEST(fake.calls["C_Sign"] <= 2, call << " " << rv);
            BOOST_TEST(fake.calls[call] <= 40, call << " " << rv << " " << fake.calls[call]);
            BOOST_TEST(fake.calls["C_Finalize"] == 0);
            BOOST_TEST(fake.sessions.empty(), call << " " << rv); // nothing leaks
        }
}

BOOST_AUTO_TEST_CASE(every_return_value_at_import_and_key_generation_becomes_a_documented_failure) {
    auto who = self_signed({});
    auto key = token::open_pem_key(as_bytes(who.key_pem()), as_bytes(who.certificate_pem())).value();
    bytes der = token::private_key_der(key);
    for (const char* call : {"C_OpenSession", "C_FindObjectsInit", "C_FindObjects", "C_CreateObject",
                             "C_GenerateKeyPair", "C_GetAttributeValue"})
        for (CK_RV rv : every_rv) {
            batch b;
            fake.answers[call] = rv;
            std::vector<std::optional<failure>> ends;
            auto note = [&](const auto& got) {
                ends.push_back(got ? std::optional<failure>() : std::optional(got.error()));
            };
            note(b.card->import_key(der, {9}, "n"));
            note(b.card->import_certificate(key.leaf, {9}, "n"));
            note(b.card->generate_key(token::card::new_key::p384, {9}, "n"));
            for (const auto& end : ends) BOOST_REQUIRE_MESSAGE(!end || describe(end->code), call << " " << rv);
            BOOST_REQUIRE(ends.back()); // the fake's new key cannot be read in any case
            BOOST_TEST(fake.calls["C_Login"] == 1);
        }
}

// What the caller is told to do: to wait and try again, to look at the PIN, or to look at the configuration.
BOOST_AUTO_TEST_CASE(return_values_that_call_for_different_acts_become_different_codes) {
    constexpr struct {
        CK_RV rv;
        errc code;
        bool retry;
    } table[] = {
        {CKR_HOST_MEMORY, errc::out_of_memory, true},
        {CKR_DEVICE_REMOVED, errc::token_removed, true},
        {CKR_TOKEN_NOT_PRESENT, errc::token_removed, true},
        {CKR_SESSION_HANDLE_INVALID, errc::token_removed, true},
        {CKR_DEVICE_ERROR, errc::device_error, true},
        {CKR_FUNCTION_FAILED, errc::device_error, true},
        {CKR_SESSION_COUNT, errc::session_limit, true},
        {CKR_OPERATION_ACTIVE, errc::token_busy, true},
        {CKR_PIN_INCORRECT, errc::pin_incorrect, false},
        {CKR_PIN_LEN_RANGE, errc::pin_incorrect, false},
        {CKR_PIN_LOCKED, errc::pin_locked, false},
        {CKR_PIN_EXPIRED, errc::pin_expired, false},
        {CKR_USER_NOT_LOGGED_IN, errc::pin_needed, false},
        {CKR_USER_PIN_NOT_INITIALIZED, errc::token_not_initialised, false},
        {CKR_KEY_HANDLE_INVALID, errc::key_not_found, false},
        {CKR_KEY_FUNCTION_NOT_PERMITTED, errc::key_unfit, false},
        {CKR_MECHANISM_INVALID, errc::key_unfit, false},
        {CKR_TOKEN_WRITE_PROTECTED, errc::read_only, false},
        {CKR_FUNCTION_NOT_SUPPORTED, errc::unsupported, false},
        {CKR_DATA_LEN_RANGE, errc::refused, false},
        {CKR_CRYPTOKI_NOT_INITIALIZED, errc::module_not_loaded, false},
        {CKR_GENERAL_ERROR, errc::internal, false},
        {0xdeadbeef, errc::internal, false},
    };
    for (const auto& row : table) {
        BOOST_TEST((token::map_rv(row.rv) == row.code), "0x" << std::hex << row.rv);
        BOOST_TEST(transient(row.code) == row.retry, "0x" << std::hex << row.rv);
    }
}

BOOST_AUTO_TEST_CASE(answers_that_cannot_be_are_refused_without_a_crash) {
    {
        fresh f;
        fake.nonsense = true;
        BOOST_TEST((f.use().error().code == errc::internal)); // too many slots
    }
    batch b;
    fake.nonsense = true;
    BOOST_TEST(!b.card->keys().value_or(std::vector<token::key_info>{}).size());
    BOOST_TEST(b.card->certificates().empty());
    BOOST_TEST(!b.next());
}

BOOST_FIXTURE_TEST_CASE(a_locked_pin_and_a_final_try_are_refused_without_asking, fresh) {
    for (auto [flag, code] : {std::pair(CK_FLAGS(CKF_USER_PIN_LOCKED), errc::pin_locked),
                              {CK_FLAGS(CKF_USER_PIN_FINAL_TRY), errc::pin_final_try}}) {
        fake.flags = CKF_TOKEN_INITIALIZED | flag;
        BOOST_TEST((use().error().code == code));
        BOOST_TEST(fake.calls["C_Login"] == 0);
    }
}

BOOST_FIXTURE_TEST_CASE(a_wrong_pin_is_tried_once_and_the_answer_says_what_the_token_tells_of_its_tries, fresh) {
    fake.pin = "other";
    auto first = use();
    BOOST_TEST((first.error().code == errc::pin_incorrect));
    BOOST_TEST(first.error().detail.find("few tries left") != std::string::npos, first.error().detail);
    BOOST_TEST(fake.calls["C_Login"] == 1);
    auto second = use();
    BOOST_TEST(second.error().detail.find("one try left") != std::string::npos, second.error().detail);
    BOOST_TEST((use().error().code == errc::pin_final_try));
    BOOST_TEST(fake.wrong_pins == 2);
}

BOOST_FIXTURE_TEST_CASE(no_pin_is_sent_only_where_the_reader_has_a_keypad, fresh) {
    auto card = token::card::open(library, {}).value();
    BOOST_TEST((card->login(token::pin(), open_gate()).error().code == errc::pin_needed));
    BOOST_TEST(fake.calls["C_Login"] == 0);
    fake.flags |= CKF_PROTECTED_AUTHENTICATION_PATH;
    BOOST_TEST(card->login(token::pin(), open_gate()).has_value());
    BOOST_TEST(sign(*card).has_value());
}

// ---- tokens that come and go ----

BOOST_AUTO_TEST_CASE(a_token_that_was_gone_for_a_moment_is_logged_in_once_more) {
    for (CK_RV rv : {CK_RV(CKR_DEVICE_REMOVED), CK_RV(CKR_TOKEN_NOT_PRESENT), CK_RV(CKR_SESSION_HANDLE_INVALID),
                     CK_RV(CKR_SESSION_CLOSED), CK_RV(CKR_USER_NOT_LOGGED_IN)}) {
        fresh f;
        fake.answers["C_Sign"] = rv;
        fake.fail_times["C_Sign"] = 1;
        BOOST_TEST(f.use().has_value(), rv);
        BOOST_TEST(fake.calls["C_Login"] == 2);
        BOOST_TEST(fake.calls["C_Sign"] == 2);
    }
}

BOOST_FIXTURE_TEST_CASE(a_token_put_in_after_the_start_is_found, fresh) {
    fake.pull_out();
    BOOST_TEST((use().error().code == errc::token_not_found));
    fake.put_back();
    BOOST_TEST(use().has_value());
}

BOOST_FIXTURE_TEST_CASE(a_token_pulled_out_in_a_batch_and_put_back_goes_on_after_one_login, batch) {
    BOOST_TEST(next().has_value());
    fake.pull_out();
    for (int i = 0; i < 3; ++i) { // asked for while it is away: nothing is sent to it
        auto got = next();
        BOOST_TEST((got.error().code == errc::token_not_found));
        BOOST_TEST(transient(got.error().code));
    }
    BOOST_TEST(fake.calls["C_Login"] == 1);
    fake.put_back();
    BOOST_TEST(card->find_key({}).has_value());
    for (int i = 0; i < 3; ++i) BOOST_TEST(next().has_value());
    BOOST_TEST(fake.calls["C_Login"] == 2);
}

BOOST_FIXTURE_TEST_CASE(a_token_pulled_out_and_put_back_between_two_signatures_is_not_noticed_by_the_caller, batch) {
    fake.pull_out();
    fake.put_back();
    BOOST_TEST(next().has_value());
    BOOST_TEST(fake.calls["C_Login"] == 2);
}

BOOST_FIXTURE_TEST_CASE(a_pin_changed_while_the_token_was_away_costs_one_try, batch) {
    fake.pull_out();
    fake.pin = "changed";
    fake.put_back();
    BOOST_TEST((next().error().code == errc::pin_incorrect));
    for (int i = 0; i < 3; ++i) BOOST_TEST((next().error().code == errc::pin_needed));
    BOOST_TEST(fake.wrong_pins == 1);
    BOOST_TEST(card->login(token::pin("changed"), open_gate()).has_value());
    BOOST_TEST(next().has_value());
}

BOOST_FIXTURE_TEST_CASE(a_failed_operation_does_not_cost_the_login, batch) {
    fake.answers["C_Sign"] = CKR_DEVICE_ERROR;
    fake.fail_times["C_Sign"] = 1;
    BOOST_TEST((next().error().code == errc::device_error));
    BOOST_TEST(next().has_value()); // the session that failed was closed, and it had been the only one
    BOOST_TEST(fake.calls["C_Login"] == 1);
}

// ---- keys that want their PIN each time ----

BOOST_FIXTURE_TEST_CASE(a_key_that_wants_its_pin_each_time_gets_it_on_the_same_session, fresh) {
    fake.always_authenticate = true;
    BOOST_REQUIRE(use());
    BOOST_TEST(fake.calls["C_Login context"] == 1);
}

BOOST_FIXTURE_TEST_CASE(a_wrong_pin_for_a_key_is_not_spent_again_by_the_next_signature, batch) {
    key.always_authenticate = fake.always_authenticate = true;
    fake.pin = "changed";
    BOOST_TEST((next().error().code == errc::pin_incorrect));
    BOOST_TEST((next().error().code == errc::pin_needed));
    BOOST_TEST(fake.calls["C_Login context"] == 1);
    BOOST_TEST(fake.wrong_pins == 1);
}

BOOST_FIXTURE_TEST_CASE(the_last_try_is_not_spent_on_a_key_either, batch) {
    key.always_authenticate = fake.always_authenticate = true;
    fake.flags |= CKF_USER_PIN_FINAL_TRY; // somebody else has tried meanwhile
    BOOST_TEST((next().error().code == errc::pin_final_try));
    BOOST_TEST(fake.calls["C_Login context"] == 0);
}

// ---- the gate ----

BOOST_FIXTURE_TEST_CASE(every_login_of_every_kind_goes_through_the_gate, fresh) {
    fake.always_authenticate = true;
    int passed = 0, open = 0;
    fake.on_call = [&](const char* call) {
        if (std::string_view(call).starts_with("C_Login")) BOOST_TEST(open == 1, call);
    };
    auto gate = [&](const token::token_info& t, const token::login_attempt& attempt) {
        BOOST_TEST(t.serial == "42");
        ++passed;
        ++open;
        auto answer = attempt();
        --open;
        return answer;
    };
    auto card = token::card::open(library, {}).value();
    BOOST_REQUIRE(card->login(token::pin("1234"), gate));
    BOOST_TEST(sign(*card).has_value());
    fake.pull_out();
    fake.put_back();
    BOOST_TEST(sign(*card).has_value());
    BOOST_TEST(passed == 4); // login, key, login again, key
    BOOST_TEST(fake.calls["C_Login"] + fake.calls["C_Login context"] == passed);
}

BOOST_FIXTURE_TEST_CASE(a_gate_that_refuses_keeps_every_login_from_the_token, batch) {
    bool shut = false;
    auto gate = [&](const token::token_info&, const token::login_attempt& attempt) -> result<bool> {
        if (shut) return failed(errc::token_busy);
        return attempt();
    };
    card = token::card::open(library, {}).value();
    fake.logged_in = false;
    BOOST_REQUIRE(card->login(token::pin("1234"), gate));
    shut = true;
    int before = fake.calls["C_Login"];
    key.always_authenticate = fake.always_authenticate = true;
    BOOST_TEST((next().error().code == errc::token_busy));
    fake.pull_out();
    fake.put_back();
    BOOST_TEST((next().error().code == errc::token_busy));
    BOOST_TEST(fake.calls["C_Login"] == before);
    BOOST_TEST(fake.calls["C_Login context"] == 0);
    shut = false; // the PIN is still good: nobody has asked the token
    BOOST_TEST(next().has_value());
}

BOOST_FIXTURE_TEST_CASE(a_pin_the_token_never_looked_at_is_not_used_by_itself, fresh) {
    fake.logged_in = true;
    auto card = token::card::open(library, {}).value();
    BOOST_REQUIRE(card->login(token::pin("perhaps wrong"), open_gate()));
    auto key = card->find_key({}).value();
    fake.answers["C_Sign"] = CKR_DEVICE_REMOVED;
    BOOST_TEST((card->sign(key, x509::scheme::ecdsa, sha256::of("x").view()).error().code == errc::pin_needed));
    BOOST_TEST(fake.calls["C_Login"] == 1);
}

#include "schemas/tlog/note.hpp"

#include "daemon/base/base64.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>

using namespace vanthu;
using namespace vanthu::tlog;

namespace {

// The example of C2SP tlog-checkpoint.
const std::string sofa =
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";

ed25519_public_key public_key_of(std::string_view coded) {
    bytes typed = base64_decode(coded).value();
    ed25519_public_key out;
    BOOST_REQUIRE(typed.size() == 33u);
    std::copy(typed.begin() + 1, typed.end(), out.begin());
    return out;
}

} // namespace

BOOST_AUTO_TEST_CASE(the_checkpoint_of_the_specification_is_read_and_written_back) {
    auto note = decode_note(sofa).value();
    auto head = parse_checkpoint(note.text).value();
    BOOST_TEST(head.origin == "example.com/behind-the-sofa");
    BOOST_TEST(head.size == 20852163u);
    BOOST_TEST(checkpoint_text(head) == note.text);
    BOOST_REQUIRE(note.signatures.size() == 1u);
    BOOST_TEST(note.signatures[0].key == 0x033de0aeu);
    BOOST_TEST(note.signatures[0].signature.size() == 64u);
    BOOST_TEST(encode(note) == sofa);
}

// The published note and key of golang.org/x/mod/sumdb/note, the implementation the format comes from.
BOOST_AUTO_TEST_CASE(the_published_note_of_the_original_implementation_verifies) {
    auto key = public_key_of("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
    const std::string note =
        "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    auto decoded = decode_note(note).value();
    BOOST_TEST(key_id("PeterNeumann", key) == 0xc74f20a3u);
    BOOST_TEST(decoded.signatures.at(0).key == 0xc74f20a3u);
    BOOST_TEST(verify_ed25519(key, as_bytes(decoded.text), decoded.signatures[0].signature));
    BOOST_TEST(!verify_ed25519(key, as_bytes(decoded.text + " "), decoded.signatures[0].signature));
    BOOST_TEST(verifier_key("PeterNeumann", key) ==
               "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
    BOOST_TEST(verifier_key("sum.golang.org", public_key_of("Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")) ==
               "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8");
}

BOOST_AUTO_TEST_CASE(a_head_signed_again_has_the_same_bytes_also_by_a_key_read_from_pem) {
    auto key = ed25519_private_key::generate();
    auto again = ed25519_private_key::from_pem(key.to_pem()).value();
    checkpoint head{"vanthu.example/log", 7, sha256::of("root")};
    std::string note = sign_checkpoint(head, key);
    BOOST_TEST(sign_checkpoint(head, again) == note);
    BOOST_TEST((verify_checkpoint(note, key.public_key()).value() == head));
}

BOOST_AUTO_TEST_CASE(no_byte_of_a_signed_head_can_be_changed) {
    auto key = ed25519_private_key::generate();
    std::string note = sign_checkpoint({"vanthu.example/log", 7, sha256::of("root")}, key);
    for (std::size_t i = 0; i < note.size(); ++i)
        for (int bit = 0; bit < 8; ++bit) {
            std::string changed = note;
            changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
            BOOST_TEST(!verify_checkpoint(changed, key.public_key()).has_value(), "byte " << i << " bit " << bit);
        }
}

BOOST_AUTO_TEST_CASE(signatures_of_others_are_ignored_and_a_missing_one_is_refused) {
    auto key = ed25519_private_key::generate(), other = ed25519_private_key::generate();
    checkpoint head{"vanthu.example/log", 7, sha256::of("root")};
    auto note = decode_note(sign_checkpoint(head, key)).value();
    auto foreign = decode_note(sign_checkpoint(head, other)).value();
    BOOST_TEST((verify_checkpoint(encode(foreign), key.public_key()).error().code == errc::unknown_key));
    note.signatures.insert(note.signatures.begin(), {"witness.example", 42, bytes(76, 1)});
    note.signatures.push_back(foreign.signatures[0]);
    BOOST_TEST(verify_checkpoint(encode(note), key.public_key()).has_value());
    note.signatures.push_back(note.signatures[1]);
    note.signatures.back().signature[0] ^= 1; // under the known key and wrong: the whole note is refused
    BOOST_TEST((verify_checkpoint(encode(note), key.public_key()).error().code == errc::bad_signature));
}

BOOST_AUTO_TEST_CASE(malformed_notes_and_checkpoints_are_refused) {
    auto cut_dash = sofa;
    cut_dash.replace(cut_dash.find("— "), 4, "-- ");
    const std::string notes[] = {"",
                                 "\n",
                                 "\n\n",
                                 "text\n",
                                 "text\n\n",
                                 "text\n\n— name AAAAAAA=",
                                 "a\tb\n\n— name AAAAAAA=\n",
                                 "text\n\n— na+me AAAAAAA=\n",
                                 "text\n\n—  AAAAAAA=\n",
                                 "text\n\n— name AAA=\n",
                                 "text\n\n— name AAAAAAB=\n",
                                 "text\xff\n\n— name AAAAAAA=\n",
                                 "text\n\n— n\xC2\xA0m AAAAAAA=\n",
                                 cut_dash,
                                 std::string(20000, 'a') + sofa};
    for (const std::string& note : notes)
        BOOST_TEST((decode_note(note).error().code == errc::malformed_note), note.substr(0, 60));
    std::string many = "text\n\n";
    for (int i = 0; i < 17; ++i) many += "— name AAAAAAA=\n";
    BOOST_TEST(!decode_note(many).has_value());
    const std::string root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    BOOST_TEST(parse_checkpoint("o\n0\n" + root + "extension\n").has_value());
    for (const std::string& text :
         {"\n1\n" + root, "o\n01\n" + root, "o\n-1\n" + root, "o\n+1\n" + root, "o\n\n" + root,
          "o\n1\nAAAA\n" + std::string(), std::string("o\n1\n"), "o\n1\n" + root + "\n", "o\n1\n" + root + "no newline",
          "o\n99999999999999999999\n" + root})
        BOOST_TEST((parse_checkpoint(text).error().code == errc::malformed_checkpoint), text);
}

BOOST_AUTO_TEST_CASE(what_is_no_ed25519_private_key_is_refused) {
    BOOST_TEST((ed25519_private_key::from_pem("").error().code == errc::bad_key));
    BOOST_TEST(
        (ed25519_private_key::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").error().code ==
         errc::bad_key));
    // X25519, of the same size
    BOOST_TEST((ed25519_private_key::from_pem(
                    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEIHcHbQpzGKV9PBbBclGyZkXfTC+H68CZKrF3+6UduSwq\n"
                    "-----END PRIVATE KEY-----\n")
                    .error()
                    .code == errc::bad_key));
    for (const char* wrong : {"", "a b", "a+b", "a\nb", "\xE2\x80\x83"}) BOOST_TEST(!is_key_name(wrong));
    BOOST_TEST(is_key_name("vanthu.example/xã-phường"));
}

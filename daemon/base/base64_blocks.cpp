#include "daemon/base/base64_blocks.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace vanthu {

#if defined(__x86_64__)
namespace {

// The digits stand in five ranges; in each, value = character + distance. Comparisons are signed: bytes from 0x80 on
// are negative and lie in no range. Then four values of six bits become 24 bits: a * 64 + b and c * 64 + d in one
// multiply and add, (ab) * 4096 + (cd) in the next, and a shuffle puts the three bytes into their order.

__attribute__((target("ssse3"))) std::size_t decode_ssse3(const unsigned char* text, std::size_t length,
                                                          std::uint8_t* out) {
    std::size_t used = 0;
    for (; length - used >= 16; used += 16, out += 12) {
        const __m128i c = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + used));
        auto in = [&](char from, char to) __attribute__((target("ssse3"))) {
            return _mm_and_si128(_mm_cmpgt_epi8(c, _mm_set1_epi8(static_cast<char>(from - 1))),
                                 _mm_cmpgt_epi8(_mm_set1_epi8(static_cast<char>(to + 1)), c));
        };
        const __m128i upper = in('A', 'Z'), lower = in('a', 'z'), number = in('0', '9');
        const __m128i plus = _mm_cmpeq_epi8(c, _mm_set1_epi8('+')), slash = _mm_cmpeq_epi8(c, _mm_set1_epi8('/'));
        const __m128i any = _mm_or_si128(_mm_or_si128(upper, lower), _mm_or_si128(number, _mm_or_si128(plus, slash)));
        if (_mm_movemask_epi8(any) != 0xffff) break;
        const __m128i distance = _mm_or_si128(
            _mm_or_si128(_mm_and_si128(upper, _mm_set1_epi8(-'A')), _mm_and_si128(lower, _mm_set1_epi8(26 - 'a'))),
            _mm_or_si128(_mm_and_si128(number, _mm_set1_epi8(52 - '0')),
                         _mm_or_si128(_mm_and_si128(plus, _mm_set1_epi8(62 - '+')),
                                      _mm_and_si128(slash, _mm_set1_epi8(63 - '/')))));
        const __m128i six = _mm_add_epi8(c, distance);
        const __m128i twelve = _mm_maddubs_epi16(six, _mm_set1_epi16(0x0140));
        const __m128i whole = _mm_madd_epi16(twelve, _mm_set1_epi32(0x00011000));
        const __m128i order = _mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_shuffle_epi8(whole, order));
    }
    return used;
}

__attribute__((target("avx2"))) std::size_t decode_avx2(const unsigned char* text, std::size_t length,
                                                        std::uint8_t* out) {
    std::size_t used = 0;
    for (; length - used >= 32; used += 32, out += 24) {
        const __m256i c = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + used));
        auto in = [&](char from, char to) __attribute__((target("avx2"))) {
            return _mm256_and_si256(_mm256_cmpgt_epi8(c, _mm256_set1_epi8(static_cast<char>(from - 1))),
                                    _mm256_cmpgt_epi8(_mm256_set1_epi8(static_cast<char>(to + 1)), c));
        };
        const __m256i upper = in('A', 'Z'), lower = in('a', 'z'), number = in('0', '9');
        const __m256i plus = _mm256_cmpeq_epi8(c, _mm256_set1_epi8('+')),
                      slash = _mm256_cmpeq_epi8(c, _mm256_set1_epi8('/'));
        const __m256i any =
            _mm256_or_si256(_mm256_or_si256(upper, lower), _mm256_or_si256(number, _mm256_or_si256(plus, slash)));
        if (_mm256_movemask_epi8(any) != -1) break;
        const __m256i distance =
            _mm256_or_si256(_mm256_or_si256(_mm256_and_si256(upper, _mm256_set1_epi8(-'A')),
                                            _mm256_and_si256(lower, _mm256_set1_epi8(26 - 'a'))),
                            _mm256_or_si256(_mm256_and_si256(number, _mm256_set1_epi8(52 - '0')),
                                            _mm256_or_si256(_mm256_and_si256(plus, _mm256_set1_epi8(62 - '+')),
                                                            _mm256_and_si256(slash, _mm256_set1_epi8(63 - '/')))));
        const __m256i six = _mm256_add_epi8(c, distance);
        const __m256i twelve = _mm256_maddubs_epi16(six, _mm256_set1_epi16(0x0140));
        const __m256i whole = _mm256_madd_epi16(twelve, _mm256_set1_epi32(0x00011000));
        const __m256i order = _mm256_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1, //
                                               2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
        // Twelve bytes at the front of each half, then the halves together.
        const __m256i halves = _mm256_shuffle_epi8(whole, order);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out),
                            _mm256_permutevar8x32_epi32(halves, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7)));
    }
    return used;
}

constexpr base64_block_decoder all[] = {{"avx2", 32, decode_avx2}, {"ssse3", 16, decode_ssse3}};

} // namespace

std::span<const base64_block_decoder> base64_block_decoders() {
    static const std::span<const base64_block_decoder> these = [] {
        __builtin_cpu_init();
        const std::size_t without = __builtin_cpu_supports("avx2") ? 0 : __builtin_cpu_supports("ssse3") ? 1 : 2;
        return std::span(all).subspan(without);
    }();
    return these;
}
#else
std::span<const base64_block_decoder> base64_block_decoders() { return {}; }
#endif

} // namespace vanthu

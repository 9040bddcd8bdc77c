// vanthu-pdf-speed: rates of signing and verifying in memory with a P-256 key, by hand; no thresholds.
#include "tests/pdf/pdf_fixture.hpp"
#include "tests/pdf/png_file.hpp"

#include <chrono>
#include <ctime>
#include <fmt/format.h>
#include <random>

using namespace vanthu;
using namespace vanthu::test;

namespace {

bytes of_size(std::size_t size) {
    return revised(make_letter(), [&](pdf::document& d, pdf::update& out) {
        std::mt19937 random(1);
        std::string filler;
        while (filler.size() < size) filler += static_cast<char>(random());
        QPDFObjectHandle holder = out.add_stream("", filler);
        d.root().replaceKey("/Filler", holder);
        out.changed(d.root());
    });
}

// Per second of processor time: the machine may be shared.
template <class Body> void rate(const char* what, Body body) {
    body();
    std::clock_t begin = std::clock();
    int done = 0;
    while (std::clock() - begin < CLOCKS_PER_SEC * 2) body(), ++done;
    double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    fmt::print("{:<50} {:>8.0f}/s {:>8.0f} us\n", what, done / seconds, seconds / done * 1e6);
}

} // namespace

int main() {
    bytes letter = of_size(75'000);
    fmt::print("{} bytes\n", letter.size());
    auto plain = request_for(pdf::profile::approved);
    auto with_picture = plain;
    with_picture.image =
        pdf::picture::from_png(png_file({.columns = 600, .rows = 200, .blue = 220, .dpi = 200, .ring = true})).value();
    rate("sign, text", [&] { world().sign(letter, world().leader, plain); });
    rate("sign, picture ready", [&] { world().sign(letter, world().leader, with_picture); });
    rate("prepare only", [&] { (void)pdf::prepare(letter, plain); });
    auto placed = plain;
    placed.place = pdf::placement{1, 325, 125, 200, 60};
    rate("prepare only, place given", [&] { (void)pdf::prepare(letter, placed); });
    bytes once = world().sign(letter, world().leader, plain, true);
    bytes sealed = world().sign(once, world().agency, request_for(pdf::profile::issued), true);
    bytes kept =
        world().with_timestamp(world().with_evidence(sealed), signing_day + std::chrono::hours(1), world().tsa);
    rate("verify, one signature with time stamp", [&] { world().verify(once); });
    rate("verify, leader and seal", [&] { world().verify(sealed); });
    rate("verify, B-LTA of both", [&] { world().verify(kept); });
    bytes many = kept;
    for (int i = 0; i < 10; ++i) many = world().with_timestamp(many, signing_day + std::chrono::hours(2), world().tsa);
    rate("verify, ten time stamps more", [&] { world().verify(many); });
}

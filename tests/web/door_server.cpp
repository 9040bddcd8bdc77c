// A running door for the browser test: prints its address and secret, serves until standard input closes.
#include "tests/web/office.hpp"

#include <iostream>

int main() {
    vanthu::web::office o(VANTHU_SOURCE_DIR "/daemon/web/static");
    o.fill();
    std::cout << o.address() << ' ' << vanthu::web::test_secret << std::endl;
    std::cin.ignore(std::numeric_limits<std::streamsize>::max());
    return 0;
}

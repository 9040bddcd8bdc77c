// Gives a fuzz target its kept corpus in builds without libFuzzer: every file whole, cut short, and with bytes changed.
// The changes are the same each time.
#include "daemon/base/files.hpp"

#include <cstdio>
#include <filesystem>
#include <random>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int count, char** arguments) {
    std::size_t files = 0;
    for (int i = 1; i < count; ++i)
        for (const auto& entry : std::filesystem::directory_iterator(arguments[i])) {
            auto seed = vanthu::read_file(entry.path());
            if (!seed) return std::fprintf(stderr, "%s cannot be read\n", entry.path().c_str()), 1;
            LLVMFuzzerTestOneInput(seed->data(), seed->size());
            std::mt19937 random(static_cast<unsigned>(seed->size()));
            for (int round = 0; round < 200; ++round) {
                vanthu::bytes changed = *seed;
                for (unsigned n = random() % 4 + 1; n > 0; --n)
                    changed[random() % changed.size()] = static_cast<std::uint8_t>(random());
                if (round % 5 == 0) changed.resize(random() % changed.size());
                LLVMFuzzerTestOneInput(changed.data(), changed.size());
            }
            ++files;
        }
    std::printf("%zu files\n", files);
    return files == 0;
}

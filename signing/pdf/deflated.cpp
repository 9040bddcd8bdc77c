#include "signing/pdf/deflated.hpp"

#include "signing/pdf/qpdf.hpp"

#include <algorithm>
#include <cstdlib>
#include <zlib.h>

namespace vanthu::pdf {
namespace {

std::optional<std::string> inflated(std::string_view data, std::size_t most) {
    z_stream z{};
    if (inflateInit(&z) != Z_OK) return std::nullopt;
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data())); // zlib does not write there
    z.avail_in = static_cast<uInt>(data.size());
    std::string out;
    char part[16384];
    int rc = Z_OK;
    while (rc == Z_OK && out.size() <= most) {
        z.next_out = reinterpret_cast<Bytef*>(part);
        z.avail_out = sizeof part;
        rc = inflate(&z, Z_NO_FLUSH);
        out.append(part, sizeof part - z.avail_out);
    }
    std::string_view rest = data.substr(data.size() - z.avail_in);
    inflateEnd(&z);
    bool whole =
        rc == Z_STREAM_END && out.size() <= most && rest.size() <= 2 && rest.find_first_not_of("\r\n") == rest.npos;
    return whole ? std::optional(std::move(out)) : std::nullopt;
}

// PNG: every row has a byte in front that says how it was predicted from its left and upper neighbours.
std::optional<std::string> unpredicted(const std::string& data, std::size_t columns) {
    if (columns == 0 || data.size() % (columns + 1) != 0) return std::nullopt;
    std::string out, row(columns, '\0'), above(columns, '\0');
    for (std::size_t at = 0; at < data.size(); at += columns + 1) {
        for (std::size_t i = 0; i < columns; ++i) {
            int left = i > 0 ? static_cast<unsigned char>(row[i - 1]) : 0, up = static_cast<unsigned char>(above[i]),
                corner = i > 0 ? static_cast<unsigned char>(above[i - 1]) : 0, guess = 0;
            switch (data[at]) {
            case 0:
                break;
            case 1:
                guess = left;
                break;
            case 2:
                guess = up;
                break;
            case 3:
                guess = (left + up) / 2;
                break;
            case 4: {
                int p = left + up - corner, a = std::abs(p - left), b = std::abs(p - up), c = std::abs(p - corner);
                guess = a <= b && a <= c ? left : b <= c ? up : corner;
                break;
            }
            default:
                return std::nullopt;
            }
            row[i] = static_cast<char>(static_cast<unsigned char>(data[at + 1 + i]) + guess);
        }
        out += row;
        above = row;
    }
    return out;
}

} // namespace

std::optional<std::string> decoded_strictly(std::string_view data, std::string_view filter, std::string_view parameters,
                                            std::size_t most) {
    if (filter.empty()) return data.size() <= most ? std::optional(std::string(data)) : std::nullopt;
    auto single = [](std::string_view spelled) { // "[ x ]" is x
        QPDFObjectHandle o = QPDFObjectHandle::parse(std::string(spelled));
        return o.isArray() && o.getArrayNItems() == 1 ? o.getArrayItem(0) : o;
    };
    if (!single(filter).isNameAndEquals("/FlateDecode")) return std::nullopt;
    auto out = inflated(data, most);
    if (!out || parameters.empty()) return out;
    QPDFObjectHandle p = single(parameters);
    if (p.isNull()) return out;
    if (!p.isDictionary()) return std::nullopt;
    auto natural = [&](const char* key, long long otherwise) {
        QPDFObjectHandle v = p.getKey(key);
        return v.isNull() ? otherwise : v.isInteger() ? v.getIntValue() : -1;
    };
    const long long predictor = natural("/Predictor", 1), columns = natural("/Columns", 1);
    if (natural("/Colors", 1) != 1 || natural("/BitsPerComponent", 8) != 8) return std::nullopt;
    if (predictor == 1) return out;
    if (predictor < 10 || predictor > 15 || columns < 1 || columns > 4096) return std::nullopt;
    return unpredicted(*out, static_cast<std::size_t>(columns));
}

} // namespace vanthu::pdf

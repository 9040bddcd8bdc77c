#include "daemon/base/config.hpp"
#include "daemon/base/error_table.hpp"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <limits>

namespace vanthu::config {
namespace {
constexpr error_row rows[] = {
    {int(errc::unreadable), "unreadable", 500, retry::no, "Không đọc được tệp cấu hình.",
     "The configuration file cannot be read.", "Kiểm tra đường dẫn và quyền đọc của tệp cấu hình.",
     "Check the path and the permissions of the configuration file."},
    {int(errc::syntax), "syntax", 500, retry::no, "Tệp cấu hình sai cú pháp TOML.",
     "The configuration file is not valid TOML.", "Sửa dòng được nêu rồi kiểm tra lại.",
     "Correct the line named, then check again."},
    {int(errc::unknown_key), "unknown_key", 500, retry::no, "Tệp cấu hình có khóa không được định nghĩa.",
     "The configuration file has a key that is not defined.", "Sửa tên khóa hoặc xóa khóa này.",
     "Correct the name of the key or remove it."},
    {int(errc::wrong_type), "wrong_type", 500, retry::no, "Giá trị cấu hình sai kiểu.",
     "A configuration value has the wrong type.", "Viết giá trị theo kiểu được nêu.",
     "Write the value in the type named."},
    {int(errc::malformed), "malformed", 500, retry::no, "Giá trị cấu hình viết sai dạng.",
     "A configuration value is not written in the expected form.", "Viết lại giá trị theo ví dụ được nêu.",
     "Write the value as in the example named."},
    {int(errc::out_of_range), "out_of_range", 500, retry::no, "Giá trị cấu hình nằm ngoài khoảng cho phép.",
     "A configuration value is outside the allowed range.", "Chọn giá trị trong khoảng được nêu.",
     "Choose a value within the range named."},
    {int(errc::unknown_choice), "unknown_choice", 500, retry::no, "Giá trị không nằm trong các lựa chọn.",
     "The value is not one of the choices.", "Dùng một trong các lựa chọn được nêu.", "Use one of the choices named."},
    {int(errc::missing), "missing", 500, retry::no, "Thiếu một khóa cấu hình bắt buộc.",
     "A required configuration key is missing.", "Thêm khóa này vào tệp cấu hình.",
     "Add the key to the configuration file."},
    {int(errc::no_credential), "no_credential", 500, retry::no, "Không tìm được bí mật do systemd cung cấp.",
     "The systemd credential cannot be resolved.",
     "Khai báo LoadCredential= trong đơn vị systemd hoặc ghi đường dẫn tệp thông thường.",
     "Declare LoadCredential= in the systemd unit or name an ordinary file."},
    {int(errc::file_missing), "file_missing", 500, retry::no, "Tệp nêu trong cấu hình không tồn tại.",
     "A file named in the configuration does not exist.", "Tạo tệp hoặc sửa đường dẫn.",
     "Create the file or correct the path."},
    {int(errc::secret_exposed), "secret_exposed", 500, retry::no, "Tệp bí mật đang cho người khác đọc hoặc ghi.",
     "A file of a secret can be read or written by others.", "Thu hồi quyền của người khác (chmod o-rwx).",
     "Take the rights of others away (chmod o-rwx)."},
    {int(errc::one_key_two_roles), "one_key_two_roles", 500, retry::no, "Một khóa bí mật được dùng cho hai vai trò.",
     "One private key is used in two roles.",
     "Dùng khóa riêng cho từng vai trò: khóa của cơ quan, khóa dịch vụ và khóa nhật ký phải khác nhau.",
     "Use a key of its own for each role: the agency's key, the service key and the log key must differ."},
    {int(errc::open_operator_door), "open_operator_door", 500, retry::no,
     "Cổng vận hành mở ra mạng mà không có TLS hai chiều.",
     "The operator listener is open to the network without mutual TLS.",
     "Dùng socket Unix hoặc địa chỉ loopback, hoặc khai báo certificate, key và ca.",
     "Use a Unix socket or a loopback address, or set certificate, key and ca."},
    {int(errc::incomplete), "incomplete", 500, retry::no, "Khóa cấu hình cần thêm một khóa khác.",
     "A configuration key needs another one.", "Thêm khóa được nêu.", "Add the key named."},
    {int(errc::conflict), "conflict", 500, retry::no, "Hai giá trị cấu hình mâu thuẫn với nhau.",
     "Two configuration values contradict each other.", "Sửa một trong hai giá trị được nêu.",
     "Correct one of the two values named."},
    {int(errc::directory_unusable), "directory_unusable", 500, retry::no,
     "Không tạo được, không đọc hoặc không ghi được vào thư mục nêu trong cấu hình.",
     "A directory named in the configuration cannot be made, read or written to.",
     "Sửa đường dẫn trong cấu hình, hoặc quyền và việc gắn ổ đĩa của thư mục đó.",
     "Correct the path in the configuration, or that directory's permissions and mount."},
    {int(errc::key_unusable), "key_unusable", 500, retry::no, "Không đọc được khóa bí mật hoặc văn bản ủy quyền khóa.",
     "A private key or the delegation of a key cannot be read.",
     "Kiểm tra tệp: khóa dạng PEM, không đặt mật khẩu; văn bản ủy quyền do vanthu log-key delegate tạo.",
     "Check the file: a key in PEM without a passphrase; a delegation made by vanthu log-key delegate."},
    {int(errc::key_mismatch), "key_mismatch", 500, retry::no, "Khóa bí mật không thuộc về chứng thư đi kèm.",
     "A private key does not belong to its certificate.", "Nêu đúng cặp khóa và chứng thư.",
     "Name a key and the certificate that belongs to it."},
    {int(errc::certificate_unfit), "certificate_unfit", 500, retry::no,
     "Chứng thư không dùng được cho việc đã khai báo.", "A certificate does not serve what it is configured for.",
     "Dùng chứng thư đọc được, được cấp cho đúng mục đích sử dụng nêu trên.",
     "Use a readable certificate that is issued for the use named."},
    {int(errc::serves_nobody), "serves_nobody", 500, retry::no, "Theo danh bạ, đầu mối này không phục vụ cơ quan nào.",
     "By the registry this node serves no organisation.",
     "Kiểm tra node.id, thời hạn của [[node]] và “served_by” của các cơ quan trong danh bạ.",
     "Check node.id, the dates of the [[node]] row and `served_by` of the organisations in the registry."},
    {int(errc::node_of_another), "node_of_another", 500, retry::no,
     "Theo danh bạ, đầu mối này do một cơ quan khác vận hành.",
     "By the registry this node is run by another organisation.",
     "Sửa node.organisation trong cấu hình, hoặc “organisation” của [[node]] trong danh bạ.",
     "Correct node.organisation in the configuration, or `organisation` of the [[node]] row in the registry."},
};
const error_table table("config", rows);

// The number before a unit; nullopt for a sign, a fraction, nothing, or what does not fit.
std::optional<std::uint64_t> leading_number(std::string_view& text) {
    std::uint64_t n = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (error != std::errc() || end == text.data()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return n;
}

struct unit {
    std::string_view name;
    std::uint64_t factor;
};
constexpr unit duration_units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
constexpr unit size_units[] = {
    {"TiB", 1ull << 40}, {"GiB", 1ull << 30}, {"MiB", 1ull << 20}, {"KiB", 1ull << 10}, {"B", 1}};

std::optional<std::uint64_t> with_unit(std::string_view text, std::span<const unit> units) {
    auto n = leading_number(text);
    if (!n) return std::nullopt;
    if (text.starts_with(' ')) text.remove_prefix(1);
    for (const unit& u : units)
        if (text == u.name) {
            if (*n > std::uint64_t(std::numeric_limits<std::int64_t>::max()) / u.factor) return std::nullopt;
            return *n * u.factor;
        }
    return std::nullopt;
}
} // namespace

std::error_code make_error_code(errc e) { return {int(e), table}; }

std::optional<duration> read_duration(std::string_view text) {
    auto ms = with_unit(text, duration_units);
    return ms ? std::optional(duration(static_cast<std::int64_t>(*ms))) : std::nullopt;
}

std::optional<std::uint64_t> read_size(std::string_view text) { return with_unit(text, size_units); }

std::string write_duration(duration d) {
    auto ms = static_cast<std::uint64_t>(d.count());
    if (ms == 0) return "0s";
    for (const unit& u : duration_units)
        if (ms % u.factor == 0) return fmt::format("{}{}", ms / u.factor, u.name);
    return fmt::format("{}ms", ms);
}

std::string write_size(std::uint64_t n) {
    for (const unit& u : size_units)
        if (n != 0 && n % u.factor == 0) return fmt::format("{} {}", n / u.factor, u.name);
    return "0 B";
}

const row* definition::find(std::string_view key) const {
    for (const row& r : rows)
        if (r.key == key) return &r;
    return nullptr;
}

const value& config_values::at(std::string_view key) const {
    auto found = values_.find(key);
    if (found == values_.end()) {
        std::fputs(fmt::format("configuration key without a row: {}\n", key).c_str(), stderr);
        std::abort();
    }
    return found->second;
}

void config_values::wrong_type(std::string_view key) {
    std::fputs(fmt::format("configuration key asked for in the wrong type: {}\n", key).c_str(), stderr);
    std::abort();
}

bool config_values::is_set(std::string_view key) const { return places_.contains(key); }

place config_values::where(std::string_view key) const {
    auto found = places_.find(key);
    return found == places_.end() ? place{} : found->second;
}

std::string to_text(const problem& p) {
    std::string at = p.file;
    if (p.at.line != 0) at += fmt::format(":{}:{}", p.at.line, p.at.column);
    const error_row* text = describe(p.code);
    std::string key = p.key.empty() ? "" : " [" + p.key + "]";
    return fmt::format("{}: {}{}: {} {}\n    {} {}", at, public_code(p.code), key, text ? text->message_vi : "",
                       p.detail_vi, text ? text->message_en : "", p.detail_en);
}

std::string to_text(const problems& all) {
    std::string out;
    for (const problem& p : all) out += to_text(p) + "\n";
    return out;
}

difference compare(const definition& definition, const config_values& before, const config_values& after) {
    difference out;
    for (const row& r : definition.rows)
        if (before.all().find(r.key)->second != after.all().find(r.key)->second)
            ((r.traits & reloadable) ? out.reloadable : out.restart).emplace_back(r.key);
    return out;
}

} // namespace vanthu::config

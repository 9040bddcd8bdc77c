// Files of the packet commands: streamed in, written beside and renamed into place.
#pragma once

#include "daemon/cli/output.hpp"
#include "schemas/edxml/reader.hpp"

#include <functional>

namespace vanthu::cli {

// Hands the file over in pieces. Failures: files::errc, or what `use` answers.
result<> stream_file(const std::filesystem::path& path, const std::function<result<>(bytes_view)>& use);

// A file that does not exist under its name until it is complete; removed when abandoned.
class new_file {
public:
    static result<new_file> beside(const std::filesystem::path& directory);
    new_file(new_file&&) noexcept = default;
    new_file& operator=(new_file&& other) noexcept;
    ~new_file();
    result<> write(bytes_view b);
    // Takes its name. What stands there is replaced or kept as can_be_output() says; no file is lost between the two.
    result<> take_name(const std::filesystem::path& target, existing_file there);
    // Takes the first free name: "a.pdf", "a (2).pdf", ... Never replaces anything. Answers the name taken.
    result<std::string> take_free_name(const std::filesystem::path& directory, const std::string& name);

private:
    new_file(unique_fd fd, std::filesystem::path path) : fd_(std::move(fd)), path_(std::move(path)) {}
    result<> sync();
    unique_fd fd_;
    std::filesystem::path path_; // empty after a move or once it has its name
};

// A name that can only be a plain, visible file in the directory where it is put: no path parts, no control or
// direction characters, no leading dots, at most 200 bytes. Empty where nothing is left.
std::string safe_file_name(std::string_view claimed);
// The same text as one line for a terminal: control characters (line breaks too), direction and invisible characters
// and broken UTF-8 shown as '?'. Whatever a command prints of a file, a certificate, a server's answer, a token or a
// file name goes through here. Source: The Unicode Standard, 23.1 to 23.3; ECMA-48 for what a terminal obeys.
std::string for_terminal(std::string_view text);
// Serialized JSON with those characters written as \uXXXX (RFC 8259, 7): the same value, and harmless where it is
// shown.
std::string json_for_terminal(std::string_view serialized);

struct extracted_file {
    std::size_t index;
    std::string name; // in the directory
    edxml::attachment_info info;
};
// Every attachment's content (unwrapped) as a file of `directory`, which is made where it is missing. Nothing appears
// there unless the whole packet was read.
result<std::vector<extracted_file>> extract(const std::filesystem::path& packet,
                                            const std::filesystem::path& directory);

} // namespace vanthu::cli

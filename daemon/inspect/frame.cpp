#include "daemon/inspect/frame.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

namespace vanthu::inspect {
namespace {

using deadline_t = std::optional<std::chrono::steady_clock::time_point>;

// Waits until the socket can be read; false when the deadline passed.
bool readable(int socket, deadline_t deadline) {
    for (;;) {
        int wait = -1;
        if (deadline) {
            auto left =
                std::chrono::ceil<std::chrono::milliseconds>(*deadline - std::chrono::steady_clock::now()).count();
            if (left <= 0) return false;
            wait = static_cast<int>(std::min<long long>(left, 60'000));
        }
        pollfd p{socket, POLLIN, 0};
        int n = ::poll(&p, 1, wait);
        if (n > 0) return true;
        if (n < 0 && errno != EINTR) return false;
    }
}

bool receive_some(int socket, char* to, std::size_t size, unique_fd* descriptor, deadline_t deadline) {
    while (size > 0) {
        if (deadline && !readable(socket, deadline)) return false;
        iovec part{to, size};
        alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        ssize_t n = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        for (cmsghdr* c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
            if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(c), sizeof fd);
            unique_fd owned(fd); // closed again where none is expected
            if (descriptor) *descriptor = std::move(owned);
        }
        to += n;
        size -= static_cast<std::size_t>(n);
    }
    return true;
}

// What an item of trust material is; the worker is of the same build.
enum class item_kind : std::uint8_t { anchor = 1, intermediate, sha1_tolerated, crl, ocsp_response, fetched, terms };

void append_item(bytes& out, item_kind kind, bytes_view der) {
    std::uint64_t size = der.size();
    out.push_back(static_cast<std::uint8_t>(kind));
    const auto* p = reinterpret_cast<const std::uint8_t*>(&size);
    out.insert(out.end(), p, p + sizeof size);
    out.insert(out.end(), der.begin(), der.end());
}

// An anchor's terms as 64-bit numbers behind its hash: known_until, how many periods for documents, all periods.
void append_terms(bytes& out, const digest& anchor, const x509::anchor_terms& terms) {
    std::vector<std::int64_t> numbers{to_us(terms.known_until), static_cast<std::int64_t>(terms.documents.size())};
    for (const auto* list : {&terms.documents, &terms.time_stamps})
        for (const auto& p : *list) {
            numbers.push_back(to_us(p.from));
            numbers.push_back(to_us(p.to));
        }
    bytes item(anchor.view().begin(), anchor.view().end());
    const auto* first = reinterpret_cast<const std::uint8_t*>(numbers.data());
    item.insert(item.end(), first, first + numbers.size() * sizeof(std::int64_t));
    append_item(out, item_kind::terms, item);
}

bool read_terms(bytes_view item, x509::trust_store& trust) {
    constexpr std::size_t hash = 32, number = sizeof(std::int64_t);
    if (item.size() < hash + 2 * number || (item.size() - hash) % (2 * number) != 0) return false;
    auto anchor = digest::from_hex(to_hex(item.first(hash)));
    std::vector<std::int64_t> numbers((item.size() - hash) / number);
    std::memcpy(numbers.data(), item.data() + hash, numbers.size() * number);
    const auto documents = static_cast<std::uint64_t>(numbers[1]);
    if (!anchor || documents > numbers.size() / 2 - 1) return false;
    x509::anchor_terms terms;
    terms.known_until = from_us(numbers[0]);
    for (std::size_t i = 2; i < numbers.size(); i += 2)
        (i / 2 - 1 < documents ? terms.documents : terms.time_stamps)
            .push_back({from_us(numbers[i]), from_us(numbers[i + 1])});
    return trust.terms.emplace(*anchor, std::move(terms)).second;
}

} // namespace

bool send_frame(int socket, std::string_view text, int descriptor) {
    std::uint64_t size = text.size();
    std::string all(reinterpret_cast<const char*>(&size), sizeof size);
    all += text;
    std::string_view left = all;
    while (!left.empty()) {
        iovec part{const_cast<char*>(left.data()), left.size()};
        alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        if (descriptor >= 0) {
            message.msg_control = control;
            message.msg_controllen = sizeof control;
            cmsghdr* c = CMSG_FIRSTHDR(&message);
            c->cmsg_level = SOL_SOCKET;
            c->cmsg_type = SCM_RIGHTS;
            c->cmsg_len = CMSG_LEN(sizeof(int));
            std::memcpy(CMSG_DATA(c), &descriptor, sizeof descriptor);
        }
        ssize_t n = ::sendmsg(socket, &message, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        descriptor = -1; // goes with the first byte only
        left.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
}

std::optional<frame> receive_frame(int socket, deadline_t deadline) {
    frame f;
    std::uint64_t size = 0;
    if (!receive_some(socket, reinterpret_cast<char*>(&size), sizeof size, &f.descriptor, deadline) ||
        size > largest_frame)
        return std::nullopt;
    f.text.resize(size);
    if (!receive_some(socket, f.text.data(), size, nullptr, deadline)) return std::nullopt;
    return f;
}

unique_fd memory_file(bytes_view content) {
    unique_fd fd(::memfd_create("document", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    while (fd && !content.empty()) {
        ssize_t n = ::write(fd.get(), content.data(), content.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return {};
        content = content.subspan(static_cast<std::size_t>(n));
    }
    if (fd && ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0) return {};
    return fd;
}

std::optional<bytes> read_all(int descriptor, std::size_t limit) {
    off_t size = ::lseek(descriptor, 0, SEEK_END);
    if (size < 0 || static_cast<std::size_t>(size) > limit) return std::nullopt;
    bytes all(static_cast<std::size_t>(size));
    for (std::size_t at = 0; at < all.size();) { // pread: the descriptor's position is shared with its owner
        ssize_t n = ::pread(descriptor, all.data() + at, all.size() - at, static_cast<off_t>(at));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return std::nullopt;
        at += static_cast<std::size_t>(n);
    }
    return all;
}

bytes pack_trust(const x509::trust_store& trust, const x509::evidence& known) {
    bytes out;
    for (const auto& c : trust.anchors) append_item(out, item_kind::anchor, c.der());
    for (const auto& c : trust.intermediates) append_item(out, item_kind::intermediate, c.der());
    for (const digest& d : trust.sha1_tolerated) append_item(out, item_kind::sha1_tolerated, d.view());
    for (const auto& [anchor, terms] : trust.terms) append_terms(out, anchor, terms);
    for (const auto& c : known.crls) append_item(out, item_kind::crl, c.der());
    for (const x509::ocsp_response& r : known.ocsp_responses) append_item(out, item_kind::ocsp_response, r.der());
    for (const auto& c : trust.fetched) append_item(out, item_kind::fetched, c.der());
    return out;
}

bool unpack_trust(bytes_view packed, x509::trust_store& trust, x509::evidence& known) {
    while (!packed.empty()) {
        std::uint64_t size = 0;
        if (packed.size() < 1 + sizeof size) return false;
        const auto kind = static_cast<item_kind>(packed[0]);
        std::memcpy(&size, packed.data() + 1, sizeof size);
        packed = packed.subspan(1 + sizeof size);
        if (size > packed.size()) return false;
        bytes_view item = packed.first(size);
        packed = packed.subspan(size);
        if (kind == item_kind::anchor || kind == item_kind::intermediate || kind == item_kind::fetched) {
            auto c = x509::parse_certificate(item);
            if (!c) return false;
            (kind == item_kind::anchor         ? trust.anchors
             : kind == item_kind::intermediate ? trust.intermediates
                                               : trust.fetched)
                .push_back(*c);
        } else if (kind == item_kind::sha1_tolerated) {
            auto d = digest::from_hex(to_hex(item));
            if (!d) return false;
            trust.sha1_tolerated.push_back(*d);
        } else if (kind == item_kind::crl) {
            auto c = x509::parse_crl(item);
            if (!c) return false;
            known.crls.push_back(*c);
        } else if (kind == item_kind::ocsp_response) {
            auto r = x509::parse_ocsp_response(item);
            if (!r) return false;
            known.ocsp_responses.push_back(*r);
        } else if (kind == item_kind::terms) {
            if (!read_terms(item, trust)) return false;
        } else {
            return false;
        }
    }
    return true;
}

} // namespace vanthu::inspect

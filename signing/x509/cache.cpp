#include "signing/x509/cache.hpp"

#include <cstring>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>
#include <utility>
#include <variant>

namespace vanthu::x509 {
namespace {

struct by_its_beginning { // the key is a hash already
    std::size_t operator()(const digest& d) const {
        std::size_t h;
        std::memcpy(&h, d.value.data(), sizeof h);
        return h;
    }
};

// Two generations, each at most half of the bound. What is found in the older one moves to the younger one; when that
// is full the older one is forgotten.
template <class T> class table {
public:
    explicit table(std::size_t most) : most_(most / 2) {}

    std::optional<T> find(const digest& key) {
        {
            std::shared_lock lock(guard_);
            if (auto at = young_.entries.find(key); at != young_.entries.end()) return at->second.value;
            if (!old_.entries.contains(key)) return std::nullopt;
        }
        generation forgotten; // outlives the lock
        std::unique_lock lock(guard_);
        auto at = old_.entries.find(key);
        if (at == old_.entries.end()) return std::nullopt;
        entry found = at->second;
        old_.size -= found.size;
        old_.entries.erase(at);
        insert(key, found, forgotten);
        return std::move(found.value);
    }
    void keep(const digest& key, const T& value, std::size_t size) {
        if (size > most_) return;
        generation forgotten;
        std::unique_lock lock(guard_);
        insert(key, {value, size}, forgotten);
    }
    std::size_t size() const {
        std::shared_lock lock(guard_);
        return young_.size + old_.size;
    }

private:
    struct entry {
        T value;
        std::size_t size;
    };
    struct generation {
        std::unordered_map<digest, entry, by_its_beginning> entries;
        std::size_t size = 0;
    };

    void insert(const digest& key, const entry& e, generation& forgotten) {
        if (young_.size + e.size > most_) {
            forgotten = std::exchange(old_, std::exchange(young_, {}));
        }
        if (young_.entries.emplace(key, e).second) young_.size += e.size;
    }

    mutable std::shared_mutex guard_;
    generation young_, old_;
    std::size_t most_;
};

// Memory that a parsed object takes, with its encoding and its place in the table: measured, rounded up.
constexpr std::size_t estimate(std::size_t encoding) { return 8192 + 12 * encoding; }
constexpr std::size_t size_of_answer = 128;

template <class T, class Parse> result<T> parsed(table<T>& known, bytes_view der, Parse parse) {
    const digest key = sha256::of(der);
    if (auto found = known.find(key)) return std::move(*found);
    VANTHU_TRY(T fresh, parse(der));
    known.keep(key, fresh, estimate(der.size()));
    return fresh;
}

} // namespace

struct cache::state {
    explicit state(std::size_t bytes)
        : certificates(bytes / 2), crls(bytes / 4), ocsp_responses(bytes / 8), answers(bytes / 8) {}
    table<certificate> certificates;
    table<crl> crls;
    table<ocsp_response> ocsp_responses;
    table<std::monostate> answers; // yes
};

cache::cache(std::size_t bytes) : state_(std::make_unique<state>(bytes)) {}
cache::~cache() = default;

result<certificate> cache::certificate_of(bytes_view der) {
    return parsed(state_->certificates, der, parse_certificate);
}
result<crl> cache::crl_of(bytes_view der) { return parsed(state_->crls, der, parse_crl); }
result<ocsp_response> cache::ocsp_response_of(bytes_view der) {
    return parsed(state_->ocsp_responses, der, parse_ocsp_response);
}

bool cache::holds(const digest& question, const std::function<bool()>& check) {
    if (state_->answers.find(question)) return true;
    if (!check()) return false;
    state_->answers.keep(question, {}, size_of_answer);
    return true;
}

std::size_t cache::size() const {
    return state_->certificates.size() + state_->crls.size() + state_->ocsp_responses.size() + state_->answers.size();
}

result<certificate> certificate_of(bytes_view der, cache* memory) {
    return memory ? memory->certificate_of(der) : parse_certificate(der);
}
result<crl> crl_of(bytes_view der, cache* memory) { return memory ? memory->crl_of(der) : parse_crl(der); }
result<ocsp_response> ocsp_response_of(bytes_view der, cache* memory) {
    return memory ? memory->ocsp_response_of(der) : parse_ocsp_response(der);
}

bool is_signed_by(signed_object of, const digest& object, const certificate& signer, cache* memory,
                  const std::function<bool()>& check) {
    if (!memory) return check();
    const std::uint8_t kind[] = {'s', static_cast<std::uint8_t>(of)};
    return memory->holds(sha256().update(kind).update(object.view()).update(signer.spki_sha256().view()).finish(),
                         check);
}

} // namespace vanthu::x509

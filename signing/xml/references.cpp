#include "signing/xml/references.hpp"

#include "daemon/base/base64.hpp"
#include "signing/x509/openssl.hpp"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>

namespace vanthu::xml {
namespace {

// Turns the events of what a reference points to into its octets.
class conversion {
public:
    explicit conversion(follow& one) : one_(one) {
        canonicalisation how = one.implied;
        for (const transform& t : one.what->transforms) {
            if (t.what == transform::kind::enveloped) enveloped_ = true;
            if (t.what == transform::kind::without_signatures) without_signatures_ = true;
            if (t.what == transform::kind::base64) base64_ = true;
            if (t.what == transform::kind::canonical) how = t.how;
        }
        canonical_.emplace(std::move(how), *one.out);
    }
    bool leaves_out(bool signature, bool own) const {
        return (enveloped_ && own) || (without_signatures_ && signature);
    }
    event_handler* canonical() { return base64_ ? nullptr : &*canonical_; }
    bool text_only() const { return base64_; }
    void text(std::string_view piece) {
        if (!base64_) return canonical_->text(piece);
        decoded_.clear();
        if (!decoder_.feed(piece, decoded_)) one_.found.damaged = true;
        one_.out->write(as_text(decoded_));
    }
    void finish() {
        if (base64_ && !decoder_.finish()) one_.found.damaged = true;
        if (!base64_) canonical_->finish();
    }

private:
    follow& one_;
    std::optional<canonicaliser> canonical_;
    base64_decoder decoder_;
    bytes decoded_;
    bool enveloped_ = false, without_signatures_ = false, base64_ = false;
};

class pass final : public event_handler {
public:
    pass(std::vector<follow>& all, const std::vector<std::size_t>& signatures) : signatures_(signatures) {
        for (follow& one : all) {
            states_.push_back({&one, std::make_unique<conversion>(one)});
            if (one.what->uri.empty()) {
                states_.back().active = true;
                one.found = {1, 0, "/", true};
            }
        }
    }

    void start(const start_tag& tag, const scope& outer) override {
        std::size_t ordinal = count_++;
        names_.push_back(tag.local);
        text_before_ = comment_before_ = false;
        bool named_signature = tag.local == "Signature" && tag.uri == dsig_uri;
        if (next_ < signatures_.size() && signatures_[next_] == ordinal) {
            differs = differs || !named_signature;
            ++next_;
        }
        for (state& s : states_) {
            if (!s.one->what->uri.empty()) enter(s, tag, ordinal);
            if (!s.active || s.skipped) continue;
            if (s.convert->leaves_out(named_signature, ordinal == s.one->signature_ordinal)) {
                s.skipped = names_.size();
                continue;
            }
            s.behind_signature = false;
            if (event_handler* out = s.convert->canonical()) out->start(tag, outer);
        }
    }
    void end() override {
        std::size_t depth = names_.size();
        names_.pop_back();
        text_before_ = comment_before_ = false;
        for (state& s : states_) {
            if (!s.active) continue;
            if (s.skipped) {
                if (s.skipped == depth) s.skipped = 0, s.behind_signature = true;
            } else {
                s.behind_signature = false;
                if (event_handler* out = s.convert->canonical()) out->end();
            }
            if (s.apex == depth) leave(s);
        }
    }
    void text(std::string_view piece) override {
        const bool visible = piece.find_first_not_of(" \t\r\n") != piece.npos;
        text_before_ = text_before_ || visible;
        if (text_before_ && comment_before_) note_split();
        for (state& s : states_) {
            if (!s.active || s.skipped) continue;
            s.convert->text(piece);
            if (visible && s.behind_signature) s.one->found.signature_in_text = true;
        }
    }
    void comment(std::string_view) override {
        outside.comment = outside.comment || names_.empty();
        comment_before_ = true;
        if (text_before_) note_split();
        note_markup();
    }
    void instruction(std::string_view target, std::string_view data) override {
        outside.instruction = outside.instruction || names_.empty();
        note_markup();
        for (state& s : states_)
            if (s.active && !s.skipped)
                if (event_handler* out = s.convert->canonical()) out->instruction(target, data);
    }
    void finish() {
        for (state& s : states_)
            if (s.active) leave(s);
        differs = differs || next_ < signatures_.size();
    }
    bool differs = false;
    outside_root outside;

private:
    struct state {
        follow* one;
        std::unique_ptr<conversion> convert;
        bool active = false;
        std::size_t apex = 0;          // depth of the element pointed to, 0 for the document
        std::size_t skipped = 0;       // depth of the signature that is being left out
        bool behind_signature = false; // nothing but texts and comments since such a signature
    };

    static bool names(const start_tag& tag, std::string_view id) {
        return std::any_of(tag.attributes.begin(), tag.attributes.end(), [&](const attribute& a) {
            bool plain = a.uri.empty() && (a.local == "Id" || a.local == "ID" || a.local == "id");
            return (plain || (a.uri == xml_uri && a.local == "id")) && a.value == id;
        });
    }
    void enter(state& s, const start_tag& tag, std::size_t ordinal) {
        if (!names(tag, std::string_view(s.one->what->uri).substr(1))) return;
        if (++s.one->found.matches > 1) return;
        s.active = true;
        s.apex = names_.size();
        s.one->found.ordinal = ordinal;
        s.one->found.whole = ordinal == 0;
        for (std::string_view name : names_) s.one->found.path.append("/").append(name);
    }
    void note_split() {
        for (state& s : states_)
            if (s.active && !s.skipped) s.one->found.split_text = true;
    }
    // Of base64 only the text is signed: a comment or an instruction in it is not, and cuts it for some readers.
    void note_markup() {
        for (state& s : states_)
            if (s.active && !s.skipped && s.convert->text_only()) s.one->found.split_text = true;
    }
    static void leave(state& s) {
        s.convert->finish();
        s.active = false;
    }

    const std::vector<std::size_t>& signatures_;
    std::size_t next_ = 0, count_ = 0;
    std::vector<state> states_;
    std::vector<std::string_view> names_;               // of the open elements
    bool text_before_ = false, comment_before_ = false; // since the last tag; text: other than white space
};

} // namespace

struct hash_sink::state {
    ossl::md_ctx_ptr context{EVP_MD_CTX_new()};
    std::size_t size = 0;
};

hash_sink::hash_sink(x509::hash h) : state_(std::make_unique<state>()) {
    state_->size = x509::size(h);
    if (!state_->context || EVP_DigestInit_ex(state_->context.get(), x509::native(h), nullptr) != 1) std::abort();
}
hash_sink::~hash_sink() = default;
hash_sink::hash_sink(hash_sink&&) noexcept = default;

void hash_sink::write(std::string_view octets) {
    if (EVP_DigestUpdate(state_->context.get(), octets.data(), octets.size()) != 1) std::abort();
}

bytes hash_sink::finish() {
    bytes out(state_->size);
    unsigned written = 0;
    if (EVP_DigestFinal_ex(state_->context.get(), out.data(), &written) != 1) std::abort();
    return out;
}

result<outside_root> follow_references(const source& document, const limits& bounds, std::vector<follow>& all,
                                       const std::vector<std::size_t>& signatures) {
    pass once(all, signatures);
    VANTHU_CHECK(read(document, bounds, once));
    once.finish();
    if (once.differs) return failed(errc::not_xml, "its tags and its structure differ");
    return once.outside;
}

result<> follow_outside(const source& content, const limits& bounds, follow& one) {
    one.found = {1, 0, one.what->uri, true};
    const std::vector<transform>& how = one.what->transforms;
    if (how.empty())
        return content([&](bytes_view piece) -> result<> {
            one.out->write(as_text(piece));
            return {};
        });
    if (how.size() > 1 || how.front().what < transform::kind::canonical)
        return failed(errc::algorithm_refused, "transforms of something outside the document");
    if (how.front().what == transform::kind::base64) {
        conversion decode(one);
        VANTHU_CHECK(content([&](bytes_view piece) -> result<> {
            decode.text(as_text(piece));
            return {};
        }));
        decode.finish();
        return {};
    }
    canonicaliser canonical(how.front().how, *one.out);
    VANTHU_CHECK(read(content, bounds, canonical));
    canonical.finish();
    return {};
}

} // namespace vanthu::xml

// Appends one revision to a PDF: the input bytes unchanged, the changed and new objects, a cross-reference section of
// the same kind as the last one, a trailer. Internal to signing/pdf. Source: ISO 32000-2 7.5.4-7.5.6, 7.5.8.
#pragma once

#include "signing/pdf/document.hpp"

#include <map>

namespace vanthu::pdf {

std::string compressed(std::string_view data, int level = 6); // Flate

class update {
public:
    explicit update(document& base) : base_(base) {}

    // A new object with its number; also marked as changed.
    QPDFObjectHandle add(QPDFObjectHandle value);
    // The same for what is only referred to afterwards: its serialisation is written, never parsed.
    QPDFObjectHandle add_as(std::string body);
    // `entries` of the dictionary: "/Length1 12 /Type /Font".
    QPDFObjectHandle add_stream(std::string_view entries,
                                std::string_view data); // compressed with Flate, short data as it is
    QPDFObjectHandle add_compressed(std::string_view entries, std::string_view flate);
    // The object will be written as it stands when write() runs. Precondition: indirect.
    void changed(QPDFObjectHandle object);
    // Marks the smallest indirect object that holds `part`: `part` itself, or `holder`.
    void changed(QPDFObjectHandle part, QPDFObjectHandle holder) { changed(part.isIndirect() ? part : holder); }
    // `body` instead of the object's own serialisation.
    void write_as(QPDFObjectHandle object, std::string body);

    // The second half of the trailer's /ID names the revision (14.4): by a hash of the file, or digits for the caller
    // to fill in.
    enum class identifier { made, left_open };
    static constexpr std::size_t identifier_digits = 32;

    struct written {
        bytes file;
        std::map<QPDFObjGen, std::size_t> body_at; // where the body of each object begins in `file`
        std::size_t identifier_at = 0;             // where the digits of the identifier begin; 0: the file has none
    };
    // errc::too_large from 4 GiB on. Offsets count from "%PDF-", as everywhere in the file.
    result<written> write(identifier how = identifier::made) const;

private:
    QPDFObjectHandle add_raw(std::string_view entries, std::string_view data);

    document& base_;
    std::map<QPDFObjGen, QPDFObjectHandle> objects_;
    std::map<QPDFObjGen, std::string> bodies_;
};

} // namespace vanthu::pdf

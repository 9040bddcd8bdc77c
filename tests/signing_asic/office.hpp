// A world that makes ASiC containers.
#pragma once

#include "signing/asic/verify.hpp"
#include "signing/xml/sign.hpp"
#include "tests/signing_cms/world.hpp"

namespace vanthu::test {

inline const timestamp signed_at = at_time("2026-01-15T00:00:00Z"), archived_at = at_time("2026-01-20T00:00:00Z"),
                       renewed_at = at_time("2026-02-20T00:00:00Z");

struct office : world {
    bytes letter = to_bytes("Công văn số 321/UBND-KGVX"), annex = to_bytes("<phuluc>Danh sách</phuluc>");
    std::vector<asic::data_file> files{{"Công văn 321.txt", "text/plain", letter},
                                       {"phụ lục/danh sách.xml", "text/xml", annex}};
    office() { files[0].content = letter, files[1].content = annex; }
    office(const office&) = delete;

    bytes cades_over(const bytes& what) {
        content = what;
        return stamp(sign(false, {.signing_time = signed_at}), signed_at);
    }
    bytes simple() { return asic::make_simple(files[0], cades_over(letter)).value(); }
    bytes extended() {
        auto plan = asic::plan_extended(files);
        return asic::make_extended(files, plan, cades_over(plan.xml)).value();
    }
    bytes with_xades(asic::kind k) {
        std::vector<asic::data_file> some(files.begin(), k == asic::kind::simple ? files.begin() + 1 : files.end());
        std::vector<xml::detached_file> named;
        for (const auto& f : some) named.push_back({f.name, f.mime_type, sha256::of(f.content)});
        xml::sign_options options;
        options.signing_time = signed_at;
        return asic::make_with_xades(k, some, xml::sign_detached(named, signer(), options, "XAdESSignatures").value())
            .value();
    }
    asic::container_verdict judge(bytes_view container, timestamp at = now, const asic::limits& bounds = {}) const {
        return asic::verify(container, trust, known, at, {}, bounds);
    }
    // Every CAdES signature raised to B-LT, then to B-LTA inside.
    bytes raised(const bytes& container, bool archive_too) {
        bytes out = container;
        auto judged = judge(out);
        auto all = asic::signatures(out).value();
        for (std::size_t i = 0; i < all.size(); ++i) {
            const auto& c = judged.conclusions.at(i);
            bytes cms = cades::to_lt(all[i].cms, c.used, c.used_certificates).value();
            if (archive_too) {
                auto imprint = cades::archive_imprint(cms, all[i].content).value();
                cms = cades::add_archive_stamp(cms, all[i].content, token(imprint, archived_at)).value();
            }
            out = asic::with_signature(out, all[i].name, cms).value();
        }
        return out;
    }
    bytes archived(const bytes& container, timestamp when) {
        auto plan = asic::plan_archive(container).value();
        return asic::with_archive(container, plan, token(plan.sha256(), when)).value();
    }
};

// The container with its files changed by name; nullopt as content removes.
inline bytes repacked(const bytes& container,
                      const std::vector<std::pair<std::string, std::optional<bytes>>>& changes) {
    auto zip = asic::zip_archive::open(container).value();
    std::vector<std::pair<std::string, bytes>> all;
    for (const auto& e : zip.entries()) all.emplace_back(e.name, zip.content(e, 1u << 30).value());
    for (const auto& [name, content] : changes) {
        auto at = std::find_if(all.begin(), all.end(), [&](const auto& f) { return f.first == name; });
        if (!content)
            all.erase(at);
        else if (at != all.end())
            at->second = *content;
        else
            all.emplace_back(name, *content);
    }
    std::vector<asic::zip_file> files;
    for (const auto& [name, content] : all) files.push_back({name, content});
    return asic::write_zip(files).value();
}

} // namespace vanthu::test

// vanthu-test-pdf: writes an official letter as PDF, for ./demo and by hand.
#include "daemon/base/files.hpp"
#include "tests/pdf/letter.hpp"

#include <CLI/CLI.hpp>
#include <iostream>

int main(int argc, char** argv) {
    CLI::App app("Writes a plausible official letter (A4, one or more pages) as PDF");
    vanthu::test::letter l;
    std::string out;
    app.add_option("--superior", l.superior, "superior agency, first line at the left");
    app.add_option("--agency", l.agency, "issuing agency");
    app.add_option("--notation", l.notation, "printed after 'Số:'; leave out where vanthu fills the number");
    app.add_option("--place", l.place, "place before the date");
    app.add_option("--subject", l.subject, "subject line");
    app.add_option("--body", l.body, "body, one option a line")->allow_extra_args(false);
    app.add_option("--recipient", l.recipients, "'Nơi nhận', one option a line")->allow_extra_args(false);
    app.add_option("--title", l.title, "title of the signer");
    app.add_option("--signer", l.signer, "name of the signer");
    app.add_option("--marking", l.marking, "mark of secrecy on the first page");
    app.add_option("--pages", l.pages, "number of pages")->check(CLI::Range(1, 50));
    app.add_option("-o,--output", out, "file to write")->required();
    CLI11_PARSE(app, argc, argv);
    if (auto written = vanthu::write_file_atomically(out, vanthu::test::make_letter(l)); !written) {
        std::cerr << written.error().code.message() << "\n";
        return 1;
    }
}

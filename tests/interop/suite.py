"""What a row can ask for: vanthu's own commands, the judges' words, and what is expected of them."""
import collections
import json
import traceback

import judges
import tamper

LEVELS = ("B-B", "B-T", "B-LT", "B-LTA")
SUFFIX = {"pades": ".pdf", "cades": ".p7s", "xades": ".xml", "asic-s": ".asics", "asic-e": ".asice"}


class NotMade(Exception):
    """`vanthu` does not offer this choice (yet)."""


class Wrong(Exception):
    """The row failed."""


def expect(good, what, seen):
    if not good:
        raise Wrong("%s: %s" % (what, json.dumps(seen, ensure_ascii=False)))


def is_level(name, level):
    """PAdES-BASELINE-LT is what EN 319 142-1 calls B-LT."""
    return name.upper().replace("_", "-").endswith(("BASELINE-" + level[2:], "BASELINE-" + level)) or name == level


class Suite:
    def __init__(self, place, dss, pyhanko, options, fetched):
        self.place, self.dss, self.pyhanko, self.options = place, dss, pyhanko, options
        self.fetched = fetched
        self.outcomes = collections.OrderedDict()
        self.said = []
        self.offered = {}

    def row(self, name, test):
        if self.options.only not in name:
            return
        self.said = []
        try:
            test()
            outcome = ("passed", "")
        except NotMade as e:
            outcome = ("not made yet", str(e))
        except judges.Absent as e:
            outcome = ("skipped", str(e))
        except Wrong as e:
            outcome = ("failed", str(e))
        except Exception:  # a row never takes the others down
            outcome = ("failed", traceback.format_exc())
        self.outcomes[name] = outcome
        if self.options.verbose or outcome[0] == "failed":
            lines = ([outcome[1]] if outcome[1] else []) + self.said
            print("%-12s %s" % (outcome[0], name), *(line[:4000 if self.options.verbose else 700] for line in lines),
                  sep="\n    ", flush=True)

    def need(self, judge, name):
        if judge is None:
            raise judges.Absent("no " + name)
        return judge

    # --- vanthu
    def offers(self, form, level):
        if (form, level) not in self.offered:
            try:
                self.sign(form, level, "agency-p256", [self.place.letter if form == "pades" else self.place.text])
                self.offered[form, level] = True
            except NotMade:
                self.offered[form, level] = False
            except Wrong:
                self.offered[form, level] = True
        return self.offered[form, level]

    def vanthu(self, *arguments):
        code, printed, said = self.place.run(*arguments)
        if code == 0:
            return
        name = (printed or {}).get("code", "")
        if name.endswith(".not_available") or "not expected" in said or "A subcommand is required" in said:
            raise NotMade(name or said.split("\n")[0])
        raise Wrong("vanthu %s: %s" % (" ".join(map(str, arguments)), said))

    def sign(self, form, level, who, inputs, *more, crls=True):
        p = self.place
        out = p.new(SUFFIX[form])
        arguments = ["sign", "--json", "--key", "p12:%s" % p.p12(who), "--pin-file", p.pin_file, "--format", form,
                     "--level", level, "--trust", p.trust]
        for crl in p.crls if crls else []:
            arguments += ["--crl", crl]
        if level != "B-B":
            arguments += ["--tsa", p.tsa]
        self.vanthu(*arguments, *more, *inputs, "-o", out)
        return out

    def seal(self, level, who, file):
        return self.profile("issued", level, who, file, "--number", "12/BC-SNV", "--date", "2026-07-15")

    def profile(self, name, level, who, file, *more):
        return self.sign("pades", level, who, [file], "--registry", self.place.registry, "--profile", name, *more)

    def extend(self, level, file, *more):
        out = self.place.new(file.suffix)
        self.vanthu("extend", "--json", "--level", level, "--tsa", self.place.tsa, "--trust", self.place.trust, *more,
                    file, "-o", out)
        return out

    def we_say(self, file, level=None, content=None, count=None, crls=True):
        """vanthu finds every signature valid, the last (or highest) of the asked level."""
        code, report, said = self.place.verify([file], content, crls)
        if report is None or "files" not in report:
            if "not expected" in said:
                raise NotMade("verify: " + said.split("\n")[0])
            raise Wrong("verify: " + said)
        mine = report["files"][0]
        self.said.append("vanthu: " + json.dumps(mine, ensure_ascii=False))
        if unread(mine):
            raise NotMade("verify reads no such file")
        expect(mine["verdict"] == "valid", "vanthu does not say valid", mine)
        signatures = [s for s in mine["signatures"] if s["format"] != "timestamp"]
        if count:
            expect(len(signatures) == count, "number of signatures", mine)
        if level:
            expect(any(is_level(s["level"], level) for s in signatures), "level " + level, mine)

    def we_refuse(self, form, file, content=None):
        """No damaged copy is valid. (It may be "unsigned": some damage hides the signature itself.)"""
        data = file.read_bytes()
        text = content.read_bytes() if content else None
        folder = self.place.new("-damaged")
        folder.mkdir()
        done = {}
        for what, damaged in tamper.of(form, data, text):
            copy = folder / ("%d%s" % (len(done), file.suffix))
            copy.write_bytes(damaged)
            done[str(copy)] = what
        expect(len(done) >= 3, "too few kinds of damage", len(done))
        detached = content is not None and form in ("cades", "xades") and not tamper.inside(text, data)
        _, report, said = self.place.verify(done, content if detached else None)
        if "not expected" in said:
            raise NotMade("verify: " + said.split("\n")[0])
        expect(report and len(report.get("files", [])) == len(done), "vanthu on damaged files", said)
        for one in report["files"]:
            expect(one["verdict"] in ("invalid", "indeterminate", "unsigned"),
                   "vanthu on damage: " + done[one["file"]], one)
        if detached:
            other = folder / "other-content"
            other.write_bytes(text + b"x")
            _, report, said = self.place.verify([file], other)
            expect(report and report["files"][0]["verdict"] == "invalid", "other detached content", said)
        self.said.append("damaged copies refused: %d" % len(done))

    # --- the judges on our files
    def dss_says(self, file, level, content=None, count=1, form=None, levels=None):
        """Every signature TOTAL_PASSED, only permitted changes, the last of the asked level. What is needed for LT has to
        be inside: there the judge is offline."""
        judge = self.need(self.dss, "DSS")
        seen = judge.ask(do="judge", file=file, trust=[self.place.root], content=[content] if content else [],
                         online=level in ("B-B", "B-T"))
        self.said.append("DSS: " + json.dumps(seen, ensure_ascii=False))
        signatures = seen.get("signatures", [])
        expect(len(signatures) == count, "DSS: number of signatures", seen)
        for s, asked in zip(signatures, levels or [None] * (count - 1) + [level]):
            expect(s["intact"], "DSS: not intact", s)
            expect(s["indication"] == "TOTAL_PASSED", "DSS: not passed", s)
            expect(asked is None or s["level"].endswith("BASELINE-" + asked[2:]), "DSS: level", s)
            expect(all(t["intact"] and t["indication"] == "PASSED" for t in s["timestamps"]), "DSS: time stamps", s)
            if form == "pades":
                # "overlaps" is no fault: the seal covers a third of the leader's signature (NĐ 30/2020, annex I, II.8).
                pdf = s["pdf"]
                expect(pdf["byte_range_valid"] and pdf["dictionary_consistent"] and not pdf["undefined"]
                       and not pdf["annotation"] and pdf["visual_difference"] == "[]",
                       "DSS: changes that are not permitted", pdf)
        if seen.get("container"):
            expect(seen["container"].lower() == form, "DSS: container", seen["container"])

    def pyhanko_says(self, file, level, count=1):
        judge = self.need(self.pyhanko, "pyHanko")
        seen = judge.ask(do="judge", file=file, trust=[self.place.root], known=[self.place.sub],
                         online=level in ("B-B", "B-T"))
        self.said.append("pyHanko: " + json.dumps(seen, ensure_ascii=False))
        signatures = seen.get("signatures", [])
        expect(len(signatures) == count, "pyHanko: number of signatures", seen)
        for s in signatures:
            expect(s["intact"] and s["valid"], "pyHanko: not intact", s)
            expect(s["docmdp_ok"] and s["changes"] in ("NONE", "LTA_UPDATES", "FORM_FILLING"), "pyHanko: changes", s)
            expect(s["coverage"] in ("ENTIRE_FILE", "ENTIRE_REVISION"), "pyHanko: coverage", s)
            expect(s["indication"] == "PASSED", "pyHanko: not passed", s)
        last = signatures[-1]
        expect(last["signature_timestamp"] == (level != "B-B"), "pyHanko: time stamp", last)
        expect(seen["dss"] == (level in ("B-LT", "B-LTA")), "pyHanko: security store", seen)
        expect((seen["document_timestamps"] > 0) == (level == "B-LTA"), "pyHanko: document time stamps", seen)

    def expect_refusal(self, name, ask, *arguments, **more):
        try:
            ask(*arguments, **more)
        except Wrong:
            return
        raise Wrong("%s says that all is well" % name)

    def judges_say(self, form, level, file, content, count):
        """The one that is there has to do where the other is not."""
        if self.dss or form != "pades" or not self.pyhanko:
            self.dss_says(file, level, content, count, form)
        if self.pyhanko and form == "pades":
            self.pyhanko_says(file, level, count)

    def judged(self, form, level, file, content=None, count=1):
        """Every judge, then ourselves, without CRLs where the file has to bring its evidence."""
        self.judges_say(form, level, file, content, count)
        self.we_say(file, level, content, count, crls=level in ("B-B", "B-T"))

    # --- the judges' files
    def theirs(self, form, file, level, content=None, count=1, inside=None):
        """The judges first: what they do not accept of one another proves nothing about us. Then the damage: that has to
        be refused at a level that we do not offer yet, too."""
        self.judges_say(form, level, file, content, count)
        self.we_refuse(form, file, content or inside)
        if not self.offers(form, level):
            raise NotMade("vanthu offers no %s %s; damaged copies are refused" % (form, level))
        self.we_say(file, level, content, count, crls=level in ("B-B", "B-T"))

    def dss_signs(self, form, level, who, inputs, packaging="", **more):
        """`packaging` as DSS names it; "enveloped plain" leaves DSS's own XPath filter out."""
        p = self.place
        if packaging.endswith(" plain"):
            packaging, more["plain"] = packaging[:-6], True
        out = p.new(SUFFIX[form if form in SUFFIX else form[:6]])
        answer = self.need(self.dss, "DSS").ask(do="sign", format=form, level=level, **{"in": inputs}, out=out,
                                                packaging=packaging, p12=p.p12(who), trust=[p.root], tsa=p.tsa, **{"pass": p.passphrase},
                                                **more)
        expect("error" not in answer, "DSS did not sign", answer)
        return out

    def pyhanko_signs(self, level, who, file, **more):
        p = self.place
        out = p.new(".pdf")
        answer = self.need(self.pyhanko, "pyHanko").ask(do="sign", level=level, **{"in": file}, out=out, p12=p.p12(who),
                                                        trust=[p.root], tsa=p.tsa, **{"pass": p.passphrase}, **more)
        expect("error" not in answer, "pyHanko did not sign", answer)
        return out


def unread(report):
    return any(f["code"] in ("pdf.not_a_pdf", "inspect.not_a_pdf") for f in report.get("findings", []))

"""The table: one row a file, format, level, key and packaging."""
import base64
import itertools
import pathlib
import ssl
import time

import schema
from place import KEYS
from suite import LEVELS, NotMade, Wrong, expect


def ours(s):
    p = s.place
    for key, level in itertools.product(KEYS, LEVELS):
        def approved(key=key, level=level):
            s.judged("pades", level, s.sign("pades", level, "person-" + key, [p.letter]))
        s.row("ours pades %s %s approved" % (level, key), approved)
    for key, level in itertools.product(("rsa2048", "rsa3072"), LEVELS):
        def pss(key=key, level=level):
            s.judged("pades", level, s.sign("pades", level, "person-" + key, [p.letter], "--scheme", "pss"))
        s.row("ours pades %s %s pss approved" % (level, key), pss)
    pairs = (("p256", "rsa3072"), ("rsa2048", "p384"))
    for (person, agency), first, second in itertools.product(pairs, ("B-B", "B-T"), LEVELS):
        def issued(person=person, agency=agency, first=first, second=second):
            file = s.seal(second, "agency-" + agency, s.sign("pades", first, "person-" + person, [p.letter]))
            s.judged("pades", second, file, count=2)
        s.row("ours pades approved %s %s, issued %s %s" % (first, person, second, agency), issued)

    plain = {"cades": {"attached": ([p.text], (), None), "detached": ([p.text], ("--detached",), p.text)},
             "xades": {"of XML": ([p.xml], (), None), "of text": ([p.text], (), None),
                       "detached": ([p.text], ("--detached",), p.text)},
             "asic-s": {"one file": ([p.text], (), None),
                        "one file with XAdES": ([p.text], ("--signature", "xades"), None)},
             "asic-e": {"two files": ([p.text, p.xml], (), None),
                        "two files with XAdES": ([p.text, p.xml], ("--signature", "xades"), None)}}
    for form, packagings in plain.items():
        for (packaging, (inputs, more, content)), level, key in itertools.product(packagings.items(), LEVELS, KEYS):
            def made(form=form, inputs=inputs, more=more, content=content, level=level, key=key):
                s.judged(form, level, s.sign(form, level, "agency-" + key, inputs, *more), content)
            s.row("ours %s %s %s %s" % (form, level, key, packaging), made)
        for packaging, (inputs, more, content) in packagings.items():
            def pss(form=form, inputs=inputs, more=more, content=content):
                s.judged(form, "B-T", s.sign(form, "B-T", "agency-rsa3072", inputs, *more, "--scheme", "pss"), content)
            s.row("ours %s B-T rsa3072 pss %s" % (form, packaging), pss)

    plain["pades"] = {"approved": ([p.letter], (), None)}
    for form, packagings in plain.items():
        for packaging, (inputs, more, content) in packagings.items():
            def raised(form=form, inputs=inputs, more=more, content=content):
                file = s.sign(form, "B-T", "agency-p256", inputs, *more)
                detached = ("--content", content) if content else ()
                for level in ("B-LT", "B-LTA"):
                    file = s.extend(level, file, *detached)
                    s.judged(form, level, file, content)
            s.row("ours %s %s raised from B-T to B-LT and B-LTA" % (form, packaging), raised)


def order_of_signing(s):
    """Each legal profile after the other on one document: nobody's signature is touched by a later one."""
    p = s.place
    for level in LEVELS:
        def life(level=level):
            file = s.profile("initial", "B-B", "person-p384", p.letter, "--anchor", "các đơn vị.")
            file = s.profile("initial", "B-B", "person-rsa3072", file, "--page", "1", "--rect", "80,120,240,16")
            file = s.profile("approved", "B-T", "person-p256", file)
            file = s.seal("B-T", "agency-rsa3072", file)
            file = s.profile("copy", "B-T", "agency-p256", file, "--form", "sao-y")
            file = s.profile("income", "B-T", "agency-rsa2048", file, "--comment", "Số đến: 152")
            file = s.profile("comment", level, "person-p256", file, "--comment", "Giao Phòng Văn thư xử lý")
            s.judged("pades", level, file, count=7)
        s.row("ours pades initial, initial, approved, issued, copy, income, comment %s" % level, life)
    for level in LEVELS:
        def annex(level=level):
            s.judged("pades", level, s.profile("appendix", level, "agency-p256", p.letter, "--number", "12/BC-SNV"))
        s.row("ours pades appendix %s" % level, annex)


def beside(s):
    """A second signer beside the first, in every format."""
    p = s.place
    kinds = [("cades", "attached", [p.text], (), (), None),
             ("cades", "detached", [p.text], ("--detached",), ("--content", p.text), p.text),
             ("xades", "of XML", [p.xml], (), (), None),
             ("asic-s", "with CAdES", [p.text], (), (), None),
             ("asic-e", "with CAdES", [p.text, p.xml], (), (), None),
             ("asic-e", "with XAdES", [p.text, p.xml], ("--signature", "xades"), (), None)]
    for (form, packaging, inputs, first, second, content), level in itertools.product(kinds, LEVELS):
        def both(form=form, inputs=inputs, first=first, second=second, content=content, level=level):
            file = s.sign(form, level, "person-p256", inputs, *first)
            file = s.sign(form, level, "agency-rsa3072", [file], *second)
            s.judged(form, level, file, content, count=2)
        s.row("ours %s %s two signers %s" % (form, packaging, level), both)

    def on_form():
        file = p.new(".pdf")
        file.write_bytes(filled_form())
        for who, left in (("person-p256", "50"), ("agency-rsa3072", "250")):
            file = s.sign("pades", "B-B", who, [file], "--page", "1", "--rect", left + ",50,150,60")
        s.judged("pades", "B-B", file, count=2)
    s.row("ours pades two signers on a form with a filled field", on_form)


def filled_form():
    """A PDF with a text field that has a value and its look: the first signature locks it."""
    look = b"/Tx BMC q BT 0 g /Helv 12 Tf 2 6 Td (An) Tj ET Q EMC"
    objects = [b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [4 0 R] /DA (/Helv 12 Tf 0 g) "
               b"/DR << /Font << /Helv 6 0 R >> >> >> >>",
               b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
               b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << >> /Annots [4 0 R] >>",
               b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (ten) /V (An) /F 4 /Rect [72 600 272 620] /P 3 0 R "
               b"/DA (/Helv 12 Tf 0 g) /AP << /N 5 0 R >> >>",
               b"<< /Type /XObject /Subtype /Form /BBox [0 0 200 20] /Resources << /Font << /Helv 6 0 R >> >> "
               b"/Length %d >>\nstream\n%s\nendstream" % (len(look), look),
               b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"]
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    rows = b"0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % at for at in places)
    return out + b"xref\n0 %d\n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(places) + 1, rows, len(places) + 1, len(out))


# An ETSI TS 119 612 list with every element that its schema wants; %s stands for the services.
LIST, SERVICE = ((pathlib.Path(__file__).parent / "trust_list" / f).read_text("utf-8") for f in ("list.xml", "service.xml"))


def lists(s):
    """A trust list by the schema of ETSI, signed by DSS, says whom we trust; a changed one says nothing."""
    p = s.place

    def trusted():
        folder = p.new("-listed")
        (folder / "lists" / "signers").mkdir(parents=True)
        (folder / "lists" / "signers" / "operator.pem").write_text(
            (p.pki / "signers" / "agency-p384.pem").read_text().split("-----BEGIN PRIVATE")[0])
        root = ssl.PEM_cert_to_DER_cert(p.root.read_text()) if b"BEGIN" in p.root.read_bytes() else p.root.read_bytes()
        root = base64.b64encode(root).decode()
        plain = p.new(".xml")
        plain.write_text(LIST % "".join(SERVICE % (kind, root) for kind in ("CA/QC", "TSA/QTST")), encoding="utf-8")
        rules = schema.Schema(s.fetched, p.dir)
        expect(not rules.faults(plain, rules.LISTS), "the schema of TS 119 612", rules.faults(plain, rules.LISTS))
        signed = s.dss_signs("xades", "B-B", "agency-p384", [plain], "enveloped plain")
        document = s.sign("cades", "B-T", "person-p256", [p.text])
        said = [p.run("verify", "--json", "--trust", folder, document)[0]]
        for content in (signed.read_bytes(), signed.read_bytes().replace(b"2024-01-01T", b"2023-01-01T")):
            (folder / "lists" / "vn.xml").write_bytes(content)
            code, printed, text = p.run("verify", "--json", "--trust", folder, document)
            s.said.append(text)
            said.append(code)
        expect(said == [66, 0, 66], "exit codes without a list, with it, with a changed one", said)
    s.row("theirs trust list signed by DSS", trusted)


def reports(s):
    """Our ETSI report by the schema that ETSI published."""
    p = s.place

    def conforms():
        rules = schema.Schema(s.fetched, p.dir)
        files = [s.sign("pades", "B-LTA", "person-p256", [p.letter]),
                 s.sign("cades", "B-T", "agency-rsa3072", [p.text]), s.sign("xades", "B-LT", "agency-p384", [p.xml]),
                 s.sign("asic-e", "B-LTA", "agency-p256", [p.text, p.xml]),
                 s.seal("B-T", "agency-p256", s.sign("pades", "B-B", "person-rsa2048", [p.letter])), p.text]
        bad = p.new(".pdf")
        data = bytearray(files[0].read_bytes())
        data[len(data) // 3] ^= 1
        bad.write_bytes(data)
        for more in ([], ["--offline", "--cache", p.new("-empty")]):
            report = p.new(".report.xml")
            p.run("verify", "--trust", p.trust, "--report", report, *more, *files, bad)
            expect(report.exists(), "no report", str(more))
            faults = rules.faults(report)
            expect(not faults, "the schema of TS 119 102-2", faults)
            wrong = p.new(".wrong.xml")  # that the schema can say no
            wrong.write_text(report.read_text(encoding="utf-8").replace("vr:MainIndication", "vr:MainIndicatoin"),
                             encoding="utf-8")
            expect(rules.faults(wrong), "a wrong report passes the schema", str(wrong))
    s.row("our ETSI report by the published schema", conforms)


def policies(s):
    """Signatures that name a signature policy (EPES): which one is told, and held against those that the operator knows."""
    p = s.place
    document, other = p.dir / "policy.txt", p.dir / "other-policy.txt"
    document.write_text("Chính sách ký số của cơ quan\n", encoding="utf-8")
    other.write_text("Chính sách khác\n", encoding="utf-8")
    oid = {"id": "urn:oid:2.16.704.1.1.1", "document": str(document), "uri": "https://example.vn/policy.txt",
           "notice": "Chỉ dùng trong cơ quan"}
    uri = dict(oid, id="https://example.vn/policy")

    def rules(policy, file, require=True):
        out = p.new(".toml")
        text = "[signature]\nrequire_known_policy = %s\n" % ("true" if require else "false")
        if file:
            text += "[[signature_policy]]\nid = '%s'\ndocument = '%s'\n" % (policy["id"], file)
        out.write_text(text, encoding="utf-8")
        return ["--policy", out]

    def verdict_of(file, content, wanted, sub_indication, more):
        code, report, said = p.verify([file], content, more=more)
        expect(report and len(report["files"][0]["signatures"]) >= 1, "vanthu verify", said)
        s.said.append("vanthu: " + said)
        mine = report["files"][0]["signatures"][0]
        expect((code, mine["verdict"], mine["sub_indication"]) == ({"valid": 0, "indeterminate": 2}[wanted], wanted,
                                                                   sub_indication), "verdict", mine)
        return mine["signature_policy"], {f["code"] for f in mine["findings"]}

    def told(policy, file, content=None, store=False):
        """Known, another document, unknown and unknown where it must be known; and in the ETSI report."""
        said, found = verdict_of(file, content, "valid", "", rules(policy, document))
        name = policy["id"].removeprefix("urn:oid:")
        expect(said["kind"] == "explicit" and said["id"] == name and said["known"], "a known policy", said)
        expect(said["uri"] == policy["uri"] and said["notice"] == policy["notice"], "its qualifiers", said)
        expect(said["stored_copy"] == ("same" if store else "none"), "its copy", said)
        expect(not any(code.startswith("policy.") for code in found), "findings", sorted(found))
        for wanted, sub_indication, finding, more in (
                ("indeterminate", "POLICY_PROCESSING_ERROR", "differs", rules(policy, other, False)),
                ("indeterminate", "SIGNATURE_POLICY_NOT_AVAILABLE", "unknown", rules(policy, None)),
                ("valid", "", "unknown", [])):
            said, found = verdict_of(file, content, wanted, sub_indication, more)
            expect("policy.signature_policy_" + finding in found and not said["known"], finding, sorted(found))
        report, schemas = p.new(".report.xml"), schema.Schema(s.fetched, p.dir)
        p.verify([file], content, more=["--report", report, *rules(policy, None)])
        written = report.read_text(encoding="utf-8")
        expect("<vr:SigPolicyId>%s</vr:SigPolicyId>" % policy["id"] in written, "SigPolicyId in the report", written)
        expect("subindication:SIGNATURE_POLICY_NOT_AVAILABLE" in written, "sub-indication in the report", written)
        expect(not schemas.faults(report), "the schema of TS 119 102-2", schemas.faults(report))

    def hanko():
        told(oid, s.pyhanko_signs("B-T", "person-p256", p.letter, policy=oid))
    s.row("pyHanko pades B-T with a signature policy", hanko)

    kinds = [("pades", "pades", "", [p.letter], None, oid), ("cades", "cades", "enveloping", [p.text], None, oid),
             ("cades", "cades", "detached", [p.text], p.text, oid),
             ("xades", "xades", "enveloped plain", [p.xml], None, oid),
             ("xades", "xades", "enveloping", [p.text], None, uri),
             ("asic-s", "asic-s-cades", "", [p.text], None, oid),
             ("asic-e", "asic-e-xades", "", [p.text, p.xml], None, uri)]
    for form, asked, packaging, inputs, content, policy in kinds:
        def dss(form=form, asked=asked, packaging=packaging, inputs=inputs, content=content, policy=policy):
            file = s.dss_signs(asked, "B-T", "agency-p256", inputs, packaging, policy=policy)
            s.dss_says(file, "B-T", content, form=form)
            told(policy, file, content)
            s.we_refuse(form, file, content or (inputs[0] if packaging == "enveloping" else None))
        s.row("DSS %s %s B-T with a signature policy" % (asked, packaging), dss)

    for form, packaging, input in (("cades", "enveloping", p.text), ("xades", "enveloped plain", p.xml)):
        def stored(form=form, packaging=packaging, input=input):
            told(oid, s.dss_signs(form, "B-T", "agency-p256", [input], packaging, policy=dict(oid, store=True)),
                 store=True)
        s.row("DSS %s %s B-T with a copy of the signature policy beside it" % (form, packaging), stored)

        def implied(form=form, packaging=packaging, input=input):
            file = s.dss_signs(form, "B-T", "agency-p256", [input], packaging, policy={"id": ""})
            said, found = verdict_of(file, None, "valid", "", [])
            expect(said["kind"] == "implied" and "policy.signature_policy_implied" in found, "implied", said)
            verdict_of(file, None, "indeterminate", "SIGNATURE_POLICY_NOT_AVAILABLE", rules(oid, document))
        s.row("DSS %s %s B-T with an implied signature policy" % (form, packaging), implied)


def controls(s):
    """That the judges, ours included, can say no."""
    p = s.place

    def damaged():
        file = s.sign("pades", "B-T", "person-p256", [p.letter])
        bad = p.new(".pdf")
        data = bytearray(file.read_bytes())
        data[len(data) // 3] ^= 1
        bad.write_bytes(data)
        for ask, name in ((s.dss_says, "DSS"), (s.pyhanko_says, "pyHanko"), (s.we_say, "vanthu")):
            s.expect_refusal(name, ask, bad, "B-T")
    s.row("a damaged file is refused by everybody", damaged)

    def revoked():
        for key in ("B-B", "B-T"):
            p.ca("issue", p.pki, "revoked-" + key, "--cn", "Trần Thị B " + key)
        before = {level: s.sign("pades", level, "revoked-" + level, [p.letter]) for level in ("B-B", "B-T")}
        time.sleep(2)  # the time stamp and the revocation have whole seconds
        for level in before:
            p.ca("revoke", p.pki, p.pki / ("signers/revoked-%s.pem" % level), "--reason", "4")
        crls = p.fetch_crls()
        for ask, name in ((s.dss_says, "DSS"), (s.pyhanko_says, "pyHanko"), (s.we_say, "vanthu")):
            more = {"crls": crls} if name == "vanthu" else {}
            s.expect_refusal(name, ask, before["B-B"], "B-B", **more)
            # EN 319 102-1, 5.5: the time stamp proves that the signature stood before the revocation.
            ask(before["B-T"], "B-T", **more)
    s.row("a revocation ends a signature without a time stamp, not one with an earlier stamp", revoked)


def theirs(s):
    p = s.place
    for key, level in itertools.product(("rsa3072", "p256", "p384"), LEVELS):
        def dss(key=key, level=level):
            s.theirs("pades", s.dss_signs("pades", level, "person-" + key, [p.letter]), level)
        s.row("DSS pades %s %s" % (level, key), dss)

        def hanko(key=key, level=level):
            s.theirs("pades", s.pyhanko_signs(level, "person-" + key, p.letter), level)
        s.row("pyHanko pades %s %s" % (level, key), hanko)
    for level in ("B-B", "B-LTA"):
        def dss_pss(level=level):
            s.theirs("pades", s.dss_signs("pades", level, "person-rsa2048", [p.letter], scheme="pss"), level)
        s.row("DSS pades %s rsa2048 pss" % level, dss_pss)

        def hanko_pss(level=level):
            s.theirs("pades", s.pyhanko_signs(level, "person-rsa2048", p.letter, scheme="pss"), level)
        s.row("pyHanko pades %s rsa2048 pss" % level, hanko_pss)
    for permission in (1, 2, 3):
        def certified(permission=permission):
            s.theirs("pades", s.pyhanko_signs("B-T", "person-p256", p.letter, certify=permission), "B-T")
        s.row("pyHanko pades B-T certified P=%d" % permission, certified)

        def dss_certified(permission=permission):
            s.theirs("pades", s.dss_signs("pades", "B-T", "person-p256", [p.letter], certify=permission), "B-T")
        s.row("DSS pades B-T certified P=%d" % permission, dss_certified)

    def locked():
        s.theirs("pades", s.pyhanko_signs("B-T", "person-p256", p.letter, lock=["Number"]), "B-T")
    s.row("pyHanko pades B-T with FieldMDP", locked)

    def two_certified():
        first = s.pyhanko_signs("B-T", "person-p256", p.letter, certify=2)
        s.theirs("pades", s.dss_signs("pades", "B-LTA", "agency-rsa3072", [first]), "B-LTA", count=2)
    s.row("pyHanko certifies P=2 and DSS signs B-LTA after it", two_certified)

    def forbidden():
        first = s.dss_signs("pades", "B-B", "person-p256", [p.letter], certify=1)
        try:
            second = s.pyhanko_signs("B-B", "agency-p256", first)
        except Wrong:
            return  # pyHanko declines, as it should
        _, report, said = p.verify([second])
        expect(report["files"][0]["verdict"] == "invalid", "a signature after P=1", said)
    s.row("a signature after a certification P=1 is refused", forbidden)

    def over_ours():
        file = s.sign("pades", "B-T", "person-p256", [p.letter])
        for level in ("B-LT", "B-LTA"):
            out = p.new(".pdf")
            answer = s.need(s.pyhanko, "pyHanko").ask(do="extend", **{"in": file}, out=out, trust=[p.root],
                                                      known=[p.sub], tsa=p.tsa)
            expect("error" not in answer, "pyHanko did not extend", answer)
            file = out
            if not s.offers("pades", level):
                raise NotMade("vanthu offers no pades " + level)
            s.we_say(file, level, crls=False)
    s.row("ours pades B-T raised by pyHanko", over_ours)

    def dss_over_ours():
        file = s.sign("pades", "B-T", "person-p256", [p.letter])
        for level in ("B-LT", "B-LTA"):
            out = p.new(".pdf")
            answer = s.need(s.dss, "DSS").ask(do="extend", format="pades", level=level, **{"in": [file]}, out=out,
                                              trust=[p.root], tsa=p.tsa)
            expect("error" not in answer, "DSS did not extend", answer)
            file = out
            if not s.offers("pades", level):
                raise NotMade("vanthu offers no pades " + level)
            s.we_say(file, level, crls=False)
    s.row("ours pades B-T raised by DSS", dss_over_ours)

    def raised_by_us(form, file, content=None):
        detached = ("--content", content) if content else ()
        for level in ("B-LT", "B-LTA"):
            file = s.extend(level, file, *detached)
            s.judged(form, level, file, content)

    packagings = [("cades", "cades", "enveloping", [p.text], None), ("cades", "cades", "detached", [p.text], p.text),
                  ("xades", "xades", "enveloped plain", [p.xml], None), ("xades", "xades", "enveloping", [p.text], None),
                  ("xades", "xades", "detached", [p.text], p.text),
                  ("asic-s", "asic-s-cades", "", [p.text], None), ("asic-s", "asic-s-xades", "", [p.text], None),
                  ("asic-e", "asic-e-cades", "", [p.text, p.xml], None),
                  ("asic-e", "asic-e-xades", "", [p.text, p.xml], None)]
    for (form, asked, packaging, inputs, content), level, key in itertools.product(packagings, LEVELS,
                                                                                   ("rsa3072", "p256")):
        def other(form=form, asked=asked, packaging=packaging, inputs=inputs, content=content, level=level, key=key):
            file = s.dss_signs(asked, level, "agency-" + key, inputs, packaging)
            inside = content or (inputs[0] if form in ("cades", "xades") and packaging == "enveloping" else None)
            s.theirs(form, file, level, content, inside=inside)
        s.row("DSS %s %s %s %s" % (asked, packaging, level, key), other)

    def filtered():
        file = s.dss_signs("xades", "B-T", "agency-p256", [p.xml], "enveloped")
        s.dss_says(file, "B-T", form="xades")
        s.we_refuse("xades", file)
        s.we_say(file, "B-T")  # "subtract /descendant::ds:Signature", allowed by EN 319 132-1
    s.row("DSS xades enveloped B-T p256 with DSS's own XPath filter", filtered)

    for form, asked, packaging, inputs, content in packagings + [("pades", "pades", "", [p.letter], None)]:
        def raised(form=form, asked=asked, packaging=packaging, inputs=inputs, content=content):
            raised_by_us(form, s.dss_signs(asked, "B-T", "agency-rsa2048", inputs, packaging), content)
        s.row("DSS %s %s B-T raised by us" % (asked, packaging), raised)

"""Runs `packet check|show|make|extract` as programs; other people's readers (xml.etree, zipfile, xmllint) judge.

Usage: packet_commands.py TOOL SAMPLES
"""
import base64
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
import zipfile

TOOL, SAMPLES = sys.argv[1], sys.argv[2]
NS = "{http://www.mic.gov.vn/TBT/QCVN_102_2016}"
META = {
    "from": {"organ_id": "000.00.00.H48", "organ_name": "UBND tỉnh <Quảng Ngãi> & cộng sự"},
    "to": [{"organ_id": "000.00.00.G22", "organ_name": "Văn phòng Chính phủ"}],
    "code": {"number": "321", "notation": "UBND-KGVX"},
    "promulgation": {"place": "Quảng Ngãi", "date": "2025/07/15"},
    "document_type": {"type": 2, "type_name": "Công văn"},
    "subject": "V/v báo cáo", "content": "Nội dung",
    "document_id": "000.00.00.H48,2025/07/15,321/UBND-KGVX",
}


def run(*arguments):
    done = subprocess.run([TOOL, "packet", *arguments], capture_output=True, text=True, timeout=120)
    assert done.returncode in (0, 1), done
    return done


class PacketCommands(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name, content=None):
        path = os.path.join(self.folder, name)
        if content is not None:
            with open(path, "wb") as file:
                file.write(content if isinstance(content, bytes) else content.encode())
        return path

    def content(self, path):
        with open(path, "rb") as file:
            return file.read()

    def make(self, meta, *files, extra=()):
        out = self.path("out.edxml")
        return run("make", self.path("meta.json", json.dumps(meta)), *files, "-o", out, *extra), out

    def test_samples_are_read(self):
        for name, kind in (("edoc-sample.edxml", "document"), ("status-sample.edxml", "status")):
            done = run("check", os.path.join(SAMPLES, name), "--json")
            self.assertEqual(done.returncode, 0)
            told = json.loads(done.stdout)
            self.assertEqual((told["schema_version"], told["kind"], told["findings"]), (1, kind, []))
            with open(os.path.join(SAMPLES, name), "rb") as file:
                self.assertEqual(told["packet_sha256"], hashlib.sha256(file.read()).hexdigest())

    def test_what_cannot_be_read_is_exit_1_with_a_code(self):
        cases = {
            self.path("absent"): "files.not_found",
            self.folder: "files.unreadable",
            self.path("empty", b""): "edxml.empty",
            self.path("pdf", b"%PDF-1.4\n"): "edxml.not_xml",
            self.path("zeros", bytes(4000)): "edxml.encoding_unsupported",
            self.path("dtd", b"<!DOCTYPE x><x/>"): "edxml.doctype_refused",
            self.path("html", b"<html></html>"): "edxml.not_edxml",
        }
        for path, code in cases.items():
            done = run("check", path, "--json")
            self.assertEqual(done.returncode, 1, path)
            told = json.loads(done.stdout)
            self.assertEqual(told["code"], code)
            self.assertTrue(told["message_vi"] and told["action_en"])
            plain = run("check", path)
            self.assertEqual((plain.returncode, plain.stdout), (1, ""))
            self.assertIn(code, plain.stderr)

    def test_a_made_packet_is_read_by_others_and_by_us(self):
        first, second = self.path("Văn bản.pdf", b"%PDF-1.4\n" + os.urandom(700_001)), self.path("b.bin", b"")
        for order in ("qcvn", "sdk"):
            done, out = self.make({**META, "attachments": [{"description": "Bản chính"}]}, first, second, extra=("--order", order))
            self.assertEqual(done.returncode, 0, done.stderr)
            if shutil.which("xmllint"):
                judged = subprocess.run(["xmllint", "--noout", "--nonet", out], capture_output=True, text=True)
                self.assertEqual((judged.returncode, judged.stderr), (0, ""))
            root = ElementTree.parse(out).getroot()
            self.assertEqual(root.tag, NS + "edXML")
            self.assertEqual(root.find(f".//{NS}From/{NS}OrganName").text, META["from"]["organ_name"])
            contents = [base64.b64decode(e.text or "") for e in root.iter(NS + "ContentTransferEncoded")]
            with open(first, "rb") as file:
                self.assertEqual(contents, [file.read(), b""])
            with open(out, "rb") as file:
                self.assertIn(b"<edXML:edXMLEnvelope xmlns:edXML=", file.read())
            told = json.loads(run("check", out, "--json").stdout)
            self.assertEqual([a["kind"] for a in told["attachments"]], ["pdf", "empty"])
            self.assertEqual(told["attachments"][0]["description"], "Bản chính")
            self.assertEqual(told["findings"], [])

    def test_what_cannot_be_made_names_the_field_and_leaves_no_file(self):
        for change, code in (({"subject": "x" * 501}, "edxml.field_too_long"), ({"content": ""}, "edxml.field_missing"),
                             ({"subjekt": "x"}, "edxml.field_unknown"), ({"promulgation": {"date": "2999/01/01"}}, "edxml.field_invalid")):
            done, out = self.make({**META, **change})
            self.assertEqual(done.returncode, 1)
            self.assertIn(code, done.stderr)
            self.assertEqual([n for n in os.listdir(self.folder) if n != "meta.json"], [])
        self.assertIn("edxml.field_invalid", run("make", self.path("meta.json", "{"), "-o", self.path("x")).stderr)
        self.assertIn("files.not_found", self.make(META, self.path("no such file"))[0].stderr)

    def test_extract_writes_unwrapped_files_under_safe_names(self):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("0f8f.xlsx", b"sheet" * 1000)
        contents = [packed.getvalue(), b"one", b"two", b"three", b"four"]
        names = ["Bảng.xlsx", "../../etc/pass\u202ewd", "a.txt", "C:\\x\\a.txt", "..."]
        with open(os.path.join(SAMPLES, "edoc-sample.edxml"), encoding="utf-8") as file:
            text = file.read()
        begin, end = text.index("<Attachment>"), text.index("</AttachmentEncoded>")
        listed = "".join(f"<Attachment><ContentId>{i}</ContentId><AttachmentName>{name}</AttachmentName><ContentTransferEncoded>"
                         f"{base64.encodebytes(content).decode()}</ContentTransferEncoded></Attachment>"
                         for i, (name, content) in enumerate(zip(names, contents)))
        packet, target = self.path("p.edxml", text[:begin] + listed + text[end:]), self.path("target")
        os.mkdir(target)
        with open(os.path.join(target, "a.txt"), "w", encoding="ascii") as file:
            file.write("mine")
        done = run("extract", packet, "-d", target, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([f["file"] for f in json.loads(done.stdout)["files"]], ["Bảng.xlsx", "passwd", "a (2).txt", "a (3).txt", "attachment-5.text"])
        found = {name: self.content(os.path.join(target, name)) for name in os.listdir(target)}
        self.assertEqual(found, {"Bảng.xlsx": b"sheet" * 1000, "passwd": b"one", "a.txt": b"mine", "a (2).txt": b"two",
                                 "a (3).txt": b"three", "attachment-5.text": b"four"})

    def test_a_packet_that_breaks_off_leaves_nothing_behind(self):
        with open(os.path.join(SAMPLES, "edoc-sample.edxml"), "rb") as file:
            packet = self.path("cut.edxml", file.read()[:-20])
        target = self.path("target")
        os.mkdir(target)
        done = run("extract", packet, "-d", target)
        self.assertEqual(done.returncode, 1)
        self.assertIn("edxml.truncated", done.stderr)
        self.assertEqual(os.listdir(target), [])
        self.assertEqual(run("extract", packet, "-d", self.path("absent")).returncode, 1)
        self.assertFalse(os.path.exists(self.path("absent")), "a directory made for nothing stays behind")

    def test_extract_makes_the_directory(self):
        target = self.path("new/below")
        done = run("extract", os.path.join(SAMPLES, "edoc-sample.edxml"), "-d", target)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(os.listdir(target))
        with open(self.path("file"), "w", encoding="utf-8"):
            pass
        done = run("extract", os.path.join(SAMPLES, "edoc-sample.edxml"), "-d", self.path("file"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("files.write_failed", done.stderr)

    def test_show_speaks_both_languages_and_no_terminal_codes(self):
        sample = os.path.join(SAMPLES, "edoc-sample.edxml")
        self.assertIn("Trích yếu: V/v báo cáo", run("show", sample).stdout)
        self.assertIn("Subject: V/v báo cáo", run("show", sample, "--lang", "en").stdout)
        self.assertIn("Status code: 03", run("show", os.path.join(SAMPLES, "status-sample.edxml"), "--lang", "en").stdout)
        with open(sample, encoding="utf-8") as file:
            hostile = self.path("hostile.edxml", file.read().replace("V/v báo cáo", "\u202e\u009b31m"))
        self.assertIn("Trích yếu: ??31m", run("show", hostile).stdout)

    def test_a_large_attachment_needs_little_memory(self):
        import resource
        with open(os.path.join(SAMPLES, "edoc-sample.edxml"), "rb") as file:
            head, tail = file.read().split(b"JVBERi0x", 1)
        path = self.path("large.edxml")
        line = base64.b64encode(bytes(range(57))) + b"\r\n"
        with open(path, "wb") as file:
            file.write(head)
            for _ in range(100):
                file.write(line * 27_000)
            file.write(b"JVBERi0x" + tail)
        done = run("check", path, "--json")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(json.loads(done.stdout)["attachments"][0]["size"] > 150_000_000, True)
        if b"__asan_init" not in self.content(TOOL):
            self.assertLess(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, 64 * 1024)


unittest.main(argv=sys.argv[:1], verbosity=1)

"""A working folder with a PKI whose certificates name the servers that answer for it, the documents to sign, and the
programs under test."""
import atexit
import base64
import hashlib
import json
import os
import pathlib
import signal
import subprocess
import urllib.request

LETTER = ["--superior", "UBND TỈNH QUẢNG NGÃI", "--agency", "SỞ NỘI VỤ", "--place", "Quảng Ngãi", "--subject",
          "V/v thử nghiệm chữ ký số", "--body", "Kính gửi các đơn vị.", "--title", "GIÁM ĐỐC", "--signer",
          "Nguyễn Văn A"]
XML = """<?xml version="1.0" encoding="UTF-8"?>
<VanBan xmlns="urn:vanthu:interop"><So>12/BC-SNV</So><TrichYeu>Báo cáo thử nghiệm chữ ký số</TrichYeu></VanBan>
"""
KEYS = ("rsa2048", "rsa3072", "p256", "p384")


class Place:
    def __init__(self, build, folder):
        self.build, self.dir = pathlib.Path(build), pathlib.Path(folder)
        self.vanthu = self.build / "daemon" / "cli" / "vanthu"
        self.ca_tool = self.build / "tests" / "tools" / "vanthu-test-ca"
        self.pki = self.dir / "pki"
        self.pki.mkdir()
        self.made = 0
        self.server = subprocess.Popen([self.ca_tool, "serve", self.pki], stdout=subprocess.PIPE, text=True)
        atexit.register(self.server.kill)
        self.url = "http://127.0.0.1:%s" % self.server.stdout.readline().split()[1]
        self.tsa = self.url + "/tsa"
        self.ca("make", self.pki, "--url", self.url, "--org", "000.00.01.H48=Sở Nội vụ")
        for key in KEYS:
            self.ca("issue", self.pki, "person-" + key, "--cn", "Nguyễn Văn A " + key, "--title", "Giám đốc",
                    "--o", "Sở Nội vụ", "--key", key)
            self.ca("issue", self.pki, "agency-" + key, "--use", "agency", "--cn", "Sở Nội vụ " + key,
                    "--o", "Sở Nội vụ", "--key", key)
        self.trust, self.root, self.sub = self.pki / "trust", self.pki / "trust/root.crt", self.pki / "trust/sub.crt"
        self.passphrase = (self.pki / "signers/p12.pass").read_text()
        self.pin_file = self.pki / "signers/p12.pass"
        self.registry = self.write_registry()
        self.crls = self.fetch_crls()
        self.letter, self.xml, self.text = self.dir / "letter.pdf", self.dir / "record.xml", self.dir / "note.txt"
        subprocess.run([self.build / "tests/tools/vanthu-test-pdf", *LETTER, "-o", self.letter], check=True)
        self.xml.write_text(XML, encoding="utf-8")
        self.text.write_bytes("Nội dung kèm theo.\n".encode() * 20)

    def ca(self, *arguments):
        subprocess.run([self.ca_tool, *map(str, arguments)], check=True)

    def fingerprint(self, name):
        pem = (self.pki / "signers" / (name + ".pem")).read_text().split("-----")
        return hashlib.sha256(base64.b64decode(pem[pem.index("BEGIN CERTIFICATE") + 1])).hexdigest()

    def write_registry(self):
        """Every person may sign for the one organisation, every agency's certificate is its seal."""
        rows = ['format = 1\nversion = 1\n[[organisation]]\nid = "snv"\nname = "Sở Nội vụ"\n'
                'codes = [{ code = "000.00.01.H48", form = "qcvn102" }]\n']
        for key in KEYS:
            rows.append('[[authority]]\norganisation = "snv"\nperson = "Nguyễn Văn A"\ntitle = "Giám đốc"\n'
                        'certificate = { certificate_sha256 = "%s" }\n' % self.fingerprint("person-" + key))
            rows.append('[[agency_certificate]]\norganisation = "snv"\nuse = "seal"\n'
                        'certificate = { certificate_sha256 = "%s" }\n' % self.fingerprint("agency-" + key))
        file = self.dir / "registry.toml"
        file.write_text("".join(rows), encoding="utf-8")
        return file

    def fetch_crls(self):
        files = []
        for name in ("root.crl", "sub.crl"):
            files.append(self.new("-" + name))
            with urllib.request.urlopen(self.url + "/" + name) as answer:
                files[-1].write_bytes(answer.read())
        return files

    def p12(self, name):
        return self.pki / "signers" / (name + ".p12")

    def new(self, suffix):
        self.made += 1
        return self.dir / ("%03d%s" % (self.made, suffix))

    def run(self, *arguments):
        """(exit code, what it printed as JSON or None, what it said)"""
        # The authority is on loopback, where certificates do not lead by themselves.
        done = subprocess.run([self.vanthu, *map(str, arguments), "--allow-address", "127.0.0.1"], capture_output=True, text=True, check=False,
                              timeout=120, env=dict(os.environ, LC_ALL="C.UTF-8"))
        try:
            printed = json.loads(done.stdout or done.stderr)
        except ValueError:
            printed = None
        return done.returncode, printed, (done.stdout + done.stderr).strip()

    def verify(self, files, content=None, crls=True, more=()):
        arguments = ["verify", "--json", "--trust", self.trust, *more]
        for crl in (self.crls if crls is True else crls) or []:
            arguments += ["--crl", crl]
        if content:
            arguments += ["--content", content]
        return self.run(*arguments, *files)

    def close(self):
        self.server.send_signal(signal.SIGTERM)
        self.server.wait(timeout=30)

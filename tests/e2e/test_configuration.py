"""A wrong configuration is told with file and line and exit 78; a missing token is told, and nothing is signed."""
import os
import re
import unittest

from axis import Axis, SOFTHSM, TEST_PDF, VANTHUD, run, write


class Configuration(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.axis = Axis()
        cls.addClassCleanup(cls.axis.close)
        cls.axis.make()
        cls.node = cls.axis.nodes["h48"]
        with open(cls.node.config) as file:
            cls.good = file.read()

    def check(self, text, start=False):
        path = os.path.join(self.axis.work, "wrong.toml")
        write(path, text)
        return path, run(VANTHUD, "--config", path, *([] if start else ["--check-config"]), check=False, timeout=30)

    def told(self, text, code, line_of=None):
        path, done = self.check(text)
        self.assertEqual(done.returncode, 78, done.stderr)
        self.assertIn(code if "." in code else "config." + code, done.stderr)
        if line_of:
            line = 1 + text[:text.index(line_of)].count("\n")
            self.assertRegex(done.stderr, re.escape("%s:%d:" % (path, line)))
        _, started = self.check(text, start=True)
        self.assertEqual(started.returncode, 78, "it starts with a wrong configuration")

    def test_the_good_one_is_good(self):
        _, done = self.check(self.good)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_wrong_keys_and_values(self):
        self.told(self.good.replace("[delivery]\n", "[delivery]\nfirst_rerty = \"1s\"\n"), "unknown_key", "first_rerty")
        self.told(self.good.replace('first_retry = "1s"', 'first_retry = 1'), "wrong_type", "first_retry = 1")
        self.told(self.good.replace('first_retry = "1s"', 'first_retry = "soon"'), "malformed", "first_retry")
        self.told(self.good.replace('minimum_free = "16 MiB"', 'minimum_free = "1 B"'), "out_of_range", "minimum_free")
        self.told(self.good.replace('first_retry = "1s"', 'first_retry = '), "syntax", "first_retry")
        self.told(self.good.replace("log_key = ", "#log_key = "), "missing")
        self.told(self.good.replace("/log.key", "/absent.key"), "file_missing", "log_key = ")

    def test_one_key_in_two_roles(self):
        self.told(self.good.replace("/log.key", "/service.key"), "one_key_two_roles")

    def test_a_key_that_is_not_its_certificates(self):
        other = self.axis.pki + "/" + self.axis.nodes["g22"].organisation.code
        for section in ("listen.api", "listen.peer"):
            text = self.good.replace("[%s]" % section, "[%s] # here" % section)
            at = text.index("# here")
            text = text[:at] + re.sub('key = ".*"', 'key = "%s/service.key"' % other, text[at:], count=1)
            self.told(text, "key_mismatch")
        self.told(re.sub('service_key = ".*"', 'service_key = "%s/service.key"' % other, self.good), "key_mismatch",
                  "service_key = ")
        self.told(re.sub('log_key = ".*"', 'log_key = "%s/log.key"' % other, self.good), "key_mismatch", "log_key = ")
        locked = os.path.join(self.axis.work, "locked.key")
        run("openssl", "pkey", "-aes256", "-passout", "pass:x", "-in", other + "/service.key", "-out", locked)
        os.chmod(locked, 0o600)
        self.told(re.sub('service_key = ".*"', 'service_key = "%s"' % locked, self.good), "key_unusable",
                  "service_key = ")

    def test_the_clerks_key_opens_no_link(self):
        pki = os.path.join(self.axis.pki, self.node.organisation.code)
        text = self.good.replace("[listen.peer]", "[listen.peer] # here")
        at = text.index("# here")
        text = text[:at] + text[at:].replace("/service.pem", "/clerk.pem", 1).replace("/service.key", "/clerk.key", 1)
        self.told(text, "certificate_unfit")
        # The same key as the daemon's, in another encoding and another file.
        again = os.path.join(self.axis.work, "again.key")
        run("openssl", "ec", "-in", pki + "/service.key", "-out", again)
        os.chmod(again, 0o600)
        self.told(self.good.replace("[signing]\n", "[signing]\nagency_keys = [\"%s\"]\n" % again),
                  "one_key_two_roles")
        # Of a key on a token only the certificate is at hand.
        self.told(self.good.replace("[signing]\n", "[signing]\nagency_keys = [\"%s/service.pem\"]\n" % pki),
                  "one_key_two_roles")
        # Or the registry says whose it is.
        spki = run("sh", "-c", "openssl x509 -in %s/service.pem -noout -pubkey | openssl pkey -pubin -outform der | "
                   "sha256sum" % pki).stdout[:64]
        path = self.axis.write_registry(
            '\n[[agency_certificate]]\norganisation = "tinh"\nuse = "seal"\ncertificate = { spki_sha256 = "%s" }\n'
            % spki, os.path.join(self.axis.work, "registry-seal.toml"))
        self.told(self.good.replace(self.axis.registry, path), "one_key_two_roles")

    def test_an_operator_door_open_to_the_network(self):
        self.told(self.good.replace("[listen.operator]\naddress = \"127.0.0.1:%d\"" % self.node.operator_port,
                                    "[listen.operator]\naddress = \"0.0.0.0:%d\"" % self.node.operator_port),
                  "open_operator_door", "0.0.0.0")

    def test_a_secret_that_others_can_read(self):
        key = os.path.join(self.axis.work, "open.key")
        with open(os.path.join(self.axis.pki, self.node.organisation.code, "log.key"), "rb") as file:
            write(key, file.read(), 0o644)
        self.told(re.sub('log_key = ".*"', 'log_key = "%s"' % key, self.good), "secret_exposed", "log_key = ")

    def test_a_wrong_registry(self):
        path = self.axis.write_registry("\n[[organisation]]\nid = \"x\"\nname = \"X\"\nparnet = \"tinh\"\n",
                                        os.path.join(self.axis.work, "registry.toml"))
        _, done = self.check(self.good.replace(self.axis.registry, path))
        self.assertEqual(done.returncode, 78)
        self.assertRegex(done.stderr, r"registry\.unknown_key \[registry\.file\]: .*registry\.toml:\d+:")

    def test_a_wrong_calendar(self):
        path = os.path.join(self.axis.work, "calendar.toml")
        write(path, "[[holiday]]\nfrom = 2026-01-02\nto = 2026-01-01\n")
        _, done = self.check(self.good + '\n[calendar]\nfile = "%s"\n' % path)
        self.assertEqual(done.returncode, 78)
        self.assertRegex(done.stderr, r"rule_file\.bad_value \[calendar\.file\]: .*calendar\.toml:3:")

    def test_rules_for_signatures_that_cannot_be_read(self):
        path = os.path.join(self.axis.work, "rules.toml")
        write(path, "# rules\nrevocation = \"sometimes\"\n")
        self.assertIn("[inspect]\n", self.good)
        _, done = self.check(self.good.replace("[inspect]\n", '[inspect]\npolicy = "%s"\n' % path))
        self.assertEqual(done.returncode, 78)
        self.assertRegex(done.stderr, r"rule_file\.bad_value \[inspect\.policy\]: .*rules\.toml:2:")

    def test_a_node_that_another_organisation_runs_and_its_store_is_not_touched(self):
        store = os.path.join(self.axis.work, "fresh-store")
        for code in ("000.00.00.G22", "000.00.00.Z99", "H48.99.01"):  # another node's, nobody's, one only served here
            text = self.good.replace('organisation = "%s"' % self.node.organisation.code, 'organisation = "%s"' % code)
            self.assertNotEqual(text, self.good)
            text = re.sub(r'(\[store\]\ndirectory = )".*"', r'\1"%s"' % store, text)
            path, done = self.check(text)
            line = 1 + text[:text.index('organisation = "')].count("\n")
            self.assertEqual(done.returncode, 78, done.stderr)
            self.assertRegex(done.stderr, re.escape("%s:%d:" % (path, line)) + r"\d+: config\.\w+ \[node\.organisation\]")
            _, started = self.check(text, start=True)
            self.assertEqual(started.returncode, 78, started.stderr)
            self.assertIn("[node.organisation]", started.stderr)
            self.assertNotIn("delegation", started.stderr)
        self.assertFalse(os.path.exists(store))

    def test_a_certificate_authority_that_is_none_and_a_trust_without_a_root(self):
        pki = os.path.join(self.axis.pki, self.node.organisation.code)
        leaf = re.sub(r'\bca = ".*"', 'ca = "%s/service.pem"' % pki, self.good)
        self.told(leaf, "certificate_unfit", 'ca = "')
        empty = os.path.join(self.axis.work, "no-trust")
        os.makedirs(empty)
        self.told(re.sub('trust_directory = ".*"', 'trust_directory = "%s"' % empty, self.good), "files.not_found",
                  "trust_directory")

    def test_everything_wrong_is_told_in_one_run(self):
        other = self.axis.pki + "/" + self.axis.nodes["g22"].organisation.code
        broken, empty = os.path.join(self.axis.work, "all-broken"), os.path.join(self.axis.work, "all-empty")
        write(broken, "[[credential]\n", 0o600)
        write(empty, "\n", 0o600)
        text = self.good.replace("[delivery]\n", "[delivery]\nconcurency = 4\n")
        text = text.replace(self.axis.registry, broken)
        text = re.sub('credentials = ".*"', 'credentials = "%s"' % broken, text)
        text = re.sub('secret_file = ".*"', 'secret_file = "%s"' % empty, text)
        text = re.sub('service_key = ".*"', 'service_key = "%s/service.key"' % other, text)
        text = re.sub('crl_directory = ".*"', 'crl_directory = "%s/absent"' % self.axis.work, text)
        text = re.sub(r'(\[store\]\ndirectory = )".*"', r'\1"%s/below"' % empty, text)
        path, done = self.check(text)
        self.assertEqual(done.returncode, 78)
        told = re.findall(r"^%s(?::\d+:\d+)?: (\w+\.\w+) \[([\w.]+)\]" % re.escape(path), done.stderr, re.M)
        self.assertEqual(sorted(key for _, key in told),
                         ["delivery.concurency", "listen.api.credentials", "listen.operator.secret_file",
                          "registry.file", "signing.crl_directory", "signing.service_key", "store.directory"])

    def test_the_file_may_be_named_alone(self):
        done = run(VANTHUD, "--check-config", self.node.config, check=False, timeout=30)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_an_unusable_store_directory_is_named_in_both_languages(self):
        file = os.path.join(self.axis.work, "a-file")
        write(file, "")
        for directory in ("/proc/vanthu-store", file, file + "/below"):
            _, done = self.check(re.sub(r'(\[store\]\ndirectory = )".*"', r'\1"%s"' % directory, self.good), start=True)
            self.assertEqual(done.returncode, 69, done.stderr)
            self.assertIn("config.directory_unusable: store.directory: " + directory, done.stderr)
            self.assertIn("kho lưu trữ / store", done.stderr)
            self.assertLess(done.stderr.index("Không tạo được"), done.stderr.index("cannot be made"))
            path, checked = self.check(re.sub(r'(\[store\]\ndirectory = )".*"', r'\1"%s"' % directory, self.good))
            self.assertEqual(checked.returncode, 78, checked.stderr)
            self.assertRegex(checked.stderr, re.escape(path) + r":\d+:\d+: config\.directory_unusable")

    def test_a_wrong_command_line(self):
        for arguments, vietnamese, english in (
                ((), "thiếu --config TỆP", "--config FILE is required"),
                (("--confog",), "không có tùy chọn hoặc lệnh này: --confog.", "not expected"),
                (("--config",), "--config: thiếu hoặc thừa giá trị", "required")):
            done = run(VANTHUD, *arguments, check=False, timeout=30)
            self.assertEqual(done.returncode, 64, done.stderr)
            self.assertIn(vietnamese, done.stderr)
            self.assertIn(english, done.stderr)
            self.assertLess(done.stderr.index(vietnamese), done.stderr.index(english))

    def test_a_missing_token_and_a_wrong_pin(self):
        pdf, signed = os.path.join(self.axis.work, "a.pdf"), os.path.join(self.axis.work, "signed.pdf")
        run(TEST_PDF, "-o", pdf)

        def sign(token, pin):
            return self.axis.vanthu("sign", "--module", SOFTHSM, "--key", "pkcs11:token=%s;object=leader" % token,
                                    "--pin-file", pin, "--state-dir", self.axis.guard(), "--trust",
                                    self.axis.pki + "/trust", "--profile", "approved", pdf, "-o", signed, check=False)
        done = sign("no-such-token", self.axis.pin_file("xa-a", "leader"))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("token.token_not_found", done.stderr)
        wrong = os.path.join(self.axis.work, "wrong.pin")
        write(wrong, "000000\n", 0o600)
        done = sign(self.axis.token("xa-a", "leader"), wrong)
        self.assertIn("token.pin_incorrect", done.stderr)
        # The guard spends no second try on the same file.
        done = sign(self.axis.token("xa-a", "leader"), wrong)
        self.assertIn("tokens.", done.stderr)
        self.assertFalse(os.path.exists(signed))


if __name__ == "__main__":
    unittest.main()

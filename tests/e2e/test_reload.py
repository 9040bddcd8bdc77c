"""SIGHUP: credentials and the registry change while the daemon works; what is wrong is refused and the old stays."""
import json
import os
import signal
import unittest

from axis import Axis, Eoffice, ORGANISATIONS, until, write


class Reload(unittest.TestCase):
    def setUp(self):
        self.axis = Axis(tokens=False)
        self.addCleanup(self.axis.close)
        self.axis.make()
        self.axis.start("h48.40.21")
        self.node = self.axis.nodes["h48.40.21"]
        self.office = self.axis.eoffice("xa-a")

    def status(self, key):
        return self.office.request("GET", "/v1/inbox", key=key).status

    def send_to(self, code, number):
        return self.office.submit(self.axis.metadata("xa-a", [code], number, "Văn bản"), [("a.txt", b"x")])

    def log(self):
        with open(self.node.log) as file:
            return file.read()

    def test_credentials_come_and_go(self):
        file, key = self.node.folder + "/credentials.toml", os.path.join(self.axis.work, "new.key")
        with open(file) as f:
            before = f.read()
        self.axis.vanthu("credential", "new", "--id", "second", "--organisation", ORGANISATIONS["xa-a"].code,
                         "--right", "inbox", "--file", file, "--key-out", key)
        with open(key) as f:
            second = f.read().strip()
        self.assertEqual(self.status(second), 401)
        self.node.reload()
        self.assertEqual((self.status(second), self.status(None)), (200, 200))
        # A right that it does not have.
        answer = self.office.request("GET", "/v1/documents", key=second)
        self.assertEqual((answer.status, answer.code()), (403, "api.right_missing"))
        write(file, before, 0o600)
        self.node.reload()
        self.assertEqual((self.status(second), self.status(None)), (401, 200))
        write(file, "[[credential]\n", 0o600)
        self.node.reload()
        self.assertIn("credentials_refused", self.log())
        self.assertEqual(self.status(None), 200)
        self.assertRegex(self.log().splitlines()[-1], "reloaded_in_part.*kept_as_before=.?credentials")
        write(file, before, 0o600)
        self.node.reload()
        self.assertRegex(self.log().splitlines()[-1], r"\breloaded\b")
        self.assertNotIn("in_part", self.log().splitlines()[-1])

    def test_a_new_organisation_and_a_registry_that_is_refused(self):
        row = '\n[[organisation]]\nid = "moi"\nname = "Sở Mới"\nparent = "tinh"\ncodes = [{ code = "H48.55", form = "qd20" }]\n'
        self.assertEqual(self.send_to("H48.55", 1).code(), "intake.recipient_unknown")
        self.axis.write_registry(row)  # the version was not raised
        self.node.reload()
        self.assertIn("registry_refused", self.log())
        self.assertRegex(self.log(), "reloaded_in_part.*kept_as_before=.?registry")
        self.assertEqual(self.send_to("H48.55", 1).code(), "intake.recipient_unknown")
        self.axis.registry_version += 1
        self.axis.write_registry(row)
        self.node.reload()
        self.assertEqual(self.send_to("H48.55", 1).status, 201)
        self.axis.registry_version += 1
        self.axis.write_registry(row + "\n[[organisation]]\n")
        self.node.reload()
        self.assertEqual(self.send_to("H48.55", 2).status, 201)

    def further_eoffice(self, node, id, code):
        """An eOffice of an organisation that is not in the axis' own list."""
        key = os.path.join(self.axis.work, id + ".key")
        self.axis.vanthu("credential", "new", "--id", id, "--organisation", code, "--right", "inbox",
                         "--file", node.folder + "/credentials.toml", "--key-out", key)
        with open(key) as file:
            return Eoffice(node.api_port, self.axis.pki + "/ca/chain.pem", file.read().strip())

    def plan(self, node, file, expected=0):
        """What `vanthu registry plan` answers."""
        write(os.path.join(self.axis.work, "operator.secret"), node.operator_secret(), 0o600)
        done = self.axis.vanthu("registry", "plan", file, "--operator", node.operator_url().rstrip("/"), "--secret-file",
                                os.path.join(self.axis.work, "operator.secret"), "--json", check=False)
        self.assertEqual(done.returncode, expected, done.stdout)
        return json.loads(done.stdout)

    def test_what_waits_for_an_unknown_code_is_delivered_once_the_registry_knows_it(self):
        served_here = ('\n[[organisation]]\nid = "phong"\nname = "Phòng Mới"\nparent = "huyen"\n'
                       'codes = [{ code = "H48.40.55", form = "qd20" }]\n')
        beyond = ('\n[[organisation]]\nid = "so-moi"\nname = "Sở Mới"\nparent = "tinh"\n'
                  'codes = [{ code = "H48.56", form = "qd20" }]\n')
        self.axis.start("h48.40", "h48")
        district, province = self.axis.nodes["h48.40"], self.axis.nodes["h48"]
        phong = self.further_eoffice(district, "phong", "H48.40.55")
        so_moi = self.further_eoffice(province, "so-moi", "H48.56")
        # The commune's registry knows the two organisations already, those above it do not yet.
        self.axis.registry_version += 1
        self.axis.write_registry(served_here + beyond)
        self.node.reload()
        sent = self.office.submit(self.axis.metadata("xa-a", ["H48.40.55", "H48.56"], 7, "Văn bản"), [("a.txt", b"x")])
        self.assertEqual(sent.status, 201)
        document = sent.json()["document_id"]

        def reasons():
            return {r["reason"] for r in self.office.track(document)["recipients"]}

        until("the district parks both", lambda: reasons() == {"registry.unknown_organisation"})
        # The dry run names both and changes nothing; a file that a reload would refuse is told as such.
        told = self.plan(district, self.axis.registry)
        self.assertTrue(told["would_be_taken"])
        self.assertEqual((told["held"]["placed"], told["held"]["still_held"]), (2, 0))
        self.assertEqual({(p["recipient_code"], p["organisation"], p["document"] != "") for p in told["held"]["leaving"]},
                         {("H48.40.55", "phong", True), ("H48.56", "so-moi", True)})
        self.assertEqual(self.plan(district, self.axis.registry), told)
        self.assertEqual(reasons(), {"registry.unknown_organisation"})
        broken = os.path.join(self.axis.work, "broken.toml")
        write(broken, "[[organisation]]\n")
        self.assertRegex(self.plan(district, broken, expected=1)["code"], r"^registry\.")
        write(broken, "#" * (9 << 20))
        self.assertEqual(self.plan(district, broken, expected=1)["code"], "files.too_large")
        province.reload()
        district.reload()
        phong.await_entry(lambda e: True)
        so_moi.await_entry(lambda e: True)
        until("the sender sees them under way", lambda: reasons() == {""})
        # Whatever is read or started again: once.
        district.reload()
        district.stop()
        district.start()
        self.assertEqual([len(e.inbox()["entries"]) for e in (phong, so_moi)], [1, 1])
        for r in self.office.track(document)["recipients"]:
            self.assertEqual([s["code"] for s in r["steps"] if s["kind"] == "notice"][0], "parked")

    def test_the_office_calendar(self):
        """What stands here unsent gets its deadline from the file, and a new file tells at once."""
        calendar = os.path.join(self.axis.work, "calendar.toml")
        write(calendar, "[hours]\nsunday = [\"08:00-09:00\"]\n")
        with open(self.node.config) as f:
            write(self.node.config, f.read() + '\n[calendar]\nfile = "%s"\n' % calendar)
        self.node.reload()
        document = self.send_to(ORGANISATIONS["vpcp"].code, 5).json()["document_id"]
        by = lambda: self.office.track(document)["recipients"][0]["deadlines"][0]
        self.assertEqual((by()["duty"], by()["by"][10:]), ("sent", "T02:00:00.000000Z"))  # 09:00 in Viet Nam
        write(calendar, "[hours]\nsunday = [\"08:00-10:00\"]\n")
        self.node.reload()
        self.assertEqual(by()["by"][10:], "T03:00:00.000000Z")
        self.assertEqual(self.log().count("calendar_without_year"), 2)  # one for each reload
        write(calendar, "[hours]\nsunday = [\"10:00-08:00\"]\n")
        self.node.reload()
        self.assertIn("calendar_refused", self.log())
        self.assertRegex(self.log().splitlines()[-1], "reloaded_in_part.*kept_as_before=.?calendar")
        self.assertEqual(by()["by"][10:], "T03:00:00.000000Z")

    def test_the_rules_by_which_signatures_are_judged(self):
        rules = os.path.join(self.axis.work, "rules.toml")
        write(rules, "require_timestamp = true\n")
        with open(self.node.config) as f:
            text = f.read()
        self.assertIn("[inspect]\n", text)
        write(self.node.config, text.replace("[inspect]\n", '[inspect]\npolicy = "%s"\n' % rules))
        self.node.reload()
        self.assertRegex(self.log().splitlines()[-1], r"\breloaded\b")
        self.assertNotIn("needs_restart", self.log())
        write(rules, "require_timestamps = true\n")
        self.node.reload()
        self.assertRegex(self.log(), "verification_policy_refused.*rules.toml:1:")
        self.assertRegex(self.log().splitlines()[-1], "reloaded_in_part.*kept_as_before=.?verification policy")
        write(rules, "require_timestamp = true\n")
        self.node.reload()
        self.assertRegex(self.log().splitlines()[-1], r"\breloaded\b")

    def test_a_wrong_configuration_changes_nothing(self):
        with open(self.node.config) as file:
            good = file.read()
        write(self.node.config, good + "\n[nonsense]\n")
        self.node.process.child.send_signal(signal.SIGHUP)
        until("it is refused", lambda: "reload_refused" in self.log())
        self.assertEqual(self.status(None), 200)
        write(self.node.config, good)
        self.node.reload()


if __name__ == "__main__":
    unittest.main()

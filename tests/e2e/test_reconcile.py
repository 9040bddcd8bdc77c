"""Real daemons compare their records: what the district has lost with an older store, the commune sends again."""
import datetime
import json
import os
import re
import shutil
import unittest

from axis import VIETNAM, Axis, until


class Reconcile(unittest.TestCase):
    def setUp(self):
        self.axis = Axis(tokens=False)
        self.addCleanup(self.axis.close)
        self.axis.make()
        self.axis.start()

    def send(self, number):
        answer = self.axis.eoffice("xa-a").submit(self.axis.metadata("xa-a", ["vpcp"], number, "Văn bản"),
                                                  [("a.txt", b"%d" % number)])
        self.assertEqual(answer.status, 201, answer.body)
        accepted = answer.json()
        self.axis.eoffice("vpcp").await_entry(
            lambda e: e["document"]["document_id"] == accepted["business_document_id"])
        until("it is handed over", lambda: self.state(accepted) == "delivered")
        return accepted

    def state(self, accepted):
        return self.axis.eoffice("xa-a").track(accepted["document_id"])["recipients"][0]["state"]

    def compare(self, node, *more):
        n = self.axis.nodes[node]
        done = self.axis.vanthu("reconcile", "--operator", n.operator_url().rstrip("/"), "--secret-file",
                                os.path.join(n.folder, "operator.secret"), "--json", *more, check=False)
        reports = {r["node"]: r for r in json.loads(done.stdout)["reports"]}
        return done.returncode, reports

    def test_what_the_next_hop_has_lost_is_found_and_sent_again(self):
        district = self.axis.nodes["h48.40"]
        self.send(1)
        code, reports = self.compare("h48.40.21")
        self.assertEqual(code, 0, reports)
        self.assertEqual([r["outcome"] for r in reports.values() if r["node"] == "h48.40"], ["done"])

        district.stop()
        store = os.path.join(district.folder, "store")
        shutil.copytree(store, store + ".older")
        district.start()
        lost = self.send(2)
        district.stop()
        shutil.rmtree(store)
        os.rename(store + ".older", store)
        district.start()

        code, reports = self.compare("h48.40.21", "--node", "h48.40", "--no-repair")
        self.assertEqual((code, list(reports)), (3, ["h48.40"]), reports)
        self.assertEqual(reports["h48.40"]["counts"], {"lost_there": {"found": 1, "repaired": 0}})
        code, reports = self.compare("h48.40.21", "--node", "h48.40")
        self.assertEqual(code, 0, reports)
        self.assertEqual(reports["h48.40"]["counts"], {"lost_there": {"found": 1, "repaired": 1}})
        self.assertEqual(reports["h48.40"]["findings"][0]["document"], lost["document_id"])
        until("it is handed over again", lambda: self.state(lost) == "delivered")
        code, reports = self.compare("h48.40.21", "--node", "h48.40")
        self.assertEqual((code, reports["h48.40"]["found"]), (0, 0))
        # Sent twice over the first hop, and one document at its recipient.
        entries = [e for e in self.axis.eoffice("vpcp").inbox()["entries"] if e["kind"] == "document"]
        self.assertEqual(len(entries), 2)

        # A person is told the office's time.
        district.stop()
        node = self.axis.nodes["h48.40.21"]
        told = self.axis.vanthu("reconcile", "--operator", node.operator_url().rstrip("/"), "--secret-file",
                                os.path.join(node.folder, "operator.secret"), "--node", "h48.40", check=False).stdout
        shown = re.findall(r"\((\d\d/\d\d/\d{4} \d\d:\d\d:\d\d)\)", told)
        self.assertEqual(len(shown), 2, told)
        at = datetime.datetime.strptime(shown[0], "%d/%m/%Y %H:%M:%S").replace(tzinfo=VIETNAM)
        self.assertLess(abs((datetime.datetime.now(VIETNAM) - at).total_seconds()), 600)


if __name__ == "__main__":
    unittest.main()

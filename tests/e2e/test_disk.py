"""A full disk: new documents are refused first, then everything, with a code and before anything is kept; when there is
room again, work goes on."""
import json
import os
import shutil
import unittest

from axis import Axis


class FullDisk(unittest.TestCase):
    def test_below_the_mark_nothing_is_taken_and_above_it_again(self):
        axis = Axis(tokens=False)
        self.addCleanup(axis.close)
        axis.make()
        axis.start("h48.40.21")
        node, office = axis.nodes["h48.40.21"], axis.eoffice("xa-a")

        def submit(number):
            return office.submit(axis.metadata("xa-a", ["vpcp"], number, "Văn bản"), [("a.txt", os.urandom(100_000))],
                                 idempotency_key="k-%d" % number)
        first = submit(1)
        self.assertEqual(first.status, 201)

        def health():
            told = office.get("/v1/health").json()
            return told["status"], [problem["code"] for problem in told.get("problems", [])]
        self.assertEqual(health(), ("ok", []))
        node.stop()
        # The mark above what is free: as if somebody had filled the disk.
        free = shutil.disk_usage(node.folder).free
        node.settings = {"store": {"minimum_free": "%d GiB" % (free // (1 << 30) + 10)}}
        node.write_config()
        node.start()
        answer = submit(2)
        self.assertEqual((answer.status, answer.code()), (503, "intake.overloaded"), answer.body)
        self.assertTrue(answer.json()["retryable"])
        self.assertGreater(int(answer.headers["Retry-After"]), 0)
        # A recall is no new document: it may use what is kept free above the mark, but not what is below it.
        recall = office.request("POST", "/v1/documents/%s/recall" % first.json()["document_id"],
                                body=json.dumps({"reason": "Gửi nhầm"}), headers={"Content-Type": "application/json"})
        self.assertEqual((recall.status, recall.code()), (507, "ledger.no_space"), recall.body)
        self.assertEqual(health(), ("degraded", ["ledger.no_space"]))
        self.assertEqual(len(office.get("/v1/documents").json()["documents"]), 1)
        self.assertEqual(os.listdir(os.path.join(node.store, "spool")), [])
        node.stop()
        node.settings = {}
        node.write_config()
        node.start()
        self.assertEqual(health(), ("ok", []))
        self.assertEqual(submit(2).status, 201)  # the refusal has not used up the key
        self.assertEqual(len(office.get("/v1/documents").json()["documents"]), 2)


if __name__ == "__main__":
    unittest.main()

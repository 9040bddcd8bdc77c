"""A partner that answers a comparison (vanthu reconcile) wrongly in every way: each difference is found and named, only
what is safe is repaired, an answer that does not fit is not believed, nothing is lost and nothing is sent twice."""
import json
import os
import shutil
import tempfile
import threading
import unittest

from rig import SIM, Oracle, Reader, World, run, until

# What one packet's answer is found to be, and whether that is repaired.
AT_STAND = {"not_known": ("lost_there", 1), "other_content": ("content_differs", 0),
            "recipient_left_out": ("recipients_differ", 0), "second_entry": ("double_there", 0),
            "no_entry": ("entry_missing", 0), "status_ahead": ("status_missing", 0),
            "says_recalled": ("notice_missing", 0), "says_parked": ("notice_missing", 1)}
# What always ends a round, so that nothing of that answer is believed.
UNFIT = {("stand", "stand_twice"), ("stand", "other_recipient"), ("listed", "listed_twice"),
         ("reconcile list", "other_order"), ("reconcile list", "pages_backwards"), ("reconcile sent", "other_question")}
# Asked again, three times in all.
BROKEN = {"status_500", "status_503", "cut_before_taking", "cut_in_answer", "garbage_http", "oversize_headers"}
FOR_EVER = 100000


class Comparing(unittest.TestCase):
    def world(self, *rules, calling=None, seed=5):
        folder = tempfile.mkdtemp(prefix="vanthu-sim-")
        self.addCleanup(shutil.rmtree, folder, True)
        self.script = os.path.join(folder, "script.json")
        self.write(*rules, calling=calling)
        self.world = World(os.path.join(folder, "world"), self.script, seed)
        self.addCleanup(self.world.close)
        for node in self.world.nodes.values():
            node.settings["reconcile"] = {"every": "0s"}  # when we ask for it
        self.world.make()
        self.world.start()
        self.partner = self.world.partner

    def write(self, *rules, calling=None):
        with open(self.script, "w") as file:
            json.dump({"schema_version": 1, "answering": list(rules), "calling": calling or {}}, file)

    def send(self, count, first=1):
        sent = []
        for n in range(first, first + count):
            answer = self.world.eoffice("tinh").submit(
                self.world.metadata("tinh", ["doi-tac"], n, "Văn bản %d" % n), [("a.bin", b"noi dung %d" % n)])
            self.assertEqual(answer.status, 201, answer.body)
            sent.append(answer.json())
        until("all are delivered", lambda: set(self.states(sent)) == {"delivered"})
        return sent

    def states(self, sent):
        office = self.world.eoffice("tinh")
        return [office.track(a["document_id"])["recipients"][0]["state"] for a in sent]

    def compare(self, *more):
        """The exit code, the report, and what the partner decided while it was asked."""
        node, before = self.world.nodes["a"], len(self.partner.entries())
        done = self.world.vanthu("reconcile", "--operator", node.operator_url().rstrip("/"), "--secret-file",
                                 os.path.join(node.folder, "operator.secret"), "--json", "--node", "doi", *more,
                                 check=False)
        report = json.loads(done.stdout)["reports"][0]
        decided = [e for e in self.partner.entries()[before:] if e["event"] == "decided"]
        return done.returncode, report, decided

    def taken(self):
        return [e for e in self.partner.entries() if e["event"] == "taken"]

    def nothing_lost_nothing_twice(self, sent):
        self.assertEqual(set(self.states(sent)), {"delivered"})
        documents = [e["document_id"] for e in self.taken() if e["kind"] == "document"]
        self.assertEqual(sorted(documents), sorted(a["business_document_id"] for a in sent))
        packets = [e["packet"] for e in self.taken()]
        self.assertEqual(len(packets), len(set(packets)))
        self.assertEqual([e["text"] for e in self.partner.entries() if e["event"] == "wrong"], [])

    def test_each_difference_is_found_once_and_only_what_is_safe_is_repaired(self):
        share = 1 / (len(AT_STAND) + 1)
        self.world(*[{"fault": f, "at": "stand", "share": share, "attempts": 1, "kind": "document"} for f in AT_STAND],
                   {"fault": "not_known", "at": "stand", "share": 0.5, "attempts": 1, "kind": "status"},
                   {"fault": "left_out", "at": "listed", "share": 0.3, "attempts": 1},
                   {"fault": "listed_other_hash", "at": "listed", "share": 0.3, "attempts": 1},
                   {"fault": "never_sent", "at": "reconcile", "share": 1.0, "attempts": 1},
                   calling={"documents": 12, "pause_ms": 5})
        # The partner's own documents are acknowledged here: their 01 are packets that were sent, too.
        stop = threading.Event()
        reader = Reader(Oracle(self.world), "tinh", stop)
        reader.start()
        sent = self.send(70)
        until("its documents are acknowledged", lambda: sum(e["kind"] == "status" for e in self.taken()) == 12)
        stop.set()
        reader.join(30)

        def expected(decided):
            counts = {}

            def add(kind, repaired):
                row = counts.setdefault(kind, {"found": 0, "repaired": 0})
                row["found"] += 1
                row["repaired"] += repaired
            for e in decided:
                if e["step"] == "stand" and e["fault"] != "none":
                    # Of a status: it is what somebody waits for, as a document is.
                    add(*AT_STAND[e["fault"]])
                elif e["fault"] in ("listed_other_hash", "never_sent") and e["key"] != "reconcile sent":
                    add("not_on_record_here", 0)
            return counts
        code, report, decided = self.compare()
        self.assertEqual((report["outcome"], report["packets"]), ("done", 82), report)
        met = {e["fault"] for e in decided}
        self.assertLessEqual(set(AT_STAND) | {"left_out", "listed_other_hash", "never_sent"}, met)
        self.assertEqual(report["counts"], expected(decided))
        self.assertEqual(code, 3)
        # What is only listed says why; a recall that nobody asked for ends nothing.
        for finding in report["findings"]:
            self.assertTrue(finding["text_vi"] and finding["text_en"], finding)
            if finding["there"].startswith("recalled"):
                self.assertEqual((finding["repaired"], finding["withheld"]), (False, "unasked"))
        # Sent again, known there by its bytes: taken once.
        until("what was sent again is known there", lambda: set(self.states(sent)) == {"delivered"})
        self.nothing_lost_nothing_twice(sent)
        code, report, _ = self.compare()
        self.assertEqual((code, report["counts"]), (0, {}))
        self.nothing_lost_nothing_twice(sent)
        run(SIM, "replay", self.partner.journal(), "--script", self.script, "--seed", 5)

    def test_an_answer_that_is_broken_or_does_not_fit_changes_nothing(self):
        at_question = ("status_500", "cut_before_taking", "cut_in_answer", "garbage_http", "garbage_json", "slow",
                       "other_order", "pages_backwards", "same_page", "small_pages", "other_question")
        rules = [{"fault": f, "at": "reconcile", "share": 0.07, "attempts": FOR_EVER,
                  "value": {"slow": 300, "status_500": 0}.get(f, 4)} for f in at_question]
        rules += [{"fault": f, "at": "stand", "share": 0.02, "attempts": FOR_EVER}
                  for f in ("stand_twice", "other_recipient")]
        rules += [{"fault": "listed_twice", "at": "listed", "share": 0.02, "attempts": FOR_EVER}]
        self.world(*rules)
        sent = self.send(10)
        met, outcomes = set(), set()
        for _ in range(30):
            _, report, decided = self.compare()
            faults = [e["fault"] for e in decided if e["fault"] != "none"]
            unfit = UNFIT & {(e["key"] if e["step"] == "reconcile" else e["step"], e["fault"]) for e in decided}
            met |= set(faults)
            outcomes.add((report["last_try"]["outcome"], report["last_try"]["code"]))
            self.assertEqual(report["counts"], {}, (faults, report))
            questions = [e for e in decided if e["step"] == "reconcile"]
            tried = [e["fault"] in BROKEN for e in questions]
            # No question is asked more than three times, and nothing goes on for ever.
            self.assertFalse(any(all(tried[i:i + 4]) for i in range(len(tried) - 3)), questions)
            self.assertLess(len(questions), 40)
            if not faults:
                self.assertEqual(report["last_try"]["outcome"], "done", report)
            last = report["last_try"]
            if last["outcome"] == "failed":
                self.assertTrue(last["text_vi"] and last["text_en"], last)
            if unfit and not BROKEN & set(faults) and "garbage_json" not in faults:
                self.assertEqual((last["outcome"], last["code"]), ("failed", "reconciliation.answer_unfit"), faults)
        self.assertGreaterEqual(len(met), 10, met)
        self.assertLessEqual({("done", ""), ("failed", "reconciliation.answer_unfit")}, outcomes)
        self.nothing_lost_nothing_twice(sent)

    def test_who_never_knows_is_sent_to_three_times_and_who_has_forgotten_once(self):
        self.world({"fault": "not_known", "at": "stand", "share": 1.0, "attempts": FOR_EVER})
        sent = self.send(6)
        for n in range(1, 6):
            _, report, _ = self.compare()
            self.assertEqual(report["counts"], {"lost_there": {"found": 6, "repaired": 6 if n <= 3 else 0}})
            until("they are known there", lambda: set(self.states(sent)) == {"delivered"})
        self.assertEqual({f["withheld"] for f in report["findings"]}, {"given_up"})
        self.nothing_lost_nothing_twice(sent)

        # Another partner in its place that has forgotten everything; what is new comes once, as it was.
        self.write()
        later = self.send(4, first=7)
        before = {e["document_id"]: e["packet"] for e in self.taken()}
        self.partner.stop()
        os.unlink(self.partner.journal())
        self.partner.start()
        code, report, _ = self.compare()
        self.assertEqual((code, report["counts"]), (3, {"lost_there": {"found": 10, "repaired": 4}}))
        until("they are sent again", lambda: len(self.taken()) == 4 and set(self.states(sent + later)) == {"delivered"})
        self.assertEqual({e["document_id"]: e["packet"] for e in self.taken()},
                         {a["business_document_id"]: before[a["business_document_id"]] for a in later})
        code, report, _ = self.compare()
        self.assertEqual((code, report["counts"]), (3, {"lost_there": {"found": 6, "repaired": 0}}))
        self.assertEqual(len(self.taken()), 4)


if __name__ == "__main__":
    unittest.main()

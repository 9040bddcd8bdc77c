"""One daemon serves a province and two of its communes, a second one a third commune: each has its own inbox, numbers,
keys and ladders, wherever the others are served."""
import collections
import json
import os
import random
import threading
import time
import unittest
import urllib.request

from axis import Axis, Eoffice, Failure, Organisation, VANTHUD, run, today, until, write
from test_kill import Reader, Sender


def organisations():
    return {o.id: o for o in (
        Organisation("tinh", "H48", "Ủy ban nhân dân tỉnh Quảng Thử", "UBND tỉnh", None, "dc", "Quảng Thử", "UBND-NC"),
        Organisation("xa-1", "H48.01.01", "Ủy ban nhân dân xã Một", "UBND xã", "tinh", "dc", "Xã Một", "UBND"),
        Organisation("xa-2", "H48.01.02", "Ủy ban nhân dân xã Hai", "UBND xã", "tinh", "dc", "Xã Hai", "UBND"),
        Organisation("xa-3", "H48.01.03", "Ủy ban nhân dân xã Ba", "UBND xã", "tinh", "nut3", "Xã Ba", "UBND"),
    )}


def open_text(path):
    with open(path) as file:
        return file.read()


NODES = {"dc": "tinh", "nut3": "xa-3"}


class Hosting(unittest.TestCase):
    def setUp(self):
        self.axis = Axis(tokens=False, organisations=organisations(), nodes=NODES)
        self.addCleanup(self.axis.close)
        self.axis.make()
        self.axis.start()
        self.office = {id: self.axis.eoffice(id) for id in self.axis.organisations}

    def code(self, organisation):
        return self.axis.organisations[organisation].code

    def send(self, sender, recipients, number, content=b"noi dung", **more):
        metadata = self.axis.metadata(sender, recipients, number, "Văn bản %s của %s" % (number, sender))
        return self.office[sender].submit(metadata, [("a.txt", content)], **more)

    def accepted(self, *args, **more):
        answer = self.send(*args, **more)
        self.assertEqual(answer.status, 201, answer.body)
        return answer.json()

    def entry(self, at, accepted):
        return self.office[at].await_entry(lambda e: e["kind"] == "document" and e["document"]["document_id"] ==
                                           accepted["business_document_id"])

    def row(self, sender, accepted, recipient):
        ladder = self.office[sender].track(accepted["document_id"])
        return next(r for r in ladder["recipients"] if r["code"] == self.code(recipient))

    def reaches(self, sender, accepted, recipient, status):
        until("%s sees %s of %s" % (sender, status, recipient),
              lambda: self.row(sender, accepted, recipient)["last_status"] == status)

    def report(self, at, entry, code, **more):
        self.office[at].post("/v1/inbox/%s/status" % entry["id"], {"code": code, **more})

    def log(self, node):
        return open_text(self.axis.nodes[node].log)

    def verify_receipt(self, receipt, *more):
        path = os.path.join(self.axis.work, "receipt.json")
        write(path, receipt)
        return self.axis.vanthu("verify-receipt", path, "--trust", self.axis.pki + "/trust", *more)

    # --- the flow ---

    def test_one_document_to_neighbours_on_the_node_and_beyond(self):
        sent = self.accepted("xa-1", ["xa-2", "xa-3", "tinh"], 15)
        entries = {at: self.entry(at, sent) for at in ("xa-2", "xa-3", "tinh")}
        self.assertEqual({at: e["sequence"] for at, e in entries.items()}, {"xa-2": 1, "xa-3": 1, "tinh": 1})
        self.assertEqual(len({e["id"] for e in entries.values()}), 3)
        self.assertEqual([e["recipient"] for e in entries.values()], [self.code(at) for at in entries])
        for at, e in entries.items():
            self.assertEqual((e["document"]["from"]["code"], e["document"]["origin"]), (self.code("xa-1"), "proven"))
            self.assertEqual(self.office[at].get("/v1/inbox/%s/attachments/0" % e["id"]).body, b"noi dung")
        before = self.row("xa-1", sent, "xa-2")
        self.assertEqual((before["state"], before["last_status"], before["why_vi"]), ("delivered", "", ""))
        for at, e in entries.items():
            self.office[at].post("/v1/inbox/%s/ack" % e["id"])
            self.office[at].post("/v1/inbox/%s/ack" % e["id"])  # once more: no second 01
            self.reaches("xa-1", sent, at, "01")
        for code in ("03", "04", "05", "06"):
            for at in ("xa-2", "xa-3"):
                self.report(at, entries[at], code)
                self.reaches("xa-1", sent, at, code)
        self.report("tinh", entries["tinh"], "02", description="Không thuộc thẩm quyền")
        self.reaches("xa-1", sent, "tinh", "02")
        for at in ("xa-2", "xa-3"):
            ladder = self.row("xa-1", sent, at)
            self.assertEqual({r["code"]: r["state"] for r in ladder["rungs"]},
                             dict.fromkeys(("01", "03", "04", "05", "06"), "reached"))
            self.assertEqual([s["by"] for s in ladder["steps"] if s["kind"] == "status"], [self.code(at)] * 5)
        # Every status is in the sender's inbox, in sequence, and nobody else's.
        until("the sender has all statuses", lambda: len(self.office["xa-1"].inbox()["entries"]) == 12)
        page = self.office["xa-1"].inbox()["entries"]
        self.assertEqual([e["sequence"] for e in page], list(range(1, 13)))
        self.assertEqual(collections.Counter((e["document"]["from"]["code"], e["document"]["status"]["code"])
                                             for e in page).most_common(1)[0][1], 1)
        self.assertEqual({e["document"]["status"]["about"] for e in page}, {sent["document_id"]})
        self.assertEqual({e["document"]["origin"] for e in page}, {"proven"})
        for at in ("xa-2", "xa-3", "tinh"):
            self.assertEqual(len(self.office[at].inbox()["entries"]), 1)

    def test_one_document_from_beyond_to_two_of_the_node(self):
        sent = self.accepted("xa-3", ["xa-1", "xa-2"], 7)
        one, two = self.entry("xa-1", sent), self.entry("xa-2", sent)
        self.assertNotEqual(one["id"], two["id"])
        self.assertEqual({one["document"]["origin"], two["document"]["origin"]}, {"proven"})
        self.assertEqual(self.office["tinh"].inbox()["entries"], [])
        self.office["xa-1"].post("/v1/inbox/%s/ack" % one["id"])
        self.reaches("xa-3", sent, "xa-1", "01")
        self.assertEqual(self.row("xa-3", sent, "xa-2")["last_status"], "")
        self.office["xa-2"].post("/v1/inbox/%s/ack" % two["id"])
        self.report("xa-2", two, "02", description="Gửi nhầm")
        self.report("xa-1", one, "03")
        self.reaches("xa-3", sent, "xa-2", "02")
        self.reaches("xa-3", sent, "xa-1", "03")

    # --- what is whose ---

    def test_numbers_belong_to_the_issuer_and_keys_to_the_organisation(self):
        for at in ("xa-1", "xa-2", "tinh"):
            self.accepted(at, ["xa-3"], 5, content=at.encode(), idempotency_key="k-1")
        for at in ("xa-1", "xa-2"):
            other = "xa-2" if at == "xa-1" else "xa-1"
            self.accepted(at, [other], 6, content=at.encode(), idempotency_key="k-2")
            again = self.send(at, [other], 6, content=at.encode(), idempotency_key="k-2")
            self.assertEqual(again.status, 201)
            known = self.send(at, [other], 6, content=at.encode())
            self.assertEqual((known.status, known.json()["document_id"]), (200, again.json()["document_id"]))
            reused = self.send(at, [other], 6, content=b"khac")
            self.assertEqual((reused.status, reused.code()), (409, "intake.number_reused"))
        for at in ("xa-1", "xa-2"):
            self.assertEqual(len(self.office[at].inbox()["entries"]), 1)
        until("three arrive beyond", lambda: len(self.office["xa-3"].inbox()["entries"]) == 3)

    def refused(self, at, method, path, body=None, status=404, **headers):
        answer = self.office[at].request(method, path, body=body, headers=headers)
        self.assertEqual(answer.status, status, "%s %s as %s: %s" % (method, path, at, answer.body[:300]))

    def test_no_key_reads_what_belongs_to_another_organisation(self):
        inside = self.accepted("xa-1", ["xa-2"], 1, content=b"chi cho xa Hai")
        beyond = self.accepted("xa-3", ["xa-1"], 2, content=b"chi cho xa Mot")
        for owner, sent, others in (("xa-2", inside, ("xa-1", "tinh")), ("xa-1", beyond, ("xa-2", "tinh"))):
            entry = self.entry(owner, sent)
            path = "/v1/inbox/" + entry["id"]
            self.assertEqual(self.office[owner].get(path + "/attachments/0", headers={"Range": "bytes=0-3"}).body,
                             b"chi ")
            self.assertEqual(self.office[owner].get(path + "/packet").status, 200)
            for at in others:
                self.refused(at, "GET", path)
                self.refused(at, "GET", path + "/packet")
                self.refused(at, "GET", path + "/packet", Range="bytes=0-9")
                self.refused(at, "GET", path + "/attachments/0")
                self.refused(at, "GET", path + "/attachments/0", Range="bytes=0-3")
                self.refused(at, "POST", path + "/ack")
                self.refused(at, "POST", path + "/status", '{"code": "02", "description": "x"}',
                             **{"Content-Type": "application/json"})
                self.refused(at, "GET", "/v1/inbox?organisation=" + self.code(owner), status=403)
                self.refused(at, "GET", "/v1/documents?organisation=" + self.code(owner), status=403)
            self.office[owner].post(path + "/ack")
        # Documents are followed by who sent them: not by who runs the node, nor by other recipients.
        here = self.entry("xa-1", beyond)["document"]["id"]
        for id, senders in ((inside["document_id"], ("xa-1",)), (here, ())):
            for at in ("xa-1", "xa-2", "tinh"):
                for path in ("/v1/documents/" + id, "/v1/documents/%s/receipt" % id):
                    if at in senders:
                        self.office[at].get(path)
                    else:
                        self.refused(at, "GET", path)
        own = self.accepted("tinh", ["xa-1", "xa-3"], 9)
        listed = {at: [d["id"] for d in self.office[at].get("/v1/documents").json()["documents"]
                       if d["kind"] == "document"] for at in ("tinh", "xa-1", "xa-2")}
        self.assertEqual(listed, {"tinh": [own["document_id"]], "xa-1": [inside["document_id"]], "xa-2": []})
        # A key may not send for another organisation of the node.
        metadata = self.axis.metadata("xa-1", ["xa-3"], 30, "Mạo danh")
        forged = self.office["xa-2"].submit(metadata, [("a.txt", b"x")])
        self.assertEqual((forged.status, forged.code()), (403, "intake.sender_not_yours"))

    def further_key(self, node, id, *codes):
        key = os.path.join(self.axis.work, id + ".key")
        self.axis.vanthu("credential", "new", "--id", id, *(part for c in codes for part in ("--organisation", c)),
                         "--right", "inbox", "--right", "submit", "--right", "track",
                         "--file", self.axis.nodes[node].folder + "/credentials.toml", "--key-out", key)
        self.axis.nodes[node].reload()
        return Eoffice(self.axis.nodes[node].api_port, self.axis.pki + "/ca/chain.pem", open_text(key).strip())

    def test_a_key_of_several_organisations_says_for_which_one(self):
        shared = self.further_key("dc", "shared", self.code("xa-1"), self.code("xa-2"))
        metadata = self.axis.metadata("xa-2", ["xa-3"], 12, "Văn bản chung")
        del metadata["from"]
        unclear = shared.submit(metadata, [("a.txt", b"x")])
        self.assertEqual((unclear.status, unclear.code()), (400, "api.organisation_unclear"))
        metadata["from"] = {"organ_id": self.code("xa-2")}
        self.assertEqual(shared.submit(metadata, [("a.txt", b"x")]).status, 201)
        self.assertEqual(self.office["xa-3"].await_entry(lambda e: True)["document"]["from"]["code"],
                         self.code("xa-2"))
        self.assertEqual(shared.request("GET", "/v1/inbox").code(), "api.organisation_unclear")
        self.assertEqual(shared.inbox(organisation=self.code("xa-1"))["entries"], [])

    # --- proof ---

    def test_receipts_and_origins_hold_for_every_organisation_of_the_node(self):
        sent = self.accepted("xa-2", ["xa-1", "xa-3"], 21)
        receipt = json.loads(sent["receipt"])
        self.assertEqual((receipt["leaf"]["role"], receipt["leaf"]["from"], receipt["leaf"]["recipients"]),
                         ("accepted", self.code("xa-2"), [self.code("xa-1"), self.code("xa-3")]))
        self.assertEqual(receipt["leaf"]["hop_organisation"], self.code("tinh"))  # who runs the node
        self.verify_receipt(sent["receipt"])
        entry = self.entry("xa-1", sent)
        packet = os.path.join(self.axis.work, "packet.edxml")
        write(packet, self.office["xa-1"].get("/v1/inbox/%s/packet" % entry["id"]).body)
        self.verify_receipt(sent["receipt"], "--packet", packet)
        back = self.accepted("xa-3", ["xa-2", "xa-1"], 22)
        self.entry("xa-2", back)
        # The other node checked and kept our receipt: handed over, with its proof.
        until("it is handed over", lambda: [s["proof"] for s in self.row("xa-3", back, "xa-2")["steps"]
                                            if s["kind"] == "handed_over" and s["proof"]])

    # --- the operator ---

    def test_the_operator_sees_whom_the_node_serves(self):
        sent = self.accepted("xa-1", ["xa-2", "xa-3"], 40)
        self.entry("xa-2", sent)
        node = self.axis.nodes["dc"]

        def view(path):
            asked = urllib.request.Request(node.operator_url() + path,
                                           headers={"Authorization": "Bearer " + node.operator_secret()})
            with urllib.request.urlopen(asked) as answer:
                return json.load(answer)
        overview = view("api/overview")
        self.assertEqual({i["organisation"]: i["unacknowledged"] for i in overview["inboxes"]},
                         {"@tinh": 0, "@xa-1": 0, "@xa-2": 1})
        shown = view("api/documents/" + sent["document_id"])
        self.assertEqual(len(shown["recipients"]), 2)

        done = run(VANTHUD, "--config", node.config, "--check-config")
        self.assertIn("tinh, xa-1, xa-2", done.stdout)
        self.axis.organisations["tinh"].served_by = [("nut3", today())]
        elsewhere = self.axis.write_registry(path=os.path.join(self.axis.work, "elsewhere.toml"))
        wrong = os.path.join(self.axis.work, "wrong.toml")
        write(wrong, open_text(node.config).replace(self.axis.registry, elsewhere))
        for more in (["--check-config"], []):
            done = run(VANTHUD, "--config", wrong, *more, check=False, timeout=30)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("config.serves_nobody", done.stderr)

        # Neither does a reload take it over; and one that gives the node to somebody else is told apart.
        for registry, code in ((elsewhere, "serves_nobody"), (self.another_runs_it(), "node_of_another")):
            self.axis.registry_version += 1
            write(self.axis.registry, open_text(registry))
            node.reload()
            self.assertIn("config." + code, self.log("dc"))
            self.assertEqual(self.send("xa-1", ["xa-2"], 41 + len(code)).status, 201)

    def another_runs_it(self):
        self.axis.organisations["tinh"].served_by = []
        path = self.axis.write_registry(path=os.path.join(self.axis.work, "another.toml"))
        text = open_text(path)
        write(path, text.replace('id = "dc"\norganisation = "tinh"', 'id = "dc"\norganisation = "xa-1"'))
        return path

    # --- the registry changes ---

    def change_registry(self, *nodes):
        self.axis.registry_version += 1
        self.axis.write_registry()
        for node in nodes or self.axis.nodes:
            self.axis.nodes[node].reload()

    def test_an_organisation_is_added_and_moves_to_another_node(self):
        four = Organisation("xa-4", "H48.01.04", "Ủy ban nhân dân xã Bốn", "UBND xã", "tinh", "dc", "Xã Bốn", "UBND")
        self.office["xa-4"] = self.further_key("dc", "eoffice-xa-4", four.code)
        self.assertEqual(self.send("xa-1", [four.code], 50).code(), "intake.recipient_unknown")
        self.axis.organisations["xa-4"] = four
        # Not yet served anywhere that its key's node knows of.
        self.assertEqual(self.send("xa-4", ["xa-1"], 1).code(), "intake.sender_not_served")
        self.change_registry()
        in_before = self.accepted("xa-1", ["xa-4"], 50)
        old = self.entry("xa-4", in_before)
        from_beyond = self.accepted("xa-3", ["xa-4"], 60)
        old_too = self.entry("xa-4", from_beyond)
        self.entry("xa-1", self.accepted("xa-4", ["xa-1", "xa-3"], 1))

        four.served_by, four.node = [("nut3", today())], "nut3"
        old_office = self.office["xa-4"]
        self.change_registry()
        self.office["xa-4"] = self.further_key("nut3", "eoffice-xa-4-moved", four.code)
        # What arrived before stands where it arrived, to be taken over; new documents go the new way.
        late = self.accepted("xa-1", ["xa-4"], 51)
        self.entry("xa-4", late)
        self.assertEqual(len(old_office.inbox()["entries"]), 2)
        for entry, sender, sent in ((old, "xa-1", in_before), (old_too, "xa-3", from_beyond)):
            old_office.post("/v1/inbox/%s/ack" % entry["id"])
            self.reaches(sender, sent, "xa-4", "01")
        status = self.office["xa-3"].await_entry(lambda e: e["kind"] == "status")
        self.assertEqual(status["document"]["origin"], "proven")
        # The old node no longer speaks for it, the new one does.
        metadata = self.axis.metadata("xa-4", ["xa-1"], 2, "Văn bản")
        answer = old_office.submit(metadata, [("a.txt", b"x")])
        self.assertEqual((answer.status, answer.code()), (403, "intake.sender_not_served"))
        sent = self.accepted("xa-4", ["xa-1"], 2)
        entry = self.entry("xa-1", sent)
        self.assertEqual(entry["document"]["origin"], "proven")
        self.office["xa-1"].post("/v1/inbox/%s/ack" % entry["id"])
        self.reaches("xa-4", sent, "xa-1", "01")
        # Sent again over the new node, it is still the same document.
        again = self.accepted("xa-4", ["xa-1"], 1)
        until("it is known there", lambda: self.row("xa-4", again, "xa-1")["state"] == "delivered")
        numbers = [e["document"]["number"] for e in self.office["xa-1"].inbox()["entries"] if e["kind"] == "document"]
        self.assertEqual(sorted(numbers), ["1", "2"])

    # --- and it all survives ---

    def test_what_neighbours_send_each_other_survives_a_kill(self):
        ways = (("xa-1", ("xa-2", "xa-3")), ("xa-2", ("xa-1", "tinh")), ("xa-3", ("xa-1", "xa-2")))
        choose = random.Random(20250701)
        sending, reading = threading.Event(), threading.Event()
        senders = [Sender(self.axis, sender, recipients, sending) for sender, recipients in ways]
        readers = {id: Reader(self.axis, id, reading) for id in self.axis.organisations}
        for one in senders + list(readers.values()):
            one.start()
        time.sleep(choose.uniform(1, 2))
        self.axis.nodes["dc"].kill()
        time.sleep(0.3)
        self.axis.nodes["dc"].start()
        time.sleep(1)
        sending.set()
        for one in senders:
            one.join(60)
            self.assertFalse(one.is_alive(), "a submission hangs")
            self.assertEqual(one.wrong, [])
            self.assertGreater(len(one.accepted), 0)
        open_rows = []

        def all_reported():
            open_rows[:] = [(one.sender, r["code"], r["state"], r["last_status"]) for one in senders
                            for a in one.accepted for r in self.office[one.sender].track(a["document_id"])["recipients"]
                            if r["last_status"] != "01" or r["state"] != "delivered"]
            return not open_rows
        try:
            until("every status 01 comes back", all_reported, 120, every=1)
        except Failure:
            self.fail("%d without 01, for instance %s\n%s" % (len(open_rows), open_rows[:3], self.axis.logs()))
        reading.set()
        for id, reader in readers.items():
            reader.join(30)
            self.assertEqual(reader.wrong, [])
            want = collections.Counter(a["business_document_id"] for one in senders if id in one.recipients
                                       for a in one.accepted)
            have, sequences, after = collections.Counter(), [], 0
            while page := self.office[id].inbox(after)["entries"]:
                have.update(e["document"]["document_id"] for e in page if e["kind"] == "document")
                sequences += [e["sequence"] for e in page]
                after = page[-1]["sequence"]
            self.assertEqual(have, want, "lost or twice at " + id)
            self.assertEqual(sequences, list(range(1, len(sequences) + 1)))


if __name__ == "__main__":
    unittest.main()

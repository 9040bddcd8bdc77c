"""Daemons are killed at random moments while documents flow: nothing acknowledged is lost, nothing arrives twice."""
import collections
import random
import threading
import time
import unittest

from axis import Axis, Failure, ORGANISATIONS, until

SEED, KILLS = 20250701, 12
WAYS = (("xa-a", ("vpcp",)), ("vpcp", ("tinh", "huyen", "xa-a", "xa-b")), ("xa-b", ("xa-a", "huyen")))


class Sender(threading.Thread):
    """An eOffice: each document is offered again, unchanged and under its key, until it is acknowledged."""

    def __init__(self, axis, sender, recipients, stop):
        super().__init__(daemon=True)
        self.axis, self.sender, self.recipients, self.stop = axis, sender, recipients, stop
        self.accepted = []  # what was answered
        self.wrong = []

    def run(self):
        number = 0
        while not self.stop.is_set():
            number += 1
            metadata = self.axis.metadata(self.sender, self.recipients, number, "Văn bản %d" % number)
            content = ("%s %d " % (self.sender, number)).encode() * random.Random(number).choice((10, 5000, 40000))
            while True:
                try:
                    answer = self.axis.eoffice(self.sender).submit(metadata, [("a.txt", content)],
                                                                   idempotency_key="k-%d" % number)
                except OSError:  # killed under our hands: we do not know, so we ask again
                    time.sleep(0.1)
                    continue
                if answer.status == 201:
                    self.accepted.append(answer.json())
                    break
                if answer.status not in (409, 503):
                    self.wrong.append((number, answer.status, answer.body[:300]))
                    return
                time.sleep(0.1)
            time.sleep(0.02)


class Reader(threading.Thread):
    """An eOffice that acknowledges what it finds."""

    def __init__(self, axis, organisation, stop):
        super().__init__(daemon=True)
        self.axis, self.organisation, self.stop = axis, organisation, stop
        self.seen = collections.defaultdict(set)  # business document id -> inbox ids
        self.wrong = []

    def once(self, after):
        office = self.axis.eoffice(self.organisation)
        page = office.inbox(after, 1)
        for entry in page["entries"]:
            if entry["kind"] == "document":
                self.seen[entry["document"]["document_id"]].add(entry["id"])
            if not entry["acked_at"]:
                office.post("/v1/inbox/%s/ack" % entry["id"])
            after = entry["sequence"]
        return after

    def run(self):
        after = 0
        while not self.stop.is_set():
            try:
                after = self.once(after)
            except OSError:
                time.sleep(0.1)
            except Failure as failure:
                if " 503 " not in str(failure):
                    self.wrong.append(str(failure))
                time.sleep(0.1)


class Kills(unittest.TestCase):
    def test_what_was_acknowledged_arrives_exactly_once(self):
        axis = Axis(tokens=False)
        self.addCleanup(axis.close)
        axis.make()
        axis.start()
        choose = random.Random(SEED)
        sending, reading = threading.Event(), threading.Event()
        senders = [Sender(axis, sender, recipients, sending) for sender, recipients in WAYS]
        readers = [Reader(axis, organisation, reading) for organisation in ORGANISATIONS]
        for one in senders + readers:
            one.start()
        nodes = sorted(axis.nodes)
        for kill in range(KILLS):
            time.sleep(choose.uniform(0.2, 1.5))
            node = axis.nodes[nodes[kill % len(nodes)] if kill < len(nodes) else choose.choice(nodes)]
            node.kill()
            time.sleep(choose.uniform(0, 0.5))
            node.start()
        sending.set()
        for one in senders:
            one.join(60)
            self.assertFalse(one.is_alive(), "a submission hangs")
            self.assertEqual(one.wrong, [])
            self.assertGreater(len(one.accepted), 0)

        readers_of = {reader.organisation: reader for reader in readers}
        missing = []

        def all_arrived():
            missing[:] = [(one.sender, r, a["business_document_id"]) for one in senders for a in one.accepted
                          for r in one.recipients if not readers_of[r].seen[a["business_document_id"]]]
            return not missing
        try:
            until("every acknowledged document arrives", all_arrived, 120)
        except Failure:
            self.fail("%d missing, for instance %s\n%s" % (len(missing), missing[:3], axis.logs()))

        def all_reported():
            missing[:] = [(one.sender, a["document_id"], r["code"], r["state"], r["last_status"]) for one in senders
                          for a in one.accepted for r in axis.eoffice(one.sender).track(a["document_id"])["recipients"]
                          if r["last_status"] != "01" or r["state"] != "delivered"]
            return not missing
        try:
            until("every status 01 comes back", all_reported, 120, every=1)
        except Failure:
            self.fail("%d without 01, for instance %s\n%s" % (len(missing), missing[:3], axis.logs()))
        reading.set()
        for reader in readers:
            reader.join(30)
            self.assertEqual(reader.wrong, [])
            sent = {a["business_document_id"] for one in senders if reader.organisation in one.recipients
                    for a in one.accepted}
            # Once more from the beginning: what stands in the inbox, not what a reader happened to see.
            ids, inbox_ids, after = collections.Counter(), [], 0
            office = axis.eoffice(reader.organisation)
            while page := office.inbox(after)["entries"]:
                for entry in page:
                    inbox_ids.append(entry["id"])
                    if entry["kind"] == "document":
                        ids[entry["document"]["document_id"]] += 1
                self.assertEqual([e["sequence"] for e in page], sorted(e["sequence"] for e in page))
                after = page[-1]["sequence"]
            self.assertEqual([d for d, n in ids.items() if n != 1], [], "more than one inbox id for one consignment")
            self.assertEqual(sent - set(ids), set(), "acknowledged and lost")
            self.assertEqual(len(inbox_ids), len(set(inbox_ids)))
            self.assertEqual([d for d, seen in reader.seen.items() if len(seen) > 1], [], "an inbox id has changed")
        print("%d documents, %d kills" % (sum(len(one.accepted) for one in senders), KILLS))
        axis.stop()


if __name__ == "__main__":
    unittest.main()

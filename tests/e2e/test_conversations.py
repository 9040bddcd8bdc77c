"""Recall, replacement and update by the commands a clerk has, over four nodes, with a node killed on the way."""
import json
import os
import unittest

from axis import Axis, ORGANISATIONS, until

OPEN = ("fenced", "asked", "before_clerk")


class Conversations(unittest.TestCase):
    def setUp(self):
        self.axis = Axis(tokens=False)
        self.addCleanup(self.axis.close)
        self.axis.make()
        self.axis.start()
        self.sender, self.receiver = self.axis.eoffice("xa-a"), self.axis.eoffice("vpcp")
        self.number = 0

    def vanthu(self, *arguments, expected=0):
        node = self.axis.node_of("xa-a")
        done = self.axis.vanthu(*arguments, "--server", node.url(), "--ca", self.axis.pki + "/ca/chain.pem", "--key-file",
                                self.axis.key_file("xa-a"), "--json", check=False)
        self.assertEqual(done.returncode, expected, done.stdout)
        return json.loads(done.stdout)

    def meta(self, subject):
        self.number += 1
        path = os.path.join(self.axis.work, "%d.json" % self.number)
        with open(path, "w") as file:
            json.dump(self.axis.metadata("xa-a", ["vpcp"], self.number, subject), file, ensure_ascii=False)
        return path

    def file(self, content):
        path = os.path.join(self.axis.work, "van-ban-%d.txt" % self.number)
        with open(path, "w") as out:
            out.write(content)
        return path

    def delivered(self, acknowledged):
        """A document that has arrived; its acceptance and its inbox entry."""
        sent = self.vanthu("send", self.meta("Văn bản gửi đi"), self.file("nội dung"))
        entry = self.entry_of(sent["business_document_id"])
        if acknowledged:
            self.receiver.post("/v1/inbox/%s/ack" % entry["id"])
        return sent, entry

    def entry_of(self, business_document_id):
        return self.receiver.await_entry(
            lambda e: e["kind"] == "document" and e["document"]["document_id"] == business_document_id)

    def entry(self, id):
        return self.receiver.get("/v1/inbox/" + id).json()

    def recipient(self, sent):
        return self.sender.track(sent["document_id"])["recipients"][0]

    def stands(self, sent, kind):
        return self.recipient(sent)[kind]["stands"]

    def await_end(self, sent, kind, expected):
        until("the %s is over" % kind, lambda: self.recipient(sent).get(kind) and self.stands(sent, kind) not in OPEN)
        self.assertEqual(self.stands(sent, kind), expected)

    def answer(self, entry, code):
        return self.receiver.post("/v1/inbox/%s/status" % entry["id"], {
            "code": code, "description": "Văn thư trả lời", "staff": {"department": "Văn thư", "staff": "Trần Thị B"}})

    def test_what_nobody_took_over_is_recalled_at_once_also_when_a_node_dies_on_the_way(self):
        sent, entry = self.delivered(acknowledged=False)
        province = self.axis.nodes["h48"]
        province.kill()
        self.vanthu("recall", sent["document_id"], "--reason", "Sai nội dung")
        self.assertIn(self.stands(sent, "recall"), OPEN)
        province.start()
        self.await_end(sent, "recall", "agreed")
        self.assertTrue(self.entry(entry["id"]).get("cancelled_at"))
        self.assertEqual(self.receiver.request("POST", "/v1/inbox/%s/ack" % entry["id"], "{}", {
            "Content-Type": "application/json"}).code(), "intake.entry_recalled")
        # Once more: it is over, and says so.
        self.assertEqual(self.vanthu("recall", sent["document_id"], "--reason", "Sai", expected=1)["code"],
                         "intake.recall_ended")

    def test_a_clerk_who_has_it_decides_and_may_be_asked_again(self):
        sent, entry = self.delivered(acknowledged=True)
        self.vanthu("recall", sent["document_id"], "--reason", "Sai nơi nhận")
        until("it stands before the clerk", lambda: self.entry(entry["id"]).get("recall"))
        self.answer(entry, "16")
        self.await_end(sent, "recall", "denied")
        self.assertFalse(self.entry(entry["id"]).get("cancelled_at"))
        self.vanthu("recall", sent["document_id"], "--reason", "Xin rút lại")
        until("it stands before the clerk again",
              lambda: self.entry(entry["id"])["recall"]["stands"] == "before_clerk")
        self.answer(entry, "15")
        self.await_end(sent, "recall", "agreed")
        self.assertTrue(self.entry(entry["id"]).get("cancelled_at"))

    def test_a_replacement_takes_the_place_of_the_old_one_on_both_sides(self):
        sent, entry = self.delivered(acknowledged=True)
        fresh = self.vanthu("replace", sent["document_id"], self.meta("Văn bản thay thế"), self.file("đã sửa"),
                            "--reason", "Sai số liệu")
        new_entry = self.entry_of(fresh["business_document_id"])
        self.receiver.post("/v1/inbox/%s/ack" % new_entry["id"])
        self.answer(new_entry, "15")
        self.await_end(sent, "replaced_by", "agreed")
        old = self.entry(entry["id"])
        self.assertTrue(old["cancelled_at"])
        self.assertEqual(old["replaced_by"]["inbox_id"], new_entry["id"])
        self.assertFalse(self.entry(new_entry["id"]).get("cancelled_at"))

    def test_new_content_is_told_and_both_documents_stay(self):
        sent, entry = self.delivered(acknowledged=True)
        fresh = os.path.join(self.axis.work, "update.json")
        with open(fresh, "w") as file:
            json.dump({"subject": "Văn bản gửi đi (cập nhật)"}, file, ensure_ascii=False)
        self.vanthu("update", sent["document_id"], fresh, self.file("bản cập nhật"), "--reason", "Bổ sung phụ lục")
        request = self.receiver.await_entry(lambda e: (e.get("updates") or {}).get("inbox_id") == entry["id"])
        self.receiver.post("/v1/inbox/%s/ack" % request["id"])
        self.answer(request, "15")
        self.await_end(sent, "update", "agreed")
        self.assertFalse(self.entry(entry["id"]).get("cancelled_at"))


if __name__ == "__main__":
    unittest.main()

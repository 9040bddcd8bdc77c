"""A large attachment passes from the commune to the Government Office over three hops in little memory.

VANTHU_LARGE_MIB: its size, 300 by default; every hop keeps it, so four times that must be free on the disk."""
import hashlib
import http.client
import json
import os
import time
import unittest

from axis import Axis, until

SIZE = int(os.environ.get("VANTHU_LARGE_MIB", "300")) << 20
PATIENCE = max(200, SIZE >> 20)  # seconds
BOUND = 64  # MiB, of every vanthud


class Pattern:
    """SIZE bytes, never in memory; every MiB differs."""

    def __init__(self):
        self.block = hashlib.sha256(b"vanthu").digest() * (1 << 15)

    def blocks(self):
        for n in range(SIZE >> 20):
            yield n.to_bytes(8, "big") + self.block[8:]

    def sha256(self):
        whole = hashlib.sha256()
        for block in self.blocks():
            whole.update(block)
        return whole.hexdigest()


class Large(unittest.TestCase):
    def test_it_passes_through(self):
        axis = Axis(tokens=False)
        self.addCleanup(axis.close)
        if SIZE > 1 << 30:  # base64 takes a third more than the file
            for node in axis.nodes.values():
                node.settings = {"limits": {"packet_size": "%d MiB" % (SIZE >> 19)},
                                 "listen.api": {"body_limit": "%d MiB" % (SIZE >> 19)},
                                 "store": {"spool_quota": "%d MiB" % (SIZE >> 18)},
                                 "delivery": {"request_timeout": "20m"}}
        axis.make()
        axis.start()
        office, pattern, began = axis.eoffice("xa-a"), Pattern(), time.monotonic()
        metadata = json.dumps(axis.metadata("xa-a", ["vpcp"], 1, "Bản đồ")).encode()
        head = (b"--x\r\nContent-Disposition: form-data; name=\"metadata\"\r\n\r\n" + metadata +
                b"\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"ban-do.bin\"\r\n"
                b"Content-Type: application/octet-stream\r\n\r\n")
        end = b"\r\n--x--\r\n"

        def body():
            yield head
            yield from pattern.blocks()
            yield end
        connection = http.client.HTTPSConnection("127.0.0.1", office.port, context=office.tls, timeout=PATIENCE)
        connection.request("POST", "/v1/documents", body(), {
            "Authorization": "Bearer " + office.key, "Content-Type": "multipart/form-data; boundary=x",
            "Content-Length": str(len(head) + SIZE + len(end))})
        answer = connection.getresponse()
        accepted = json.loads(answer.read())
        self.assertEqual(answer.status, 201, accepted)
        connection.close()
        receiver = axis.eoffice("vpcp")
        entry = receiver.await_entry(lambda e: e["document"]["document_id"] == accepted["business_document_id"],
                                     PATIENCE)
        shown = entry["document"]["attachments"][0]
        self.assertEqual((shown["size"], shown["sha256"]), (SIZE, pattern.sha256()))

        connection = http.client.HTTPSConnection("127.0.0.1", receiver.port, context=receiver.tls, timeout=PATIENCE)
        connection.request("GET", "/v1/inbox/%s/attachments/0" % entry["id"],
                           headers={"Authorization": "Bearer " + receiver.key})
        answer = connection.getresponse()
        got, size = hashlib.sha256(), 0
        while block := answer.read(1 << 20):
            got.update(block)
            size += len(block)
        connection.close()
        self.assertEqual((answer.status, size, got.hexdigest()), (200, SIZE, pattern.sha256()))
        peaks = {id: node.peak_memory() for id, node in axis.nodes.items()}
        print("%.0f s; peak memory in MiB: %s" % (time.monotonic() - began,
                                                  ", ".join("%s %.0f" % peak for peak in peaks.items())))
        for id, peak in peaks.items():
            self.assertLess(peak, BOUND, "vanthud of %s" % id)
        for node in axis.nodes.values():  # what passed through leaves no spool behind
            until("the spool is empty", lambda: not os.listdir(os.path.join(node.store, "spool")))


if __name__ == "__main__":
    unittest.main()

"""Bad input over the wire against real daemons: the right status, a stable code, nothing kept, and work goes on."""
import hashlib
import http.client
import io
import json
import os
import socket
import ssl
import unittest
import zipfile

from axis import Axis, ORGANISATIONS, TEST_PDF, run, until

MIB = 1 << 20


class BadInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.axis = Axis(tokens=False)
        cls.addClassCleanup(cls.axis.close)
        cls.axis.nodes["h48.40.21"].settings = {"listen.api": {"body_limit": "8 MiB"},
                                                "limits": {"packet_size": "4 MiB", "header_size": "1 MiB",
                                                           "inflate_size": "64 MiB"}}
        cls.axis.make()
        cls.node = cls.axis.nodes["h48.40.21"]
        cls.axis.start("h48.40.21")
        cls.office = cls.axis.eoffice("xa-a")
        cls.number = 0

    def tearDown(self):
        # The daemon lives, keeps nothing of what it refused, and takes the next good document.
        self.assertTrue(self.node.process.running())
        until("nothing is left in the spool", lambda: not os.listdir(os.path.join(self.node.store, "spool")), 40)
        before = self.documents()
        answer = self.submit()
        self.assertEqual(answer.status, 201, answer.body)
        self.assertEqual(len(self.documents()), len(before) + 1)

    def documents(self):
        return [d["id"] for d in self.office.get("/v1/documents").json()["documents"]]

    def metadata(self, recipients=("vpcp",), **more):
        type(self).number += 1
        return self.axis.metadata("xa-a", recipients, self.number, more.pop("subject", "Văn bản"), **more)

    def submit(self, metadata=None, files=None):
        return self.office.submit(metadata or self.metadata(), files or [("a.txt", b"noi dung")])

    def packet(self, metadata=None, content=b"noi dung", name="a.txt"):
        meta, file, out = (os.path.join(self.axis.work, n) for n in ("meta.json", name, "out.edxml"))
        with open(meta, "w") as f:
            json.dump(metadata or self.metadata(document_id="bad-%d" % self.number), f)
        with open(file, "wb") as f:
            f.write(content)
        self.axis.vanthu("packet", "make", meta, file, "-o", out)
        with open(out, "rb") as f:
            return f.read()

    def refused(self, answer, status, code, before=None):
        self.assertEqual((answer.status, answer.code()), (status, code), answer.body[:600])
        told = answer.json()
        for field in ("schema_version", "message_vi", "message_en", "cause", "action_vi", "action_en", "retryable",
                      "next_attempt_at"):
            self.assertIn(field, told)
        if before is not None:
            self.assertEqual(self.documents(), before)

    # --- the eOffice door ---

    def test_broken_xml(self):
        before = self.documents()
        good = self.packet()
        self.refused(self.office.submit_packet(good[:len(good) // 2]), 422, "edxml.truncated", before)
        self.refused(self.office.submit_packet(good.replace(b"</edXML:Subject>", b"</edXML:Content>", 1)), 422, "edxml.not_well_formed", before)
        self.refused(self.office.submit_packet(b"%PDF-1.7"), 422, "edxml.not_xml", before)
        self.refused(self.office.submit_packet(b"<a/>"), 422, "edxml.not_edxml", before)

    def test_doctype(self):
        good = self.packet()
        head = good.index(b"?>") + 2
        bomb = good[:head] + b'<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>' + good[head:]
        self.refused(self.office.submit_packet(bomb), 422, "edxml.doctype_refused", self.documents())

    def test_zip_bomb_in_an_attachment(self):
        folded = io.BytesIO()
        with zipfile.ZipFile(folded, "w", zipfile.ZIP_DEFLATED) as zip:
            zip.writestr("bom.docx", bytes(200 * MIB))
        before = self.documents()
        self.refused(self.submit(files=[("bom.docx", folded.getvalue())]), 422, "intake.attachment_inflates", before)

    def test_unknown_and_closed_recipients(self):
        before = self.documents()
        self.refused(self.submit(self.metadata(["H99.99"])), 422, "intake.recipient_unknown", before)
        self.refused(self.submit(self.metadata(["000.22.40.H48"])), 422, "intake.recipient_closed", before)

    def test_a_sender_that_is_not_the_credentials(self):
        metadata = self.metadata()
        metadata["from"] = {"organ_id": ORGANISATIONS["vpcp"].code}
        before = self.documents()
        self.refused(self.submit(metadata), 403, "intake.sender_not_yours", before)
        self.refused(self.office.request("GET", "/v1/inbox", key="vt_wrong"), 401, "api.unauthenticated")
        self.refused(self.office.request("GET", "/v1/inbox?organisation=" + ORGANISATIONS["vpcp"].code), 403,
                     "api.organisation_not_yours")

    def test_secret_marking_in_the_metadata(self):
        before = self.documents()
        answer = self.submit(self.metadata(subject="[Mật] Kế hoạch phòng thủ"))
        self.refused(answer, 403, "intake.secret_refused", before)
        self.assertEqual(self.submit(self.metadata(subject="Bảo đảm bảo mật thông tin")).status, 201)

    def test_secret_marking_on_the_first_page(self):
        pdf = os.path.join(self.axis.work, "mat.pdf")
        run(TEST_PDF, "--marking", "MẬT", "-o", pdf)
        with open(pdf, "rb") as file:
            content = file.read()
        before = self.documents()
        self.refused(self.submit(files=[("mat.pdf", content)]), 403, "intake.secret_refused", before)

    def test_metadata_that_is_none(self):
        before = self.documents()
        head = {"Content-Type": "multipart/form-data; boundary=x"}
        for body, status, code in (
                (b"--x\r\nContent-Disposition: form-data; name=\"metadata\"\r\n\r\n{\r\n--x--\r\n", 422,
                 "api.file_missing"),
                (b"--x--\r\n", 422, "api.metadata_missing"),
                (b"nothing", 400, "net.bad_multipart")):
            self.refused(self.office.request("POST", "/v1/documents", body, head), status, code, before)
        self.refused(self.submit({**self.metadata(), "colour": "red"}), 422, "edxml.field_unknown", before)
        self.refused(self.office.request("POST", "/v1/documents", b"x", {"Content-Type": "image/png"}), 415,
                     "api.unsupported_media_type", before)

    def test_oversize_bodies(self):
        before = self.documents()
        # Said in advance: refused before a byte of it is read.
        connection = http.client.HTTPSConnection("127.0.0.1", self.node.api_port, context=self.office.tls, timeout=60)
        connection.putrequest("POST", "/v1/documents")
        for name, value in (("Authorization", "Bearer " + self.office.key), ("Content-Type", "application/xml"),
                            ("Content-Length", str(9 * MIB))):
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        self.assertEqual((answer.status, json.loads(answer.read())["code"]), (413, "net.body_too_large"))
        connection.close()
        # Within the body's limit, but beyond the packet's.
        answer = self.submit(files=[("a.bin", os.urandom(5 * MIB))])
        self.refused(answer, 413, "edxml.too_large", before)

    def test_an_idempotency_key_answers_the_same_bytes_and_refuses_another_request(self):
        metadata = self.metadata()
        first = self.office.submit(metadata, [("a.txt", b"1")], idempotency_key="same")
        again = self.office.submit(metadata, [("a.txt", b"1")], idempotency_key="same")
        self.assertEqual((first.status, again.status, again.body), (201, 201, first.body))
        other = self.office.submit(metadata, [("a.txt", b"2")], idempotency_key="same")
        self.refused(other, 422, "intake.idempotency_conflict")

    def test_a_number_used_twice(self):
        metadata = self.metadata()
        self.assertEqual(self.submit(metadata, [("a.txt", b"first")]).status, 201)
        self.refused(self.submit(metadata, [("a.txt", b"second")]), 409, "intake.number_reused", self.documents())

    def test_dry_run_keeps_nothing(self):
        before = self.documents()
        answer = self.office.submit(self.metadata(), [("a.txt", b"x")], dry_run=True)
        self.assertEqual((answer.status, answer.json()["dry_run"]), (200, True))
        self.assertEqual(self.documents(), before)

    # --- slow and vanishing ---

    def raw(self):
        bare = socket.create_connection(("127.0.0.1", self.node.api_port), 60)
        return self.office.tls.wrap_socket(bare, server_hostname="127.0.0.1")

    def begin_upload(self, length=MIB):
        stream = self.raw()
        stream.sendall(("POST /v1/documents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: "
                        "application/xml\r\nContent-Length: %d\r\n\r\n" % (self.office.key, length)).encode())
        return stream

    def test_a_client_that_vanishes_in_the_middle(self):
        before = self.documents()
        for _ in range(5):
            stream = self.begin_upload()
            stream.sendall(self.packet()[:700])
            stream.close()
        self.assertEqual(self.documents(), before)

    def test_slow_clients_hold_nobody_up_and_are_told(self):
        slow = [self.begin_upload() for _ in range(20)]
        half = [self.raw() for _ in range(20)]
        for stream in slow:
            stream.sendall(b"<")
        for stream in half:
            stream.sendall(b"GET /v1/hea")
        self.assertEqual(self.submit().status, 201)
        slow[0].settimeout(120)
        told = b""
        while chunk := slow[0].recv(65536):
            told += chunk
        self.assertTrue(told.startswith(b"HTTP/1.1 408"), told[:200])
        self.assertIn(b"net.too_slow", told)
        for stream in slow + half:
            stream.close()

    # --- the door for other vanthu ---

    def peer(self, organisation, ca=True):
        pki = os.path.join(self.axis.pki, ORGANISATIONS[organisation].code)
        tls = ssl.create_default_context(cafile=self.axis.pki + "/ca/chain.pem")
        if ca:
            tls.load_cert_chain(pki + "/service.pem", pki + "/service.key")
        return tls

    def put(self, tls, path, body, headers=None):
        connection = http.client.HTTPSConnection("127.0.0.1", self.node.peer_port, context=tls, timeout=60)
        try:
            connection.request("PUT", path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def offer(self, tls, packet, recipients, sha=None, kind="document"):
        sha = sha or hashlib.sha256(packet).hexdigest()
        manifest = {"schema_version": 1, "packet_sha256": sha, "size": len(packet), "kind": kind,
                    "recipients": recipients, "origin": "", "document": "x"}
        path = "/peer/v1/packets/" + sha
        status, told = self.put(tls, path + "/manifest", json.dumps(manifest))
        if status != 200:
            return status, told
        return self.put(tls, path, packet, {"Content-Type": "application/xml"})

    def from_office(self, recipients=("xa-a",), **more):
        type(self).number += 1
        return self.packet(self.axis.metadata("vpcp", recipients, self.number, more.pop("subject", "Chỉ đạo"),
                                              document_id="peer-%d" % self.number, **more))

    def test_peers_without_or_with_a_strangers_certificate(self):
        with self.assertRaises((ssl.SSLError, ConnectionError, http.client.HTTPException)):
            self.put(self.peer("huyen", ca=False), "/peer/v1/packets/" + "0" * 64, b"")
        # Of our CA, but no node of the registry: the commune that the province serves.
        status, told = self.put(self.peer("xa-b"), "/peer/v1/packets/" + "0" * 64, b"")
        self.assertEqual((status, told["code"]), (403, "peer_link.unknown_peer"))

    def test_a_packet_whose_hash_is_another(self):
        packet, code = self.from_office(), [ORGANISATIONS["xa-a"].code]
        status, told = self.offer(self.peer("huyen"), packet, code, sha="ab" * 32)
        self.assertEqual((status, told["code"]), (422, "intake.hash_mismatch"))
        status, receipt = self.offer(self.peer("huyen"), packet, code)
        self.assertEqual(status, 201, receipt)  # nothing half-kept stands in the way
        self.assertNotIn("code", receipt)

    def test_a_peer_that_repeats_itself_gets_the_same_receipt_and_needs_a_manifest_before(self):
        packet, code = self.from_office(), [ORGANISATIONS["xa-a"].code]
        sha = hashlib.sha256(packet).hexdigest()
        path, xml = "/peer/v1/packets/" + sha, {"Content-Type": "application/xml"}
        status, told = self.put(self.peer("huyen"), path, packet, xml)
        self.assertEqual((status, told["code"]), (409, "peer_link.manifest_missing"))
        status, receipt = self.offer(self.peer("huyen"), packet, code)
        self.assertEqual((status, receipt["leaf"]["packet_sha256"]), (201, sha))
        self.assertEqual(self.offer(self.peer("huyen"), packet, code), (200, receipt))
        self.assertEqual(self.put(self.peer("huyen"), path, packet, xml), (200, receipt))
        # That its hash is known here is no proof of having it: another peer has to send the bytes.
        status, told = self.put(self.peer("tinh"), path, packet, xml)
        self.assertEqual((status, told["code"]), (409, "peer_link.manifest_missing"))
        entries = [e for e in self.office.inbox()["entries"] if e["document"]["document_id"] == "peer-%d" % self.number]
        self.assertEqual(len(entries), 1)

    def test_a_peer_that_speaks_for_an_organisation_served_here(self):
        packet = self.packet(self.metadata(["xa-a"], document_id="forged-%d" % self.number))
        status, told = self.offer(self.peer("huyen"), packet, [ORGANISATIONS["xa-a"].code])
        self.assertEqual((status, told["code"]), (403, "intake.sender_not_authorised"))

    def test_a_secret_from_a_peer_is_isolated_and_the_peer_is_told(self):
        packet = self.from_office(subject="[Tối mật] Phương án")
        status, told = self.offer(self.peer("huyen"), packet, [ORGANISATIONS["xa-a"].code])
        self.assertEqual((status, told["code"]), (403, "intake.secret_isolated"))
        self.assertTrue(os.listdir(os.path.join(self.node.store, "quarantine")))
        self.assertFalse([e for e in self.office.inbox()["entries"] if "Phương án" in e["document"]["subject"]])

    def test_a_recipient_that_the_packet_does_not_name(self):
        status, told = self.offer(self.peer("huyen"), self.from_office(["tinh"]), [ORGANISATIONS["xa-a"].code])
        self.assertEqual((status, told["code"]), (422, "intake.recipient_not_listed"))


if __name__ == "__main__":
    unittest.main()

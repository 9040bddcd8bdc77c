"""What goes over the axis in ./demo, each step with its expectations. test_scenario.py runs the same."""
import datetime
import json
import os
import shlex

from axis import ORGANISATIONS, SOFTHSM, TEST_PDF, VANTHU, Failure, run, sha256_of, today, until

WORDS = {
    "letter": ("Xã An Thử soạn công văn, Chủ tịch ký duyệt, văn thư cấp số, ngày và đóng dấu số",
               "Commune An Thử writes a letter; its leader approves, its clerk numbers, dates and seals it"),
    "verify": ("Kiểm tra chữ ký trước khi gửi", "The signatures are checked before sending"),
    "up": ("Xã An Thử gửi Văn phòng Chính phủ, qua huyện và tỉnh",
           "Commune An Thử sends to the Government Office, through district and province"),
    "fetched": ("eOffice của VPCP lấy văn bản: đúng từng byte", "The Government Office's eOffice fetches it: every byte"),
    "statuses": ("VPCP: đã đến (01), vào sổ (03), phân công (04), hoàn thành (06)",
                 "Government Office: arrived (01), registered (03), assigned (04), finished (06)"),
    "down": ("VPCP gửi văn bản chỉ đạo có hạn xử lý, độ khẩn tới tỉnh, huyện và hai xã",
             "The Government Office steers province, district and both communes: urgent, with a due date"),
    "reply": ("Xã An Thử trả lời văn bản chỉ đạo", "Commune An Thử replies"),
    "refusal": ("Xã Bình Thử từ chối một văn bản gửi nhầm, có nêu lý do",
                "Commune Bình Thử refuses a misdirected document, with a reason"),
    "stopped": ("Huyện ngừng máy; xã vẫn gửi, văn bản chờ và cho biết vì sao",
                "The district's daemon stops; the commune sends all the same, and sees why it waits"),
    "again": ("Huyện chạy lại: văn bản tới nơi", "The district's daemon runs again: the document arrives"),
    "reason": ("Văn bản không thuộc thẩm quyền của xã Bình Thử; đề nghị gửi xã An Thử.",
               "Văn bản không thuộc thẩm quyền của xã Bình Thử; đề nghị gửi xã An Thử."),
}


class Scenario:
    def __init__(self, axis, language="vi", show=print):
        self.axis, self.language, self.show = axis, language, show
        self.office = {id: axis.eoffice(id) for id in ORGANISATIONS}

    def title(self, word):
        self.show("\n== " + WORDS[word][self.language == "en"])

    def path(self, name):
        return os.path.join(self.axis.work, name)

    def number(self):
        """The next number of this year's register; kept in the state directory, as a number is used once."""
        file = self.path("next-number")
        number = 15
        if os.path.exists(file):
            with open(file) as last:
                number = int(last.read())
        with open(file, "w") as out:
            out.write(str(number + 1))
        return number

    # --- paper ---

    def letter(self, name, organisation, subject, signed=True, number=None, marking=None):
        """An official letter as PDF; approved by the leader and issued by the clerk where `number` is given."""
        o = ORGANISATIONS[organisation]
        draft = self.path(name + ".draft.pdf")
        command = [TEST_PDF, "--superior", o.name.upper(), "--agency", "VĂN PHÒNG", "--place", o.place, "--subject",
                   "V/v " + subject, "--body", subject + ".", "--recipient", "- Như trên;", "--recipient",
                   "- Lưu: VT.", "--title", "CHỦ TỊCH", "--signer", "Nguyễn Văn A", "-o", draft]
        if marking:
            command += ["--marking", marking]
        run(*command)
        if not signed:
            return draft
        approved, issued = self.path(name + ".approved.pdf"), self.path(name + ".pdf")
        self.sign(organisation, "leader", draft, approved, "--profile", "approved")
        self.sign(organisation, "clerk", approved, issued, "--profile", "issued", "--number",
                  "%s/%s" % (number, o.notation), "--date", today().isoformat())
        return issued

    def sign(self, organisation, who, source, target, *more):
        a = self.axis
        return a.vanthu("sign", "--module", SOFTHSM, "--key",
                        "pkcs11:token=%s;object=%s" % (a.token(organisation, who), who), "--pin-file",
                        a.pin_file(organisation, who), "--state-dir", a.guard(), "--level", "B-T", "--tsa", a.tsa_url,
                        "--trust", a.pki + "/trust", "--crl", a.pki + "/crl/sub.crl", "--crl", a.pki + "/crl/root.crl",
                        "--registry", a.registry, "--organisation", ORGANISATIONS[organisation].code, *more, source, "-o", target)

    def verify(self, file):
        a = self.axis
        done = a.vanthu("verify", "--trust", a.pki + "/trust", "--crl", a.pki + "/crl/sub.crl", "--crl",
                        a.pki + "/crl/root.crl", "--lang", self.language, file)
        self.show(done.stdout.rstrip())

    # --- exchange ---

    def send(self, sender, recipients, number, subject, files, **more):
        """As a clerk does it by hand: `vanthu send`, with the receipt kept and verified."""
        a, node = self.axis, self.axis.node_of(sender)
        name = "%d-%s" % (number, sender)
        metadata, receipt = self.path(name + ".json"), self.path(name + ".receipt.json")
        with open(metadata, "w") as file:
            json.dump(a.metadata(sender, recipients, number, subject, **more), file, ensure_ascii=False)
        done = a.vanthu("send", metadata, *files, "--server", node.url(), "--ca", a.pki + "/ca/chain.pem", "--key-file",
                        a.key_file(sender), "--receipt", receipt, "--trust", a.pki + "/trust", "--json")
        accepted = json.loads(done.stdout)
        if not os.path.getsize(receipt):
            raise Failure("no receipt was kept: %s" % done.stdout)
        return accepted

    def arrival(self, recipient, accepted):
        """The inbox entry of the recipient for what was accepted at the sender's."""
        wanted = accepted["business_document_id"]
        return self.office[recipient].await_entry(
            lambda e: e["kind"] == "document" and e["document"]["document_id"] == wanted,
            organisation=ORGANISATIONS[recipient].code)

    def fetch(self, recipient, entry, n, file):
        answer = self.office[recipient].get("/v1/inbox/%s/attachments/%d" % (entry["id"], n))
        with open(file, "wb") as out:
            out.write(answer.body)
        return file

    def ack(self, recipient, entry):
        return self.office[recipient].post("/v1/inbox/%s/ack" % entry["id"])

    def status(self, recipient, entry, code, description=""):
        return self.office[recipient].post("/v1/inbox/%s/status" % entry["id"],
                                           {"code": code, "description": description,
                                            "staff": {"department": "Văn thư", "staff": "Trần Thị B"}})

    def recipient(self, sender, accepted, recipient):
        ladder = self.office[sender].track(accepted["document_id"])
        return next(r for r in ladder["recipients"] if r["code"] == ORGANISATIONS[recipient].code)

    def await_status(self, sender, accepted, recipient, code):
        return until("status %s of %s at %s" % (code, recipient, sender),
                     lambda: self.recipient(sender, accepted, recipient)["last_status"] == code and
                     self.recipient(sender, accepted, recipient))

    def timeline(self, sender, accepted):
        a, node = self.axis, self.axis.node_of(sender)
        done = a.vanthu("track", accepted["document_id"], "--server", node.url(), "--ca", a.pki + "/ca/chain.pem",
                        "--key-file", a.key_file(sender), "--lang", self.language)
        self.show(done.stdout.rstrip())

    # --- what is left to the reader ---

    def commands_to_try(self):
        """(word, a line for a shell): a signed letter of commune A is ready to be sent to the Government Office."""
        a, number, subject = self.axis, self.number(), "Thử gửi văn bản từ dòng lệnh"
        metadata = self.path("try.json")
        with open(metadata, "w") as file:
            json.dump(a.metadata("xa-a", ["vpcp"], number, subject), file, ensure_ascii=False, indent=1)
        letter = self.letter("try", "xa-a", subject, number=number)

        def line(organisation, *command):
            return " ".join(shlex.quote(part) for part in (
                VANTHU, *command, "--server", a.node_of(organisation).url(), "--ca", a.pki + "/ca/chain.pem",
                "--key-file", a.key_file(organisation), "--lang", self.language))
        # Sent again, the same files are the same consignment: the answer names its id once more.
        id = line("xa-a", "send", metadata, letter, "--json") + \
            """ | python3 -c 'import json, sys; print(json.load(sys.stdin)["document_id"])'"""
        return [("try_send", line("xa-a", "send", metadata, letter)),
                ("try_inbox", line("vpcp", "inbox")),
                ("try_track", line("xa-a", "track", "DOCUMENT_ID").replace("DOCUMENT_ID", '"$(%s)"' % id))]

    # --- the steps ---

    def upward(self):
        self.title("letter")
        number = self.number()
        file = self.letter("%d-UBND" % number, "xa-a", "báo cáo kết quả cải cách hành chính", number=number)
        self.title("verify")
        self.verify(file)
        self.title("up")
        accepted = self.send("xa-a", ["vpcp"], number, "Báo cáo kết quả cải cách hành chính", [file])
        entry = self.arrival("vpcp", accepted)
        self.title("fetched")
        got = self.fetch("vpcp", entry, 0, file.replace(".pdf", ".received.pdf"))
        if sha256_of(got) != sha256_of(file):
            raise Failure("the attachment changed on its way")
        self.show("sha256 %s" % sha256_of(got))
        if entry["document"]["origin"] != "proven":
            raise Failure("origin: %s" % entry["document"]["origin"])
        self.title("statuses")
        self.ack("vpcp", entry)
        self.await_status("xa-a", accepted, "vpcp", "01")
        for code, text in (("03", "Đã vào sổ số 1207"), ("04", "Giao Vụ Kiểm soát thủ tục hành chính"),
                           ("06", "Đã xử lý xong")):
            self.status("vpcp", entry, code, text)
            self.await_status("xa-a", accepted, "vpcp", code)
        self.timeline("xa-a", accepted)
        self.check_ladder("xa-a", accepted, "vpcp", ["01", "03", "04", "06"], hops=3)
        return accepted

    def check_ladder(self, sender, accepted, recipient, codes, hops):
        steps = self.recipient(sender, accepted, recipient)["steps"]
        seen = [s["code"] for s in steps if s["kind"] == "status"]
        if seen != codes:
            raise Failure("the ladder shows %s, not %s" % (seen, codes))
        proven = [s for s in steps if s["kind"] == "handed_over" or
                  (s["kind"] == "notice" and s["code"] in ("accepted", "kept"))]
        if len(proven) < hops or not all(s["proof"] for s in proven):
            raise Failure("the ladder shows %d hops with receipts, not %d: %s" %
                          (len([s for s in proven if s["proof"]]), hops, json.dumps(steps, ensure_ascii=False)))

    def downward(self):
        self.title("down")
        number = self.number()
        file = self.letter("%d-VPCP" % number, "vpcp", "đẩy mạnh gửi, nhận văn bản điện tử", number=number)
        everybody = ["tinh", "huyen", "xa-a", "xa-b"]
        due = (today() + datetime.timedelta(days=10)).strftime("%Y/%m/%d")
        accepted = self.send("vpcp", everybody, number, "Đẩy mạnh gửi, nhận văn bản điện tử", [file], due_date=due,
                             steering_type="1", other_info={"priority": 2})
        for recipient in everybody:
            entry = self.arrival(recipient, accepted)
            if entry["document"]["due_date"] != due or entry["document"]["priority"] != 2:
                raise Failure("due date or urgency did not arrive at %s" % recipient)
            self.ack(recipient, entry)
            self.status(recipient, entry, "03", "Đã tiếp nhận, vào sổ văn bản đến")
        for recipient in everybody:
            self.await_status("vpcp", accepted, recipient, "03")
        self.timeline("vpcp", accepted)
        return accepted, "%d/%s" % (number, ORGANISATIONS["vpcp"].notation)

    def reply(self, steering, code):
        self.title("reply")
        number = self.number()
        file = self.letter("%d-UBND" % number, "xa-a", "trả lời văn bản số " + code, number=number)
        accepted = self.send("xa-a", ["vpcp"], number, "Trả lời văn bản số " + code, [file],
                             response_for=[{"organ_id": ORGANISATIONS["vpcp"].code, "code": code,
                                            "promulgation_date": today().strftime("%Y/%m/%d"),
                                            "document_id": steering["business_document_id"]}])
        entry = self.arrival("vpcp", accepted)
        self.ack("vpcp", entry)
        self.status("vpcp", entry, "06", "Đã ghi nhận")
        self.await_status("xa-a", accepted, "vpcp", "06")
        self.timeline("xa-a", accepted)

    def refusal(self):
        self.title("refusal")
        number = self.number()
        file = self.letter("%d-UBND" % number, "xa-a", "phối hợp quản lý địa giới", number=number)
        accepted = self.send("xa-a", ["xa-b"], number, "Phối hợp quản lý địa giới", [file])
        entry = self.arrival("xa-b", accepted)
        reason = WORDS["reason"][0]
        self.status("xa-b", entry, "02", reason)
        self.await_status("xa-a", accepted, "xa-b", "02")
        if not any(reason in s["text_vi"] for s in self.recipient("xa-a", accepted, "xa-b")["steps"]):
            raise Failure("the reason of the refusal did not arrive")
        self.timeline("xa-a", accepted)

    def waiting(self):
        self.title("stopped")
        district = self.axis.nodes["h48.40"]
        district.stop()
        number = self.number()
        file = self.letter("%d-UBND" % number, "xa-a", "đăng ký lịch làm việc", number=number)
        accepted = self.send("xa-a", ["tinh"], number, "Đăng ký lịch làm việc", [file])
        until("the commune shows that it waits",
              lambda: self.recipient("xa-a", accepted, "tinh")["state"] == "deferred")
        why = self.recipient("xa-a", accepted, "tinh")
        if not why["why_vi"] or not why["next_attempt_at"]:
            raise Failure("nothing says why it waits: %s" % json.dumps(why, ensure_ascii=False))
        self.timeline("xa-a", accepted)
        self.title("again")
        district.start()
        entry = self.arrival("tinh", accepted)
        self.ack("tinh", entry)
        self.status("tinh", entry, "06", "Hoàn thành")
        self.await_status("xa-a", accepted, "tinh", "06")
        self.timeline("xa-a", accepted)

    def run(self):
        self.upward()
        self.reply(*self.downward())
        self.refusal()
        self.waiting()

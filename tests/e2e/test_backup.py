"""A backup of a working daemon, the loss of its store, and the restore: nothing of the backup is lost or comes twice, the
receipt log goes on under a new origin only, what was confirmed since is exposed, and whatever is no whole backup or no
whole restore is refused."""
import http.client
import json
import os
import shutil
import signal
import subprocess
import threading
import unittest

from axis import ORGANISATIONS, VANTHU, Axis, Failure, tail, until


class Backup(unittest.TestCase):
    def setUp(self):
        two = {id: ORGANISATIONS[id] for id in ("vpcp", "tinh")}
        self.axis = axis = Axis(tokens=False, organisations=two, nodes={"g22": "vpcp", "h48": "tinh"})
        self.addCleanup(axis.close)
        axis.make()
        self.node = axis.nodes["h48"]
        self.backups = os.path.join(self.node.folder, "backups")
        for node in axis.nodes.values():
            node.settings = {"store": {"inline_limit": "1 KiB", "segment_limit": "64 KiB",
                                       "backup_directory": self.backups if node is self.node else None}}
            node.write_config()
        axis.start()
        self.receipts = os.path.join(axis.folder, "receipts")
        os.makedirs(self.receipts)

    def vanthu(self, *arguments):
        return subprocess.run([VANTHU, *arguments], capture_output=True, text=True, timeout=300, env=self.axis.env)

    def json_of(self, *arguments):
        done = self.vanthu(*arguments, "--json")
        self.assertTrue(done.stdout, done.stderr)
        return done.returncode, json.loads(done.stdout)

    def back_up(self, *directory):
        code, said = self.json_of("backup", *directory, "--config", self.node.config, "--officer", "Trần B", "--reason",
                                  "hằng ngày")
        self.assertEqual(code, 0, said)
        self.assertTrue(os.path.exists(said["directory"] + "/BACKUP"))
        return said["directory"]

    def submit(self, number, recipient="vpcp", sender="tinh", size=None):
        size = size or (100, 5000, 90000)[number % 3]
        return self.axis.eoffice(sender).submit(self.axis.metadata(sender, [recipient], number, "Văn bản %d" % number),
                                                [("a.bin", os.urandom(size))])

    def keep(self, answer):
        self.assertEqual(answer.status, 201, answer.body)
        accepted = answer.json()
        with open(self.receipt_file(accepted), "w") as file:
            file.write(accepted["receipt"])
        return accepted

    def send(self, number, **more):
        return self.keep(self.submit(number, **more))

    def receipt_file(self, accepted):
        return os.path.join(self.receipts, accepted["document_id"] + ".json")

    def documents(self, organisation="vpcp"):
        return [e["document"]["document_id"] for e in self.axis.eoffice(organisation).inbox(0)["entries"]
                if e["kind"] == "document"]

    def verify(self, accepted, *more):
        return self.json_of("verify-receipt", self.receipt_file(accepted), "--trust", self.axis.pki + "/trust", *more)

    def restore(self, backup):
        return self.json_of("restore", backup, "--config", self.node.config)

    def delegate(self, said):
        done = subprocess.run([VANTHU] + said["next_command"].split()[1:], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)

    def cannot_start(self, code):
        with self.assertRaises(Failure) as refused:
            self.node.start()
        self.assertEqual(refused.exception.code, 69)
        self.node.kill()
        text = tail(self.node.log, 60)
        self.assertIn(code, text)
        return text

    def test_a_lost_store_comes_back_from_a_backup_made_while_documents_flowed(self):
        axis, node, office = self.axis, self.node, self.axis.eoffice("tinh")
        before = [self.send(n) for n in range(1, 5)]
        self.send(501, recipient="tinh", sender="vpcp")
        until("they arrive", lambda: len(self.documents()) == 4 and len(self.documents("tinh")) == 1)
        axis.nodes["g22"].stop()  # from here on they wait here
        waiting = [self.send(n) for n in range(5, 8)]

        # Documents flow while the backup is made.
        meanwhile, stop = [], threading.Event()

        def flow():
            number = 100
            while not stop.is_set():
                number += 1
                meanwhile.append(self.submit(number))
        sender = threading.Thread(target=flow)
        sender.start()
        try:
            until("documents flow", lambda: len(meanwhile) >= 3)
            known = len(meanwhile)
            backup = self.back_up()
            until("they still flow", lambda: len(meanwhile) >= known + 3)
        finally:
            stop.set()
            sender.join()
        self.assertEqual(os.path.dirname(backup), self.backups)
        meanwhile = [self.keep(answer) for answer in meanwhile]
        waiting += meanwhile[:known]
        perhaps, later = meanwhile[known:], [self.send(n) for n in range(8, 10)]
        axis.nodes["g22"].start()
        lost_here = self.send(502, recipient="tinh", sender="vpcp")  # its receipt is of the other node's log
        until("it arrives", lambda: lost_here["business_document_id"] in self.documents("tinh"))
        page = office.inbox(0)
        axis.nodes["g22"].stop()
        node.kill()
        shutil.rmtree(node.store)

        code, said = self.restore(backup)
        self.assertEqual(code, 0, said)
        self.assertTrue(said["restored"])
        self.assertEqual(said["found"], 0)
        self.assertGreaterEqual(said["counts"]["documents"], len(before) + len(waiting) + 1)
        self.assertEqual(said["former_instance"], page["instance"])
        self.assertEqual(said["previous_origin"], "vanthu.example/h48/1")

        # The old origin is refused, in words that can be typed.
        text = self.cannot_start("receipt_log.restored")
        self.assertIn(said["next_command"], text)
        self.assertIn("--previous-origin vanthu.example/h48/1 --previous-head %s" % said["previous_head_file"], text)
        self.delegate(said)
        node.start()
        axis.nodes["g22"].start()

        # The eOffice is told that its place in the inbox is of a former life, and reads again.
        for place in ("after=%d" % page["next_after"], "after=1&instance=" + page["instance"]):
            answer = office.request("GET", "/v1/inbox?" + place)
            self.assertEqual((answer.status, answer.code()), (409, "api.inbox_restored"), answer.body)
            self.assertIn("after=0", answer.json()["action_vi"])
        again = office.inbox(0)
        self.assertEqual(again["instance"], said["instance"])
        self.assertEqual([e["id"] for e in again["entries"]],
                         [e["id"] for e in page["entries"]][:len(again["entries"])])
        self.assertNotIn(lost_here["business_document_id"], self.documents("tinh"))

        new = self.send(20)
        expected = {d["business_document_id"] for d in before + waiting + [new]}
        until("what waited in the backup arrives, and new documents", lambda: expected <= set(self.documents()))
        arrived = self.documents()
        self.assertEqual(len(arrived), len(set(arrived)))
        with open(self.receipt_file(new)) as file:
            self.assertEqual(json.load(file)["log_origin"], "vanthu.example/h48/" + said["instance"])
        # A receipt of the old log is given again byte for byte; all receipts verify; of what was confirmed between the
        # backup and the loss a receipt of the new log says so, offline.
        for document in before + waiting:
            answer = office.get("/v1/documents/%s/receipt" % document["document_id"])
            self.assertEqual(answer.body.decode(), document["receipt"])
        for document in before[:1] + waiting[-1:]:
            code, judged = self.verify(document, "--later", self.receipt_file(new))
            self.assertEqual((code, judged["continued"]), (0, True), judged)
        for document in later:
            self.assertEqual(self.verify(document)[0], 0)
            code, judged = self.verify(document, "--later", self.receipt_file(new))
            self.assertEqual((code, judged["code"]), (1, "receipt.not_continued"), judged)
        axis.stop()

        # And the organisation itself: of a folder of receipts, exactly those without a document.
        for document in os.listdir(self.receipts):  # those of the other node's log
            with open(os.path.join(self.receipts, document)) as file:
                if "/h48/" not in json.load(file)["log_origin"]:
                    os.remove(file.name)
        code, said = self.json_of("fsck", "--config", node.config, "--receipts", self.receipts, "--trust",
                                  axis.pki + "/trust")
        self.assertEqual(code, 1)
        missing = {p["what"] for p in said["problems"]}
        self.assertEqual(said["found_of"], {"lost": len(missing)})
        lost = {d["document_id"] for d in later + perhaps if any(d["document_id"] in what for what in missing)}
        self.assertEqual(len(lost), len(missing), missing)
        self.assertLessEqual({d["document_id"] for d in later}, lost)
        for document in later + perhaps:
            if document["document_id"] in lost:
                os.remove(self.receipt_file(document))
        code, said = self.json_of("fsck", "--config", node.config, "--receipts", self.receipts)
        self.assertEqual((code, said["found"]), (0, 0), said)

    def test_an_interrupted_backup_and_an_interrupted_restore_are_taken_for_nothing(self):
        node = self.node
        for n in range(1, 13):
            self.send(n, size=3_000_000)  # so that the copying takes a while
        node.stop()
        node.settings["listen.operator"] = {"address": "unix:" + node.folder + "/operator.sock", "secret_file": None}
        node.write_config()
        node.start()
        shutil.rmtree(self.back_up())

        def interrupted(begin, seen, whole, kill):
            """Until it was killed while it worked: once is enough where the machine is not very fast."""
            for _ in range(20):
                running = begin()
                until("it begins", seen, every=0.0005)
                kill(running)
                if not whole():
                    return
                shutil.rmtree(self.backups, ignore_errors=True)
            self.fail("never caught at work")

        def only_backup():
            names = os.listdir(self.backups) if os.path.isdir(self.backups) else []
            return os.path.join(self.backups, names[0]) if names else ""

        def begun():
            return os.path.exists(only_backup() + "/BACKUP.new") or os.path.exists(only_backup() + "/BACKUP")

        def whole():
            return os.path.exists(only_backup() + "/BACKUP")

        def launch(*arguments):
            return subprocess.Popen([VANTHU, *arguments, "--config", node.config], stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL, env=self.axis.env)

        def kill_command(process):
            process.send_signal(signal.SIGKILL)
            process.wait()

        # The daemon is killed while it makes a backup.
        def by_the_daemon():
            if node.process is None:
                node.start()
            return launch("backup")

        def kill_daemon(command):
            node.kill()
            kill_command(command)
        interrupted(by_the_daemon, begun, whole, kill_daemon)
        half = only_backup()
        shutil.move(node.store, node.store + ".old")
        self.assertEqual(self.restore(half)[1]["code"], "ledger.not_a_backup")
        shutil.rmtree(node.store, ignore_errors=True)
        shutil.move(node.store + ".old", node.store)
        # The next one removes it. Then the command is killed, which has opened the store itself.
        good = self.back_up()
        self.assertEqual(os.listdir(self.backups), [os.path.basename(good)])
        kept = shutil.move(good, node.folder + "/kept")
        interrupted(lambda: launch("backup"), begun, whole, kill_command)
        node.start()  # the store is as it was
        self.assertEqual(len(self.axis.eoffice("tinh").get("/v1/documents").json()["documents"]), 12)
        node.stop()

        # A restore is killed: vanthud does not start on what it left, and it is done again in its place.
        shutil.rmtree(node.store)
        ledger = node.store + "/ledger"
        for _ in range(20):
            restoring = launch("restore", kept)
            until("it begins", lambda: os.path.exists(ledger + "/rows"), every=0.0005)
            kill_command(restoring)
            if os.path.exists(ledger + "/RESTORING"):
                break
            shutil.rmtree(node.store)
        else:
            self.fail("never caught at work")
        self.cannot_start("ledger.restore_unfinished")
        code, said = self.json_of("fsck", "--config", node.config)
        self.assertEqual((code, said["code"]), (66, "ledger.restore_unfinished"))
        code, said = self.restore(kept)
        self.assertEqual((code, said["found"], said["counts"]["documents"]), (0, 0, 12), said)
        self.delegate(said)
        node.start()
        self.assertEqual(len(self.axis.eoffice("tinh").get("/v1/documents").json()["documents"]), 12)

    def test_refusals(self):
        node = self.node
        self.send(1)
        backup = self.back_up()
        self.assertEqual(self.restore(backup)[1]["code"], "ledger.restore_target_taken")  # vanthud runs
        self.assertEqual(self.back_up(self.backups + "/named"), self.backups + "/named")
        for taken, code in ((self.backups + "/named", "ledger.backup_target_taken"),
                            (node.folder + "/other", "backup.elsewhere")):
            returned, said = self.json_of("backup", taken, "--config", node.config)
            self.assertEqual((returned, said["code"]), (1, code))
        # A configuration by which the door cannot be asked, or nobody answers.
        pki = os.path.join(self.axis.pki, node.organisation.code)
        for settings, code, name in (
                ({"certificate": pki + "/service.pem", "key": pki + "/service.key",
                  "ca": self.axis.pki + "/ca/chain.pem"}, 1, "backup.door_not_local"),
                ({"address": "127.0.0.1:1"}, 69, None)):
            node.settings["listen.operator"] = settings
            returned, said = self.json_of("backup", "--config", node.write_config(node.folder + "/elsewhere.toml"))
            self.assertEqual((returned, said["code"] if name else None), (code, name), said)
        del node.settings["listen.operator"]
        node.stop()
        self.assertEqual(self.restore(backup)[1]["code"], "ledger.restore_target_taken")
        if os.geteuid() == 0:  # as on a machine where vanthud has a user of its own
            ledger = node.store + "/ledger"
            os.chown(ledger, 65534, -1)
            before = sorted(os.listdir(ledger))
            returned, said = self.json_of("backup", "--config", node.config)
            self.assertEqual((returned, said["code"]), (1, "backup.other_user"))
            self.assertEqual(sorted(os.listdir(ledger)), before)
            os.chown(ledger, 0, -1)
        offline = self.back_up(node.folder + "/other")  # vanthud does not run: the command opens the store
        for target, code in ((offline, "ledger.backup_target_taken"), (node.store + "/ledger/b", "ledger.backup_target_taken"),
                             (node.folder + "/missing/b", "ledger.backup_failed")):
            self.assertEqual(self.json_of("backup", target, "--config", node.config)[1]["code"], code)
        # A disk that is full up to the mark, as if somebody had filled it.
        free = shutil.disk_usage(node.folder).free
        node.settings["store"]["minimum_free"] = "%d GiB" % (free // (1 << 30) + 10)
        node.write_config()
        code, said = self.json_of("backup", "--config", node.config)
        self.assertEqual((code, said["code"], said["retryable"]), (1, "ledger.backup_no_space", True))
        self.assertEqual(len(os.listdir(self.backups)), 2)
        node.settings["store"]["minimum_free"] = None
        node.write_config()
        shutil.move(node.store, node.store + ".old")
        self.assertEqual(self.restore(node.store + ".old/ledger")[1]["code"], "ledger.not_a_backup")
        self.assertEqual(self.restore(node.folder + "/missing")[1]["code"], "ledger.not_a_backup")

        def damaged(change, code):
            copy = backup + "-damaged"
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(backup, copy)
            change(copy)
            returned, said = self.restore(copy)
            self.assertEqual(returned, 1, said)
            self.assertEqual(said.get("code"), code, said)
            return said

        def rewrite(name, old, new):
            def change(copy):
                with open(os.path.join(copy, name)) as file:
                    text = file.read()
                with open(os.path.join(copy, name), "w") as file:
                    file.write(text.replace(old, new))
            return change

        damaged(lambda copy: os.remove(copy + "/BACKUP"), "ledger.not_a_backup")
        damaged(rewrite("BACKUP", "format 2", "format 3"), "ledger.newer_format")
        damaged(rewrite("BACKUP", "taken_us 1", "taken_us 2"), "ledger.backup_damaged")
        damaged(lambda copy: shutil.rmtree(copy + "/rows"), "ledger.backup_damaged")
        damaged(lambda copy: os.remove(copy + "/segments/00000001.segment"), "ledger.payload_missing")

        def flip(copy):
            with open(copy + "/segments/00000001.segment", "r+b") as file:
                file.seek(1000)
                byte = file.read(1)
                file.seek(1000)
                file.write(bytes([byte[0] ^ 1]))
        said = damaged(flip, None)
        self.assertFalse(said["restored"])
        self.assertEqual([p["kind"] for p in said["problems"]], ["lost"])
        # vanthud runs neither on what was not restored to the end, nor on a backup.
        self.cannot_start("ledger.restore_unfinished")
        self.assertEqual(self.restore(offline)[0], 0)  # in its place

        code, said = self.json_of("backup", "--config", self.axis.nodes["g22"].config)
        self.assertEqual((code, said["code"]), (1, "backup.no_directory"))

    def test_the_door_wants_an_officer_and_a_reason_and_keeps_both(self):
        door = http.client.HTTPConnection("127.0.0.1", self.node.operator_port, timeout=60)
        self.addCleanup(door.close)

        def ask(method, body=None, secret=True, node=self.node, door=door):
            headers = {"Host": "127.0.0.1:%d" % node.operator_port}
            if secret:
                headers["Authorization"] = "Bearer " + node.operator_secret()
            door.request(method, "/api/backup", json.dumps(body) if body is not None else None, headers)
            answer = door.getresponse()
            return answer.status, json.loads(answer.read())
        self.assertEqual(ask("GET")[1]["state"], "none")
        self.assertEqual(ask("POST", {"officer": "A", "reason": "b"}, secret=False)[0], 401)
        self.assertEqual(ask("POST", {"officer": "A"})[1]["code"], "web.officer_missing")
        self.assertEqual(ask("POST", {"officer": "A", "reason": "b", "directory": "/tmp/x"})[1]["code"],
                         "web.bad_parameter")
        for name in ("../x", "/tmp/x", ".x", "", "a b", 7):
            self.assertEqual(ask("POST", {"officer": "A", "reason": "b", "name": name})[1]["code"],
                             "web.bad_parameter", name)
        self.assertEqual(ask("DELETE")[0], 405)
        self.assertEqual(ask("GET")[1]["state"], "none")
        self.assertEqual(ask("POST", {"officer": "Trần B", "reason": "thử", "name": "thu-1"})[0], 200)
        until("it is made", lambda: ask("GET")[1]["state"] == "done")
        said = ask("GET")[1]
        self.assertEqual((said["officer"], said["directory"]), ("Trần B", self.backups + "/thu-1"))
        self.assertTrue(os.path.exists(said["directory"] + "/BACKUP"))
        self.assertEqual(ask("POST", {"officer": "Trần B", "reason": "thử", "name": "thu-1"})[0], 200)
        until("it is refused", lambda: ask("GET")[1]["state"] == "failed")
        self.assertEqual(ask("GET")[1]["error"]["code"], "ledger.backup_target_taken")
        self.assertTrue(os.path.exists(said["directory"] + "/BACKUP"))
        without = self.axis.nodes["g22"]
        other = http.client.HTTPConnection("127.0.0.1", without.operator_port, timeout=60)
        self.addCleanup(other.close)
        status, said = ask("POST", {"officer": "A", "reason": "b"}, node=without, door=other)
        self.assertEqual((status, said["code"]), (409, "web.no_backup_directory"))


if __name__ == "__main__":
    unittest.main()

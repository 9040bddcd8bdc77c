"""The judge of the crash suite can find what it looks for: an untouched store has no problem, each damage has its own."""
import fcntl
import glob
import json
import os
import shutil
import subprocess
import tempfile
import unittest

from rig import VANTHU, Oracle, World, until


class Judge(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="vanthu-judge-")
        world = cls.world = World(os.path.join(cls.folder, "world"), partner=False)
        try:
            world.make()
            world.start()
            oracle = Oracle(world)
            for n, size in enumerate((10, 3000, 30000, 40000, 200000, 300000), 1):
                answer = world.eoffice("tinh").submit(world.metadata("tinh", ["so"], n, "Văn bản"),
                                                      [("a.bin", os.urandom(size))])
                oracle.accept("tinh", ["so"], answer.json())
            until("all arrive", lambda: len(world.eoffice("so").inbox()["entries"]) == 6)
            cls.receipts = oracle.receipts("a")
            cls.node = world.nodes["a"]
            world.stop()
        finally:
            world.close()

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder, ignore_errors=True)

    def said(self, damage=None):
        """Of a copy of the store and the receipts, damaged."""
        place = tempfile.mkdtemp(dir=self.folder)
        real, self.node.store = self.node.store, os.path.join(place, "store")
        receipts = os.path.join(place, "receipts")
        shutil.copytree(real, self.node.store)
        shutil.copytree(self.receipts, receipts)
        try:
            if damage:
                damage(os.path.join(self.node.store, "ledger"), receipts)
            return self.world.check_store(self.node, receipts)
        finally:
            self.node.store = real

    def finds(self, word, damage):
        problems = self.said(damage)["problems"]
        self.assertTrue(any(text.startswith(word) for text in problems), problems)

    def test_a_store_that_nobody_touched_has_no_problem(self):
        said = self.said()
        self.assertEqual(said["problems"], [])
        self.assertEqual((said["counts"]["documents"], said["counts"]["receipts_given"]), (6, 6))

    def test_a_file_without_a_document_is_an_orphan(self):
        def damage(store, _):
            os.makedirs(store + "/files/00/00", exist_ok=True)
            shutil.copy(glob.glob(store + "/files/*/*/*")[0], store + "/files/00/00/" + "0" * 32)
        self.finds("orphan: file", damage)

    def test_a_record_without_a_document_is_an_orphan(self):
        def damage(store, _):
            with open(glob.glob(store + "/segments/*.segment")[0], "r+b") as file:
                record = file.read(99)
                file.seek(0, os.SEEK_END)
                file.seek((file.tell() + 4095) // 4096 * 4096)
                file.write(record + bytes(range(256)) * 16)
        self.finds("orphan: segment", damage)

    def test_a_flipped_byte_of_a_payload_is_a_loss(self):
        def damage(store, _):
            with open(glob.glob(store + "/segments/*.segment")[0], "r+b") as file:
                file.seek(2000)
                byte = file.read(1)
                file.seek(2000)
                file.write(bytes([byte[0] ^ 1]))
        self.finds("lost: payload", damage)

    def test_a_missing_file_is_a_loss(self):
        self.finds("lost: payload", lambda store, _: os.unlink(glob.glob(store + "/files/[0-9a-f]*/*/*")[0]))

    def test_many_problems_of_one_kind_hide_none_of_another(self):
        def damage(store, receipts):  # orphans are looked for before receipts
            os.makedirs(store + "/files/00/00", exist_ok=True)
            for n in range(150):
                shutil.copy(glob.glob(store + "/files/[1-9a-f]*/*/*")[0], store + "/files/00/00/%032x" % n)
            with open(glob.glob(receipts + "/*.json")[0], "w") as file:
                file.write("{}")
        problems = self.said(damage)["problems"]
        self.assertEqual(sum(text.startswith("orphan: ") for text in problems), 100)
        self.assertTrue(any(text.startswith("lost: ") for text in problems), problems)

    def test_a_receipt_whose_document_is_not_there_is_a_loss(self):
        def damage(_, receipts):  # as from a log that went on after these bytes of the store
            path = sorted(glob.glob(receipts + "/*.json"))[0]
            with open(path) as file:
                receipt = json.load(file)
            receipt["sequence"] = receipt["tree_size"] = 1000
            with open(path, "w") as file:
                json.dump(receipt, file, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        self.finds("lost: receipt", damage)

    def test_a_store_of_the_day_before_is_a_loss(self):
        place = tempfile.mkdtemp(dir=self.folder)
        empty = World(os.path.join(place, "world"), partner=False)
        empty.make()
        try:
            empty.start("a")
            empty.stop()
        finally:
            empty.close()
        self.finds("lost: ", lambda store, _: (shutil.rmtree(store),
                                               shutil.copytree(empty.nodes["a"].store + "/ledger", store)))

    def fsck(self, *more):
        config = () if "--config" in more else ("--config", self.node.config)
        return subprocess.run([VANTHU, "fsck", *config, *more], capture_output=True, text=True,
                              timeout=120)

    def test_a_person_reads_what_is_wrong_and_what_to_do(self):
        said = self.fsck()
        self.assertEqual((said.returncode, said.stderr), (0, ""))
        self.assertRegex(said.stdout, "^6 văn bản, .*: không có vấn đề nào\n$")
        place = os.path.join(tempfile.mkdtemp(dir=self.folder), "ledger")
        shutil.copytree(self.node.store + "/ledger", place)
        os.unlink(glob.glob(place + "/files/[0-9a-f]*/*/*")[0])
        said = self.fsck("--store", place, "--lang", "en")
        self.assertEqual((said.returncode, said.stderr), (1, ""))
        for part in ("1 problem", "LOST: what was acknowledged", "payload ", "restore a backup"):
            self.assertIn(part, said.stdout)

    def test_a_store_that_a_daemon_has_open_is_left_alone(self):
        with open(self.node.store + "/ledger/LOCK") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            said = self.fsck()
        self.assertEqual((said.returncode, said.stdout), (66, ""))
        self.assertIn("ledger.in_use", said.stderr)

    def test_no_store_and_no_configuration_are_told(self):
        place = tempfile.mkdtemp(dir=self.folder)
        for options, code in ((("--store", place + "/none"), "ledger.directory_missing"),
                              (("--config", place + "/none"), "config.unreadable"),
                              (("--trust", place), "files.")):
            said = self.fsck(*options)
            self.assertEqual((said.returncode, said.stdout), (66, ""), options)
            self.assertIn(code, said.stderr)
        self.assertEqual(os.listdir(place), [])


if __name__ == "__main__":
    unittest.main()

"""A start that cannot be: one coded message in both languages, the promised exit code, and nothing crashes."""
import os
import re
import socket
import unittest

from axis import CANNOT_START, Axis, VANTHUD, run, write


class RefusedStart(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.axis = Axis(tokens=False)
        cls.addClassCleanup(cls.axis.close)
        cls.axis.make()
        cls.node = cls.axis.nodes["h48"]
        with open(cls.node.config) as file:
            cls.good = file.read()

    def refused(self, text, part, code, exit=CANNOT_START):
        path = os.path.join(self.axis.work, "start.toml")
        write(path, text)
        done = run(VANTHUD, "--config", path, check=False, timeout=60)
        self.assertEqual(done.returncode, exit, done.stderr)
        told = [line for line in done.stderr.splitlines() if line.startswith("vanthud: ")]
        self.assertEqual(len(told), 2, done.stderr)
        self.assertIn("/ %s: %s" % (part, code), told[0])
        self.assertEqual(told[1], "vanthud: không khởi động được / cannot start")
        self.assertNotIn("ready", done.stdout)
        return done

    def with_value(self, section, key, value):
        changed, count = re.subn(r'(\[%s\]\n(?:\w+ = .*\n)*?%s = )".*"' % (re.escape(section), key),
                                 lambda found: found.group(1) + '"%s"' % value, self.good)
        self.assertEqual(count, 1)
        return changed

    def test_a_port_that_is_taken(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = "127.0.0.1:%d" % taken.getsockname()[1]
            for door in ("api", "peer", "operator"):
                done = self.refused(self.with_value("listen." + door, "address", address), "listen." + door,
                                    "net.address_in_use: " + address)
                self.assertLess(done.stderr.index("  Địa chỉ lắng nghe"), done.stderr.index("  The listening address"))

    def test_a_socket_file_that_cannot_be_made(self):
        for path in (self.axis.work + "/absent/operator.sock", self.good_file()):
            self.refused(self.with_value("listen.operator", "address", "unix:" + path), "listen.operator",
                         "net.listen_failed: unix:" + path)

    def good_file(self):
        path = os.path.join(self.axis.work, "no-socket")
        write(path, "")
        return path

    def test_files_that_are_there_and_useless(self):
        empty = os.path.join(self.axis.work, "empty")
        write(empty, "\n", 0o600)
        self.refused(self.with_value("inspect", "executable", empty), "inspectors", "inspect.")

    def test_the_same_node_starts_once_the_port_is_free(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", self.node.operator_port))
            taken.listen()
            self.refused(self.good, "listen.operator", "net.address_in_use")
        self.node.start()
        self.node.stop()
        with open(self.node.log) as file:
            self.assertNotIn("store_recovered", file.read())  # the refused start has closed the store in order


if __name__ == "__main__":
    unittest.main()

"""The parts of tests/bench/run by themselves: no peer is started, nothing is installed."""
import argparse
import contextlib
import importlib.machinery
import importlib.util
import io
import json
import os
import signal
import socket
import string
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
loader = importlib.machinery.SourceFileLoader("bench_run", os.path.join(HERE, "run"))
bench_run = importlib.util.module_from_spec(importlib.util.spec_from_loader("bench_run", loader))
loader.exec_module(bench_run)
from peers import install, machine, peer, report  # noqa: E402


def program(*arguments, **more):
    return subprocess.run([sys.executable, "-B", os.path.join(HERE, "run"), *arguments], capture_output=True, text=True,
                          timeout=60, **more)


class Stub(peer.Peer):
    def __init__(self, name, durable=True, delivers=False, held=None):
        self.name, self.title, self.durable, self.delivers, self.there = name, name.title(), durable, delivers, held
        self.process = None

    def held(self):
        return self.there


class Arguments(unittest.TestCase):
    def refused(self, *given):
        with contextlib.redirect_stderr(io.StringIO()) as said, self.assertRaises(SystemExit) as ended:
            bench_run.arguments(given)
        self.assertEqual(ended.exception.code, 2)
        return said.getvalue()

    def test_defaults_are_the_work_that_was_asked_for(self):
        options = bench_run.arguments([])
        self.assertEqual((options.size, options.submitters), ([100_000, 4000], [1, 32, 128]))
        self.assertFalse(options.install)

    def test_what_makes_no_sense_is_refused_by_name(self):
        for given, word in ((("--size", "12"), "1500"), (("--size", "1G"), "--size"), (("--submitters", "0"), "150"),
                            (("--submitters", "1,x"), "--submitters"), (("--rounds", "0"), "--rounds"),
                            (("--seconds", "0"), "0.2"), (("--only", "kafka"), "kafka"),
                            (("--directory", "/no/such"), "/no/such"), (("--bogus",), "--bogus")):
            with self.subTest(given):
                self.assertIn(word, self.refused(*given))

    def test_only_takes_a_peer_with_its_delivery(self):
        accepting = bench_run.chosen(bench_run.arguments(["--only", "disk,postfix"]))
        self.assertEqual([p.name for p in accepting], ["disk", "postfix"])
        delivering = bench_run.chosen(bench_run.arguments(["--only", "vanthu,postfix", "--deliver"]))
        self.assertEqual([p.name for p in delivering], ["vanthu", "vanthu-relay", "postfix-relay"])

    def test_memory_is_no_disk(self):
        if not os.access("/dev/shm", os.W_OK) or machine.Disk("/dev/shm").kind != "tmpfs":
            self.skipTest("no tmpfs at /dev/shm")
        done = program("--only", "disk", "--directory", "/dev/shm")
        self.assertEqual(done.returncode, 2)
        self.assertIn("nothing there is durable", done.stderr)

    def test_a_missing_peer_is_named_and_skipped(self):
        with tempfile.TemporaryDirectory() as empty:  # a build directory without anything in it
            done = program("--only", "vanthu", env=dict(os.environ, VANTHU_BUILD=empty))
        self.assertIn("without vanthu: not built", done.stderr)
        self.assertIn("nobody is left", done.stderr)


LOAD = {"acknowledged": 200, "refused": 0, "seconds": 2.0, "p50_ms": 1.5, "p99_ms": 9.0, "client_cpu_s": 0.1,
        "wire_bytes": 8000, "next": 300_000_200, "tls": "TLSv1.3 X"}


def canned():
    lines = report.Lines([Stub("disk"), Stub("vanthu"), Stub("rabbitmq"), Stub("nats", durable=False)])
    for disk, vanthu, rabbitmq, nats in ((4000, 1000, 500, 9000), (1000, 900, 300, 5000), (2000, 1600, 400, 8000)):
        for name, rate in (("disk", disk), ("vanthu", vanthu), ("rabbitmq", rabbitmq), ("nats", nats)):
            lines.add(4000, 32, name, report.figures(dict(LOAD, acknowledged=rate * 2), 0.4, 50, rate))
    return lines


class Report(unittest.TestCase):
    def test_a_round_is_counted_per_document_that_arrived(self):
        one = report.figures(LOAD, 0.4, 50.0, 100)
        self.assertEqual((one["per_s"], one["server_cpu_ms"], one["client_cpu_ms"], one["flushes"]),
                         (100.0, 2.0, 0.5, 0.5))
        relayed = report.figures(LOAD, 0.4, 50.0, None, arrived=200, arrived_s=4.0)
        self.assertEqual((relayed["per_s"], relayed["accepted_per_s"]), (50.0, 100.0))
        self.assertNotIn("flushes", relayed)
        lines = report.Lines([Stub("vanthu"), Stub("vanthu-relay", delivers=True)])
        for name, figures in (("vanthu", one), ("vanthu-relay", relayed)):
            lines.add(4000, 32, name, figures)
        self.assertIn("accepted/s", report.table(lines))
        self.assertEqual([(g["ratio"], g["goal"]) for g in lines.goals()], [(0.5, 0.4)])
        self.assertNotIn("accepted/s", report.table(canned()))
        self.assertEqual(report.figures(dict(LOAD, acknowledged=0, seconds=0.0), 0.0, 1.0, 5)["per_s"], 0.0)

    def test_ratios_are_medians_of_the_rounds_own(self):
        lines = canned()
        self.assertEqual(lines.ratio(4000, 32, "vanthu", "disk"), 0.8)       # of 0.25, 0.9, 0.8
        self.assertEqual(lines.line(4000, 32, "rabbitmq")["of_vanthu"], 3.0)  # of 2, 3, 4
        self.assertEqual(lines.line(4000, 32, "rabbitmq")["per_s"], 400)

    def test_who_does_not_sync_is_shown_and_marked_and_no_yardstick(self):
        lines = canned()
        goal, = lines.goals()
        self.assertEqual((goal["peer"], goal["ratio"], goal["goal"]), ("rabbitmq", 3.0, 3))
        row, = [row for row in report.table(lines).splitlines() if "Nats" in row]
        self.assertIn("does not sync: not counted", row)
        self.assertIn("8 000", row)

    def test_a_round_that_failed_counts_for_nobody(self):
        lines = canned()
        lines.fail(4000, 32, "rabbitmq", "went away")
        lines.add(4000, 32, "vanthu", report.figures(LOAD, 0.4, 50, 1))
        self.assertEqual(lines.ratio(4000, 32, "vanthu", "rabbitmq"), 3.0)
        self.assertEqual(report.as_json(lines, {})["failures"][0]["text"], "went away")

    def test_the_table_is_one_table(self):
        rows = report.table(canned()).splitlines()
        self.assertEqual(len(rows), 2 + 4)
        self.assertEqual(len({row.count("|") for row in rows}), 1)

    def test_json_goes_and_comes_back(self):
        out = json.loads(json.dumps(report.as_json(canned(), {"rounds": 3})))
        self.assertEqual(out["schema_version"], 1)
        self.assertEqual({line["peer"]: line["durable"] for line in out["lines"]},
                         {"disk": True, "vanthu": True, "rabbitmq": True, "nats": False})

    def test_sizes_are_read_as_they_are_shown(self):
        self.assertEqual([report.size_name(report.parse_size(text)) for text in ("4K", "100k", "1M", "1501")],
                         ["4 KB", "100 KB", "1000 KB", "1501 bytes"])


class Counting(unittest.TestCase):
    """What is acknowledged and not there is a failure, not a rate."""

    def measured(self, held, said=LOAD):
        with tempfile.TemporaryDirectory() as folder:
            load = os.path.join(folder, "load")
            with open(load, "w") as file:
                file.write("#!/bin/sh\necho ready\nread go\ncat <<'JSON'\n%s\nJSON\n" % json.dumps(said))
            os.chmod(load, 0o755)
            shared = argparse.Namespace(load=load, preflight=False)
            return bench_run.measure(shared, Stub("vanthu", held=held), 4000, 1, 0.2, 300_000_000,
                                     machine.Disk(folder))

    def test_all_of_them_are_there(self):
        figures, following = self.measured(200)
        self.assertEqual((figures["held"], following), (200, 300_000_200))

    def test_one_is_missing(self):
        with self.assertRaisesRegex(machine.Failure, "200 documents were acknowledged and 199 are there"):
            self.measured(199)

    def test_one_is_there_twice(self):
        with self.assertRaisesRegex(machine.Failure, "200 documents were acknowledged and 201 are there"):
            self.measured(201)

    def test_what_the_client_could_not_do_is_passed_on(self):
        with self.assertRaisesRegex(machine.Failure, "the server closed"):
            self.measured(200, dict(LOAD, error="the server closed"))


ORPHANS = """
import sys
sys.path.insert(0, %r)
from peers import machine
machine.adopt_orphans()
server = machine.Process(["sh", "-c", "(setsid sleep 1000 & echo $! ) ; echo $$; exec sleep 1000"], sys.argv[1])
import time
while len(open(sys.argv[1]).read().split()) < 2: time.sleep(0.01)
if sys.argv[2] == "end": server.end()
if sys.argv[2] == "vanish": import os; os.kill(os.getpid(), 9)
machine.end_all()
""" % HERE


def alive(pid):
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def name_of(pid):
    with contextlib.suppress(OSError), open("/proc/%d/comm" % pid) as file:
        return file.read().strip()


class Machine(unittest.TestCase):
    def test_ports_are_free_and_all_different(self):
        ports = machine.free_ports(20)
        self.assertEqual(len(set(ports)), 20)
        with socket.socket() as one:
            one.bind(("127.0.0.1", ports[0]))

    def left_over(self, how):
        with tempfile.TemporaryDirectory() as folder:
            log = os.path.join(folder, "log")
            subprocess.run([sys.executable, "-B", "-c", ORPHANS, log, how], timeout=60)
            with open(log) as file:
                detached, server = map(int, file.read().split())
            out = {"detached": alive(detached), "server": alive(server)}
            if out["detached"]:
                os.kill(detached, signal.SIGKILL)
            return out

    def test_a_server_ends_with_what_it_detached(self):
        for how in ("end", "leave"):
            self.assertEqual(self.left_over(how), {"detached": False, "server": False}, how)

    def test_a_server_does_not_outlive_a_script_that_was_killed(self):
        self.assertFalse(self.left_over("vanish")["server"])

    def test_time_and_memory_of_children_count(self):
        child = machine.Process(["sh", "-c", "sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done'; sleep 1000"],
                                os.devnull)
        try:
            roots = [child.child.pid]
            while "sleep" not in [name_of(pid) for pid in machine.tree(roots)]:
                pass
            self.assertGreater(machine.cpu_seconds(roots), 0.0)
            self.assertEqual(len(machine.tree(roots)), 2)
            self.assertGreater(machine.pss_mb(roots), 0.0)
        finally:
            child.end()

    def test_every_configuration_has_all_its_values(self):
        known = {"rabbitmq.conf": {"port", "certificate", "key", "password"},
                 "postgresql.conf": {"port", "certificate", "key", "folder"},
                 "nats.conf": {"port", "certificate", "key", "store", "sync"},
                 "postfix-main.cf": {"folder", "name", "keep", "next", "key", "certificate"},
                 "postfix-master.cf": {"port"}}
        self.assertEqual(set(os.listdir(peer.CONF)), set(known))
        for name, values in known.items():
            with open(os.path.join(peer.CONF, name)) as file:
                found = {m.group("braced") for m in string.Template.pattern.finditer(file.read())}
            self.assertEqual(found, values, name)


class Install(unittest.TestCase):
    def test_a_file_for_the_time_of_installing_leaves_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a", "b", "policy")
            with self.assertRaises(ZeroDivisionError), install.temporary_file(path, "text", 0o755):
                self.assertTrue(os.access(path, os.X_OK))
                1 / 0
            self.assertEqual(os.listdir(folder), [])

    def test_a_file_that_is_there_stays(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "policy")
            with open(path, "w") as file:
                file.write("own")
            with install.temporary_file(path, "text", 0o755):
                pass
            with open(path) as file:
                self.assertEqual(file.read(), "own")

    def test_a_policy_that_lets_services_start_is_seen(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "policy")
            self.assertIsNone(install.denies_starts(path))
            for code, denies in ((101, True), (0, False)):
                with open(path, "w") as file:
                    file.write("#!/bin/sh\nexit %d\n" % code)
                os.chmod(path, 0o755)
                self.assertEqual(install.denies_starts(path), denies)


if __name__ == "__main__":
    unittest.main()

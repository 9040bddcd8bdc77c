"""The world of the crash suite: daemon A (a province) sends to daemon B (a department) and to vanthu-sim (a partner
that misbehaves by a script), B and the partner send to A. Who submits and who reads remembers what was said to it."""
import collections
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import threading
import time

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TREE, "tests", "e2e"))
import axis as e2e  # noqa: E402
from axis import VANTHU, Axis, Failure, Node, Organisation, Process, run, until, write  # noqa: E402

SIM = os.path.join(e2e.BUILD, "tests", "sim", "vanthu-sim")
NODES = {"a": "tinh", "b": "so", "doi": "doi-tac"}


def organisations():
    return {o.id: o for o in (
        Organisation("tinh", "H48", "Ủy ban nhân dân tỉnh Quảng Thử", "UBND tỉnh", None, "a", "Quảng Thử", "UBND-NC"),
        Organisation("so", "H48.02", "Sở Thử nghiệm", "sở", "tinh", "b", "Quảng Thử", "STN-VP"),
        Organisation("doi-tac", "H48.03", "Sở Đối tác", "sở", "tinh", "doi", "Quảng Thử", "SDT-VP"),
    )}


def fixed_ports(count):
    """Free ports that no outgoing connection is given: a daemon that was killed must find its own free again."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
        low = int(file.read().split()[0])
    found, choose = [], random.SystemRandom()
    while len(found) < count:
        port = choose.randrange(10240, min(low, 32768) if low > 11000 else 10240 + 2000)
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in found:
            found.append(port)
    return found


class Partner(Node):
    """vanthu-sim in the place of a node."""
    script, seed = None, 1

    def journal(self):
        return os.path.join(self.folder, "journal.jsonl")

    def write_config(self, path=None):
        return None

    def launch(self):
        pki = os.path.join(self.axis.pki, self.organisation.code)
        self.process = Process(
            [SIM, "run", "--node", self.id, "--organisation", self.organisation.code, "--listen",
             "127.0.0.1:%d" % self.peer_port, "--certificate", pki + "/service.pem", "--key", pki + "/service.key",
             "--ca", self.axis.pki + "/ca/chain.pem", "--log-key", pki + "/log.key", "--delegation",
             self.folder + "/log-key-delegation.json", "--trust", self.axis.pki + "/trust", "--script", self.script,
             "--seed", self.seed, "--journal", self.journal(), "--peer",
             "a=https://127.0.0.1:%d" % self.axis.nodes["a"].peer_port, "--peer-organisation", "a=H48"],
            self.log, self.axis.env)

    def await_ready(self, timeout=60):
        def ready():
            if not self.process.running():
                raise Failure("vanthu-sim ended\n" + e2e.tail(self.log))
            return "ready" in self.process.said()
        until("vanthu-sim is ready", ready, timeout)

    def entries(self):
        with open(self.journal()) as file:
            return [json.loads(line) for line in file if line.endswith("\n")]


class World(Axis):
    def __init__(self, folder, script=None, seed=1, partner=True):
        runs = NODES if partner else {k: v for k, v in NODES.items() if k != "doi"}
        who = {k: v for k, v in organisations().items() if v.node in runs}
        super().__init__(folder, tokens=False, organisations=who, nodes=runs)
        self.partner = None
        if partner:
            self.partner = self.nodes["doi"] = Partner(self, "doi")
            self.partner.script, self.partner.seed = script, seed
        for id, node in self.nodes.items():
            # All three kinds of payload with small documents, and attempts enough to outlive every kill. A partner
            # that fails every third time still counts as one that answers, else its breaker would be open all day.
            node.settings = {"store": {"inline_limit": "4 KiB", "segment_limit": "64 KiB"},
                             "delivery": {"attempts": 100000, "longest_retry": "2s", "request_timeout": "3s",
                                          "failures_to_open": 20, "first_probe": "1s", "longest_probe": "1s"}}

    def choose_ports(self):
        ports = fixed_ports(3 * len(self.nodes))
        for node in self.nodes.values():
            node.api_port, node.peer_port, node.operator_port = ports.pop(), ports.pop(), ports.pop()
        self.write_registry()
        for node in self.nodes.values():
            node.write_config()

    def check_store(self, node, receipts, copy=False):
        """What `vanthu fsck` says of a store nobody runs on. copy: it stays as it is."""
        store = os.path.join(node.store, "ledger")
        if copy:
            store = os.path.join(self.folder, "copy-" + node.id)
            shutil.rmtree(store, ignore_errors=True)
            run("cp", "-a", "--sparse=always", "--reflink=auto", os.path.join(node.store, "ledger"), store)
        try:
            command = [VANTHU, "fsck", "--config", node.config, "--store", store, "--receipts", receipts, "--json"]
            if not copy:  # every receipt is verified once, at the end
                command += ["--trust", self.pki + "/trust"]
            done = subprocess.run(command, capture_output=True, text=True, timeout=1800)
        finally:
            if copy:
                shutil.rmtree(store, ignore_errors=True)
        if done.returncode not in (0, 1):
            return {"counts": {}, "found": 1, "problems": ["lost: the store of %s cannot be opened: exit %d: %s" % (
                node.id, done.returncode, (done.stdout + done.stderr).strip())]}
        said = json.loads(done.stdout)
        said["problems"] = ["%s: %s" % (p["kind"], p["what"]) for p in said["problems"]]
        return said


class Oracle:
    """Remembers every receipt given, also as a file for the offline checks."""

    def __init__(self, world):
        self.world = world
        self.lock = threading.Lock()
        self.given = []            # (sender, recipients, answer of the submission)
        self.offered = collections.Counter()
        self.accepted = {id: threading.Event() for id in world.nodes}  # set at each acceptance; who waits clears it
        self.wrong = []
        self.expected, self.arrived = 0, 0  # inbox entries: acknowledged, read; what is between them is under way
        for id in world.nodes:
            os.makedirs(self.receipts(id), exist_ok=True)

    def receipts(self, node):
        return os.path.join(self.world.folder, "receipts-" + node)

    def offer(self, sender):
        with self.lock:
            self.offered[sender] += 1

    def accept(self, sender, recipients, answer):
        node = self.world.organisations[sender].node
        with self.lock:
            self.given.append((sender, recipients, answer))
            self.expected += sum(r != "doi-tac" for r in recipients)
        self.accepted[node].set()
        path = os.path.join(self.receipts(node), answer["document_id"] + ".json")
        with open(path + ".new", "w") as file:
            file.write(answer["receipt"])
        os.rename(path + ".new", path)

    def complain(self, text):
        with self.lock:
            self.wrong.append(text)


# The last one's packet is continued where it broke off, not sent again.
SIZES = (10, 3000, 20000, 60000, 90000, 300000) * 3 + (1500000,)


UNDER_WAY = 400  # above it nobody submits: what waits at the end is bounded, however slow the machine


class Submitter(threading.Thread):
    """An eOffice: each document is offered again, unchanged and under its key, until it is acknowledged."""

    def __init__(self, oracle, sender, recipients, first, pause, stop):
        super().__init__(daemon=True)
        self.oracle, self.sender, self.recipients = oracle, sender, recipients
        self.first, self.pause, self.stop = first, pause, stop

    def run(self):
        world, number = self.oracle.world, self.first
        office = world.eoffice(self.sender)
        while not self.stop.is_set():
            if self.oracle.expected - self.oracle.arrived > UNDER_WAY:
                self.stop.wait(0.1)
                continue
            number += 1
            choose = random.Random(number)
            metadata = world.metadata(self.sender, self.recipients, number, "Văn bản %d" % number,
                                      other_info={"priority": choose.choice((0, 0, 0, 1, 2))})
            content = choose.randbytes(choose.choice(SIZES))
            self.oracle.offer(self.sender)
            while True:
                try:
                    answer = office.submit(metadata, [("a.bin", content)], idempotency_key="k-%d" % number)
                except OSError:  # killed under our hands: we do not know, so we ask again
                    time.sleep(0.05)
                    continue
                except Exception as broken:  # half an answer
                    if not isinstance(broken, (e2e.http.client.HTTPException, ValueError)):
                        self.oracle.complain("%s: %r" % (number, broken))
                        return
                    continue
                if answer.status == 201:
                    self.oracle.accept(self.sender, self.recipients, answer.json())
                    break
                if answer.status not in (409, 429, 503):
                    self.oracle.complain("%s of %s: %d %s" % (number, self.sender, answer.status, answer.body[:300]))
                    return
                time.sleep(0.05)
            self.stop.wait(self.pause * choose.uniform(0.3, 1.7))


class Reader(threading.Thread):
    """An eOffice that reads its inbox and acknowledges the documents."""

    def __init__(self, oracle, organisation, stop):
        super().__init__(daemon=True)
        self.oracle, self.organisation, self.stop = oracle, organisation, stop
        self.seen = {}  # business document id -> inbox id

    def run(self):
        after, office = 0, self.oracle.world.eoffice(self.organisation)
        while not self.stop.is_set():
            try:
                for entry in office.inbox(after, 1)["entries"]:
                    if entry["sequence"] != after + 1:
                        self.oracle.complain("inbox of %s: %d follows %d" % (
                            self.organisation, entry["sequence"], after))
                    if entry["kind"] == "document":
                        id = entry["document"]["document_id"]
                        if id not in self.seen and not id.startswith("H48.03,"):  # not the partner's
                            with self.oracle.lock:
                                self.oracle.arrived += 1
                        if self.seen.setdefault(id, entry["id"]) != entry["id"]:
                            self.oracle.complain("twice: %s at %s" % (id, self.organisation))
                    if entry["kind"] == "document" and not entry["acked_at"]:
                        office.post("/v1/inbox/%s/ack" % entry["id"])
                    after = entry["sequence"]
            except (OSError, e2e.http.client.HTTPException, ValueError):
                self.stop.wait(0.1)
            except Failure as failure:
                if " 503 " not in str(failure):
                    self.oracle.complain(str(failure))
                self.stop.wait(0.1)

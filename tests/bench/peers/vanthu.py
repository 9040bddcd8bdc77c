"""vanthu itself: a node of its own, made as the end-to-end tests make theirs."""
import os
import shutil
import sys

from . import machine, peer

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.path.insert(0, os.path.join(TREE, "tests", "e2e"))
import axis  # noqa: E402


def organisations():
    own = (axis.Organisation("tinh", "000.00.00.H48", "UBND tỉnh Đo", "UBND tỉnh", None, "h48", "Quảng Ngãi", "UBND-VP"),
           axis.Organisation("xa", "H48.99.01", "UBND xã Nhận", "UBND xã", "tinh", "h48", "Quảng Ngãi", "UBND-VP"),
           axis.Organisation("xa-kia", "H48.99.02", "UBND xã Kia", "UBND xã", "tinh", "h48.99", "Quảng Ngãi",
                             "UBND-VP"))
    return {o.id: o for o in own}


class Vanthu(peer.Peer):
    name, title = "vanthu", "vanthu"
    program = axis.VANTHUD
    receiver, nodes = "xa", ("h48",)
    axis = None

    def missing(self):
        for tool, target in ((axis.VANTHUD, "vanthud"), (axis.VANTHU, "vanthu"), (axis.TEST_CA, "vanthu-test-ca")):
            if not os.access(tool, os.X_OK):
                return "not built: ninja %s" % target
        return None

    def version(self):
        return machine.run(axis.VANTHUD, "--version").strip().splitlines()[0]

    def start(self, bench):
        super().start(bench)
        self.axis = axis.Axis(folder=self.folder, tokens=False, organisations=organisations(),
                              nodes={"h48": "tinh", "h48.99": "xa-kia"})
        for node in self.axis.nodes.values():
            # The others look into no document either.
            node.settings = {"inspect": {"enabled": bench.preflight, "workers": 2}, "delivery": {"concurrency": 32}}
        self.axis.make()
        self.axis.start(*self.nodes)
        self.seen = 0

    def stop(self):
        if self.axis:
            self.axis.keep = True  # the run's folder goes as a whole
            for id in self.nodes:
                if self.axis.nodes[id].process:
                    self.axis.nodes[id].stop()
            self.axis.close()
            self.axis = None

    def roots(self):
        return [node.process.child.pid for node in self.axis.nodes.values() if node.process]

    def target(self):
        return ["--port", str(self.axis.node_of("tinh").api_port), "--ca", self.axis.pki + "/ca/chain.pem",
                "--secret-file", self.axis.key_file("tinh"), "--from", self.axis.organisations["tinh"].code,
                "--recipient", self.axis.organisations[self.receiver].code]

    def held(self):
        """Entries in the receiver's inbox; their sequence has no gaps."""
        eoffice = self.axis.eoffice(self.receiver)
        while True:
            page = eoffice.inbox(self.seen)
            if not page["entries"]:
                return self.seen
            self.seen = page["next_after"]

    def empty(self):
        """A fresh store."""
        for id in self.nodes:
            self.axis.nodes[id].stop()
            shutil.rmtree(self.axis.nodes[id].store)
        self.axis.start(*self.nodes)
        self.seen = 0


class VanthuRelay(Vanthu):
    name, kind, title, delivers = "vanthu-relay", "vanthu", "vanthu to a second vanthu", True
    receiver, nodes = "xa-kia", ("h48", "h48.99")

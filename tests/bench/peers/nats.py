"""NATS JetStream with a file store. 2.9, which Debian 12 packages, has no setting to sync before it answers: shown and
marked, never counted as durable."""
import os
import re
import subprocess

from . import machine, peer


class Nats(peer.Peer):
    name, title, user = "nats", "NATS JetStream", "nats"
    program, packages = "/usr/sbin/nats-server", ("nats-server",)

    def start(self, bench):
        super().start(bench)
        self.port, = machine.free_ports(1)
        os.mkdir(os.path.join(self.folder, "jetstream"))
        own = os.path.join(self.folder, "nats.conf")
        self.configure("nats.conf", own, port=self.port, certificate=bench.certificate, key=self.own_key(),
                       store=os.path.join(self.folder, "jetstream"), sync=self.sync_line())
        machine.give_to(self.folder, self.user)
        self.process = machine.Process([self.program, "--config", own], self.folder + "/server.log", self.user,
                                       cwd=self.folder)

        def ready():
            with open(self.folder + "/server.log") as file:
                return "Server is ready" in file.read()
        self.process.await_ready("NATS", ready)
        self.ask("prepare")

    @classmethod
    def can_sync(cls):
        """sync_interval came with 2.10."""
        said = subprocess.run([cls.program, "--version"], capture_output=True, text=True).stdout
        version = re.search(r"v(\d+)\.(\d+)", said)
        return bool(version) and tuple(map(int, version.groups())) >= (2, 10)

    @classmethod
    def sync_line(cls):
        return "sync_interval: always" if cls.can_sync() else ""

    @property
    def durable(self):
        return os.access(self.program, os.X_OK) and self.can_sync()

    def target(self):
        return ["--port", str(self.port), "--ca", self.bench.certificate]

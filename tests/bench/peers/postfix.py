"""Postfix: 250 after the queue file was synced. What is accepted stays in the queue "hold", where it can be counted;
with delivery, a second Postfix takes it over and holds it there."""
import contextlib
import os
import shutil

from . import machine, peer


class Instance:
    """One Postfix with a configuration, queue and data of its own."""

    def __init__(self, owner, name, next_hop=None):
        self.folder = os.path.join(owner.folder, name)
        self.port, = machine.free_ports(1)
        self.queue, own = os.path.join(self.folder, "queue"), os.path.join(self.folder, "etc")
        os.makedirs(own)
        os.mkdir(self.queue)
        os.mkdir(os.path.join(self.folder, "data"))
        shutil.chown(os.path.join(self.folder, "data"), "postfix")
        # hold: kept as it was accepted, no delivery behind it
        self.values = {"folder": self.folder, "name": name, "key": os.path.join(self.folder, "server.key"),
                       "certificate": owner.bench.certificate, "port": self.port,
                       "keep": "" if next_hop else "check_client_access static:HOLD,",
                       "next": "[127.0.0.1]:%d" % next_hop if next_hop else ""}
        shutil.copy(owner.bench.key, self.values["key"])
        for file in ("main.cf", "master.cf"):
            owner.configure("postfix-" + file, os.path.join(own, file), **self.values)
        machine.run("/usr/sbin/postfix", "-c", own, "check")  # makes the queues
        # Its master itself, in the foreground.
        self.process = machine.Process(["/usr/lib/postfix/sbin/master", "-c", own, "-s"], self.folder + "/server.log",
                                       env={"PATH": os.environ["PATH"], "LANG": "C", "MAIL_CONFIG": own})
        self.process.await_ready("Postfix", lambda: machine.answers(self.port))

    def files(self, *queues):
        for queue in queues:
            for place, _, names in os.walk(os.path.join(self.queue, queue)):
                yield from (os.path.join(place, name) for name in names)

    def empty(self):
        for path in self.files("hold", "incoming", "active", "deferred", "defer", "bounce"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)


class Postfix(peer.Peer):
    name, title = "postfix", "Postfix"
    program, packages = "/usr/sbin/postfix", ("postfix",)

    def missing(self):
        if os.path.exists(self.program) and os.geteuid() != 0:
            return "its master process starts as root only"
        return super().missing()

    def start(self, bench):
        super().start(bench)
        os.chmod(self.folder, 0o711)
        self.first = self.last = None
        self.instances = []
        self.launch()

    def launch(self):
        self.first = self.last = Instance(self, "first")
        self.instances = [self.first]

    def stop(self):
        for instance in getattr(self, "instances", ()):
            instance.process.end()
        self.instances = []

    def roots(self):
        return [instance.process.child.pid for instance in self.instances]

    def target(self):
        return ["--port", str(self.first.port), "--ca", self.bench.certificate]

    def held(self):
        return sum(1 for _ in self.last.files("hold"))

    def empty(self):
        for instance in self.instances:
            instance.empty()


class PostfixRelay(Postfix):
    name, kind, title, delivers = "postfix-relay", "postfix", "Postfix to a second Postfix", True

    def launch(self):
        self.last = Instance(self, "second")
        self.instances = [self.last]
        self.first = Instance(self, "first", self.last.port)
        self.instances.append(self.first)

"""What every server compared is to the script."""
import json
import os
import shutil
import string
import subprocess

from . import machine

CONF = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "conf")


class Bench:
    """What the peers of one run share."""

    def __init__(self, folder, load, preflight=False):
        self.folder, self.load, self.preflight = folder, load, preflight
        os.mkdir(os.path.join(folder, "tls"))
        self.certificate, self.key = machine.make_certificate(os.path.join(folder, "tls"))


class Peer:
    name = title = ""
    durable = True     # an answer means: on disk
    delivers = False   # documents go on to a second server, and count when they have arrived there
    kind = None        # of the load client, where it differs from the name
    user = None        # who runs it where this is root
    program = None     # without it, the peer is not there
    packages = ()
    process = None

    def missing(self):
        """Why it cannot take part; None: it can."""
        if self.program and not (shutil.which(self.program) or os.access(self.program, os.X_OK)):
            return "not installed (%s)" % " ".join(self.packages)
        return None

    def version(self):
        return ", ".join(subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}", package],
                                        capture_output=True, text=True).stdout for package in self.packages)

    def start(self, bench):
        """Makes its folder under the run's folder, configures and starts it there."""
        self.bench = bench
        self.folder = os.path.join(bench.folder, self.name)
        os.mkdir(self.folder, 0o700)

    def stop(self):
        if self.process:
            self.process.end()
            self.process = None

    def roots(self):
        """The processes whose time and memory are its own, children included."""
        return [self.process.child.pid] if self.process else []

    def target(self):
        """Arguments of the load client."""
        return []

    def held(self):
        """Documents that it holds; None: there is nothing to ask."""
        return self.ask("count")["count"]

    def empty(self):
        self.ask("empty")

    def ask(self, what):
        out = machine.run(self.bench.load, what, "--to", self.kind or self.name, *self.target())
        return json.loads(out)

    # --- for the peers ---

    def configure(self, template, path, **values):
        """Writes a file of conf/ with the run's own places filled in."""
        with open(os.path.join(CONF, template)) as file:
            text = string.Template(file.read()).substitute(values)
        with open(path, "w") as file:
            file.write(text)

    def own_key(self):
        """The key where only this peer's user can read it."""
        path = os.path.join(self.folder, "server.key")
        shutil.copy(self.bench.key, path)
        os.chmod(path, 0o600)
        return path

    def secret(self):
        path = os.path.join(self.folder, "secret")
        with open(path, "w") as file:
            file.write(os.urandom(16).hex() + "\n")
        os.chmod(path, 0o600)
        return path

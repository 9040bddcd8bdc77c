"""PostgreSQL with a queue table, claimed with SKIP LOCKED: an INSERT is answered after its commit was synced."""
import glob
import os
import signal

from . import machine, peer

PROGRAMS = next(iter(sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)), "/usr/lib/postgresql/15/bin")


class PostgreSQL(peer.Peer):
    name, title, user = "postgresql", "PostgreSQL, queue table", "postgres"
    kind = "postgresql"
    program, packages = PROGRAMS + "/postgres", ("postgresql-15",)
    secret_file = None

    def start(self, bench):
        super().start(bench)
        self.port, = machine.free_ports(1)
        self.secret_file = self.secret_file or self.secret()
        data = os.path.join(self.folder, "data")
        machine.give_to(self.folder, self.user)
        machine.run(PROGRAMS + "/initdb", "--pgdata", data, "--username", "bench", "--pwfile", self.secret_file,
                    "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync", cwd=self.folder,
                    **machine.as_user(self.user))
        own = os.path.join(self.folder, "postgresql.conf")
        self.configure("postgresql.conf", own, port=self.port, certificate=bench.certificate, key=self.own_key(),
                       folder=self.folder)
        machine.give_to(self.folder, self.user)
        self.process = machine.Process([PROGRAMS + "/postgres", "-D", data, "-c", "config_file=" + own],
                                       self.folder + "/server.log", self.user, cwd=self.folder)

        def ready():
            with open(self.folder + "/server.log") as file:
                return "ready to accept connections" in file.read()
        self.process.await_ready("PostgreSQL", ready)
        self.ask("prepare")

    def stop(self):
        if self.process:
            self.process.end(signal.SIGINT)  # without waiting for clients
            self.process = None

    def target(self):
        return ["--port", str(self.port), "--ca", self.bench.certificate, "--user", "bench", "--secret-file",
                self.secret_file]


class PostgreSQLRelay(PostgreSQL):
    """Workers, a part of this peer, claim rows with SKIP LOCKED and commit them at a second PostgreSQL."""
    name, title, delivers = "postgresql-relay", "PostgreSQL to a second PostgreSQL", True
    second = relay = None
    WORKERS = 16

    def start(self, bench):
        super().start(bench)
        self.second = PostgreSQL()
        self.second.name, self.second.secret_file = "postgresql-second", self.secret_file
        self.second.start(bench)
        self.relay = machine.Process([bench.load, "relay", "--to", self.kind, *self.target(), "--next-port",
                                      str(self.second.port), "--submitters", str(self.WORKERS)],
                                     self.folder + "/relay.log")

    def stop(self):
        if self.relay:
            self.relay.end()
            self.relay = None
        if self.second:
            self.second.stop()
            self.second = None
        super().stop()

    def roots(self):
        return super().roots() + (self.second.roots() if self.second else []) + (
            [self.relay.child.pid] if self.relay else [])

    def held(self):
        if self.relay.child.poll() is not None:
            raise machine.Failure("the workers ended\n" + machine.tail(self.folder + "/relay.log"))
        return self.second.held()

    def empty(self):
        super().empty()
        self.second.empty()

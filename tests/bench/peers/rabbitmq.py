"""RabbitMQ with one quorum queue: a publisher confirm comes after the write-ahead log was synced."""
import os

from . import machine, peer

SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"


class RabbitMQ(peer.Peer):
    name, title, user = "rabbitmq", "RabbitMQ, quorum queue", "rabbitmq"
    program, packages = SERVER, ("rabbitmq-server",)
    mapper = None

    def start(self, bench):
        super().start(bench)
        self.port, mapper_port, distribution_port = machine.free_ports(3)
        for name in ("mnesia", "log", "home", "schema", "generated"):
            os.mkdir(os.path.join(self.folder, name))
        self.secret_file = self.secret()
        with open(self.secret_file) as file:
            password = file.read().strip()
        with open(os.path.join(self.folder, "enabled_plugins"), "w") as file:
            file.write("[].\n")
        self.configure("rabbitmq.conf", os.path.join(self.folder, "rabbitmq.conf"), port=self.port,
                       certificate=bench.certificate, key=self.own_key(), password=password)
        machine.give_to(self.folder, self.user)
        place = {name: os.path.join(self.folder, name) for name in os.listdir(self.folder)}
        environment = {
            "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": place["home"], "RUNNING_UNDER_SYSTEMD": "1",
            "ERL_EPMD_PORT": str(mapper_port), "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": "vanthu-bench-%d@localhost" % self.port,
            "RABBITMQ_DIST_PORT": str(distribution_port),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null", "RABBITMQ_CONFIG_FILE": place["rabbitmq.conf"],
            "RABBITMQ_ADVANCED_CONFIG_FILE": self.folder + "/none.config",
            "RABBITMQ_ENABLED_PLUGINS_FILE": place["enabled_plugins"], "RABBITMQ_MNESIA_BASE": place["mnesia"],
            "RABBITMQ_LOG_BASE": place["log"], "RABBITMQ_SCHEMA_DIR": place["schema"],
            "RABBITMQ_GENERATED_CONFIG_DIR": place["generated"], "RABBITMQ_PID_FILE": self.folder + "/pid",
        }
        # Not left to the node: it would start its own, detached, on the port that everybody knows.
        self.mapper = machine.Process(["epmd", "-port", str(mapper_port), "-address", "127.0.0.1"],
                                      self.folder + "/epmd.log", self.user, environment, self.folder)
        self.mapper.await_ready("epmd", lambda: machine.answers(mapper_port))
        self.process = machine.Process([SERVER], self.folder + "/server.log", self.user, environment, self.folder)
        log = self.folder + "/server.log"

        def started():
            with open(log, errors="replace") as file:
                return "Server startup complete" in file.read()
        self.process.await_ready("RabbitMQ", started, 120)
        self.ask("prepare")

    def stop(self):
        super().stop()
        if self.mapper:
            self.mapper.end()
            self.mapper = None

    def target(self):
        # By name: librabbitmq compares no IP addresses with a certificate.
        return ["--host", "localhost", "--port", str(self.port), "--ca", self.bench.certificate, "--user", "bench",
                "--secret-file", self.secret_file]

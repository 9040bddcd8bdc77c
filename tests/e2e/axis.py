"""A small piece of the national axis on loopback, for ./demo and the end-to-end tests.

    Government Office ── province ── district ── commune A        four daemons
                             └────── commune B                    served by the province's daemon since 2025-07-01

Everything is real: daemons, certificates, tokens, time stamps, TLS. All ports are free ones of this machine.
VANTHU_BUILD names the build directory (default: build/dev of the tree).
"""
import datetime
import hashlib
import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.parse

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("VANTHU_BUILD") or os.path.join(TREE, "build", "dev"))
VANTHUD = os.path.join(BUILD, "daemon", "vanthud")
VANTHU = os.path.join(BUILD, "daemon", "cli", "vanthu")
INSPECT = os.path.join(BUILD, "daemon", "inspect", "vanthu-inspect")
TEST_CA = os.path.join(BUILD, "tests", "tools", "vanthu-test-ca")
TEST_PDF = os.path.join(BUILD, "tests", "tools", "vanthu-test-pdf")
SOFTHSM = next((path for path in ("/usr/lib/softhsm/libsofthsm2.so",
                                  "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
                                  "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so") if os.path.exists(path)),
               "/usr/lib/softhsm/libsofthsm2.so")
VIETNAM = datetime.timezone(datetime.timedelta(hours=7))


class Failure(Exception):
    """Something did not go as it must; the text is for people. code: of a program that ended by itself."""

    def __init__(self, text, code=None):
        super().__init__(text)
        self.code = code


CANNOT_START = 69  # vanthud's exit code where a part could not be started


class Organisation:
    def __init__(self, id, code, name, kind, parent, node, place, notation, former_parent=None):
        self.id, self.code, self.name, self.kind, self.parent = id, code, name, kind, parent
        self.node, self.place, self.notation, self.former_parent = node, place, notation, former_parent
        self.served_by = []  # (node, first day), where the tree gives another node


ORGANISATIONS = {
    o.id: o for o in (
        Organisation("vpcp", "000.00.00.G22", "Văn phòng Chính phủ", "cơ quan trung ương", None, "g22", "Hà Nội",
                     "VPCP-KSTT"),
        Organisation("tinh", "000.00.00.H48", "Ủy ban nhân dân tỉnh Quảng Ngãi", "UBND tỉnh", "vpcp", "h48",
                     "Quảng Ngãi", "UBND-NC"),
        Organisation("huyen", "000.00.40.H48", "Ủy ban nhân dân huyện Minh Họa", "UBND huyện", "tinh", "h48.40",
                     "Minh Họa", "UBND-VP"),
        Organisation("xa-a", "000.21.40.H48", "Ủy ban nhân dân xã An Thử", "UBND xã", "huyen", "h48.40.21", "An Thử",
                     "UBND"),
        Organisation("xa-b", "H48.99.01", "Ủy ban nhân dân xã Bình Thử", "UBND xã", "tinh", "h48", "Bình Thử", "UBND",
                     former_parent="huyen"),
    )
}
# Who runs which daemon.
NODES = {"g22": "vpcp", "h48": "tinh", "h48.40": "huyen", "h48.40.21": "xa-a"}
SIGNING = ("xa-a", "vpcp")  # whose leader and clerk have tokens here


def today():
    return datetime.datetime.now(VIETNAM).date()


def sha256_of(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else \
            hashlib.sha256(file.read()).hexdigest()


def write(path, text, mode=0o644):
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())
    os.chmod(path, mode)


def run(*command, check=True, env=None, timeout=120, **more):
    done = subprocess.run([str(c) for c in command], stdin=subprocess.DEVNULL, capture_output=True, text=True, env=env,
                          timeout=timeout, **more)
    if check and done.returncode != 0:
        raise Failure("exit %d: %s\n%s%s" % (done.returncode, " ".join(map(str, command)), done.stdout, done.stderr))
    return done


def free_ports(count):
    """Ports free a moment ago, all different. A start that loses the race for one is tried again with others."""
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()


def until(what, ready, timeout=60, every=0.05):
    """Waits until `ready()` is true and returns it."""
    end = time.monotonic() + timeout
    while True:
        answer = ready()
        if answer:
            return answer
        if time.monotonic() > end:
            raise Failure("waited %d s in vain: %s" % (timeout, what))
        time.sleep(every)


class Process:
    """A program in a process group of its own; output in two files that grow over restarts."""

    def __init__(self, command, log, env=None):
        self.log = log
        self.out = open(log + ".out", "ab")
        self.out_start = self.out.tell()
        with open(log, "ab") as errors:
            self.child = subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=self.out,
                                          stderr=errors, env=env, start_new_session=True)

    def said(self):
        with open(self.log + ".out", "rb") as file:
            file.seek(self.out_start)
            return file.read().decode()

    def running(self):
        return self.child.poll() is None

    def end(self, how=signal.SIGTERM, timeout=40):
        if self.running():
            try:
                if how == signal.SIGKILL:
                    os.killpg(self.child.pid, how)
                else:
                    self.child.send_signal(how)
                self.child.wait(timeout)
            except subprocess.TimeoutExpired:
                os.killpg(self.child.pid, signal.SIGKILL)
                self.child.wait()
                raise Failure("%s did not end on signal %d\n%s" % (self.child.args[0], how, tail(self.log)))
        try:  # what it may have left behind in its group
            os.killpg(self.child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.out.close()
        return self.child.returncode


def tail(path, lines=30):
    try:
        with open(path, "rb") as file:
            return "--- %s\n%s" % (path, b"\n".join(file.read().splitlines()[-lines:]).decode(errors="replace"))
    except OSError:
        return "--- %s: nothing" % path


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    def code(self):
        try:
            return self.json().get("code", "")
        except ValueError:
            return ""


class Eoffice:
    """Raw REST requests, as an eOffice makes them. One connection per request."""

    def __init__(self, port, ca, key):
        self.port, self.key = port, key
        self.tls = ssl.create_default_context(cafile=ca)

    def request(self, method, path, body=None, headers=None, timeout=60, key=None):
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.tls, timeout=timeout)
        try:
            fields = {"Authorization": "Bearer " + (key or self.key)}
            fields.update(headers or {})
            connection.request(method, path, body=body, headers=fields)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        except http.client.IncompleteRead as broken:  # the daemon ended within its answer; the others are OSErrors
            raise ConnectionError(str(broken)) from broken
        finally:
            connection.close()

    def get(self, path, **more):
        answer = self.request("GET", path, **more)
        if answer.status not in (200, 206):
            raise Failure("GET %s: %d %s" % (path, answer.status, answer.body[:500].decode(errors="replace")))
        return answer

    def post(self, path, document=None):
        answer = self.request("POST", path, body=json.dumps(document or {}),
                              headers={"Content-Type": "application/json"})
        if answer.status not in (200, 201):
            raise Failure("POST %s: %d %s" % (path, answer.status, answer.body[:500].decode(errors="replace")))
        return answer.json()

    def submit(self, metadata, files, idempotency_key=None, dry_run=False, key=None):
        """files: (name, bytes) pairs. Answers the Answer, good or bad."""
        boundary = "vanthu-" + os.urandom(12).hex()
        parts = [b"--%s\r\nContent-Disposition: form-data; name=\"metadata\"\r\nContent-Type: application/json\r\n\r\n"
                 % boundary.encode() + json.dumps(metadata).encode() + b"\r\n"]
        for name, content in files:
            parts.append(b"--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%s\"\r\n"
                         b"Content-Type: application/octet-stream\r\n\r\n" % (boundary.encode(), name.encode())
                         + content + b"\r\n")
        parts.append(b"--%s--\r\n" % boundary.encode())
        headers = {"Content-Type": "multipart/form-data; boundary=" + boundary}
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        return self.request("POST", "/v1/documents" + ("?dry_run=1" if dry_run else ""), b"".join(parts), headers,
                            key=key)

    def submit_packet(self, packet, headers=None):
        return self.request("POST", "/v1/documents", packet, {"Content-Type": "application/xml", **(headers or {})})

    def inbox(self, after=0, wait=0, organisation=None):
        query = {"after": after, "wait": wait, "limit": 500}
        if organisation:
            query["organisation"] = organisation
        return self.get("/v1/inbox?" + urllib.parse.urlencode(query), timeout=wait + 60).json()

    def await_entry(self, wanted, timeout=60, organisation=None):
        """The first inbox entry for which wanted(entry) is true, by long polling."""
        after, end = 0, time.monotonic() + timeout
        while time.monotonic() < end:
            page = self.inbox(after, min(10, max(1, int(end - time.monotonic()))), organisation)
            for entry in page["entries"]:
                if wanted(entry):
                    return entry
            after = page["next_after"]
        raise Failure("waited %d s in vain for an inbox entry" % timeout)

    def track(self, document):
        return self.get("/v1/documents/" + document).json()


class Node:
    def __init__(self, axis, id):
        self.axis, self.id = axis, id
        self.organisation = axis.organisations[axis.runs[id]]
        self.folder = os.path.join(axis.folder, id)
        self.store = os.path.join(self.folder, "store")
        self.config = os.path.join(self.folder, "vanthud.toml")
        self.log = os.path.join(self.folder, "vanthud.log")
        self.api_port = self.peer_port = self.operator_port = 0
        self.process = None
        self.settings = {}  # section -> {key: value}, over the ones below

    def url(self):
        return "https://127.0.0.1:%d" % self.api_port

    def operator_url(self):
        return "http://127.0.0.1:%d/" % self.operator_port

    def operator_secret(self):
        with open(os.path.join(self.folder, "operator.secret")) as file:
            return file.read().strip()

    def write_config(self, path=None):
        pki = os.path.join(self.axis.pki, self.organisation.code)
        sections = {
            "node": {"id": self.id, "organisation": self.organisation.code},
            "registry": {"file": self.axis.registry},
            "store": {"directory": self.store, "minimum_free": "16 MiB"},
            "listen.api": {"address": "127.0.0.1:%d" % self.api_port, "certificate": pki + "/service.pem",
                           "key": pki + "/service.key", "credentials": self.folder + "/credentials.toml"},
            "listen.peer": {"address": "127.0.0.1:%d" % self.peer_port, "certificate": pki + "/service.pem",
                            "key": pki + "/service.key", "ca": self.axis.pki + "/ca/chain.pem"},
            "listen.operator": {"address": "127.0.0.1:%d" % self.operator_port,
                                "secret_file": self.folder + "/operator.secret"},
            "signing": {"log_key": pki + "/log.key", "log_key_delegation": self.folder + "/log-key-delegation.json",
                        "service_certificate": pki + "/service.pem", "service_key": pki + "/service.key",
                        "trust_directory": self.axis.pki + "/trust", "crl_directory": self.axis.pki + "/crl"},
            "inspect": {"executable": INSPECT, "workers": 1},
            # Short times, so that a person can watch.
            "delivery": {"first_retry": "1s", "longest_retry": "5s", "notice_interval": "1s", "request_timeout": "30s"},
        }
        for section, values in self.settings.items():
            sections.setdefault(section, {}).update(values)
        text = ""
        for section, values in sections.items():
            text += "[%s]\n" % section
            text += "".join("%s = %s\n" % (key, json.dumps(value, ensure_ascii=False)) for key, value in values.items()
                            if value is not None)
        write(path or self.config, text)
        return path or self.config

    def launch(self):
        """Starts the process without waiting."""
        self.process = Process([VANTHUD, "--config", self.config], self.log, self.axis.env)

    def await_ready(self, timeout=60):
        def ready():
            if "vanthud: sẵn sàng" in self.process.said():
                return True
            if not self.process.running():
                code = self.process.child.returncode
                raise Failure("vanthud of %s ended with %s" % (self.id, code), code)
            return False
        try:
            until("vanthud of %s is ready" % self.id, ready, timeout)
        except Failure as failure:
            raise Failure("%s\n%s" % (failure, tail(self.log)), failure.code) from None

    def start(self):
        self.launch()
        self.await_ready()

    def stop(self):
        if self.process:
            code, self.process = self.process.end(), None
            if code != 0:
                raise Failure("vanthud of %s ended with %s\n%s" % (self.id, code, tail(self.log)))

    def kill(self):
        if self.process:
            self.process.end(signal.SIGKILL)
            self.process = None

    def reload(self):
        """SIGHUP, and waits for the log to say that it was read."""
        with open(self.log) as file:
            before = file.read().count("reloaded")
        self.process.child.send_signal(signal.SIGHUP)

        def read_again():
            with open(self.log) as log:
                return log.read().count("reloaded") > before
        until("vanthud of %s has reloaded" % self.id, read_again)

    def peak_memory(self):
        """VmHWM in MiB."""
        with open("/proc/%d/status" % self.process.child.pid) as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) / 1024
        return 0.0


class Axis:
    """with Axis() as axis: ...   Makes everything, starts nothing; ends what was started.

    organisations: by id, each with the node that serves it; nodes: who runs which daemon."""

    def __init__(self, folder=None, tokens=True, organisations=None, nodes=None):
        self.organisations, self.runs = organisations or ORGANISATIONS, nodes or NODES
        self.keep = folder is not None
        base = os.environ.get("XDG_RUNTIME_DIR") or "/tmp"
        self.folder = os.path.abspath(folder) if folder else tempfile.mkdtemp(prefix="vanthu-axis-", dir=base)
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        self.pki = os.path.join(self.folder, "pki")
        self.registry = os.path.join(self.folder, "registry.toml")
        self.work = os.path.join(self.folder, "work")
        self.env = dict(os.environ, SOFTHSM2_CONF=os.path.join(self.folder, "softhsm2.conf"))
        self.registry_version = 1
        self.with_tokens = tokens
        self.nodes = {id: Node(self, id) for id in self.runs}
        self.tsa = None
        self.tsa_url = ""
        self.keys = {}

    def __enter__(self):
        try:
            self.make()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for node in self.nodes.values():
            node.kill()
        if self.tsa:
            self.tsa.end()
            self.tsa = None
        if not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    # --- making ---

    def make(self):
        for tool in (VANTHUD, VANTHU, TEST_CA):
            if not os.access(tool, os.X_OK):
                raise Failure("not built: %s" % tool)
        fresh = not os.path.exists(os.path.join(self.pki, "tsa.key"))
        if fresh:
            os.makedirs(self.work, exist_ok=True)
            self.make_pki()
        for node in self.nodes.values():
            os.makedirs(node.folder, mode=0o700, exist_ok=True)
            if fresh:
                self.make_node(node)
        if fresh:
            self.make_credentials()
            if self.with_tokens:
                self.make_tokens()
        for organisation in self.organisations.values():
            with open(self.key_file(organisation.id)) as file:
                self.keys[organisation.id] = file.read().strip()
        self.choose_ports()

    def make_pki(self):
        run(TEST_CA, "make", self.pki, *(part for o in self.organisations.values()
                                         for part in ("--org", "%s=%s" % (o.code, o.name))))
        os.makedirs(os.path.join(self.pki, "crl"), exist_ok=True)
        for name in ("root.crl", "sub.crl"):
            shutil.copy(os.path.join(self.pki, "ca", name), os.path.join(self.pki, "crl", name))

    def make_node(self, node):
        pki = os.path.join(self.pki, node.organisation.code)
        write(os.path.join(node.folder, "operator.secret"), os.urandom(24).hex() + "\n", 0o600)
        run(VANTHU, "log-key", "delegate", "--log-key", pki + "/log.key", "--service-key", pki + "/service.key",
            "--service-certificate", pki + "/service.pem", "--organisation", node.organisation.code,
            "--origin", "vanthu.example/%s/1" % node.id, "--out", node.folder + "/log-key-delegation.json")

    def key_file(self, organisation):
        return os.path.join(self.folder, "eoffice-%s.key" % organisation)

    def make_credentials(self):
        for o in self.organisations.values():
            run(VANTHU, "credential", "new", "--id", "eoffice-" + o.id, "--organisation", o.code, "--right", "submit",
                "--right", "inbox", "--right", "track", "--file", self.nodes[o.node].folder + "/credentials.toml",
                "--key-out", self.key_file(o.id))
        for node in self.nodes.values():
            os.chmod(os.path.join(node.folder, "credentials.toml"), 0o600)

    def make_tokens(self):
        folder = os.path.join(self.folder, "tokens")
        os.makedirs(folder, exist_ok=True)
        write(self.env["SOFTHSM2_CONF"], "directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n"
              % folder)
        for id in SIGNING:
            for who in ("leader", "clerk"):
                self.make_token(self.organisations[id], who)

    def token(self, organisation, who):
        return "%s-%s" % (organisation, who)

    def pin_file(self, organisation, who):
        return os.path.join(self.folder, self.token(organisation, who) + ".pin")

    def make_token(self, o, who):
        label, pin = self.token(o.id, who), os.urandom(4).hex()
        write(self.pin_file(o.id, who), pin + "\n", 0o600)
        run("softhsm2-util", "--init-token", "--free", "--label", label, "--pin", pin, "--so-pin", os.urandom(4).hex(),
            env=self.env)
        pki = os.path.join(self.pki, o.code)
        run(VANTHU, "token", "import", "--module", SOFTHSM, "--token", label, "--label", who,
            "--pin-file", self.pin_file(o.id, who), "--state", self.guard(), "--p12", "%s/%s.p12" % (pki, who),
            "--passphrase-file", pki + "/p12.pass", env=self.env)

    def guard(self):
        folder = os.path.join(self.folder, "pin-guard")
        os.makedirs(folder, mode=0o700, exist_ok=True)
        return folder

    def choose_ports(self):
        ports = free_ports(3 * len(self.nodes))
        for node in self.nodes.values():
            node.api_port, node.peer_port, node.operator_port = ports.pop(), ports.pop(), ports.pop()
        self.write_registry()
        for node in self.nodes.values():
            node.write_config()

    def fingerprint(self, organisation, who):
        with open(os.path.join(self.pki, organisation.code, who + ".pem")) as file:
            pem = file.read()
        end = "-----END CERTIFICATE-----"
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem[:pem.index(end) + len(end)] + "\n")).hexdigest()

    def write_registry(self, extra="", path=None):
        text = "format = 1\nversion = %d\n" % self.registry_version
        for o in self.organisations.values():
            text += '\n[[organisation]]\nid = "%s"\nname = "%s"\nkind = "%s"\ncodes = [{ code = "%s", form = "%s" }]\n' % (
                o.id, o.name, o.kind, o.code, "qd20" if o.code.startswith("H") else "qcvn102")
            if o.former_parent:
                text += 'parent = [{ id = "%s", to = 2025-07-01 }, { id = "%s", from = 2025-07-01 }]\n' % (
                    o.former_parent, o.parent)
            elif o.parent:
                text += 'parent = "%s"\n' % o.parent
            if o.served_by:
                text += "served_by = [%s]\n" % ", ".join('{ node = "%s", from = %s }' % row for row in o.served_by)
        if "huyen" in self.organisations:
            text += ('\n[[organisation]]\nid = "xa-cu"\nname = "Ủy ban nhân dân xã Cũ"\nkind = "UBND xã"\n'
                     'to = 2025-07-01\nparent = "huyen"\ncodes = [{ code = "000.22.40.H48", form = "qcvn102" }]\n'
                     'successors = [{ kind = "dissolve", from = 2025-07-01 }]\n')
        for node in self.nodes.values():
            text += '\n[[node]]\nid = "%s"\norganisation = "%s"\nurls = ["https://127.0.0.1:%d"]\n' \
                    'san_uri = "urn:vanthu:org:%s"\nca = "%s"\n' % (
                        node.id, node.organisation.id, node.peer_port, node.organisation.code,
                        self.pki + "/ca/chain.pem")
        for o in (self.organisations[id] for id in SIGNING if id in self.organisations):
            text += ('\n[[authority]]\norganisation = "%s"\nperson = "Nguyễn Văn A"\ntitle = "Chủ tịch"\n'
                     'may_sign_for = ["TM."]\ncertificate = { certificate_sha256 = "%s" }\n'
                     '\n[[agency_certificate]]\norganisation = "%s"\nuse = "seal"\n'
                     'certificate = { certificate_sha256 = "%s" }\n' % (
                         o.id, self.fingerprint(o, "leader"), o.id, self.fingerprint(o, "clerk")))
        write(path or self.registry, text + extra)
        return path or self.registry

    # --- running ---

    def start_tsa(self):
        self.tsa = Process([TEST_CA, "tsa", self.pki], os.path.join(self.folder, "tsa.log"))
        line = until("the time stamp authority has a port", lambda: self.tsa.said().startswith("port ")
                     and self.tsa.said().endswith("\n") and self.tsa.said())
        self.tsa_url = "http://127.0.0.1:%s/" % line.split()[1]

    def start(self, *ids):
        """Starts daemons (all by default). A port that somebody else took meanwhile: other ports, once more."""
        wanted = [self.nodes[id] for id in ids] or list(self.nodes.values())
        for attempt in range(4):
            for node in wanted:
                node.launch()
            try:
                for node in wanted:
                    node.await_ready()
                return
            except Failure as failure:
                lost_a_port = failure.code == CANNOT_START and "net.address_in_use" in str(failure)
                if not lost_a_port or len(wanted) < len(self.nodes) or attempt == 3:
                    raise
                for node in wanted:
                    node.kill()
                self.registry_version += 1
                self.choose_ports()

    def stop(self):
        for node in self.nodes.values():
            node.stop()

    def node_of(self, organisation):
        return self.nodes[self.organisations[organisation].node]

    def eoffice(self, organisation):
        return Eoffice(self.node_of(organisation).api_port, self.pki + "/ca/chain.pem", self.keys[organisation])

    def vanthu(self, *arguments, check=True, timeout=120):
        return run(VANTHU, *arguments, check=check, env=self.env, timeout=timeout)

    def logs(self, lines=25):
        return "\n".join(tail(node.log, lines) for node in self.nodes.values())

    # --- documents ---

    def metadata(self, sender, recipients, number, subject, **more):
        o = self.organisations[sender]
        document = {
            "from": {"organ_id": o.code, "organ_name": o.name},
            "to": [{"organ_id": self.organisations[r].code} if r in self.organisations else {"organ_id": r}
                   for r in recipients],
            "code": {"number": str(number), "notation": o.notation},
            "promulgation": {"place": o.place, "date": today().strftime("%Y/%m/%d")},
            "document_type": {"type": 2, "type_name": "Công văn"},
            "subject": subject, "content": subject,
            "signer": {"competence": "", "position": "Chủ tịch", "full_name": "Nguyễn Văn A"},
        }
        document.update(more)
        return document

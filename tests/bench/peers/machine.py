"""Processes of a run: started in groups of their own, counted with their children, and all of them gone at the end."""
import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
TICKS = os.sysconf("SC_CLK_TCK")
LIBC = ctypes.CDLL(None, use_errno=True)


class Failure(Exception):
    """Something did not go as it must; the text is for people."""


def free_ports(count):
    """Ports of loopback free a moment ago, all different."""
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()


def adopt_orphans():
    """What a server leaves behind becomes a child of this process, so that end_all() finds it."""
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children_of():
    """pid -> pids of its children, now."""
    out = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                with open("/proc/%s/stat" % name) as file:
                    fields = file.read().rsplit(")", 1)[1].split()
                out.setdefault(int(fields[1]), []).append(int(name))
    return out


def tree(roots):
    """These processes and all that came from them, living ones."""
    children, out, left = children_of(), [], list(roots)
    while left:
        pid = left.pop()
        if pid not in out:
            out.append(pid)
            left += children.get(pid, [])
    return out


def cpu_seconds(roots):
    """Used so far, with children that ended: those stand in their parent's account."""
    total = 0
    for pid in tree(roots):
        with contextlib.suppress(OSError):
            with open("/proc/%d/stat" % pid) as file:
                total += sum(int(field) for field in file.read().rsplit(")", 1)[1].split()[11:15])
    return total / TICKS


def pss_mb(roots):
    """Memory, pages shared by several processes counted once."""
    total = 0
    for pid in tree(roots):
        with contextlib.suppress(OSError):
            with open("/proc/%d/smaps_rollup" % pid) as file:
                total += sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
    return total / 1024


def end_all(grace=5):
    """Ends everything that this process has started, however it was left."""
    def mine():
        return [pid for pid in tree([os.getpid()]) if pid != os.getpid()]
    for how, wait in ((signal.SIGTERM, grace), (signal.SIGKILL, 5)):
        for pid in mine():
            with contextlib.suppress(OSError):
                os.kill(pid, how)
        end = time.monotonic() + wait
        while time.monotonic() < end:
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            if not mine():
                return
            time.sleep(0.05)


def as_user(name):
    """Popen's arguments that run a program as this user; none where this process is not root."""
    if os.geteuid() != 0 or name is None:
        return {}
    who = pwd.getpwnam(name)
    return {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}


def give_to(folder, user):
    if os.geteuid() == 0 and user:
        who = pwd.getpwnam(user)
        for place, folders, files in os.walk(folder):
            for path in [place] + [os.path.join(place, name) for name in folders + files]:
                os.chown(path, who.pw_uid, who.pw_gid, follow_symlinks=False)


class Process:
    """A server in a session of its own; its output in one file. It gets a SIGTERM should this process vanish."""

    def __init__(self, command, log, user=None, env=None, cwd=None):
        self.log = log
        with open(log, "ab") as output:
            self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=env,
                                          cwd=cwd, start_new_session=True, preexec_fn=self.die_with_parent,
                                          **as_user(user))

    @staticmethod
    def die_with_parent():
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)

    def await_ready(self, what, ready, timeout=60):
        end = time.monotonic() + timeout
        while not ready():
            if self.child.poll() is not None or time.monotonic() > end:
                raise Failure("%s does not start\n%s" % (what, tail(self.log)))
            time.sleep(0.05)

    def end(self, how=signal.SIGTERM, grace=15):
        belonging = tree([self.child.pid])
        if self.child.poll() is None:
            self.child.send_signal(how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.child.wait(grace)
        for pid in belonging:
            if pid != self.child.pid or self.child.poll() is None:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
        self.child.wait()


def answers(port):
    """Whether somebody listens there."""
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    return False


def tail(path, lines=15):
    try:
        with open(path, "rb") as file:
            return "--- %s\n%s" % (path, b"\n".join(file.read().splitlines()[-lines:]).decode(errors="replace"))
    except OSError:
        return "--- %s: nothing" % path


def run(*command, **more):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, **more)
    if done.returncode != 0:
        raise Failure("exit %d: %s\n%s%s" % (done.returncode, " ".join(command), done.stdout, done.stderr))
    return done.stdout


class Disk:
    """The disk under a directory: what it is, and how often it was told to flush."""

    def __init__(self, directory):
        self.device = os.stat(directory).st_dev
        self.number = (os.major(self.device), os.minor(self.device))
        self.kind, self.source = "?", "?"
        with open("/proc/self/mountinfo") as file:
            for line in file:
                left, right = line.split(" - ", 1)
                if left.split()[2] == "%d:%d" % self.number:
                    self.kind, self.source = right.split()[:2]

    def flushes(self):
        """Flush requests completed since the machine started, of all programs; None where that is not counted."""
        with open("/proc/diskstats") as file:
            for line in file:
                fields = line.split()
                if (int(fields[0]), int(fields[1])) == self.number and len(fields) >= 20:
                    return int(fields[18])
        return None


@contextlib.contextmanager
def private_folder(directory):
    """A folder of this run that servers under other users can pass through; gone afterwards."""
    folder = tempfile.mkdtemp(prefix="vanthu-bench-", dir=directory)
    os.chmod(folder, 0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def make_certificate(folder):
    """One certificate for all peers, P-256 as vanthu's own: (certificate, key)."""
    certificate, key = os.path.join(folder, "server.pem"), os.path.join(folder, "server.key")
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
        "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", key, "-out",
        certificate)
    return certificate, key

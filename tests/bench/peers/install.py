"""Installs the peers by package name, without letting any of their services run: not now and not at the next boot."""
import contextlib
import os
import shutil
import subprocess

# What a peer needs, and the services that its packages would start.
PACKAGES = {
    "rabbitmq": ("rabbitmq-server",),
    "postgresql": ("postgresql-15",),
    "postfix": ("postfix",),
    "nats": ("nats-server",),
    "load": ("librabbitmq-dev", "libpq-dev", "pkg-config"),
}
SERVICES = ("rabbitmq-server", "epmd", "postgresql", "postfix", "nats-server")

POLICY = "/usr/sbin/policy-rc.d"
CLUSTERS = "/etc/postgresql-common/createcluster.d/vanthu-bench.conf"


class Refused(Exception):
    """Why nothing was installed, for people."""


def missing(names):
    """The packages of these peers that are not installed."""
    out = []
    for package in (package for name in names for package in PACKAGES.get(name, ())):
        state = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status}", package], capture_output=True,
                               text=True)
        if state.stdout != "installed":
            out.append(package)
    return out


@contextlib.contextmanager
def temporary_file(path, text, mode):
    """A file that is gone afterwards, with the folder made for it. One that is there already stays as it is."""
    if os.path.exists(path):
        yield
        return
    folder = os.path.dirname(path)
    made = [] if os.path.isdir(folder) else [folder]
    while made and not os.path.isdir(os.path.dirname(made[-1])):
        made.append(os.path.dirname(made[-1]))
    os.makedirs(folder, exist_ok=True)
    try:
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, mode)
        yield
    finally:
        with contextlib.suppress(OSError):
            os.unlink(path)
        for one in made:
            with contextlib.suppress(OSError):  # not empty: a package lives there now
                os.rmdir(one)


def denies_starts(policy=POLICY):
    """Whether the machine's own policy keeps packages from starting services. None: it has no policy."""
    if not os.path.exists(policy):
        return None
    return all(subprocess.run([policy, service, "start"], capture_output=True).returncode == 101
               for service in SERVICES)


def enabled():
    """The services that start at boot."""
    if not shutil.which("systemctl"):
        return set()
    return {service for service in SERVICES
            if subprocess.run(["systemctl", "is-enabled", "--quiet", service], capture_output=True).returncode == 0}


def install(names, say):
    packages = missing(names)
    if not packages:
        return
    by_hand = "; install them yourself: " + " ".join(packages)
    if os.geteuid() != 0:
        raise Refused("installing needs root" + by_hand)
    if denies_starts() is False:
        raise Refused(POLICY + " lets packages start services" + by_hand)
    before = enabled()
    # Postfix as "No configuration": this run has one of its own. --no-remove: no other mail server goes for it.
    answers = "postfix postfix/main_mailer_type select No configuration\n" if "postfix" in packages else ""
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    command = ["apt-get", "-q", "-o", "Dpkg::Use-Pty=0", "install", "-y", "--no-install-recommends", "--no-remove",
               *packages]
    say("installing: " + " ".join(packages))
    with temporary_file(POLICY, "#!/bin/sh\nexit 101\n", 0o755), \
            temporary_file(CLUSTERS, "create_main_cluster = false\n", 0o644):
        if answers:
            subprocess.run(["debconf-set-selections"], input=answers, text=True, env=environment, check=False)
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        if done.returncode != 0:
            subprocess.run(["apt-get", "-q", "update"], capture_output=True, env=environment)
            done = subprocess.run(command, capture_output=True, text=True, env=environment)
    # A unit that the packages switched on would start with the next boot.
    for service in sorted(enabled() - before):
        subprocess.run(["systemctl", "disable", service], capture_output=True)
    if done.returncode != 0:
        raise Refused("apt-get could not install %s\n%s" % (" ".join(packages), (done.stdout + done.stderr)[-2000:]))

"""Fetches, builds and starts the two judges: DSS (Maven Central) and pyHanko (PyPI), versions and hashes pinned in
dss/pom.xml and pyhanko/requirements.txt. Everything fetched stays below build/interop, so a second run needs no network.
"""
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import threading

HERE = pathlib.Path(__file__).resolve().parent


class Absent(Exception):
    """A judge that cannot be had here: no program, no network. The rows that need it are skipped, with this reason."""


def stamp_of(*paths):
    h = hashlib.sha256()
    for path in sorted(paths):
        h.update(path.name.encode() + b"\0" + path.read_bytes())
    return h.hexdigest()


def fresh(place, stamp):
    file = place / "stamp"
    return file.exists() and file.read_text() == stamp


def run(command, what, fault):
    """`fault` in the output: our own mistake, which no absence of a network excuses."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    except FileNotFoundError as e:
        raise Absent("%s: %s is not installed" % (what, command[0])) from e
    except subprocess.TimeoutExpired as e:
        raise Absent("%s: no answer" % what) from e
    if done.returncode:
        said = (done.stdout + done.stderr).strip()
        if fault in said:
            sys.exit("%s:\n%s" % (what, said[-4000:]))
        raise Absent("%s: %s" % (what, said[-400:]))


class Judge:
    """A program that reads a JSON request a line and answers with a JSON object a line."""

    def __init__(self, name, command, environment=None):
        self.name = name
        self.log = []
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True, encoding="utf-8", env=environment)
        threading.Thread(target=self._drain, daemon=True).start()

    def _drain(self):
        for line in self.process.stderr:
            self.log.append(line)
            del self.log[:-200]

    def ask(self, **request):
        request = {k: str(v) if isinstance(v, pathlib.Path) else [str(i) for i in v] if isinstance(v, list) else v
                   for k, v in request.items()}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("%s ended:\n%s" % (self.name, "".join(self.log)))
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)


def dss(place):
    own, pom = place / "dss", HERE / "dss" / "pom.xml"
    stamp = stamp_of(pom, *(HERE / "dss" / "src").rglob("*.java"))
    if not fresh(own, stamp):
        run(["mvn", "-B", "-q", "-f", pom, "-Dstyle.color=never", "-Djudge.output=%s" % own,
             "-Dmaven.repo.local=%s" % (place / "m2"), "process-classes", "dependency:copy-dependencies",
             "-DoutputDirectory=%s" % (own / "lib")], "Maven", "COMPILATION ERROR")
        (own / "stamp").write_text(stamp)
    return Judge("DSS", ["java", "-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true",
                         "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
                         "-cp", "%s:%s/*" % (own / "classes", own / "lib"), "interop.Program"])


def pyhanko(place):
    venv, wanted = place / "venv", HERE / "pyhanko" / "requirements.txt"
    stamp = stamp_of(wanted)
    if not fresh(venv, stamp):
        run([sys.executable, "-m", "venv", "--clear", venv], "python -m venv", "Traceback")
        run([venv / "bin" / "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", "-r", wanted],
            "pip", "DO NOT MATCH THE HASHES")
        (venv / "stamp").write_text(stamp)
    return Judge("pyHanko", [venv / "bin" / "python", "-I", HERE / "pyhanko" / "program.py"],
                 dict(os.environ, PYTHONWARNINGS="ignore"))

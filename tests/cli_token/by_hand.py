#!/usr/bin/env python3
"""`vanthu token` and `vanthu sign` as a person uses them: at a terminal, with wrong PINs, locked and missing tokens.

usage: by_hand.py VANTHU BAD_MODULE
Tokens are SoftHSM2's. The terminal is a pseudo-terminal that this program holds, so the echo can be looked at.
"""
import json
import os
import pty
import select
import signal
import subprocess
import sys
import tempfile
import termios
import time

VANTHU, BAD_MODULE = sys.argv[1:3]
SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "pin-1234"  # not in any hexadecimal id that is shown
failures = 0


def promise(holds, text, *seen):
    global failures
    if not holds:
        failures += 1
        print("FAILED:", text, *seen)


class Desk:
    def __init__(self, folder):
        self.folder = folder
        os.mkdir(self.at("state"))
        self.env = dict(os.environ, SOFTHSM2_CONF=self.at("softhsm2.conf"))
        self.env.pop("CREDENTIALS_DIRECTORY", None)
        self.env.pop("P11_KIT_SERVER_ADDRESS", None)
        os.makedirs(self.at("tokens"))
        self.put("softhsm2.conf", f"directories.tokendir = {self.at('tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n")
        self.put("pin", PIN + "\n")

    def at(self, name):
        return os.path.join(self.folder, name)

    def put(self, name, text):
        with open(self.at(name), "w") as f:
            f.write(text)

    def new_token(self, label):
        subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin",
                        "12345678"], env=self.env, check=True, stdout=subprocess.DEVNULL)

    def words(self, *words, module=SOFTHSM):
        return [VANTHU, "token", words[0], "--module", module, "--state-dir", self.at("state"), *words[1:]]

    def run(self, *words, module=SOFTHSM, env=None):
        """Without a terminal. Exit code and the JSON object."""
        done = subprocess.run(self.words(*words, "--json", module=module), env=dict(self.env, **(env or {})),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              start_new_session=True, timeout=120)
        return done.returncode, json.loads(done.stdout)

    def code(self, *words, **more):
        exit_code, answer = self.run(*words, **more)
        promise(exit_code == 1, "a refusal has exit code 1", words, exit_code, answer)
        return answer.get("code")


class Terminal:
    """A program with a pseudo-terminal of its own."""

    def __init__(self, words, env):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(words[0], words, env)
        self.shown = ""

    def until(self, text):
        while text not in self.shown:
            if not self.more():
                promise(False, f"the terminal shows {text!r}", repr(self.shown))
                return

    def more(self):
        ready, _, _ = select.select([self.fd], [], [], 60)
        try:
            data = os.read(self.fd, 4096) if ready else b""
        except OSError:  # EIO: the other end is closed
            data = b""
        self.shown += data.decode(errors="replace")
        return bool(data)

    def echo(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def type(self, text):
        os.write(self.fd, text.encode())

    def end(self):
        while self.more():
            pass
        status = os.waitpid(self.pid, 0)[1]
        os.close(self.fd)
        return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def tokens_by_hand(desk):
    pin = ("--pin-file", desk.at("pin"))
    desk.new_token("con-dau")
    for kind in ("rsa2048", "rsa3072", "rsa4096", "p256", "p384"):
        exit_code, made = desk.run("keygen", "--token", "con-dau", *pin, "--kind", kind, "--label", kind,
                                   "--common-name", "Văn thư", "-o", desk.at(kind + ".csr"))
        promise(exit_code == 0, "a key is made", kind, made)
        judged = subprocess.run(["openssl", "req", "-in", desk.at(kind + ".csr"), "-noout", "-verify"],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        promise(judged.returncode == 0, "openssl accepts the request", kind, judged.stdout)
        # A certificate as an authority would make it.
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", desk.at("ca.key"), "-out",
                        desk.at("ca.crt"), "-subj", "/CN=CA"], check=True, stderr=subprocess.DEVNULL)
        subprocess.run(["openssl", "x509", "-req", "-in", desk.at(kind + ".csr"), "-CA", desk.at("ca.crt"), "-CAkey",
                        desk.at("ca.key"), "-CAcreateserial", "-out", desk.at(kind + ".crt")], check=True,
                       stderr=subprocess.DEVNULL)
        if kind == "p384":
            promise(desk.code("import", "--token", "con-dau", *pin, "--id", made["id"], "--certificate",
                              desk.at("p256.crt")) == "token.signature_wrong", "another key's certificate is refused")
        exit_code, put = desk.run("import", "--token", "con-dau", *pin, "--id", made["id"], "--label", kind,
                                  "--certificate", desk.at(kind + ".crt"))
        promise(exit_code == 0, "its certificate is put beside it", kind, put)
        exit_code, tested = desk.run("test", "--uri", made["uri"], *pin)
        promise(exit_code == 0 and tested["signs"], "it signs", kind, tested)
        promise(tested.get("schemes") == (["pkcs1", "pss"] if kind.startswith("rsa") else ["ecdsa"]), "in all schemes", kind,
                tested)
    exit_code, answer = desk.run("test", "--token", "con-dau", *pin)
    promise(answer["code"] == "token.key_ambiguous" and "p384" in answer["cause"], "the keys are named", answer)
    exit_code, answer = desk.run("list")
    own = [t["serial"] for t in answer["tokens"] if t["initialised"]][0]
    promise([len(t["certificates"]) for t in answer["tokens"] if t["initialised"]] == [5], "list shows certificates", answer)
    promise(desk.code("status", "--token", "khong-co") == "token.token_not_found", "no such token")
    promise(desk.code("test", "--token", "con-dau") == "token.pin_needed", "no PIN and no terminal")
    promise(desk.code("status", "--token", "con-dau", module="") == "token.module_not_loaded", "no module is named")

    # Two with the same label: told apart by their serial numbers, which the refusal names.
    desk.new_token("con-dau")
    exit_code, answer = desk.run("list")
    serials = [t["serial"] for t in answer["tokens"] if t["initialised"]]
    exit_code, answer = desk.run("status", "--token", "con-dau")
    promise(answer["code"] == "token.token_ambiguous" and all(s in answer["cause"] for s in serials), "both are named", answer)
    exit_code, answer = desk.run("status", "--serial", own)
    promise(exit_code == 0 and answer["failed_logins"] == 0, "one by its serial number", answer)
    return own


def guard_by_hand(desk, serial):
    named = ("--serial", serial)
    desk.put("pin", "9999\n")
    pin = ("--pin-file", desk.at("pin"))
    promise(desk.code("status", *named, *pin) == "token.pin_incorrect", "a wrong PIN")
    promise(desk.code("status", *named, *pin) == "tokens.guarded", "is not tried again")
    exit_code, answer = desk.run("status", *named)
    promise(answer["failed_logins"] == 1, "status shows it", answer)
    desk.put("pin", "8888\n")
    promise(desk.code("status", *named, *pin) == "token.pin_incorrect", "a second wrong PIN")
    desk.put("pin", PIN + "\n")
    promise(desk.code("status", *named, *pin) == "tokens.third_try", "a third one waits for a person, right or wrong")
    exit_code, answer = desk.run("unlock-guard", *named)
    promise(answer.get("guard") == "released", "unlock-guard releases", answer)
    exit_code, answer = desk.run("unlock-guard", *named)
    promise(answer.get("guard") == "nothing on record", "and says when there is nothing to release", answer)
    for language, words in (("vi", "không có lần nhập nào bị ghi lại"), ("en", "nothing on record")):
        said = subprocess.run(desk.words("unlock-guard", *named, "--lang", language), env=desk.env, check=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=120).stdout
        promise(words in said, "in the language asked for", said)
    promise(desk.run("status", *named, *pin)[0] == 0, "the right PIN works then")
    desk.put("pin", "")
    promise(desk.code("status", *named, *pin) == "token.pin_needed", "an empty PIN file")
    desk.put("pin", PIN + "\n")


def at_the_terminal(desk, serial):
    words = desk.words("keygen", "--serial", serial, "--kind", "p256", "--common-name", "x", "-o", desk.at("typed.csr"))
    t = Terminal(words, desk.env)
    t.until("PIN (con-dau): ")
    promise(not t.echo(), "no echo while the PIN is typed")
    t.type(PIN + "\n")
    promise(t.end() == 0, "a typed PIN works", t.shown)
    promise(PIN not in t.shown, "and is not shown", t.shown)

    # However the question ends, the echo is back, and the program ends by what ended it.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        t = Terminal(words, desk.env)
        t.until("PIN (con-dau): ")
        t.type("12")
        os.kill(t.pid, number) if number != signal.SIGINT else t.type("\x03")
        # Read first: what the program still shows has to go somewhere.
        while t.more():
            pass
        fd = os.dup(t.fd)
        promise(t.end() == -number, "it ends by its signal", number, t.shown)
        promise(bool(termios.tcgetattr(fd)[3] & termios.ECHO), "the echo is back", number)
        os.close(fd)

    # Ctrl-Z and back again asks anew. Without a shell around, nobody stops: the question simply comes again.
    t = Terminal(words, desk.env)
    t.until("PIN (con-dau): ")
    t.type("12")
    os.kill(t.pid, signal.SIGTSTP)
    t.until("PIN (con-dau): \r\nPIN (con-dau): ")
    t.type(PIN + "\n")
    promise(t.end() == 0, "what was typed before Ctrl-Z does not count", t.shown)

    # A person may try once more and is told so; not a third time.
    for expected in ("token.pin_incorrect", "token.pin_incorrect"):
        t = Terminal(words, desk.env)
        t.until("PIN (con-dau): ")
        t.type("0000\n")
        promise(t.end() == 1 and expected in t.shown, "a wrong PIN is told", t.shown)
    promise("1/2" in t.shown, "the second question says that it is the last", t.shown)
    t = Terminal(words, desk.env)
    promise(t.end() == 1 and "tokens.third_try" in t.shown and "PIN (" not in t.shown, "nobody is asked a third time", t.shown)
    desk.run("unlock-guard", "--serial", serial)


def bad_modules(desk):
    def code(how):
        return desk.code("list", module=BAD_MODULE, env={"VANTHU_BAD_MODULE": how})
    promise(code("crash") == "token.module_ended", "a module that crashes is a coded error")
    promise(code("crash_at_load") == "token.module_ended", "also when it does so at once")
    promise(code("refuse_initialise") == "token.module_not_loaded", "a module that refuses to start is another one")
    promise(desk.code("list", module="/nowhere/x.so") == "token.module_not_loaded", "as is one that is not there")


def through_a_server(desk, serial):
    """As systemd/vanthu-p11kit.service has it: the module belongs to somebody else, the environment names the socket."""
    address = "unix:path=" + desk.at("socket")
    server = subprocess.Popen(["p11-kit", "server", "--foreground", "--name", desk.at("socket"), "--provider", SOFTHSM,
                               "pkcs11:"], env=desk.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not os.path.exists(desk.at("socket")) and time.monotonic() < deadline:
            time.sleep(0.05)
        words = ("--serial", serial, "--pin-file", desk.at("pin"))
        exit_code, answer = desk.run("status", *words, module="", env={"P11_KIT_SERVER_ADDRESS": address})
        promise(exit_code == 0 and len(answer["keys"]) >= 5, "the server's token without --module", answer)
        exit_code, answer = desk.run("test", *words, "--label", "p384", module="p11-kit-client.so",
                                     env={"P11_KIT_SERVER_ADDRESS": address})
        promise(exit_code == 0 and answer["signs"], "and signs", answer)
    finally:
        server.terminate()
        server.wait()


with tempfile.TemporaryDirectory(prefix="vanthu-token-") as folder:
    desk = Desk(folder)
    own = tokens_by_hand(desk)
    guard_by_hand(desk, own)
    at_the_terminal(desk, own)
    bad_modules(desk)
    through_a_server(desk, own)
sys.exit(1 if failures else 0)

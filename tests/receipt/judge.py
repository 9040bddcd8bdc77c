#!/usr/bin/env python3
"""Verifies a receipt with nothing but this file, Python's standard library and the openssl program.

usage: judge.py RECEIPT.json ROOT.pem      exit 0: holds; 1: does not
"""
import base64
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from datetime import datetime


def canonical(value):
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def need(condition, what):
    if not condition:
        sys.exit("refused: " + what)


def openssl(*arguments):
    return subprocess.run(["openssl", *arguments], capture_output=True).returncode == 0


def root_from_proof(leaf, index, size, proof):
    need(index < size, "index")
    node, last, value = index, size - 1, leaf
    for other in proof:
        need(last > 0, "proof too long")
        if node & 1 or node == last:
            value = hashlib.sha256(b"\x01" + other + value).digest()
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            value = hashlib.sha256(b"\x01" + value + other).digest()
        node, last = node >> 1, last >> 1
    need(last == 0, "proof too short")
    return value


def main(receipt_path, root_path):
    raw = open(receipt_path, "rb").read()
    receipt = json.loads(raw)
    need(canonical(receipt) == raw, "not canonical")
    folder = tempfile.TemporaryDirectory()

    def put(name, content):
        path = os.path.join(folder.name, name)
        with open(path, "wb") as f:
            f.write(content)
        return path

    # 1 leaf -> root
    leaf = receipt["leaf"]
    leaf_hash = hashlib.sha256(b"\x00" + canonical(leaf)).digest()
    proof = [bytes.fromhex(h) for h in receipt["inclusion_proof"]]
    root = root_from_proof(leaf_hash, receipt["sequence"], receipt["tree_size"], proof)

    # 2 root -> signed head
    text, signatures = receipt["head"].split("\n\n")
    text += "\n"
    origin, size, head_root = text.splitlines()[:3]
    need(base64.b64decode(head_root) == root, "root")
    need(int(size) == receipt["tree_size"] and origin == receipt["log_origin"], "head of another log or size")
    dash, name, coded = signatures.splitlines()[0].split(" ")
    value = base64.b64decode(coded)
    statement = receipt["delegation"]["statement"]
    log_key = base64.b64decode(statement["log_key"])
    key_id = hashlib.sha256(name.encode() + b"\n\x01" + log_key).digest()[:4]
    need(value[:4] == key_id and receipt["key_id"] == key_id.hex() and name == origin, "key id")
    # the SPKI header of Ed25519 (RFC 8410), then the 32 bytes
    public = put("log.der", bytes.fromhex("302a300506032b6570032100") + log_key)
    need(openssl("pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", "-inkey", public,
                 "-in", put("head.txt", text.encode()), "-sigfile", put("head.sig", value[4:])), "head signature")

    # 3 head -> delegation
    delegation = receipt["delegation"]
    need(statement["log_origin"] == origin and statement["organisation"] == leaf["hop_organisation"], "delegation")
    need(statement["valid_from"] <= leaf["hop_time"] <= statement["valid_to"], "delegation not in force")
    chain = [put("%d.der" % i, base64.b64decode(c)) for i, c in enumerate(delegation["certificates"])]
    for path in chain:
        need(openssl("x509", "-inform", "DER", "-in", path, "-out", path + ".pem"), "certificate")
    need(openssl("x509", "-in", chain[0] + ".pem", "-pubkey", "-noout", "-out", chain[0] + ".key"), "certificate")
    how = ["pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", chain[0] + ".key"]
    if delegation["algorithm"] != "ed25519":
        how += ["-digest", "sha256"]
    if delegation["algorithm"] == "rsa-pss-sha256":
        how += ["-pkeyopt", "rsa_padding_mode:pss", "-pkeyopt", "rsa_pss_saltlen:digest"]
    need(openssl(*how, "-in", put("statement", b"vanthu log_delegation/1\n" + canonical(statement)),
                 "-sigfile", put("statement.sig", base64.b64decode(delegation["signature"]))), "delegation signature")

    # 4 delegation -> CA, at the hop's time
    at = datetime.fromisoformat(leaf["hop_time"].replace("Z", "+00:00"))
    untrusted = put("chain.pem", b"".join(open(p + ".pem", "rb").read() for p in chain[1:]))
    need(openssl("verify", "-attime", str(int(at.timestamp())), "-CAfile", root_path, "-untrusted", untrusted,
                 chain[0] + ".pem"), "certificate chain")
    names = subprocess.run(["openssl", "x509", "-in", chain[0] + ".pem", "-noout", "-ext", "subjectAltName"],
                           capture_output=True, text=True).stdout
    need("URI:urn:vanthu:org:" + statement["organisation"] in [n.strip() for n in names.replace("\n", ",").split(",")],
         "organisation")
    print("holds:", leaf["kind"], receipt["log_origin"], receipt["sequence"])


if __name__ == "__main__":
    main(*sys.argv[1:])

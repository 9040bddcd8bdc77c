"""schemas/openapi/eoffice-v1.yaml describes the endpoints of daemon/api/eoffice.cpp, all of them and no others; every
$ref resolves; every path and query parameter is declared; operation ids are the names of the handlers.

usage: openapi_test.py TREE
"""
import re
import sys

import yaml

METHODS = ("get", "put", "post", "delete", "patch")


def table_of(source):
    body = re.search(r"endpoint table\[\] = \{(.*?)\n    \};", source, re.S).group(1)
    return {(m.lower(), path): (handler, set(query.split()))
            for m, path, query, handler in
            re.findall(r'\{"([A-Z]+)", "([^"]+)", "[a-z]*", "([a-z_ ]*)", &eoffice::(\w+)\}', body)}


def resolve(document, node):
    while isinstance(node, dict) and "$ref" in node:
        here = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            here = here[part.replace("~1", "/").replace("~0", "~")]
        node = here
    return node


def problems(document, source):
    found = []
    described = {}
    for path, item in document["paths"].items():
        for method in METHODS:
            if method not in item:
                continue
            parameters = [resolve(document, p) for p in item.get("parameters", []) + item[method].get("parameters", [])]
            described[(method, path)] = (item[method].get("operationId"),
                                         {p["name"] for p in parameters if p["in"] == "query"})
            declared = {p["name"] for p in parameters if p["in"] == "path"}
            if declared != set(re.findall(r"\{(\w+)\}", path)):
                found.append("%s %s: path parameters %s" % (method, path, sorted(declared)))
            if "default" not in item[method]["responses"] and item[method].get("security") != []:
                found.append("%s %s: no error object" % (method, path))
    table = table_of(source)
    if not table:
        found.append("no table of endpoints in the source")
    for key in sorted(table.keys() | described.keys()):
        if key not in described:
            found.append("not described: %s %s" % key)
        elif key not in table:
            found.append("described, but no endpoint: %s %s" % key)
        elif table[key] != described[key]:
            found.append("%s %s: described with %s, served by %s" % (*key, described[key], table[key]))

    used = set()

    def walk(node):
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                used.add(node["$ref"])
                try:
                    resolve(document, node)
                except (KeyError, TypeError):
                    found.append("dangling: " + node["$ref"])
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)
    walk(document)
    for kind, entries in document["components"].items():
        if kind != "securitySchemes":
            found += ["never used: #/components/%s/%s" % (kind, name) for name in entries
                      if "#/components/%s/%s" % (kind, name) not in used]
    return found


def main():
    tree = sys.argv[1]
    with open(tree + "/schemas/openapi/eoffice-v1.yaml", encoding="utf-8") as file:
        text = file.read()
    with open(tree + "/daemon/api/eoffice.cpp", encoding="utf-8") as file:
        source = file.read()
    found = problems(yaml.safe_load(text), source)
    # The test can fail: each damage must be seen.
    for damaged_text, damaged_source in (
            (text.replace("  /v1/inbox/{id}/ack:", "  /v1/inbox/{id}/acknowledged:"), source),
            (text.replace("schemas/ladder_recipient\"", "schemas/ladder_recipients\""), source),
            (text.replace("operationId: track", "operationId: follow"), source),
            (text.replace("- name: since", "- name: sinse"), source),
            (text, source.replace("organisation after wait limit", "organisation after wait")),
            (text, source.replace('{"GET", "/v1/health", "", "", &eoffice::health},', ""))):
        if not problems(yaml.safe_load(damaged_text), damaged_source):
            found.append("a damaged description passed")
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

"""From the figures of single rounds to medians, ratios, a table and JSON."""
import statistics

SCHEMA_VERSION = 1
DISK, VANTHU = "disk", "vanthu"
# What is printed of a line: (key, heading, digits)
COLUMNS = (("per_s", "docs/s", 0), ("accepted_per_s", "accepted/s", 0), ("of_disk", "of disk", 2),
           ("of_vanthu", "vanthu x", 2), ("p50_ms", "p50 ms", 1), ("p99_ms", "p99 ms", 1),
           ("server_cpu_ms", "server CPU ms", 2), ("client_cpu_ms", "client CPU ms", 2), ("pss_mb", "PSS MB", 0),
           ("flushes", "flushes", 2))


def size_name(size):
    return "%d KB" % (size // 1000) if size % 1000 == 0 else "%d bytes" % size


def parse_size(text):
    """"4K" is a file of 4 000 bytes, as `vanthu bench` counts."""
    units = {"K": 1000, "M": 1000_000}
    unit = units.get(text[-1:].upper(), 1)
    size = int(text[:-1] if unit > 1 else text) * unit
    if not 1500 <= size <= 20_000_000:
        raise ValueError("a document has 1500 to 20M bytes")
    return size


def figures(load, server_cpu_s, pss_mb, flushes, arrived=None, arrived_s=None):
    """One measured round: what the load client said, with what was seen of the server beside it.

    arrived, arrived_s: documents at the second server, and seconds from the start until the last of them."""
    count = load["acknowledged"]
    out = {"acknowledged": count, "accepted_per_s": count / load["seconds"] if load["seconds"] else 0.0,
           "p50_ms": load["p50_ms"], "p99_ms": load["p99_ms"], "refused": load["refused"], "tls": load["tls"],
           "wire_bytes": load["wire_bytes"], "pss_mb": pss_mb}
    out["per_s"] = out["accepted_per_s"] if arrived is None else arrived / arrived_s if arrived_s else 0.0
    if arrived is not None:
        out["arrived"] = arrived
    if count:
        out["server_cpu_ms"] = server_cpu_s / count * 1000
        out["client_cpu_ms"] = load["client_cpu_s"] / count * 1000
        if flushes is not None:
            out["flushes"] = flushes / count
    return out


class Lines:
    """All rounds of all (size, submitters, peer)."""

    def __init__(self, peers):
        self.peers = {p.name: p for p in peers}
        self.rounds = {}    # (size, submitters, name) -> [figures or None]
        self.failures = []  # (size, submitters, name, text)

    def add(self, size, submitters, name, measured):
        self.rounds.setdefault((size, submitters, name), []).append(measured)

    def fail(self, size, submitters, name, text):
        self.add(size, submitters, name, None)
        self.failures.append((size, submitters, name, text))

    def ratio(self, size, submitters, over, under):
        """Median of the rounds' own ratios: both were measured in the same round."""
        ratios = [a["per_s"] / b["per_s"] for a, b in zip(self.rounds.get((size, submitters, over), ()),
                                                          self.rounds.get((size, submitters, under), ()))
                  if a and b and b["per_s"]]
        return statistics.median(ratios) if ratios else None

    def line(self, size, submitters, name):
        done = [r for r in self.rounds.get((size, submitters, name), ()) if r]
        if not done:
            return None
        peer = self.peers[name]
        out = {"size": size, "submitters": submitters, "peer": name, "durable": peer.durable, "rounds": len(done)}
        for key in sorted(set().union(*done)):
            values = [r[key] for r in done if key in r]
            out[key] = values[-1] if isinstance(values[0], str) else statistics.median(values)
        if name != DISK:
            out["of_disk"] = self.ratio(size, submitters, name, DISK)
        counterpart = VANTHU + "-relay" if peer.delivers else VANTHU
        if name not in (DISK, VANTHU, counterpart):
            out["of_vanthu"] = self.ratio(size, submitters, counterpart, name)
        return out

    def all(self):
        return [line for key in self.rounds if (line := self.line(*key))]

    def goals(self):
        """What is asked of vanthu, as far as this run says something about it."""
        out = []
        for size, submitters in dict.fromkeys((size, submitters) for size, submitters, _ in self.rounds):
            beside = [(ratio, name) for name, peer in self.peers.items()
                      if peer.durable and not peer.delivers and name not in (DISK, VANTHU)
                      and (ratio := self.ratio(size, submitters, VANTHU, name)) is not None]
            goal = {4000: 3, 100_000: 2}.get(size)
            if beside and goal:
                ratio, name = min(beside)
                out.append({"size": size, "submitters": submitters, "what": "vanthu to the best peer that syncs",
                            "peer": name, "ratio": ratio, "goal": goal})
            for under, what, goal in (("postfix-relay", "delivered to a second vanthu, to Postfix's", 5),
                                      (VANTHU, "delivered to a second vanthu, to accepted alone", 0.4)):
                ratio = self.ratio(size, submitters, VANTHU + "-relay", under)
                if ratio is not None:
                    out.append({"size": size, "submitters": submitters, "what": what, "peer": under, "ratio": ratio,
                                "goal": goal})
        return out


def number(value, digits):
    return "" if value is None else "{:,.{}f}".format(value, digits).replace(",", " ")


def table(lines):
    """Markdown, as docs/performance.md shows it."""
    columns = [c for c in COLUMNS if c[0] != "accepted_per_s" or any(p.delivers for p in lines.peers.values())]
    heads = ["file", "submitters", "server"] + [heading for _, heading, _ in columns]
    rows = [heads, ["---"] * len(heads)]
    for line in sorted(lines.all(), key=lambda l: (-l["size"], l["submitters"])):
        peer = lines.peers[line["peer"]]
        rows.append([size_name(line["size"]), str(line["submitters"]),
                     peer.title + ("" if peer.durable else " (does not sync: not counted)")] +
                    [number(line.get(key), digits) for key, _, digits in columns])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def goals_text(lines):
    return "\n".join("%s, %d submitters: %s: %.2f (%s; goal %g)" % (
        size_name(g["size"]), g["submitters"], g["what"], g["ratio"], lines.peers[g["peer"]].title, g["goal"])
        for g in lines.goals())


def as_json(lines, about):
    return {"schema_version": SCHEMA_VERSION, **about, "lines": lines.all(), "goals": lines.goals(),
            "failures": [{"size": size, "submitters": submitters, "peer": name, "text": text}
                         for size, submitters, name, text in lines.failures]}

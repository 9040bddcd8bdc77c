#!/usr/bin/env python3
"""Compares every #include of the tree with tests/include_table.txt; names file:line of each one that is not allowed.

usage: include_table.py [TOP]     exit status 0: nothing found, 1: something found
"""
import pathlib
import re
import subprocess
import sys

SUFFIXES = {".cpp", ".hpp", ".h", ".cc"}
ROOMS = ("daemon", "schemas", "signing", "adapters", "tests")
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')


class Table:
    """The rows of the table, with sets written out."""

    def __init__(self, text):
        self.rows, self.foreign, self.mistakes, sets = {}, {}, [], {}
        for number, line in enumerate(text.splitlines(), 1):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            split = "=" if line.startswith("@") else ":"
            name, found, rest = line.partition(split)
            name, words = name.strip(), []
            if not found:
                self.mistakes.append(f"tests/include_table.txt:{number}: neither a row nor a set: {line}")
                continue
            for word in rest.split():
                words += sets.get(word, [word]) if word.startswith("@") else [word]
            if name.startswith("@"):
                sets[name] = words
            elif name.startswith("<"):
                self.foreign[name[1:]] = words
            elif name in self.rows:
                self.mistakes.append(f"tests/include_table.txt:{number}: a second row for {name}")
            else:
                # The order is the direction: nothing may be named before its own row, so there is no circle.
                for word in words:
                    if word.endswith(".hpp") or word == "*" or word in self.rows or word == name:
                        continue
                    if word.endswith("/*") and any(known.startswith(word[:-1]) for known in self.rows):
                        continue
                    self.mistakes.append(f"tests/include_table.txt:{number}: {name} names {word}, which has no row above")
                self.rows[name] = words

    def row_of(self, folder):
        if folder in self.rows:
            return self.rows[folder]
        return self.rows.get(folder.rpartition("/")[0] + "/*")


def covers(word, path):
    folder = path.rpartition("/")[0]
    return word in ("*", path, folder) or (word.endswith("/*") and folder.rpartition("/")[0] == word[:-2])


def files_of(top):
    """Tracked and new files of the rooms (what .gitignore leaves out is no part of the tree)."""
    try:
        listed = subprocess.run(["git", "-C", top, "ls-files", "-co", "--exclude-standard", "--", *ROOMS],
                                capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        listed = [str(p.relative_to(top)) for room in ROOMS for p in (top / room).rglob("*")]
    return sorted(set(name for name in listed if pathlib.Path(name).suffix in SUFFIXES and (top / name).is_file()))


def check(top):
    table = Table((top / "tests/include_table.txt").read_text(encoding="utf-8"))
    found, without_row = list(table.mistakes), set()
    for name in files_of(top):
        folder = name.rpartition("/")[0]
        row = table.row_of(folder)
        if row is None:
            if folder not in without_row:
                found.append(f"{name}:1: the folder {folder} has no row in tests/include_table.txt")
            without_row.add(folder)
            continue
        for number, line in enumerate((top / name).read_text(encoding="utf-8").splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            ours, foreign = match.groups()
            if ours is not None:
                if not ours.startswith(tuple(room + "/" for room in ROOMS)):
                    found.append(f'{name}:{number}: "{ours}" is not written from the top of the tree')
                elif not (top / ours).is_file():
                    found.append(f'{name}:{number}: "{ours}" does not exist')
                elif ours.rpartition("/")[0] != folder and not any(covers(word, ours) for word in row):
                    found.append(f'{name}:{number}: {folder} may not include "{ours}"')
            elif not folder.startswith("tests"):
                for prefix, allowed in table.foreign.items():
                    if foreign.startswith(prefix) and not any(covers(word, name) for word in allowed):
                        found.append(f"{name}:{number}: only {', '.join(allowed)} may include <{foreign}>")
    return found


def main():
    top = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent).resolve()
    found = check(top)
    print("\n".join(found) if found else "every include is allowed")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Other people's programs judge what vanthu signs, and vanthu judges what they sign: DSS of the European Commission for
every format, pyHanko for PDF. Nothing leaves 127.0.0.1 but the fetching of the judges themselves.

usage: run.py [--build DIR] [--only TEXT] [--keep] [-v]
  --build DIR   the build whose programs are tested (default: build/dev, or $VANTHU_BUILD)
  --only TEXT   only the rows whose name has TEXT in it
  --keep        leave the signed files behind and say where they are
  -v            every row with what the judges said of it

A row is one file: format, level, key, packaging. A choice that the built `vanthu` does not offer yet is "not made yet" and
listed; it is never counted as passed. Exit status: 0 all that ran passed; 1 a row failed, or none passed; 77 neither judge can be had here.
"""
import argparse
import collections
import os
import pathlib
import shutil
import sys
import tempfile
import time

import judges
import rows
from place import Place
from suite import Suite

TREE = pathlib.Path(__file__).resolve().parents[2]


def start(make, place):
    try:
        return make(place)
    except judges.Absent as e:
        print("SKIPPED: %s cannot be had here. %s" % (make.__name__, e))
        return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.environ.get("VANTHU_BUILD", TREE / "build" / "dev"))
    parser.add_argument("--only", default="")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    began = time.monotonic()
    fetched = TREE / "build" / "interop"
    fetched.mkdir(parents=True, exist_ok=True)
    dss, pyhanko = start(judges.dss, fetched), start(judges.pyhanko, fetched)
    if not dss and not pyhanko:
        print("SKIPPED: no independent judge; nothing was tested")
        return 77
    folder = tempfile.mkdtemp(prefix="vanthu-interop-")
    place = None
    try:
        place = Place(options.build, folder)
        suite = Suite(place, dss, pyhanko, options, fetched)
        rows.controls(suite)
        rows.ours(suite)
        rows.order_of_signing(suite)
        rows.beside(suite)
        rows.lists(suite)
        rows.reports(suite)
        rows.policies(suite)
        rows.theirs(suite)
    finally:
        for judge in (dss, pyhanko):
            if judge:
                judge.close()
        if place:
            place.close()
        if options.keep:
            print("files: " + folder)
        else:
            shutil.rmtree(folder)
    for wanted in ("not made yet", "skipped"):
        names = [n for n, (outcome, _) in suite.outcomes.items() if outcome == wanted]
        if names:
            print("%s (%d):" % (wanted, len(names)), *names, sep="\n  ")
    counts = collections.Counter(outcome for outcome, _ in suite.outcomes.values())
    print("interop: %d rows in %.0f s: %d passed, %d failed, %d not made yet, %d skipped for want of a judge" % (
        len(suite.outcomes), time.monotonic() - began, counts["passed"], counts["failed"], counts["not made yet"],
        counts["skipped"]))
    return 0 if counts["passed"] and not counts["failed"] else 1


if __name__ == "__main__":
    sys.exit(main())

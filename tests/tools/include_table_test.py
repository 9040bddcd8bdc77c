#!/usr/bin/env python3
"""That tests/include_table.py finds what it is there to find: small trees with one mistake each."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).parent.parent / "include_table.py"
TABLE = """\
@pure = daemon/base/failure.hpp
daemon/base:
schemas/*: @pure
daemon/ledger: daemon/base
adapters/*: daemon/base daemon/ledger
daemon: *
<rocksdb: daemon/ledger
"""
BASE = {"daemon/base/failure.hpp": "", "daemon/base/log.hpp": "", "daemon/ledger/store.hpp": ""}


def run(files, table=TABLE):
    with tempfile.TemporaryDirectory() as top:
        for name, text in {**BASE, **files, "tests/include_table.txt": table}.items():
            path = pathlib.Path(top) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        done = subprocess.run([sys.executable, SCRIPT, top], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.strip()


class IncludeTable(unittest.TestCase):
    def refused(self, files, expected, table=TABLE):
        status, said = run(files, table)
        self.assertEqual((status, said), (1, expected))

    def test_what_the_table_allows_passes(self):
        files = {"schemas/edxml/a.hpp": '#include "daemon/base/failure.hpp"\n#include <string>\n',
                 "schemas/edxml/b.cpp": '#include "schemas/edxml/a.hpp"\n',
                 "daemon/ledger/store.cpp": '#include "daemon/base/log.hpp"\n#include <rocksdb/db.h>\n',
                 "daemon/main.cpp": '#include "daemon/ledger/store.hpp"\n'}
        self.assertEqual(run(files), (0, "every include is allowed"))

    def test_a_pure_folder_may_not_log(self):
        self.refused({"schemas/edxml/a.hpp": '// first\n#include "daemon/base/log.hpp"\n'},
                     'schemas/edxml/a.hpp:2: schemas/edxml may not include "daemon/base/log.hpp"')

    def test_an_include_against_the_direction_is_found(self):
        self.refused({"daemon/base/log.cpp": '#include "daemon/ledger/store.hpp"\n'},
                     'daemon/base/log.cpp:1: daemon/base may not include "daemon/ledger/store.hpp"')

    def test_adapters_never_include_one_another(self):
        self.refused({"adapters/peer/a.hpp": "", "adapters/vxp/a.cpp": '#  include "adapters/peer/a.hpp"\n'},
                     'adapters/vxp/a.cpp:1: adapters/vxp may not include "adapters/peer/a.hpp"')

    def test_a_folder_without_a_row_is_found(self):
        self.refused({"daemon/new/a.cpp": ""},
                     "daemon/new/a.cpp:1: the folder daemon/new has no row in tests/include_table.txt")

    def test_a_foreign_header_outside_its_wrapper_is_found(self):
        self.refused({"adapters/vxp/a.cpp": "#include <rocksdb/db.h>\n"},
                     "adapters/vxp/a.cpp:1: only daemon/ledger may include <rocksdb/db.h>")

    def test_an_include_from_beside_is_found(self):
        self.refused({"daemon/base/log.cpp": '#include "log.hpp"\n'},
                     'daemon/base/log.cpp:1: "log.hpp" is not written from the top of the tree')

    def test_an_include_of_nothing_is_found(self):
        self.refused({"daemon/base/log.cpp": '#include "daemon/base/gone.hpp"\n'},
                     'daemon/base/log.cpp:1: "daemon/base/gone.hpp" does not exist')

    def test_a_circle_in_the_table_is_found(self):
        self.refused({}, "tests/include_table.txt:8: daemon/a names daemon/z, which has no row above",
                     TABLE + "daemon/a: daemon/z\n")


if __name__ == "__main__":
    unittest.main()

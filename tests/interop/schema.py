"""The published schemas of ETSI TS 119 102-2 V1.4.1 and TS 119 612 V2.1.1, as DSS carries them, with every schema that they
import; xmllint judges by them without a network."""
import pathlib
import subprocess
import zipfile

import judges

# What the schemas import by address, and the file of which jar it is.
IMPORTED = {
    "http://www.w3.org/TR/2002/REC-xmldsig-core-20020212/xmldsig-core-schema.xsd": "specs-xmldsig/xmldsig-core-schema.xsd",
    "http://www.w3.org/TR/2008/REC-xmldsig-core-20080610/xmldsig-core-schema.xsd": "specs-xmldsig/xmldsig-core-schema.xsd",
    "http://www.w3.org/2001/xml.xsd": "specs-xmldsig/xml.xsd",
    "http://www.w3.org/2001/03/xml.xsd": "specs-xmldsig/xml.xsd",
    "http://uri.etsi.org/01903/v1.3.2/XAdES.xsd": "specs-xades/XAdES.xsd",
    "http://uri.etsi.org/19612/v2.2.1/ts_119612v020201_201601xsd.xsd": "specs-trusted-list-v211/ts_119612v020101_xsd.xsd",
    "https://uri.etsi.org/19612/v2.2.1/ts_119612v020101_sie_xsd.xsd": "specs-trusted-list-v211/ts_119612v020101_sie_xsd.xsd",
}


class Schema:
    def __init__(self, fetched, folder):
        """`fetched`: where judges.dss() put its jars."""
        self.folder = folder / "schemas"
        for jar in ("specs-validation-report", "specs-xades", "specs-xmldsig", "specs-trusted-list-v211"):
            found = sorted((fetched / "dss" / "lib").glob(jar + "-[0-9]*.jar"))
            if not found:
                raise judges.Absent("no %s" % jar)
            with zipfile.ZipFile(found[-1]) as archive:
                for name in archive.namelist():
                    if name.startswith("xsd/") and name.endswith(".xsd") and name.count("/") == 1:
                        target = self.folder / jar / pathlib.PurePosixPath(name).name
                        target.parent.mkdir(parents=True, exist_ok=True)
                        target.write_bytes(archive.read(name))
        rows = "".join('<system systemId="%s" uri="%s"/><uri name="%s" uri="%s"/>' % (url, file, url, file)
                       for url, file in ((u, (self.folder / f).as_uri()) for u, f in IMPORTED.items()))
        self.catalogue = self.folder / "catalog.xml"
        self.catalogue.write_text('<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">%s</catalog>' % rows)

    REPORTS, LISTS = "specs-validation-report/TS119102-2-v141.xsd", "specs-trusted-list-v211/ts_119612v020101_xsd.xsd"

    def faults(self, document, schema=REPORTS):
        """What xmllint says against the document; "" where it is valid."""
        done = subprocess.run(["xmllint", "--nonet", "--noout", "--schema", self.folder / schema, document],
                              env={"XML_CATALOG_FILES": self.catalogue.as_uri(), "PATH": "/usr/bin:/bin"},
                              capture_output=True, text=True, check=False)
        return "" if done.returncode == 0 else done.stderr.strip() or "xmllint %d" % done.returncode

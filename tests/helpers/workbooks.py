"""Workbooks as small as they can be, written by hand: xlsx and ods."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

# Which style a cell has: 1 is a date, 2 a number with leading zeros.
DATE, PADDED = 1, 2
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_STYLES = f"""<styleSheet xmlns="{_MAIN}">
<numFmts count="1"><numFmt numFmtId="164" formatCode="00000"/></numFmts>
<fonts count="1"><font/></fonts><fills count="1"><fill/></fills>
<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>
<cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/>
<xf numFmtId="164" applyNumberFormat="1"/></cellXfs></styleSheet>"""


def cell(value: Any, style: int = 0, reference: str = "") -> str:
    """Return a cell of xlsx; a text that starts with = is a formula and its value."""
    at = f" r={quoteattr(reference)}" if reference else ""
    at += f' s="{style}"' if style else ""
    if isinstance(value, str) and value.startswith("="):
        formula, _, shown = value[1:].partition("|")
        return f'<c{at} t="str"><f>{escape(formula)}</f><v>{escape(shown)}</v></c>'
    if isinstance(value, bool):
        return f'<c{at} t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f"<c{at}><v>{value}</v></c>"
    if value.startswith("#"):
        return f'<c{at} t="e"><v>{escape(value)}</v></c>'
    return f'<c{at} t="inlineStr"><is><t>{escape(value)}</t></is></c>'


def _column(index: int) -> str:
    return chr(ord("A") + index)


def sheet(rows: Sequence[Sequence[Any]], merged: Sequence[str] = ()) -> str:
    """Return a sheet of xlsx; None is no cell, and a pair is a value and its style."""
    lines = []
    for number, row in enumerate(rows, start=1):
        cells = "".join(
            cell(
                *(value if isinstance(value, tuple) else (value, 0)),
                f"{_column(index)}{number}",
            )
            for index, value in enumerate(row)
            if value is not None
        )
        lines.append(f'<row r="{number}">{cells}</row>')
    ranges = "".join(f"<mergeCell ref={quoteattr(ref)}/>" for ref in merged)
    merges = f"<mergeCells>{ranges}</mergeCells>" if merged else ""
    return (
        f'<worksheet xmlns="{_MAIN}"><sheetData>{"".join(lines)}</sheetData>{merges}'
        "</worksheet>"
    )


def xlsx(sheets: Mapping[str, str], hidden: Sequence[str] = ()) -> bytes:
    """Return a workbook of sheets, given as name → XML."""
    names = list(sheets)
    listed = "".join(
        f"<sheet name={quoteattr(name)} sheetId='{n}' r:id='rId{n}'"
        f"{' state=' + quoteattr('hidden') if name in hidden else ''}/>"
        for n, name in enumerate(names, start=1)
    )
    related = "".join(
        f"<Relationship Id='rId{n}' Type='{_RELATIONS}/worksheet' "
        f"Target='worksheets/sheet{n}.xml'/>"
        for n in range(1, len(names) + 1)
    )
    related += (
        f"<Relationship Id='rIdS' Type='{_RELATIONS}/styles' Target='styles.xml'/>"
    )
    files = {
        "[Content_Types].xml": f"<Types xmlns='{_PACKAGE}/content-types'/>",
        "_rels/.rels": f"<Relationships xmlns='{_PACKAGE}/relationships'>"
        f"<Relationship Id='rId1' Type='{_RELATIONS}/officeDocument' "
        "Target='xl/workbook.xml'/></Relationships>",
        "xl/workbook.xml": f"<workbook xmlns='{_MAIN}' xmlns:r='{_RELATIONS}'>"
        f"<sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f"<Relationships "
        f"xmlns='{_PACKAGE}/relationships'>{related}</Relationships>",
        "xl/styles.xml": _STYLES,
    }
    for number, text in enumerate(sheets.values(), start=1):
        files[f"xl/worksheets/sheet{number}.xml"] = text
    return zipped(files)


def ods(rows: Sequence[Sequence[str]], repeated: int = 1) -> bytes:
    """Return a document of one sheet whose last row is repeated."""
    lines = []
    for number, row in enumerate(rows, start=1):
        cells = "".join(
            '<table:table-cell office:value-type="string"><text:p>'
            f"{escape(value)}</text:p></table:table-cell>"
            for value in row
        )
        times = repeated if number == len(rows) else 1
        lines.append(
            f'<table:table-row table:number-rows-repeated="{times}">{cells}'
            "</table:table-row>"
        )
    spaces = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    content = (
        f'<office:document-content{spaces} office:version="1.2"><office:body>'
        f'<office:spreadsheet><table:table table:name="Hosts">{"".join(lines)}'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:'
        f'manifest:1.0"><manifest:file-entry manifest:full-path="/" '
        f'manifest:media-type="{kind}"/></manifest:manifest>'
    )
    return zipped(
        {"mimetype": kind, "META-INF/manifest.xml": manifest, "content.xml": content}
    )


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()

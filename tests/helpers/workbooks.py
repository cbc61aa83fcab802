"""Workbooks as small as they can be, written by hand: xlsx, xls and ods."""

import io
import struct
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


# ---- xls: a file system of sectors (MS-CFB), and in it records of BIFF8 (MS-XLS)

_END, _FREE, _FAT_SECTOR = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_SECTOR = 512


def xls(rows: Sequence[Sequence[str | float]], name: str = "Hosts") -> bytes:
    """Return a workbook of Excel 97 with one sheet of texts and numbers."""
    begin = _record(0x809, struct.pack("<HHHHII", 0x600, 5, 0xDBB, 0x7CC, 0, 0))
    end = _record(0x0A, b"")
    title = bytes((len(name), 0)) + name.encode("ascii")
    place = len(begin) + 4 + 6 + len(title) + len(end)
    listed = _record(0x85, struct.pack("<IBB", place, 0, 0) + title)
    sheet_begin = _record(0x809, struct.pack("<HHHHII", 0x600, 16, 0xDBB, 0x7CC, 0, 0))
    cells = b"".join(
        _xls_cell(r, c, value)
        for r, row in enumerate(rows)
        for c, value in enumerate(row)
    )
    return compound_file({"Workbook": begin + listed + end + sheet_begin + cells + end})


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _xls_cell(row: int, column: int, value: str | float) -> bytes:
    place = struct.pack("<HHH", row, column, 0)
    if isinstance(value, str):
        text = struct.pack("<HB", len(value), 1) + value.encode("utf-16-le")
        return _record(0x204, place + text)
    return _record(0x203, place + struct.pack("<d", value))


def compound_file(streams: Mapping[str, bytes]) -> bytes:
    """Return a file of Microsoft's older Office with these streams."""
    fat, sectors = [_FAT_SECTOR, _END], b""
    places: list[tuple[int, int]] = []
    for content in streams.values():
        # What is shorter would have to be in sectors of another size.
        size = max(4096, -(-len(content) // _SECTOR) * _SECTOR)
        first, count = len(fat), size // _SECTOR
        fat += [*range(first + 1, first + count), _END]
        sectors += content.ljust(size, b"\0")
        places.append((first, size))
    entries = [_entry("Root Entry", 5, _END, 0, child=1)]
    entries += [
        _entry(name, 2, *place, right=n + 1 if n < len(streams) else _FREE)
        for n, (name, place) in enumerate(zip(streams, places, strict=True), 1)
    ]
    fat += [_FREE] * (_SECTOR // 4 - len(fat))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096,
                        _END, 0, _END, 0)  # fmt: skip
    head += struct.pack("<109I", 0, *[_FREE] * 108)
    table = struct.pack(f"<{len(fat)}I", *fat)
    return head + table + b"".join(entries).ljust(_SECTOR, b"\0") + sectors


def _entry(
    name: str, kind: int, first: int, size: int, child: int = _FREE, right: int = _FREE
) -> bytes:
    text = name.encode("utf-16-le")
    return text.ljust(64, b"\0") + struct.pack(
        "<HBBIII16xI16xIQ", len(text) + 2, kind, 1, _FREE, right, child, 0, first, size
    )

"""Lists of a content and a style picture, .csv, as people and spreadsheets write them."""

from __future__ import annotations

import codecs
import csv
from pathlib import Path

from ..errors import DataError

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_DELIMITERS = ",;\t"  # spreadsheets write the second where the first is a decimal point
_HEADER = ["content", "style"]


def read_pair_list(path: Path) -> list[tuple[Path, Path]]:
    """The pairs of a list, paths relative to it; a header and empty lines are passed over.

    UTF-8 or UTF-16 with or without a byte order mark, or Windows' western code page; commas,
    semicolons or tabs.

    Raises:
        DataError: the file cannot be read, has no lines, or one with other than two names.
    """
    try:
        text = _decoded(path.read_bytes())
        tables = [_rows(text, delimiter) for delimiter in _DELIMITERS]
    except (OSError, UnicodeError, csv.Error) as error:
        raise DataError(f"cannot read {path}: {error}") from error
    rows = next((rows for rows in tables if all(len(row) == 2 for row in rows)), tables[0])
    wrong = next((row for row in rows if len(row) != 2), None)
    if wrong or not rows:
        told = f"not {','.join(wrong)!r}" if wrong else "and it has none"
        raise DataError(f"{path}: a line is `content,style`, {told}")
    return [(path.parent / content, path.parent / style) for content, style in rows]


def _decoded(data: bytes) -> str:
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return data.decode(encoding)
    if b"\0" in data[:4]:  # UTF-16 without a mark; names begin with ASCII at least once
        return data.decode("utf-16-be" if data[:1] == b"\0" else "utf-16-le")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252")


def _rows(text: str, delimiter: str) -> list[list[str]]:
    rows = []
    for row in csv.reader(text.splitlines(), delimiter=delimiter, skipinitialspace=True):
        row = [cell.strip() for cell in row]
        while row and not row[-1]:  # empty columns
            row.pop()
        if row and not (len(row) == 1 and row[0].lower() == f"sep={delimiter}".strip()):
            rows.append(row)
    return rows[1:] if rows and [cell.lower() for cell in rows[0]] == _HEADER else rows

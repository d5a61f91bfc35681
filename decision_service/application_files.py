"""Files of applications: CSV, JSON lines and Parquet, read line by line in one form.

A line that cannot be read is handed on as its fault, in its place, so that it spoils no other.
"""

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from decision_service.applications import MEMBERS
from decision_service.errors import Fault, InvalidRequest, Malformed, ServiceError
from explain.declared.contract import Contract
from overrides.canonical import parse_strict
from overrides.errors import NotCanonical

LINE_BYTES_MAX = 256 * 1024
PARQUET_ROWS_AT_ONCE = 1_000
PARQUET_MAGIC = b"PAR1"
UNNAMED = "line-"


@dataclass(frozen=True, slots=True)
class Line:
    """One application of a file.

    ``number`` is the line it begins on, as an editor counts them, so that the first under a CSV
    heading is 2; of a Parquet file, which has no lines, the row from 1.
    """

    number: int
    body: Mapping[str, Any] | None
    fault: ServiceError | None = None


def read_applications(path: Path, contract: Contract) -> Iterator[Line]:
    """The applications of a file, in order, as requests are written.

    Columns are the contract's fields, and members of a request such as ``application_id``. A line
    without an id is named by its number. Raises OSError when the file cannot be read.
    """
    form = form_of(path)
    if form == "parquet":
        return _parquet(path)
    return _csv(path, contract) if form == "csv" else _json_lines(path)


def form_of(path: Path) -> str:
    """``csv``, ``jsonl`` or ``parquet``: by the name's end, else by how the file begins."""
    known = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
    with path.open("rb") as file:
        start = file.read(len(PARQUET_MAGIC))
    if path.suffix.lower() in known:
        return known[path.suffix.lower()]
    if start == PARQUET_MAGIC:
        return "parquet"
    return "jsonl" if start.lstrip().startswith(b"{") else "csv"


def _json_lines(path: Path) -> Iterator[Line]:
    """One JSON object per line; empty lines are passed over."""
    with path.open("rb") as file:
        number = 0
        while raw := file.readline(LINE_BYTES_MAX + 1):
            number += 1
            text = raw.strip()
            while len(raw) > LINE_BYTES_MAX and not raw.endswith(b"\n"):
                raw = file.readline(LINE_BYTES_MAX + 1)  # the rest of a line that is too long
            if text:
                yield _json_line(number, text)


def _json_line(number: int, text: bytes) -> Line:
    """One line of JSON."""
    try:
        value = parse_strict(text, max_bytes=LINE_BYTES_MAX)
    except NotCanonical as refused:
        return Line(number, None, Malformed(refused.problem))
    if not isinstance(value, dict):
        return Line(number, None, InvalidRequest((Fault("", "Send a JSON object."),)))
    return Line(number, _request(value, number))


def _csv(path: Path, contract: Contract) -> Iterator[Line]:
    """Comma-separated values with a heading, in UTF-8."""
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        rows = csv.reader(file, strict=True)
        try:
            heading = next(rows, [])
        except csv.Error as broken:
            yield Line(1, None, Malformed(f"the heading cannot be read: {broken}"))
            return
        if not all(map(_encodes, heading)):
            yield Line(1, None, Malformed("the heading is not UTF-8"))
            return
        while True:
            number = rows.line_num + 1  # where the next row begins: one may be of several lines
            try:
                cells = next(rows)
            except StopIteration:
                return
            except csv.Error as broken:
                yield Line(number, None, Malformed(f"the line cannot be read: {broken}"))
                continue
            if cells:
                yield _csv_line(number, heading, cells, contract)


def _csv_line(number: int, heading: list[str], cells: list[str], contract: Contract) -> Line:
    """One row of a CSV file."""
    if len(cells) != len(heading) or len(set(heading)) != len(heading):
        problem = f"{len(cells)} cells under a heading of {len(set(heading))} names"
        return Line(number, None, Malformed(problem))
    if not all(map(_encodes, cells)):
        return Line(number, None, Malformed("the line is not UTF-8"))
    named = dict(zip(heading, cells, strict=True))
    members = {name: cell for name, cell in named.items() if name in MEMBERS and cell}
    fields = {name: cell for name, cell in named.items() if name not in MEMBERS}
    return Line(number, _request({**members, "fields": contract.from_text(fields)}, number))


def _parquet(path: Path) -> Iterator[Line]:
    """Rows of a Parquet file; null and NaN are missing values."""
    from pyarrow import ArrowInvalid, parquet

    number = 0
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=PARQUET_ROWS_AT_ONCE):
                for row in batch.to_pylist():
                    number += 1
                    yield Line(number, _request(_without_gaps(row), number))
    except ArrowInvalid as broken:
        reason = str(broken).partition(". ")[0]
        yield Line(number + 1, None, Malformed(f"the file cannot be read as Parquet ({reason})"))


def _without_gaps(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A row without what is missing; members of a request are texts there, as elsewhere."""
    given = {name: v for name, v in row.items() if v is not None and not _is_nan(v)}
    return {name: str(v) if name in MEMBERS else v for name, v in given.items()}


def _is_nan(value: object) -> bool:
    """Whether this is how a table of numbers says that one is missing."""
    return isinstance(value, float) and math.isnan(value)


def _request(found: Mapping[str, Any], number: int) -> Mapping[str, Any]:
    """The line as a request: fields written flat are put where they belong."""
    if "fields" not in found:
        members = {name: value for name, value in found.items() if name in MEMBERS}
        fields = {name: value for name, value in found.items() if name not in MEMBERS}
        found = {**members, "fields": fields}
    return {"application_id": f"{UNNAMED}{number}", **found}


def _encodes(cell: str) -> bool:
    """Whether a cell was read without bytes that are no UTF-8."""
    try:
        cell.encode()
    except UnicodeEncodeError:
        return False
    return True

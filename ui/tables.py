"""Tables of reports as files: what each is called, and its cells as CSV."""

import csv
import io
import re
from collections.abc import Iterable

from fastapi.responses import Response

from ui.ports import Refused
from ui.render import SECURITY_HEADERS
from ui.views import BoardSection, BoardView

_NO_WORD = re.compile(r"[^a-z0-9]+")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def table_name(section: BoardSection) -> str:
    """What a section's table is called in addresses and files."""
    return _NO_WORD.sub("-", section.title.lower()).strip("-")


def table_of(view: BoardView, name: str) -> bytes:
    """One table as CSV; raises ``Refused`` (404) for none of this name."""
    for section in view.sections:
        if section.table and table_name(section) == name:
            return csv_of(section.table)
    raise Refused(404, "No such table", "Open the report and take a table from there.")


def csv_of(table: Iterable[Iterable[str]]) -> bytes:
    """Rows as CSV.

    A cell that a spreadsheet would take for a formula is kept from being one by an apostrophe.
    """
    written = io.StringIO(newline="")
    csv.writer(written).writerows([_plain(cell) for cell in row] for row in table)
    return written.getvalue().encode()


def _plain(cell: str) -> str:
    """A cell that no spreadsheet computes."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def table_file(content: bytes, name: str) -> Response:
    """A table to be saved."""
    named = f'attachment; filename="{_NO_WORD.sub("-", name)}.csv"'
    headers = {**SECURITY_HEADERS, "Cache-Control": "no-store", "Content-Disposition": named}
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)

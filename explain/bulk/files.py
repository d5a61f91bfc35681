"""Explaining files of any length to Parquet, in parts, so that a run can be gone on with.

Memory does not grow with the file. A run that was killed goes on after its last whole part, and
what it leaves in the end is what a run without interruption leaves, to the byte.
"""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..bundle import Bundle
from ..declared.contract import Contract
from ..errors import ModelUnavailable
from .batches import APPLICATION_ID, explained, explained_schema, refuse_missing_columns
from .progress import (
    UNFINISHED,
    Folder,
    Part,
    Progress,
    Source,
    columns_left_aside,
    part_name,
    sha256_of,
)
from .rows import Portion, RowsFile, open_rows

PART_ROWS = 20_000

Tell = Callable[[Progress, int | None], None]
"""Is told what there is after every part, and how many rows the file has where that is known."""


def explain_file(
    bundle: Bundle,
    path: Path,
    out: Path,
    *,
    part_rows: int = PART_ROWS,
    tell: Tell = lambda *_: None,
) -> Progress:
    """Explain a Parquet or CSV file into a folder, or go on with it; what the folder then holds.

    Columns that no scored field is called after are left aside. NotExplainable where the file or
    the folder is not fit; ModelUnavailable where not one row of a part was answered, after which
    the run can be gone on with.
    """
    rows = open_rows(path)
    contract = Contract(bundle.contract.features)
    refuse_missing_columns(str(path), rows.names, contract)
    wanted = [APPLICATION_ID, *(field.name for field in contract.features)]
    begun = Progress(
        bundle=Source(name=bundle.name, sha256=bundle.sha256),
        file=Source(name=path.name, sha256=sha256_of(path)),
        part_rows=part_rows,
        left_aside=columns_left_aside(rows.names, wanted),
    )
    folder = Folder(out)
    with folder.alone():
        progress = folder.taken_up(begun)
        tell(progress, rows.total)
        return _gone_on(bundle, rows, folder, progress, tell)


def _gone_on(
    bundle: Bundle, rows: RowsFile, folder: Folder, progress: Progress, tell: Tell
) -> Progress:
    """The rest of a run."""
    if progress.finished:
        return progress
    with_id = APPLICATION_ID in rows.names
    for portion in rows.portions(bundle.contract, progress.records, progress.part_rows):
        table = explained(portion.table, bundle)
        _refuse_silence(bundle, table)
        number = len(progress.parts)
        told, refused, lines = _apart(portion, table)
        part = _written(folder, number, told if with_id else told.drop_columns([APPLICATION_ID]))
        numbers = [*portion.numbers, *(unread.number for unread in portion.unread)]
        entry = Part(
            file=part.name,
            sha256=sha256_of(part),
            first=min(numbers),
            last=max(numbers),
            records=portion.records,
            refused=refused,
            unexplained=told.num_rows - sum(told.column("reliable").to_pylist()),
        )
        progress = progress.model_copy(
            update={"parts": (*progress.parts, entry), "refused_bytes": folder.refuse(lines)}
        )
        folder.record(progress)
        tell(progress, rows.total)
    if not progress.parts:  # a file without rows has a part without rows
        progress = progress.model_copy(update={"parts": (_blank(bundle, folder, with_id),)})
    progress = progress.model_copy(update={"finished": True})
    folder.record(progress)
    return progress


def _refuse_silence(bundle: Bundle, table: Any) -> None:
    """ModelUnavailable where a model answered nothing at all: it is out of order, not the rows."""
    problems = table.column("problem").drop_null()
    answered = table.column("probability").drop_null()
    if len(problems) > 1 and not len(answered):
        raise ModelUnavailable(bundle.name, problems[0].as_py())


def _apart(portion: Portion, table: Any) -> tuple[Any, int, str]:
    """The rows that were not refused, how many were, and the lines that list these."""
    import pyarrow as pa

    faults: list[tuple[int, str, str, str]] = [
        (unread.number, "", "unreadable", unread.problem) for unread in portion.unread
    ]
    kept = []
    told = zip(portion.numbers, table.column("refused").to_pylist(), strict=True)
    for number, problems in told:
        kept.append(not problems)
        faults += [(number, one["field"], one["code"], one["cure"]) for one in problems]
    lines = io.StringIO()
    faults.sort(key=lambda fault: fault[0])
    csv.writer(lines, lineterminator="\n").writerows(faults)
    numbered = table.drop_columns(["refused"]).add_column(
        0, pa.field("row", pa.int64()), pa.array(portion.numbers, pa.int64())
    )
    return (
        numbered.filter(pa.array(kept, pa.bool_())),
        portion.records - sum(kept),
        lines.getvalue(),
    )


def _written(folder: Folder, number: int, table: Any) -> Path:
    """A part, whole and in its place."""
    from pyarrow import parquet

    path = folder.path / part_name(number)
    unfinished = path.with_name(path.name + UNFINISHED)
    parquet.write_table(table.combine_chunks(), unfinished, compression="zstd")
    folder.finish(unfinished)
    return path


def _blank(bundle: Bundle, folder: Folder, with_id: bool) -> Part:  # noqa: FBT001
    """A part of no rows, for readers that ask for its columns."""
    nothing = explained_schema(bundle).empty_table()
    table = _apart(Portion(nothing, (), ()), nothing)[0]
    part = _written(folder, 0, table if with_id else table.drop_columns([APPLICATION_ID]))
    return Part(
        file=part.name,
        sha256=sha256_of(part),
        first=0,
        last=0,
        records=0,
        refused=0,
        unexplained=0,
    )

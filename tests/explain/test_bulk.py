"""Files of any length are explained part by part, and runs can be gone on with to the byte."""

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from explain.bulk.batches import CONTRIBUTION, explained
from explain.bulk.files import explain_file
from explain.bulk.progress import Progress
from explain.bundle import Bundle, load
from explain.errors import ModelUnavailable, NotExplainable
from explain.values import Row
from tests.explain.test_batches import as_given

PART = 64
COUNT = 300

Told = list[tuple[int, int | None]]


class _Stopped(Exception):
    """A run ends here."""


@pytest.fixture(scope="session")
def given(trees: Bundle, rows: list[Row]) -> list[dict[str, Any]]:
    """Rows as a sender writes them, each with a name."""
    told = as_given(rows[:COUNT], trees)
    return [{"application_id": f"A-{place}", **row} for place, row in enumerate(told)]


@pytest.fixture
def file(given: list[dict[str, Any]], tmp_path: Path) -> Path:
    """They in Parquet, in row groups that no part begins with."""
    path = tmp_path / "rows.parquet"
    parquet.write_table(pa.Table.from_pylist(given), path, row_group_size=50)
    return path


def write_csv(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def parts(folder: Path) -> Any:
    """All parts as one table."""
    return pa.concat_tables(map(parquet.read_table, sorted(folder.glob("*.parquet"))))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def stopped_after(count: int) -> Any:
    """What ends a run when so many parts are there."""

    def tell(progress: Progress, _: int | None) -> None:
        if len(progress.parts) == count:
            raise _Stopped

    return tell


def test_every_row_is_in_a_part_as_the_function_on_batches_explains_it(
    trees: Bundle, file: Path, tmp_path: Path
) -> None:
    told: Told = []
    found = explain_file(
        trees, file, tmp_path / "out", part_rows=PART, tell=lambda p, n: told.append((p.records, n))
    )
    assert told == [(n, COUNT) for n in (0, 64, 128, 192, 256, 300)]
    assert (found.records, found.refused, found.unexplained, len(found.parts)) == (COUNT, 0, 0, 5)
    table = parts(tmp_path / "out")
    assert table.column("row").to_pylist() == list(range(1, COUNT + 1))
    whole = explained(parquet.read_table(file), trees)
    assert table.column("application_id").equals(whole.column("application_id"))
    names = [n for n in whole.schema.names if n.startswith(CONTRIBUTION)]
    for name in ("raw_score", "base", *names):
        ours, theirs = table.column(name).to_pylist(), whole.column(name).to_pylist()
        assert ours == pytest.approx(theirs, abs=1e-12)
    for name in ("reasons_against", "reasons_for", "reliable"):
        assert table.column(name).to_pylist() == whole.column(name).to_pylist()
    assert table.schema.metadata[b"bundle_sha256"].decode() == trees.sha256


def test_progress_names_the_rows_and_the_hash_of_every_part(
    trees: Bundle, file: Path, tmp_path: Path
) -> None:
    explain_file(trees, file, tmp_path / "out", part_rows=PART)
    told = json.loads((tmp_path / "out" / "progress.json").read_text())
    assert told["finished"] is True
    assert told["bundle"] == {"name": trees.name, "sha256": trees.sha256}
    assert [(part["first"], part["last"]) for part in told["parts"]] == [
        *((n + 1, n + PART) for n in (0, 64, 128, 192)),
        (257, COUNT),
    ]
    for part in told["parts"]:
        content = (tmp_path / "out" / part["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == part["sha256"]


@pytest.mark.parametrize("form", ["parquet", "csv"])
@pytest.mark.parametrize("after", [0, 1, 3, 5])
def test_a_run_that_was_stopped_goes_on_to_the_same_bytes(
    trees: Bundle, file: Path, given: list[dict[str, Any]], tmp_path: Path, form: str, after: int
) -> None:
    if form == "csv":
        bad = [
            dict(row) | ({"housing": "castle"} if n % 50 == 7 else {})
            for n, row in enumerate(given)
        ]
        file = write_csv(tmp_path / "rows.csv", bad)
    explain_file(trees, file, tmp_path / "whole", part_rows=PART)
    out = tmp_path / "stopped"
    with pytest.raises(_Stopped):
        explain_file(trees, file, out, part_rows=PART, tell=stopped_after(after))
    # What a run leaves that ends between two steps.
    (out / f"part-{after:05}.parquet").write_bytes(b"whole, but not yet told of")
    (out / "part-00099.parquet.unfinished").write_bytes(b"half")
    with (out / "refused.csv").open("ab") as refused:
        refused.write(b"8,housing,unknown_level,half a li")
    explain_file(trees, file, out, part_rows=PART)
    assert contents(out) == contents(tmp_path / "whole")
    explain_file(trees, file, out, part_rows=PART)
    assert contents(out) == contents(tmp_path / "whole"), "nothing is left to do"


def test_refused_rows_are_listed_by_line_field_and_cure_and_the_others_go_on(
    trees: Bundle, given: list[dict[str, Any]], tmp_path: Path
) -> None:
    few = [dict(row) for row in given[:6]]
    few[1] |= {"housing": "castle", "credit_amount": "lots"}
    path = write_csv(tmp_path / "rows.csv", few)
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[4] += ",one more"
    path.write_bytes("\n".join(lines).encode() + b"\n\n\xff" + lines[1].encode() + b"\n")
    found = explain_file(trees, path, tmp_path / "out", part_rows=4)
    assert (found.records, found.refused) == (7, 3)
    with (tmp_path / "out" / "refused.csv").open(newline="", encoding="utf-8") as file:
        refused = list(csv.DictReader(file))
    assert [(one["row"], one["field"], one["code"]) for one in refused] == [
        ("3", "credit_amount", "wrong_type"),
        ("3", "housing", "unknown_level"),
        ("5", "", "unreadable"),
        ("9", "", "unreadable"),
    ]
    assert "castle" not in str(refused)
    assert refused[1]["cure"] == trees.contract["housing"].advice("unknown_level")
    assert "cells under a heading of" in refused[2]["cure"]
    assert "UTF-8" in refused[3]["cure"]
    assert parts(tmp_path / "out").column("row").to_pylist() == [2, 4, 6, 7]


def test_columns_that_no_scored_field_is_called_after_are_left_aside_and_said(
    trees: Bundle, given: list[dict[str, Any]], tmp_path: Path
) -> None:
    more = [{**row, "age_years": "old", "label": 1} for row in given[:5]]
    found = explain_file(trees, write_csv(tmp_path / "rows.csv", more), tmp_path / "out")
    assert found.left_aside == ("age_years", "label")
    assert (found.records, found.refused) == (5, 0)


def test_a_file_without_a_scored_column_is_refused_before_anything_is_written(
    trees: Bundle, given: list[dict[str, Any]], tmp_path: Path
) -> None:
    short = [{n: v for n, v in row.items() if n != "savings"} for row in given[:5]]
    with pytest.raises(NotExplainable, match=r"rows\.csv cannot be explained: .* column savings"):
        explain_file(trees, write_csv(tmp_path / "rows.csv", short), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_file_without_names_has_none_in_its_parts(
    trees: Bundle, given: list[dict[str, Any]], tmp_path: Path
) -> None:
    nameless = [{n: v for n, v in row.items() if n != "application_id"} for row in given[:5]]
    explain_file(trees, write_csv(tmp_path / "rows.csv", nameless), tmp_path / "out")
    assert "application_id" not in parts(tmp_path / "out").schema.names


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_a_file_without_rows_has_one_part_without_rows(
    trees: Bundle, file: Path, given: list[dict[str, Any]], tmp_path: Path, form: str
) -> None:
    if form == "csv":
        none = write_csv(tmp_path / "none.csv", given[:1])
        none.write_text(none.read_text().partition("\n")[0] + "\n")
    else:
        none = tmp_path / "none.parquet"
        parquet.write_table(parquet.read_table(file).slice(0, 0), none)
    explain_file(trees, file, tmp_path / "some", part_rows=PART)
    found = explain_file(trees, none, tmp_path / "out")
    assert (found.records, len(found.parts), found.finished) == (0, 1, True)
    assert parts(tmp_path / "out").schema == parts(tmp_path / "some").schema


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "it is empty"),
        (b'{"fields": {}}\n', "neither Parquet nor CSV"),
        (b"\x89PNG\0\0", "neither Parquet nor CSV"),
        (b"PAR1 and then something else", "cannot be read as Parquet"),
        (b"\xff\xfea,b\n", "heading is not UTF-8"),
        (b'"never closed', "heading cannot be read"),
    ],
)
def test_a_file_of_another_kind_is_refused_by_its_name(
    trees: Bundle, tmp_path: Path, content: bytes, says: str
) -> None:
    path = tmp_path / "odd.parquet"
    path.write_bytes(content)
    with pytest.raises(NotExplainable, match=says):
        explain_file(trees, path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_damaged_parquet_file_keeps_what_was_explained_before(
    trees: Bundle, file: Path, tmp_path: Path
) -> None:
    content = bytearray(file.read_bytes())
    place = parquet.ParquetFile(file).metadata.row_group(4).column(3).dictionary_page_offset
    content[place : place + 40] = b"\xff" * 40
    file.write_bytes(content)
    with pytest.raises(NotExplainable, match="cannot be read after row"):
        explain_file(trees, file, tmp_path / "out", part_rows=PART)
    told = json.loads((tmp_path / "out" / "progress.json").read_text())
    assert told["finished"] is False
    assert parts(tmp_path / "out").num_rows == len(told["parts"]) * PART > 0


def test_a_folder_begun_with_something_else_is_refused_with_what_to_do(
    trees: Bundle, scorecard: Bundle, file: Path, given: list[dict[str, Any]], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with pytest.raises(_Stopped):
        explain_file(trees, file, out, part_rows=PART, tell=stopped_after(1))
    before = contents(out)
    with pytest.raises(NotExplainable, match=r"by the bundle german-credit .* name another folder"):
        explain_file(scorecard, file, out, part_rows=PART)
    other = write_csv(tmp_path / "other.csv", given[:5])
    with pytest.raises(NotExplainable, match=r"of the file rows\.parquet .*not other\.csv"):
        explain_file(trees, other, out, part_rows=PART)
    with pytest.raises(NotExplainable, match="parts are of 64 rows, not 65"):
        explain_file(trees, file, out, part_rows=PART + 1)
    assert contents(out) == before


def test_a_folder_that_is_not_what_it_was_is_refused(
    trees: Bundle, file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    explain_file(trees, file, out, part_rows=PART)
    (out / "part-00001.parquet").write_bytes(b"another")
    (out / "part-00002.parquet").unlink()
    with pytest.raises(NotExplainable, match=r"00001.parquet was changed; part-00002.parquet is"):
        explain_file(trees, file, out, part_rows=PART)
    (out / "progress.json").write_text("{")
    with pytest.raises(NotExplainable, match=r"progress\.json is damaged"):
        explain_file(trees, file, out, part_rows=PART)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine")
    with pytest.raises(NotExplainable, match=r"it is not empty \(thesis\.txt\): name a new folder"):
        explain_file(trees, file, tmp_path / "mine", part_rows=PART)


def test_two_runs_cannot_write_to_one_folder(trees: Bundle, file: Path, tmp_path: Path) -> None:
    def again(progress: Progress, _: int | None) -> None:
        if len(progress.parts) == 1:
            explain_file(trees, file, tmp_path / "out", part_rows=PART)

    with pytest.raises(NotExplainable, match="another run is writing to it"):
        explain_file(trees, file, tmp_path / "out", part_rows=PART, tell=again)


def test_a_model_that_answers_nothing_stops_the_run_which_can_be_gone_on_with(
    folder: Path, file: Path, tmp_path: Path
) -> None:
    bundle = load(folder)
    adapter, explainer = bundle.parts_in_memory()
    explain_file(bundle, file, tmp_path / "whole", part_rows=PART)

    def out_of_order(progress: Progress, _: int | None) -> None:
        if len(progress.parts) == 2:
            bundle.use(adapter, _Dead())

    with pytest.raises(ModelUnavailable):
        explain_file(bundle, file, tmp_path / "out", part_rows=PART, tell=out_of_order)
    bundle.use(adapter, explainer)
    explain_file(bundle, file, tmp_path / "out", part_rows=PART)
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


class _Dead:
    """An explainer out of order."""

    method = "tree_path_dependent"

    def attribute(self, _: object) -> Any:
        raise TimeoutError

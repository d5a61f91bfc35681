"""The function on Arrow batches says of each row what explaining it alone says."""

import io
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from explain.bulk.batches import CONTRIBUTION, ERROR, explained, explained_schema
from explain.bundle import Bundle, load
from explain.errors import ModelUnavailable, NotExplainable
from explain.explainers import Parts
from explain.values import PROBABILITY, Explanation, Row
from tests.explain.families import put_model

BESIDE = 60
"""Rows explained together."""

SILENT = "german-credit"

WORKER = """
import sys
import pyarrow as pa
from countermand.explain.bulk import batches

def explain(stream):
    for batch in stream:
        yield batches.explained(batch, batches.bundle_at(sys.argv[1]))

with pa.ipc.open_stream(sys.stdin.buffer) as came:
    told = explain(came)
    first = next(told)
    with pa.ipc.new_stream(sys.stdout.buffer, first.schema) as left:
        left.write_batch(first)
        for batch in told:
            left.write_batch(batch)
"""


RAY = """
import sys
import pyarrow as pa
import ray
from countermand.explain.bulk import batches

FOLDER, table = sys.argv[1], pa.ipc.open_stream(sys.stdin.buffer).read_all()
quiet = {"include_dashboard": False, "logging_level": "ERROR", "log_to_driver": False}
ray.init(num_cpus=1, object_store_memory=100 * 2**20, **quiet)
told = ray.data.from_arrow(table).map_batches(
    lambda batch: batches.explained(batch, batches.bundle_at(FOLDER)),
    batch_format="pyarrow",
    batch_size=20,
)
print(*sorted(row["raw_score"] for row in told.take_all()))
ray.shutdown()
"""


def as_given(rows: Sequence[Row], bundle: Bundle) -> list[dict[str, Any]]:
    """Checked rows as a sender would write them."""
    flags = {field.name for field in bundle.contract.features if field.type == "boolean"}
    return [
        {n: bool(v) if n in flags and v is not None else v for n, v in row.items()} for row in rows
    ]


def batch_of(rows: Sequence[Mapping[str, Any]]) -> Any:
    return pa.RecordBatch.from_pylist(list(rows))


def alone(bundle: Bundle, row: Row) -> Explanation:
    (one,) = bundle.explain([row])
    assert isinstance(one, Explanation)
    return one


def test_a_row_of_a_batch_is_explained_as_it_is_alone(bundle: Bundle, rows: list[Row]) -> None:
    told = explained(batch_of(as_given(rows[:BESIDE], bundle)), bundle)
    assert told.schema == explained_schema(bundle)
    for row, line in zip(rows, told.to_pylist(), strict=False):
        one = alone(bundle, row)
        assert line["raw_score"] == pytest.approx(one.attribution.score, abs=1e-12)
        assert line["probability"] == pytest.approx(one.probability, abs=1e-12)
        amounts = [line[CONTRIBUTION + part.feature] for part in one.attribution.contributions]
        assert amounts == pytest.approx([p.amount for p in one.attribution.contributions], abs=1e-9)
        assert abs(line["base"] + sum(amounts) - line["raw_score"]) <= 1e-9
        assert line["reasons_against"] == [
            {"concept": r.concept, "text": r.text} for r in one.adverse
        ]
        assert line["reasons_for"] == [
            {"concept": r.concept, "text": r.text} for r in one.favourable
        ]
        assert (line["reliable"], line["problem"], line["refused"]) == (True, None, [])


def test_a_table_is_answered_by_a_table_and_a_batch_by_a_batch(
    trees: Bundle, rows: list[Row]
) -> None:
    batch = batch_of(as_given(rows[:3], trees))
    from_batch, from_table = explained(batch, trees), explained(pa.table(batch), trees)
    assert isinstance(from_batch, pa.RecordBatch)
    assert isinstance(from_table, pa.Table)
    assert from_table.to_batches() == [from_batch]
    nothing = explained(batch.slice(0, 0), trees)
    assert (nothing.num_rows, nothing.schema) == (0, explained_schema(trees))


def test_how_a_value_is_stored_makes_no_difference(trees: Bundle, rows: list[Row]) -> None:
    given = as_given(rows[:BESIDE], trees)
    plain = batch_of(given)
    expected = explained(plain, trees)
    as_text = [{n: "" if v is None else str(v) for n, v in row.items()} for row in given]
    amounts = pa.array([Decimal(int(row["credit_amount"])) for row in given], pa.decimal128(12, 2))
    place = plain.schema.get_field_index("credit_amount")
    housing = plain.schema.get_field_index("housing")
    stored = (
        batch_of(as_text),
        plain.set_column(place, "credit_amount", amounts),
        plain.set_column(housing, "housing", plain.column("housing").dictionary_encode()),
        plain.set_column(housing, "housing", plain.column("housing").cast(pa.large_string())),
        plain.set_column(housing, "housing", plain.column("housing").cast(pa.string_view())),
    )
    for batch in stored:
        assert explained(batch, trees).equals(expected), batch.schema


def test_an_unreadable_row_is_refused_by_field_and_cure_and_spoils_no_other(
    trees: Bundle, rows: list[Row]
) -> None:
    good = as_given(rows[:4], trees)
    bad = [dict(row) for row in good]
    bad[1] |= {"housing": "castle", "duration_months": -3}
    bad[2] |= {"credit_amount": None}
    told = explained(batch_of(bad), trees).to_pylist()
    whole = explained(batch_of(good), trees).to_pylist()
    for place in (0, 3):
        assert told[place]["probability"] == pytest.approx(whole[place]["probability"], abs=1e-12)
        assert told[place]["reasons_against"] == whole[place]["reasons_against"]
    by_field = {one["field"]: one for one in told[1]["refused"]}
    assert {n: one["code"] for n, one in by_field.items()} == {
        "housing": "unknown_level",
        "duration_months": "out_of_range",
    }
    assert by_field["housing"]["cure"] == trees.contract["housing"].advice("unknown_level")
    assert [one["code"] for one in told[2]["refused"]] == ["missing"]
    for line in told[1:3]:
        assert (line["probability"], line["base"], line["reliable"]) == (None, None, False)


def test_bytes_that_are_no_text_are_refused_by_the_field(trees: Bundle, rows: list[Row]) -> None:
    batch = batch_of(as_given(rows[:2], trees))
    known = str(rows[0]["housing"]).encode()
    odd = pa.array([known, b"\xff\xfe"], pa.binary()).view(pa.string())
    place = batch.schema.get_field_index("housing")
    told = explained(batch.set_column(place, "housing", odd), trees).to_pylist()
    assert [[one["field"] for one in line["refused"]] for line in told] == [[], ["housing"]]


def test_a_column_that_is_not_there_is_named_with_the_one_that_may_be_meant(
    trees: Bundle, rows: list[Row]
) -> None:
    batch = batch_of(as_given(rows[:2], trees))
    names = ["duration_month" if n == "duration_months" else n for n in batch.schema.names]
    with pytest.raises(
        NotExplainable, match=r"no column duration_months: add it.*rename duration_"
    ):
        explained(batch.rename_columns(names), trees)


@pytest.mark.parametrize("name", ["housing", "application_id"])
def test_a_column_that_is_there_twice_is_named(trees: Bundle, rows: list[Row], name: str) -> None:
    batch = batch_of(as_given(rows[:2], trees)).append_column(
        "application_id", pa.array(["a", "b"])
    )
    with pytest.raises(NotExplainable, match=f"it has 2 columns {name}: keep one"):
        explained(batch.append_column(name, batch.column(name)), trees)


def test_columns_that_nobody_scores_change_nothing(trees: Bundle, rows: list[Row]) -> None:
    batch = batch_of(as_given(rows[:5], trees))
    more = batch.append_column("shoe_size", pa.array(["?"] * 5)).append_column(
        "age_years", pa.array([{"a": 1}] * 5)
    )
    assert explained(more, trees).equals(explained(batch, trees))


class _Wrong:
    """An explainer whose parts miss the score, or which gives none."""

    method = "tree_path_dependent"

    def __init__(self, whole: Any, *, silent: bool) -> None:
        self._whole, self._silent = whole, silent

    def attribute(self, rows: Sequence[Row]) -> list[Parts]:
        if self._silent:
            raise ModelUnavailable(SILENT, "TimeoutError")
        parts: list[Parts] = self._whole.attribute(rows)
        return [Parts(one.score, one.base + 0.5, one.amounts) for one in parts]


@pytest.mark.parametrize("silent", [False, True])
def test_what_does_not_add_up_or_is_not_answered_says_so_and_gives_no_reasons(
    folder: Any, rows: list[Row], *, silent: bool
) -> None:
    bundle = load(folder)
    adapter, explainer = bundle.parts_in_memory()
    bundle.use(adapter, _Wrong(explainer, silent=silent))
    (line,) = explained(batch_of(as_given(rows[:1], bundle)), bundle).to_pylist()
    assert not line["reliable"]
    assert ("no answer" in line["problem"]) if silent else ("do not add up" in line["problem"])
    assert (line["probability"] is None) == silent
    assert line["base"] is None
    assert not any(v for n, v in line.items() if n.startswith((CONTRIBUTION, "reasons_")))


def test_nothing_but_batches_and_the_path_of_a_bundle_is_needed(
    trees: Bundle, rows: list[Row]
) -> None:
    """As mapInArrow calls it: in a process that knows nothing, on an iterator of batches."""
    batches = [batch_of(as_given(rows[n : n + 20], trees)) for n in (0, 20, 40)]
    sent = io.BytesIO()
    with pa.ipc.new_stream(sent, batches[0].schema) as stream:
        for batch in batches:
            stream.write_batch(batch)
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", WORKER, str(trees.directory)],
        input=sent.getvalue(),
        capture_output=True,
        check=False,
    )
    assert not ran.returncode, ran.stderr.decode()
    with pa.ipc.open_stream(ran.stdout) as told:
        assert list(told) == [explained(batch, trees) for batch in batches]


@pytest.mark.skipif(find_spec("ray") is None, reason="ray, of 79 MB, is not installed")
def test_ray_runs_it_as_it_is(trees: Bundle, rows: list[Row]) -> None:
    batch = batch_of(as_given(rows[:BESIDE], trees))
    sent = io.BytesIO()
    with pa.ipc.new_stream(sent, batch.schema) as stream:
        stream.write_batch(batch)
    ran = subprocess.run(
        [sys.executable, "-c", RAY, str(trees.directory)],
        input=sent.getvalue(),
        capture_output=True,
        check=False,
        timeout=240,
    )
    assert not ran.returncode, ran.stderr.decode()
    ours = sorted(explained(batch, trees).column("raw_score").to_pylist())
    assert [float(word) for word in ran.stdout.split()] == pytest.approx(ours, abs=1e-12)


def test_sampled_contributions_come_with_their_errors(
    trees: Bundle, scorecard: Bundle, tmp_path: Path
) -> None:
    assert not [n for n in explained_schema(trees).names if n.startswith(ERROR)], "exact ones none"
    folder = Path(shutil.copytree(scorecard.directory, tmp_path / "sampled"))
    lines = (folder / "background.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "background.csv").write_text("".join(lines[:11]), encoding="utf-8")
    content = (folder / "model.skops").read_bytes()
    told = {"file": "model.skops", "explainer": "sampled_interventional", "scale": PROBABILITY}
    put_model(folder, told, content, scorecard.contract, scorecard.score)
    sampled = load(folder, prove=False)
    (line,) = explained(batch_of(as_given(sampled.reference[:1], sampled)), sampled).to_pylist()
    amounts = [line[n] for n in line if n.startswith(CONTRIBUTION)]
    assert line["reliable"], line["problem"]
    errors = [line[n] for n in line if n.startswith(ERROR)]
    assert abs(line["base"] + sum(amounts) - line["raw_score"]) <= 1e-9
    assert len(errors) == len(amounts)
    assert all(error >= 0 for error in errors)

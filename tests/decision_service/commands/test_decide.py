"""A file is decided where no server runs, the same from CSV, JSON lines and Parquet."""

import csv
import json
import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from decision_service.application_files import LINE_BYTES_MAX
from explain.bundle import describe
from tests.decision_service.commands.shell import Shell, run_program
from tests.sample_models.trained import sample_bundles

ROWS = 40


@pytest.fixture(scope="module")
def held_out() -> list[dict[str, str]]:
    """The first held-out applications, as text."""
    with (sample_bundles() / "held_out.csv").open(newline="") as file:
        return list(csv.DictReader(file))[:ROWS]


@pytest.fixture
def table(held_out: list[dict[str, str]], tmp_path: Path) -> Path:
    """They as CSV."""
    return write_csv(tmp_path / "applications.csv", held_out)


def write_csv(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def typed(bundle: Path, row: dict[str, str]) -> dict[str, Any]:
    """A row as JSON has it."""
    fields = {name: cell for name, cell in row.items() if name != "application_id"}
    return {
        "application_id": row["application_id"],
        "fields": describe(bundle).contract.from_text(fields),
    }


def test_every_line_has_its_decision_and_its_contributions_add_up(
    empty: Shell, bundle: Path, table: Path, held_out: list[dict[str, str]]
) -> None:
    decided = empty("decide", bundle, table).lines
    assert [d["application_id"] for d in decided] == [r["application_id"] for r in held_out]
    assert [d["line"] for d in decided] == list(range(2, ROWS + 2)), "the heading is line 1"
    for d in decided:
        total = math.fsum(
            [float(d["reasons"]["base"]), *(float(c["contribution"]) for c in d["contributions"])]
        )
        assert abs(total - float(d["score"]["raw"])) <= 1e-9
        chance = float(d["score"]["probability_of_bad"])
        low, high = (float(d["cutoffs"][name]) for name in ("approve_up_to", "decline_above"))
        advice = "approve" if chance <= low else "decline" if chance > high else "refer"
        knocked = any(why["code"] == "knock_out" for why in d["routing"]["why"])
        assert d["recommendation"] == ("decline" if knocked else advice)
        assert not {"ledger", "decision_id", "case_id"} & set(d)
    assert {d["recommendation"] for d in decided} >= {"approve", "decline"}


def test_the_form_of_the_file_makes_no_difference(
    empty: Shell, bundle: Path, table: Path, tmp_path: Path, held_out: list[dict[str, str]]
) -> None:
    requests = [typed(bundle, row) for row in held_out]
    lines = tmp_path / "applications.jsonl"
    lines.write_text("\n".join(map(json.dumps, requests)) + "\n\n")
    flat = [{"application_id": r["application_id"], **r["fields"]} for r in requests]
    flat_lines = tmp_path / "no-ending"
    flat_lines.write_text("\n".join(map(json.dumps, flat)))
    columns = tmp_path / "applications.parquet"
    parquet.write_table(pa.Table.from_pylist(flat), columns)
    nameless = tmp_path / "nameless"
    nameless.write_bytes(columns.read_bytes())
    expected = [line | {"line": 0} for line in empty("decide", bundle, table).lines]
    for path in (lines, flat_lines, columns, nameless):
        told = empty("decide", bundle, path).lines
        assert [line["line"] for line in told] == list(range(1, ROWS + 1))
        assert [line | {"line": 0} for line in told] == expected, path


def test_a_line_that_cannot_be_decided_is_named_and_spoils_no_other(
    empty: Shell, bundle: Path, tmp_path: Path, held_out: list[dict[str, str]]
) -> None:
    good = typed(bundle, held_out[0])
    fields = good["fields"]
    bad: list[Any] = [
        {"application_id": "missing", "fields": {**fields, "duration_months": None}},
        {"application_id": "extra", "fields": {**fields, "shoe_size": 43}},
        {"application_id": "type", "fields": {**fields, "duration_months": "12"}},
        {"application_id": "range", "fields": {**fields, "duration_months": 10_000}},
        {"application_id": "level", "fields": {**fields, "housing": "castle"}},
        {"application_id": "", "fields": fields},
        {**good, "received_at": "soon"},
        [1, 2],
    ]
    lines = [
        json.dumps(good),
        *map(json.dumps, bad),
        '{"application_id":"twice","application_id":"twice","fields":{}}',
        '{"fields":{"duration_months":NaN}}',
        "{",
        '{"fields":{"purpose":"' + "x" * LINE_BYTES_MAX + '"}}',
        json.dumps(good),
    ]
    path = tmp_path / "bad.jsonl"
    path.write_text("\n".join(lines))
    said = empty("decide", bundle, path, ok=False)
    assert said.status == 1
    assert said.err == "countermand: lines that could not be decided: 12\n"
    told = said.lines
    assert [line["line"] for line in told] == list(range(1, len(lines) + 1))
    assert told[0]["score"] == told[-1]["score"]
    for line in told[1:-1]:
        assert line["status"] >= 400, line
        assert line["type"].startswith("urn:countermand:problem:")
    by_id = {line["application_id"]: line for line in told}
    assert by_id["extra"]["errors"][0]["pointer"].endswith("/shoe_size")
    assert "castle" not in json.dumps(by_id["level"]["errors"])


def test_an_empty_line_counts_where_lines_are_named(
    empty: Shell, bundle: Path, tmp_path: Path, held_out: list[dict[str, str]]
) -> None:
    good = json.dumps(typed(bundle, held_out[0]))
    path = tmp_path / "gaps.jsonl"
    path.write_text(f"{good}\n\n  \n{{\n{good}\n")
    told = empty("decide", bundle, path, ok=False).lines
    assert [line["line"] for line in told] == [1, 4, 5]


def test_a_line_without_an_id_is_named_by_its_number(
    empty: Shell, bundle: Path, tmp_path: Path, held_out: list[dict[str, str]]
) -> None:
    rows = [{k: v for k, v in row.items() if k != "application_id"} for row in held_out[:2]]
    path = write_csv(tmp_path / "nameless.csv", rows)
    told = empty("decide", bundle, path).lines
    assert [line["application_id"] for line in told] == ["line-2", "line-3"]


def test_an_application_of_several_lines_is_named_by_its_first(
    empty: Shell, bundle: Path, table: Path
) -> None:
    heading, first, second, *_ = table.read_text().splitlines()
    name, _, rest = first.partition(",")
    table.write_text(f'{heading}\n"{name}\nagain",{rest}\n{second}\n')
    assert [line["line"] for line in empty("decide", bundle, table, ok=False).lines] == [2, 4]


def test_a_torn_csv_says_which_lines(
    empty: Shell, bundle: Path, table: Path, held_out: list[dict[str, str]]
) -> None:
    heading, first, second, *_ = table.read_bytes().split(b"\r\n")
    table.write_bytes(
        b"\xef\xbb\xbf"
        + b"\n".join(
            [
                heading,
                first,
                second + b",one,more",
                b"",
                second.replace(b"owned", b"\xff\xfe"),
                b"x",
            ]
        )
    )
    said = empty("decide", bundle, table, ok=False)
    assert said.status == 1
    told = said.lines
    assert told[0]["application_id"] == held_out[0]["application_id"]
    assert told[0]["score"]
    assert all(line["status"] == 400 for line in told[1:])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("heading.csv", b"application_id,duration_months\n"),
        ("empty.jsonl", b""),
    ],
)
def test_a_file_without_applications_gives_no_lines(
    empty: Shell, bundle: Path, tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    assert empty("decide", bundle, tmp_path / name).out == ""


@pytest.mark.parametrize("name", ["broken.parquet", "broken.csv", "broken.jsonl"])
def test_noise_is_refused_and_never_a_stack_trace(
    empty: Shell, bundle: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_bytes(bytes(range(256)) * 40)
    said = empty("decide", bundle, tmp_path / name, ok=False)
    assert said.status == 1
    assert "Traceback" not in said.err
    assert said.out.encode()
    assert all(line["status"] >= 400 for line in said.lines)


def test_what_is_told_is_utf_8_wherever_it_runs(bundle: Path, tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    path.write_text('{"application_id":"\u0101\u4f60","fields":{}}')
    said = run_program("decide", bundle, path, environ={"PYTHONIOENCODING": "ascii"})
    assert said.lines[0]["application_id"] == "\u0101\u4f60"


def test_what_cannot_be_read_is_said(empty: Shell, bundle: Path, table: Path) -> None:
    assert "no such file" in empty.refused("decide", bundle, "/nowhere.csv")
    assert empty.refused("decide", "/nowhere", table)
    assert empty.refused("decide", bundle, bundle)


def test_the_other_model_decides_the_same_file(empty: Shell, table: Path) -> None:
    told = empty("decide", sample_bundles() / "german-scorecard", table).lines
    assert len(told) == ROWS
    assert {line["reasons"]["method"] for line in told} == {"linear_independent"}

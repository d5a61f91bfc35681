"""From outcomes in a file to the shared numbers and a labelled feedback set, by command."""

import csv
import json
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
from pyarrow import parquet

from decision_service import wiring
from decision_service.access import HOST
from decision_service.settings import Settings
from explain.bundle import describe
from tests.decision_service.commands.shell import Shell, run_copy, sentence
from tests.decision_service.letting_out import promote_unsigned
from tests.decision_service.service_house import bundle_with
from tests.sample_models.trained import sample_bundles

APPLICATIONS = 80


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation whose policy decides clear cases at once, with applications in it."""
    data = tmp_path_factory.mktemp("decided") / "data"
    automatic = bundle_with(data.parent / "incoming", {"automation": "both"})
    services = wiring.build(Settings(data=data), serving=False)
    services.registry.add(automatic, HOST)
    promote_unsigned(services.registry, "german-credit")
    contract = describe(automatic).contract
    with (sample_bundles() / "held_out.csv").open(newline="") as file:
        for row in list(csv.DictReader(file))[:APPLICATIONS]:
            name = row.pop("application_id")
            fields = contract.from_text(row)
            body = {"application_id": name, "fields": fields, "received_at": "2025-11-03T09:00:00Z"}
            services.decisions.decide_now(body, HOST)
    services.close()
    return data


@pytest.fixture
def book(empty: Shell, decided: Path) -> Shell:
    """A shell on a copy of it."""
    shutil.copytree(decided, empty.data)
    return empty


@pytest.fixture(scope="module")
def ids() -> list[str]:
    """The applications' own numbers."""
    with (sample_bundles() / "held_out.csv").open(newline="") as file:
        return [row["application_id"] for row in csv.DictReader(file)][:APPLICATIONS]


def test_good_lines_go_in_and_bad_ones_are_named_by_their_number(
    book: Shell, tmp_path: Path, ids: list[str]
) -> None:
    lines = [
        "application_id,observed_at,kind,value",
        f"{ids[0]},2026-01-01T00:00:00Z,disbursed,100000",
        f"{ids[1]},yesterday,disbursed,100000",
        "NOBODY,2026-01-01T00:00:00Z,disbursed,100000",
        f"{ids[1]},2026-01-01T00:00:00Z,exploded,1",
        f"{ids[1]},2026-01-01T00:00:00Z",
        f"{ids[1]},2026-01-01T00:00:00Z,disbursed,100000",
    ]
    path = tmp_path / "outcomes.csv"
    path.write_text("\n".join(lines) + "\n")
    said = book.on_data("outcomes", "import", path, ok=False)
    assert said.status == 1
    named = [int(line.split(":")[0].removeprefix("line ")) for line in said.err.splitlines()]
    assert len(named) == 4
    assert "2 recorded" in said.out
    again = book.on_data("outcomes", "import", path, "--json", ok=False).json
    assert again["counts"] == {"recorded": 0, "corrected": 0, "unchanged": 2, "refused": 4}
    assert [line["line"] for line in again["refused"]] == named
    assert book.on_data("ledger", "verify").status == 0


def test_a_clean_file_is_a_success_and_a_later_record_a_correction(
    book: Shell, tmp_path: Path, ids: list[str]
) -> None:
    path = tmp_path / "outcomes.jsonl"
    record: dict[str, str | int] = {"application_id": ids[0], "observed_at": "2026-01-01T00:00:00Z"}
    record |= {"kind": "max_days_past_due", "value": 0, "months_on_book": 1}
    path.write_text(json.dumps(record))
    assert "1 recorded" in book.on_data("outcomes", "import", path).out
    path.write_text(json.dumps({**record, "value": 95}))
    assert "1 corrected" in book.on_data("outcomes", "import", path).out


def test_a_file_that_is_not_there_or_empty_is_told(book: Shell, tmp_path: Path) -> None:
    assert "no such file" in book.refused_on_data("outcomes", "import", "/nowhere.csv")
    path = tmp_path / "cut.csv"
    path.write_bytes(b"")
    assert "is empty" in book.on_data("outcomes", "import", path, ok=False).err


@pytest.mark.parametrize("name", ["board", "overrides"])
def test_a_report_is_the_same_in_every_form(book: Shell, name: str) -> None:
    board = book.on_data("report", name, "--json").json
    assert book.on_data("report", name, "--format", "json").json["sections"]
    text = book.on_data("report", name).out
    html = book.on_data("report", name, "--format", "html").out
    for section in board["sections"]:
        assert section["title"].upper() in text
        assert f"<h2>{section['title']}</h2>" in html
        for figure in section["figures"]:
            assert figure["denominator"] in text
            assert figure["value"]
    page = Tags()
    page.feed(html)
    assert page.open == []


def test_the_board_can_be_of_a_time_and_of_a_model(book: Shell) -> None:
    past = book.on_data("report", "board", "--to", "2020-01-01", "--json").json
    assert past["as_of"] == "2020-01-01T00:00:00.000000Z"
    assert "0 of 0 decided" in json.dumps(past)
    assert "No bundle named" in book.refused_on_data("report", "board", "--bundle", "nobody")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--from", "2026-02-01", "--to", "2026-01-01"], "--from lies after --to"),
        (["--from", "2999-01-01"], "--from lies after this moment"),
        (["--to", "2999-01-01"], "--to lies in the future"),
    ],
)
def test_a_board_of_no_time_that_ever_was_is_wrong_usage(
    book: Shell, words: list[str], said: str
) -> None:
    assert said in book.refused_on_data("report", "board", *words, status=2)
    same = ("--from", "2026-01-01", "--to", "2026-01-01")
    assert book.on_data("report", "board", *same).status == 0


def test_without_a_champion_there_is_no_board(shell: Shell) -> None:
    assert "champion" in shell.refused_on_data("report", "board")


def test_a_feedback_set_has_a_row_for_each_closed_case_and_says_why(
    book: Shell, tmp_path: Path
) -> None:
    folder = tmp_path / "set"
    said = book.on_data("feedback", "export", folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert f"{manifest['rows']} rows" in said.out
    assert manifest["rows"] > 0
    assert sum(manifest["label_status"].values()) == manifest["rows"]
    rows = parquet.read_table(folder / "german-credit.parquet")
    assert rows.num_rows == manifest["rows"]
    entry = book.on_data("ledger", "show", manifest["ledger"]["size"], "--json").json["body"]
    assert entry["type"] == "feedback_exported"


def test_the_same_cut_gives_the_same_bytes(book: Shell, tmp_path: Path) -> None:
    first = book.on_data("feedback", "export", tmp_path / "a", "--json").json
    book.on_data("user", "add", "asha", "--role", "officer")
    cut = ("--as-of", first["as_of"])
    book.on_data("feedback", "export", tmp_path / "b", *cut)
    book.on_data("feedback", "export", tmp_path / "c", *cut)
    for path in (tmp_path / "b").iterdir():
        assert path.read_bytes() == (tmp_path / "c" / path.name).read_bytes(), path.name
    name = "german-credit.parquet"
    assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--as-of", "2999-01-01"], ""),
        (["--bundle", "nobody"], "No bundle named"),
    ],
)
def test_a_set_that_cannot_be_made_leaves_no_folder(
    book: Shell, tmp_path: Path, words: list[str], said: str
) -> None:
    assert said in book.refused_on_data("feedback", "export", tmp_path / "set", *words)
    assert not list(tmp_path.glob("set*"))


def test_a_set_never_lands_on_what_is_there(book: Shell, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    assert book.refused_on_data("feedback", "export", tmp_path)
    assert book.refused_on_data("feedback", "export", tmp_path / "mine")
    assert (tmp_path / "mine").read_text() == "mine"


def test_the_selftest_needs_no_installation_and_checks_the_models_of_one(
    house: Shell, tmp_path: Path
) -> None:
    found = house.on_data("selftest", "--json").json
    assert found["ok"]
    assert "model german-credit" in found["tests"][-1]["name"]
    house.patch.chdir(tmp_path)
    assert house("selftest").out.endswith("Everything answers as it must.\n")


def test_a_database_that_cannot_be_reached_is_one_sentence(book: Shell) -> None:
    environ = {"COUNTERMAND_DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/none"}
    said = run_copy("user", "list", "--data", book.data, environ=environ)
    assert "the database cannot be used" in sentence(said, 1)


class Tags(HTMLParser):
    """Which elements are open."""

    VOID = frozenset({"meta"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        """One more is open."""
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """The last one is closed."""
        assert self.open.pop() == tag

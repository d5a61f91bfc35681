"""A feedback set: the same cut gives the same bytes, every row says why, and nobody is named."""

import json
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from decision_service.access import HOST
from decision_service.board_page import BoardPage
from decision_service.errors import UnknownBundle
from decision_service.feedback_errors import FolderTaken, InstantAhead
from decision_service.feedback_export import FeedbackExport
from decision_service.feedback_pages import FeedbackPages
from decision_service.outcome_import import OutcomeImport
from overrides.errors import LedgerUnavailable
from overrides.journal import Command, OnceOnly, Receipt
from overrides.labels import LabelStatus
from overrides.outcome_lines import OutcomeLine, read_record
from tests.decision_service.desk_house import BUNDLE, DeskHouse, desk_house
from tests.decision_service.test_casework import NOTE
from tests.sample_models.trained import sample_bundles
from ui.ports import Refused
from ui.views import EvidenceTyped

FILE = f"{BUNDLE}.parquet"
PAPERS = ("README.md", "contract.odcs.yaml", "croissant.json", "manifest.json", "verify.py")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskHouse]:
    """An installation with decided cases of every kind, two of them with a known outcome."""
    with desk_house(tmp_path_factory.mktemp("feedback")) as made:
        fill(made)
        yield made


def fill(house: DeskHouse) -> None:
    """Decide a dozen cases and report what became of two loans."""
    approved = []
    for _ in range(8):
        decision = house.apply()
        choice = "approve" if decision["recommendation"] == "refer" else decision["recommendation"]
        house.desk.review(
            house.viewer("hanna"),
            decision["case_id"],
            house.form("hanna", decision["case_id"], decision=choice),
        )
        if choice == "approve":
            approved.append(decision["application_id"])
    against = house.apply_until("decline")["case_id"]
    form = house.form(
        "asha",
        against,
        decision="approve",
        code="X01",
        note=NOTE,
        evidence=(EvidenceTyped(kind="BANK_STMT", reference="archive/77"),),
    )
    house.desk.override(house.viewer("asha"), against, form)
    verdict = house.form("hanna", against, verdict="uphold")
    house.desk.approval(house.viewer("hanna"), against, verdict)
    gone = house.apply()["case_id"]
    house.desk.withdraw(house.viewer("asha"), gone, house.form("asha", gone))
    house.apply()  # stays open, so it is in no set
    house.clock.passes(days=500)
    for application_id, days in zip(approved[:2], ("120", "0"), strict=True):
        record = {
            "application_id": application_id,
            "observed_at": "2027-06-01",
            "kind": "max_days_past_due",
            "value": days,
            "months_on_book": 12,
        }
        lines = [OutcomeLine(0, read_record(record))]
        OutcomeImport(house.services).records(lines, house.actors["core"])


def exported(house: DeskHouse, folder: Path, **asked: Any) -> tuple[Any, list[dict[str, Any]]]:
    """A set written into a folder: its manifest and rows."""
    parquet = pytest.importorskip("pyarrow.parquet")
    FeedbackExport(house.services).write(folder, HOST, **asked)
    manifest = json.loads((folder / "manifest.json").read_text())
    rows: list[dict[str, Any]] = []
    for name in manifest["files"]:
        rows += parquet.read_table(folder / name).to_pylist()
    return manifest, rows


def test_the_manifest_counts_the_rows_and_names_every_byte(
    house: DeskHouse, tmp_path: Path
) -> None:
    manifest, rows = exported(house, tmp_path / "set")
    assert manifest["rows"] == len(rows) == 10
    assert sum(manifest["label_status"].values()) == 10
    assert set(manifest["label_status"]) == {status.value for status in LabelStatus}
    assert {path.name for path in (tmp_path / "set").iterdir()} == {FILE, *PAPERS}
    for name, about in {**manifest["files"], **manifest["papers"]}.items():
        content = (tmp_path / "set" / name).read_bytes()
        assert sha256(content).hexdigest() == about["sha256"]
        assert len(content) == about["bytes"]


def test_the_same_cut_gives_the_same_bytes_tomorrow(house: DeskHouse, tmp_path: Path) -> None:
    as_of = house.clock()
    exported(house, tmp_path / "one", as_of=as_of)
    house.clock.passes(days=1)
    later = house.apply()
    choice = {"refer": "approve"}.get(later["recommendation"], later["recommendation"])
    house.desk.review(
        house.viewer("hanna"),
        later["case_id"],
        house.form("hanna", later["case_id"], decision=choice),
    )
    exported(house, tmp_path / "two", as_of=as_of)
    for name in (FILE, *PAPERS):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_the_set_is_bound_to_its_place_in_the_ledger(house: DeskHouse, tmp_path: Path) -> None:
    manifest, rows = exported(house, tmp_path / "set")
    place = manifest["ledger"]
    assert place["log"] == house.services.ledger.log
    assert house.services.ledger.frontier(place["size"]).root().hex() == place["root"]
    assert place["checkpoint"].splitlines()[1] == str(place["size"])
    for row in rows:
        entry = house.services.ledger.entry(row["ledger_seq"])
        assert entry is not None
        assert entry.leaf_hash.hex() == row["ledger_entry_hash"]
    made = house.services.cases.feedback_exports()[0]
    content = (tmp_path / "set" / "manifest.json").read_bytes()
    assert made.manifest_sha256 == sha256(content).hexdigest()
    assert (made.folder, made.rows) == ("elsewhere: set", manifest["rows"])


def test_an_earlier_cut_knows_nothing_of_later_outcomes(house: DeskHouse, tmp_path: Path) -> None:
    early = house.clock.at - timedelta(days=499)
    manifest, rows = exported(house, tmp_path / "set", as_of=early)
    assert manifest["label_status"]["OBSERVED_GOOD"] == 0
    assert all(not row["observations"] for row in rows)
    assert manifest["ledger"]["size"] < house.services.ledger.head().size


def test_labels_say_good_bad_or_why_nobody_knows(house: DeskHouse, tmp_path: Path) -> None:
    manifest, rows = exported(house, tmp_path / "set")
    counts = manifest["label_status"]
    assert (counts["OBSERVED_GOOD"], counts["OBSERVED_BAD"]) == (1, 1)
    assert counts["UNOBSERVED_WITHDRAWN"] == 1
    for row in rows:
        if row["final_decision"] == "decline":
            assert row["label_status"] == "UNOBSERVED_DECLINED"
        assert row["label_reason"]
        assert row["outcome_definition_id"]


def test_every_human_act_is_there_with_its_code_and_a_pseudonym(
    house: DeskHouse, tmp_path: Path
) -> None:
    _, rows = exported(house, tmp_path / "set")
    overridden = next(row for row in rows if row["override_flag"] == 1)
    proposed, upheld = overridden["acts"]
    assert (proposed["kind"], proposed["justification_code"]) == ("override_recorded", "X01")
    assert (upheld["kind"], upheld["verdict"]) == ("approval_recorded", "uphold")
    assert overridden["reviewer_pseudonym"] == proposed["person_pseudonym"]
    assert overridden["approver_pseudonym"] == upheld["person_pseudonym"]
    assert proposed["person_pseudonym"] != upheld["person_pseudonym"]


def test_features_are_those_that_were_scored(house: DeskHouse, tmp_path: Path) -> None:
    _, rows = exported(house, tmp_path / "set")
    row = rows[0]
    pushes = [value for name, value in row.items() if name.startswith("contribution_")]
    decision = house.services.cases.decisions(case_of(house, row))[0]
    assert decision.base is not None
    assert abs(float(decision.base) + sum(pushes) - row["raw_score"]) < 1e-9
    assert repr(row["pd_at_decision"]) == decision.probability
    assert row["scored_duration_months"] == row["stated_duration_months"]
    assert isinstance(row["stated_telephone"], bool)


def case_of(house: DeskHouse, row: dict[str, Any]) -> str:
    """The case that a row speaks of."""
    entry = house.services.ledger.entry(row["ledger_seq"])
    assert entry is not None
    return str(json.loads(entry.body)["case"])


def test_nobody_can_be_found_in_a_set(house: DeskHouse, tmp_path: Path) -> None:
    _, rows = exported(house, tmp_path / "set")
    columns = set(rows[0])
    for word in ("sex", "age_years", "foreign_worker", "application_id"):
        assert not any(word in column for column in columns)
    text = json.dumps(rows, default=str)
    for hidden in (NOTE, "archive/77", "asha", house.actors["asha"].ref, "GC-0"):
        assert hidden not in text
    assert all(case_of(house, row) not in text for row in rows)


def test_an_installation_without_decided_cases_gives_an_empty_set(tmp_path: Path) -> None:
    with desk_house(tmp_path / "data") as empty:
        manifest, rows = exported(empty, tmp_path / "set")
    assert (manifest["rows"], rows, list(manifest["files"])) == (0, [], ["feedback.parquet"])


def test_two_models_have_a_file_each(tmp_path: Path) -> None:
    with desk_house(tmp_path / "data") as house:
        house.services.registry.add(sample_bundles() / "german-scorecard", HOST)
        for bundle in (BUNDLE, "german-scorecard"):
            decision = house.apply_until("decline", bundle=bundle)
            form = house.form("asha", decision["case_id"], decision="decline")
            house.desk.review(house.viewer("asha"), decision["case_id"], form)
        both, _ = exported(house, tmp_path / "both")
        one, rows = exported(house, tmp_path / "one", bundle=BUNDLE)
    assert sorted(both["files"]) == [FILE, "german-scorecard.parquet"]
    assert list(one["files"]) == [FILE]
    assert {row["bundle"] for row in rows} == {BUNDLE}


def test_a_folder_with_something_in_it_is_left_alone(house: DeskHouse, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(FolderTaken):
        FeedbackExport(house.services).write(tmp_path, HOST)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_empty_folder_is_filled(house: DeskHouse, tmp_path: Path) -> None:
    FeedbackExport(house.services).write(tmp_path, HOST)
    assert {path.name for path in tmp_path.iterdir()} == {FILE, *PAPERS}


class NoJournal:
    """A journal that cannot write."""

    def submit(self, _command: Command, *, once: OnceOnly | None = None) -> Future[Receipt]:
        """Nothing is written."""
        refused: Future[Receipt] = Future()
        refused.set_exception(LedgerUnavailable(cause=f"locked, {once is None}"))
        return refused


def test_a_set_that_cannot_be_recorded_is_not_made(house: DeskHouse, tmp_path: Path) -> None:
    services = replace(house.services, journal=NoJournal())
    with pytest.raises(LedgerUnavailable):
        FeedbackExport(services).write(tmp_path / "set", HOST)
    assert not (tmp_path / "set").exists()


def test_a_cut_in_the_future_and_an_unknown_model_are_refused(
    house: DeskHouse, tmp_path: Path
) -> None:
    export = FeedbackExport(house.services)
    with pytest.raises(InstantAhead):
        export.write(tmp_path / "set", HOST, as_of=house.clock.at + timedelta(days=1))
    with pytest.raises(UnknownBundle):
        export.write(tmp_path / "set", HOST, bundle="nothing")
    assert not (tmp_path / "set").exists()


def test_the_page_counts_what_a_set_would_hold_and_makes_it_once(house: DeskHouse) -> None:
    pages, mina = FeedbackPages(house.services), house.viewer("mina")
    view = pages.feedback(mina, "")
    folder = pages.export_feedback(mina, BUNDLE, "key-1")
    assert pages.export_feedback(mina, BUNDLE, "key-1") == folder
    manifest = json.loads(pages.feedback_file(mina, folder, "manifest.json"))
    assert manifest["rows"] == view.total
    assert manifest["label_status"] == {status: rows for status, rows, _ in view.counts}
    after = pages.feedback(mina, "")
    assert [made[3] for made in after.exports].count(folder) == 1
    assert after.files[folder] == tuple(sorted((FILE, *PAPERS)))


def test_a_page_offers_no_files_of_a_set_that_lies_elsewhere(
    house: DeskHouse, tmp_path: Path
) -> None:
    pages, mina = FeedbackPages(house.services), house.viewer("mina")
    feedback = house.services.settings.feedback
    for folder in (tmp_path / "q1", feedback / "q1", feedback / "2026" / "q1"):
        FeedbackExport(house.services).write(folder, HOST)
    files = pages.feedback(mina, "").files
    made = {name: files[name] for name in ("elsewhere: q1", "q1", "2026/q1")}
    assert made == {"elsewhere: q1": (), "q1": tuple(sorted((FILE, *PAPERS))), "2026/q1": ()}


@pytest.mark.parametrize(
    "name", ["../../keys/kek.json", "kek.json", "..", "", "manifest.json\x00", "/etc/passwd"]
)
def test_only_files_of_a_set_can_be_fetched(house: DeskHouse, name: str) -> None:
    pages, mina = FeedbackPages(house.services), house.viewer("mina")
    folder = pages.export_feedback(mina, BUNDLE, f"key-{name!r}")
    for place in (folder, "..", "../keys", "unknown"):
        with pytest.raises(Refused) as refused:
            pages.feedback_file(mina, place, name)
        assert refused.value.status == 404


@pytest.mark.parametrize("who", ["asha", "kofi", "root"])
def test_sets_are_for_who_builds_models(house: DeskHouse, who: str) -> None:
    with pytest.raises(Refused) as refused:
        FeedbackPages(house.services).feedback(house.viewer(who), "")
    assert refused.value.status == 403


@pytest.mark.postgres
def test_a_set_from_postgresql_is_the_same_as_one_from_the_embedded_database(
    tmp_path: Path, postgres_url: str
) -> None:
    made = []
    for name, url in (("embedded", ""), ("server", postgres_url)):
        with desk_house(tmp_path / name, url) as house:
            fill(house)
            as_of = house.clock()
            manifest, rows = exported(house, tmp_path / f"{name}-set", as_of=as_of)
            board = BoardPage(house.services).numbers(as_of=as_of)
            made.append((manifest["label_status"], len(rows), board))
    assert made[0] == made[1]

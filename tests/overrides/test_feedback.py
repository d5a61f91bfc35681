"""A feedback set says why each outcome is or is not seen, and the same cut gives the same set."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from overrides.canonical import canonical
from overrides.errors import SlotErased
from overrides.events import check_draft
from overrides.feedback import (
    CAVEATS,
    COLUMNS,
    Cut,
    FeedbackRow,
    Origin,
    WrittenFile,
    decide_export,
    feedback_batches,
    feedback_rows,
    make_feedback,
)
from overrides.feedback_blocks import PackedRows, RowBlock
from overrides.feedback_design import design
from overrides.feedback_rows import Own
from overrides.instants import instant_text
from overrides.journal import Draft, Json
from overrides.labels import LabelStatus, OutcomeDefinition, add_months
from overrides.reading import FeedbackFact
from overrides.stores.ledger_book import SqlLedgerBook
from tests.evidence.plain_rows import flat, row_bytes
from tests.overrides.case_house import LOG, House, house_at
from tests.overrides.samples import OFFICER, SENIOR, ids

DEFINITION = OutcomeDefinition(id="retail-12m-90")
ORIGIN = Origin(log=LOG, size=9, root="00" * 32, checkpoint=None, erasure_epoch=0)


class Kept:
    """A writer that keeps its rows."""

    version = "kept/1"

    def __init__(self) -> None:
        self.rows: list[FeedbackRow] = []

    def pack(self, block: RowBlock) -> list[PackedRows]:
        """Keep every row, once it was seen that its exact form is the one that is defined."""
        assert block.exact == [row_bytes(flat(row)) for row in block.rows]
        self.rows += block.rows
        lines = b"".join(line + b"\n" for line in block.exact)
        return [PackedRows("every", (), len(block.rows), lines)]

    def write(self, packed: Iterable[PackedRows]) -> tuple[WrittenFile, ...]:
        """One file."""
        lines = b"".join(rows.content for rows in packed)
        return (WrittenFile("rows.jsonl", sha256(lines).hexdigest(), len(lines), len(self.rows)),)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_at(f"sqlite:///{tmp_path / 'cases.sqlite3'}") as made:
        yield made


def cut(house: House, erased: frozenset[str] = frozenset()) -> Cut:
    book = SqlLedgerBook(house.engine, log=LOG, vault=house.vault)

    def features(facts: Sequence[FeedbackFact]) -> Mapping[str, Own | None]:
        opened = book.open_many([fact.entry.event_id for fact in facts], ["inputs"])
        return {
            event_id: None
            if isinstance(slots["inputs"], SlotErased) or event_id in erased
            else Own(
                tuple(f"stated_{name}" for name in slots["inputs"]["fields"]),
                tuple(slots["inputs"]["fields"].values()),
            )
            for event_id, slots in opened.items()
        }

    return Cut(
        as_of=house.now,
        definitions=lambda _: DEFINITION,
        features=features,
        pseudonym=house.vault.lookup_hash,
        design=design(house.book.scored_cases(house.now), lambda _: DEFINITION, house.now),
    )


def made(
    house: House, at: Cut | None = None, bundle: str | None = None
) -> tuple[dict[str, Json], list[FeedbackRow]]:
    at = at or cut(house)
    writer = Kept()
    facts = house.book.feedback_facts(at.as_of, bundle=bundle)
    batches = feedback_batches(facts, at, writer.pack)
    made = make_feedback(batches, at, writer, ORIGIN, bundle=bundle, purpose="retraining")
    return dict(made.about), writer.rows


def lively(house: House) -> list[str]:
    """Closed cases of several kinds, in the order of closing, and one open."""
    refs = [
        house.apply_for("approve"),
        house.apply_for("decline", amount_minor=900_000),
        house.apply_for("approve"),
        house.apply_for("refer"),
    ]
    house.apply_for("refer")
    house.review(refs[0], "approve")
    house.override(refs[1], "approve")
    house.judge(refs[1], "uphold")
    house.override(refs[2], "decline")
    house.withdraw(refs[3])
    decided = house.now
    house.now = add_months(decided, 13)
    house.observe(refs[0], "0", at=add_months(decided, 12), months=12)
    house.observe(refs[1], "95", at=add_months(decided, 4), months=4)
    return refs


def test_each_closed_case_is_a_row_that_says_what_is_known_of_its_outcome(house: House) -> None:
    lively(house)
    _, rows = made(house)
    assert [row.label_status for row in rows] == [
        "OBSERVED_GOOD",
        "OBSERVED_BAD",
        "UNOBSERVED_DECLINED",
        "UNOBSERVED_WITHDRAWN",
    ]
    assert [row.override_flag for row in rows] == [0, 1, -1, 0]
    assert [row.final_decision for row in rows] == ["approve", "approve", "decline", None]
    assert [row.cohort_closed for row in rows] == [True, True, False, False]
    assert [row.justification_code for row in rows] == [None, "M01", "M04", None]
    assert [row.decided_by for row in rows] == ["person", "person", "person", None]
    assert rows[1].pd_at_decision == "0.36"
    assert rows[1].features == Own(("stated_duration_months",), (24,))
    assert rows[1].principal_reasons == ("R01", "R02")
    assert rows[1].model_sha256 == "ab" * 32
    assert len(rows[1].ledger_entry_hash) == 64


def test_a_row_has_every_act_of_a_person_in_order_and_what_the_books_say_now(house: House) -> None:
    refs = lively(house)
    house.observe(refs[1], "93", at=house.book.outcomes(refs[1])[0].observed_at, months=4)
    _, rows = made(house)
    assert [[act["kind"] for act in row.acts] for row in rows] == [
        ["review_recorded"],
        ["override_recorded", "approval_recorded"],
        ["override_recorded"],
        ["case_withdrawn"],
    ]
    proposed, upheld = rows[1].acts
    assert (proposed["decision"], proposed["justification_code"]) == ("approve", "M01")
    assert (upheld["verdict"], upheld["person_pseudonym"]) == ("uphold", rows[1].approver_pseudonym)
    assert [seen["value"] for seen in rows[1].observations] == ["93"]


def test_persons_and_cases_are_pseudonyms_that_are_the_same_in_every_set(house: House) -> None:
    refs = lively(house)
    _, rows = made(house)
    text = str(rows)
    for name in (OFFICER.ref, SENIOR.ref, "subject-1", *refs):
        assert name not in text
    assert rows[0].reviewer_pseudonym == rows[1].reviewer_pseudonym
    assert rows[1].approver_pseudonym not in (None, rows[1].reviewer_pseudonym)
    assert rows[3].reviewer_pseudonym is None
    assert len({row.case_pseudonym for row in rows}) == len(rows)


def test_the_manifest_counts_every_label_and_says_where_in_the_ledger_it_stands(
    house: House,
) -> None:
    lively(house)
    manifest, rows = made(house)
    assert manifest["rows"] == len(rows) == 4
    assert set(manifest["label_status"]) == set(LabelStatus)
    assert sum(manifest["label_status"].values()) == 4
    assert manifest["ledger"] == {
        "log": LOG,
        "size": 9,
        "root": "00" * 32,
        "checkpoint": None,
        "keys": [],
    }
    assert manifest["columns"] == list(COLUMNS)
    assert manifest["caveats"] == list(CAVEATS)
    plain = [json.dumps(told(row), sort_keys=True, separators=(",", ":")) for row in rows]
    digests = sorted(sha256(line.encode()).digest() for line in plain)
    assert manifest["row_hash"] == sha256(b"".join(digests)).hexdigest()
    canonical(manifest)


def told(row: FeedbackRow) -> dict[str, Json]:
    """A row without what it does not say."""
    return {name: value for name, value in flat(row).items() if value not in (None, "")}


def test_the_same_cut_gives_the_same_set_whatever_happened_since(house: House) -> None:
    refs = lively(house)
    at = cut(house)
    before = made(house, at)
    house.now += timedelta(days=1)
    house.observe(refs[0], "120", at=house.now, months=13)
    house.review(house.apply_for("approve"), "approve")
    assert made(house, at) == before
    assert made(house)[0]["row_hash"] != before[0]["row_hash"]
    assert made(house)[0]["rows"] == 5


def test_a_case_reopened_after_the_cut_is_as_it_was_at_the_cut(house: House) -> None:
    ref = house.apply_for("approve")
    house.review(ref, "approve")
    at = cut(house)
    before = made(house, at)
    reopened = Draft(
        event_id=house.new_id(),
        type="case_reopened",
        actor=SENIOR.ref,
        role="senior_officer",
        data={"reason": "appeal"},
        case=ref,
    )
    house.write(reopened)
    assert made(house)[1] == []
    house.override(ref, "decline")
    assert made(house, at) == before
    (again,) = made(house)[1]
    assert (again.final_decision, again.override_flag) == ("decline", -1)
    assert [act["kind"] for act in again.acts] == [
        "review_recorded",
        "case_reopened",
        "override_recorded",
    ]


@pytest.mark.parametrize(
    ("again", "result"), [("decline", "upheld"), ("approve", "changed"), ("", "ended")]
)
def test_a_row_says_whether_the_applicant_contested_and_what_came_of_it(
    house: House, again: str, result: str
) -> None:
    ref = house.apply_for("decline")
    house.review(ref, "decline")
    before = cut(house)
    (plain,) = made(house)[1]
    assert (plain.appealed, plain.appeal_result) == (False, None)
    contested = Draft(
        event_id=house.new_id(),
        type="case_reopened",
        actor=SENIOR.ref,
        role="senior_officer",
        data={
            "reason": "applicant_contests",
            "appeal": {
                "of": "",
                "decision": "decline",
                "terms": "as_applied",
                "rules": "",
                "by_law": False,
                "received_at": instant_text(house.now),
                "answer_by": instant_text(house.now),
                "excludes": [],
            },
        },
        case=ref,
    )
    house.write(contested)
    assert made(house)[1] == [], "an open appeal keeps its case out"
    assert [fact.appeal for fact in house.book.board_facts(house.now)] == ["open"]
    if again == "approve":
        house.override(ref, "approve")
    elif again:
        house.review(ref, again)
    else:
        house.withdraw(ref)
    (row,) = made(house)[1]
    assert (row.appealed, row.appeal_result) == (True, result)
    assert [fact.appeal for fact in house.book.board_facts(house.now)] == [result]
    assert [fact.appeal for fact in house.book.board_facts(before.as_of)] == [""]
    assert "case_decided" not in {act["kind"] for act in row.acts}
    assert made(house, before)[1] == [plain], "what comes after the cut changes nothing"


def test_a_row_whose_application_was_erased_is_in_no_later_set_and_is_counted(
    house: House,
) -> None:
    lively(house)
    manifest, rows = made(house)
    gone = list(house.book.feedback_facts(house.now))[1].decision.event_id
    less, fewer = made(house, cut(house, frozenset({gone})))
    assert (manifest["erased_rows"], less["erased_rows"]) == (0, 1)
    assert fewer == [rows[0], rows[2], rows[3]]
    assert less["rows"] == sum(less["label_status"].values()) == 3
    assert less["erased_label_status"] == {"OBSERVED_BAD": 1}
    assert less["row_hash"] != manifest["row_hash"]


def test_an_empty_set_is_a_set(house: House) -> None:
    manifest, rows = made(house, bundle="other")
    assert rows == []
    assert manifest["rows"] == 0
    assert manifest["bundle"] == "other"
    assert manifest["row_hash"] == sha256(b"").hexdigest()


def test_rows_are_made_one_by_one(house: House) -> None:
    lively(house)
    rows = feedback_rows(house.book.feedback_facts(house.now), cut(house))
    assert next(rows).label_status == "OBSERVED_GOOD"


@pytest.mark.parametrize("bundle", [None, "german-credit"])
def test_a_set_that_was_made_is_written_down_with_the_hash_of_its_manifest(
    house: House, bundle: str | None
) -> None:
    lively(house)
    manifest, _ = made(house, bundle=bundle)
    decided = decide_export(manifest, b"manifest", "set-1", OFFICER, ids())
    (draft,) = decided.drafts
    check_draft(draft)
    assert draft.data["manifest_sha256"] == sha256(b"manifest").hexdigest()
    assert draft.data.get("bundle") == bundle
    house.write(*decided.drafts)
    (row,) = house.book.feedback_exports()
    assert (row.rows, row.counts) == (4, manifest["label_status"])


def test_a_row_says_when_chance_gave_the_case_to_whoever_decided_it(house: House) -> None:
    drawn = {"to": OFFICER.ref, "until": instant_text(house.now), "share": "0.2", "among": ["x"]}
    facts = {"p_assigned": "0.05", "assigned": drawn}
    refs = [house.apply_for("approve", **facts), house.apply_for("approve", **facts)]
    refs.append(house.apply_for("approve"))
    for ref, actor in zip(refs, (OFFICER, SENIOR, OFFICER), strict=True):
        house.review(ref, "approve", actor)
    _, rows = made(house)
    assert [(row.assignment_policy, row.p_assigned) for row in rows] == [
        ("drawn_by_chance", "0.05"),
        ("self_selected", None),
        ("self_selected", None),
    ]


def test_an_early_bad_has_a_status_at_once_and_a_label_when_its_window_has_closed(
    house: House,
) -> None:
    ref = house.apply_for("approve")
    house.review(ref, "approve")
    decided = house.now
    house.now = add_months(decided, 5)
    house.observe(ref, "95", at=add_months(decided, 4), months=4)
    early, (row,) = made(house)
    assert (row.label_status, row.label, row.cohort_closed) == ("OBSERVED_BAD", None, False)
    assert early["maturity"]["early_bads_held_back"] == 1
    assert early["labels"] == {"good": 0, "bad": 0}
    house.now = add_months(decided, 13)
    late, (row,) = made(house)
    assert (row.label_status, row.label) == ("OBSERVED_BAD", 1)
    assert late["maturity"]["early_bads_held_back"] == 0
    assert late["labels"] == {"good": 0, "bad": 1}


def test_a_labelled_row_weighs_the_inverse_of_its_chance_of_an_approval(house: House) -> None:
    refs = [house.apply_for("approve") for _ in range(32)]
    for number, ref in enumerate(refs):
        if number % 4:
            house.review(ref, "approve")
        else:
            house.override(ref, "decline")
    decided = house.now
    house.now = add_months(decided, 13)
    house.observe(refs[1], "0", at=add_months(decided, 12), months=12)
    manifest, rows = made(house)
    assert {row.p_approve_est for row in rows} == {"0.75"}
    assert {row.label: row.weight for row in rows} == {None: None, 0: repr(1 / 0.75)}
    assert manifest["design"]["weighted_rows"] == 1
    assert manifest["sensitivity"]["declined"] == 8

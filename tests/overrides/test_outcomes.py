"""An outcome file goes in line by line: every good line once, every bad one by its number."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overrides.cases import Case
from overrides.errors import OutcomeRefused
from overrides.events import check_draft
from overrides.journal import About, Draft, Told
from overrides.outcome_lines import (
    LINE_BYTES_MAX,
    OutcomeLine,
    OutcomeRecord,
    read_lines,
    read_record,
)
from overrides.outcomes import SOURCE_API, decide_outcome
from overrides.values import OutcomeKind
from tests.overrides.samples import NOON, SERVICE, case, ids

DAY = datetime(2026, 1, 31, tzinfo=UTC)
START = b'{"application_id":"A-1","observed_at":"2026-01-31","kind":'
HEADING = b"application_id,observed_at,kind,value,months_on_book\n"


def record(**facts: object) -> OutcomeRecord:
    defaults = {
        "application_id": "A-1",
        "observed_at": "2026-01-31",
        "kind": "max_days_past_due",
        "value": "0",
    }
    return read_record(defaults | facts)


def test_a_csv_file_is_read_with_the_numbers_of_its_lines() -> None:
    lines = [
        b"\xef\xbb\xbfapplication_id, observed_at ,kind,value,months_on_book\r\n",
        b"A-1,2026-01-31,max_days_past_due,95,12\r\n",
        b"\r\n",
        b'"B ""2""",2026-01-31T01:00:00+05:30,disbursed,400000,\r\n',
        b"C-3,2026-01-31T00:00:00Z,fraud,,",
    ]
    assert list(read_lines(lines)) == [
        OutcomeLine(2, record(value="95", months_on_book="12")),
        OutcomeLine(
            4,
            OutcomeRecord(
                application_id='B "2"',
                kind=OutcomeKind.DISBURSED,
                value="400000",
                observed_at=DAY - timedelta(hours=4, minutes=30),
            ),
        ),
        OutcomeLine(5, record(application_id="C-3", kind="fraud", value="")),
    ]


def test_json_lines_are_read_the_same() -> None:
    lines = [
        START + b'"max_days_past_due","value":95,"months_on_book":12}\n',
        START + b'"bankrupt","value":null}\n',
        START + b'"bankrupt","value":true,"bundle":"german-credit"}\n',
    ]
    assert [line.record for line in read_lines(lines)] == [
        record(value="95", months_on_book="12"),
        record(kind="bankrupt", value=""),
        record(kind="bankrupt", value="", bundle="german-credit"),
    ]


BAD_LINES = [
    (b"A-1,2026-01-31,max_days_past_due\n", "3 cells"),
    (b"A-1,2026-01-31,max_days_past_due,0,1,extra\n", "6 cells"),
    (b'A-1,"2026-01-31,fraud,,\n', "not CSV"),
    (b"A-1,2026-01-31,fraud,\x00,\n", "NUL"),
    (b"\xff,2026-01-31,fraud,,\n", "UTF-8"),
    (b"A-1,2026-01-31,late,1,\n", "kind"),
    (b"A-1,31.01.2026,fraud,,\n", "observed_at"),
    (b"A-1,1969-12-31,fraud,,\n", "before 1970"),
    (b"A-1,0001-01-01,fraud,,\n", "before 1970"),
    (b"A-1,0001-01-01T00:00:00+05:00,fraud,,\n", "beyond the calendar"),
    (b"A-1,9999-12-31T23:59:59-05:00,fraud,,\n", "beyond the calendar"),
    (b"A-1,2026-01-31T10:00:00,fraud,,\n", "time zone"),
    (b"A-1,2026-01-31,max_days_past_due,,\n", "whole number"),
    (b"A-1,2026-01-31,max_days_past_due,-1,\n", "whole number"),
    (b"A-1,2026-01-31,max_days_past_due,1.5,\n", "whole number"),
    (b"A-1,2026-01-31,max_days_past_due,99999,\n", "at most"),
    (b"A-1,2026-01-31,max_days_past_due,\xd9\xa3,\n", "whole number"),
    (b"A-1,2026-01-31,written_off,0,\n", "leave it out"),
    (b"A-1,2026-01-31,written_off,12.50,\n", "minor units"),
    (b"A-1,2026-01-31,fraud,false,\n", "leave it out"),
    (b"A-1,2026-01-31,fraud,0,\n", "leave it out"),
    (b"A-1,2026-01-31,fraud,maybe,\n", "mere event"),
    (b"A-1,2026-01-31,max_days_past_due,0,-1\n", "months_on_book"),
    (b"A-1,2026-01-31,max_days_past_due,0,9999\n", "months_on_book"),
    (b",2026-01-31,fraud,,\n", "application_id"),
    (b"A" * 201 + b",2026-01-31,fraud,,\n", "application_id"),
    (b"A" * LINE_BYTES_MAX + b",2026-01-31,fraud,,\n", "bytes"),
]


@pytest.mark.parametrize(("line", "word"), BAD_LINES)
def test_a_broken_line_is_named_and_spoils_no_other(line: bytes, word: str) -> None:
    good = b"A-9,2026-01-31,fraud,,\n"
    found = list(read_lines([HEADING, good, line, good]))
    assert [entry.number for entry in found] == [2, 3, 4]
    assert [entry.record is not None for entry in found] == [True, False, True]
    assert word in found[1].problem


BAD_OBJECTS = [
    (b"[1]", "object"),
    (b"{", "JSON"),
    (b'{"application_id":"A"}', "observed_at, kind, value missing"),
    (b'{"application_id":7,"observed_at":"2026-01-31","kind":"fraud","value":""}', "text"),
    (b'{"application_id":"A","observed_at":"2026-01-31","kind":"fraud","value":1.0}', "whole"),
    (b'{"application_id":"A","observed_at":"2026-01-31","kind":"fraud","value":[]}', "whole"),
    (b'{"application_id":"A","observed_at":"2026-01-31","kind":"fraud","value":NaN}', "NaN"),
    (b'{"application_id":"A","application_id":"B"}', "twice"),
    (
        b'{"application_id":"A","observed_at":"2026-01-31","kind":"fraud","value":"","mob":1}',
        "no mob",
    ),
]


@pytest.mark.parametrize(("line", "word"), BAD_OBJECTS)
def test_a_broken_object_is_named(line: bytes, word: str) -> None:
    (found,) = read_lines([line], "jsonl")
    assert found.record is None
    assert word in found.problem


@pytest.mark.parametrize(
    ("heading", "word"),
    [
        (b"application_id,observed_at,kind\n", "value missing"),
        (b"application_id,observed_at,kind,value,value\n", "twice"),
        (b"application_id,observed_at,kind,value,month_on_book\n", "month_on_book"),
        (b"\xff\n", "UTF-8"),
    ],
)
def test_without_good_column_names_nothing_is_read(heading: bytes, word: str) -> None:
    found = list(read_lines([heading, b"A-1,2026-01-31,fraud,,\n"]))
    assert [line.number for line in found] == [1]
    assert word in found[0].problem


def test_an_empty_file_has_no_lines() -> None:
    assert list(read_lines([])) == []
    assert list(read_lines([b"\n", b"  \r\n"])) == []


@given(st.lists(st.binary(max_size=60), max_size=8), st.sampled_from(["csv", "jsonl", None]))
def test_no_bytes_whatsoever_stop_the_reader(lines: list[bytes], form: object) -> None:
    for line in read_lines(lines, form):  # type: ignore[arg-type]
        assert 1 <= line.number <= len(lines)
        assert (line.record is None) == bool(line.problem)


@given(st.lists(st.sampled_from([*(line for line, _ in BAD_LINES), b"A-1,2026-01-31,fraud,,\n"])))
def test_every_line_after_the_heading_is_accounted_for(lines: list[bytes]) -> None:
    found = list(read_lines([HEADING, *lines]))
    assert [line.number for line in found] == list(range(2, len(lines) + 2))


FILE = "ab" * 32


class Known:
    """A state that knows some observations, each with its event."""

    now = NOON

    def __init__(self, *known: tuple[str, str]) -> None:
        self.known = list(known)  # value and event id, oldest first

    def outcome_told(self, _about: About, told: Told) -> bool:
        """Whether the value is known; all of it came from one file."""
        return told.source == FILE and any(told.value == known for known, _ in self.known)

    def outcome_at(self, _about: About) -> tuple[str, str] | None:
        """Event and value of the latest."""
        return self.known[-1][::-1] if self.known else None

    def outcome_accounts(self, _ref: str) -> dict[str, int]:
        """Two accounts, by their keyed hashes."""
        return {"first": 1, "second": 2}


LENT = case(received_at=NOON - timedelta(days=400))


def decide(
    target: Case | None, made: OutcomeRecord, *known: tuple[str, str], source: str = FILE
) -> dict[str, object]:
    decided = decide_outcome(
        target,
        made,
        SERVICE,
        Known(*known),  # type: ignore[arg-type]
        ids(),
        source=source,
        simulated=True,
    )
    for draft in decided.drafts:
        check_draft(draft)
    return {**decided.answer, "drafts": decided.drafts}


def only_draft(found: dict[str, object]) -> Draft:
    drafts = found["drafts"]
    assert isinstance(drafts, tuple)
    assert len(drafts) == 1
    assert isinstance(drafts[0], Draft)
    return drafts[0]


def test_an_observation_is_written_down_with_its_source() -> None:
    found = decide(LENT, record(value="31", months_on_book="4"))
    assert found["result"] == "recorded"
    draft = only_draft(found)
    assert draft.type == "outcome_observed"
    assert draft.data == {
        "kind": "max_days_past_due",
        "value": "31",
        "observed_at": "2026-01-31T00:00:00.000000Z",
        "months_on_book": 4,
        "source": "ab" * 32,
        "corrects": None,
        "simulated": True,
    }


def test_an_old_value_reported_anew_takes_the_correction_back() -> None:
    known = (("95", "e-1"), ("40", "e-2"))
    found = decide(LENT, record(value="95"), *known, source=SOURCE_API)
    assert found["result"] == "corrected"
    assert only_draft(found).data["corrects"] == "e-2"
    other = decide(LENT, record(value="95"), *known, source="cd" * 32)
    assert other["result"] == "corrected"


def test_the_same_again_changes_nothing_and_another_value_corrects_the_latest() -> None:
    assert decide(LENT, record(value="0"), ("0", "e-1"))["drafts"] == ()
    assert decide(LENT, record(value="0"), ("0", "e-1"), ("9", "e-2"))["result"] == "unchanged"
    found = decide(LENT, record(value="5"), ("0", "e-1"), ("9", "e-2"))
    assert found["result"] == "corrected"
    draft = only_draft(found)
    assert draft.type == "outcome_corrected"
    assert draft.data["corrects"] == "e-2"
    assert draft.cause == ("e-2",)


def test_an_unknown_application_and_a_day_to_come_are_refused() -> None:
    with pytest.raises(OutcomeRefused, match="No case"):
        decide(None, record())
    tomorrow = record(observed_at=(NOON + timedelta(hours=23)).isoformat())
    assert decide(LENT, tomorrow)["result"] == "recorded"
    with pytest.raises(OutcomeRefused, match="future"):
        decide(LENT, record(observed_at=(NOON + timedelta(hours=25)).isoformat()))


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"observed_at": "2020-11-20"}, "before the application of 26 Jan 2025"),
        ({"observed_at": "2025-03-01", "months_on_book": "4"}, "reach back before the application"),
        ({"observed_at": "2025-01-26"}, ""),
        ({"observed_at": "2025-03-01", "months_on_book": "2"}, ""),
    ],
)
def test_nothing_became_of_a_loan_before_anybody_applied_for_it(
    members: dict[str, str], problem: str
) -> None:
    told = record(value="95", **members)
    if not problem:
        assert decide(LENT, told)["result"] == "recorded"
        return
    with pytest.raises(OutcomeRefused, match=problem):
        decide(LENT, told)


@pytest.mark.parametrize(
    "wrong",
    [
        {"observed_at": datetime(2026, 1, 1)},  # noqa: DTZ001
        {"value": "007"},
        {"months_on_book": 5000},
        {"application_id": ""},
    ],
)
def test_a_record_checks_itself(wrong: dict[str, object]) -> None:
    facts: dict[str, object] = {
        "application_id": "A",
        "kind": OutcomeKind.MAX_DAYS_PAST_DUE,
        "value": "0",
        "observed_at": DAY,
    }
    with pytest.raises(OutcomeRefused):
        OutcomeRecord(**(facts | wrong))  # type: ignore[arg-type]


def told(made: OutcomeRecord, account: str = "") -> Draft:
    """What is written of a record, of the account with this keyed hash."""
    decided = decide_outcome(LENT, made, SERVICE, Known(), ids(), source=FILE, account=account)  # type: ignore[arg-type]
    draft = decided.drafts[0]
    check_draft(draft)
    return draft


def test_the_ledger_says_which_account_it_is_and_keeps_its_number_encrypted() -> None:
    known = told(record(account_id="DE-77"), "second")
    assert known.data["account"] == 2
    assert [(slot.name, slot.payload) for slot in known.slots] == [("account", {"number": "DE-77"})]
    assert "DE-77" not in str(known.data)
    assert told(record(account_id="DE-99"), "another").data["account"] == 3
    assert "account" not in told(record()).data


def test_an_amount_in_another_currency_than_the_application_is_refused() -> None:
    assert LENT.amount.currency == "DEM"
    paid_out = {"kind": "disbursed", "value": "400000"}
    assert told(record(**paid_out, currency="DEM")).data["currency"] == "DEM"
    with pytest.raises(OutcomeRefused, match="amount is in EUR, the application in DEM"):
        told(record(**paid_out, currency="EUR"))
    for kind, value in (("max_days_past_due", "120"), ("bankrupt", "")):
        late = {"kind": kind, "value": value, "currency": "EUR"}
        assert told(record(**late)).data["value"] == value, "no amount, so no currency to differ"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("currency", "euro", "three capital letters"),
        ("currency", 9, "must be text"),
        ("account_id", "x" * 201, "at most 200"),
        ("account_id", 17, "must be text"),
    ],
)
def test_what_is_no_account_or_currency_is_refused(name: str, value: object, said: str) -> None:
    with pytest.raises(OutcomeRefused, match=said):
        record(**{name: value})


def test_a_broken_line_in_the_middle_of_a_hundred_thousand_spoils_no_other() -> None:
    lines = [HEADING, *[b"A-1,2026-01-31,max_days_past_due,0,1\n"] * 100_000]
    lines[50_000] = b'A-1,2026-01-31,"max_days\n'
    found = list(read_lines(lines))
    assert len(found) == 100_000
    assert [line.number for line in found if line.record is None] == [50_001]

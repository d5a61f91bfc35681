"""However a day at the desk goes, the tables say what the ledger says, and every cut holds."""

import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from overrides.cases import TRANSITIONS, Act
from overrides.errors import ActError, CaseError
from overrides.reading import CaseFilter
from overrides.stores.rebuild import rebuild
from overrides.values import CaseStatus
from tests.overrides.case_house import LOG, House, house_at
from tests.overrides.samples import MANAGER, OFFICER, OTHER, SENIOR

PEOPLE = [OFFICER, OTHER, SENIOR, MANAGER]
EVERY = frozenset(CaseStatus)

ACTS = ("apply", "rescore", "claim", "release", "show", "review", "override", "judge", "observe")
TERMS = ("offer", "accepted", "refused", "lapse")
ENDS = ("withdraw",)
acts = st.tuples(
    st.sampled_from(ACTS + TERMS + ENDS),
    st.integers(0, 30),
    st.sampled_from(PEOPLE),
    st.sampled_from(["approve", "decline", "refer"]),
    st.sampled_from(["uphold", "return", "reject"]),
)
Step = tuple[str, int, object, str, str]


def play(house: House, cases: list[str], step: Step) -> None:
    """One step of a day, whatever comes of it."""
    name, pick, actor, word, verdict = step
    if name == "apply" or not cases:
        large = 900_000 if pick % 2 else 400_000
        branch = "north" if pick % 3 else "south"
        cases.append(house.apply_for(word, amount_minor=large, branch=branch))
        return
    ref = cases[pick % len(cases)]
    binary = "approve" if word == "refer" else word
    steps: dict[str, Callable[[], object]] = {
        "claim": lambda: house.claim(ref, actor),  # type: ignore[arg-type]
        "release": lambda: house.release(ref, actor),  # type: ignore[arg-type]
        "show": lambda: house.show(ref, actor),  # type: ignore[arg-type]
        "review": lambda: house.review(ref, binary, actor),  # type: ignore[arg-type]
        "override": lambda: house.override(ref, binary, actor=actor),  # type: ignore[arg-type]
        "judge": lambda: house.judge(ref, verdict, actor),  # type: ignore[arg-type]
        "withdraw": lambda: house.withdraw(ref),
        "observe": lambda: house.observe(ref, str(pick), at=house.now),
        "offer": lambda: house.offer(ref, word, actor),  # type: ignore[arg-type]
        "accepted": lambda: house.hear(ref, "accepted", actor),  # type: ignore[arg-type]
        "refused": lambda: house.hear(ref, "refused", actor),  # type: ignore[arg-type]
        "lapse": lambda: lapse(house, ref),
        "rescore": lambda: rescore(house, ref, word),
    }
    try:
        steps[name]()
    except (CaseError, ActError):
        return


def lapse(house: House, ref: str) -> None:
    """Ninety days go by."""
    file = house.book.case(ref)
    if file is not None and file.case.offer is not None:
        house.now = max(house.now, file.case.offer.until)
        house.lapse(ref)


def rescore(house: House, ref: str, word: str) -> None:
    """Corrected data, while the case is open."""
    file = house.book.case(ref)
    assert file is not None
    if (file.case.status, Act.RESCORE) in TRANSITIONS:
        attempt = file.case.attempt + 1
        again = house.decision(word, case_ref=ref, application_id=f"re-{ref}", attempt=attempt)
        house.write(again)


def check_counts(house: House) -> None:
    """The kept counts are what counting gives."""
    rows = house.book.rows(CaseFilter(statuses=EVERY), house.now, limit=500).rows
    counted = Counter(row.status for row in rows)
    assert dict(house.book.counts()) == {status: counted[status] for status in CaseStatus}
    assert house.book.count(CaseFilter(statuses=EVERY), house.now) == len(rows)


@settings(max_examples=25)
@given(day=st.lists(acts, min_size=5, max_size=40))
def test_a_day_at_the_desk_can_be_told_again_and_every_cut_of_it_holds(day: list[Step]) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        house_at(f"sqlite:///{Path(folder) / 'day.sqlite3'}") as house,
    ):
        cases: list[str] = []
        cuts: dict[datetime, tuple[object, object]] = {}
        for number, step in enumerate(day):
            play(house, cases, step)
            if number % 7 == 0:
                cuts[house.now] = facts(house, house.now)
        check_counts(house)
        for cut, seen in cuts.items():
            assert facts(house, cut) == seen, "a cut changed after the fact"
        before = house.dump()
        rebuild(house.engine, log=LOG, vault=house.vault, projectors=[house.projector])
        assert house.dump() == before


def facts(house: House, cut: datetime) -> tuple[object, object]:
    """What the shared numbers and a feedback set are made from, at a cut."""
    return list(house.book.board_facts(cut)), list(house.book.feedback_facts(cut))

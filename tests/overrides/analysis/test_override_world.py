"""The open benchmark: its worlds are the same everywhere, and good methods score better in it."""

import csv
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.override_world.__main__ import EQUAL, SKILLED, generate
from benchmarks.override_world.lender import CUTOFF, applicants
from benchmarks.override_world.methods import Findings, Ours, RawRates
from benchmarks.override_world.scores import Score, promised_power, score
from benchmarks.override_world.world import Booked, Case, Planted, World, draw
from overrides.statistics import chance_of

SMALL = replace(SKILLED, applications=3_000)


class Knowing:
    """A method that was told the truth: whatever a benchmark asks, it must score full marks."""

    name = "knowing"

    def __init__(self, world: World) -> None:
        self.world = world

    def __call__(self, _cases: Sequence[Case], _booked: Sequence[Booked]) -> Findings:
        """Say it."""
        truth = self.world.truth
        return Findings(
            ratio=(0.0, 9.0),
            odds=(0.0, 99.0),
            officers={case.officer: (0.0, 9.0) for case in self.world.low_side},
            better=truth.skilled,
            differing=frozenset(),
            missing=("checking_account=none",),
            bypassed=truth.bypassed,
            to_check=frozenset(),
        )


@pytest.fixture(scope="module")
def world() -> World:
    return draw(SMALL, 7)


def test_a_world_is_the_same_on_every_machine(tmp_path: Path) -> None:
    found = generate(tmp_path, replace(SMALL, applications=300), 7)
    assert found["cases.csv"][:16] == "faf2a95638fe0265"
    assert found["booked.csv"][:16] == "69d8a434b97ab37e"
    assert generate(tmp_path / "again", replace(SMALL, applications=300), 7) == found
    assert generate(tmp_path / "other", replace(SMALL, applications=300), 8) != found
    with (tmp_path / "cases.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    truth = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
    lent = {row["application_id"] for row in rows if row["decision"] == "approve"}
    assert lent == set(truth["chances"])
    assert all((row["bad"] == "") == (row["decision"] == "decline") for row in rows)


def test_what_is_planted_is_there(world: World) -> None:
    low = world.low_side
    assert all(case.chance > CUTOFF for case in low)
    assert all(case.bad is not None for case in low)
    rates = {
        skilled: [
            world.truth.chances[c.application_id] - c.chance
            for c in low
            if skilled is (c.officer in world.truth.skilled)
        ]
        for skilled in (True, False)
    }
    assert sum(rates[True]) / len(rates[True]) < sum(rates[False]) / len(rates[False]) - 0.05
    late = [c for c in world.cases if c.chance > CUTOFF and c.turn > 0.75]
    early = [c for c in world.cases if c.chance > CUTOFF and c.turn <= 0.75]
    assert sum(c.override for c in late) / len(late) < sum(c.override for c in early) / len(early)


def test_the_planted_curve_is_that_of_the_real_outcomes() -> None:
    real = [int(each.fields["bad"]) for each in applicants()]
    true = [chance_of(each.true) for each in applicants()]
    assert len(real) == 1_000
    assert abs(sum(real) - sum(true)) < 30
    bad = [chance for chance, went in zip(true, real, strict=True) if went]
    good = [chance for chance, went in zip(true, real, strict=True) if not went]
    better = sum(b > g for b in bad for g in good) / (len(bad) * len(good))
    assert better > 0.7


def test_biased_officers_decline_more_of_the_young() -> None:
    plain, biased = (draw(Planted(applications=4_000, against_young=by), 3) for by in (0.0, 3.0))

    def declined(world: World) -> int:
        return sum(c.override and not c.approved and c.applicant.young for c in world.cases)

    assert declined(biased) > 3 * declined(plain)


def test_who_knows_the_truth_has_full_marks_and_who_accuses_all_has_not(world: World) -> None:
    known, accusing = Score(), Score()
    told = Knowing(world)(world.cases, world.booked)
    known.add(world, told)
    everyone = frozenset(loan.loan_id for loan in world.booked)
    accusing.add(world, replace(told, bypassed=everyone, better=frozenset(), missing=("purpose=",)))
    assert known.ratio.held == known.ratio.of == 1
    assert known.bypassed.held == known.bypassed.of > 20
    assert (known.accused, known.first.held, known.skilled.held) == (0, 1, 2)
    assert accusing.accused == len(world.booked) - len(world.truth.bypassed)
    assert (accusing.first.held, accusing.skilled.held) == (0, 0)


def test_ours_finds_every_bypass_and_accuses_nobody_where_plain_ids_do(world: World) -> None:
    scores = score((Ours(), RawRates()), SMALL, 1, 7)
    ours, raw = scores["countermand"], scores["raw rates"]
    assert ours.bypassed.held == ours.bypassed.of
    assert ours.accused == 0
    assert raw.accused > 0
    assert raw.odds.held == 0
    assert all(0 < promised_power(world, name) < 1 for name in world.truth.skilled)


def test_among_equal_officers_nobody_is_skilled() -> None:
    assert draw(replace(EQUAL, applications=300), 7).truth.skilled == frozenset()

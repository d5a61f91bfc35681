"""Two years of one lender: officers who know something, or believe they do, and what came of it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random

from benchmarks.override_world.lender import CUTOFF, Applicant, applicants
from overrides.statistics import chance_of

CODES = ("C01", "C02", "C04", "D02", "M01", "P02")
CONVINCED = 0.3  # log-odds that the field must speak for an applicant
TELLING = "M01"  # the code of officers who looked at the account that the model does not have
FIRST_DAY = date(2024, 1, 1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """What is true of a world. Everything is switched off by what leaves it out."""

    applications: int = 9_000
    months: int = 24
    officers: int = 12
    skilled: int = 3
    sees: float = 0.9  # a skilled officer's view of the missing field: 1 is the field itself
    overrides: float = 0.25  # share of the declined that an officer approves
    against_young: float = 0.0  # log-odds by which an approved young applicant is declined more
    fatigue: float = 0.5  # by how much fewer overrides in the last quarter of a day
    miscalibrated: float = 0.2  # log-odds that all scores are too low
    slope: float = 0.9  # by how much scores spread too far, or not far enough
    shock: float = 0.2  # deviation of a month's log-odds, common to all its loans
    clusters: float = 0.2  # deviation of an officer's loans in log-odds, whoever chose them
    bypass: float = 0.02  # loans booked without a decision, as a share of all booked


@dataclass(frozen=True, slots=True)
class Case:
    """One decided application as a lender's records have it."""

    application_id: str
    applicant: Applicant
    officer: str
    month: int
    decided_on: date
    turn: float  # of the officer's day, from 0 to 1
    amount_minor: int
    chance: float  # of going bad, as recorded
    approved: bool
    override: bool
    code: str
    bad: bool | None  # None where nothing was lent


@dataclass(frozen=True, slots=True)
class Booked:
    """A loan in the books."""

    loan_id: str
    application_id: str
    booked_on: date
    amount_minor: int
    branch: str
    kind: str = "new"


@dataclass(frozen=True, slots=True)
class Truth:
    """What nobody at the lender can see."""

    skilled: frozenset[str]
    chances: Mapping[str, float]  # of every lent application, by its id
    bypassed: frozenset[str]  # loans


@dataclass(frozen=True, slots=True)
class World:
    """What is recorded, and apart from it what is true."""

    cases: tuple[Case, ...]
    booked: tuple[Booked, ...]
    truth: Truth = field(repr=False)

    @property
    def low_side(self) -> tuple[Case, ...]:
        """Approved against the score; every loan has matured."""
        return tuple(case for case in self.cases if case.override and case.approved)


def branch_of(officer: str) -> str:
    """Three officers make a branch."""
    return f"branch {(int(officer.removeprefix('officer ')) - 1) // 3 + 1}"


def draw(planted: Planted, seed: int) -> World:
    """A world; the same seed gives the same one on every machine."""
    chance = Random(f"override world {seed}")
    names = [f"officer {k:02}" for k in range(1, planted.officers + 1)]
    skilled = frozenset(chance.sample(names, planted.skilled))
    shocks = [chance.gauss(0, planted.shock) for _ in range(planted.months)]
    clusters = {name: chance.gauss(0, planted.clusters) for name in names}
    cases, chances = [], {}
    for number in range(planted.applications):
        applicant = chance.choice(applicants())
        officer = chance.choice(names)
        month = number * planted.months // planted.applications
        case, true = _decided(
            planted, chance, applicant, f"A{number:06}", officer, month, officer in skilled
        )
        lent = chance_of(true + shocks[month] + clusters[officer]) if case.approved else None
        bad = None if lent is None else chance.random() < lent
        if lent is not None:
            chances[case.application_id] = lent
        cases.append(replace(case, bad=bad))
    booked, bypassed = _books(planted, chance, cases)
    return World(tuple(cases), booked, Truth(skilled, chances, bypassed))


def _decided(
    planted: Planted,
    chance: Random,
    applicant: Applicant,
    name: str,
    officer: str,
    month: int,
    skilled: bool,  # noqa: FBT001 - one of many facts
) -> tuple[Case, float]:
    """An application as its officer decided it, and its true log-odds."""
    recorded = round(chance_of(applicant.scored), 6)
    true = planted.miscalibrated + planted.slope * applicant.scored
    true += applicant.true - applicant.scored
    turn, day = chance.random(), chance.randrange(28)
    share = planted.overrides * (1 - planted.fatigue * (turn > 0.75))  # noqa: PLR2004 - the last quarter
    declined = recorded > CUTOFF
    override = False
    if declined:
        # the knowing ones approve whom the missing field speaks for, the others whomever
        seen = planted.sees * (applicant.scored - applicant.true) + chance.gauss(0, 0.3)
        ready = (2 * share if seen > CONVINCED else 0.0) if skilled else share
        override = chance.random() < ready
    else:
        against = planted.against_young * applicant.young
        override = chance.random() < chance_of(-4 + against)
    telling = declined and skilled and chance.random() < 0.85  # noqa: PLR2004 - planted
    code = (TELLING if telling else chance.choice(CODES)) if override else ""
    amount = round(applicant.amount * math.exp(chance.gauss(0, 0.3)) * 100)
    start = FIRST_DAY + timedelta(days=30 * month + day)
    approved = declined is override
    case = Case(
        name,
        applicant,
        officer,
        month,
        start,
        turn,
        amount,
        recorded,
        approved,
        override,
        code,
        None,
    )
    return case, true


def _books(
    planted: Planted, chance: Random, cases: list[Case]
) -> tuple[tuple[Booked, ...], frozenset[str]]:
    """The booked loans in order of their ids, and those that nobody decided on.

    Among the rest are what a plain comparison of ids trips over: ids with blanks and small letters,
    loans in two parts, renewals.
    """
    loans, bypassed = [], set()
    for case in cases:
        if not case.approved:
            continue
        name, branch = case.application_id, branch_of(case.officer)
        on, way = case.decided_on + chance.randrange(1, 20) * _DAY, chance.random()
        if way < 0.02:  # noqa: PLR2004 - planted
            half = case.amount_minor // 2
            loans.append(Booked("", name, on, half, branch))
            loans.append(Booked("", name, on, case.amount_minor - half, branch))
        else:
            loans.append(Booked("", name, on, case.amount_minor, branch))
        if way > 0.97:  # noqa: PLR2004 - planted
            loans.append(Booked("", "", on + 300 * _DAY, case.amount_minor, branch, "renewal"))
    for k in range(round(planted.bypass * len(loans))):
        case = chance.choice(cases)
        amount = round(case.amount_minor * 1.37) + k
        on = case.decided_on + chance.randrange(30) * _DAY
        loans.append(Booked("bypass", f"Z{k:05}", on, amount, branch_of(case.officer)))
    chance.shuffle(loans)
    named = []
    for k, loan in enumerate(loans):
        loan_id = f"L{k:06}"
        if loan.loan_id:
            bypassed.add(loan_id)
        named.append(
            Booked(
                loan_id,
                loan.application_id,
                loan.booked_on,
                loan.amount_minor,
                loan.branch,
                loan.kind,
            )
        )
    return tuple(named), frozenset(bypassed)

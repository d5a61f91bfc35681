"""The people of the demo: invented officers of different skill, and how they decide.

Nobody here is real. A simulated officer sees what the page shows and, with the probability
``insight``, a hint of how the loan really ended, which stands for what an officer learns in
conversation. That is what makes some of them better than the model and some not, so that the
analysis has something true to find.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

PASSWORD = "countermand-demo"  # noqa: S105  shown on the demo's first page, never used elsewhere


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Someone who can log in to the demo. ``limit_minor`` in pfennigs."""

    name: str
    role: str
    branch: str = ""
    limit_minor: int = 0


@dataclass(frozen=True, slots=True)
class Habits:
    """How a simulated officer decides; the first four are probabilities."""

    insight: float  # of knowing how the loan will end
    lenient: float  # of approving against a decline, without any insight
    strict: float  # of declining against an approval, without any insight
    generous: float  # of approving a referred case, without any insight
    hours: float  # median time from arrival to decision


PEOPLE = (
    DemoPerson("asha", "officer", "north", 500_000),
    DemoPerson("bruno", "officer", "north", 500_000),
    DemoPerson("chitra", "officer", "river", 500_000),
    DemoPerson("dieter", "officer", "river", 500_000),
    DemoPerson("elena", "senior_officer", "north", 1_200_000),
    DemoPerson("farid", "senior_officer", "river", 1_200_000),
    DemoPerson("greta", "team_lead", "north"),
    DemoPerson("hanna", "credit_manager", "north", 2_500_000),
    DemoPerson("ivo", "credit_manager", "river", 2_500_000),
    DemoPerson("jonas", "credit_manager", "", 2_500_000),
    DemoPerson("kofi", "compliance"),
    DemoPerson("lena", "risk"),
    DemoPerson("mina", "data_scientist"),
    DemoPerson("noor", "model_owner"),
    DemoPerson("otto", "operations"),
    DemoPerson("petra", "risk"),
    DemoPerson("root", "admin"),
)

SHOWN = ("asha", "elena", "hanna", "greta", "kofi", "mina", "noor", "root")  # on the first page

HABITS = {
    "asha": Habits(insight=0.7, lenient=0.06, strict=0.02, generous=0.6, hours=5),
    "bruno": Habits(insight=0.0, lenient=0.20, strict=0.02, generous=0.7, hours=20),
    "chitra": Habits(insight=0.4, lenient=0.05, strict=0.04, generous=0.5, hours=9),
    "dieter": Habits(insight=0.0, lenient=0.01, strict=0.10, generous=0.3, hours=30),
    "elena": Habits(insight=0.5, lenient=0.05, strict=0.02, generous=0.55, hours=7),
    "farid": Habits(insight=0.2, lenient=0.04, strict=0.03, generous=0.5, hours=12),
    "hanna": Habits(insight=0.3, lenient=0.03, strict=0.02, generous=0.5, hours=16),
    "ivo": Habits(insight=0.3, lenient=0.03, strict=0.02, generous=0.5, hours=18),
}

LOW_CODES = (
    ("M01", "Simulated: twelve bank statements show steady pay that the form left out."),
    ("C02", "Simulated: new permanent contract seen, first pay has arrived."),
    ("C01", "Simulated: the arrears followed one closed event; six clean months since."),
    ("D03", "Simulated: the other bank confirms in writing that the old debt is repaid."),
    ("S02", "Simulated: two years of instalments with us, none late."),
    ("M02", "Simulated: rent book shows eighteen payments on time."),
)
HIGH_CODES = (
    ("M04", "Simulated: a statement shows two further loans that the form did not name."),
    ("M05", "Simulated: the employer could not be reached on three days by two channels."),
    ("C04", "Simulated: notice of dismissal dated after the application was seen."),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """What a simulated officer does: ``code`` is empty when it is no override."""

    decision: str
    code: str = ""
    note: str = ""
    concepts: tuple[str, ...] = ()


def choose(
    habits: Habits,
    recommendation: str,
    *,
    turns_bad: bool,
    concepts: Sequence[str],
    reliable: bool = True,
    chance: random.Random,
) -> Choice:
    """Decide one case as this officer would.

    Args:
        habits: the officer's inclinations.
        recommendation: ``approve`` or ``decline``; anything else leaves it to the officer.
        turns_bad: how the real loan ended; used only where the officer has insight.
        reliable: whether the model's own reasons can be told.
        concepts: reasons the officer could give the applicant, worst first; at least one.
        chance: the demo's seeded source of chance.

    """
    knows = chance.random() < habits.insight
    given = tuple(concepts[: chance.choice((1, 1, 2, 2, 3))])
    if recommendation not in {"approve", "decline"}:
        approves = not turns_bad if knows else chance.random() < habits.generous
        note = "Simulated: looked through the file and the statements."
        return Choice("approve", note=note) if approves else Choice("decline", "", note, given)
    if recommendation == "decline":
        share = 0.55 if knows and not turns_bad else 0.0 if knows else habits.lenient
        if chance.random() < share:
            code, note = chance.choice(LOW_CODES)
            return Choice("approve", code, note)
        return Choice("decline", concepts=() if reliable else given)
    share = 0.35 if knows and turns_bad else 0.0 if knows else habits.strict
    if chance.random() < share:
        code, note = chance.choice(HIGH_CODES)
        return Choice("decline", code, note, given)
    return Choice("approve")


def review_day(days: int, now: datetime) -> date | None:
    """Half way through the days within which an override is looked at again; None for none."""
    return now.date() + timedelta(days=days // 2) if days else None

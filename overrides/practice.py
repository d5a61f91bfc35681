"""Practice on past cases whose outcome is known: which comes next, and what was answered.

Only a loan that was approved shows an outcome, so every practice case is one. It is right to
approve what went well and to decline what went bad. An answer is an entry about the officer; it is
of no case, so that nothing that counts cases or decisions meets it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from overrides.authority import check_role
from overrides.journal import Decided, Draft, Event, Json
from overrides.reading import KeyedHash
from overrides.training_errors import PracticeMoved
from overrides.values import DECIDING_ROLES, Actor, Decision, NewId

CASES = 10  # in a round
BAD_CASES = CASES // 2  # of a round, where there are so many: rare ones would hardly be met else


class Outcome(StrEnum):
    """How a loan ended, by the outcome definition of its bundle."""

    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an officer said of one past case; ``concepts`` are the reasons she relied on."""

    case_ref: str
    decision: Decision
    outcome: Outcome
    concepts: tuple[str, ...]
    at: datetime | None = None  # None until it is recorded

    @property
    def right(self) -> bool:
        """Whether the outcome bears the answer out."""
        return (self.decision is Decision.APPROVE) == (self.outcome is Outcome.GOOD)


@dataclass(frozen=True, slots=True)
class Round:
    """The answers of one round, in their order."""

    number: int  # from 1
    answers: tuple[Answer, ...]

    @property
    def right(self) -> int:
        """How many answers were right."""
        return sum(answer.right for answer in self.answers)

    @property
    def finished(self) -> bool:
        """Whether all its cases are answered."""
        return len(self.answers) == CASES


@dataclass(frozen=True, slots=True)
class Practices:
    """Every answer there is, by person and bundle, the oldest first."""

    answers: Mapping[tuple[str, str], tuple[Answer, ...]] = field(default_factory=dict)

    def after(self, events: Iterable[Event]) -> "Practices":
        """The same with later entries taken in; entries of other kinds change nothing."""
        found = dict(self.answers)
        for event in events:
            if event.type != "practice_answered":
                continue
            told = event.data
            answer = Answer(
                case_ref=told["case_ref"],
                decision=Decision(told["decision"]),
                outcome=Outcome(told["outcome"]),
                concepts=tuple(told["concepts"]),
                at=event.recorded_at,
            )
            key = (told["person"], told["bundle"])
            found[key] = (*found.get(key, ()), answer)
        return Practices(found)

    def as_of(self, day: date) -> "Practices":
        """What had been answered when this day (UTC) ended."""
        then = {
            key: tuple(one for one in known if one.at is not None and one.at.date() <= day)
            for key, known in self.answers.items()
        }
        return Practices({key: known for key, known in then.items() if known})

    def rounds(self, person: str, bundle: str) -> tuple[Round, ...]:
        """The person's rounds, the last of them perhaps unfinished."""
        known = self.answers.get((person, bundle), ())
        starts = range(0, len(known), CASES)
        return tuple(Round(n, known[at : at + CASES]) for n, at in enumerate(starts, 1))

    def current(self, person: str, bundle: str) -> Round:
        """The round that the next answer belongs to, empty where a new one begins."""
        rounds = self.rounds(person, bundle)
        if rounds and not rounds[-1].finished:
            return rounds[-1]
        return Round(len(rounds) + 1, ())

    def result(self, person: str, bundle: str) -> Round | None:
        """The last round that was finished; None before the first."""
        done = [one for one in self.rounds(person, bundle) if one.finished]
        return done[-1] if done else None


def next_cases(
    pool: Mapping[str, Outcome],
    practices: Practices,
    person: str,
    bundle: str,
    keyed_hash: KeyedHash,
) -> Sequence[str]:
    """Past cases in the order in which they may come next: the first that can be read does.

    The order is that of a keyed hash of person, bundle, round and case, so that nobody works out
    beforehand which places are bad loans. Cases never answered by the person come before those of
    earlier rounds; those of this round do not come again.
    """
    known = practices.answers.get((person, bundle), ())
    now = practices.current(person, bundle)
    answered, ever = ({one.case_ref for one in said} for said in (now.answers, known))
    seed = f"{person}\0{bundle}\0{now.number}\0"

    def drawn(what: object) -> str:
        return keyed_hash("practice", f"{seed}{what}")

    bad_places = sorted(range(CASES), key=lambda place: drawn(f"place\0{place}"))
    wanted = Outcome.BAD if len(now.answers) in bad_places[:BAD_CASES] else Outcome.GOOD
    left = [case_ref for case_ref in pool if case_ref not in answered]
    return sorted(left, key=lambda ref: (pool[ref] is not wanted, ref in ever, drawn(ref)))


def decide_answer(
    practices: Practices, actor: Actor, bundle: str, place: int, answer: Answer, new_id: NewId
) -> Decided:
    """Record an answer at its place (from 1) in the round, and with the last one the result.

    Raises ``NoAuthority`` and ``PracticeMoved``.
    """
    check_role(actor, DECIDING_ROLES)
    now = practices.current(actor.ref, bundle)
    again = answer.case_ref in {one.case_ref for one in now.answers}
    if place != len(now.answers) + 1 or again:
        raise PracticeMoved(str(len(now.answers) + 1))
    data: dict[str, Json] = {
        "round": now.number,
        "place": place,
        "case_ref": answer.case_ref,
        "decision": answer.decision.value,
        "outcome": answer.outcome.value,
        "concepts": list(answer.concepts),
    }
    drafts = [_draft("practice_answered", actor, bundle, data, new_id)]
    after = Round(now.number, (*now.answers, answer))
    if after.finished:
        relied = sorted({concept for one in after.answers for concept in one.concepts})
        result: dict[str, Json] = {
            "round": after.number,
            "cases": CASES,
            "right": after.right,
            "concepts": list(relied),
        }
        drafts.append(_draft("practice_finished", actor, bundle, result, new_id))
    return Decided(tuple(drafts))


def _draft(kind: str, actor: Actor, bundle: str, data: dict[str, Json], new_id: NewId) -> Draft:
    """An entry about the officer who practises."""
    told: dict[str, Json] = {"person": actor.ref, "bundle": bundle, **data}
    return Draft(event_id=new_id(), type=kind, actor=actor.ref, role=actor.role.value, data=told)

"""The people and services of the simulated bank, each a story that goes on step by step."""

from collections.abc import Iterator
from random import Random

from overrides.values import Actor, Decision, Money, Verdict
from tests.evidence.asks import Ask, Score
from tests.evidence.office import START
from tests.evidence.world import World
from tests.overrides.samples import (
    ADMIN,
    AUDITOR,
    MANAGER,
    NOTE,
    OFFICER,
    OTHER,
    PROOF,
    SENIOR,
    SERVICE,
)

CASES_MAX = 60
RECENT = 10  # people work on so few cases that they meet
AMOUNTS = (
    *(Money(400_000, "DEM"),) * 3,
    *(Money(700_000, "DEM"), Money(900_000, "DEM"), Money(3_000_000, "DEM")),
    Money(400_000, "EUR"),
)
SCORES = (
    *((190, "approve"), (170, "approve"), (100, "approve")),
    *((300, "refer"), (250, "refer")),
    *((360, "decline"), (390, "decline"), (800, "decline"), (300, "decline"), (None, "refer")),
)
CODES = ("M01", "M04", "D02", "S03", "X03", "nonsense")
CONCEPTS = ((), ("R01",), ("R01", "R02"), ("R01",), ("R09",))
NOTES = (NOTE, NOTE, NOTE, "short", "", "x" * 220)


def people(world: World) -> list[Iterator[None]]:
    """Everybody, ready to begin."""
    deciding = (OFFICER, OTHER, SENIOR, MANAGER)
    stories = [officer(world, who) for who in deciding]
    stories += [approver(world, who) for who in (SENIOR, MANAGER)]
    stories += [core(world), core(world), clerk(world), books(world), network(world)]
    return stories


def score(chance: Random) -> Score:
    """What the model says this time."""
    milli, recommendation = chance.choice(SCORES)
    return Score(milli, recommendation, chance.choice(AMOUNTS))


def officer(world: World, who: Actor) -> Iterator[None]:
    """Opens a case, reads it, thinks, and decides on what was read, which may have changed."""
    chance = world.chance
    while True:
        yield
        if not world.cases:
            continue
        ref = chance.choice(world.cases[-RECENT:])
        case = world.server.case(ref)
        if case is None or (case.final is not None and chance.random() < 0.8):
            continue
        lot = chance.random()
        if lot < 0.3:
            yield from world.ask(_plain(world, who, "show", ref))
        if lot < 0.5:
            yield from world.ask(_plain(world, who, "claim", ref))
        for _ in range(int(lot * 10) % 4):
            yield
        advice = case.recommendation
        decision = Decision.DECLINE if chance.random() < 0.4 else Decision.APPROVE
        act = "review" if advice in {"refer", decision} else "override"
        if chance.random() < 0.08:
            act = chance.choice(("review", "override"))
        key = world.key()
        ask = Ask(
            actor=who,
            act=act,
            case=ref,
            key=key,
            seen=case.version,
            decision=decision,
            code=_code(chance, decision),
            concepts=chance.choice(CONCEPTS),
            note=chance.choice(NOTES),
            evidence=PROOF if chance.random() < 0.9 else (),
        )
        yield from world.ask(ask)
        if chance.random() < 0.05:  # another form under the key of the one before
            yield from world.ask(Ask(actor=who, act="show", case=ref, key=key, text="another"))
        if chance.random() < 0.3:
            yield from world.ask(_plain(world, who, "release", ref))


def _code(chance: Random, decision: Decision) -> str:
    """A code that mostly fits."""
    if chance.random() < 0.3:
        return chance.choice(CODES)
    return "M01" if decision is Decision.APPROVE else "M04"


def _plain(world: World, who: Actor, act: str, ref: str) -> Ask:
    """An asking without a form."""
    return Ask(actor=who, act=act, case=ref, key=world.key())


def approver(world: World, who: Actor) -> Iterator[None]:
    """Looks for what waits for a second person, and says whether it stands."""
    chance = world.chance
    while True:
        yield
        if not world.cases:
            continue
        ref = chance.choice(world.cases[-RECENT:])
        case = world.server.case(ref)
        if case is None or (case.proposal is None and chance.random() < 0.9):
            continue
        yield
        ask = Ask(
            actor=who,
            act="judge",
            case=ref,
            key=world.key(),
            seen=case.version,
            verdict=chance.choice(tuple(Verdict)),
            note=chance.choice(NOTES),
        )
        yield from world.ask(ask)


def core(world: World) -> Iterator[None]:
    """The core system: sends applications, some twice under different keys, and has some redone."""
    chance = world.chance
    while True:
        yield
        lot = chance.random()
        if lot < 0.5 and len(world.cases) < CASES_MAX:
            number = len(world.cases)
            world.cases.append(f"case-{number}")
            ask = _application(world, f"case-{number}", f"A-{number}")
            yield from world.ask(ask)
        elif lot < 0.6 and world.cases:
            number = int(chance.random() * len(world.cases))
            ask = _application(world, f"case-{number} again", f"A-{number}")
            yield from world.ask(ask)
        elif lot < 0.63 and world.cases:
            ref = chance.choice(world.cases[-RECENT:])
            ask = Ask(actor=SERVICE, act="rescore", case=ref, key=world.key(), score=score(chance))
            yield from world.ask(ask)


def _application(world: World, ref: str, application: str) -> Ask:
    """An application, scored."""
    return Ask(
        actor=SERVICE,
        act="apply",
        case=ref,
        key=world.key(),
        score=score(world.chance),
        application=application,
    )


def clerk(world: World) -> Iterator[None]:
    """Withdraws what applicants no longer want, and does what is not for clerks."""
    chance = world.chance
    while True:
        yield
        if not world.cases or chance.random() < 0.7:
            continue
        ref = chance.choice(world.cases[-RECENT:])
        lot = chance.random()
        if lot < 0.1:
            who = chance.choice((OFFICER, SERVICE))
            yield from world.ask(_plain(world, who, "withdraw", ref))
        elif lot < 0.5:
            who = chance.choice((ADMIN, AUDITOR, SERVICE))
            act = chance.choice(("release", "claim", "review", "withdraw"))
            if act == "withdraw" and who is SERVICE:
                continue
            yield from world.ask(_plain(world, who, act, ref))


def books(world: World) -> Iterator[None]:
    """The books report what became of loans, and correct themselves."""
    chance = world.chance
    while True:
        yield
        if not world.cases or chance.random() < 0.6:
            continue
        days = chance.choice((0, 30, 90))
        at = chance.choice((START, world.now, START.replace(year=2031)))
        ask = Ask(
            actor=SERVICE,
            act="observe",
            case=chance.choice(world.cases[-RECENT:]),
            key=world.key(),
            days=days,
            observed_at=at,
        )
        yield from world.ask(ask)


def network(world: World) -> Iterator[None]:
    """Brings late what had seemed lost."""
    while True:
        yield
        world.deliver_late()

"""An old decision made again by the very versions that made it, and held against its record.

What is compared is the recorded text, byte for byte. Where a library computes otherwise than it did
then, that shows as a difference; the libraries of this installation are named beside it, because
the record does not say which ones there were.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from decision_service.access import HOST
from decision_service.decimals import decimal_text
from decision_service.decision_record import in_record
from decision_service.errors import BundleUnavailable, UnknownDecision
from decision_service.loading import Loaded
from decision_service.outlooks import recorded_row
from decision_service.party_parts import PARTY_SLOTS, whole
from decision_service.services import Services
from decision_service.standings import parts_of
from explain.errors import ExplainError
from explain.values import Explanation
from overrides.reading import DecisionRow

LIBRARIES = ("countermand", "lightgbm", "xgboost", "catboost", "scikit-learn", "numpy", "numba")
WHAT = "replay of a decision"  # what the record says was looked at
UNSCORED = "no score was made of it"
ERASED = "what it rests on has been erased"
NONE = "none"
GONE = "the versions that made it cannot be read here"


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that came out otherwise; numbers as text, and never the words of a reason."""

    what: str
    recorded: str
    replayed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What came of a replay. ``why_not`` is empty exactly when it could be made."""

    decision: DecisionRow
    differences: tuple[Difference, ...] = ()
    compared: int = 0  # numbers and reasons that were held against each other
    why_not: str = ""

    @property
    def same(self) -> bool:
        """Whether it was made, and everything is what was recorded."""
        return not self.why_not and not self.differences

    def as_json(self) -> dict[str, Any]:
        """The same as JSON."""
        stamps = {
            part: {"version": stamp.version, "sha256": stamp.sha256} if stamp else None
            for part, stamp in (
                ("model", self.decision.model),
                ("policy", self.decision.policy),
                ("codebook", self.decision.codebook),
            )
        }
        return {
            "decision_id": self.decision.decision_id,
            "made_at": self.decision.made_at.isoformat(),
            "bundle": self.decision.bundle,
            **stamps,
            "same": self.same,
            "compared": self.compared,
            "why_not": self.why_not,
            "differences": [
                {"what": one.what, "recorded": one.recorded, "replayed": one.replayed}
                for one in self.differences
            ],
            "libraries": libraries(),
        }


def libraries() -> dict[str, str]:
    """Versions of what may change a score, as they are installed here."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def replay(services: Services, decision_id: str) -> Replayed:
    """Make a decision again and hold it against its record; raises ``UnknownDecision``.

    That somebody looked is recorded, as of any reading of personal data.
    """
    decision = services.cases.decision(decision_id)
    if decision is None:
        raise UnknownDecision(decision_id=decision_id[:64])
    if decision.raw is None:
        return Replayed(decision=decision, why_not=UNSCORED)
    loaded = _loaded(services, decision)
    if loaded is None:
        return Replayed(decision=decision, why_not=GONE)
    services.viewings.record(HOST, WHAT, case=decision.case_ref)
    slots = ("inputs", "explanation", *PARTY_SLOTS)
    opened = whole(services.ledger.open_slots(decision.event_id, slots))
    inputs, recorded = opened.get("inputs"), opened.get("explanation")
    row = recorded_row(loaded.bundle.contract, inputs) if inputs else None
    if row is None or recorded is None:
        return Replayed(decision=decision, why_not=ERASED)
    (made,) = loaded.bundle.explain([row])
    if isinstance(made, ExplainError):
        return Replayed(decision=decision, why_not=str(made))
    pairs = [*_numbers(decision, made), *_parts(recorded, in_record(made))]
    found = tuple(Difference(what, was, now) for what, was, now in pairs if was != now)
    return Replayed(decision=decision, differences=found, compared=len(pairs))


def _loaded(services: Services, decision: DecisionRow) -> Loaded | None:
    """The three versions of the decision, and no others."""
    model, policy, codebook = parts_of(decision)
    try:
        found = services.registry.loaded(
            decision.bundle, model=model, policy=policy, codebook=codebook
        )
    except BundleUnavailable:
        return None
    here = (found.model.sha256, found.policy_stamp.sha256, found.codebook.sha256)
    return found if here == (model, policy, codebook) else None


def _numbers(decision: DecisionRow, made: Explanation) -> Iterator[tuple[str, str, str]]:
    """What stands in the open part."""
    yield "raw score", decision.raw or "", decimal_text(made.attribution.score)
    yield "base", decision.base or "", decimal_text(made.attribution.base)
    for side, names, sign in (("against", decision.adverse, 1), ("for", decision.favourable, -1)):
        again = [concept for concept, amount in made.pushes if amount * sign > 0]
        yield f"concepts {side}, in order", " ".join(names), " ".join(again)


def _parts(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Contributions by feature, and the principal reasons."""
    again = {name: " ".join(rest) for name, *rest in now["contributions"]}
    for name, *rest in was["contributions"]:
        yield f"contribution of {name}", " ".join(rest), again.pop(name, NONE)
    yield from ((f"contribution of {name}", NONE, rest) for name, rest in again.items())
    for side in ("adverse", "favourable"):
        before, after = was["reasons"][side], now["reasons"][side]
        yield f"principal reasons, {side}", _named(before), _named(after)
        texts = {one["concept"]: one["text"] for one in after}
        for one in before:
            same = texts.pop(one["concept"], None) == one["text"]
            yield f"words of {one['concept']}", "as recorded", "as recorded" if same else "others"
        yield from ((f"words of {concept}", NONE, "others") for concept in texts)


def _named(reasons: Sequence[Mapping[str, Any]]) -> str:
    """The concepts of reasons, in order."""
    return " ".join(one["concept"] for one in reasons)

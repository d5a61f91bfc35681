"""A model's own columns of a feedback set: as stated, as scored, and the push of each feature.

What they are comes from the data contract of the version that scored the row; protected fields are
in no set. The personal parts are opened, read and written many cases at a time.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from decision_service.party_parts import PARTY_SLOTS, whole
from explain.declared.bundle_contents import BundleContents
from explain.declared.contract import NUMERIC, Field
from overrides.canonical import parse_own
from overrides.errors import SlotErased
from overrides.feedback_columns import (
    CONTRIBUTION,
    FLAG,
    NUMBER,
    SCORED,
    STATED,
    TEXT,
    Column,
    exact_numbers,
)
from overrides.feedback_rows import Own
from overrides.journal import Json
from overrides.ledger import LedgerBook
from overrides.reading import FeedbackFact

INPUTS, EXPLANATION = "inputs", "explanation"
WANTED = (INPUTS, EXPLANATION, *PARTY_SLOTS)

Parts = Mapping[str, bytes | SlotErased]


class _Inputs(msgspec.Struct):
    """What of an application's inputs can be in a set."""

    fields: dict[str, Any]
    context: dict[str, Any]


class _Explanation(msgspec.Struct):
    """What of an explanation can be: features, each with its push right after it."""

    contributions: list[list[Any]] = msgspec.field(default_factory=list)


_read_inputs = msgspec.json.Decoder(_Inputs).decode
_read_explanation = msgspec.json.Decoder(_Explanation).decode


@dataclass(frozen=True, slots=True)
class _Said:
    """What of one case was stated, scored and pushed, by field."""

    stated: Mapping[str, Any]
    scored: Mapping[str, Any]
    pushes: Mapping[str, Any]


Kinds = Callable[[str, str | None], Sequence[Column]]
"""Of a model and the hash of its version: its own columns, in order."""


@dataclass(frozen=True, slots=True)
class OwnColumns:
    """Reads the own columns of many cases."""

    ledger: LedgerBook
    columns: Kinds

    def read(self, facts: Sequence[FeedbackFact]) -> Mapping[str, Own | None]:
        """Own columns by the decision's event, as they are written; None for what is erased."""
        opened = self.ledger.unsealed([fact.entry for fact in facts], WANTED)
        found: dict[str, Own | None] = {}
        versions: dict[tuple[str, str | None], dict[str, _Said]] = {}
        for fact in facts:
            event_id, decision = fact.entry.event_id, fact.decision
            said = _said(opened[event_id])
            found[event_id] = None
            if said is not None:
                model = decision.model.sha256 if decision.model else None
                versions.setdefault((decision.bundle, model), {})[event_id] = said
        for version, cases in versions.items():
            rows = _rows(self.columns(*version), list(cases.values()))
            found.update(zip(cases, rows, strict=True))
        return found


def _said(parts: Parts) -> _Said | None:
    """What a case's parts say, with those of its parties; None for an application erased."""
    given, told = parts.get(INPUTS), parts.get(EXPLANATION)
    if not isinstance(given, bytes):
        return None
    if parts.keys() <= {INPUTS, EXPLANATION}:
        inputs = _read_inputs(given)
        fields, context = inputs.fields, inputs.context
        pushes = _read_explanation(told).contributions if isinstance(told, bytes) else []
    else:
        read = {n: p if isinstance(p, SlotErased) else parse_own(p) for n, p in parts.items()}
        together = whole(read)
        fields, context = (together[INPUTS] or {})["fields"], (together[INPUTS] or {})["context"]
        pushes = (together.get(EXPLANATION) or {}).get("contributions", [])
    pushed = {push[0]: push[1] for push in pushes}
    scored = fields if pushed.keys() >= fields.keys() else {n: fields.get(n) for n in pushed}
    return _Said({**fields, **context} if context else fields, scored, pushed)


def _rows(columns: Sequence[Column], cases: Sequence[_Said]) -> Iterator[Own]:
    """The rows of cases of one version."""
    parts = {
        STATED: [case.stated for case in cases],
        SCORED: [case.scored for case in cases],
        CONTRIBUTION: [case.pushes for case in cases],
    }
    as_stated = all(case.scored is case.stated for case in cases)
    written: dict[str, Sequence[Json]] = {}
    for column in columns:
        part, _, name = column.name.partition("_")
        stated = written.get(f"{STATED}_{name}") if as_stated and part == SCORED else None
        written[column.name] = stated or _exact(column.kind, [of.get(name) for of in parts[part]])
    names = tuple(written)
    return (Own(names, values) for values in zip(*written.values(), strict=True))


def own_columns(contents: BundleContents) -> Iterator[Column]:
    """A version's own columns by its contract; protected fields are in no set."""
    contract = contents.contract
    open_to_all = [f for f in contract.fields if f.role != "monitor_only"]
    yield from (_column(STATED, f, _kind(f), "as it was stated") for f in open_to_all)
    yield from (_column(SCORED, f, _kind(f), "as it was scored") for f in contract.features)
    yield from (_column(CONTRIBUTION, f, NUMBER, "its push") for f in contract.features)


def _column(part: str, of: Field, kind: str, words: str) -> Column:
    """A column made of a field."""
    levels = tuple(of.levels) if part != CONTRIBUTION else ()
    told = f"{of.label}, {words}{f', in {of.unit}' if of.unit and part != CONTRIBUTION else ''}."
    return Column(f"{part}_{of.name}", kind, told, levels, role=of.role)


def _kind(of: Field) -> str:
    """How a field's recorded text is written into a column."""
    if of.type in NUMERIC:
        return NUMBER
    return FLAG if of.type == "boolean" else TEXT


def _exact(kind: str, recorded: Sequence[str | None]) -> Sequence[Json]:
    """The recorded values of a column as they are written."""
    if kind == NUMBER:
        return exact_numbers(recorded)
    if kind == FLAG:
        return [None if text is None else bool(float(text)) for text in recorded]
    return recorded

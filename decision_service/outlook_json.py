"""What would change a recommendation, as the interface gives it."""

from typing import Any

from decision_service.company import Company, company
from decision_service.decimals import decimal_text, recorded
from decision_service.outlook_words import (
    NO_LOANS,
    WHY_NOT,
    doubt_words,
    headline,
    lines,
    matured_words,
    notes,
    sentence,
)
from decision_service.outlooks import Doubts, Outlooks, Stated, Turn, doubts
from decision_service.services import Services
from explain.changes.answers import Option
from overrides.reading import CaseFile


def outlook_of(services: Services, file: CaseFile) -> dict[str, Any]:
    """Everything about one case, worked out now."""
    outlooks = Outlooks(services)
    told = outlooks.opened(file)
    if isinstance(told, str):
        return _nothing(file, told)
    found, like = doubts(told), company(services, told, services.clock())
    return {
        **_head(file),
        "changes": _changes(told, outlooks.turn(told)),
        "novelty": _novelty(found),
        "uncertainty": _uncertainty(found, told.loaded.bundle.calibration_population),
        "warnings": list(doubt_words(told, found)),
        "near": _near(told, like),
    }


def _head(file: CaseFile) -> dict[str, Any]:
    """Of which case and decision all is."""
    return {"case_id": file.case.case_ref, "decision_id": file.decision.decision_id}


def _nothing(file: CaseFile, why: str) -> dict[str, Any]:
    """Nothing could be worked out, and why."""
    changes: dict[str, Any] = {
        "answer": "not_asked",
        "why": why,
        "rules": [],
        "recommendation": None,
        "smallest": False,
        "tried": 0,
        "text": WHY_NOT[why],
        "notes": [],
        "options": [],
    }
    rest: dict[str, Any] = {"novelty": None, "uncertainty": None, "warnings": [], "near": None}
    return {**_head(file), "changes": changes, **rest}


def _near(told: Stated, found: Company) -> dict[str, Any]:
    """Who is like the applicant: what became of near loans, and pinned applicants."""
    matured, pinned = found.matured, told.loaded.bundle.likeness.rows
    interval = matured.near.interval if matured.enough else None
    return {
        "matured": {
            "looked_at": matured.looked_at,
            "near": matured.near.of,
            "bad": matured.near.count if matured.enough else None,
            "interval": [decimal_text(one) for one in interval] if interval else None,
            "simulated": matured.simulated,
            "text": matured_words(matured),
        },
        "pinned": [
            {
                "recommendation": advice.value,
                "distance": decimal_text(near.distance),
                "differs": {
                    name: recorded(pinned[near.place][name])
                    for name, value in told.row.items()
                    if pinned[near.place][name] != value
                },
            }
            for advice, nearest in found.examples
            for near in nearest
        ],
    }


def _changes(told: Stated, turn: Turn) -> dict[str, Any]:
    """What was looked for and found."""
    answer = turn.answer
    return {
        "answer": answer.kind if answer else "not_asked",
        "why": turn.why or None,
        "rules": list(turn.rules),
        "recommendation": turn.advice.value if answer else None,
        "smallest": bool(answer and answer.smallest),
        "tried": answer.tried if answer else 0,
        "text": headline(turn),
        "notes": list(notes(told, turn)),
        "options": [_option(told, turn, one) for one in (answer.options if answer else ())],
    }


def _option(told: Stated, turn: Turn, option: Option) -> dict[str, Any]:
    """One set of changes."""
    contract = told.loaded.bundle.contract
    worded = lines(contract, option.changes)
    return {
        "text": sentence(contract, option, turn.advice),
        "fields": option.fields,
        "size": decimal_text(option.size),
        "changes": [
            {
                "field": change.field,
                "label": line.label,
                "from": recorded(change.before),
                "to": recorded(change.after),
                "from_words": line.before,
                "to_words": line.after,
                "follows": change.follows or None,
            }
            for change, line in zip(option.changes, worded, strict=True)
        ],
    }


def _novelty(found: Doubts) -> dict[str, Any]:
    """How far the applicant is from the pinned ones."""
    novelty = found.novelty
    return {
        "pinned": novelty.of,
        "nearest": decimal_text(novelty.nearest),
        "as_far_or_farther": novelty.farther,
        "unlike": novelty.far,
        "fields": [
            {"field": one.field, "kind": one.kind, "alike": one.alike} for one in novelty.fields
        ],
    }


def _uncertainty(found: Doubts, population: str) -> dict[str, Any]:
    """Between which bounds the probability lies by what became of the calibration loans."""
    bounds = found.bounds
    if bounds is None:
        return {"given": False, "text": NO_LOANS}
    return {
        "given": True,
        "population": population,
        "loans": bounds.of,
        "scored_as_low_or_lower": bounds.at_most,
        "scored_as_high_or_higher": bounds.at_least,
        "supported": bounds.supported,
        "low": decimal_text(bounds.low),
        "high": decimal_text(bounds.high),
    }

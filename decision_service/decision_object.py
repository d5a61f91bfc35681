"""A decision as the interface gives it: made from the record alone, so it is the same each time."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from decision_service.policy import routing_texts
from explain.values import LOG_ODDS, SCALE_WORDS
from overrides.journal import Json, VersionStamp
from ui.words import tie_lines

REASONS_SHOWN_MAX = 4
SCALE = SCALE_WORDS[LOG_ODDS]  # of entries that name no other


class Recorded(Protocol):
    """What a draft and an entry read back have in common."""

    @property
    def type(self) -> str:
        """``decision_made`` or ``decision_failed``."""

    @property
    def data(self) -> Mapping[str, Json]:
        """The open part."""

    @property
    def model(self) -> VersionStamp | None:
        """The model's version."""

    @property
    def policy(self) -> VersionStamp | None:
        """The policy's version."""

    @property
    def codebook(self) -> VersionStamp | None:
        """The codebook's version."""


class Place(Protocol):
    """Where an entry lies."""

    @property
    def log(self) -> str:
        """Name of the log."""

    @property
    def seq(self) -> int:
        """Leaf index in it."""

    @property
    def leaf_hash(self) -> bytes:
        """Hash of its leaf."""


def decision_object(
    record: Recorded,
    place: Place,
    *,
    application_id: str | None,
    explanation: Mapping[str, Any] | None,
    rule_texts: Sequence[str] = (),
) -> dict[str, Any]:
    """The decision object of the interface.

    ``application_id`` and ``explanation`` come from the personal parts; None once erased.
    """
    data = record.data
    scored = record.type == "decision_made"
    return {
        "decision_id": data["decision_id"],
        "case_id": data["application"],
        "application_id": application_id,
        "supersedes": data["supersedes"],
        "attempt": data["attempt"],
        "model": {"bundle": data["bundle"], **_version(record.model)},
        "policy": _version(record.policy),
        "codebook": _version(record.codebook),
        "score": _score(data) if scored else None,
        "cutoffs": {name: data[name] for name in _CUTOFFS} if scored else None,
        "recommendation": data["recommendation"] if scored else "refer",
        "status": data["status"],
        "routing": {
            "queue": data["queue"],
            "why": [
                {"code": code, "text": text}
                for code, text in routing_texts(data["routing"], rule_texts)
            ],
        },
        "reasons": _reasons(data, explanation) if scored else _no_reasons(data["cause"]),
        "simulated": data["simulated"],
        "ledger": {
            "log": place.log,
            "seq": place.seq,
            "leaf_hash": place.leaf_hash.hex(),
            "checkpoint": None,
        },
    }


def contributions(
    explanation: Mapping[str, Any] | None, inputs: Mapping[str, Any] | None
) -> list[dict[str, Any]]:
    """All contributions, in the model's order; none where the personal parts are gone."""
    if explanation is None or inputs is None:
        return []
    fields = inputs["fields"]
    return [
        {
            "feature": feature,
            "contribution": amount,
            "value": fields.get(feature),
            **({"error": error[0]} if error else {}),
        }
        for feature, amount, *error in explanation["contributions"]
    ]


_SIDES = ("adverse", "favourable")
_CUTOFFS = ("approve_up_to", "decline_above")


def _version(stamp: VersionStamp | None) -> dict[str, str]:
    """Version and hash."""
    return {"version": stamp.version, "sha256": stamp.sha256} if stamp else {}


def _score(data: Mapping[str, Any]) -> dict[str, str]:
    """The score on its two scales."""
    return {
        "probability_of_bad": data["probability"],
        "raw": data["raw"],
        "scale": data.get("scale", SCALE),
    }


def _reasons(data: Mapping[str, Any], explanation: Mapping[str, Any] | None) -> dict[str, Any]:
    """The principal reasons, and how far they can be relied on."""
    made = (explanation or {}).get("reasons", {})
    found: dict[str, Any] = {
        "adverse": _side(made.get("adverse", ())),
        "favourable": _side(made.get("favourable", ())),
        "base": data["base"],
        "sum_error": data["sum_error"],
        "method": data["method"],
        "background_sha256": data["background"],
        "reliable": data["reliable"],
    }
    if order := [line for side in _SIDES for line in _ties(made.get(side, ()))]:
        found["order"] = order
    if not data["reliable"]:
        found["problem"] = (explanation or {}).get("problem", "")
    return found


def _ties(reasons: Sequence[Mapping[str, Any]]) -> list[str]:
    """Of which reasons of one side the order means nothing, in sentences fit for a letter."""
    shown = reasons[:REASONS_SHOWN_MAX]
    return tie_lines((reason["title"], bool(reason.get("tied"))) for reason in shown)


def _side(reasons: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The strongest reasons of one side."""
    members = ("concept", "title", "text", "contribution", "value", "strength")
    sampled = ("error", "tied")
    return [
        {name: reason[name] for name in (*members, *sampled) if name in members or name in reason}
        for reason in reasons[:REASONS_SHOWN_MAX]
    ]


def _no_reasons(cause: str) -> dict[str, Any]:
    """What stands where no score could be made."""
    return {
        "adverse": [],
        "favourable": [],
        "base": None,
        "sum_error": None,
        "method": None,
        "background_sha256": None,
        "reliable": False,
        "problem": FAILURE_TEXTS.get(cause, cause),
    }


FAILURE_TEXTS: Mapping[str, str] = {
    "suspended": "The model was suspended, so there is no score and there are no reasons.",
    "bundle_unavailable": "The model's files are not the approved ones, so they were not used.",
    "model_error": "The model failed, so there is no score and there are no reasons.",
    "model_timeout": "The model did not answer in time, so there is no score.",
    "nonsense_score": "The model answered something that is no probability.",
}
"""Why there is no score, by cause code."""

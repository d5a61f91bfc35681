"""What is answered, made from what was recorded alone: so it is the same when asked again."""

from collections.abc import Mapping, Sequence
from typing import Any

from decision_service.decimals import decimal_text
from decision_service.decision_record import in_record
from explain.values import SCALE_WORDS, Explanation, Scale

Told = Mapping[str, Any]
"""One row's score as it is recorded, in decimal text; with its explanation where that was asked."""

_NUMBERS = ("raw", "base", "sum_error")
_WORDS = ("scale", "method", "background_sha256", "reliable")
_SAMPLED = ("error", "tied")
_REASON = ("concept", "title", "text", "contribution", "value", "strength", *_SAMPLED)


def told_of(explanation: Explanation, scale: Scale, *, explained: bool) -> Told:
    """What is recorded of one row."""
    attribution = explanation.attribution
    told: dict[str, Any] = {
        "probability": decimal_text(explanation.probability),
        "raw": decimal_text(attribution.score),
    }
    if not explained:
        return told
    return {
        **told,
        "scale": SCALE_WORDS[scale],
        "base": decimal_text(attribution.base),
        "sum_error": decimal_text(attribution.residual),
        "method": explanation.method,
        "background_sha256": explanation.background_sha256,
        "reliable": explanation.reliable,
        **in_record(explanation),
    }


def told_of_decision(decision: Mapping[str, Any]) -> Told:
    """The same of a decision, as the interface shows it with all contributions."""
    score, reasons = decision["score"], decision["reasons"]
    return {
        "probability": score["probability_of_bad"],
        "raw": score["raw"],
        "scale": score["scale"],
        "base": reasons["base"],
        "sum_error": reasons["sum_error"],
        "method": reasons["method"],
        "background_sha256": reasons["background_sha256"],
        "reliable": reasons["reliable"],
        "problem": reasons.get("problem", ""),
        "reasons": {side: reasons[side] for side in ("adverse", "favourable")},
        "contributions": [
            [part["feature"], part["contribution"], *([part["error"]] if "error" in part else [])]
            for part in decision["contributions"]
        ],
    }


def number(text: str) -> float:
    """A recorded number as these protocols have numbers."""
    return float(text)


def explanation(told: Told) -> Mapping[str, Any]:
    """One row's explanation: ``base`` and all contributions add up to ``raw``."""
    return {
        **{name: number(told[name]) for name in _NUMBERS},
        **{name: told[name] for name in _WORDS},
        **({"problem": told["problem"]} if told["problem"] else {}),
        "contributions": [
            {"feature": feature, "contribution": number(amount), **_error(error)}
            for feature, amount, *error in told["contributions"]
        ],
        **{side: _side(told["reasons"][side]) for side in ("adverse", "favourable")},
    }


def _error(error: Sequence[str]) -> dict[str, float]:
    """The standard error of a contribution that was sampled."""
    return {"error": number(error[0])} if error else {}


def _side(reasons: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The principal reasons of one side."""
    return [
        {
            name: number(reason[name]) if name in {"contribution", "error"} else reason[name]
            for name in _REASON
            if name in reason
        }
        for reason in reasons
    ]

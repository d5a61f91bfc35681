"""From a score and its parts to the explanation of one row, or to what is wrong with it."""

import math

from .errors import ExplainError, NonsenseScore, NotFaithful
from .explainers import Parts
from .reasons import Wording
from .values import Attribution, Contribution, Explanation, Row, Scale, probability_of


def explanation_of(
    parts: Parts,
    row: Row,
    *,
    bundle: str,
    features: tuple[str, ...],
    wording: Wording,
    scale: Scale,
    method: str,
    background_sha256: str | None,
) -> Explanation | ExplainError:
    """Check one answer of a model and word it.

    A score that is no finite number, or parts of the wrong number, are a NonsenseScore. Parts that
    do not add up keep their score and lose their reasons.
    """
    if not math.isfinite(parts.score):
        return NonsenseScore(bundle, "the score is not finite")
    if len(parts.amounts) != len(features) or len(parts.errors) not in (0, len(features)):
        return NonsenseScore(bundle, "another number of contributions than features")
    try:
        probability = probability_of(parts.score, scale)
    except ValueError as outside:
        return NonsenseScore(bundle, str(outside))
    values = map(row.__getitem__, features)
    contributions = tuple(map(Contribution, features, parts.amounts, values))
    try:
        attribution = Attribution(parts.score, parts.base, contributions, parts.errors)
    except NotFaithful as unfaithful:
        # The score stands; as nothing about its parts is known, all of it is base.
        whole = Attribution(parts.score, parts.score, ())
        return Explanation(
            probability, whole, (), (), method, background_sha256, False, str(unfaithful)
        )
    worded = wording.reasons(parts.amounts, row, parts.errors)
    return Explanation(
        probability,
        attribution,
        worded.adverse,
        worded.favourable,
        method,
        background_sha256,
        True,
        pushes=worded.pushes,
        surprises=worded.surprises,
    )

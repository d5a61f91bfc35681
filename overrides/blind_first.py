"""Which cases a person judges before the score is seen: a share, drawn by a secret seed.

The draw is a keyed hash of the case's reference, so nobody without the seed can foresee it, nobody
can draw again until it suits, and an auditor who is given the seed works out every draw anew. The
share is recorded with each case, so that what is measured on the drawn ones can be weighted.

Deciding first and seeing the score then, with the right to revise, is arm T2 of Paravisini and
Schoar, "The Incentive Effect of Scores: Randomized Evidence from Credit Committees" (2013).
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from overrides.journal import Json

SEED_BYTES = 32
PURPOSE = b"countermand/blind-first\0"
NUMBER_BYTES = 8
FINGERPRINT_CHARS = 16


def fingerprint(seed: bytes) -> str:
    """What names a seed in the record without giving it away."""
    return hashlib.sha256(PURPOSE + seed).hexdigest()[:FINGERPRINT_CHARS]


def number(seed: bytes, case_ref: str) -> Fraction:
    """The case's number, from 0 to below 1 and evenly spread."""
    digest = hmac.new(seed, PURPOSE + case_ref.encode(), hashlib.sha256).digest()
    return Fraction(int.from_bytes(digest[:NUMBER_BYTES], "big"), 2 ** (8 * NUMBER_BYTES))


@dataclass(frozen=True, slots=True)
class Lot:
    """A seed and the share it is drawn for."""

    seed: bytes
    share: Decimal

    def draws(self, case_ref: str) -> bool:
        """Whether the case is one of the share."""
        return number(self.seed, case_ref) < Fraction(self.share)

    def members(self, case_ref: str) -> Mapping[str, Json]:
        """What is recorded of the draw with the case's first decision."""
        return {
            "p": format(self.share, "f"),
            "drawn": self.draws(case_ref),
            "seed": fingerprint(self.seed),
        }


def was_drawn(sampled: Mapping[str, Json]) -> bool:
    """Whether the draw recorded in a first decision's ``sampled`` asks for first views."""
    return bool((sampled.get("blind") or {}).get("drawn"))


def as_the_seed_says(seed: bytes, case_ref: str, sampled: Mapping[str, Json]) -> bool | None:
    """Whether a recorded draw is the one this seed gives; None for another seed's, or for none."""
    told = sampled.get("blind")
    if not told or told["seed"] != fingerprint(seed):
        return None
    drawn: bool = Lot(seed, Decimal(told["p"])).members(case_ref) == told
    return drawn

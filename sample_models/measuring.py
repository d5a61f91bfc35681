"""What training measures, with denominators, and the part of the model card that tells it."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .fitting import log_loss

BANDS = 10


@dataclass(frozen=True, slots=True)
class Measured:
    """How well chances met outcomes on one set of applications."""

    applications: int
    bads: int
    auc: float
    log_loss: float
    brier: float
    expected_bads: float
    calibration_p: float
    bands: tuple[tuple[int, float, float], ...]


def measure(chances: Sequence[float], bad: Sequence[int]) -> Measured:
    """Discrimination and calibration; bands hold count, mean chance and observed bad rate."""
    from sklearn.metrics import roc_auc_score

    pairs = sorted(zip(chances, bad, strict=True))
    cuts = [len(pairs) * band // BANDS for band in range(BANDS + 1)]
    groups = [pairs[a:b] for a, b in itertools.pairwise(cuts)]
    bands = []
    distance = 0.0
    for group in groups:
        expected = sum(p for p, _ in group)
        observed = sum(y for _, y in group)
        variance = expected * (1.0 - expected / len(group))
        distance += (observed - expected) ** 2 / variance
        bands.append((len(group), expected / len(group), observed / len(group)))
    return Measured(
        applications=len(bad),
        bads=sum(bad),
        auc=float(roc_auc_score(bad, chances)),
        log_loss=log_loss(chances, bad),
        brier=sum((p - y) ** 2 for p, y in pairs) / len(pairs),
        expected_bads=sum(chances),
        # Hosmer-Lemeshow on rows the model was not fitted on: as many degrees as bands.
        calibration_p=_chi_square_tail(distance),
        bands=tuple(bands),
    )


def _chi_square_tail(distance: float) -> float:
    """Chance that a chi-square with BANDS (an even number of) degrees exceeds ``distance``."""
    half = distance / 2.0
    return math.exp(-half) * sum(half**k / math.factorial(k) for k in range(BANDS // 2))


def card_text(
    development: Measured,
    held_out: Measured,
    chosen: Mapping[str, Any],
    cutoffs: tuple[str, str],
    shares: Mapping[str, int],
) -> str:
    """Markdown: both measurements side by side, calibration by band, and how cut-offs fall."""
    lines = [
        "## What training measured",
        "",
        "Chosen by five-fold log-loss on the development part alone: "
        + ", ".join(f"{key} {value}" for key, value in chosen.items())
        + ". Development figures are for rows left out of each fold.",
        "",
        "| | development | held out |",
        "|---|---|---|",
    ]
    for label, name in (("applications", "applications"), ("bad loans", "bads")):
        lines.append(f"| {label} | {getattr(development, name)} | {getattr(held_out, name)} |")
    for label, name, form in (
        ("expected bad loans", "expected_bads", ".0f"),
        ("area under the ROC curve", "auc", ".2f"),
        ("log-loss", "log_loss", ".2f"),
        ("Brier score", "brier", ".2f"),
        ("calibration test, p", "calibration_p", ".2f"),
    ):
        first, second = getattr(development, name), getattr(held_out, name)
        lines.append(f"| {label} | {first:{form}} | {second:{form}} |")
    lines += ["", "### Calibration on the held-out part", ""]
    lines += ["| applications | bad loans expected | bad loans observed |", "|---|---|---|"]
    lines += [f"| {n} | {n * mean:.0f} | {n * rate:.0f} |" for n, mean, rate in held_out.bands]
    lines += ["", f"### Cut-offs: approve up to {cutoffs[0]}, decline above {cutoffs[1]}", ""]
    total = sum(shares.values())
    lines += [
        f"- {word}: {count} of {total} held-out applications ({100 * count / total:.0f} %)"
        for word, count in shares.items()
    ]
    return "\n".join([*lines, ""])

"""How often the sequential trigger is right: ``python -m benchmarks.sequential``.

Each run is one bundle with 24 monthly cohorts. Outcomes are drawn from the recorded probabilities,
moved by a planted shift and by a normal shock that a cohort shares. Shocks beyond the declared one
are printed too: they show where the promise ends.
"""

import argparse
import math
from dataclasses import dataclass
from random import Random
from statistics import median

from overrides.analysis.sequential import Declared, first_alarm, monitored
from overrides.statistics import chance_of, logit, wilson

LOOKS = 24
SEED = 20261123


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of ``runs`` bundles: those that alarmed, and the median look."""

    runs: int
    alarms: int
    look: float | None


def looked_at(runs: int, *, shift: float, shock: float, of: int) -> Looked:
    """Bundles with cohorts of ``of`` loans at about 10 %; ``shift``, ``shock`` in log-odds."""
    chance = Random(SEED)
    declared, found = Declared(), []
    for _ in range(runs):
        cohorts = []
        for _ in range(LOOKS):
            moved = shift + chance.gauss(0, shock)
            scores = [chance_of(chance.gauss(logit(0.1), 0.7)) for _ in range(of)]
            cohorts.append(
                [(score, chance.random() < chance_of(logit(score) + moved)) for score in scores]
            )
        found.append(first_alarm(monitored(cohorts, declared), declared.alarm))
    looks = [look for look in found if look is not None]
    return Looked(runs, len(looks), median(looks) if looks else None)


def main() -> None:
    """Print the share of bundles with an alarm, with its interval, for each planted world."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--runs", type=int, default=200)
    asked.add_argument("--loans", type=int, default=100, help="in each monthly cohort")
    given = asked.parse_args()
    print(f"{given.runs} bundles, {LOOKS} looks, {given.loans} loans a month; {Declared()}")
    for odds, shock in ((1, 0), (1, 0.1), (1, 0.2), (1, 0.4), (1.5, 0.1), (1 / 1.5, 0.1)):
        found = looked_at(given.runs, shift=math.log(odds), shock=shock, of=given.loans)
        low, high = wilson(found.alarms, found.runs)
        print(
            f"odds x {odds:4.2f}, shock {shock:.1f}: {found.alarms} of {found.runs} alarm "
            f"({low:.1%} to {high:.1%}), median look {found.look or '-'}"
        )


if __name__ == "__main__":
    main()

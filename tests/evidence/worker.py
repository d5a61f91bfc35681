"""A process that works off lots: it reads a number and a size per line, and answers in JSON."""

import gc
import json
import os
import sys
import time
from dataclasses import asdict
from typing import TextIO

from tests.evidence.lots import Lot, Tally
from tests.evidence.parts import PARTS
from tests.evidence.results import LotDone


def serve(name: str, seed: int, sabotage: str, answers: TextIO) -> None:
    """Work off every lot that is asked for."""
    part = PARTS[name]
    for line in sys.stdin:
        number, units = map(int, line.split())
        started = time.monotonic()
        try:
            tally = part.run(Lot(seed, number, units, sabotage))
        except Exception as broken:
            if not sabotage:
                raise
            tally = Tally(units)  # a fault put in on purpose may break the harness too
            tally.fail("broken", f"{type(broken).__name__}: {broken}")
        done = LotDone.of(number, units, time.monotonic() - started, tally)
        answers.write(json.dumps(asdict(done)) + "\n")
        answers.flush()
        gc.collect()


def main() -> None:
    """Keep what is printed by others away from the answers."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    name, seed, sabotage = sys.argv[1:]
    serve(name, int(seed), sabotage, answers)


if __name__ == "__main__":
    main()

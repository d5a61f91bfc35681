"""A process that works off lots: it is told a number and a size, and answers with what was done."""

import gc
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from multiprocessing.connection import Connection
from typing import Any

from tests.evidence.lots import Lot, Tally
from tests.evidence.parts import PARTS
from tests.evidence.results import ROOT, LotDone


def serve(name: str, seed: int, sabotage: str, line: "Connection[Any, Any]") -> None:
    """Work off every lot that is asked for."""
    part = PARTS[name]
    while (asked := _asked(line)) is not None:
        number, units = asked
        started = time.monotonic()
        try:
            tally = part.run(Lot(seed, number, units, sabotage))
        except Exception as broken:
            if not sabotage:
                raise
            tally = Tally(units)  # a fault put in on purpose may break the harness too
            tally.fail("broken", f"{type(broken).__name__}: {broken}")
        line.send(asdict(LotDone.of(number, units, time.monotonic() - started, tally)))
        gc.collect()


def forked(
    name: str,
    seed: int,
    sabotage: str,
    surroundings: Mapping[str, str],
    line: "Connection[Any, Any]",
) -> None:
    """The same in a process that was forked off another, in surroundings of its own."""
    os.chdir(ROOT)
    os.environ.update(surroundings)
    serve(name, seed, sabotage, line)


def _asked(line: "Connection[Any, Any]") -> tuple[int, int] | None:
    """Number and size of the next lot; None when nobody will ask again."""
    try:
        asked: tuple[int, int] = line.recv()
    except EOFError:
        return None
    return asked


def main() -> None:
    """As a program: the line is open under a number."""
    name, seed, sabotage, line = sys.argv[1:]
    with Connection(int(line)) as opened:
        serve(name, int(seed), sabotage, opened)


if __name__ == "__main__":
    main()

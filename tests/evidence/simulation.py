"""Many actors over one ledger with every fault there is, in one thread, from one seed.

The deciders and the way an event moves a case are the product's own; the ledger lies in memory and
keeps the promises every journal keeps. An oracle that knows only the rules says what must come of
each asking. One episode of each lot is played over the real ledger on disk.
"""

import sys
from collections.abc import Callable
from functools import partial
from itertools import count

from tests.evidence.actors import people
from tests.evidence.lots import Lot, Part, Tally, scratch
from tests.evidence.sabotage import FOUR_EYES_SHUT, LEASES_IGNORED, STALE_PAGES_DECIDE, sabotaged
from tests.evidence.sql_server import on_disk
from tests.evidence.world import Diverged, World, in_memory

EPISODE = 4_000
LOT = 1_000_000
STEPS_ON_DISK = 1_500
EAGER_EVERY = 25  # episodes between two whose bytes, hashes and encryption are made at once


def play(seed: int, steps: int, *, eager: bool) -> World:
    """One episode; raises ``Diverged``."""
    world = World(seed, lambda world: in_memory(world, eager=eager))
    world.run(people(world), steps)
    world.compare_all()
    return world


def play_on_disk(seed: int, steps: int) -> World:
    """The same over the real ledger."""
    with scratch() as folder, on_disk(folder, seed) as world:
        world.run(people(world), steps)
        world.compare_all()
        return world


def run(lot: Lot) -> Tally:
    """Episodes until there are enough steps."""
    tally = Tally()
    seeds = lot.chance("episodes")
    with sabotaged(lot.sabotage):
        for number in count():
            steps = min(EPISODE, lot.units - tally.units)
            if steps <= 0:
                break
            seed, eager = seeds.getrandbits(48), number % EAGER_EVERY == 0
            _note(tally, seed, partial(play, seed, steps, eager=eager))
            tally.units += steps
        seed, steps = seeds.getrandbits(48), min(STEPS_ON_DISK, lot.units)
        _note(tally, seed, partial(play_on_disk, seed, steps))
        tally.counts["steps on disk besides"] += steps
    return tally


def _note(tally: Tally, seed: int, episode: Callable[[], World]) -> None:
    """Play an episode and count what was in it."""
    repeat = f"python -m tests.evidence.simulation {seed}"
    try:
        world = episode()
    except Diverged as diverged:
        tally.fail("diverged", f"{repeat}: {diverged}")
    except Exception as broken:  # noqa: BLE001 - whatever breaks, its seed is told
        tally.fail("broken", f"{repeat}: {type(broken).__name__}: {broken}")
    else:
        tally.counts["episodes"] += 1
        tally.counts["askings"] += world.asked
        tally.counts["faults"] += world.faults
        tally.counts["entries"] += world.oracle.size


PART = Part(
    name="simulation",
    shows="Whatever the network, the clock and the people do, the record is what the rules say",
    unit="steps",
    run=run,
    release=100_000_000,
    small=200_000,
    red=12_000,
    lot=LOT,
    rate=120_000,
    sabotages=(FOUR_EYES_SHUT, STALE_PAGES_DECIDE, LEASES_IGNORED),
)


if __name__ == "__main__":
    for play_again in (play_on_disk, partial(play, eager=True)):
        print(play_again(int(sys.argv[1]), EPISODE).oracle.size, "entries, as the rules say")  # noqa: T201

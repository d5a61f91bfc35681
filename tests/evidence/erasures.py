"""People erased from a whole installation, every file of which is then searched for them.

Half go because they asked, half because the schedule says so; two people approve. Beside the
database lie its log of writes, what was logged, exports and feedback sets made before and after.
"""

from tests.decision_service.erasure_house import erasure_house
from tests.decision_service.shredding import STAY, LoggedTo, found_in, shred, sought
from tests.evidence.lots import Lot, Part, Tally, scratch
from tests.evidence.sabotage import SEALED_LOGGED, sabotaged
from tests.evidence.service import surroundings

LOT = 50


def run(lot: Lot) -> Tally:
    """Erase so many people, and look for them."""
    tally = Tally(lot.units)
    with scratch() as folder, sabotaged(lot.sabotage):
        data = folder / "data"
        data.mkdir()
        with LoggedTo(data / "everything.log"), erasure_house(data) as house:
            shred(house, data, lot.units + STAY)
        wanted = sought(folder / "needles")
        tally.counts["texts, salts and keys looked for"] += len(wanted)
        tally.counts["bytes searched"] += sum(
            path.stat().st_size for path in data.rglob("*") if path.is_file()
        )
        for name, needle in found_in(data, wanted):
            tally.fail("left", f"{needle[:40]!r} in {name}")
    return tally


PART = Part(
    name="erasures",
    shows="Of whoever was erased no text, salt or key is left in any file.",
    unit="people",
    run=run,
    release=1_000,
    small=30,
    red=6,
    lot=LOT,
    rate=3,
    sabotages=(SEALED_LOGGED,),
    surroundings=surroundings,
)

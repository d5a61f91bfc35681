"""The sample applications as they lie in a file, split for development and for showing."""

import csv
import hashlib
import io
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
GERMAN_CSV = HERE / "german.csv"
GERMAN_SHA256 = "0a0d31f4e6ab94c87a75d5550082c706e9c1221422aa521546654fbb44aa1d57"
IDENTITY = "application_id"
OUTCOME = "bad"


@dataclass(frozen=True, slots=True)
class Application:
    """One application as text cells by field name, and whether its loan turned bad."""

    application_id: str
    cells: dict[str, str]
    bad: int


def german() -> list[Application]:
    """The 1,000 German applications; RuntimeError when the file is not the one recorded here."""
    content = GERMAN_CSV.read_bytes()
    if hashlib.sha256(content).hexdigest() != GERMAN_SHA256:
        msg = f"{GERMAN_CSV.name} is not the file this package was made with"
        raise RuntimeError(msg)
    return read(content.decode())


def read(text: str) -> list[Application]:
    """Applications from CSV text with the columns application_id, fields, bad."""
    applications = []
    for cells in csv.DictReader(io.StringIO(text), strict=True):
        identity, bad = cells.pop(IDENTITY), cells.pop(OUTCOME)
        applications.append(Application(identity, cells, int(bad)))
    return applications


def split(
    applications: Sequence[Application], development: int, seed: int
) -> tuple[list[Application], list[Application]]:
    """Development and held-out part with the same share of bad loans, each in file order."""
    chance = random.Random(seed)  # noqa: S311 # drawing a sample, not keeping a secret
    chosen: set[str] = set()
    for bad in (0, 1):
        ids = sorted(a.application_id for a in applications if a.bad == bad)
        share = round(development * len(ids) / len(applications))
        chosen |= set(chance.sample(ids, share))
    part = [a for a in applications if a.application_id in chosen]
    rest = [a for a in applications if a.application_id not in chosen]
    return part, rest


def write_held_out(directory: Path, prefix: str, applications: Sequence[Application]) -> None:
    """Write the held-out applications, and apart from them how their loans turned out."""
    fields = list(applications[0].cells)
    with (directory / f"{prefix}held_out.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow([IDENTITY, *fields])
        table.writerows([a.application_id, *a.cells.values()] for a in applications)
    path = directory / f"{prefix}held_out_outcomes.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow([IDENTITY, OUTCOME])
        table.writerows([a.application_id, a.bad] for a in applications)

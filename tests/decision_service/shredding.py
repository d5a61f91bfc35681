"""Erasing people from a whole installation, and looking for what is left of them in its files.

What is looked for was planted, or read out of the running installation before the erasure: texts,
salts and data keys, as they are and as they might be written.
"""

import itertools
import json
import logging
import os
import struct
from base64 import b64encode
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from decision_service.access import HOST
from decision_service.erasure_finishing import finish_erasures
from decision_service.erasures import Named
from decision_service.feedback_export import FeedbackExport
from overrides.events import read_event
from overrides.export import export
from overrides.stores.engine import open_engine, reading
from overrides.stores.payloads import stored_parts
from tests.decision_service.desk_house import applications
from tests.decision_service.erasure_house import ErasureHouse
from tests.decision_service.test_erasures import verdict

STAY = 5
WINDOW = 8  # bytes: shorter needles would be found by chance


def shred(house: ErasureHouse, data: Path, parties: int) -> None:
    """Record, export, erase all but a few, look at everything, and export again."""
    house.desk._applications = itertools.cycle(applications())
    made = [record(house, number) for number in range(parties)]
    gone, kept = made[STAY:], made[:STAY]
    needles = [needle for one in gone for needle in secrets_of(house, one)]
    (data.parent / "needles").write_text(json.dumps([needle.hex() for needle in needles]))
    FeedbackExport(house.services).write(
        house.services.settings.feedback / "before", HOST, bundle="german-credit"
    )
    early = house.services.settings.feedback / "before"
    assert list(early.glob("*.parquet"))
    planted = data / "planted"
    planted.write_bytes(b"x" + b"|".join(needles))
    assert len(found_in(data, needles)) >= len(needles), "what is there is found"
    planted.unlink()
    house.desk.clock.passes(days=3)
    for one in gone[::2]:
        house.erase(party=one["party"])
    house.desk.clock.passes(days=7 * 366)
    hold_the_others(house, kept)
    asked = house.acts.ask_due(house.people["carla"], house.desk.clock(), "")
    house.acts.approve(house.people["dora"], asked.request_id, asked.root, "")
    finished = finish_erasures(house.services)
    assert finished.sets == ("before",)
    assert (early / "manifest.json").exists()
    for one in gone:
        assert set(house.parts(one["case_id"]).values()) == {"erased"}
        house.desk.desk.case(house.desk.viewer("asha"), one["case_id"])
    for one in kept:
        assert set(house.parts(one["case_id"]).values()) == {"read"}
    services = house.services
    export(services.ledger, data / "export", services.signer, services.clock, disclose={"note"})
    FeedbackExport(services).write(services.settings.feedback / "after", HOST)
    assert finish_erasures(services).sets == (), "a set made afterwards stays"
    assert verdict(house) == "CLEAN"


def record(house: ErasureHouse, number: int) -> dict[str, Any]:
    """A closed case full of things to look for."""
    canary = f"canary-{number:06d}-{os.urandom(6).hex()}"
    case = house.closed(
        f"party {canary}",
        application_id=f"application {canary}",
        fields_meta={"duration_months": {"source": f"source {canary}"}},
        note=f"note {canary}",
        evidence=f"evidence {canary}",
    )
    texts = [f"{what} {canary}" for what in ("party", "application", "source", "note", "evidence")]
    return {"party": f"party {canary}", "case_id": case["case_id"], "texts": texts}


def secrets_of(house: ErasureHouse, one: dict[str, Any]) -> Iterator[bytes]:
    """Texts, salts and data keys of a case, as they are and as they might be written."""
    services = house.services
    for text in one["texts"]:
        yield text.encode()
    keys: set[bytes] = set()
    for entry in services.ledger.entries_of_case(one["case_id"]):
        event_id = entry.event_id
        slots = list(services.ledger.open_slots(event_id))
        for part in services.ledger.disclosures([event_id], slots):
            yield from spellings(part.salt)
        keys |= data_keys(house, event_id)
    for key in keys:
        yield from spellings(key)


def spellings(secret: bytes) -> Iterator[bytes]:
    """A secret as bytes, in hex and in base 64."""
    yield secret
    yield secret.hex().encode()
    yield b64encode(secret)


def data_keys(house: ErasureHouse, event_id: str) -> set[bytes]:
    """The data keys, unwrapped, that lock the parts of an entry."""
    engine = open_engine(house.services.settings.url)
    entry = house.services.ledger.entry_of(event_id)
    event = read_event(entry.body)
    with reading(engine) as connection:
        parts = stored_parts(connection, event.log, [event])[event_id]
    engine.dispose()
    unwrap: Callable[..., bytes] = house.services.vault._unwrap
    return {unwrap(key, slot) for slot, (_, key) in parts.items() if key is not None}


def hold_the_others(house: ErasureHouse, kept: list[dict[str, Any]]) -> None:
    """The cases that stay are on hold, so that the schedule does not take them."""
    for one in kept:
        target = house.acts.target(Named(case=one["case_id"]))
        house.acts.hold(house.people["carla"], target, "examination", "")


def found_in(
    folder: Path, needles: list[bytes], without: Collection[Path] = ()
) -> list[tuple[str, bytes]]:
    """Every needle found in any file, by its first bytes at any place.

    Folders named ``without`` are passed over.
    """
    wanted: dict[int, list[bytes]] = {}
    for needle in needles:
        wanted.setdefault(struct.unpack("<Q", needle[:WINDOW])[0], []).append(needle)
    heads = np.array(sorted(wanted), dtype=np.uint64)
    low = np.zeros(1 << 16, dtype=bool)  # most places are ruled out by two bytes
    low[heads & np.uint64(0xFFFF)] = True
    found: list[tuple[str, bytes]] = []
    for path in sorted(folder.rglob("*")):
        if path.parent in without:
            continue
        data = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        for offset in range(WINDOW):
            whole = (len(data) - offset) // WINDOW * WINDOW
            if whole <= 0:
                continue
            words = np.frombuffer(data, dtype="<u8", offset=offset, count=whole // WINDOW)
            likely = np.flatnonzero(low[words.view("<u2")[::4]])
            for place in likely[np.isin(words[likely], heads)]:
                at = offset + int(place) * WINDOW
                found += [
                    (path.name, needle)
                    for needle in wanted[int(words[place])]
                    if data.startswith(needle, at)
                ]
    return found


def sought(needles: Path) -> list[bytes]:
    """What ``shred`` wrote down to look for."""
    found = [bytes.fromhex(line) for line in json.loads(needles.read_text())]
    assert len(found) > 100
    return found


def assert_nothing_left(folder: Path, needles: Path, without: Collection[Path] = ()) -> None:
    """No needle is in any file."""
    wanted = sought(needles)
    found = found_in(folder, wanted, without)
    assert not found, f"{len(found)} of {len(wanted)}: {found[:5]}"


class LoggedTo:
    """Everything that is logged goes to a file meanwhile."""

    def __init__(self, path: Path) -> None:
        self._handler = logging.FileHandler(path)

    def __enter__(self) -> None:
        """Begin."""
        logging.getLogger().addHandler(self._handler)
        logging.getLogger().setLevel(logging.DEBUG)

    def __exit__(self, *_: object) -> None:
        """End."""
        logging.getLogger().removeHandler(self._handler)
        logging.getLogger().setLevel(logging.WARNING)
        self._handler.close()

"""What an export says of erasures: what each took, and the proof of the entry that recorded it.

Whoever uses it has checked the export first.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from overrides.countermand_verify import CHECKPOINT, ERASED, unbundle
from overrides.erasing import Pair
from overrides.erasure_memory import Erased
from overrides.events import read_event
from overrides.merkle import BLOCK, Frontier, Run, inclusion_proof, leaf_hash
from overrides.notes import claimed_checkpoint
from overrides.proofs import whole_proof
from overrides.tiles import tile_path

MARK = b'"type":"record_erased"'


def erased_in(export: Path) -> list[Erased]:
    """What the erasures took that an export lists, each with its proof."""
    listed: dict[str, list[Pair]] = {}
    with (export / ERASED).open("rb") as lines:
        for line in lines:
            part = json.loads(line)
            listed.setdefault(part["erasure"], []).append((part["event_id"], part["slot"]))
    note = (export / CHECKPOINT).read_text("utf-8")
    nodes, recorded = _read(export, claimed_checkpoint(note).size)
    found = []
    for event_id, (seq, body) in recorded.items():
        path = inclusion_proof(nodes, seq, nodes.size)
        pairs = listed.get(event_id) or _named(body)
        found.append(Erased(event_id, tuple(pairs), whole_proof(seq, path, note, body=body)))
    return found


class _Nodes(dict[tuple[int, int], bytes]):
    """Hashes of an export's tree by level and place: what proofs are made of."""

    size = 0

    def __call__(self, runs: Sequence[Run]) -> list[list[bytes]]:
        """Hashes of the nodes of each run."""
        return [[self[run.level, at] for at in range(run.start, run.stop)] for run in runs]


def _read(export: Path, size: int) -> tuple[_Nodes, dict[str, tuple[int, bytes]]]:
    """The tree, and the entries of erasures by id, with their places."""
    nodes, tree = _Nodes(), Frontier()
    recorded: dict[str, tuple[int, bytes]] = {}
    for start in range(0, size, BLOCK):
        width = min(BLOCK, size - start)
        lies = export / tile_path("entries", start // BLOCK, width)
        for seq, body in enumerate(unbundle(lies.read_bytes(), width), start):
            nodes[0, seq] = leaf_hash(body)
            for whole in tree.append(nodes[0, seq]):
                nodes[whole.level, whole.index] = whole.hash
            if MARK in body and (event := read_event(body)).type == "record_erased":
                recorded[event.event_id] = seq, body
    nodes.size = size
    return nodes, recorded


def _named(body: bytes) -> list[Pair]:
    """What an entry names itself."""
    return [(str(pair[0]), str(pair[1])) for pair in read_event(body).data["slots"]]

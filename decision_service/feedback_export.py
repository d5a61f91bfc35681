"""Making a feedback set: the cut, its place in the ledger, the files, and the entry that says so.

The same cut gives the same bytes whoever asks and whenever, until a record is erased; the manifest
counts erasures.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from decision_service.board_page import outcome_definitions
from decision_service.errors import FolderTaken, InstantAhead
from decision_service.feedback_files import (
    CONTRIBUTION,
    FLAG,
    MANIFEST,
    NUMBER,
    SCORED,
    STATED,
    TEXT,
    ParquetRows,
)
from decision_service.party_parts import PARTY_SLOTS, whole
from decision_service.services import Services
from explain.declared.contract import NUMERIC, Field
from overrides.feedback import Cut, Origin, decide_export, make_feedback
from overrides.journal import Json, OnceOnly, Receipt
from overrides.values import Actor

PARTIAL = ".partial"
ELSEWHERE = "elsewhere: "  # before the name of a set that lies not in the data directory
PURPOSE = "model development"
ERASURES_READ_MAX = 1_000


@dataclass(frozen=True, slots=True)
class FeedbackExport:
    """Writes feedback sets."""

    services: Services

    def write(
        self,
        directory: Path,
        actor: Actor,
        *,
        bundle: str | None = None,
        as_of: datetime | None = None,
        purpose: str = PURPOSE,
        once: OnceOnly | None = None,
    ) -> tuple[Mapping[str, Json], Receipt]:
        """Write a set into a new or empty folder and record it; its manifest, and the receipt.

        Without ``bundle`` all models are in it, a file each. Raises ``FolderTaken``,
        ``InstantAhead`` for a cut that has not come yet, ``UnknownBundle``, ``BundleUnavailable``
        when a contract cannot be read, and ``LedgerUnavailable``; then no folder is left behind.
        """
        if bundle is not None:
            self.services.registry.standings().standing(bundle)
        as_of = self._cut_at(as_of)
        directory = directory.resolve()
        with _filling(directory) as partial:
            manifest = self._files(partial, as_of, bundle, purpose)
            content = json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
            (partial / MANIFEST).write_text(content, encoding="utf-8")
            folder = self._place(directory)
            decided = decide_export(manifest, content.encode(), folder, actor, self.services.new_id)
            receipt = self.services.journal.submit(lambda _state: decided, once=once).result()
            if not receipt.replayed:
                for name in (*manifest["files"], MANIFEST):  # the manifest says that all is there
                    (partial / name).rename(directory / name)
        return manifest, receipt

    def _place(self, directory: Path) -> str:
        """What is recorded of where a set lies: the path among the sets here, else its name."""
        here = self.services.settings.feedback.resolve()
        if directory.is_relative_to(here):
            return directory.relative_to(here).as_posix()
        return f"{ELSEWHERE}{directory.name}"

    def _cut_at(self, as_of: datetime | None) -> datetime:
        """The instant of the cut; now, under a checkpoint, when none is given."""
        if as_of is None:
            self.services.signer.checkpoint()
            return self.services.clock()
        if as_of > self.services.clock():
            raise InstantAhead
        return as_of

    def _files(
        self, folder: Path, as_of: datetime, bundle: str | None, purpose: str
    ) -> dict[str, Json]:
        """Write the rows; the manifest."""
        cut = Cut(
            as_of=as_of,
            definitions=outcome_definitions(self.services),
            features=self._features,
            pseudonym=self.services.vault.lookup_hash,
            acts=self.services.cases.acts,
        )
        return make_feedback(
            self.services.cases.feedback_facts(as_of, bundle=bundle),
            cut,
            ParquetRows(folder, cache(self._columns)),
            self._origin(as_of),
            bundle=bundle,
            purpose=purpose,
        )

    def _features(self, event_id: str) -> Mapping[str, Json] | None:
        """What was stated and what was scored; None once it can no longer be read."""
        wanted = ("inputs", "explanation", *PARTY_SLOTS)
        opened = whole(self.services.ledger.open_slots(event_id, wanted))
        inputs, explanation = (opened.get(name) for name in ("inputs", "explanation"))
        if inputs is None:
            return None
        parts: list[Any] = list((explanation or {}).get("contributions", ()))
        return {
            STATED: {**inputs["fields"], **inputs["context"]},
            SCORED: {feature: inputs["fields"].get(feature) for feature, *_ in parts},
            CONTRIBUTION: {feature: amount for feature, amount, *_ in parts},
        }

    def _columns(self, bundle: str, model: str | None) -> Mapping[str, str]:
        """A version's own columns by its contract; protected fields are in no set."""
        contract = self.services.registry.loaded(bundle, model=model or "").bundle.contract
        open_to_all = [f for f in contract.fields if f.role != "monitor_only"]
        return {
            **{f"{STATED}_{f.name}": _kind(f) for f in open_to_all},
            **{f"{SCORED}_{f.name}": _kind(f) for f in contract.features},
            **{f"{CONTRIBUTION}_{f.name}": NUMBER for f in contract.features},
        }

    def _origin(self, as_of: datetime) -> Origin:
        """Where the cut lies in the ledger, and how often something was erased from it."""
        ledger = self.services.ledger
        size = self._size_at(as_of)
        signed = [c for c in ledger.checkpoints() if c.signed_at <= as_of and c.size <= size]
        return Origin(
            log=ledger.log,
            size=size,
            root=ledger.frontier(size).root().hex(),
            checkpoint=signed[-1].note if signed else None,
            erasure_epoch=self._erasures(),
        )

    def _size_at(self, as_of: datetime) -> int:
        """How many entries had been recorded by then: times never go back, so it can be halved."""
        low, high = 0, self.services.ledger.head().size
        while low < high:
            middle = (low + high) // 2
            entry = self.services.ledger.entry(middle)
            if entry is not None and entry.recorded_at <= as_of:
                low = middle + 1
            else:
                high = middle
        return low

    def _erasures(self) -> int:
        """How many erasures the ledger has."""
        count, after = 0, -1
        while found := self.services.ledger.changes(after, ERASURES_READ_MAX, ("record_erased",)):
            count, after = count + len(found), found[-1].seq
        return count


def _kind(field: Field) -> str:
    """How a field's recorded text is written into a column."""
    if field.type in NUMERIC:
        return NUMBER
    return FLAG if field.type == "boolean" else TEXT


@contextmanager
def _filling(directory: Path) -> Iterator[Path]:
    """A place inside a new or empty folder to write in; a folder left empty is taken away again."""
    partial = directory / PARTIAL
    if directory.exists() and any(entry != partial for entry in directory.iterdir()):
        raise FolderTaken(folder=directory.name)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        if not any(directory.iterdir()):
            directory.rmdir()

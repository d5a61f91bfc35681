"""Making a feedback set: the cut, its place in the ledger, the files, and the entry that says so.

The same cut gives the same bytes whoever asks and whenever, until a record is erased; the manifest
counts erasures.
"""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files as resources
from pathlib import Path
from typing import Any

import decision_service
from decision_service.board_page import outcome_definitions
from decision_service.errors import BundleUnavailable
from decision_service.feedback_datasheet import DATASHEET, datasheet
from decision_service.feedback_errors import FolderTaken, InstantAhead
from decision_service.feedback_features import OwnColumns, own_columns
from decision_service.feedback_files import MANIFEST, FileFormat, FileRows, Packing, sha256_of
from decision_service.feedback_papers import CONTRACT, CROISSANT, contract, croissant
from decision_service.feedback_processes import APART_FROM, Setting, batches_apart
from decision_service.services import Services
from overrides.errors import NoteInvalid
from overrides.feedback import (
    Batch,
    Cut,
    Made,
    Origin,
    decide_export,
    feedback_batches,
    make_feedback,
)
from overrides.feedback_book import Place
from overrides.feedback_columns import Column
from overrides.feedback_design import design
from overrides.journal import Json, OnceOnly, Receipt
from overrides.labels import OutcomeDefinition
from overrides.notes import open_note
from overrides.signing_keys import trusted_keys
from overrides.values import Actor

PARTIAL = ".partial"
ELSEWHERE = "elsewhere: "  # before the name of a set that lies not in the data directory
PURPOSE = "model development"
ERASURES_READ_MAX = 1_000
VERIFY, VERIFY_SOURCE = "verify.py", "feedback_verify.py"


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
        form: FileFormat = "parquet",
        once: OnceOnly | None = None,
    ) -> tuple[Mapping[str, Json], Receipt]:
        """Write a set into a new or empty folder and record it; its manifest, and the receipt.

        Without ``bundle`` all models are in it, a file each. Raises ``FolderTaken``,
        ``InstantAhead`` for a cut that has not come yet, ``UnknownBundle``, ``BundleUnavailable``
        when a contract cannot be read, and ``LedgerUnavailable``; then no folder is left behind.
        """
        if bundle is not None:
            self.services.registry.standings().standing(bundle)
        as_of = self.cut_at(as_of)
        directory = directory.resolve()
        with _filling(directory) as partial:
            made, columns = self._rows(partial, as_of, bundle, purpose, form)
            manifest = _with_papers(partial, made, columns)
            content = json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
            (partial / MANIFEST).write_text(content, encoding="utf-8")
            folder = self._place(directory)
            decided = decide_export(manifest, content.encode(), folder, actor, self.services.new_id)
            receipt = self.services.journal.submit(lambda _state: decided, once=once).result()
            if not receipt.replayed:
                for name in (
                    *manifest["files"],
                    *manifest["papers"],
                    MANIFEST,
                ):  # the manifest says that all is there
                    (partial / name).rename(directory / name)
        return manifest, receipt

    def _place(self, directory: Path) -> str:
        """What is recorded of where a set lies: the path among the sets here, else its name."""
        here = self.services.settings.feedback.resolve()
        if directory.is_relative_to(here):
            return directory.relative_to(here).as_posix()
        return f"{ELSEWHERE}{directory.name}"

    def cut_at(self, as_of: datetime | None) -> datetime:
        """The instant of the cut; now, under a checkpoint, when none is given."""
        if as_of is None:
            self.services.signer.checkpoint()
            return self.services.clock()
        if as_of > self.services.clock():
            raise InstantAhead
        return as_of

    def _rows(
        self, folder: Path, as_of: datetime, bundle: str | None, purpose: str, form: FileFormat
    ) -> tuple[Made, Mapping[str, Sequence[Column]]]:
        """Write the rows; what is to be said of them, and the columns of each model."""
        cases, definitions = self.services.cases, outcome_definitions(self.services)
        columns = cache(self._columns)
        cut = Cut(
            as_of=as_of,
            definitions=definitions,
            features=OwnColumns(self.services.ledger, columns).read,
            pseudonym=self.services.vault.lookup_hash,
            design=design(cases.scored_cases(as_of, bundle=bundle), definitions, as_of),
        )
        packing = Packing(columns, form)

        def make(some: Sequence[Place]) -> Iterator[Batch]:
            """The rows of some cases."""
            return feedback_batches(cases.feedback_facts(as_of, places=some), cut, packing)

        places = cases.closed_places(as_of, bundle=bundle)
        if len(places) < APART_FROM:
            batches = make(places)
        else:
            batches = batches_apart(self._setting(cut, bundle, packing), places, make)
        writer = FileRows(folder, columns, form)
        made = make_feedback(
            batches, cut, writer, self._origin(as_of), bundle=bundle, purpose=purpose
        )
        return made, writer.columns

    def _columns(self, bundle: str, model: str | None) -> Sequence[Column]:
        """A version's own columns by its contract."""
        return list(own_columns(self.services.registry.told(bundle, model=model or "")))

    def _setting(self, cut: Cut, bundle: str | None, packing: Packing) -> Setting:
        """What other processes need to make rows; versions that cannot be read are not in it."""
        standings = self.services.registry.standings()
        wanted = standings.all() if bundle is None else (standings.standing(bundle),)
        definitions: dict[str, OutcomeDefinition] = {}
        columns: dict[tuple[str, str | None], Sequence[Column]] = {}
        for standing in wanted:
            name = standing.name
            with suppress(BundleUnavailable):
                definitions[name] = cut.definitions(name)
            for model in (None, *(version.model.sha256 for version in standing.versions)):
                with suppress(BundleUnavailable):
                    columns[name, model] = packing.kinds(name, model)
        vault = self.services.vault
        return Setting(
            url=self.services.settings.url,
            log=self.services.ledger.log,
            keks=dict(vault.keks),
            lookup_key=vault.lookup_key,
            as_of=cut.as_of,
            design=cut.design,
            definitions=definitions,
            columns=columns,
            form=packing.form,
        )

    def _origin(self, as_of: datetime) -> Origin:
        """Where the cut lies in the ledger, and how often something was erased from it."""
        ledger = self.services.ledger
        size = self._size_at(as_of)
        signed = [c for c in ledger.checkpoints() if c.signed_at <= as_of and c.size <= size]
        note = signed[-1].note if signed else None
        return Origin(
            log=ledger.log,
            size=size,
            root=ledger.frontier(size).root().hex(),
            checkpoint=note,
            erasure_epoch=self.erasures(),
            keys=self._keys_of(note),
        )

    def _keys_of(self, note: str | None) -> tuple[str, ...]:
        """The key that signed a checkpoint: none of later ones, so that the bytes stay the same."""
        if note is None:
            return ()
        for key in trusted_keys(self.services.settings.keys):
            with suppress(NoteInvalid):
                open_note(note, [key])
                return (key.vkey,)
        return ()

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

    def erasures(self) -> int:
        """How many erasures the ledger has."""
        count, after = 0, -1
        while found := self.services.ledger.changes(after, ERASURES_READ_MAX, ("record_erased",)):
            count, after = count + len(found), found[-1].seq
        return count


def _with_papers(folder: Path, made: Made, columns: Mapping[str, Sequence[Column]]) -> Any:
    """Write what goes with the rows; the manifest."""
    about, files = made.about, made.files
    name = f"feedback-{about['bundle'] or 'all'}-{about['as_of'][:10]}"
    program = resources(decision_service).joinpath(VERIFY_SOURCE).read_text("utf-8")
    papers = {
        CONTRACT: contract(about, columns),
        CROISSANT: croissant(about, files, columns, name),
        DATASHEET: datasheet(about, files, columns),
        VERIFY: program,
    }
    for paper, text in papers.items():
        (folder / paper).write_text(text, encoding="utf-8", newline="\n")
    return {
        **about,
        "files": {
            file.name: {
                "sha256": file.sha256,
                "bytes": file.size,
                "rows": file.rows,
                "columns": dict(file.columns),
            }
            for file in files
        },
        "papers": {
            paper: {
                "sha256": sha256_of(folder / paper),
                "bytes": (folder / paper).stat().st_size,
            }
            for paper in papers
        },
    }


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

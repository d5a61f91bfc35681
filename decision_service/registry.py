"""The models of this installation: which one decides, its files verified, its rules for the desk.

A registered folder lies under ``bundles/NAME/HASH`` and is never written again. A file of it that
changes makes the version unavailable: its applications go to people, unscored, until it is put
right. Who is champion and what is stopped is read from the ledger.
"""

import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Protocol

from decision_service.errors import (
    BundleKnown,
    BundleUnavailable,
    NoChampion,
    NothingToRollBack,
    StandingUnchanged,
)
from decision_service.loading import Found, Loaded, Loader
from decision_service.standings import Standing, Standings, Version, standing_entry
from explain.declared.bundle_contents import BundleContents
from explain.declared.plain_words import wording_problems
from explain.errors import BundleInvalid, ExplainError
from overrides.event_kinds import MODEL_KINDS
from overrides.events import read_event
from overrides.governance import Governance
from overrides.governance_errors import NotSignedOff
from overrides.journal import (
    Decided,
    Entry,
    Event,
    Journal,
    State,
)
from overrides.signing_off import Subject, evidence_to_promote
from overrides.values import Actor, NewId, Rules
from overrides.version_record import Record

POLL_SECONDS = 0.25
EVENTS_READ_MAX = 1000
HASH_CHARS = 16
OTHER_FILES = "its files are not those that were registered"
UNRECORDED = datetime.max.replace(tzinfo=UTC)  # stands in until the ledger says when


class BundleEvents(Protocol):
    """What the registry reads of the ledger."""

    def changes(self, after: int, limit: int, types: Sequence[str] = ()) -> Sequence[Entry]:
        """Entries of these types after a place, oldest first."""


@dataclass(frozen=True, slots=True)
class InUse:
    """The version that decides now. ``loaded`` is None when its files could never be verified."""

    standing: Standing
    loaded: Loaded | None
    problem: str  # why it must not score; empty when it may

    @property
    def version(self) -> Version:
        """The registered version."""
        return self.standing.active


@dataclass(frozen=True, slots=True)
class _Known:
    """The standings and what let them be, and up to which place of the ledger they hold."""

    standings: Standings = field(default_factory=Standings)
    governance: Governance = field(default_factory=Governance)
    upto: int = -1

    def after(self, events: Iterable[Event]) -> "_Known":
        """The same with later entries taken in."""
        known = self
        for event in events:
            known = _Known(known.standings.after(event), known.governance.after(event), event.seq)
        return known

    def record(self, version: Version) -> Record:
        """What was recorded of a version."""
        return self.governance.of(version.name, version.sha256)


class Registry:
    """Reads standings from the ledger and bundles from their folders, each when first needed."""

    def __init__(
        self,
        *,
        folder: Path,
        events: BundleEvents,
        journal: Journal,
        new_id: NewId,
        loader: Loader,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._events = events
        self._journal = journal
        self._new_id = new_id
        self._loader = loader
        self._monotonic = monotonic
        self._known = _Known()
        self._read_at = float("-inf")
        self._reading = Lock()

    def standings(self, *, fresh: bool = False) -> Standings:
        """All bundles as the ledger has them, at most a quarter of a second old."""
        if fresh or self._monotonic() - self._read_at >= POLL_SECONDS:
            with self._reading:
                self._follow()
        return self._known.standings

    def subject(self, name: str, state: State | None = None) -> Subject:
        """The newest version of a bundle with what was recorded of it.

        As a command's own transaction sees it where its state is given, else as the ledger has it
        at this moment. Raises UnknownBundle.
        """
        if state is None:
            self.standings(fresh=True)
        known = self._known if state is None else self._known_in(state)
        version = known.standings.standing(name).versions[-1]
        return Subject(name=name, sha256=version.sha256, record=known.record(version))

    def record(self, version: Version, state: State | None = None) -> Record:
        """What was recorded of a version, as of the latest look or as a transaction sees it."""
        known = self._known if state is None else self._known_in(state)
        return known.record(version)

    def standings_in(self, state: State) -> Standings:
        """All bundles as a command's own transaction sees them: no later entry can slip past it."""
        return self._known_in(state).standings

    def in_use(self, name: str = "") -> InUse:
        """The version that decides for this bundle, or for the champion when no name is given.

        Loads and proves it when that has not been done, which takes a second or two. Raises
        UnknownBundle or NoChampion.
        """
        standing = self._standing(name)
        return InUse(standing, *self._load(standing.active))

    def ready(self, name: str = "") -> InUse | None:
        """The same without waiting: None when the bundle must be loaded or verified first."""
        standing = self._standing(name)
        known = self._loader.known(self._path(standing.active))
        return None if known is None else InUse(standing, *known)

    def loaded(self, name: str, *, model: str = "", policy: str = "", codebook: str = "") -> Loaded:
        """The newest version with these parts (hashes; the active one where nothing is asked).

        Raises UnknownBundle, or BundleUnavailable when its files cannot be verified.
        """
        wanted = self._standing(name).with_parts(model, policy, codebook)
        found, problem = self._load(wanted)
        if found is None:
            raise BundleUnavailable(name=name, cause=problem)
        return found

    def told(self, name: str, *, model: str = "") -> BundleContents:
        """What ``loaded`` has, verified but not proven unless it was: it is asked for no score."""
        version = self._standing(name).with_parts(model)
        found, _ = self._loader.known(self._path(version)) or (None, "")
        try:
            return found.bundle if found else self._contents(version)
        except (ExplainError, OSError) as broken:
            raise BundleUnavailable(name=name, cause=str(broken)) from broken

    def described(self, name: str) -> BundleContents:
        """What the active version says of itself, verified, without its model.

        Raises UnknownBundle, or BundleError when its files are not the ones that were registered.
        """
        return self._contents(self._standing(name).active)

    def newest(self, name: str) -> BundleContents:
        """The same of the newest version, which may not decide yet."""
        return self._contents(self.standings(fresh=True).standing(name).versions[-1])

    def rules(self, name: str, *, policy: str = "", codebook: str = "") -> Rules:
        """What acts on a case are checked against: the versions the case was opened under."""
        return self.loaded(name, policy=policy, codebook=codebook).rules

    def warm(self) -> tuple[str, ...]:
        """Load, prove and warm every active version; names of those that cannot be used."""
        bad = []
        for standing in self.standings(fresh=True).all():
            used = self.in_use(standing.name)
            if used.loaded is None or (used.problem and not standing.suspended):
                bad.append(standing.name)
            else:
                used.loaded.bundle.warm()
        return tuple(bad)

    def add(self, directory: Path, actor: Actor, note: str = "") -> Version:
        """Verify and prove a folder, copy it in, and register it.

        Raises BundleError when the folder breaks a promise, BundleKnown when it is registered.
        """
        loaded = self._loader.prove(directory)
        bundle = loaded.bundle
        if unreadable := wording_problems(bundle.codebook_spec, bundle.contract):
            raise BundleInvalid(str(directory), tuple(unreadable))
        known = self.standings(fresh=True).versions.get(bundle.name, ())
        if any(version.sha256 == bundle.sha256 for version in known):
            raise BundleKnown(name=bundle.name)
        self._copy(directory, self._place(bundle.name, bundle.sha256), bundle.sha256)
        stamps = (loaded.model, loaded.policy_stamp, loaded.codebook)
        version = Version(bundle.name, bundle.sha256, *stamps, registered_at=UNRECORDED)
        self._change("bundle_registered", version, actor, note)
        return self.standings(fresh=True).versions[bundle.name][-1]

    def promote(self, name: str, actor: Actor, note: str = "") -> Standing:
        """Make the newest version of a bundle the champion.

        Raises ``NotSignedOff`` until somebody independent has validated it and the four owners have
        signed, or have made an exception. That is looked at in the transaction that records it.
        """

        def command(state: State) -> Decided:
            standing = self.standings_in(state).standing(name)
            newest = standing.versions[-1]
            if standing.champion and standing.active == newest:
                raise StandingUnchanged(name=name, status="the champion")
            signed = evidence_to_promote(self.subject(name, state), state.now)
            entry = standing_entry(self._new_id(), "bundle_promoted", newest, actor, note, signed)
            return Decided((entry,))

        self._journal.submit(command).result()
        return self.standings(fresh=True).standing(name)

    def rollback(self, name: str, actor: Actor, note: str = "") -> Standing:
        """Put back the champion that came before this one, in one act.

        Two people who do so at once go back once. Raises ``NothingToRollBack``.
        """
        standings = self.standings(fresh=True)
        leaving, version = standings.standing(name).active, standings.before(name)

        def command(state: State) -> Decided:
            known = self.standings_in(state)
            if known.standing(name).active != leaving or known.before(name) != version:
                raise NothingToRollBack(name=name)
            entry = standing_entry(self._new_id(), "bundle_rolled_back", version, actor, note)
            return Decided((entry,))

        self._journal.submit(command).result()
        return self.standings(fresh=True).standing(version.name)

    def prove_again(self, version: Version) -> None:
        """Read a version's files afresh and hold them against their promises.

        Raises ExplainError, or BundleUnavailable for other files than were registered.
        """
        if self._loader.prove(self._path(version)).bundle.sha256 != version.sha256:
            raise BundleUnavailable(name=version.name, cause=OTHER_FILES)

    def suspend(self, name: str, actor: Actor, note: str = "") -> Standing:
        """Stop a bundle: its applications go to people, unscored."""
        standing = self.standings(fresh=True).standing(name)
        if standing.suspended:
            raise StandingUnchanged(name=name, status="suspended")
        return self._change("bundle_suspended", standing.active, actor, note)

    def resume(self, name: str, actor: Actor, note: str = "") -> Standing:
        """Let a stopped bundle score again.

        Raises ``NotSignedOff`` for a champion by an exception that ran out.
        """

        def command(state: State) -> Decided:
            standing = self.standings_in(state).standing(name)
            if not standing.suspended:
                raise StandingUnchanged(name=name, status="in use")
            if self.record(standing.active, state).lapsed(state.now):
                raise NotSignedOff(name, "the exception it was champion by has run out")
            entry = standing_entry(self._new_id(), "bundle_resumed", standing.active, actor, note)
            return Decided((entry,))

        self._journal.submit(command).result()
        return self.standings(fresh=True).standing(name)

    def _standing(self, name: str) -> Standing:
        """A bundle by name, or the champion."""
        standings = self.standings()
        wanted = name or standings.champion
        if not wanted:
            raise NoChampion
        return standings.standing(wanted)

    def _load(self, version: Version) -> Found:
        """A version's bundle, and why it must not score if so."""
        return self._loader.load(self._path(version), version.sha256)

    def _known_in(self, state: State) -> _Known:
        """What a command's own transaction knows."""
        known = self._known
        return known.after(state.rare_events("bundles", known.upto))

    def _contents(self, version: Version) -> BundleContents:
        """What a version's files say; raises BundleUnavailable for other files."""
        contents = self._loader.described(self._path(version))
        if contents.sha256 != version.sha256:
            raise BundleUnavailable(name=version.name, cause=OTHER_FILES)
        return contents

    def _follow(self) -> None:
        """Take in what the ledger has on bundles since the last look."""
        while True:
            entries = self._events.changes(self._known.upto, EVENTS_READ_MAX, MODEL_KINDS)
            self._known = self._known.after(read_event(entry.body) for entry in entries)
            if len(entries) < EVENTS_READ_MAX:
                break
        self._read_at = self._monotonic()

    def _change(self, kind: str, version: Version, actor: Actor, note: str) -> Standing:
        """Record a change of standing."""
        draft = standing_entry(self._new_id(), kind, version, actor, note)
        self._journal.submit(lambda _state: Decided((draft,))).result()
        return self.standings(fresh=True).standing(version.name)

    def _path(self, version: Version) -> Path:
        """Where a version's files lie."""
        return self._place(version.name, version.sha256)

    def _place(self, name: str, sha256: str) -> Path:
        """Where files of this name and hash lie."""
        return self._folder / name / sha256[:HASH_CHARS]

    def _copy(self, source: Path, target: Path, sha256: str) -> None:
        """Copy a folder whole or not at all, and see that it is what was proven."""
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(target.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(source, partial)
        if target.exists():  # left by an attempt that was not recorded
            shutil.rmtree(target)
        partial.replace(target)
        if self._loader.described(target).sha256 != sha256:
            raise BundleUnavailable(name=target.parent.name, cause="its copy is another bundle")

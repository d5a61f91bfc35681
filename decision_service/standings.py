"""Which models are registered, champion, or stopped: folded from the ledger's own entries.

There is no table to fall out of step: whoever has the entries has the standings.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from decision_service.errors import NothingToRollBack, UnknownBundle
from overrides.event_kinds import BUNDLE_KINDS
from overrides.journal import Draft, Event, Slot, VersionStamp
from overrides.signing_off import NOTE_PARTY
from overrides.values import Actor

Parts = tuple[str, str, str]  # hashes of the model, the policy and the codebook of one version


class Stamped(Protocol):
    """Whatever names the three parts of a version: an entry, a decision, a registered version."""

    @property
    def model(self) -> VersionStamp | None:
        """The model's version."""

    @property
    def policy(self) -> VersionStamp | None:
        """The policy's version."""

    @property
    def codebook(self) -> VersionStamp | None:
        """The codebook's version."""


def parts_of(stamped: Stamped) -> Parts:
    """Hashes of the three parts, "" for one that is not named."""
    model, policy, codebook = (
        stamp.sha256 if stamp else "" for stamp in (stamped.model, stamped.policy, stamped.codebook)
    )
    return model, policy, codebook


@dataclass(frozen=True, slots=True)
class Version:
    """One registered folder: ``sha256`` covers all its files, the three stamps its parts."""

    name: str
    sha256: str
    model: VersionStamp
    policy: VersionStamp
    codebook: VersionStamp
    registered_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """One bundle as it stands: ``active`` is the version that decides."""

    name: str
    versions: tuple[Version, ...]  # oldest first
    active: Version
    champion: bool
    suspended: bool

    @property
    def status(self) -> str:
        """``suspended``, ``champion`` or ``registered``."""
        if self.suspended:
            return "suspended"
        return "champion" if self.champion else "registered"

    def with_parts(self, model: str = "", policy: str = "", codebook: str = "") -> Version:
        """The newest version with these parts (hashes); the active one if it or no other fits."""
        fitting = [
            version
            for version in self.versions
            if model in ("", version.model.sha256)
            and policy in ("", version.policy.sha256)
            and codebook in ("", version.codebook.sha256)
        ]
        return self.active if self.active in fitting or not fitting else fitting[-1]


@dataclass(frozen=True, slots=True)
class Standings:
    """All bundles. ``promotions`` are those not rolled back, the last one is the champion.

    A suspension stops the bundle, whichever version would decide, until it is resumed. The version
    that was suspended stays stopped where another one is resumed in its place. ``left`` are those
    that a rollback left and nobody promoted again.
    """

    versions: dict[str, tuple[Version, ...]] = field(default_factory=dict)
    promotions: tuple[tuple[str, str], ...] = ()
    suspended: frozenset[str] = frozenset()
    stopped: frozenset[tuple[str, Parts]] = frozenset()
    left: frozenset[tuple[str, str]] = frozenset()

    def after(self, event: Event) -> "Standings":
        """The standings once this entry is taken in; entries of other kinds change nothing."""
        if event.type not in BUNDLE_KINDS:
            return self
        name, sha256 = event.data["name"], event.data["sha256"]
        if event.type == "bundle_registered":
            return self._registered(event)
        if event.type == "bundle_promoted":
            promoted = (*self.promotions, (name, sha256))
            return replace(self, promotions=promoted, left=self.left - {(name, sha256)})
        if event.type == "bundle_rolled_back":
            left = self.promotions[:-1]
            again = left if left[-1:] == ((name, sha256),) else (*left, (name, sha256))
            gone = (self.left | set(self.promotions[-1:])) - {(name, sha256)}
            return replace(self, promotions=again, left=gone)
        this = frozenset({(name, parts_of(event))})
        if event.type == "bundle_suspended":
            return replace(self, suspended=self.suspended | {name}, stopped=self.stopped | this)
        return replace(self, suspended=self.suspended - {name}, stopped=self.stopped - this)

    @property
    def champion(self) -> str:
        """Name of the champion, empty while nothing was promoted."""
        return self.promotions[-1][0] if self.promotions else ""

    def standing(self, name: str) -> Standing:
        """One bundle; raises UnknownBundle."""
        versions = self.versions.get(name)
        if not versions:
            raise UnknownBundle(name=name[:64])
        promoted = [sha256 for promoted, sha256 in self.promotions if promoted == name]
        wanted = promoted[-1] if promoted else versions[0].sha256
        active = next((v for v in versions if v.sha256 == wanted), versions[0])
        suspended = self.stops(name, parts_of(active))
        return Standing(name, versions, active, name == self.champion, suspended)

    def stops(self, name: str, parts: Parts) -> bool:
        """Whether nothing may rest on a score that this version of a bundle made."""
        return name in self.suspended or (name, parts) in self.stopped

    def all(self) -> tuple[Standing, ...]:
        """Every bundle, the champion first, the others by name."""
        known = [self.standing(name) for name in sorted(self.versions)]
        return tuple(sorted(known, key=lambda standing: not standing.champion))

    def before(self, name: str) -> Version:
        """What would be champion after a rollback of this one; raises NothingToRollBack."""
        if not self.standing(name).champion or len(self.promotions) < 2:  # noqa: PLR2004  two in turn
            raise NothingToRollBack(name=name)
        earlier, sha256 = self.promotions[-2]
        return next(version for version in self.versions[earlier] if version.sha256 == sha256)

    def _registered(self, event: Event) -> "Standings":
        """With one more version."""
        if event.model is None or event.policy is None or event.codebook is None:
            return self
        name, sha256 = event.data["name"], event.data["sha256"]
        version = Version(
            name, sha256, event.model, event.policy, event.codebook, event.recorded_at
        )
        versions = (*self.versions.get(name, ()), version)
        return replace(self, versions=self.versions | {name: versions})


def standing_entry(
    event_id: str,
    kind: str,
    version: Version,
    actor: Actor,
    note: str = "",
    signed: tuple[str, ...] = (),
) -> Draft:
    """An entry that changes a standing; ``signed`` are the entries that let it."""
    return Draft(
        event_id=event_id,
        type=kind,
        actor=actor.ref,
        role=actor.role,
        data={
            "name": version.name,
            "sha256": version.sha256,
            "signed": list(signed),
            "reason": kind.split("_", 1)[1],
        },
        model=version.model,
        policy=version.policy,
        codebook=version.codebook,
        slots=(Slot("note", NOTE_PARTY, {"text": note}),) if note else (),
    )

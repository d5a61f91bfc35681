"""Bundles in memory: read from their folders once, and read again when a file was touched.

A bundle that verified before and does not any more keeps its contract and policy in memory, so
that applications are still checked and filed, but it scores nothing until it verifies again.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from threading import Lock

from decision_service.policy import Policy
from decision_service.publishers import Publishers
from explain import bundle as bundles
from explain.declared.bundle_contents import BundleContents
from explain.declared.bundle_files import Admit
from explain.declared.codebook import JustificationSpec
from explain.errors import ExplainError
from explain.values import VersionRef
from overrides.journal import VersionStamp
from overrides.values import Direction, Justification, Limits, Rules, SecondApprover

LOOK_SECONDS = 1.0

Found = tuple["Loaded | None", str]  # the bundle, and why it must not score (empty: it may)
Signature = tuple[tuple[str, int, int], ...]  # name, size, time of change of every file


@dataclass(frozen=True, slots=True)
class Loaded:
    """A verified bundle with what the service made of it."""

    bundle: bundles.Bundle
    policy: Policy
    rules: Rules
    model: VersionStamp
    policy_stamp: VersionStamp
    codebook: VersionStamp


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is known of one folder. ``loaded`` may be of an earlier look than ``problem``."""

    loaded: Loaded | None
    problem: str
    signature: Signature
    looked_at: float


class Loader:
    """Loads folders, proves them once, and notices when their files change.

    A model's library is asked in a process of its own, a model over HTTP at one of ``model_hosts``.
    Nothing is parsed that none of the ``publishers`` signed.
    """

    def __init__(
        self,
        model_hosts: str = "",
        publishers: Publishers | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._model_hosts = model_hosts
        self._publishers = publishers
        self._monotonic = monotonic
        self._kept: dict[Path, _Kept] = {}
        self._loading = Lock()

    def prove(self, directory: Path) -> Loaded:
        """Load a folder and hold it against its promises; raises ExplainError."""
        bundle = bundles.load(
            directory, apart=True, model_hosts=self._model_hosts, admit=self._admit
        )
        return loaded_from(bundle)

    def described(self, directory: Path) -> BundleContents:
        """What a folder says of itself, without its model; raises ExplainError."""
        return bundles.describe(directory, self._admit)

    def known(self, directory: Path) -> Found | None:
        """What is in memory; None when the folder must be read (again)."""
        kept = self._kept.get(directory)
        if kept is None:
            return None
        now = self._monotonic()
        if now - kept.looked_at < LOOK_SECONDS:
            return kept.loaded, kept.problem
        if self._signature(directory) != kept.signature:
            return None
        self._kept[directory] = _Kept(kept.loaded, kept.problem, kept.signature, now)
        return kept.loaded, kept.problem

    def load(self, directory: Path, sha256: str) -> Found:
        """The bundle of this hash, read from the folder if that is new or was touched."""
        known = self.known(directory)
        if known is not None:
            return known
        with self._loading:
            known = self.known(directory)
            return known if known is not None else self._read(directory, sha256)

    def _read(self, directory: Path, sha256: str) -> Found:
        """Read the folder and keep what came of it."""
        signature = self._signature(directory)
        before = self._kept.get(directory)
        loaded, problem = before.loaded if before else None, ""
        try:
            fresh = self.prove(directory)
            if fresh.bundle.sha256 != sha256:
                problem = "its files are not the ones that were registered"
            loaded = loaded if loaded or problem else fresh
        except ExplainError as broken:
            problem = str(broken)
        except OSError as unreadable:
            problem = f"a file cannot be read ({type(unreadable).__name__})"
        self._kept[directory] = _Kept(loaded, problem, signature, self._monotonic())
        return loaded, problem

    @property
    def _admit(self) -> Admit | None:
        """What looks at signatures, if anything does."""
        return self._publishers.admit if self._publishers else None

    def _signature(self, directory: Path) -> Signature:
        """A mark of this state of the folder, and of whose signatures count."""
        trusted = (self._publishers.mark,) if self._publishers else ()
        return (*signature_of(directory), *trusted)


def signature_of(directory: Path) -> Signature:
    """Names, sizes and times of a folder's files; empty when there is no such folder."""
    try:
        stats = [(entry.name, entry.stat()) for entry in directory.iterdir()]
    except OSError:
        return ()
    return tuple(sorted((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats))


def loaded_from(bundle: bundles.Bundle) -> Loaded:
    """A verified bundle made ready for decisions and for the desk."""
    policy = Policy(bundle.policy_spec)
    limits = bundle.policy_spec.limits
    rules = Rules(
        bundle=bundle.name,
        cutoffs=policy.cutoffs,
        limits=Limits(
            currency=limits.currency,
            tier1_minor=limits.tier1_minor,
            tier2_minor=limits.tier2_minor,
            near_relative=Decimal(limits.near_relative),
            far_multiple=Decimal(limits.far_multiple),
        ),
        justifications=tuple(_justification(spec) for spec in bundle.justifications),
        concepts=frozenset(concept.id for concept in bundle.concepts),
        training_days=bundle.policy_spec.training_days,
    )
    return Loaded(
        bundle=bundle,
        policy=policy,
        rules=rules,
        model=_stamp(bundle.model),
        policy_stamp=_stamp(bundle.policy),
        codebook=_stamp(bundle.codebook),
    )


def _stamp(ref: VersionRef) -> VersionStamp:
    """A version as the ledger names it."""
    return VersionStamp(ref.name, ref.version, ref.sha256)


def _justification(spec: JustificationSpec) -> Justification:
    """A justification code as the desk uses it."""
    return Justification(
        code=spec.code,
        label=spec.label,
        direction=Direction(spec.direction),
        second_approver=SecondApprover(spec.second_approver),
        evidence_required=spec.evidence.required,
        evidence=spec.evidence.what,
        note_min_chars=spec.note_min_chars,
        signal=spec.signal,
        group=spec.group,
        description=spec.description,
        evidence_types=spec.evidence.types,
        review_days=spec.review_days,
    )

"""Replacing a key of the installation: because it is time, because it is lost, because it leaked.

Each can be begun again where it was cut short. What was lost with a key is counted and recorded.
"""

import json
from collections.abc import Collection, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from decision_service import wiring
from decision_service.access import HOST
from decision_service.database_wiring import BareLedger, bare_ledger
from decision_service.installation_errors import NothingLost
from decision_service.services import Services
from decision_service.settings import Settings
from decision_service.signer_wiring import memory_at
from overrides.erasing import Hold
from overrides.journal import Decided, Draft, Json, SideWrite
from overrides.kek_files import KEK, KekFile, write_secret
from overrides.key_rotation import PURPOSE as PERSONAL
from overrides.keyfiles import DIRECTORY_MODE, LOOKUP, encoded, has_public, open_public, open_signer
from overrides.notes import PublicKey, Signer
from overrides.signer_memory import FileMemory
from overrides.signing import KeyAtHand
from overrides.signing_keys import PURPOSE as SIGNING
from overrides.signing_keys import former_keys, keys_of, next_signer, use_next
from overrides.vault import KEY_BYTES, RandomBytes

UNRECORDED = "lookup.unrecorded"
ENTRIES_LOOKED_AT = 1_000


class Reason(StrEnum):
    """Why a key is replaced."""

    PLANNED = "planned"
    LOST = "lost"
    COMPROMISED = "compromised"


class Which(StrEnum):
    """A key of the installation."""

    SIGNING = "signing"  # signs checkpoints
    PERSONAL = "personal"  # locks the data keys
    LOOKUP = "lookup"  # keys the hashes by which applications and parties are found


@dataclass(frozen=True, slots=True)
class Replaced:
    """What came of it: the entry that records it, and how many data keys open no more.

    ``holds`` on a party stand on, but the party's later cases are no longer known to be its own.
    """

    which: Which
    seq: int
    vkey: str = ""
    lost: int = 0
    holds: tuple[Hold, ...] = ()


@dataclass(frozen=True, slots=True)
class Replacement:
    """Puts keys in the place of others. ``home`` is where the one that signs lies, if apart."""

    settings: Settings
    random_bytes: RandomBytes
    home: Path | None = None

    def planned(self) -> Replaced:
        """Let another key sign from now on; the former one signs the entry that names it.

        Raises ``SigningRefused`` while a signer runs.
        """
        with self._memory().running():
            former = open_public(self.settings.keys)
            signer = next_signer(self._folder, former.name, random_bytes=self.random_bytes)
            with _opened(self.settings) as services:
                self._record_signer(services, signer, Reason.PLANNED)
                self._sign(services)
            use_next(self._folder, self.settings.keys, former)
            with _opened(self.settings) as services:
                return self._finish_signing(services, Reason.PLANNED)

    def go_on(self, which: Collection[Which], reason: Reason) -> list[Replaced]:
        """Go on without keys that are lost or cannot be relied on.

        Raises ``NothingLost`` for a key that is there and opens everything, and ``SigningRefused``
        while a signer runs.
        """
        done = []
        with ExitStack() as stack:
            if Which.SIGNING in which:
                stack.enter_context(self._memory().running())
            self.settings.keys.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
            with bare_ledger(self.settings) as ledger:
                for one in which:
                    self._put(one, ledger)
            services = stack.enter_context(_opened(self.settings))
            if Which.PERSONAL in which:
                done.append(self._finish_personal(services))
            if Which.LOOKUP in which:
                done.append(self._finish_lookup(services))
            if Which.SIGNING in which:
                done.append(self._finish_signing(services, reason))
        return done

    @property
    def _folder(self) -> Path:
        """Where the key that signs lies."""
        return self.home or self.settings.keys

    def _memory(self) -> FileMemory:
        """What the signer remembers."""
        return memory_at(self.home or self.settings.signer)

    def _put(self, which: Which, ledger: BareLedger) -> None:
        """Put a new key where the lost one lay."""
        keys = self.settings.keys
        if which is Which.SIGNING:
            former = open_public(keys) if has_public(keys) else _told(ledger)
            next_signer(self._folder, ledger.log, random_bytes=self.random_bytes)
            use_next(self._folder, keys, former)
        elif which is Which.PERSONAL:
            self._put_personal(ledger)
        else:
            path, marker = keys / LOOKUP, keys / UNRECORDED
            if path.is_file() and not marker.is_file():
                raise NothingLost(what=str(path))
            marker.touch()
            if not path.is_file():
                write_secret(path, encoded(self.random_bytes(KEY_BYTES)) + "\n")

    def _put_personal(self, ledger: BareLedger) -> None:
        """Put a key-encryption key of an epoch that no data key has."""
        file = KekFile(self.settings.keys)
        keys = file.read() if (self.settings.keys / KEK).is_file() else {}
        if keys and ledger.epochs <= keys.keys():
            raise NothingLost(what=str(self.settings.keys / KEK))
        newest = max({*keys, *ledger.epochs}, default=0)
        if newest not in keys or newest in ledger.epochs:
            file.write({**keys, newest + 1: self.random_bytes(KEY_BYTES)})

    def _finish_personal(self, services: Services) -> Replaced:
        """Give up what no key opens, and record how much that was."""
        lost = services.rotation.keys.closed()
        data: dict[str, Json] = {
            "purpose": PERSONAL,
            "epoch": services.vault.epoch,
            "reason": Reason.LOST.value,
            "count": lost,
        }
        seq = _record(services, data, services.rotation.keys.remove_closed())
        return Replaced(Which.PERSONAL, seq, lost=lost)

    def _finish_lookup(self, services: Services) -> Replaced:
        """Record it, and have applications found by the new key."""
        epoch = 1 + len(list(_rotated(services, Which.LOOKUP, Reason.LOST)))
        data: dict[str, Json] = {"purpose": Which.LOOKUP.value, "epoch": epoch}
        seq = _record(services, {**data, "reason": Reason.LOST.value})
        if not any(_rotated(services, PERSONAL, Reason.LOST)):  # else the tables know more
            services.rebuild()
        (self.settings.keys / UNRECORDED).unlink()
        with services.erasures.now() as known:
            of_parties = tuple(hold for hold in known.standing_holds() if not hold.case)
        return Replaced(Which.LOOKUP, seq, holds=of_parties)

    def _finish_signing(self, services: Services, reason: Reason) -> Replaced:
        """Record which key signs now, and sign with it."""
        signer = open_signer(self._folder)
        seq = self._record_signer(services, signer, reason)
        self._sign(services)
        return Replaced(Which.SIGNING, seq, signer.key.vkey)

    def _record_signer(self, services: Services, signer: Signer, reason: Reason) -> int:
        """Write down which key signs, unless the ledger says so already; the entry."""
        told = keys_of(services.ledger)
        if told and told[-1][0] == signer.key.vkey:
            return told[-1][1]
        data: dict[str, Json] = {
            "purpose": SIGNING,
            "epoch": len(told) + 1,
            "key": signer.key.vkey,
            "reason": reason.value,
        }
        return _record(services, data)

    def _sign(self, services: Services) -> None:
        """Sign with the key that lies there now."""
        signer, former = open_signer(self._folder), tuple(former_keys(self._folder))
        memory = self._memory()
        if memory.read() is None:  # lost with the key: the entry says that another key signs
            memory.let_begin()
        KeyAtHand(services.ledger, signer, services.clock, memory, former).checkpoint()


@contextmanager
def _opened(settings: Settings) -> Iterator[Services]:
    """The installation's parts."""
    with closing(wiring.build(settings, serving=False)) as services:
        yield services


def _told(ledger: BareLedger) -> PublicKey | None:
    """The key that signed so far, by the ledger's own word."""
    return PublicKey.from_vkey(ledger.key) if ledger.key else None


def _record(services: Services, data: dict[str, Json], *also: SideWrite) -> int:
    """Write an entry about keys; its place."""
    draft = Draft(
        event_id=services.new_id(),
        type="key_rotated",
        actor=HOST.ref,
        role=HOST.role.value,
        data=data,
    )
    receipt = services.journal.submit(lambda _: Decided((draft,), also=also)).result()
    return receipt.entries[0].seq


def _rotated(services: Services, purpose: str, reason: str) -> Iterator[int]:
    """Entries that record replacements of one key for one reason."""
    for entry in services.ledger.latest(None, ENTRIES_LOOKED_AT, ("key_rotated",)):
        data = json.loads(entry.body)["data"]
        if (data["purpose"], data.get("reason")) == (purpose, reason):
            yield entry.seq

"""Putting a backup in the place of the database: looked at, recorded, then used, in one step.

The restore is written into the copy before the copy is used, so there is no moment at which a
restored ledger does not say so. What is replaced stays beside it.
"""

from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from decision_service import wiring
from decision_service.access import HOST
from decision_service.backups import (
    Standing,
    brought_in,
    examine,
    in_common,
    put_in_place,
    refuse_altered,
    settle,
    standing,
)
from decision_service.database_wiring import (
    give_back_roles,
    make_empty,
    require_empty,
    upgrade_database,
)
from decision_service.installation_errors import LaterEntriesLost
from decision_service.restored_erasures import is_newest, remember_erasures
from decision_service.restored_holds import LostHolds, lost_holds, set_again
from decision_service.server_backups import load
from decision_service.services import Services
from decision_service.settings import Settings
from decision_service.signer_wiring import memory_at
from overrides.erasure_replay import Again
from overrides.examination import Trust
from overrides.journal import Decided, Draft, Json
from overrides.keyfiles import has_signer, open_public
from overrides.signing_keys import trusted_keys
from overrides.verify import whose_key

BACKUP = "backup"
NEW_MEMORY = "signer_began_anew"


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did. ``lost`` entries of the ledger that was there are not in the backup.

    ``forgotten`` are entries of it that erased what lies here again, as they cannot be remembered.
    ``again`` entries erase again what is noted beside the keys; ``told`` is what stays of it, and
    why. Without ``erasures_known`` no database was read that has all that was erased since the
    backup, so nothing else was erased again.
    """

    size: int  # of the backup's ledger; the entry of this number records the restore
    lost: int
    signed: int  # entries that had been signed here, where the signer begins anew
    kept: Path | None  # where the database lies that was there
    holds: LostHolds = field(default_factory=LostHolds)
    forgotten: tuple[str, ...] = ()
    erasures_known: bool = True
    again: int = 0
    told: tuple[str, ...] = ()


def restore(settings: Settings, copy: Path, *, over_newer: bool, stamp: str) -> Restored:
    """Put a backup in the place of the embedded database.

    Raises ``AlreadyServed``, ``BackupRefused``, and ``LaterEntriesLost`` where entries would be
    gone after it and nobody said ``over_newer``. Whatever fails, the database stays as it was.
    """
    database, log = settings.database_file, open_public(settings.keys).name
    with wiring.closed_to_servers(settings), brought_in(copy, database) as incoming:
        size = examine(incoming, settings.keys, name=str(copy)).size
        here = standing(database, log)
        common = in_common(database, incoming, log) if here else size
        known = max(here.size if here else 0, _signed_size(settings))
        lost = max(known - common, 0)
        if lost and not over_newer:
            raise LaterEntriesLost(file=str(copy), known=known, common=common, lost=lost)
        newest = common == size and is_newest(settings, database, log) if here else False
        holds = lost_holds(database, incoming, log) if here else LostHolds(known=False)
        holds = replace(holds, known=holds.known and newest)
        forgotten = (remember_erasures(settings) if lost else ()) if here else None
        again = _record_in(settings, incoming, here, holds)
        settle(incoming)
        if here:
            settle(database)
        kept = put_in_place(incoming, database, stamp)
    signed = _begin_anew(settings, stamp) if lost else 0
    _let_begin(settings)
    return Restored(
        size=size,
        lost=lost,
        signed=signed,
        kept=kept,
        holds=holds,
        forgotten=forgotten or (),
        erasures_known=newest and forgotten is not None,
        again=again.entries,
        told=tuple(again.told),
    )


def _begin_anew(settings: Settings, stamp: str) -> int:
    """Let a signer that has its key here believe the database again; how many entries it knew.

    A signer of its own is told by whoever runs it.
    """
    signed = _signed_size(settings)
    if not signed or not has_signer(settings.keys):
        return 0
    memory = memory_at(settings.signer)
    with memory.alone():
        memory.put_aside(stamp)
    return signed


def _let_begin(settings: Settings) -> None:
    """Let a signer that remembers nothing believe what was restored: an entry says that it was."""
    memory = memory_at(settings.signer)
    if has_signer(settings.keys) and memory.read() is None:
        memory.let_begin()


def _record_in(
    settings: Settings, incoming: Path, here: Standing | None, holds: LostHolds
) -> Again:
    """Bring a copy to this release, write the restore into it, and erase what had been erased."""
    there = replace(settings, database_url=f"sqlite:///{incoming}")
    upgrade_database(there)
    with closing(wiring.build(there, serving=False, replay=False)) as services:
        record_restore(services, here or Standing(0, ""))
        services.rebuild()
        again = services.replaying.replay(HOST)
        held = tuple(set_again(services, hold) for hold in holds.set_since)
        services.journal.submit(lambda _: Decided(held)).result()
    return again


def record_restore(services: Services, replaced: Standing) -> None:
    """Write the restore into the restored ledger; log-ins of the copy's time end."""
    data: dict[str, Json] = {"from_size": replaced.size, "reason": BACKUP}
    draft = Draft(
        event_id=services.new_id(),
        type="restore_performed",
        actor=HOST.ref,
        role=HOST.role.value,
        data=data | ({"root": replaced.root} if replaced.root else {}),
    )
    also = (
        lambda connection: connection.exec_driver_sql("UPDATE ledger_head SET epoch = epoch + 1"),
        lambda connection: connection.exec_driver_sql("DELETE FROM session"),
    )
    services.journal.submit(lambda _: Decided((draft,), also=also)).result()


def record_new_memory(services: Services, signed: int) -> None:
    """Write into the ledger that its signer forgets what it signed, which was so many entries."""
    draft = Draft(
        event_id=services.new_id(),
        type="restore_performed",
        actor=HOST.ref,
        role=HOST.role.value,
        data={"from_size": signed, "reason": NEW_MEMORY},
    )
    services.journal.submit(lambda _: Decided((draft,))).result()


def _signed_size(settings: Settings) -> int:
    """How many entries were signed as far as the signer here remembers."""
    remembered = memory_at(settings.signer).read()
    return remembered.size if remembered else 0


def restore_to_server(settings: Settings, copy: Path, *, over_newer: bool, stamp: str) -> Restored:
    """Put a backup into an empty database on a server.

    Raises ``DatabaseInUse``, ``BackupRefused``, and ``LaterEntriesLost`` where more was signed here
    than the backup has. A backup that is refused leaves the database empty.
    """
    require_empty(settings)
    load(settings.owner_url, copy)
    try:
        upgrade_database(settings)
        give_back_roles(settings)
        with closing(wiring.build(settings, serving=False, replay=False)) as services:
            return _recorded_there(services, copy, over_newer=over_newer, stamp=stamp)
    except BaseException:
        make_empty(settings)
        raise


def _recorded_there(services: Services, copy: Path, *, over_newer: bool, stamp: str) -> Restored:
    """Check what was loaded, and write the restore into it."""
    settings = services.settings
    keys = trusted_keys(settings.keys)
    trust = Trust(keys=keys, keys_from=whose_key(settings.keys), vault=services.vault)
    findings = services.verify(trust)
    refuse_altered(findings, str(copy))
    known = _signed_size(settings)
    lost = max(known - findings.size, 0)
    if lost and not over_newer:
        raise LaterEntriesLost(file=str(copy), known=known, common=findings.size, lost=lost)
    record_restore(services, Standing(0, ""))
    services.rebuild()
    again = services.replaying.replay(HOST)
    signed = _begin_anew(settings, stamp) if lost else 0
    _let_begin(settings)
    return Restored(
        size=findings.size,
        lost=lost,
        signed=signed,
        kept=None,
        holds=LostHolds(known=False),
        erasures_known=False,
        again=again.entries,
        told=tuple(again.told),
    )

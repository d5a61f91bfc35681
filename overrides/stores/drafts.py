"""Drafts in the database, sealed by a data key of the case's party."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, delete, exists, insert, select

from overrides.canonical import canonical
from overrides.drafts import OF_ONE_PERSON_MAX, Draft
from overrides.errors import LedgerAltered, SlotErased
from overrides.instants import instant_text, parse_instant
from overrides.stores.draft_tables import DRAFT
from overrides.stores.engine import reading, writing
from overrides.stores.ledger_tables import DataKey
from overrides.stores.payloads import KEY_COLUMNS, key_in
from overrides.vault import Sealed, Vault, WrappedKey

SLOT = "draft"
_KEYS = DataKey.__table__  # type: ignore[attr-defined]


class SqlDrafts:
    """Fills ``overrides.drafts.DraftBook``."""

    def __init__(self, engine: Engine, vault: Vault) -> None:
        self._engine = engine
        self._vault = vault

    def keep(self, draft: Draft, subject: str) -> bool:
        """Keep it in place of an earlier one; False where the party was erased."""
        text = canonical([list(pair) for pair in draft.fields])
        with writing(self._engine) as connection:
            key = _key(connection, subject, draft.case_ref)
            if key is None:
                return False
            try:
                sealed = self._vault.seal(key, _name(draft.person, draft.place), SLOT, text)
            except SlotErased:
                return False
            connection.execute(_of(draft.person, draft.place))
            connection.execute(
                insert(DRAFT),
                {
                    "person_ref": draft.person,
                    "place": draft.place,
                    "case_ref": draft.case_ref,
                    "saved_at": instant_text(draft.saved_at),
                    "dek_id": sealed.dek_id,
                    "nonce": sealed.nonce,
                    "ciphertext": sealed.ciphertext,
                    "commitment": sealed.commitment,
                },
            )
            _drop_oldest(connection, draft.person)
        return True

    def find(self, person: str, place: str, since: datetime) -> Draft | None:
        """What was kept since then and still opens."""
        wanted = (
            select(DRAFT, *KEY_COLUMNS[1:])
            .join(_KEYS, _KEYS.c.dek_id == DRAFT.c.dek_id)
            .where(DRAFT.c.person_ref == person, DRAFT.c.place == place)
            .where(DRAFT.c.saved_at >= instant_text(since))
        )
        with reading(self._engine) as connection:
            row = connection.execute(wanted).first()
        return None if row is None else self._opened(row)

    def drop(self, person: str, place: str) -> None:
        """Forget one, if it is there."""
        with reading(self._engine) as connection:
            found = connection.execute(
                select(DRAFT.c.place).where(DRAFT.c.person_ref == person, DRAFT.c.place == place)
            ).first()
        if found is not None:  # most acts were never drafts, and a write costs a turn
            with writing(self._engine) as connection:
                connection.execute(_of(person, place))

    def sweep(self, before: datetime) -> int:
        """Forget what is older, or opens no more; how many went."""
        closed = ~exists().where(_KEYS.c.dek_id == DRAFT.c.dek_id)
        with writing(self._engine) as connection:
            gone = connection.execute(
                delete(DRAFT).where((DRAFT.c.saved_at < instant_text(before)) | closed)
            )
        return gone.rowcount

    def _opened(self, row: Any) -> Draft | None:
        """A row as the draft it holds; None where it opens no more."""
        sealed = Sealed(SLOT, row.dek_id, row.nonce, row.ciphertext, row.commitment)
        key = key_in([row.dek_id, *(getattr(row, column.name) for column in KEY_COLUMNS[1:])])
        try:
            pairs: Any = self._vault.open(key, _name(row.person_ref, row.place), 0, sealed)
        except (SlotErased, LedgerAltered):
            return None
        fields = tuple((str(name), str(value)) for name, value in pairs)
        saved_at = parse_instant(row.saved_at)
        return Draft(row.person_ref, row.place, row.case_ref, fields, saved_at)


def _name(person: str, place: str) -> str:
    """What the sealed text is bound to: nobody else's form shows it."""
    return f"draft\0{person}\0{place}"


def _of(person: str, place: str) -> Any:
    """The statement that forgets one."""
    return delete(DRAFT).where(DRAFT.c.person_ref == person, DRAFT.c.place == place)


def _key(connection: Connection, subject: str, case_ref: str) -> WrappedKey | None:
    """A data key of the party: of this case, or of all its cases in the first releases."""
    wanted = (
        select(*KEY_COLUMNS)
        .where(_KEYS.c.subject_ref == subject, _KEYS.c.case_ref.in_((case_ref, "")))
        .order_by(_KEYS.c.case_ref.desc(), _KEYS.c.dek_id)
        .limit(1)
    )
    row = connection.execute(wanted).first()
    return None if row is None else key_in(row)


def _drop_oldest(connection: Connection, person: str) -> None:
    """Hold one person to so many."""
    kept = (
        select(DRAFT.c.place)
        .where(DRAFT.c.person_ref == person)
        .order_by(DRAFT.c.saved_at.desc())
        .limit(OF_ONE_PERSON_MAX)
    )
    connection.execute(
        delete(DRAFT).where(DRAFT.c.person_ref == person, DRAFT.c.place.not_in(kept))
    )

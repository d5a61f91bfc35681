"""A ledger as rows to be verified, read with plain SQL through whatever connection is at hand.

Needs nothing but a DB-API connection, so that an auditor's machine needs nothing else either.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from overrides.errors import LedgerAltered
from overrides.instants import parse_instant
from overrides.stamps import Stamp
from overrides.vault import Sealed, WrappedKey


@dataclass(frozen=True, slots=True)
class Row:
    """One entry as stored. The columns beside ``body`` are nothing where only bytes are at hand."""

    seq: int
    body: bytes
    leaf_hash: bytes | None = None
    columns: tuple[str, str, str, str | None, str] | None = None
    """(event id, type, recorded at, case, actor) as the database has them beside the body."""


@dataclass(frozen=True, slots=True)
class PartRow:
    """One encrypted part as stored, with its key where that still exists."""

    seq: int
    event_id: str
    sealed: Sealed  # without a commitment: that is in the entry
    key: WrappedKey | None


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A personal part that was opened for the reader: with the salt, anyone can check it."""

    seq: int
    event_id: str
    slot: str
    salt: bytes
    payload: bytes  # canonical


@dataclass(frozen=True, slots=True)
class HeadRow:
    """What the head row says."""

    size: int
    root: bytes
    frontier: bytes
    last_ts: str


class DatabaseRows:
    """One log over a DB-API connection, everything of one state.

    ``placeholder`` is the driver's own: ``?`` for sqlite3, ``%s`` for psycopg. The caller has
    opened a transaction that sees one state throughout.
    """

    AT_ONCE = 1_000

    def __init__(self, connection: Any, log: str, *, placeholder: str = "?") -> None:
        self._connection = connection
        self._log = log
        self._placeholder = placeholder

    @property
    def log(self) -> str:
        """Name of the log."""
        return self._log

    def head(self) -> HeadRow | None:
        """The head row, where there is one."""
        for row in self._ask("SELECT size, root, frontier, last_ts FROM ledger_head WHERE log = ?"):
            root, frontier = _bytes(row[1], "the head's root"), _bytes(row[2], "the head")
            return HeadRow(row[0], root, frontier, row[3])
        return None

    def rows(self) -> Iterator[Row]:
        """Every entry in the order of ``seq``."""
        columns = "seq, body, leaf_hash, event_id, type, recorded_at, case_ref, actor_ref"
        for row in self._by_seq(f"SELECT {columns} FROM ledger_event WHERE log = ?", "seq"):  # noqa: S608
            body, digest = _bytes(row[1], "an entry", row[0]), _bytes(row[2], "a hash", row[0])
            yield Row(row[0], body, digest, tuple(row[3:]))

    def recorded_at(self, seq: int) -> datetime | None:
        """When an entry says that it was recorded; nothing where that cannot be read."""
        rows = self._ask("SELECT recorded_at FROM ledger_event WHERE log = ? AND seq = ?", seq)
        try:
            return parse_instant(rows[0][0])
        except (IndexError, TypeError, ValueError):
            return None

    def parts(self) -> Iterator[PartRow]:
        """Every encrypted part in the order of ``seq``."""
        for seq, event_id, slot, nonce, ciphertext, dek_id, subject, wrapped, *rest in self._by_seq(
            "SELECT p.seq, p.event_id, p.slot, p.nonce, p.ciphertext,"
            " k.dek_id, k.subject_ref, k.wrapped, k.kek_epoch, k.case_ref, k.record_class"
            " FROM ledger_payload p LEFT JOIN data_key k ON k.dek_id = p.dek_id WHERE p.log = ?",
            "p.seq",
        ):
            what = "a personal part"
            nonce_bytes, cipher_bytes = _bytes(nonce, what, seq), _bytes(ciphertext, what, seq)
            sealed = Sealed(slot, dek_id or "", nonce_bytes, cipher_bytes, "")
            key = None
            if dek_id:
                key = WrappedKey(dek_id, subject, _bytes(wrapped, "a party's key", seq), *rest)
            yield PartRow(seq, event_id, sealed, key)

    def kept(self) -> Iterator[tuple[int, str, str]]:
        """Entry, its event and the slot of every part that is there with its key."""
        return self._by_seq(
            "SELECT p.seq, p.event_id, p.slot FROM ledger_payload p"
            " JOIN data_key k ON k.dek_id = p.dek_id WHERE p.log = ?",
            "p.seq",
        )

    def others(self) -> Iterator[tuple[str, bool]]:
        """Names of other logs of which there are entries, and whether each has a head."""
        heads = logs_of(self._connection)
        for side in "<>":  # the only text that is put in, so nothing can be smuggled into it
            question = f"SELECT MIN(log) FROM ledger_event WHERE log {side} ? AND log > ?"  # noqa: S608
            name = self._ask(question, "")[0][0]
            while name is not None:
                yield str(name), name in heads
                name = self._ask(question, name)[0][0]

    def erased(self, erasure: str) -> Iterator[tuple[str, str]]:
        """(event, slot) of each part that an erasure took, in the order of its root."""
        question = (
            "SELECT s.event_id, s.slot FROM erased_slot s JOIN ledger_event e"
            " ON e.event_id = s.erasure WHERE e.log = ? AND s.erasure = ? ORDER BY s.place"
        )
        for event_id, slot in self._ask(question, erasure):
            yield str(event_id), str(slot)

    def subtrees(self) -> Iterator[tuple[int, int, bytes]]:
        """Stored subtree roots as (level, index, hash)."""
        for row in self._ask("SELECT level, idx, hash FROM ledger_subtree WHERE log = ?"):
            yield row[0], row[1], _bytes(row[2], "a subtree")

    def notes(self) -> Iterator[str]:
        """Every signed checkpoint."""
        for row in self._ask(
            "SELECT note FROM ledger_checkpoint WHERE log = ? ORDER BY size, signed_at"
        ):
            yield str(row[0])

    def stamps(self) -> Iterator[Stamp]:
        """Every time stamp; a database of an earlier release has no table of them."""
        question = "SELECT size, note, reply FROM ledger_stamp WHERE log = ? ORDER BY size, digest"
        try:
            rows = self._ask(question)
        except sqlite3.OperationalError as failed:
            if "no such table" not in str(failed):
                raise
            return
        for size, note, reply in rows:
            yield Stamp(size, str(note), _bytes(reply, "a time stamp"))

    def _ask(self, question: str, *values: object) -> Sequence[Any]:
        """Answer to a question about this log."""
        with closing(self._connection.cursor()) as cursor:
            cursor.execute(question.replace("?", self._placeholder), (self._log, *values))
            answer: Sequence[Any] = cursor.fetchall()
            return answer

    def _by_seq(self, question: str, seq: str) -> Iterator[Any]:
        """Rows in the order of ``seq``, a block at a time, wherever they begin, gaps and all."""
        block = f"{question} AND {seq} >= ? AND {seq} < ? ORDER BY {seq}"
        beyond = f"{question} AND {seq} >= ? ORDER BY {seq} LIMIT 1"
        before = self._ask(f"{question} AND {seq} < 0 ORDER BY {seq} LIMIT 1")
        start = int(before[0][0]) - 1 if before else 0
        while True:
            rows = self._ask(block, start, start + self.AT_ONCE)
            yield from rows
            start += self.AT_ONCE
            if not rows:
                after = self._ask(beyond, start)
                if not after:
                    return
                start = after[0][0]
                if not isinstance(start, int):
                    raise LedgerAltered(seq=-1, finding="a place is stored as something else")


def _bytes(value: object, what: str, seq: int = -1) -> bytes:
    """Bytes as stored. A database that was tampered with can hold anything in their place."""
    if not isinstance(value, bytes):
        raise LedgerAltered(seq=seq, finding=f"{what} is stored as something else than bytes")
    return value


class PartsBySeq:
    """Rows that come in the order of ``seq``, handed out entry by entry."""

    def __init__(self, rows: Iterator[PartRow]) -> None:
        self._rows: Iterator[PartRow] = rows
        self._next: PartRow | None = next(rows, None)
        self._before: list[int] = []  # entries before the one that was asked for

    def of(self, seq: int) -> list[PartRow]:
        """The rows of one entry. Rows of none that was asked for are left for ``rest``."""
        here: list[PartRow] = []
        while self._next is not None and self._next.seq < seq:
            self._before.append(self._next.seq)
            self._next = next(self._rows, None)
        while self._next is not None and self._next.seq == seq:
            here.append(self._next)
            self._next = next(self._rows, None)
        return here

    def rest(self) -> Iterator[int]:
        """Entries named by the rows that were not handed out."""
        yield from self._before
        while self._next is not None:
            yield self._next.seq
            self._next = next(self._rows, None)


def logs_of(connection: Any) -> list[str]:
    """Names of the logs in a database."""
    with closing(connection.cursor()) as cursor:
        cursor.execute("SELECT log FROM ledger_head ORDER BY log")
        return [row[0] for row in cursor.fetchall()]


@contextmanager
def open_database(path: Path) -> Iterator[sqlite3.Connection]:
    """A SQLite database that is only read, as it is at this moment."""
    uri = f"{path.resolve().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
        connection.execute("PRAGMA query_only=ON")
        connection.execute("BEGIN")
        yield connection

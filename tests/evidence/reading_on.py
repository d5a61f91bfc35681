"""Reading a growing ledger with plain SQL, each entry once: hashes, places, and whose it is."""

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from overrides.merkle import Frontier, leaf_hash

NEW = "SELECT seq, event_id, leaf_hash, body FROM ledger_event WHERE seq >= {} ORDER BY seq"
HEAD = "SELECT size, root, frontier FROM ledger_head"


@dataclass(slots=True)
class Reader:
    """What was read so far. ``wrong`` says what an honest ledger cannot be."""

    tree: Frontier = field(default_factory=Frontier)
    place_of: dict[str, int] = field(default_factory=dict)  # by event id
    effects: dict[str, list[int]] = field(default_factory=dict)  # places by keyed request hash
    wrong: list[str] = field(default_factory=list)

    def read_sqlite(self, path: str) -> None:
        """Read on in a database file, recovering it if need be."""
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("BEGIN")
            self.read(connection)

    def read(self, connection: Any) -> None:
        """Read on through a DB-API connection that sees one state throughout."""
        with closing(connection.cursor()) as cursor:
            cursor.execute(NEW.format(self.tree.size))
            self._take(cursor.fetchall())
            cursor.execute(HEAD)
            size, root, frontier = cursor.fetchone()
        if (size, bytes(root)) != (self.tree.size, self.tree.root()):
            self.wrong.append(f"the head says {size} entries, there are {self.tree.size}")
        if bytes(frontier) != self.tree.to_bytes():
            self.wrong.append(f"the head's frontier is not that of {size} entries")

    def _take(self, rows: Iterable[Any]) -> None:
        """Take in the next entries."""
        for seq, event_id, stored, body in rows:
            digest = leaf_hash(bytes(body))
            if digest != bytes(stored):
                self.wrong.append(f"entry {seq}: the bytes are not those that were hashed")
            if seq != self.tree.size:
                self.wrong.append(f"entry {seq} stands where {self.tree.size} should")
            if event_id in self.place_of:
                self.wrong.append(f"entry {seq} is entry {self.place_of[event_id]} again")
            self.place_of[event_id] = seq
            self.tree.append(digest)
            request = json.loads(bytes(body))["req"]
            if request is not None:
                self.effects.setdefault(request, []).append(seq)

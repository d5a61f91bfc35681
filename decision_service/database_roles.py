"""Roles of PostgreSQL: who owns the tables, who changes them, who serves, who signs.

The owner cannot log in. Whoever migrates may become the owner; whoever serves may add entries and
keep projections, and neither change an entry nor take a guard away. Superusers stand above all of
this, which is what the hash tree is for.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from overrides.guarded import APPEND_ONLY, HEAD, PARTS

STEM = "countermand"
STEM_SHAPE = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
STEPS = "alembic_version"  # which steps were taken

_READ = frozenset({"SELECT"})
_ADD = _READ | {"INSERT"}
_KEEP = _ADD | {"UPDATE", "DELETE"}
_SERVICE: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        **dict.fromkeys(APPEND_ONLY, _ADD),
        HEAD: _ADD | {"UPDATE"},
        PARTS: _ADD | {"DELETE"},
        "idempotency": _ADD | {"DELETE"},
        STEPS: _READ,
    }
)
_SIGNER: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "ledger_event": _READ,
        "ledger_subtree": _READ,
        HEAD: _READ,
        "ledger_checkpoint": _ADD,
        "signing_request": _READ | {"UPDATE"},
        "signer_report": _ADD | {"UPDATE"},
        STEPS: _READ,
    }
)
_MIGRATOR: Mapping[str, frozenset[str]] = MappingProxyType({STEPS: _READ})  # before it is owner
_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Roles:
    """The four roles of one installation; several in one cluster have different stems."""

    stem: str = STEM

    def __post_init__(self) -> None:
        """Refuse a stem that would have to be quoted."""
        if not STEM_SHAPE.fullmatch(self.stem):
            msg = f"{self.stem!r} is no beginning for names of roles: use a-z, 0-9 and _"
            raise ValueError(msg)

    @classmethod
    def of_service(cls, role: str) -> "Roles | None":
        """The roles of which this is the one that serves; none for a name we did not make."""
        stem = role.removesuffix("_service")
        return cls(stem) if stem != role and STEM_SHAPE.fullmatch(stem) else None

    @property
    def owner(self) -> str:
        """Owns the tables and cannot log in."""
        return f"{self.stem}_owner"

    @property
    def migrator(self) -> str:
        """Logs in to change tables, by becoming the owner."""
        return f"{self.stem}_migrator"

    @property
    def service(self) -> str:
        """Logs in to serve."""
        return f"{self.stem}_service"

    @property
    def signer(self) -> str:
        """Logs in to sign, where the signer is a process of its own."""
        return f"{self.stem}_signer"

    @property
    def all(self) -> tuple[str, ...]:
        """Every role, the owner first."""
        return (self.owner, self.migrator, self.service, self.signer)

    @property
    def logins(self) -> tuple[str, ...]:
        """Those that log in."""
        return self.all[1:]

    def rights(self, role: str, table: str) -> frozenset[str]:
        """What a role that is not the owner may do with a table of ours."""
        if role == self.service:
            return _SERVICE.get(table, _KEEP)
        return (_SIGNER if role == self.signer else _MIGRATOR).get(table, _NONE)


class Kind(StrEnum):
    """In which way something is not as it should be."""

    MISSING = "missing"
    TOO_MUCH = "too much"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about roles that is not as it should be."""

    kind: Kind
    text: str

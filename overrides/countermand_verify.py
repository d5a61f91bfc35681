#!/usr/bin/env python3
"""Checks an exported Countermand ledger, or the proof of one entry, without trusting who made it.

    python3 countermand_verify.py EXPORT --key signing.pub --against 2026-11-22.txt

One file for Python 3.10 or newer, nothing to install, no network. It needs the export, the public
keys you got some other way, and what you remember: checkpoints and receipts from earlier visits.
It takes nothing from the export but bytes and hashes, and works out itself where each belongs.

Exit status: 0 clean, 1 altered, 2 incomplete, 3 stale, 64 wrong usage.

In this order: findings in words; signatures; notes and checkpoints; policies; the hash tree;
entries; erasures; memories; files of an export; reading one; proof of one entry; command line.
"""

import argparse
import binascii
import hmac
import json
import os
import re
import sys
from base64 import b32decode, b64decode, b64encode
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from enum import IntEnum
from functools import cache
from hashlib import sha256, sha512
from importlib import import_module
from pathlib import Path
from stat import S_ISREG
from typing import Any, BinaryIO, NamedTuple, NoReturn

UTC = timezone.utc  # Python 3.10 has no datetime.UTC
CLOCKS_DIFFER = timedelta(seconds=120)  # so far may two honest clocks be apart

# ---- What was found, in words for the person who has to answer for it ----------------------------


class Verdict(IntEnum):
    """What a verification comes to; the numbers are the exit codes."""

    CLEAN = 0
    ALTERED = 1
    INCOMPLETE = 2
    STALE = 3


GRAVEST_FIRST = (Verdict.ALTERED, Verdict.INCOMPLETE, Verdict.STALE)
WRONG_USAGE, FINDINGS_MAX = 64, 50  # of each verdict so many: not all need be told of
WORDS = {
    Verdict.CLEAN: "Nothing was changed, as far as this could be checked.",
    Verdict.ALTERED: "ALTERED: what is here is not what was recorded.",
    Verdict.INCOMPLETE: "INCOMPLETE: not everything could be accounted for.",
    Verdict.STALE: "STALE: what is here ends before what should be covered.",
}
CUT_OFF = (
    "First limit: entries cut off the end together with every checkpoint over them leave what looks"
    " whole. Only a checkpoint or receipt from after they were written shows it."
)
WITH_KEY = "whoever holds the database and its signing key"
BY_ANYBODY = (
    "The key that it was checked with came with it: anybody could have written all of it and signed"
    " it with a key of their own. Get the ledger's key some other way, and name it with --key."
)
WRITTEN_ANEW = (
    "Second limit: a history written anew and signed with the ledger's own key, stolen, looks"
    " genuine. Only a checkpoint, receipt or witness from before shows it."
)


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be, in the entry ``seq`` if it is in one."""

    verdict: Verdict
    text: str
    seq: int | None = None

    def __str__(self) -> str:
        """The finding as a sentence."""
        return self.text if self.seq is None else f"entry {self.seq}: {self.text}"


@dataclass(frozen=True, kw_only=True)
class Findings:
    """A whole verification: what was read, what it was checked against, and what was wrong."""

    log: str
    size: int
    root: bytes
    first_at: datetime | None = None
    last_at: datetime | None = None
    signed_size: int | None = None  # entries under the newest checkpoint whose signature holds
    checked: tuple[str, ...] = ()  # what was compared with what, a sentence each
    remembered: int = 0  # so many entries, from the first, are vouched for by something outside
    forger: str = WITH_KEY  # who could have written it anew; "" for anybody
    has_projections: bool = False  # whether tables made from the entries lie beside them
    found: tuple[Finding, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The gravest of the findings: altered before incomplete before stale."""
        verdicts = {finding.verdict for finding in self.found}
        return next((v for v in GRAVEST_FIRST if v in verdicts), Verdict.CLEAN)

    @property
    def unsigned(self) -> int:
        """How many entries at the end are under no signed checkpoint."""
        return max(0, self.size - self.signed_size) if self.signed_size is not None else 0

    def notes(self, at_words: "Callable[[datetime], str] | None" = None) -> list[str]:
        """What bounds the checks; ``at_words`` writes an instant."""
        at_words, said = at_words or instant_text, []
        if self.first_at and self.last_at:
            span = f"{at_words(self.first_at)} to {at_words(self.last_at)}"
            said.append(f"The entries were recorded from {span}, by the ledger's own clock.")
        if self.has_projections:
            said.append(
                "The tables that pages and feedback sets are read from were not compared with the"
                " entries; 'countermand ledger rebuild' makes them anew from the entries."
            )
        if self.unsigned:
            tail = "entry is" if self.unsigned == 1 else f"{self.unsigned:,} entries are"
            said.append(f"The last {tail} under no signed checkpoint yet.")
        if self.log and not self.forger:
            said.append(BY_ANYBODY)
        if self.log and not self.remembered:
            said.append(
                f"It was compared with nothing kept outside: {self.forger or 'anybody'} could have"
                " written it anew. Keep a checkpoint elsewhere."
            )
        if self.log:
            said += [CUT_OFF, WRITTEN_ANEW]
        if self.remembered:
            first = "the first entry" if self.remembered == 1 else f"the first {self.remembered:,}"
            said.append(f"What was kept outside rules both out for {first}, and nothing after.")
        return said

    def sentences(self) -> list[str]:
        """The verification as sentences: the verdict, the findings, the checks and their bounds."""
        return [WORDS[self.verdict], *map(str, self.found), *self.checked, *self.notes()]

    def as_json(self) -> dict[str, object]:
        """The verification for programs."""
        found = [(f.verdict.name.lower(), f.text, f.seq) for f in self.found]
        return {
            "verdict": self.verdict.name.lower(),
            "status": int(self.verdict),
            "log": self.log,
            "size": self.size,
            "root": self.root.hex(),
            "signed_size": self.signed_size,
            "remembered": self.remembered,
            "checked": list(self.checked),
            "findings": [{"verdict": v, "text": text, "seq": seq} for v, text, seq in found],
            "notes": self.notes(),
        }


class Told:
    """Findings as they come: so many of each verdict, and how many more there were."""

    def __init__(self) -> None:
        self.kept: dict[Verdict, list[Finding]] = {verdict: [] for verdict in GRAVEST_FIRST}
        self.more: dict[Verdict, int] = dict.fromkeys(GRAVEST_FIRST, 0)

    def add(self, verdict: Verdict, text: str, seq: int | None = None) -> None:
        """Note a finding."""
        if len(self.kept[verdict]) < FINDINGS_MAX:
            self.kept[verdict].append(Finding(verdict, text, seq))
        else:
            self.more[verdict] += 1

    def merge(self, other: "Told") -> None:
        """Note what was found elsewhere."""
        for verdict in GRAVEST_FIRST:
            for finding in other.kept[verdict]:
                self.add(verdict, finding.text, finding.seq)
            self.more[verdict] += other.more[verdict]

    def all(self) -> tuple[Finding, ...]:
        """The findings, gravest first."""
        found = []
        for verdict in GRAVEST_FIRST:
            found += self.kept[verdict]
            if more := self.more[verdict]:
                found.append(Finding(verdict, f"and {more:,} more findings like these"))
        return tuple(found)


class Wrong(Exception):
    """Bytes are not what they should be. The text says in what way."""


class WrongUsage(Exception):
    """What was given to the command cannot be used. The text says why."""


def instant_text(at: datetime) -> str:
    """An instant as the ledger writes it."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def read_instant(text: str) -> datetime:
    """An instant as the ledger writes it: RFC 3339, UTC, six decimals. Raises ``ValueError``."""
    at = datetime.fromisoformat(text[:-1]).replace(tzinfo=UTC)
    if instant_text(at) != text:
        raise ValueError(text[:40])
    return at


def _entries(count: int) -> str:
    """So many entries, in words."""
    return "1 entry" if count == 1 else f"{count:,} entries"


# ---- Ed25519 (RFC 8032), checking only -----------------------------------------------------------

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT_OF_MINUS_ONE = pow(2, (_P - 1) // 4, _P)

_Point = tuple[int, int, int, int]  # extended coordinates: x/z, y/z, and their product t/z
_NOWHERE: _Point = (0, 1, 1, 0)


def _add(a: _Point, b: _Point) -> _Point:
    """Sum of two points of the curve, or twice one."""
    left, right = (a[1] - a[0]) * (b[1] - b[0]) % _P, (a[1] + a[0]) * (b[1] + b[0]) % _P
    cross, both = 2 * a[3] * b[3] * _D % _P, 2 * a[2] * b[2] % _P
    e, f, g, h = right - left, both - cross, both + cross, right + left
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _point(data: bytes) -> _Point | None:
    """The point that 32 bytes stand for, if they stand for one in the one proper way."""
    number = int.from_bytes(data, "little")
    odd, y = number >> 255, number & (1 << 255) - 1
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT_OF_MINUS_ONE % _P
    if (x * x - square) % _P or (x == 0 and odd):
        return None
    x = _P - x if x & 1 != odd else x
    return x, y, 1, x * y % _P


_BASE = _point((4 * pow(5, -1, _P) % _P).to_bytes(32, "little")) or _NOWHERE


def ed25519_holds_plainly(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature is this key's over the message, by arithmetic alone."""
    point, scalar = _point(public), int.from_bytes(signature[32:], "little")
    if point is None or len(public) != 32 or len(signature) != 64 or scalar >= _ORDER:
        return False
    hashed = int.from_bytes(sha512(signature[:32] + public + message).digest(), "little") % _ORDER
    minus = (_P - point[0], point[1], 1, _P - point[3])
    sums = (_NOWHERE, _BASE, minus, _add(_BASE, minus))
    total = _NOWHERE
    for bit in range(252, -1, -1):  # scalar * base - hashed * point, both at once
        total = _add(total, total)
        if chosen := (scalar >> bit & 1) | (hashed >> bit & 1) << 1:
            total = _add(total, sums[chosen])
    upside_down = pow(total[2], -1, _P)
    x, y = total[0] * upside_down % _P, total[1] * upside_down % _P
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]


@cache
def _library(module: str, name: str, length: int) -> Callable[[bytes, bytes, bytes], bool] | None:
    """Whether a signature holds, by the library ``cryptography``; nothing where it cannot say."""
    try:
        from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

        kind = getattr(import_module(f"cryptography.hazmat.primitives.asymmetric.{module}"), name)
    except (AttributeError, ImportError):
        return None
    try:
        kind.from_public_bytes(bytes(length))
    except UnsupportedAlgorithm:
        return None

    def holds(public: bytes, signature: bytes, message: bytes) -> bool:
        """Ask the library."""
        try:
            kind.from_public_bytes(public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True

    return holds


def _ed25519() -> Callable[[bytes, bytes, bytes], bool]:
    """The same, twenty times as fast where the library happens to be there."""
    return _library("ed25519", "Ed25519PublicKey", KEY_BYTES[LOG_KEY]) or ed25519_holds_plainly


def ml_dsa() -> Callable[[bytes, bytes, bytes], bool] | None:
    """Whether an ML-DSA-44 signature holds; nothing where no library can say."""
    return _library("mldsa", "MLDSA44PublicKey", KEY_BYTES[ML_DSA_KEY])


# ---- Notes, keys and checkpoints (C2SP signed-note, tlog-checkpoint, tlog-cosignature) -----------

LOG_KEY, WITNESS_KEY, ML_DSA_KEY = 1, 4, 6  # types of keys; witnesses have the last two
KEY_BYTES = {LOG_KEY: 32, WITNESS_KEY: 32, ML_DSA_KEY: 1312}
NOTE_BYTES_MAX = 1_000_000
SIGNATURES_MAX = 100

_DASH = "\N{EM DASH} "
_NAME = re.compile(r"[^\s+\x00-\x1f\x7f]+")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


def _base64(text: str) -> bytes:
    """Bytes of a base64 text in its one proper spelling."""
    try:
        data = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Wrong("there is something that is not base64") from None
    if b64encode(data).decode() != text:
        raise Wrong("there is base64 in an improper spelling")
    return data


class Key(NamedTuple):
    """A public key: of a log, or of a witness, whose signatures carry the time."""

    name: str
    type: int
    public: bytes

    @property
    def id(self) -> bytes:
        """The four bytes by which a signature line names its key."""
        told = self.name.encode() + b"\n" + bytes([self.type]) + self.public
        return sha256(told).digest()[:4]

    def __str__(self) -> str:
        """The key as one line of text."""
        encoded = b64encode(bytes([self.type]) + self.public).decode()
        return f"{self.name}+{self.id.hex()}+{encoded}"

    @classmethod
    def read(cls, line: str) -> "Key":
        """A key from its line of text. Raises ``Wrong`` when a single character is off."""
        name, _, rest = line.partition("+")
        data = _base64(rest.partition("+")[2])
        key = cls(name, data[0] if data else 0, data[1:])
        known = KEY_BYTES.get(key.type) == len(key.public)
        if not known or not _NAME.fullmatch(name) or str(key) != line:
            raise Wrong("it is not an Ed25519 or ML-DSA-44 key in the form NAME+ID+KEY")
        return key


class Opened(NamedTuple):
    """A signed note: its text, which of the known keys signed it, and which witnesses when.

    ``unchecked`` are witnesses whose signatures nothing here can check: they count for nothing.
    """

    text: str
    signed_by: tuple[Key, ...]
    seen_by: tuple[tuple[str, datetime], ...]
    cosigners: tuple[Key, ...] = ()
    unchecked: tuple[str, ...] = ()

    def own(self, log: str) -> tuple[Key, ...]:
        """Keys of this log that signed it: nobody else's signature makes it the log's word."""
        return tuple(key for key in self.signed_by if key.name == log)

    def sights(self, live: Container[Key] = ()) -> tuple["Sight", ...]:
        """Who saw it when; second 0 says nothing of the time (C2SP tlog-cosignature)."""
        both = zip(self.cosigners, self.seen_by, strict=True)
        return tuple(Sight(*seen, key in live) for key, seen in both if seen[1].timestamp())


class Sight(NamedTuple):
    """Who saw a checkpoint when, and whether that was where the ledger ended then."""

    who: str
    at: datetime
    ended: bool

    def over(self, size: int) -> str:
        """What was seen, in words."""
        what = f"the ledger end{OWN_WORD * (self.who == YOU)} after" if self.ended else "the first"
        return f"{self.who} saw {what} {_entries(size)} on {instant_text(self.at)}"

    def can_be(self, size: int, last: datetime | None, now: datetime | None, told: Told) -> bool:
        """Whether it can have been then: not in the future, and not before the last entry."""
        text, seq = "", None
        if now is not None and self.at > now + CLOCKS_DIFFER:
            text = f"{self.over(size)}, which is still to come"
        elif last is not None and last > self.at + CLOCKS_DIFFER:
            text = f"DATED AHEAD: it says {instant_text(last)}, but {self.over(size)}"
            seq = size - 1
        if text:
            told.add(Verdict.INCOMPLETE, f"{text}: a clock is wrong", seq)
        return not text


def open_note(note: str, keys: Iterable[Key]) -> Opened:
    """Take a note apart. Raises ``Wrong`` when it is malformed or a known key's signature is bad.

    A signature of a key that is not known says nothing and does no harm.
    """
    text, gap, tail = note.rpartition("\n\n")
    lines = tail[:-1].split("\n")
    if len(note) > NOTE_BYTES_MAX or re.search("[\x00-\x09\x0b-\x1f\ud800-\udfff]", note):
        raise Wrong("it is too long, or not plain text")
    if not gap or not tail.endswith("\n") or len(lines) > SIGNATURES_MAX:
        raise Wrong("it has no signature lines, or too many")
    text += "\n"
    by_name = {(key.name, key.id): key for key in keys}
    signed_by, seen_by, cosigners, unchecked = [], [], [], []
    for line in lines:
        name, _, encoded = line.removeprefix(_DASH).partition(" ")
        data = _base64(encoded)
        if not line.startswith(_DASH) or not _NAME.fullmatch(name) or len(data) < 5:
            raise Wrong("it has a malformed signature line")
        key = by_name.get((name, data[:4]))
        if key is None:
            continue
        if key.type == LOG_KEY:
            signed_by.append(key)
            holds: bool | None = _ed25519()(key.public, data[4:], text.encode())
        else:
            seconds = int.from_bytes(data[4:12], "big")
            holds = _is_cosigned(key, seconds, data[12:], text)
            if holds is None:
                unchecked.append(name)
                continue
            seen_by.append((name, _at_second(seconds)))
            cosigners.append(key)
        if not holds:
            raise Wrong(f"the signature of {name} is wrong")
    return Opened(text, tuple(signed_by), tuple(seen_by), tuple(cosigners), tuple(unchecked))


def _is_cosigned(key: Key, seconds: int, signature: bytes, text: str) -> bool | None:
    """Whether a witness saw this checkpoint at this time; nothing where that cannot be checked."""
    if key.type == WITNESS_KEY:
        signed = f"cosignature/v1\ntime {seconds}\n{text}".encode()
        return _ed25519()(key.public, signature, signed)
    check, at = ml_dsa(), Checkpoint.read(text)
    return check and check(key.public, signature, cosigned_message(key.name, seconds, at))


def cosigned_message(witness: str, seconds: int, at: "Checkpoint") -> bytes:
    """What a witness signs with ML-DSA-44: who saw which log with so many entries, and when."""
    name, origin = witness.encode(), at.origin.encode()
    if len(name) > 255 or len(origin) > 255:
        raise Wrong("a witness or a ledger has a name that is too long")
    named = bytes([len(name)]) + name + seconds.to_bytes(8, "big") + bytes([len(origin)]) + origin
    return b"subtree/v1\n\0" + named + bytes(8) + at.size.to_bytes(8, "big") + at.root


def _at_second(seconds: int) -> datetime:
    """An instant from the seconds since 1970 that a witness gives."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        raise Wrong("a witness gives a time that cannot be") from None


class Checkpoint(NamedTuple):
    """Where a log stood: its name, how many entries it had, and the root over them."""

    origin: str
    size: int
    root: bytes

    @classmethod
    def read(cls, text: str) -> "Checkpoint":
        """A checkpoint from a note's text; further lines mean nothing here. Raises ``Wrong``."""
        lines = text.split("\n")
        if len(lines) < 4 or lines.pop() != "" or not all(lines):
            raise Wrong("it is no checkpoint: a name, a size and a root, line by line")
        root = _base64(lines[2])
        if not _NUMBER.fullmatch(lines[1]) or len(root) != 32:
            raise Wrong("it is no checkpoint: its size or its root is malformed")
        return cls(lines[0], int(lines[1]), root)


# ---- Policies (C2SP tlog-policy): whose signatures are enough ------------------------------------

_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
NO_QUORUM = "none"
Rule = tuple[int, tuple[str, ...]]  # so many of these


@dataclass
class Policy:
    """Which logs and witnesses somebody trusts, and which witnesses must have signed."""

    logs: list[Key] = field(default_factory=list)
    witnesses: dict[str, Key] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)  # of witnesses, where they are given
    groups: dict[str, Rule] = field(default_factory=dict)
    quorum: str = ""

    @classmethod
    def read(cls, text: str) -> "Policy":
        """A policy from its text. Raises ``Wrong`` with the line that is wrong."""
        policy = cls()
        for number, line in enumerate(text.split("\n"), 1):
            try:
                policy.take(line)
            except Wrong as wrong:
                raise Wrong(f"line {number} of the policy: {wrong}") from None
        if not policy.quorum:
            raise Wrong("the policy does not say who must have signed: it has no line 'quorum'")
        return policy

    def take(self, line: str) -> None:
        """Take a line in. Raises ``Wrong``."""
        kind, *words = re.findall("[^ \t]+", line) or ["#"]
        if _UNFIT.search(line):
            raise Wrong("there is a character that no policy has")
        if kind == "log" and len(words) in (1, 2):
            self.logs.append(self._new_key(words[0], self.logs, LOG_KEY))
        elif kind == "witness" and len(words) in (2, 3):
            known, name = self.witnesses.values(), self._new_name(words[0])
            self.witnesses[name] = self._new_key(words[1], known, WITNESS_KEY, ML_DSA_KEY)
            self.addresses |= {name: words[2]} if words[2:] else {}
        elif kind == "group" and len(words) > 2:
            self.groups[self._new_name(words[0])] = self._rule(words[1], words[2:])
        elif kind == "quorum" and len(words) == 1 and not self.quorum:
            self.quorum = words[0] if words[0] == NO_QUORUM else self._known(words[0])
        elif not kind.startswith("#"):
            raise Wrong("it is not one that a policy may have here")

    def _new_key(self, line: str, known: Iterable[Key], *types: int) -> Key:
        """A key that is not in the policy yet."""
        key = Key.read(line)
        if key.type not in types or key.public in {other.public for other in known}:
            raise Wrong("the key is of another kind, or is there twice")
        return key

    def _new_name(self, name: str) -> str:
        """A name that is not in the policy yet."""
        if name in {NO_QUORUM, *self.witnesses, *self.groups}:
            raise Wrong(f"the name {name[:80]} is taken")
        return name

    def _known(self, name: str) -> str:
        """A name that a line before gave."""
        if name not in self.witnesses and name not in self.groups:
            raise Wrong(f"nobody is named {name[:80]} before it")
        return name

    def _rule(self, word: str, names: list[str]) -> Rule:
        """The rule of a new group."""
        count = {"any": "1", "all": str(len(names))}.get(word, word)
        if not _NUMBER.fullmatch(count) or not 1 <= int(count) <= len(names):
            raise Wrong("it wants a number of its members that cannot be")
        listed = [*names, *(name for _, others in self.groups.values() for name in others)]
        if len({*map(self._known, listed)}) < len(listed):
            raise Wrong("somebody is in two groups, or twice in one")
        return int(count), tuple(names)

    def holds(self, cosigners: Iterable[Key]) -> bool:
        """Whether these have signed what the policy wants to be signed."""
        signed = {*cosigners}

        def has(name: str) -> bool:
            if name in self.witnesses:
                return self.witnesses[name] in signed
            count, names = self.groups[name]
            return sum(map(has, names)) >= count

        return self.quorum == NO_QUORUM or has(self.quorum)

    def wanted(self, name: str = "") -> str:
        """Who must have signed, in words."""
        name = name or self.quorum
        if name not in self.groups:
            return name
        count, names = self.groups[name]
        inner = [self.wanted(each) for each in names]
        listed = ", ".join(f"({text})" if " of " in text else text for text in inner)
        return f"{count} of {listed}" if len(names) > 1 else inner[0]

    def lacks(self, cosigners: Iterable[Key]) -> str:
        """What the policy wants and who signed, in words."""
        keys = {*cosigners}
        names = [name for name, key in self.witnesses.items() if key in keys]
        return f"your policy wants {self.wanted()}, and it was signed by {_listing(names)}"


def _listing(names: Sequence[str]) -> str:
    """Names one after the other."""
    return ", ".join(names) or "none of them"


# ---- The hash tree (RFC 6962) --------------------------------------------------------------------

BUNDLE = 256  # entries of a bundle, and hashes of a tile
BUNDLE_BYTES_MAX = BUNDLE * (2 + 65_535)


def leaf_hash(entry: bytes) -> bytes:
    """Hash of one entry."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of two subtrees side by side."""
    return sha256(b"\x01" + left + right).digest()


def fold(row: list[bytes]) -> bytes:
    """Root over a power of two of hashes."""
    while len(row) > 1:
        sides = zip(row[::2], row[1::2], strict=True)
        row = [sha256(b"\x01" + left + right).digest() for left, right in sides]
    return row[0]


def peaks_of(row: list[bytes]) -> list[bytes]:
    """Roots of the whole subtrees that make up so many hashes, largest first."""
    peaks, start = [], 0
    for power in range(len(row).bit_length() - 1, -1, -1):
        if len(row) >> power & 1:
            peaks.append(fold(row[start : start + (1 << power)]))
            start += 1 << power
    return peaks


def root_of(peaks: Sequence[bytes]) -> bytes:
    """Root over whole subtrees, largest first."""
    if not peaks:
        return sha256().digest()
    root = peaks[-1]
    for left in reversed(peaks[:-1]):
        root = node_hash(left, root)
    return root


class Tree:
    """A tree that grows by whole bundles: their number, and the roots of its whole subtrees."""

    def __init__(self) -> None:
        self.bundles = 0
        self.peaks: list[bytes] = []

    def add(self, root: bytes) -> None:
        """Add a bundle by its root."""
        at = self.bundles
        while at & 1:
            root = node_hash(self.peaks.pop(), root)
            at >>= 1
        self.peaks.append(root)
        self.bundles += 1


def root_of_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """Root that the path leads to from entry ``index`` of ``size``. Raises ``Wrong``."""
    if not 0 <= index < size or any(len(step) != 32 for step in path):
        raise Wrong(f"there is no entry {index} among {size}, or a hash is not one")
    root, node, last = leaf, index, size - 1
    for step in path:
        if not last:
            raise Wrong("the path is too long")
        if node & 1 or node == last:
            root = node_hash(step, root)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            root = node_hash(root, step)
        node, last = node >> 1, last >> 1
    if last:
        raise Wrong("the path is too short")
    return root


# ---- Entries -------------------------------------------------------------------------------------

DEPTH_MAX = 8
INTEGER_MAX = 2**53 - 1
ENTRY_BYTES_MAX = 65_535
VERSION = 1
KIND_LINES = """
action_closed|done name of owner||note
action_opened|due month name of owner||note
approval_recorded|grant of verdict|reasons|note
bundle_drilled|cases from name ok sha256 took_ms||note
bundle_exception_asked|lacks name sha256 until vote_until||note
bundle_exception_voted|agrees name of owner sha256||note
bundle_promoted|name reason sha256 signed||note
bundle_registered|name reason sha256 signed||note
bundle_resumed|name reason sha256 signed||note
bundle_rolled_back|name reason sha256 signed||note
bundle_signed_off|name of owner sha256||note
bundle_suspended|name reason sha256 signed||note
bundle_validated|class conditions developers expires exposure findings name purpose sha256
  tests||record
case_claimed|person until||note
case_decided|by code decision rests_on side terms||terms
case_escalated|person reason|until|note
case_expired|reason||evidence note
case_handed_over|person reason|to until|note
case_released|person why||note
case_reopened|reason|appeal before of|evidence note
case_snoozed|person reason|until|note
case_withdrawn|reason||evidence note
checkpoint_anchored|kind root size|at witness|
clock_adjusted|behind_us clock||
cost_entered|amount_minor cost currency month name||note
counter_offered|before code days decision_id dwell_ms fields grant needs seen_version
  side|concepts|note
decision_failed|amount_minor application attempt branch bundle cause channel completed_at currency
  decision_id due_at fallback jurisdiction knockouts latency_us parties product queue received_at
  routing sampled simulated status subject supersedes|assigned limit_at p_assigned
  target_at|inputs monitor party
decision_made|adverse amount_minor application approve_up_to attempt background base branch bundle
  channel completed_at currency decision_id decline_above distance due_at favourable jurisdiction
  knockouts latency_us method parties probability product queue raw received_at recommendation
  reliable routing sampled simulated status subject sum_error supersedes|assigned limit_at
  p_assigned scale target_at|explanation inputs monitor party
erasure_approved|count ground of root||note
erasure_refused|ground of why|holds until|note
erasure_requested|classes count ground root schedule scope slots|as_of rules subject|note
feedback_exported|as_of counts erasure_epoch folder manifest_sha256 purpose rows|bundle|
finding_assigned|due of owner||note
finding_closed|of reason||note
finding_opened|about branch key kind run|bundle|loan note
first_view_recorded|confidence decision_id view||note
information_received|reason|fields target_at|evidence note
information_requested|reason|documents fields until|evidence note
input_corrected|decision_id evidence_types fields from grant of seen_version to||evidence note
key_added|key person|valid_until|
key_revoked|key person|reason|
key_rotated|epoch purpose|count key reason|
ledger_opened|demo demo_note keys log schema||
legal_hold_lifted|ground of||note
legal_hold_set|ground scope|subject until|note
letter_drafted|concepts due_at holds kind locale pack source template|reason replaces until|shown
letter_moved|of to|channel on reason|note
month_reviewed|as_of figures month name sha256||record
month_signed|month name of owner||note
outcome_corrected|corrects kind months_on_book observed_at simulated source value|account
  currency|account
outcome_observed|corrects kind months_on_book observed_at simulated source value|account
  currency|account
override_recorded|code concepts decision_id dwell_ms evidence_types from grant needs needs_why
  seen_version side to|confidence|evidence note
person_added|branch currency limit_minor person role|valid_until|name
person_left|person|reason|
practice_answered|bundle case_ref concepts decision outcome person place round||
practice_finished|bundle cases concepts person right round||
practice_switched|notice practice seed share||note
promise_judged|due kpi name owner says sha256 standing until||note
reason_questioned|concept decision_id person||note
reasons_shown|codebook count decision_id locale person|concepts template|shown
reconciliation_run|branches counts file_sha256 known loans opened read_as scope unread||record
record_erased|ground slots|approval as_of count destroyed epoch of root schedule|
record_viewed|person|reason what|
restore_performed|from_size|reason root|
retraining_proposed|folder look manifest_sha256 name of rows||
review_date_closed|of||note
review_date_set|code of on||
review_recorded|agrees concepts decision decision_id dwell_ms grant manual
  seen_version|confidence|evidence note
role_changed|branch currency limit_minor person role|reason valid_until|name
score_only|background bundle explained jurisdiction method protocol rows simulated
  subject||explanation inputs monitor
staff_notified|given_on practices sha256||note
training_recorded|bundle ground last_day person||note
verification_run|ok scope size|against findings|
watch_declared|alarm first lag_months name odds sha256 shock statistics window_months||note
watch_looked|bad e_value expected fires left_out loans month name of sums||
what_if_tried|decision_id person||shown
"""

_KINDS = {  # of each: members, optional ones, encrypted parts; ``docs.refresh`` writes the lines
    name: tuple(frozenset(names.split()) for names in lists)
    for name, *lists in (row.split("|") for row in KIND_LINES[1:].replace("\n  ", " ").splitlines())
}
_KIND_NAMES = frozenset(kind.encode() for kind in _KINDS)
_ENVELOPE = frozenset(
    {"v", "log", "seq", "id", "ts", "type", "case", "actor", "role", "cause"}
    | {"model", "policy", "codebook", "data", "commit", "req", "clock"}
)
_CLOCKS, _STAMP = ("adjusted", "ok", "simulated"), ("name", "sha256", "version")
_LISTS = frozenset(
    {"adverse", "favourable", "knockouts", "parties", "routing", "concepts", "evidence_types"}
    | {"holds", "needs_why", "rests_on", "signed", "keys"}
)  # members that have lists of texts, or of pairs of texts
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff]")
_COMMITMENT = re.compile(r"[0-9a-f]{64}", re.ASCII)
_COMMITMENTS = re.compile(rb'"([a-z]+(?:\.[0-9]+)?)":"([0-9a-f]{64})"')
_PARTY = re.compile(r"party\.[0-9]+", re.ASCII)


class UnknownKind(Wrong):
    """An entry is of a kind or version that this file does not know."""


class Entry(NamedTuple):
    """What matters of an entry, as the bytes that stand in it; texts have their quotes."""

    actor: bytes
    case: bytes  # or null
    commit: bytes  # an object: part to commitment
    event_id: bytes
    log: bytes
    seq: bytes
    at: bytes
    kind: bytes

    @property
    def commitments(self) -> dict[str, str]:
        """What stands in place of the personal parts, by part."""
        return {slot.decode(): mark.decode() for slot, mark in _COMMITMENTS.findall(self.commit)}


@cache
def _pattern(kind: bytes) -> Callable[[bytes], "re.Match[bytes] | None"]:
    """What is matched whole is an entry of this kind: canonical, with the right members.

    Most entries are matched, in a quarter of the time that parsing them would take. An entry that
    is not may be good all the same: it is then parsed and looked at member by member.
    """
    text, plain = r'"[ !#-\[\]-~]*"', r'(?:"[ !#-\[\]-~]*"|0|-?[1-9][0-9]{0,14}|true|false|null)'
    pair = rf"(?:{text}|\[{text},{text}\])"
    values = dict.fromkeys(_LISTS, rf"\[(?:{pair}(?:,{pair})*)?\]")
    names = ("audit", "p_random_accept", "p_routed", "seed")
    values["sampled"] = _members(names, (), {}, plain)
    stamp = f"(?:null|{_members(_STAMP, (), {}, text)})"
    day = (
        "(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
        "|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
    )
    instant = rf"[12][0-9]{{3}}-{day}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{{6}}Z"
    required, optional, slots = _KINDS[kind.decode()]
    parties = {f"party.{n}" for n in range(10) if "party" in slots}
    commit = _members((), slots - {"party"} | parties, {}, '"[0-9a-f]{64}"')
    pattern = (
        rf'\{{"actor":({text}),"case":(null|{text}),"cause":\[(?:{text}(?:,{text})*)?\],'
        rf'"clock":"(?:{"|".join(_CLOCKS)})","codebook":{stamp},"commit":({commit}),'
        rf'"data":{_members(required, optional, values, plain)},"id":({text}),"log":({text}),'
        rf'"model":{stamp},"policy":{stamp},"req":(?:null|{text}),"role":{text},'
        rf'"seq":(0|[1-9][0-9]{{0,14}}),"ts":"({instant})",'
        rf'"type":"{kind.decode()}","v":{VERSION}\}}'
    )
    return re.compile(pattern.encode()).fullmatch


def _members(
    required: Iterable[str], optional: Iterable[str], values: Mapping[str, str], value: str
) -> str:
    """A pattern for an object with these members, in the order of their names."""
    comma = r"(?:,(?!\})|(?=\}))"
    parts = {
        name: f'"{re.escape(name)}":{values.get(name, value)}{comma}'
        for name in {*required, *optional}
    }
    parts |= {name: f"(?:{parts[name]})?" for name in optional}
    return r"\{" + "".join(parts[name] for name in sorted(parts)) + r"\}"


def read_entry(body: bytes) -> Entry:
    """What matters of an entry, all of which was looked at.

    Raises ``UnknownKind`` for a kind of a later release, ``Wrong`` for bytes that no release could
    have written.
    """
    kind = body[body.rfind(b'"type":"') + 8 : -8]
    if kind in _KIND_NAMES and (match := _pattern(kind)(body)) is not None:
        return Entry._make((*match.groups(), kind))
    members = read_members(body)
    names = ("actor", "case", "commit", "id", "log", "seq", "ts", "type")
    actor, case, commit, event_id, log, seq, at, kind = (_canonical(members[n]) for n in names)
    return Entry(actor, case, commit, event_id, log, seq, at[1:-1], kind[1:-1])


def read_members(body: bytes) -> dict[str, Any]:
    """The members of an entry, parsed and looked at one by one. Raises as ``read_entry``."""
    if len(body) > ENTRY_BYTES_MAX:
        raise Wrong(f"it has more than {ENTRY_BYTES_MAX} bytes")
    members = read_canonical(body)
    if type(members) is not dict:
        raise Wrong("it is not an entry")
    kind, version = members.get("type"), members.get("v")
    if version != VERSION or not isinstance(kind, str) or kind not in _KINDS:
        raise UnknownKind(f"{str(kind)[:60]} of version {str(version)[:20]}")
    if members.keys() != _ENVELOPE:
        raise Wrong("it does not have the members of an entry")
    required, optional, slots = _KINDS[kind]
    data, commit = members["data"], members["commit"]
    try:
        read_instant(members["ts"])
    except (AttributeError, ValueError):
        raise Wrong("its time is no time") from None
    texts = [members[name] for name in ("log", "id", "actor", "role", "clock")]
    texts += [members[name] for name in ("case", "req") if members[name] is not None]
    texts += members["cause"] if type(members["cause"]) is list else [None]
    stamps = [members[name] for name in ("model", "policy", "codebook")]
    for stamp in (each for each in stamps if each is not None):
        fits = type(stamp) is dict and stamp.keys() == set(_STAMP)
        texts += stamp.values() if fits else [None]
    if not (
        all(type(text) is str for text in texts)
        and type(members["seq"]) is int
        and members["seq"] >= 0
        and members["clock"] in _CLOCKS
        and type(data) is dict
        and required <= data.keys() <= required | optional
        and type(commit) is dict
        and "party" not in commit
        and all(_PARTY.sub("party", name) in slots for name in commit)
        and all(type(c) is str and _COMMITMENT.fullmatch(c) for c in commit.values())
    ):
        raise Wrong("a member is missing, too many, or of the wrong type")
    return members


def read_canonical(data: bytes) -> Any:
    """The value of which these bytes are the one exact spelling. Raises ``Wrong``."""
    try:
        value = _parse(data.decode())
        _check_value(value, DEPTH_MAX)
        exact = _canonical(value)
    except (ValueError, RecursionError):  # UnicodeError is a ValueError
        raise Wrong("it is not JSON, or not the kind of JSON that is recorded") from None
    if exact != data:
        raise Wrong("the bytes are not the one exact spelling of what they say")
    return value


def _canonical(value: object) -> bytes:
    """The one exact spelling of a value that was checked."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def text_of(quoted: bytes) -> str:
    """A text from its bytes in an entry."""
    return str(json.loads(quoted)) if b"\\" in quoted else quoted[1:-1].decode()


def _refuse(spelling: str) -> NoReturn:
    """No floats, no NaN."""
    raise ValueError(spelling)


_parse = json.JSONDecoder(parse_float=_refuse, parse_constant=_refuse).decode


def _check_value(value: object, levels: int) -> None:
    """Raise ``ValueError`` for what is never recorded: deep nests, great integers, odd texts."""
    if isinstance(value, dict | list):
        if not levels:
            raise ValueError(levels)
        for key in value if isinstance(value, dict) else ():
            _check_value(key, 0)
            key.encode("ascii")
        for item in value.values() if isinstance(value, dict) else value:
            _check_value(item, levels - 1)
    elif isinstance(value, str):
        if _FORBIDDEN.search(value):
            raise ValueError(value)
    elif type(value) is int and abs(value) > INTEGER_MAX:
        raise ValueError(value)


def commitment_of(salt: bytes, event_id: str, slot: str, payload: bytes) -> str:
    """What an entry holds in place of a personal part, in hex."""
    message = f"countermand/commit/v1\0{slot}\0{event_id}\0".encode() + payload
    return hmac.digest(salt, message, "sha256").hex()


# ---- Erasures and legal holds --------------------------------------------------------------------

RESTORED = "erased_before_restore"  # the ground of an erasure that is made again
_ERASING = b"erasure_approved erasure_refused erasure_requested legal_hold_lifted legal_hold_set"
ERASING = frozenset((_ERASING + b" record_erased restore_performed").split())
_OF_CASE = re.compile(rb'\{"actor":"(?:[^"\\]|\\.)*","case":("(?:[^"\\]|\\.)*")')

Pair = tuple[str, str]  # event id and slot: the name of a personal part


class Asked(NamedTuple):
    """Who asked for an erasure or approved it, what for, and what exactly."""

    actor: str
    about: str  # the party that is named, or the request that is approved
    bound: bytes  # ground, root and count


@dataclass
class Hold:
    """A legal hold: the entries that set and lifted it, and whose records it keeps."""

    seq: int
    case: str
    subject: str
    until: "int | None" = None

    def stood(self, seq: int) -> bool:
        """Whether it stood when that entry was made."""
        return self.seq < seq and (self.until is None or seq < self.until)


class Erasures:
    """What entries say of erasures and of holds against them, judged in the order of the ledger.

    An erasure rests on a request, and on somebody else's approval of exactly that. It takes nothing
    that a hold keeps. One that is made again after a restore rests on entries that the backup may
    not have had; that there was a restore, an entry must say.
    """

    def __init__(self, told: Told) -> None:
        self.places: dict[bytes, int] = {}  # part that an entry says was erased: that entry
        self.count = 0
        self.again: list[int] = []  # erasures that were made again after a restore
        self._told = told
        self._asked: dict[str, Asked] = {}
        self._approved: dict[str, Asked] = {}
        self._holds: dict[str, Hold] = {}
        self._against: set[tuple[int, int]] = set()  # erasure, and the entry that set the hold
        self._restored = self._doubtful = False

    def take(self, seq: int, members: Mapping[str, Any], listed: Sequence[Pair] = ()) -> None:
        """Take in an entry of a kind of ``ERASING``; ``listed`` is what lies here as its list."""
        data, kind, actor = members["data"], members["type"], members["actor"]
        of, case, subject = str(data.get("of")), members["case"], str(data.get("subject") or "")
        if kind == "record_erased":
            self._erase(seq, members, listed)
        elif kind == "erasure_requested":
            self._asked[members["id"]] = Asked(actor, subject, _bound(data))
        elif kind == "erasure_approved":
            self._approved[members["id"]] = Asked(actor, of, _bound(data))
        elif kind == "erasure_refused":
            self._asked.pop(of, None)
        elif kind == "legal_hold_set":
            self._holds[members["id"]] = Hold(seq, case or "", "" if case else subject)
        elif kind == "legal_hold_lifted" and of in self._holds:
            self._holds[of].until = self._holds[of].until or seq
        elif kind == "restore_performed":
            self._restored = True

    def finish(self, bodies: Callable[[], Iterable[bytes]]) -> None:
        """Judge what shows at the end only; ``bodies`` reads the entries again where it has to."""
        if self.again and not self._restored:
            text = "UNAPPROVED ERASURE: it says that it repeats an erasure from before a restore,"
            text = f"{text} and no entry says that a backup was put back. Ask who recorded it"
            self._told.add(Verdict.INCOMPLETE, text, self.again[0])
        if self._doubtful:
            self._read_held(bodies())
        for erasure, held in sorted(self._against):
            text = f"ERASED UNDER A HOLD: it took what the legal hold of entry {held} keeps, and no"
            text = f"{text} entry between the two lifts that hold. Ask who approved it, and why"
            if erasure in self.again:
                text += ": an entry that a restore lost may have lifted it"
            self._told.add(Verdict.INCOMPLETE, text, erasure)

    def checked(self) -> Iterator[str]:
        """What was compared with what."""
        if self.count:
            were = "1 erasure was" if self.count == 1 else f"{self.count:,} erasures were"
            yield (
                f"{were} compared with who asked for it and who approved it, and with the legal"
                " holds that stood."
            )
        if again := len(self.again):
            yield (
                f"{again:,} of these made again what had been erased before a backup was put back:"
                " who asked and who approved is in entries that the backup did not have."
            )

    def _erase(self, seq: int, members: Mapping[str, Any], listed: Sequence[Pair]) -> None:
        """Take in which parts went: by their names, or the root over them; and on whose word."""
        data, slots = members["data"], members["data"].get("slots")
        root, named = data.get("root"), [(str(e), str(s)) for e, s in _pairs(slots)]
        pairs = [*listed] or named
        fits = root_of(peaks_of([leaf_hash(_canonical(pair)) for pair in pairs])).hex() == root
        self.count += 1
        if not fits and (root is not None or not {*listed} <= {*named}):
            text = "the parts listed as erased by it are not those it was recorded with"
            self._told.add(Verdict.ALTERED if listed else Verdict.INCOMPLETE, text, seq)
            return
        for pair in pairs if fits else named:
            self.places.setdefault(place_of(*pair), seq)
        if wrong := self._unfounded(seq, members, len(pairs)):
            are = "1 personal part is" if len(pairs) == 1 else f"{len(pairs):,} personal parts are"
            text = f"UNAPPROVED ERASURE: {wrong}. Ask who recorded it: {are} gone by it"
            self._told.add(Verdict.INCOMPLETE, text, seq)
        self._doubtful |= any(hold.stood(seq) for hold in self._holds.values())

    def _unfounded(self, seq: int, members: Mapping[str, Any], count: int) -> str:
        """What an erasure lacks of a request and an approval; "" for nothing."""
        data = members["data"]
        if data.get("ground") == RESTORED:
            self.again.append(seq)
            return "" if data.get("count") == count else "it took another number than it says"
        asked = self._asked.pop(str(data.get("of")), None)
        approved = self._approved.pop(str(data.get("approval")), None)
        wrong, as_of = "", data.get("as_of")
        if asked is None:
            return "no entry before it asks for it"
        if approved is None or approved.about != str(data["of"]):
            wrong = "no entry before it approves it"
        elif approved.actor == asked.actor:
            wrong = f"{asked.actor[:80]} asked for it and approved it, and that takes two"
        elif not asked.bound == approved.bound == _bound(data) or data.get("count") != count:
            wrong = "it is not what was asked for and approved"
        elif isinstance(as_of, str) and as_of > members["ts"]:
            wrong = f"it took what would be due on {as_of[:27]}, which was still to come"
        held = (h for h in self._holds.values() if h.subject and h.subject == asked.about)
        self._against.update((seq, hold.seq) for hold in held if hold.stood(seq))
        return wrong

    def _read_held(self, bodies: Iterable[bytes]) -> None:
        """Look for what erasures took of cases and parties whose records a hold kept then."""
        by_case: dict[str, list[Hold]] = {}
        by_party: dict[str, list[Hold]] = {}
        for hold in self._holds.values():
            told, whose = (by_party, hold.subject) if hold.subject else (by_case, hold.case)
            told.setdefault(whose, []).append(hold)
        parties = [_canonical(subject) for subject in by_party]
        cases = {_canonical(case) for case in by_case}
        about: dict[bytes, str] = {}  # case of a held party: the party; "" where there are several
        for body in bodies:
            if (match := _OF_CASE.match(body)) is None:
                continue
            case, subject = match[1], ""
            if b'"type":"decision_' in body and (
                case in about or any(party in body for party in parties)
            ):
                subject = str(read_canonical(body)["data"].get("subject"))
                about[case] = subject if about.get(case, subject) == subject else ""
            if case in cases or case in about:
                subject = subject or about.get(case, "")
                self._compare(body, by_case.get(text_of(case), ()), by_party.get(subject, ()))

    def _compare(self, body: bytes, of_case: Sequence[Hold], of_party: Sequence[Hold]) -> None:
        """Note whether parts of an entry were erased while a hold on them stood.

        What a co-applicant's own part holds may be another party's.
        """
        try:
            entry = read_entry(body)
        except Wrong:
            return  # it was told of before
        for slot in entry.commitments:
            erasure = self.places.get(place_of(text_of(entry.event_id), slot), -1)
            holds = (*of_case, *(() if _PARTY.fullmatch(slot) else of_party))
            self._against.update((erasure, h.seq) for h in holds if h.stood(erasure))


def _bound(data: Mapping[str, Any]) -> bytes:
    """What a request, its approval and the erasure have in common."""
    return _canonical([data.get("ground"), data.get("root"), data.get("count")])


def _pairs(value: object) -> list[Any]:
    """The pairs in a list of pairs; nothing where it is something else."""
    pairs = value if isinstance(value, list) else []
    return pairs if all(isinstance(p, list) and len(p) == 2 for p in pairs) else []


def place_of(event_id: str, slot: str) -> bytes:
    """A personal part's name in few bytes."""
    return sha256(f"{event_id}\0{slot}".encode()).digest()[:16]


# ---- What the reader remembers -------------------------------------------------------------------

YOU, OWN_WORD = "you", ", by its own unsigned word,"
Kept = tuple[str | Checkpoint, Sight | None]  # ``None`` where it is not known when it was seen


class Claim(NamedTuple):
    """A root that somebody vouches for, and who saw it when, where that is known."""

    checkpoint: Checkpoint
    what: str
    own: bool  # told by the ledger itself
    signers: tuple[Key, ...]
    seen: tuple[Sight, ...] = ()
    cosigners: tuple[Key, ...] = ()
    stamp: bool = False


class Receipt(NamedTuple):
    """What somebody was given when an entry was made: its place and its hash."""

    log: str  # "" where it does not say
    seq: int
    leaf: bytes


@dataclass(frozen=True)
class Memory:
    """What a check may rely on.

    ``keys`` are public keys got some other way; without any, the enclosed one is taken, which the
    findings say. ``notes`` are checkpoints kept from earlier, each with when you saw it if that is
    known; one typed from a slip is not signed. ``witnesses`` must have signed the ledger.
    ``now`` and ``age_max`` bound how old an export may be.
    ``stamped`` are checkpoints of it that an authority stamped, where somebody checked that.
    """

    keys: tuple[Key, ...] = ()
    notes: tuple[Kept, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    witnesses: tuple[Key, ...] = ()
    now: datetime | None = None
    age_max: timedelta | None = None
    policy: Policy | None = None
    stamped: tuple[Kept, ...] | None = None

    @property
    def logs(self) -> tuple[Key, ...]:
        """Every key that a ledger may be signed with."""
        return tuple(dict.fromkeys((*self.keys, *(self.policy.logs if self.policy else ()))))

    @property
    def cosigners(self) -> tuple[Key, ...]:
        """Every witness whose word counts."""
        pinned = self.policy.witnesses.values() if self.policy else ()
        return tuple(dict.fromkeys((*self.witnesses, *pinned)))

    @property
    def live(self) -> frozenset[Key]:
        """Witnesses with an address: to others it is carried, and the ledger may grow meanwhile."""
        policy = self.policy or Policy()
        return frozenset(policy.witnesses[name] for name in policy.addresses)

    def unseen(self, cosigners: Container[Key]) -> list[str]:
        """Those who must have signed and did not; of somebody with two keys one is enough."""
        signed = {key.name for key in self.witnesses if key in cosigners}
        return sorted({key.name for key in self.witnesses} - signed)

    def claims(self, log: str, keys: Sequence[Key], told: Told) -> Iterator[Claim]:
        """The remembered checkpoints of this log; those that are of no use are told of."""
        for note, sight in (*self.notes, *(self.stamped or ())):
            who = sight.who if sight else YOU
            mine = who == YOU
            what = "a checkpoint you remembered" if mine else f"the checkpoint stamped by {who}"
            try:
                if isinstance(note, Checkpoint):
                    checkpoint, opened, what = note, Opened("", (), ()), "a slip you typed in"
                else:
                    opened = open_note(note, (*keys, *self.cosigners))
                    checkpoint = Checkpoint.read(opened.text)
                if checkpoint.origin != log:
                    raise Wrong(f"it is of the ledger {checkpoint.origin[:80]}, and this is {log}")
                if not (opened.own(log) or checkpoint is note):
                    raise Wrong("it is signed by none of the keys that this was checked with")
            except Wrong as wrong:
                told.add(Verdict.INCOMPLETE, f"{what} cannot be compared: {wrong}")
            else:
                seen = (*(opened.sights(self.live) if mine else ()), *([sight] if sight else ()))
                signers, cosigners = opened.own(log), opened.cosigners
                yield Claim(checkpoint, what, False, signers, seen, cosigners, not mine)


def read_memory(text: str) -> list[Kept]:
    """Checkpoints kept earlier: a signed note, slips, or the lines of an auditor's memory."""
    if slips := [_read_slip(*line) for line in _SLIP.findall(text)]:
        return [(slip, None) for slip in slips]
    text = text.replace("\r\n", "\n")
    if f"\n\n{_DASH}" in text:
        return [(text.rstrip() + "\n", None)]  # a telephone leaves out the last line's end
    try:
        kept = [json.loads(line) for line in text.splitlines()]
        seen = [Sight(YOU, read_instant(one["seen_at"]), one.get("ended") is True) for one in kept]
        found: list[Kept] = [(str(one["note"]), each) for one, each in zip(kept, seen, strict=True)]
    except (AttributeError, KeyError, TypeError, ValueError):
        found = []
    if not found:
        raise WrongUsage("this is no signed checkpoint, no memory of such, and no line of a slip")
    return found


_SLIP = re.compile(r"(?<!\S)(\S+)\s+([0-9]{1,18})((?:\s+[0-9A-TV-Za-tv-z]{4}){14})(?!\S)", re.ASCII)
_LETTERS = str.maketrans(
    "0O1IL23456789ABCDEFGHJKMNPQRSTVWXYZ", "AABBBCDEFGHIJKLMNOPQRSTUVWXYZ234567"
)


def _read_slip(name: str, size: str, groups: str) -> Checkpoint:
    """A checkpoint typed from a slip: Crockford's base32, and three bytes that show a mistake."""
    typed = b32decode("".join(groups.upper().split()).translate(_LETTERS))
    if sha256(f"{name}\n{size}\n".encode() + typed[:32]).digest()[:3] != typed[32:]:
        raise WrongUsage("the line of the slip is typed wrong: compare it with the paper")
    return Checkpoint(name, int(size), typed[:32])


def read_receipts(text: str) -> list[Receipt]:
    """Receipts: a line ``LEDGER NUMBER HASH`` each, or the JSON that an act is answered with."""
    rows: list[Any] = [line.split() for line in text.splitlines() if line.strip()]
    try:
        if text.lstrip().startswith("{"):
            told = json.loads(text)
            told = told.get("ledger", told)
            places = told if isinstance(told, list) else [told]
            rows = [(one.get("log", ""), one["seq"], one["leaf_hash"]) for one in places]
        found = [Receipt(str(log), int(seq), bytes.fromhex(leaf)) for log, seq, leaf in rows]
    except (AttributeError, KeyError, TypeError, ValueError):
        found = []
    if not found or any(receipt.seq < 0 or len(receipt.leaf) != 32 for receipt in found):
        raise WrongUsage("this is no receipt: a line with LEDGER NUMBER HASH")
    return found


# ---- The files of an export ----------------------------------------------------------------------

CHECKPOINT, CHECKPOINTS, KEYS = "checkpoint", "checkpoints.jsonl", "keys"
DISCLOSURES, ERASED = "disclosures.jsonl", "erased.jsonl"
FILES, MANIFEST, STAMPS = "files", "manifest", "stamps/"
TITLE = "countermand ledger export 2"
NOTHING = "nothing"

_LISTED = re.compile(rb"([0-9a-f]{64}) ([0-9]{1,18}) ((?:[a-z0-9]+[./])*[a-z0-9]+)\n")
_MANIFEST = re.compile(
    rf"{TITLE}\n(.+\n.+\n.+\n)made (.+)\ndiscloses ([a-z ]+)\nfiles ([0-9]+) ([0-9a-f]{{64}})\n"
)

Listed = tuple[str, int]  # digest in hex, and size


class Manifest(NamedTuple):
    """What is signed of an export: where the ledger stood, when, what is disclosed, the files."""

    checkpoint: Checkpoint
    made_at: datetime
    discloses: frozenset[str]  # parts of which each is disclosed, or was erased
    files: int
    digest: str  # of the list of files

    @property
    def text(self) -> str:
        """The text that is signed."""
        origin, size, root = self.checkpoint
        disclosed = " ".join(sorted(self.discloses)) or NOTHING
        return (
            f"{TITLE}\n{origin}\n{size}\n{b64encode(root).decode()}\n"
            f"made {instant_text(self.made_at)}\ndiscloses {disclosed}\n"
            f"files {self.files} {self.digest}\n"
        )

    @classmethod
    def read(cls, text: str) -> "Manifest":
        """A manifest from its text. Raises ``Wrong``."""
        if (match := _MANIFEST.fullmatch(text)) is None:
            raise Wrong("its manifest is not one that this file can read")
        try:
            made_at, discloses = read_instant(match[2]), frozenset(match[3].split()) - {NOTHING}
            manifest = cls(Checkpoint.read(match[1]), made_at, discloses, int(match[4]), match[5])
        except ValueError:
            raise Wrong("its manifest has a time that is none") from None
        if manifest.text != text:
            raise Wrong("its manifest is not written as it should be")
        return manifest


def tile_name(kind: str, number: int, size: int) -> str:
    """Where a bundle (``entries``) or the tile of its hashes (``0``) lies, of so many entries."""
    name, width = f"{number % 1000:03d}", min(BUNDLE, size - number * BUNDLE)
    while number := number // 1000:
        name = f"x{number % 1000:03d}/{name}"
    return f"tile/{kind}/{name}" + (f".p/{width}" if width < BUNDLE else "")


def _open(folder: str, path: str) -> BinaryIO:
    """A file of an export. Raises ``Wrong``, also for what is no plain file: a pipe never ends."""
    try:
        if S_ISREG(os.lstat(f"{folder}/{path}").st_mode):
            return open(f"{folder}/{path}", "rb")
    except FileNotFoundError:
        raise Wrong(f"the file {path} is missing") from None
    except OSError as broken:
        raise Wrong(f"the file {path} cannot be read ({broken.strerror})") from None
    raise Wrong(f"the file {path} is a link to another, or no file")


def read_file(folder: str, path: str, size: int) -> bytes:
    """The bytes of a file, of which ``size`` are expected. Raises ``Wrong``."""
    with _open(folder, path) as file:
        return file.read(max(size, BUNDLE_BYTES_MAX) + 1)


def is_listed(data: bytes, listed: Listed) -> bool:
    """Whether these bytes are those that were listed."""
    return len(data) == listed[1] and sha256(data).hexdigest() == listed[0]


def _not_listed(path: str) -> str:
    """What is wrong with a file that is another."""
    return f"the file {path} is not the one that was signed for"


def unbundle(data: bytes, count: int) -> list[bytes]:
    """The entries of a bundle, each with its length before it. Raises ``Wrong``."""
    entries, at = [], 0
    while at + 2 <= len(data):
        stop = at + 2 + (data[at] << 8 | data[at + 1])
        entries.append(data[at + 2 : stop])
        at = stop
    if at != len(data) or len(entries) != count:
        raise Wrong(f"it does not hold {_entries(count)}")
    return entries


class Lines:
    """Lines of a file, read once and hashed on the way."""

    LINE_BYTES_MAX = 4_000_000

    def __init__(self, folder: str, path: str, stack: ExitStack) -> None:
        self._file = stack.enter_context(_open(folder, path))
        self._hash, self._bytes = sha256(), 0
        self._ahead: bytes | None = None

    def ahead(self) -> bytes:
        """The next line, which stays; empty at the end."""
        if self._ahead is None:
            self._ahead = self._file.readline(self.LINE_BYTES_MAX)
            self._hash.update(self._ahead)
            self._bytes += len(self._ahead)
        return self._ahead

    def take(self) -> bytes:
        """The next line; empty at the end."""
        line, self._ahead = self.ahead(), None
        return line

    def until(self, place: Callable[[bytes], int], last: int) -> list[bytes]:
        """The lines up to those of a place."""
        taken = []
        while (line := self.ahead()) and place(line) <= last:
            taken.append(self.take())
        return taken

    def rest(self) -> int:
        """How many lines are left, all of which are taken."""
        return sum(1 for _ in iter(self.take, b""))

    @property
    def listed(self) -> Listed:
        """Digest and size of what was read."""
        return self._hash.hexdigest(), self._bytes


# ---- Reading an export ---------------------------------------------------------------------------

BUNDLES_AT_ONCE = 32
ALONE_MAX = 40_000  # entries that are read sooner than another process is started
PINNED = "signed by a key that you gave"
ENCLOSED = "signed by the key that came with them"


class Task(NamedTuple):
    """Some bundles to read, and what to look for in them. Travels to another process."""

    folder: str
    log: str
    size: int  # of the whole ledger
    first: int  # bundle
    files: list[tuple[Listed, Listed]]  # of the entries and of their hashes
    keys: tuple[Key, ...]
    live: frozenset[Key]  # witnesses that are asked where the ledger ends
    notes: list[bytes]  # checkpoints over entries of these
    sizes: set[int]  # at which the tree is compared with something
    asked: set[int]  # entries whose time and hash matter, the first among them
    discloses: frozenset[str]
    disclosed: list[bytes]


@dataclass
class Part:
    """What some bundles have in them."""

    first: int
    told: Told = field(default_factory=Told)
    roots: list[bytes] = field(default_factory=list)  # of whole bundles
    peaks: list[bytes] = field(default_factory=list)  # of the last bundle, when it is not whole
    inside: dict[int, list[bytes]] = field(default_factory=dict)  # size: what its bundle adds
    claims: list[Claim] = field(default_factory=list)
    strange: int = 0  # checkpoints that none of the keys signed
    unchecked: set[str] = field(default_factory=set)  # witnesses whose signatures were not
    seen: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)  # entry: time and hash
    gaps: dict[bytes, tuple[int, str]] = field(default_factory=dict)  # place: entry and part
    erasing: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    keys: list[tuple[int, str]] = field(default_factory=list)  # entry: key that signs from it on
    entries: int = 0
    disclosed: int = 0
    first_at: bytes = b""
    last_at: bytes = b""
    broken: bool = False  # what comes after cannot be put together with it


_TELLING = ERASING | {b"ledger_opened", b"key_rotated"}


def examine(task: Task) -> Part:
    """Read some bundles. Needs nothing but the task, so that several can be read at once."""
    part = Part(task.first)
    _open_notes(task, part)
    shown: dict[int, list[bytes]] = {}
    for line in task.disclosed:
        shown.setdefault(_seq_of(line), []).append(line)
    for number, files in enumerate(task.files, task.first):
        try:
            bodies = _hash_bundle(task, part, number, files)
        except Wrong as wrong:
            part.told.add(Verdict.ALTERED, str(wrong))
            part.broken = True
            break
        _read_entries(task, part, number * BUNDLE, bodies, shown)
        part.entries += len(bodies)
    return part


def _open_notes(task: Task, part: Part) -> None:
    """Open the ledger's own checkpoints."""
    for line in task.notes:
        try:
            opened = open_note(str(_line(line, "note")["note"]), task.keys)
            checkpoint = Checkpoint.read(opened.text)
            if checkpoint.origin != task.log:
                raise Wrong(f"it is of the ledger {checkpoint.origin[:80]}")
        except Wrong as wrong:
            part.told.add(Verdict.ALTERED, f"a checkpoint of its own does not hold: {wrong}")
        else:
            own, seen = opened.own(task.log), opened.sights(task.live)
            part.strange += not own
            part.unchecked.update(opened.unchecked)
            what, cosigners = "a checkpoint of its own", opened.cosigners
            part.claims.append(Claim(checkpoint, what, True, own, seen, cosigners))
            task.sizes.add(checkpoint.size)
            task.asked.update((checkpoint.size - 1, checkpoint.size) if seen else ())


def _hash_bundle(task: Task, part: Part, number: int, files: tuple[Listed, Listed]) -> list[bytes]:
    """The entries of a bundle, hashed and compared with their tile. Raises ``Wrong``.

    Entries whose hashes are those of a tile that is the listed one are listed themselves: the
    bytes of a bundle follow from its entries, and need not be hashed once more.
    """
    start, width = number * BUNDLE, min(BUNDLE, task.size - number * BUNDLE)
    names = [tile_name(kind, number, task.size) for kind in ("entries", "0")]
    data, tile = (read_file(task.folder, names[n], files[n][1]) for n in (0, 1))
    if not is_listed(tile, files[1]):
        part.told.add(Verdict.ALTERED, _not_listed(names[1]))
    try:
        bodies = unbundle(data, width)
    except Wrong as wrong:
        raise Wrong(f"{_not_listed(names[0])}: {wrong}") from None
    hashes = [sha256(b"\x00" + body).digest() for body in bodies]
    if b"".join(hashes) != tile:
        part.told.add(Verdict.ALTERED, f"the file {names[0]} does not fit the file {names[1]}")
        kept = [tile[at : at + 32] for at in range(0, len(tile), 32)]
        for seq in (
            start + n
            for n, both in enumerate(zip(hashes, kept, strict=False))
            if both[0] != both[1]
        ):
            part.told.add(Verdict.ALTERED, "the bytes are not those that were hashed", seq)
    for size in task.sizes:
        if start < size <= start + width and size % BUNDLE:
            part.inside[size] = peaks_of(hashes[: size - start])
    for seq in task.asked:
        if start <= seq < start + width:
            part.seen[seq] = (b"", hashes[seq - start])
    if width == BUNDLE:
        part.roots.append(fold(hashes))
    else:
        part.peaks = peaks_of(hashes)
    return bodies


def _read_entries(
    task: Task, part: Part, start: int, bodies: list[bytes], shown: Mapping[int, list[bytes]]
) -> None:
    """Read the entries of a bundle. Most are as they should be, which is seen at once."""
    log, last = _canonical(task.log), part.last_at
    for seq, body in enumerate(bodies, start):
        kind = body[body.rfind(b'"type":"') + 8 : -8]
        if kind in _KIND_NAMES and (match := _pattern(kind)(body)) is not None:
            commit, where, place, at = match.group(3, 5, 6, 7)
            if (
                at >= last
                and place == b"%d" % seq
                and where == log
                and seq not in part.seen
                and seq not in shown
                and (commit == b"{}" or not task.discloses)
                and kind not in _TELLING
            ):
                last = at
                continue
        part.last_at = last
        _read_one(task, part, seq, body, shown.get(seq, ()))
        last = part.last_at
    part.last_at = last


def _read_one(task: Task, part: Part, seq: int, body: bytes, shown: Sequence[bytes]) -> None:
    """Read one entry and compare it with its place, its time and what is disclosed of it."""
    try:
        entry = read_entry(body)
    except UnknownKind as unknown:
        text = f"it is of a kind that is not known here ({unknown}): hashed, and not read"
        part.told.add(Verdict.INCOMPLETE, text, seq)
        return
    except Wrong as wrong:
        part.told.add(Verdict.ALTERED, str(wrong), seq)
        return
    if (entry.seq, entry.log) != (b"%d" % seq, _canonical(task.log)):
        text = f"it says it is entry {entry.seq.decode()} of {text_of(entry.log)}: it was moved"
        part.told.add(Verdict.ALTERED, text, seq)
    if entry.at < part.last_at:
        part.told.add(Verdict.ALTERED, "it is earlier than the entry before it", seq)
    if seq in part.seen:
        part.seen[seq] = (entry.at, part.seen[seq][1])
    part.last_at = entry.at
    part.first_at = part.first_at or entry.at
    if seq == 0 and entry.kind != b"ledger_opened":
        part.told.add(Verdict.INCOMPLETE, "the ledger does not begin with its opening", seq)
    if shown or (task.discloses and entry.commit != b"{}"):
        _open_parts(task, part, seq, entry, shown)
    if entry.kind in _TELLING:
        _take_telling(part, seq, entry.kind, read_canonical(body))


def _take_telling(part: Part, seq: int, kind: bytes, members: dict[str, Any]) -> None:
    """Keep an entry that others are judged by: of erasures, or of the key that signs."""
    data = members["data"]
    if kind in ERASING:
        part.erasing.append((seq, members))
    elif kind == b"ledger_opened":
        keys = data["keys"] if isinstance(data["keys"], list) else []
        part.keys += [(seq, str(key)) for key in keys[-1:]]
    elif data.get("purpose") == "signing":
        part.keys.append((seq, str(data.get("key"))))


def _open_parts(task: Task, part: Part, seq: int, entry: Entry, shown: Sequence[bytes]) -> None:
    """Compare what is disclosed of an entry with its commitments; what is not leaves a gap."""
    committed, opened = entry.commitments, set()
    for line in shown:
        try:
            slot, mark = read_disclosure(line)[:2]
        except Wrong as wrong:
            part.told.add(Verdict.ALTERED, f"what is disclosed of it cannot be read: {wrong}", seq)
            continue
        if mark != committed.get(slot):
            text = f"the disclosed part {slot[:40]} is not the one committed to"
            part.told.add(Verdict.ALTERED, text, seq)
        opened.add(slot)
        part.disclosed += 1
    for slot in committed.keys() - opened:
        if slot.partition(".")[0] in task.discloses:
            part.gaps[place_of(text_of(entry.event_id), slot)] = (seq, slot)


def read_disclosure(line: bytes) -> tuple[str, str, str, bytes]:
    """Name, commitment, entry and content of a disclosed part. Raises ``Wrong``."""
    told = _line(line, "event_id", "payload", "salt", "seq", "slot")
    slot, owner, payload = str(told["slot"]), str(told["event_id"]), _canonical(told["payload"])
    if type(told["salt"]) is not str or not _COMMITMENT.fullmatch(told["salt"]):
        raise Wrong("its salt is none")  # one with zeros after it would open it as well
    return slot, commitment_of(bytes.fromhex(told["salt"]), owner, slot, payload), owner, payload


def _line(line: bytes, *names: str) -> dict[str, Any]:
    """The members of a line of an export. Raises ``Wrong``."""
    told = read_canonical(line.removesuffix(b"\n"))
    if not isinstance(told, dict) or told.keys() != set(names):
        raise Wrong("a line has the wrong members")
    return told


def _seq_of(line: bytes) -> int:
    """The entry that a disclosure is of; -1 for none."""
    told = line[line.rfind(b'"seq":') + 6 :].partition(b",")[0]
    return int(told) if told.isdigit() and len(told) < 19 else -1


def _size_of(line: bytes) -> int:
    """How many entries a kept checkpoint is over; 0 when that cannot be read."""
    told = line.partition(b"\\n")[2].partition(b"\\n")[0]
    return int(told) if told.isdigit() and len(told) < 19 else 0


def check_export(folder: Path, memory: Memory, *, jobs: int | None = None) -> Findings:
    """Check a whole export. ``jobs`` processes read it, by default one for each processor."""
    keys, keys_from, name = memory.logs, PINNED, str(folder)
    try:
        if not keys:
            keys, keys_from = tuple(_read_keys(read_file(name, KEYS, 0).decode())), ENCLOSED
        opened = open_note(read_file(name, MANIFEST, 0).decode(), keys)
        point = Manifest.read(opened.text).checkpoint
        if not opened.own(point.origin):
            given = {key.name for key in keys}
            names = ", ".join(sorted({point.origin} & given or given))
            raise Wrong(f"its manifest is not signed by the key it should be, {names}")
        newest = open_note(read_file(name, CHECKPOINT, 0).decode(), keys)
        if not newest.own(point.origin) or Checkpoint.read(newest.text) != point:
            raise Wrong("the manifest and the checkpoint are of different moments")
        with ExitStack() as stack:
            reading = _Reading(name, opened, keys, memory, stack)
            return reading.run(jobs or os.cpu_count() or 1, keys_from)
    except OSError as broken:
        wrong = f"a file cannot be read ({broken.strerror})"
    except UnicodeDecodeError:
        wrong = "there is something that is no text"
    except Wrong as found:
        wrong = str(found)
    finding = Finding(Verdict.ALTERED, f"the export cannot be relied on: {wrong}")
    return Findings(log="", size=0, root=b"", found=(finding,))


class _Reading:
    """One reading of an export from its first entry to its last."""

    def __init__(
        self, folder: str, opened: Opened, keys: tuple[Key, ...], memory: Memory, stack: ExitStack
    ) -> None:
        self._folder, self._manifest, self._memory = folder, Manifest.read(opened.text), memory
        self._log, self._size, self._root = self._manifest.checkpoint
        self._keys, self._signers = (*keys, *memory.cosigners), opened.own(self._log)
        self._signs, self._retired = "", dict[str, int]()  # the key; until which entry each signed
        self._told = Told()
        self._kept = list(memory.claims(self._log, keys, self._told))
        self._lines = {
            name: Lines(folder, name, stack) for name in (FILES, CHECKPOINTS, DISCLOSURES, ERASED)
        }
        self._files = self._bytes = 0  # listed so far
        self._tree, self._read = Tree(), 0  # bundles and entries
        self._ended: dict[int, list[Sight]] = {}  # who saw it end, until the next entry is read
        self._compared: dict[int, str] = {}  # size that was remembered: the time of its last entry
        self._seen: dict[tuple[bool, str], tuple[int, str]] = {}  # stamp or not, by whom: in words
        self._cosigned: dict[int, set[Key]] = {}  # size: who signed a checkpoint that holds
        self._unchecked: set[str] = set()
        self._quorate = 0  # entries under what the policy wants to be signed
        self._gaps: dict[bytes, tuple[int, str]] = {}
        self._erasures = Erasures(self._told)
        self._first_at = self._last_at = b""
        self._own = self._strange = self._signed = self._disclosed = self._receipts = 0
        self._stamps = 0

    def run(self, jobs: int, keys_from: str) -> Findings:
        """Read everything and say what was found."""
        try:
            for part in self._parts(jobs):
                self._take(part)
                if part.broken:
                    raise Wrong(f"what comes after {_entries(self._read)} could not be read")
            self._compare_rest()
        except Wrong as wrong:
            self._told.add(Verdict.ALTERED, str(wrong))
        self._compare_memory()
        self._judge_quorum()
        self._judge_age()
        self._judge_erasures()
        return Findings(
            log=self._log,
            size=self._read,
            root=self._root,
            first_at=_instant(self._first_at) if self._first_at else None,
            last_at=_instant(self._last_at) if self._last_at else None,
            signed_size=self._signed,
            checked=tuple(self._checked(keys_from)),
            remembered=max([*self._compared, *self._cosigned], default=0),
            forger="" if keys_from == ENCLOSED else WITH_KEY,
            found=self._told.all(),
        )

    def _listed(self, path: str = "") -> tuple[str, Listed]:
        """The next path on the list of files, which has to be ``path``; digest and size."""
        match = _LISTED.fullmatch(self._lines[FILES].take())
        if match is None or (path and match[3].decode() != path):
            raise Wrong(f"the list of files is not in order where {path or 'its end'} belongs")
        self._files += 1
        self._bytes += int(match[2])
        return match[3].decode(), (match[1].decode(), int(match[2]))

    def _files_of(self, number: int) -> tuple[Listed, Listed]:
        """How a bundle and the tile of its hashes are listed."""
        names = [tile_name(kind, number, self._size) for kind in ("entries", "0")]
        entries, hashes = (self._listed(name)[1] for name in names)
        return entries, hashes

    def _tasks(self) -> Iterator[Task]:
        """The bundles in order, some at a time, each time with what belongs to them."""
        sizes = {claim.checkpoint.size for claim in self._kept}
        asked = {seq for size in sizes for seq in (size - 1, size)}
        asked |= {receipt.seq for receipt in self._memory.receipts}
        bundles = -(-self._size // BUNDLE)
        for first in range(0, bundles, BUNDLES_AT_ONCE):
            numbers = range(first, min(bundles, first + BUNDLES_AT_ONCE))
            start, stop = first * BUNDLE, min(self._size, numbers.stop * BUNDLE)
            yield Task(
                folder=self._folder,
                log=self._log,
                size=self._size,
                first=first,
                files=[self._files_of(number) for number in numbers],
                keys=self._keys,
                live=self._memory.live,
                notes=self._lines[CHECKPOINTS].until(_size_of, stop),
                sizes={size for size in sizes if start < size <= stop},
                asked={seq for seq in asked if start < seq < stop} | {start},
                discloses=self._manifest.discloses,
                disclosed=self._lines[DISCLOSURES].until(_seq_of, stop - 1),
            )

    def _parts(self, jobs: int) -> Iterator[Part]:
        """What the bundles have in them, in order, however many processes read them."""
        if jobs == 1 or self._size <= ALONE_MAX:
            yield from map(examine, self._tasks())
            return
        from concurrent.futures import Future, ProcessPoolExecutor
        from multiprocessing import get_context

        waiting: deque[Future[Part]] = deque()
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
            for task in self._tasks():
                waiting.append(pool.submit(examine, task))
                if len(waiting) > 2 * jobs:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def _take(self, part: Part) -> None:
        """Put some bundles together with those before."""
        if part.first_at and part.first_at < self._last_at:
            text = "it is earlier than the entry before it"
            part.told.add(Verdict.ALTERED, text, part.first * BUNDLE)
        self._told.merge(part.told)
        for seq, key in part.keys:
            self._retired[self._signs] = seq
            self._signs = key
        self._compare_claims(part)
        self._read += part.entries
        self._strange += part.strange
        self._unchecked |= part.unchecked
        self._disclosed += part.disclosed
        self._first_at = self._first_at or part.first_at
        self._last_at = max(self._last_at, part.last_at)
        self._gaps |= part.gaps
        for seq, members in part.erasing:
            self._erasures.take(seq, members, self._erased_by(members))
        for receipt in self._memory.receipts:
            if receipt.seq in part.seen and receipt.log in ("", self._log):
                self._receipts += 1
                if part.seen[receipt.seq][1] != receipt.leaf:
                    text = "it is not the entry that your receipt is of"
                    self._told.add(Verdict.ALTERED, text, receipt.seq)

    def _compare_claims(self, part: Part) -> None:
        """A root that somebody vouches for must be the root of that many entries."""
        claims = [*part.claims, *self._kept]
        roots = self._grow(part, {claim.checkpoint.size for claim in claims})
        for claim in claims:
            size = claim.checkpoint.size
            if size not in roots:
                if claim.own and not part.broken:
                    text = "its checkpoints are not in the order of their sizes"
                    self._told.add(Verdict.ALTERED, text)
            elif roots[size] != claim.checkpoint.root:
                text = f"{claim.what} over {size:,} entries has another root: one was changed"
                self._told.add(Verdict.ALTERED, text)
            elif not self._signed_late(claim.what, claim.signers, size):
                self._hold(claim, part.seen.get(size - 1, (b"", b""))[0])
        self._judge_time(part)

    def _signed_late(self, what: str, signers: Sequence[Key], size: int) -> bool:
        """Whether none but keys that were retired before signed for so many entries; it is told."""
        ends = [self._retired.get(str(key), size) for key in signers]
        late = bool(ends) and size > max(ends) + 1
        if late:
            text = f"{what} over {size:,} entries is signed by a key that entry {max(ends)} retired"
            self._told.add(Verdict.ALTERED, f"{text}: somebody else has that key")
        return late

    def _hold(self, claim: Claim, last: bytes) -> None:
        """Note a claim that holds; ``last`` is the time of the last entry it is over, if known."""
        size, at = claim.checkpoint.size, _instant(last) if last else None
        if claim.own:
            self._own += 1
            self._signed = max(self._signed, size)
        elif not claim.stamp:
            self._compared[size] = last.decode()
        if claim.signers and claim.cosigners:
            self._cosigned.setdefault(size, set()).update(claim.cosigners)
        for one in (o for o in claim.seen if o.can_be(size, at, self._memory.now, self._told)):
            by = (claim.stamp, one.who)
            if one.who != YOU and size >= self._seen.get(by, (0, ""))[0]:
                stamped = stamp_words(size, one.at, one.who)
                self._seen[by] = size, stamped if claim.stamp else f"{one.over(size)}."
            self._ended.setdefault(size, []).extend([one] if one.ended else [])

    def _judge_time(self, part: Part) -> None:
        """What was recorded after somebody saw the ledger end cannot be from before that."""
        for size in sorted(self._ended.keys() & part.seen.keys()):
            recorded = part.seen[size][0]
            for one in self._ended.pop(size):
                if recorded and _instant(recorded) < one.at - CLOCKS_DIFFER:
                    text = f"BACKDATED: it says {recorded.decode()}, but {one.over(size)}"
                    self._told.add(Verdict.ALTERED, text, size)

    def _grow(self, part: Part, sizes: set[int]) -> dict[int, bytes]:
        """Add the bundles to the tree; its root at each of the sizes that were passed."""
        roots = {0: root_of(())} if part.first == 0 else {}
        for number, root in enumerate([*part.roots, b""], part.first):
            for size, peaks in part.inside.items():
                if size // BUNDLE == number:
                    roots[size] = root_of(self._tree.peaks + peaks)
            if root:
                self._tree.add(root)
                if (number + 1) * BUNDLE in sizes:
                    roots[(number + 1) * BUNDLE] = root_of(self._tree.peaks)
        self._root = root_of(self._tree.peaks + part.peaks)
        return roots

    def _erased_by(self, members: Mapping[str, Any]) -> list[Pair]:
        """What lies here as the list of what an erasure took; nothing for another entry."""
        mark = f'{{"erasure":"{members["id"]}",'.encode()
        if members["type"] != "record_erased":
            return []
        lines = self._lines[ERASED].until(lambda line: not line.startswith(mark), 0)
        told = [_line(line, "erasure", "event_id", "slot") for line in lines]
        return [(str(one["event_id"]), str(one["slot"])) for one in told]

    def _bodies(self) -> Iterator[bytes]:
        """The entries that were read, once more, as far as they can still be."""
        for number in range(-(-self._read // BUNDLE)):
            name = tile_name("entries", number, self._size)
            width = min(BUNDLE, self._size - number * BUNDLE)
            yield from unbundle(read_file(self._folder, name, 0), width)

    def _compare_rest(self) -> None:
        """What is left of each file, and the files that are listed after the bundles."""
        while line := self._lines[CHECKPOINTS].take():
            text = f"a checkpoint of its own is over {_size_of(line):,} entries, here are"
            text = f"{text} {self._size:,}: entries were removed from the end"
            self._told.add(Verdict.ALTERED, text)
        for name, what in ((DISCLOSURES, "disclosed"), (ERASED, "listed as erased")):
            if left := self._lines[name].rest():
                text = f"personal parts are {what} that no entry has ({left:,})"
                self._told.add(Verdict.ALTERED, text)
        while self._lines[FILES].ahead():
            name, listed = self._listed()
            self._stamps += name.startswith(STAMPS) and name.endswith(".tsr")
            try:
                if name in self._lines:
                    same = self._lines[name].listed == listed
                else:
                    same = is_listed(read_file(self._folder, name, listed[1]), listed)
                if not same:
                    raise Wrong(_not_listed(name))
            except Wrong as wrong:
                self._told.add(Verdict.ALTERED, str(wrong))
        if (self._files, self._lines[FILES].listed[0]) != self._manifest[-2:]:
            raise Wrong("the list of files is not the one that was signed")
        if self._root != self._manifest.checkpoint.root:
            raise Wrong("the entries do not lead to the root that was signed: one was changed")
        self._signed_late("its manifest", self._signers, self._size)
        self._compare_names()

    def _compare_names(self) -> None:
        """No file may be there that is not listed; one that is missing is found when it is read."""
        if sum(1 for _ in self._paths()) == self._files + 2:
            return
        with open(f"{self._folder}/{FILES}", encoding="ascii") as lines:
            listed = {line.split()[2] for line in lines} | {FILES, MANIFEST}
        for path in self._paths():
            if path not in listed:
                self._told.add(Verdict.ALTERED, f"the file {path[:200]} is not in the manifest")

    def _paths(self) -> Iterator[str]:
        """Every file that is there, and every folder that is but a link."""
        for folder, folders, names in os.walk(self._folder):
            links = [name for name in folders if os.path.islink(f"{folder}/{name}")]
            for name in sorted(names + links):
                yield Path(folder, name).relative_to(self._folder).as_posix()

    def _compare_memory(self) -> None:
        """What the reader remembers must be here, unless the export is older than that."""
        made = self._manifest.made_at
        for claim in self._kept:
            size = claim.checkpoint.size
            before = [one for one in claim.seen if one.at < made - CLOCKS_DIFFER]
            if size > self._size and before:
                text = f"ROLLBACK: {before[0].over(size)}; this was made on {instant_text(made)}"
                text = f"{text} and has {self._size:,}: entries were removed from the end"
                self._told.add(Verdict.ALTERED, text)
            elif size > self._size:
                self._told.add(Verdict.STALE, _ends_early(self._size, size))
        for receipt in self._memory.receipts:
            if receipt.log not in ("", self._log):
                text = f"a receipt you hold is of the ledger {receipt.log[:80]}, not of {self._log}"
                self._told.add(Verdict.INCOMPLETE, f"{text}: there is nothing to compare")
            elif receipt.seq >= self._size:
                self._told.add(Verdict.STALE, _ends_early(self._size, receipt.seq + 1))
        for name in self._memory.unseen(set().union(*self._cosigned.values())):
            text = f"NOT WITNESSED: no checkpoint in it was seen by {name}"
            self._told.add(Verdict.INCOMPLETE, text)
        if self._strange:
            text = f"{self._strange:,} of its checkpoints are signed by none of the keys you gave"
            self._told.add(Verdict.INCOMPLETE, text)

    def _judge_quorum(self) -> None:
        """Enough witnesses must have signed a checkpoint, and one over every entry."""
        policy = self._memory.policy
        if policy is None or policy.quorum == NO_QUORUM:
            return
        signed = {size: keys for size, keys in self._cosigned.items() if policy.holds(keys)}
        self._quorate = max(signed, default=0)
        if left := self._size - self._quorate:
            newest = max(self._cosigned, default=0)
            lacks = policy.lacks(self._cosigned.get(newest, ()))
            text = f"no checkpoint in it was cosigned by enough of your witnesses: {lacks}"
            if self._quorate:
                text = f"enough of your witnesses signed the first {self._quorate:,}, and not yet"
                text = f"{text} the {_entries(left)} after: those could still be others"
            self._told.add(Verdict.INCOMPLETE, f"NO QUORUM: {text}")

    def _judge_age(self) -> None:
        """An export is not from the future, and not older than asked for."""
        made, now, age_max = self._manifest.made_at, self._memory.now, self._memory.age_max
        if now is not None and made > now + CLOCKS_DIFFER:
            text = f"it says it was made on {instant_text(made)}, which is still to come"
            self._told.add(Verdict.INCOMPLETE, f"{text}: a clock is wrong")
        if now is not None and age_max is not None and now - made > age_max:
            hours = (now - made) // timedelta(hours=1)
            self._told.add(Verdict.STALE, f"it was made {hours:,} hours ago: ask for a newer one")

    def _judge_erasures(self) -> None:
        """A part that should be disclosed and is not was erased, or that is to be told of."""
        erased = self._erasures.places
        try:
            self._erasures.finish(self._bodies)
        except Wrong as wrong:
            self._told.add(Verdict.ALTERED, str(wrong))
        for place, (seq, slot) in sorted(self._gaps.items(), key=lambda gap: gap[1]):
            if place not in erased:
                text = f"the personal part {slot} is not here, and no entry says it was erased"
                self._told.add(Verdict.INCOMPLETE, f"UNEXPLAINED GAP: {text}", seq)
        if erased and self._disclosed:
            with open(f"{self._folder}/{DISCLOSURES}", "rb") as file:
                for line in file:
                    slot, _, owner, _ = read_disclosure(line)
                    if place_of(owner, slot) in erased:
                        text = f"the part {slot} is disclosed although an entry says it was erased"
                        self._told.add(Verdict.ALTERED, text, _seq_of(line))

    def _checked(self, keys_from: str) -> Iterator[str]:
        """What was compared with what, and since when it cannot have been changed."""
        were = "1 entry was" if self._read == 1 else f"{self._read:,} entries were"
        yield f"{were} read from {self._log}, hashed and put together into one tree."
        yield f"{self._files:,} files ({self._bytes:,} bytes) were compared with the signed list."
        signed = "1 checkpoint" if self._own == 1 else f"{self._own:,} checkpoints"
        yield f"The tree was compared with {signed}, {keys_from}."
        yield f"The export says it was made on {instant_text(self._manifest.made_at)}."
        for size, last in sorted(self._compared.items()):
            text = f"It was compared with what you remembered of it at {_entries(size)}"
            since = f" (the last of {last})" if last else ""
            yield f"{text}{since}: since you saw them, none of those was changed."
        yield from (words for _, (_, words) in sorted(self._seen.items()))
        if self._stamps and self._memory.stamped is None:
            yield stamps_unchecked(self._stamps)
        if self._memory.policy and self._quorate:
            wanted = self._memory.policy.wanted()
            yield f"Your policy wants {wanted}: they signed {_entries(self._quorate)}."
        if self._unchecked:
            yield _not_checked(self._unchecked)
        if self._receipts:
            yield f"{self._receipts:,} of your receipts were compared with their entries."
        yield from self._erasures.checked()
        if self._manifest.discloses:
            names = " ".join(sorted(self._manifest.discloses))
            yield (
                f"{self._disclosed:,} disclosed parts were compared with their commitments: all"
                f" there are of the kind {names}, but those that an entry says were erased."
            )


def stamp_words(size: int, at: datetime, who: str) -> str:
    """What a time stamp shows."""
    first = "first entry" if size == 1 else f"first {size:,} entries"
    return (
        f"Its {first} existed on {instant_text(at)} by the word of {who}: since then"
        " none of those was changed. Whether others stood there before, no time stamp shows."
    )


def stamps_unchecked(count: int) -> str:
    """What is to be said where nobody named an authority to believe."""
    return f"Time stamps are in it ({count:,}). They were not checked: that takes an authority."


def _not_checked(names: Iterable[str]) -> str:
    """What is to be said of signatures that nothing here can check."""
    return (
        f"Signatures of {_listing(sorted(names))} with ML-DSA-44 could not be checked here and"
        " count for nothing: that takes a recent release of the library 'cryptography'."
    )


def _instant(at: bytes) -> datetime:
    """An instant from the bytes of an entry that was read."""
    return read_instant(at.decode())


def _ends_early(size: int, remembered: int) -> str:
    """What is known of an export that has fewer entries than somebody remembers."""
    missing = remembered - size
    are = "1 entry is" if missing == 1 else f"{missing:,} entries are"
    return (
        f"it is older than what you remember: {are} missing from it ({size:,} of {remembered:,})."
        " Nothing in it contradicts what you remember, but that its entries are the beginning of"
        " those cannot be shown from it: a copy whose end was cut off looks the same. Ask for a"
        " newer one."
    )


# ---- The proof of one entry (C2SP tlog-proof) ----------------------------------------------------

PROOF = "c2sp.org/tlog-proof@v1"


class Proof(NamedTuple):
    """A proof taken apart."""

    seq: int
    path: list[bytes]
    note: str
    entry: bytes | None
    disclosed: list[Any]

    @classmethod
    def read(cls, text: str) -> "Proof":
        """A proof from its text. Raises ``Wrong``."""
        head, gap, note = text.partition("\n\n")
        title, *lines = head.split("\n")
        entry, disclosed = None, []
        if lines and lines[0].startswith("extra "):
            told = _line(_base64(lines.pop(0).removeprefix("extra ")), "disclosures", "entry")
            entry, disclosed = _base64(str(told["entry"])), told["disclosures"]
        index = lines.pop(0).removeprefix("index ") if lines else ""
        if title != PROOF or not gap or not _NUMBER.fullmatch(index) or type(disclosed) is not list:
            raise Wrong("it is not the proof of an entry")
        return cls(int(index), [_base64(line) for line in lines], note, entry, disclosed)


def check_proof(text: str, memory: Memory) -> Findings:
    """Check the proof of one entry: that it is under a signed checkpoint, and what it says."""
    if not memory.logs:
        raise WrongUsage("a proof is checked with a key that you give: --key FILE")
    told, checked, at, remembered, point = Told(), [], None, 0, Checkpoint("", 0, b"")
    try:
        proof = Proof.read(text)
        opened = open_note(proof.note, (*memory.logs, *memory.cosigners))
        point = Checkpoint.read(opened.text)
        if not opened.own(point.origin):
            raise Wrong("its checkpoint is not signed by a key of that ledger that you gave")
        over = f"over {_entries(point.size)} of {point.origin}"
        checked.append(f"Its checkpoint, {over}, is {PINNED}.")
        if proof.entry is not None:
            leaf = leaf_hash(proof.entry)
            if root_of_inclusion(leaf, proof.seq, point.size, proof.path) != point.root:
                raise Wrong("the enclosed entry does not lead to the signed root: one was changed")
            at = _read_proven(proof, proof.entry, point.origin, told, checked)
        _compare_receipts(proof, point, memory.receipts, told, checked)
        remembered = _compare_point(point, opened, memory, told)
        seen = (one for one in opened.sights() if one.can_be(proof.seq + 1, at, memory.now, told))
        checked += (f"{one.who} signed that checkpoint on {instant_text(one.at)}." for one in seen)
        checked += [_not_checked(opened.unchecked)] if opened.unchecked else []
    except Wrong as wrong:
        told.add(Verdict.ALTERED, str(wrong))
    return Findings(
        log=point.origin,
        size=point.size,
        root=point.root,
        first_at=at,
        last_at=at,
        checked=tuple(checked),
        remembered=remembered,
        found=told.all(),
    )


def _compare_receipts(
    proof: Proof, point: Checkpoint, receipts: Sequence[Receipt], told: Told, checked: list[str]
) -> None:
    """Compare a proof with the receipts of its entry; without the entry, that is all there is."""
    held = [r for r in receipts if r.seq == proof.seq and r.log in ("", point.origin)]
    for leaf in [receipt.leaf for receipt in held] or [bytes(32)]:
        root = root_of_inclusion(leaf, proof.seq, point.size, proof.path)
        if held and root != point.root:
            text = "it is not the entry that your receipt is of"
            told.add(Verdict.ALTERED, text, proof.seq)
        elif held:
            checked.append(f"The entry that your receipt is of, {proof.seq}, is the one under it.")
    if len(held) < len(receipts):
        others = [f"{r.seq} of {r.log[:80] or point.origin}" for r in receipts if r not in held]
        text = f"This is a proof of entry {proof.seq} of {point.origin}. It was not compared with"
        text = f"{text} what you hold a receipt of: entry {', '.join(others[:5])}"
        if held:
            checked.append(f"{text}.")
        else:
            told.add(
                Verdict.INCOMPLETE, f"{text}: that takes an export, or the proof of that entry"
            )
    if proof.entry is None:
        text = "the entry is not enclosed, so what it says is not shown"
        if not held:
            text = "the entry is not enclosed: there can be one at that place, and nothing shows"
            text = f"{text} which. Ask for the proof with its entry, or give a receipt of it"
        told.add(Verdict.INCOMPLETE, text, proof.seq)


def _compare_point(point: Checkpoint, opened: Opened, memory: Memory, told: Told) -> int:
    """Compare a proof's checkpoint with what is remembered; its size if that is the same."""
    same = 0
    for claim in memory.claims(point.origin, memory.logs, told):
        size = claim.checkpoint.size
        if size != point.size:
            text = f"{claim.what} is over {_entries(size)} and this over {point.size:,}"
            told.add(Verdict.INCOMPLETE, f"{text}: the two can be compared with an export only")
        elif claim.checkpoint.root != point.root:
            told.add(Verdict.ALTERED, f"{claim.what} over {_entries(size)} has another root")
        else:
            same = size
    for name in memory.unseen(opened.cosigners):
        told.add(Verdict.INCOMPLETE, f"NOT WITNESSED: its checkpoint was not seen by {name}")
    if memory.policy and not memory.policy.holds(opened.cosigners):
        text = "NO QUORUM: not enough of your witnesses signed its checkpoint: "
        told.add(Verdict.INCOMPLETE, text + memory.policy.lacks(opened.cosigners))
    return max([same, *([point.size] if opened.cosigners else [])])


def _read_proven(
    proof: Proof, entry: bytes, log: str, told: Told, checked: list[str]
) -> datetime | None:
    """Read an entry that was proven to be recorded; when it was."""
    checked.append(f"The enclosed entry is the one with number {proof.seq} under it.")
    try:
        members = read_members(entry)
    except UnknownKind as unknown:
        text = f"it is of a kind that is not known here ({unknown}): hashed, and not read"
        told.add(Verdict.INCOMPLETE, text, proof.seq)
        return None
    if (members["log"], members["seq"]) != (log, proof.seq):
        text = f"it says it is entry {members['seq']} of {members['log']}: it was moved"
        told.add(Verdict.ALTERED, text, proof.seq)
    checked.append(f"It says: {members['type']}, by {members['actor']}, on {members['ts']}.")
    for part in proof.disclosed:
        slot, mark, _, payload = read_disclosure(_canonical(part))
        if mark != members["commit"].get(slot):
            text = f"the disclosed part {slot[:40]} is not the one committed to"
            told.add(Verdict.ALTERED, text, proof.seq)
        elif _canonical(part["seq"]) != b"%d" % proof.seq:
            text = f"the disclosed part {slot} says that it is of entry {str(part['seq'])[:20]}"
            told.add(Verdict.ALTERED, text, proof.seq)
        else:
            checked.append(f"Its part {slot} says: {payload.decode()}")
    return read_instant(members["ts"])


# ---- The command line ----------------------------------------------------------------------------


def memory_of(args: argparse.Namespace) -> Memory:
    """What the options name, read. Raises ``WrongUsage``."""
    policies = tuple(_each(args.policy, lambda text: [Policy.read(text)]))
    if len(policies) > 1:
        raise WrongUsage("there can be one policy only")
    witnesses = tuple(_each(args.witness, _read_keys))
    if any(key.type == LOG_KEY for key in witnesses):
        raise WrongUsage("the key of a ledger is given as that of a witness")
    return Memory(
        keys=tuple(_each(args.key, _read_keys)),
        notes=tuple(_each(args.against, read_memory)),
        receipts=tuple(_each(args.receipt, read_receipts)),
        witnesses=witnesses,
        now=datetime.now(UTC),
        age_max=None if args.age_max is None else timedelta(hours=args.age_max),
        policy=policies[0] if policies else None,
    )


def _each(paths: Sequence[Path], read: Callable[[str], Iterable[Any]]) -> Iterator[Any]:
    """What the files hold, one after the other."""
    for path in paths:
        try:
            yield from read(_text_of(path))
        except OSError as unreadable:
            reason = (unreadable.strerror or "it cannot be read").lower()
            raise WrongUsage(f"{path}: {reason}") from None
        except UnicodeDecodeError:
            raise WrongUsage(f"{path}: this is no text") from None
        except (WrongUsage, Wrong) as wrong:
            raise WrongUsage(f"{path}: {wrong}") from None


def _text_of(path: Path) -> str:
    """A small text file."""
    with path.open("rb") as file:
        return file.read(NOTE_BYTES_MAX + 1).decode()


def _read_keys(text: str) -> list[Key]:
    """Public keys, one a line; lines that begin with # are for people. Raises ``Wrong``."""
    lines = (line.strip() for line in text.splitlines())
    keys = [Key.read(line) for line in lines if line and not line.startswith("#")]
    if not keys:
        raise Wrong("there is no key in it")
    return keys


def check(path: Path, memory: Memory, *, jobs: int | None = None) -> Findings:
    """Check an export (a folder) or the proof of an entry (a file). Raises ``WrongUsage``."""
    if path.is_dir():
        return check_export(path, memory, jobs=jobs)
    try:
        return check_proof(_text_of(path), memory)
    except OSError:
        raise WrongUsage(f"{path}: there is no such folder or file") from None
    except UnicodeDecodeError:
        raise WrongUsage(f"{path}: this is neither an export nor a proof") from None


def main(argv: Sequence[str] | None = None) -> int:
    """Check what is named, print what was found; the exit status."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").partition("\n\n")[0],
        epilog="Exit status: 0 clean, 1 altered, 2 incomplete, 3 stale, 64 wrong usage.",
    )
    parser.add_argument("export", metavar="EXPORT", type=Path, help="folder, or proof of one entry")
    for name, about in {
        "key": "public key to trust, got from somewhere else; may be repeated, as those below",
        "against": "signed checkpoint, or slip, that you kept from an earlier visit",
        "receipt": "receipt that you hold of an entry",
        "witness": "public key of a witness that must have seen the ledger",
        "policy": "whose keys you trust and how many witnesses must have signed (C2SP tlog-policy)",
    }.items():
        parser.add_argument(
            f"--{name}", metavar="FILE", type=Path, action="append", default=[], help=about
        )
    parser.add_argument("--age-max", metavar="HOURS", type=int, help="an older export is stale")
    parser.add_argument("--jobs", metavar="N", type=int, help="processes to read with")
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    try:
        args = parser.parse_args(argv)
        findings = check(args.export, memory_of(args), jobs=args.jobs)
    except WrongUsage as wrong:
        sys.stderr.write(f"countermand_verify: {wrong}\n")
        return WRONG_USAGE
    except SystemExit as ended:
        return WRONG_USAGE if ended.code else 0
    told = findings.sentences()
    if args.json:
        told = [json.dumps(findings.as_json(), ensure_ascii=False, indent=2)]
    sys.stdout.write("\n".join(told) + "\n")
    return int(findings.verdict)


if __name__ == "__main__":
    sys.exit(main())

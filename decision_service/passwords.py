"""Passwords: how they are kept, which are refused, and what guessing costs.

Kept as argon2id with the smallest memory that OWASP recommends (19 MiB, two passes), so that a
small machine in a branch can take several log-ins at once. A name nobody has costs the guesser the
same time and the same answer as a wrong password.
"""

import unicodedata
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from decision_service.errors import PasswordRefused, TooManyAttempts
from overrides.values import Clock

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LENGTH_MIN = 8
LENGTH_MAX = 256
ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # 32 signs that cannot be taken for one another
FIRST_PASSWORD_GROUPS = 4
GROUP_LENGTH = 4  # four groups of four from 32 signs are 80 bits

MEMORY_KIB = 19_456
PASSES = 2
LANES = 1


class Passwords:
    """Makes and compares the kept form of passwords."""

    @cached_property
    def _hasher(self) -> "PasswordHasher":
        """Argon2id with this installation's costs, made when the first password is met."""
        from argon2 import PasswordHasher

        return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)

    @cached_property
    def _nobody(self) -> str:
        """Kept form of a password no one has: compared with where a name is unknown."""
        return self._hasher.hash("nobody has this password")

    def keep(self, name: str, password: str) -> str:
        """The form in which a password is stored.

        Raises:
            PasswordRefused: the password is too short, too long or the person's own name.

        """
        return self._hasher.hash(_acceptable(name, password))

    def matches(self, kept: str | None, password: str) -> bool:
        """Whether the password is the one that was kept; as slow when there is none."""
        from argon2.exceptions import InvalidHashError, VerificationError

        try:
            self._hasher.verify(kept or self._nobody, _normal(password)[:LENGTH_MAX])
        except (VerificationError, InvalidHashError):
            return False
        return bool(kept)


def first_password(random_bytes: Callable[[int], bytes]) -> str:
    """A password to hand over once: 80 random bits in groups that can be read aloud."""
    chance = random_bytes(FIRST_PASSWORD_GROUPS * GROUP_LENGTH)
    signs = "".join(ALPHABET[byte % len(ALPHABET)] for byte in chance)
    return "-".join(signs[i : i + GROUP_LENGTH] for i in range(0, len(signs), GROUP_LENGTH))


def _normal(password: str) -> str:
    """One form for passwords that look the same, whichever keyboard wrote them."""
    return unicodedata.normalize("NFC", password)


def _acceptable(name: str, password: str) -> str:
    """The password in its one form, or the reason why it cannot be used."""
    normal = _normal(password)
    if not LENGTH_MIN <= len(normal) <= LENGTH_MAX:
        raise PasswordRefused(problem=f"use {LENGTH_MIN} to {LENGTH_MAX} characters")
    if normal.casefold() == name.casefold() or len(set(normal)) == 1:
        raise PasswordRefused(problem="it must not be the name, nor one character repeated")
    return normal


@dataclass(frozen=True, slots=True)
class Attempts:
    """Attempts in a row that did not succeed, this one included, and when the last counted."""

    count: int
    last_at: datetime


class AttemptStore(Protocol):
    """Where attempts are counted."""

    def count(self, subject: str, now: datetime, *, most: int, forget_before: datetime) -> Attempts:
        """Count one more, in one step, and say how many there are.

        A subject whose last attempt counted before ``forget_before`` starts again at one. Beyond
        ``most`` the time stands still, so that trying on does not lengthen the wait.
        """

    def reached(self, subjects: Collection[str], most: int, since: datetime) -> frozenset[str]:
        """Those of the subjects with at least so many attempts, the last one after ``since``."""

    def forgive(self, subject: str) -> None:
        """Forget a subject."""

    def give_back(self, subject: str) -> None:
        """Take back one count."""


@dataclass(frozen=True, slots=True)
class LockOut:
    """Stops guessing: after so many failures in a row nobody gets in for a while.

    An attempt counts before the password is looked at and is taken back when it was right, so
    that many at once gain nothing. An address is allowed more than an account, since a whole
    branch may come from one address. Subjects are keyed hashes (``lookup``), so names that were
    tried are not kept readable. ``name`` is always the folded one.
    """

    store: AttemptStore
    clock: Clock
    lookup: Callable[[str, str], str]
    account_max: int = 5
    address_max: int = 25
    wait: timedelta = timedelta(minutes=15)

    def attempt(self, name: str, address: str) -> None:
        """Count an attempt; refuse it (``TooManyAttempts``) where the limit is reached."""
        now = self.clock()
        limits = (
            (self._address(address), self.address_max),
            (self._account(name), self.account_max),
        )
        for subject, most in limits:
            made = self.store.count(subject, now, most=most, forget_before=now - self.wait)
            if made.count > most:
                left = made.last_at + self.wait - now
                raise TooManyAttempts(seconds=max(1, int(left.total_seconds())))

    def waiting(self, names: Iterable[str]) -> frozenset[str]:
        """Those of the folded names that have to wait just now."""
        subjects = {self._account(name): name for name in names}
        since = self.clock() - self.wait
        found = self.store.reached(subjects.keys(), self.account_max, since)
        return frozenset(subjects[subject] for subject in found)

    def succeeded(self, name: str, address: str) -> None:
        """Forget the account's failures; the address only gets this one attempt back."""
        self.forgive(name)
        self.store.give_back(self._address(address))

    def forgive(self, name: str) -> None:
        """Forget the account's failures."""
        self.store.forgive(self._account(name))

    def _account(self, name: str) -> str:
        """What stands for an account."""
        return self.lookup("sign-in account", name)

    def _address(self, address: str) -> str:
        """What stands for an address."""
        return self.lookup("sign-in address", address)

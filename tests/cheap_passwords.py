"""Passwords that cost next to nothing to keep."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from decision_service import passwords


@contextmanager
def cheap_passwords() -> Iterator[None]:
    """Keeping a password is made slow on purpose, and houses full of people would pay for it."""
    with patch.object(passwords, "MEMORY_KIB", 8), patch.object(passwords, "PASSES", 1):
        yield

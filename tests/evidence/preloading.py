"""What the process imports that others are forked off: everything that lots need."""

from tests.evidence.parts import PARTS

PRELOADED = tuple(PARTS.values())
"""Looked at once, each part has been imported."""

"""What a worker process is told and what it tells: bytes of a fixed form, and never code."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from decision_service.settings import Settings
from overrides.sealing import Unplaced


class Task(msgspec.Struct, frozen=True):
    """Which blocks of which file a worker is to make: the ``first`` and every ``step`` after it."""

    settings: dict[str, Any]
    file: str
    block_bytes: int
    first: int
    step: int


class Line(msgspec.Struct, array_like=True, frozen=True, tag=0):
    """A line whose decision is made. ``number`` is its place in its block, from 1.

    ``text`` is the line itself, for the case that it has to be decided again.
    """

    number: int
    text: bytes
    key: str
    fingerprint: str
    bundle: str
    sha256: str  # of the bundle's version
    by_name: bool  # whether the application names the bundle, or goes to whatever is champion
    scored: bool
    application_key: str
    assigned: str  # to whom it was drawn; "" to nobody
    application_id: str
    status: str
    recommendation: str
    probability: str  # "" without a score
    entries: tuple[Unplaced, ...]


class Refusal(msgspec.Struct, array_like=True, frozen=True, tag=1):
    """A line that cannot be decided, and why, as the interface would say it."""

    number: int
    problem: dict[str, Any]


class Block(msgspec.Struct, array_like=True, frozen=True):
    """What became of the lines of one block; ``lines`` counts the empty ones too."""

    lines: int
    made: list[Line | Refusal]


_encode = msgspec.msgpack.Encoder().encode
_block = msgspec.msgpack.Decoder(Block).decode
_task = msgspec.msgpack.Decoder(Task).decode


def encoded(message: Task | Block) -> bytes:
    """A message as it is sent."""
    return _encode(message)


def read_block(message: bytes) -> Block:
    """What a worker told. Raises ``ValueError`` for anything else."""
    return _block(message)


def read_task(message: bytes) -> Task:
    """What a worker is told. Raises ``ValueError`` for anything else."""
    return _task(message)


def told_settings(settings: Settings) -> dict[str, Any]:
    """Settings as they are sent."""
    return {**asdict(settings), "data": str(settings.data)}


def read_settings(told: Mapping[str, Any]) -> Settings:
    """Settings as they were sent."""
    return Settings(**{**told, "data": Path(told["data"])})

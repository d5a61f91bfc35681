"""Making decisions ready to be written: everything but the writing, for a block of lines."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from decision_service.answers import OURS
from decision_service.blocks import Asked, Begun, Blocks, read_asked
from decision_service.bulk.messages import Block, Line, Refusal
from decision_service.errors import RequestError
from decision_service.pipeline import Pipeline
from decision_service.problems import plain_problem, problem
from overrides.journal import request_words
from overrides.sealing import unplaced
from overrides.values import Actor

TOGETHER = 256  # lines that take each step together
KEY_CHARS = 32
CLOCK = "ok"
BROKEN = (500, "internal-error", "Something broke on our side; send this line again.")


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes decisions of one installation and records none."""

    decisions: Pipeline
    actor: Actor
    log: str
    line_bytes_max: int

    def block(self, lines: Sequence[bytes]) -> Block:
        """What becomes of these lines; empty ones are counted and left out."""
        made: list[Line | Refusal] = []
        for start in range(0, len(lines), TOGETHER):
            made += self._made(lines[start : start + TOGETHER], start)
        return Block(len(lines), made)

    def _made(self, lines: Sequence[bytes], before: int) -> list[Line | Refusal]:
        """What becomes of some lines that follow ``before`` others."""
        read: list[tuple[int, bytes, Asked | Exception]] = [
            (number, line, self.asked(line))
            for number, line in enumerate(lines, before + 1)
            if line.strip()
        ]
        asked = [one for _, _, one in read if not isinstance(one, Exception)]
        found = iter(Blocks(self.decisions).make(asked, self.actor))
        return [
            self._line(number, line, one if isinstance(one, Exception) else next(found))
            for number, line, one in read
        ]

    def asked(self, line: bytes) -> Asked | Exception:
        """A line's application and the key it is sent with, or what is wrong with it."""
        try:
            return read_asked(line, self.line_bytes_max, key_of(line))
        except RequestError as refused:
            return refused

    def _line(self, number: int, text: bytes, begun: Begun | Exception) -> Line | Refusal:
        """A decision ready to be written, or why there is none."""
        if isinstance(begun, Exception):
            return Refusal(number, told_problem(begun))
        assert begun.command is not None, "what was not refused has a command"
        once, sheet, vault = begun.once, begun.command.sheet, self.decisions.preparer.vault
        prepared, finding = sheet.prepared, sheet.finding
        version = prepared.in_use.version
        drafts = begun.command.opening()
        req = vault.lookup_hash("request", request_words(once))
        entries = unplaced(drafts, vault, log=self.log, req=req, clock=CLOCK)
        return Line(
            number,
            text,
            once.key,
            once.fingerprint,
            version.name,
            version.sha256,
            bool(prepared.application.bundle),
            not finding.failure,
            prepared.application_key,
            prepared.assigned.to if prepared.assigned and "assigned" in sheet.data else "",
            prepared.application.application_id,
            sheet.data["status"],
            finding.assessment.recommendation.value,
            finding.probability,
            entries,
        )


def told_problem(failed: Exception) -> dict[str, Any]:
    """Why a line is not recorded, as the interface would say it; of a fault of ours only that."""
    return problem(failed) if isinstance(failed, OURS) else plain_problem(*BROKEN)


def key_of(line: bytes) -> str:
    """The key of a line that names none: the same line is the same request, in any file."""
    return f"line-{hashlib.sha256(line.strip()).hexdigest()[:KEY_CHARS]}"

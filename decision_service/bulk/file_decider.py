"""Deciding a file: what workers make is written group by group, and each line is answered.

Lines are written in the order of the file. One that something stands in the way of, as where its
application has a case already, is decided in the ordinary way, after the group that it came with;
so are all later ones of the same application. A run that stops can be repeated: a line that was
recorded is answered with what was recorded.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from decision_service.access import HOST
from decision_service.bulk.file_blocks import BLOCK_BYTES, block_count
from decision_service.bulk.garbage import looked_for_between_blocks
from decision_service.bulk.making import Maker, told_problem
from decision_service.bulk.messages import Line, Refusal
from decision_service.bulk.recording_made import Made
from decision_service.bulk.workers import Workers
from decision_service.services import Services
from overrides.errors import LedgerUnavailable, OutOfDate
from overrides.journal import Receipt

GROUP = 256  # decisions written by one transaction

Told = Mapping[str, Any]  # the answer to one line


@dataclass(slots=True)
class Counts:
    """What became of the lines so far."""

    part: float = 0.0  # of the file, by its bytes
    lines: int = 0
    decided: int = 0  # by policy
    in_review: int = 0  # left to a person
    replayed: int = 0  # recorded before, by the same line
    refused: int = 0

    @property
    def recorded(self) -> int:
        """Lines that are in the ledger now."""
        return self.decided + self.in_review + self.replayed


class Stopped(Exception):  # it is no error of the file
    """Nothing more can be written; all before ``line`` is recorded."""

    def __init__(self, line: int, cause: LedgerUnavailable) -> None:
        super().__init__(str(cause))
        self.line = line


@dataclass(slots=True)
class FileDecider:
    """Decides the applications of one file and records them. ``tell`` is told after each group."""

    services: Services
    file: Path
    workers: int
    tell: Callable[[Counts, Sequence[Told]], None]
    block_bytes: int = BLOCK_BYTES
    counts: Counts = field(default_factory=Counts)

    def decide(self) -> Counts:
        """Every line in turn. Raises ``Stopped`` where the ledger cannot be written any more."""
        services = self.services
        longest = services.settings.body_bytes_max
        maker = Maker(services.decisions, HOST, services.ledger.log, longest)
        settings, sizes = services.settings, {"block_bytes": self.block_bytes}
        with (
            Workers(settings, self.file, self.workers, **sizes) as workers,
            looked_for_between_blocks() as block_done,
        ):
            blocks = block_count(self.file.stat().st_size, self.block_bytes)
            for place, block in enumerate(workers.blocks(maker), 1):
                self.counts.part, before = place / blocks, self.counts.lines
                for start in range(0, len(block.made), GROUP):
                    self._write(block.made[start : start + GROUP], before, maker)
                self.counts.lines = before + block.lines
                block_done()
        return self.counts

    def _write(self, group: Sequence[Line | Refusal], before: int, maker: Maker) -> None:
        """Record what was made, and tell what became of each line, in their order."""
        decisions = self.services.decisions
        decisions.registry.standings()  # what is known is not looked for again by every command
        made = [Made(line, decisions) for line in group if isinstance(line, Line)]
        outcomes = iter(
            self.services.groups.submit_group([(one, one.once(HOST.ref)) for one in made])
        )
        told: list[Told] = []
        try:
            self._tell_each(group, before, maker, outcomes, told)
        finally:
            self.tell(self.counts, told)

    def _tell_each(
        self,
        group: Sequence[Line | Refusal],
        before: int,
        maker: Maker,
        outcomes: Iterator[Receipt | Exception],
        told: list[Told],
    ) -> None:
        """Add to ``told`` what became of each; raises ``Stopped`` at the first that cannot be."""
        for one in group:
            number = before + one.number
            if isinstance(one, Refusal):
                told.append(self._refused(number, one.problem))
                continue
            outcome = next(outcomes)
            if isinstance(outcome, LedgerUnavailable):
                raise Stopped(number, outcome)
            if isinstance(outcome, OutOfDate):
                told.append(self._plain(number, one, maker))
            elif isinstance(outcome, Receipt):
                told.append(self._recorded(number, one, outcome))
            else:
                told.append(self._refused(number, told_problem(outcome)))

    def _recorded(self, number: int, line: Line, receipt: Receipt) -> Told:
        """The answer to a line that is recorded now, or was before."""
        answer = {"line": number, "application_id": line.application_id, **receipt.answer}
        if receipt.replayed:
            self.counts.replayed += 1
            return {**answer, "replayed": True}
        return self._counted(
            {
                **answer,
                "status": line.status,
                "recommendation": line.recommendation,
                "probability_of_bad": line.probability or None,
                "seq": receipt.entries[0].seq,
            }
        )

    def _plain(self, number: int, line: Line, maker: Maker) -> Told:
        """A line decided in the ordinary way, as it stands now."""
        asked = maker.asked(line.text)
        assert not isinstance(asked, Exception), "it was read before"
        body, key = asked
        try:
            answer = self.services.decisions.decide_now(body, HOST, key)
        except LedgerUnavailable as failed:
            raise Stopped(number, failed) from failed
        except Exception as refused:  # noqa: BLE001 # the other lines go on
            return self._refused(number, told_problem(refused))
        found = answer.body
        names = ("application_id", "decision_id", "case_id")
        told = {"line": number, **{name: found[name] for name in names}}
        if answer.replayed:
            self.counts.replayed += 1
            return {**told, "replayed": True}
        return self._counted(
            {
                **told,
                "status": found["status"],
                "recommendation": found["recommendation"],
                "probability_of_bad": (found["score"] or {}).get("probability_of_bad"),
                "seq": found["ledger"]["seq"],
            }
        )

    def _counted(self, told: Told) -> Told:
        """The answer to a line that was decided by this run, counted."""
        if told["status"] == "decided":
            self.counts.decided += 1
        else:
            self.counts.in_review += 1
        return told

    def _refused(self, number: int, why: Mapping[str, Any]) -> Told:
        """The answer to a line that is not in the ledger, and why."""
        self.counts.refused += 1
        return {"line": number, "problem": why}

"""Decisions without a server or a database: the same contract, score, reasons and policy.

Nothing is recorded, so there is no case, no place in a ledger and no audit sample, and the same
file gives the same bytes each time.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from decision_service.access import HOST
from decision_service.application_files import Line
from decision_service.applications import read_application
from decision_service.decimals import decimal_text
from decision_service.decision_object import contributions, decision_object
from decision_service.decision_record import Finding, Prepared, sheet_of
from decision_service.errors import ServiceError
from decision_service.loading import Loaded
from decision_service.pipeline import cause_of
from decision_service.policy import Draw, unscored
from decision_service.preparing import Preparer
from decision_service.problems import problem
from decision_service.registry import InUse
from decision_service.standings import Standing, Version
from explain.errors import ExplainError
from explain.values import Explanation
from overrides.values import Clock
from overrides.vault import KEY_BYTES, Vault

ROWS_AT_ONCE = 256
NEVER_DRAWN = Draw(1.0)  # the audit sample is for what is recorded
ONLY_RECORDED = ("decision_id", "case_id", "supersedes", "attempt", "simulated", "ledger")


@dataclass(frozen=True, slots=True)
class Nowhere:
    """The place of a decision that is not recorded."""

    log: str = ""
    seq: int = 0
    leaf_hash: bytes = b""


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of one line, and whether it could be decided."""

    said: Mapping[str, Any]
    refused: bool


class OfflineDecider:
    """Decides lines of a file with one bundle."""

    def __init__(self, loaded: Loaded, clock: Clock) -> None:
        bundle = loaded.bundle
        stamps = (loaded.model, loaded.policy_stamp, loaded.codebook)
        version = Version(bundle.name, bundle.sha256, *stamps, datetime.min.replace(tzinfo=UTC))
        standing = Standing(bundle.name, (version,), version, champion=True, suspended=False)
        self._loaded = loaded
        self._used = InUse(standing, loaded, "")
        # Keyed hashes are of no use where nothing is looked up again: any key will do.
        self._preparer = Preparer(Vault({0: bytes(KEY_BYTES)}, bytes(KEY_BYTES), bytes), clock)

    def decide(self, lines: Iterable[Line]) -> Iterator[Told]:
        """One answer per line, in order: a decision, or a problem that names every fault."""
        rest = iter(lines)
        while block := list(islice(rest, ROWS_AT_ONCE)):
            prepared = [self._prepare(line) for line in block]
            rows = [
                one.checked.features
                for one in prepared
                if isinstance(one, Prepared) and one.checked is not None
            ]
            explained = iter(self._loaded.bundle.explain(rows))
            for line, one in zip(block, prepared, strict=True):
                if isinstance(one, Prepared):
                    yield Told(self._told(line.number, one, next(explained)), refused=False)
                else:
                    named = {"line": line.number, "application_id": _id_of(line)}
                    yield Told({**named, **problem(one)}, refused=True)

    def _prepare(self, line: Line) -> Prepared | ServiceError | ExplainError:
        """The line as a checked application, or what is wrong with it."""
        if line.fault is not None:
            return line.fault
        try:
            application = read_application(line.body)
            return self._preparer.prepare(application, self._used, HOST, simulated=False)
        except (ServiceError, ExplainError) as refused:
            return refused

    def _told(
        self, number: int, prepared: Prepared, explained: Explanation | ExplainError
    ) -> dict[str, Any]:
        """The decision of one line as the interface would give it, but for what is recorded."""
        finding = self._found(prepared, explained)
        sheet = sheet_of(prepared, finding, lambda: "", 0)
        rules = [self._loaded.policy.rule_text(rule) for rule in finding.assessment.knockouts]
        payload = sheet.payloads.get("explanation")
        made = decision_object(
            sheet.drafts(None, "")[0],
            Nowhere(),
            application_id=prepared.application.application_id,
            explanation=payload,
            rule_texts=rules,
        )
        said = {name: value for name, value in made.items() if name not in ONLY_RECORDED}
        return {
            "line": number,
            **said,
            "contributions": contributions(payload, sheet.payloads["inputs"]),
        }

    def _found(self, prepared: Prepared, explained: Explanation | ExplainError) -> Finding:
        """What scoring and policy make of it."""
        checked = prepared.checked
        assert checked is not None, "a loaded bundle has a contract"
        if isinstance(explained, ExplainError):
            return Finding(assessment=unscored("model_failed"), failure=cause_of(explained))
        probability = decimal_text(explained.probability)
        fields = {**checked.context, **checked.features}
        assessed = self._loaded.policy.assess(
            fields, explained, probability, checked.warnings, NEVER_DRAWN
        )
        return Finding(assessment=assessed, explanation=explained, probability=probability)


def _id_of(line: Line) -> str | None:
    """The application's id, where the line could be read so far."""
    found = (line.body or {}).get("application_id")
    return found if isinstance(found, str) else None

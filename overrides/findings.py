"""What a verification found, in words for the person who has to answer for it."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum


class Verdict(IntEnum):
    """What a verification comes to; the numbers are the exit codes of the command."""

    CLEAN = 0
    ALTERED = 1
    INCOMPLETE = 2
    STALE = 3


_GRAVEST_FIRST = (Verdict.ALTERED, Verdict.INCOMPLETE, Verdict.STALE)
_WORDS = {
    Verdict.CLEAN: "Nothing was changed, as far as this could be checked.",
    Verdict.ALTERED: "ALTERED: what is here is not what was recorded.",
    Verdict.INCOMPLETE: "INCOMPLETE: not everything could be accounted for.",
    Verdict.STALE: "STALE: what is here ends before what should be covered.",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be, in the entry ``seq`` if it is in one."""

    verdict: Verdict
    text: str
    seq: int | None = None

    def __str__(self) -> str:
        """The finding as a sentence."""
        return self.text if self.seq is None else f"entry {self.seq}: {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """A whole verification: what was read, what it was checked against, and what was wrong."""

    log: str
    size: int
    root: bytes
    first_at: datetime | None = None
    last_at: datetime | None = None
    signed_size: int | None = None  # entries under the newest checkpoint whose signature holds
    checked: tuple[str, ...] = ()  # what was compared with what, a sentence each
    found: tuple[Finding, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The gravest of the findings: altered before incomplete before stale."""
        verdicts = {finding.verdict for finding in self.found}
        return next((v for v in _GRAVEST_FIRST if v in verdicts), Verdict.CLEAN)

    def sentences(self) -> list[str]:
        """The verification as sentences: the verdict, the findings, what was checked."""
        said = [_WORDS[self.verdict], *map(str, self.found), *self.checked]
        if self.signed_size is not None and self.signed_size < self.size:
            tail = self.size - self.signed_size
            said.append(
                f"The last {tail} of {self.size} entries are under no signed checkpoint yet."
            )
        return said

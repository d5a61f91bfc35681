"""What a verification found, in words for the person who has to answer for it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from overrides.instants import instant_text


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
    remembered: bool = False  # whether something kept outside was among it
    has_projections: bool = False  # whether tables made from the entries lie beside them
    found: tuple[Finding, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The gravest of the findings: altered before incomplete before stale."""
        verdicts = {finding.verdict for finding in self.found}
        return next((v for v in _GRAVEST_FIRST if v in verdicts), Verdict.CLEAN)

    @property
    def unsigned(self) -> int:
        """How many entries at the end are under no signed checkpoint."""
        return max(0, self.size - self.signed_size) if self.signed_size is not None else 0

    def notes(self, at_words: Callable[[datetime], str] = instant_text) -> list[str]:
        """What bounds the checks; ``at_words`` writes an instant."""
        said = []
        if self.first_at and self.last_at:
            span = f"{at_words(self.first_at)} to {at_words(self.last_at)}"
            said.append(f"The entries were recorded from {span}, by the ledger's own clock.")
        if self.log and not self.remembered:
            said.append(
                "It was compared with nothing kept outside: whoever holds the database and its"
                " signing key could have written it anew. Keep a checkpoint elsewhere."
            )
        if self.has_projections:
            said.append(
                "The tables that pages and feedback sets are read from were not compared with the"
                " entries; 'countermand ledger rebuild' makes them anew from the entries."
            )
        if self.unsigned:
            tail = "entry is" if self.unsigned == 1 else f"{self.unsigned:,} entries are"
            said.append(f"The last {tail} under no signed checkpoint yet.")
        return said

    def sentences(self) -> list[str]:
        """The verification as sentences: the verdict, the findings, the checks and their bounds."""
        return [_WORDS[self.verdict], *map(str, self.found), *self.checked, *self.notes()]

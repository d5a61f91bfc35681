"""The letters of the demo: written, checked and sent by simulated people within days."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from decision_service.lender import Lender
from decision_service.letter_desk import LetterDesk
from overrides.errors import OverridesError
from overrides.letter_rows import LetterState
from overrides.lettering import Move
from overrides.values import Actor, Clock

WRITERS = {"north": "asha", "river": "chitra"}
CHECKERS = {"north": "hanna", "river": "ivo"}
RETURNED_SHARE = 0.04
LENDER = Lender(
    name="Example Bank (a demonstration)",
    address=("1 Example Street", "Example Town"),
    contact="review@bank.example",
    agency="Example Agency, 2 Example Street, Example Town",
    advice="advice@bank.example",
)

Later = Callable[[float, Callable[[], None]], None]  # hours, what happens then


@dataclass(frozen=True, slots=True)
class Post:
    """Sends every letter that a refusal calls for, through the same doors as real people."""

    desk: LetterDesk
    actors: Mapping[str, Actor]
    clock: Clock
    chance: Random

    def answer(self, case_id: str, branch: str, later: Later) -> None:
        """A refusal was recorded: its letter is drafted within three days, and sent a day later."""
        hours = self.chance.uniform(3, 60)
        later(hours, lambda: self._draft(case_id, branch, "", later))

    def _draft(self, case_id: str, branch: str, reason: str, later: Later) -> None:
        """Somebody drafts it; one that is held is checked by the head of the branch first."""
        writer = self.actors[WRITERS[branch]]
        try:
            self.desk.draft(writer, case_id, "en", reason, None)
        except OverridesError:
            return  # decided otherwise meanwhile, or no reason that may be stated
        later(self.chance.uniform(2, 30), lambda: self._issue(case_id, branch, later))

    def _issue(self, case_id: str, branch: str, later: Later) -> None:
        """It is issued, after a check where it is held."""
        row = self.desk.services.letters.letter(case_id)
        if row is None or row.state is not LetterState.DRAFTED:
            return
        if row.holds:
            self._move(CHECKERS[branch], case_id, Move(letter_id=row.letter_id, to=_CHECKED))
        issued = Move(letter_id=row.letter_id, to=LetterState.ISSUED)
        if self._move(WRITERS[branch], case_id, issued):
            later(self.chance.uniform(1, 20), lambda: self._send(case_id, branch, later))

    def _send(self, case_id: str, branch: str, later: Later) -> None:
        """It goes out; a few come back after a week and are drafted again."""
        if not self._step(case_id, branch, LetterState.SENT, channel="post"):
            return
        if self.chance.random() < RETURNED_SHARE:
            later(170, lambda: self._came_back(case_id, branch, later))

    def _came_back(self, case_id: str, branch: str, later: Later) -> None:
        """The address was wrong; another one is drafted."""
        if self._step(case_id, branch, LetterState.RETURNED, reason="address_unknown"):
            later(20, lambda: self._draft(case_id, branch, "returned", later))

    def _step(self, case_id: str, branch: str, to: LetterState, **told: str) -> bool:
        """One step with its day; whether it was recorded."""
        row = self.desk.services.letters.letter(case_id)
        if row is None:
            return False
        day = self.clock().date().isoformat()
        move = Move(letter_id=row.letter_id, to=to, on=day, **told)
        return self._move(WRITERS[branch], case_id, move)

    def _move(self, name: str, case_id: str, move: Move) -> bool:
        """Record a step; whether it was possible."""
        try:
            self.desk.move(self.actors[name], case_id, move, None)
        except OverridesError:
            return False
        return True


_CHECKED = LetterState.CHECKED

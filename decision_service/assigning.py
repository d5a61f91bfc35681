"""Drawing an officer for a share of the cases, as the policy of a bundle says."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from decision_service.decimals import decimal_text
from decision_service.people import Person, PersonState
from decision_service.registry import InUse
from decision_service.training_register import TrainingRegister
from overrides.assigning import Assigned, drawn, eligible
from overrides.values import Actor, Money
from overrides.working_time import WorkingWeek

REMEMBERED = timedelta(seconds=30)  # for so long people are not asked for again


class Assigner:
    """Draws among the people there are. ``chance`` gives numbers from 0 to below 1."""

    def __init__(
        self,
        everyone: Callable[[], Sequence[Person]],
        chance: Callable[[], float],
        training: TrainingRegister | None = None,
    ) -> None:
        self._everyone = everyone
        self._chance = chance
        self._training = training
        self._known: tuple[datetime, tuple[Actor, ...]] | None = None

    def draw(
        self, used: InUse, branch: str, amount: Money, week: WorkingWeek, now: datetime
    ) -> Assigned | None:
        """The officer who was drawn; None where no draw is wanted, or it leaves the case free."""
        if used.loaded is None or not Decimal(used.loaded.policy.spec.assigned_at_random):
            return None
        spec = used.loaded.policy.spec
        number, share = decimal_text(self._chance()), Decimal(spec.assigned_at_random)
        present, rules = self._present(now), used.loaded.rules
        if self._training is not None:
            present = tuple(one for one in present if self._training.admits(one.ref, rules, now))
        among = eligible(present, branch, amount, rules.limits)
        to = drawn(Decimal(number), share, among)
        if to is None:
            return None
        until = week.after(now, timedelta(hours=spec.assigned_hours))
        return Assigned(to=to, until=until, share=share, number=number, among=among)

    def admits(self, ref: str) -> bool:
        """Whether this person may come in now, whatever is remembered of them."""
        return any(p.ref == ref and p.state is PersonState.ACTIVE for p in self._everyone())

    def _present(self, now: datetime) -> tuple[Actor, ...]:
        """Everybody who may come in."""
        if self._known is None or not timedelta(0) <= now - self._known[0] < REMEMBERED:
            people = self._everyone()
            actors = tuple(p.actor for p in people if p.state is PersonState.ACTIVE)
            self._known = (now, actors)
        return self._known[1]

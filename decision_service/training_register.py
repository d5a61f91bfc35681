"""The training register: folded from the ledger's entries, and asked before each act."""

import time
from collections.abc import Callable
from datetime import datetime

from decision_service.folded import Folded, RareEvents
from overrides.journal import State
from overrides.training import Register, check_training
from overrides.training_errors import TrainingError
from overrides.values import DECIDING_ROLES, Actor, Rules


class TrainingRegister(Folded[Register]):
    """Who is trained, and whom that keeps from deciding."""

    def __init__(self, events: RareEvents, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__("training", Register(), Register.after, events, monotonic)

    def check(self, state: State, actor: Actor, rules: Rules) -> None:
        """Refuse an act inside its transaction; see ``check_training``."""
        if rules.training_days:
            check_training(self.within(state), actor, rules, state.now.date())

    def check_now(self, actor: Actor, rules: Rules, now: datetime) -> None:
        """Refuse what an act would be refused for, before it is tried."""
        check_training(self.known(), actor, rules, now.date())

    def refusal(self, actor: Actor, rules: Rules | None, now: datetime) -> str:
        """Why the register keeps somebody from deciding under these rules; "" where it does not."""
        try:
            if rules is not None and actor.role in DECIDING_ROLES:
                self.check_now(actor, rules, now)
        except TrainingError as refused:
            return str(refused)
        return ""

    def admits(self, person: str, rules: Rules, now: datetime) -> bool:
        """Whether the training register lets a person decide cases under these rules."""
        held = self.known().held(person, rules.bundle)
        return not rules.training_days or (held is not None and held.valid(now.date()))

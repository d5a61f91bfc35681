"""Recording what somebody thinks of a case before its score is shown to them."""

from decision_service.acting import Acting
from overrides.desk import case_of
from overrides.first_views import FirstView, decide_first_view
from overrides.journal import OnceOnly, Receipt
from overrides.values import Actor


def record_first_view(
    acting: Acting, actor: Actor, case_id: str, form: FirstView, once: OnceOnly | None = None
) -> Receipt:
    """Record it; raises ``FirstViewNotAsked`` and what every act by a deciding person raises."""
    services = acting.services
    asked = acting.blindness.of(actor, acting.file(actor, case_id, unseen=True).row)
    return services.journal.submit(
        lambda state: decide_first_view(
            case_of(state, case_id),
            actor,
            form,
            state.now,
            services.new_id,
            acting.name,
            asked=asked,
        ),
        once=once,
    ).result()

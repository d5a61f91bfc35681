"""Where each role begins: the links of the first page, the most useful first."""

from collections.abc import Mapping

from decision_service.access import ROLES, Permission
from overrides.values import Role

Step = tuple[str, str, str]  # link, title, why

LOG_IN: Step = ("/login", "Log in", "What you see then depends on your role.")
WITHOUT_NAME: tuple[Step, ...] = (
    LOG_IN,
    ("/login?after=/desk", "Officers: the desk", "Decide what the model leaves to a person."),
    (
        "/login?after=/ledger",
        "Compliance: the ledger",
        "Read every act and check that none changed.",
    ),
    ("/login?after=/feedback", "Data scientists: feedback sets", "Decisions joined with outcomes."),
)

STEPS: Mapping[Permission, Step] = {
    Permission.DECIDE: (
        "/desk",
        "Open your desk",
        "The most urgent case is first. Read the reasons for and against, then agree or override.",
    ),
    Permission.DESK: (
        "/desk",
        "See the cases",
        "What waits, why it came to a person, and who is working on it.",
    ),
    Permission.SEARCH: (
        "/search",
        "Find a case",
        "By the application's number, the case's number or the branch.",
    ),
    Permission.LEDGER: (
        "/ledger",
        "Read the ledger",
        "Every decision, override, approval and outcome, in order, with its proof.",
    ),
    Permission.VERIFY: (
        "/ledger/verify",
        "Check the ledger",
        "Recomputes every entry and compares it with the signed checkpoint.",
    ),
    Permission.FEEDBACK: (
        "/feedback",
        "Get a feedback set",
        "Features as scored, decision, override, outcome, and why an outcome is not known.",
    ),
    Permission.BOARD: (
        "/board",
        "Look at the shared board",
        "Decision quality, turnaround and override rates, each with what it is counted over.",
    ),
    Permission.MODELS: (
        "/models",
        "Read the model's card",
        "What it was made for, its cut-offs, its reasons and its limits.",
    ),
    Permission.ADMIN: (
        "/admin",
        "Keep the list of people",
        "Add people, give roles and limits, lock and unlock.",
    ),
}


def steps_for(role: Role | None) -> tuple[Step, ...]:
    """What to do first in this role, one link each; without a role, where to log in."""
    if role is None:
        return WITHOUT_NAME
    mine = {permission: step for permission, step in STEPS.items() if role in ROLES[permission]}
    if Permission.DECIDE in mine:
        del mine[Permission.DESK]  # the same page, said for someone who works there
    return tuple(mine.values())

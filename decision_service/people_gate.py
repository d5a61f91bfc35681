"""From somebody looking at a page to somebody who acts: still known, and allowed to."""

from decision_service.access import Permission
from decision_service.services import Services
from overrides.values import Actor
from ui.ports import Refused
from ui.views import Viewer


def acting_person(services: Services, viewer: Viewer, permission: Permission) -> Actor:
    """Who the viewer is just now; ``Refused`` when locked or gone, or without the permission."""
    actor = services.people.actor(viewer.person_ref)
    if actor is None:
        raise Refused(401, "Not logged in", "Log in again to go on.")
    if permission not in viewer.may:
        raise Refused(403, "Not for your role", f"{viewer.role_words}: this is not yours to do.")
    return actor

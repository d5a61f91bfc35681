"""What a server does on the side for personal data: finish erasures, replace keys at night."""

from datetime import timedelta

from decision_service.access import HOST
from decision_service.erasure_finishing import finish_erasures, rotation_due
from decision_service.services import Services


def tend(services: Services) -> None:
    """Finish what erasures left to do; replace the key above the data keys when it is old."""
    finish_erasures(services)
    hours = services.settings.rotate_hours
    if hours > 0:
        every = timedelta(hours=hours)
        if rotation_due(services, every):
            services.rotation.rotate(HOST, "nightly", still=lambda: rotation_due(services, every))

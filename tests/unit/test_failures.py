"""What could not be delivered has a name, whatever it is."""

from bot.delivery.claiming import UNPACED
from bot.delivery.failures import WHAT
from bot.models import DeliveryKind


def test_every_kind_that_is_reported_when_it_fails_has_words() -> None:
    """Redraws and Home tabs that fail are not reported."""
    assert set(WHAT) == set(DeliveryKind) - UNPACED

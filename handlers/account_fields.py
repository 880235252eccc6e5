"""What was entered in the form of an account, as the engine's drafts take it."""

from typing import Any

from bot.models import Anchor
from bot.slack.account_form import ROLE_LABELS
from bot.slack.amounts import parse_amount
from bot.slack.ids import InputId
from handlers.form import Form

_TEXTS = (InputId.ACCOUNT_NAME, InputId.DOMAIN, InputId.INDUSTRY, InputId.OUTCOME)
_CODES = (InputId.CURRENCY, InputId.COUNTRY)
_MENUS = (InputId.SEGMENT, InputId.TOUCH, InputId.STAGE, InputId.JOURNEY, InputId.MATURITY, *ROLE_LABELS)


def entered_fields(form: Form) -> dict[str, Any]:
    """By field name, still to be checked. A menu left alone is left out: what it is about stays as it is."""
    texts: dict[str, Any] = {name.value: form.text(name) for name in _TEXTS}
    texts["name"] = texts["name"] or ""
    codes = {name.value: (form.text(name) or "").upper() for name in _CODES}
    dates = {anchor.value: form.day(anchor) for anchor in Anchor}
    menus = {name.value: chosen for name in _MENUS if (chosen := form.chosen(name))}
    return texts | codes | dates | menus | {"arr": parse_amount(form.text(InputId.ARR), InputId.ARR)}

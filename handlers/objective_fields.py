"""What was entered about an objective."""

from bot.engine.objectives import ObjectiveFields
from bot.models import ObjectiveStatus
from bot.reports.objective_forms import parse_owner
from bot.slack.ids import InputId
from handlers.form import Form


def entered_objective(form: Form) -> ObjectiveFields:
    owner_id, owner_contact_id = parse_owner(form.chosen(InputId.OWNER))
    return ObjectiveFields(
        title=form.text(InputId.OBJECTIVE_TITLE) or "",
        measure=form.text(InputId.MEASURE),
        baseline=form.text(InputId.BASELINE),
        target=form.text(InputId.TARGET),
        current=form.text(InputId.CURRENT),
        due_on=form.day(InputId.DUE_ON),
        owner_id=owner_id,
        owner_contact_id=owner_contact_id,
        status=ObjectiveStatus(form.chosen(InputId.OBJECTIVE_STATUS) or ObjectiveStatus.OPEN),
        evidence=form.text(InputId.EVIDENCE),
    )

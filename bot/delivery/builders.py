"""Who turns which kind of delivery into what it says, read from saved state at the moment of sending."""

from collections.abc import Mapping

from bot.delivery.building.accounts import build_celebration, build_stage_waits
from bot.delivery.building.alerts import build_alerts
from bot.delivery.building.data_checks import build_check
from bot.delivery.building.emails import build_email
from bot.delivery.building.escalations import build_escalation, build_escalation_update
from bot.delivery.building.governance import (
    build_exemption_end,
    build_exemption_request,
    build_version_draft,
    build_version_news,
)
from bot.delivery.building.homes import build_home
from bot.delivery.building.notices import build_notice
from bot.delivery.building.quarantine import build_quarantine
from bot.delivery.building.redraws import build_redraw
from bot.delivery.building.rules import build_rule_held
from bot.delivery.building.steps import build_blocked, build_steps
from bot.delivery.outgoing import Builder
from bot.models import DeliveryKind

BUILDERS: Mapping[DeliveryKind, Builder] = {
    DeliveryKind.STEPS: build_steps,
    DeliveryKind.CELEBRATION: build_celebration,
    DeliveryKind.ESCALATION: build_escalation,
    DeliveryKind.ESCALATION_UPDATE: build_escalation_update,
    DeliveryKind.NOTICE: build_notice,
    DeliveryKind.BLOCKED: build_blocked,
    DeliveryKind.STAGE_WAITS: build_stage_waits,
    DeliveryKind.REDRAW: build_redraw,
    DeliveryKind.HOME: build_home,
    DeliveryKind.EMAIL: build_email,
    DeliveryKind.VERSION_DRAFT: build_version_draft,
    DeliveryKind.VERSION_NEWS: build_version_news,
    DeliveryKind.RULE_HELD: build_rule_held,
    DeliveryKind.EXEMPTION_REQUEST: build_exemption_request,
    DeliveryKind.ALERT: build_alerts,
    DeliveryKind.QUARANTINE: build_quarantine,
    DeliveryKind.EXEMPTION_OVER: build_exemption_end,
    DeliveryKind.DATA_GAPS: build_check,
}

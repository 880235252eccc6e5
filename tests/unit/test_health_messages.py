"""Whatever is known of an account, its health and its metrics fit into a message."""

import pytest

from bot.slack.health_view import ComponentRow, EscalationRow, HealthView, MovedRow, StepRow, build_health_message
from bot.slack.limits import violations
from bot.slack.metrics_view import MetricRow, MetricsView, build_metrics

HOSTILE = ("<!channel> & *@channel* _`~<@U0MAYA>\n" * 90)[:3000]


def view(text: str, number: int) -> HealthView:
    return HealthView(
        account_id=1,
        name=text,
        band="red",
        score=4,
        change=-40,
        verdict="At risk.",
        explanation=text,
        story=(("What works", text), ("Where the friction is", text), ("Next", text)),
        disagreement=text,
        facts=(text,) * 6,
        curve="▁▂▃",
        components=(ComponentRow("red", text[:40], 4, text, (text, text), text),) * number,
        unknown=(text[:40],) * number,
        moved_since="Mon 2 Mar",
        moved=(MovedRow(text[:40], None, 4, text),) * 5,
        steps=(StepRow(text, text[:60], text[:60], late=True),) * 9,
        escalations=(EscalationRow(text, (text,) * 4),) * 9,
        next_touchpoint=text,
        confidence=text,
    )


@pytest.mark.parametrize("text", ["Acme", HOSTILE, "&" * 3000])
def test_health_fits(text: str) -> None:
    message = build_health_message(view(text, 12))
    assert violations({"text": message.text, "blocks": message.blocks}) == []


@pytest.mark.parametrize("text", ["Acme", HOSTILE, "&" * 3000])
def test_metrics_fit(text: str) -> None:
    row = MetricRow(text[:60], text, text, text, text, text)
    message = build_metrics(MetricsView(1, text, "acme", (row,) * 12, (text,) * 200, 1, 9))
    assert violations({"text": message.text, "blocks": message.blocks}) == []

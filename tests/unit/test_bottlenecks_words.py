"""What the list of bottlenecks says of a step."""

from bot.slack.leading.bottlenecks import StuckStep, step_words


def test_a_reason_that_cites_somebody_is_quoted_once() -> None:
    step = StuckStep("onboarding", "call", "Call", total=2, skipped=2, reasons=["“Six times yes”", "No need"])
    assert step_words(step).endswith("“Six times yes”; “No need”")

"""`/playbook rules` and the question about a held rule, through signed requests. Row 1.28: a test view."""

from bot.models import DeliveryKind
from bot.schedule.ruling import evaluate_due, weigh_held
from bot.slack.ids import ActionId
from bot.slack.limits import violations
from tests.support.play import Play, buttons, shown
from tests.support.rules import firings, make_rule, measure, use_rules

DROPPED = (48.0,) * 28 + (31.0,) * 7


async def test_a_leader_sees_the_backtest_and_lets_a_new_rule_act(play: Play) -> None:
    services, now = play.ws.services, play.ws.clock.now()
    await use_rules(play.world)
    await use_rules(play.world, make_rule(then={"alert": {"to": "csm", "playbook": "usage-drop"}}))
    await measure(play.world, "active_users", *DROPPED, until=now)
    await evaluate_due(services, now)
    assert await firings(play.world) == []
    await weigh_held(services, now)
    await play.send()
    asked = play.last("dana")
    words = shown(asked)
    assert "*The rule “Use fell” waits: it would act on 1 account now.*" in words
    assert "it would have acted once, on 1 of 1 account." in words
    assert "Now 1 is a customer still." in words
    assert "The fullest week: 1 task for Maya Lindt." in words
    assert buttons(asked) == ["Let it act", "Switch off"]
    await play.ws.click("maya", asked, ActionId.RULE_LET_ACT)
    assert "Only a leader, or the owner of the rule" in play.whispered()
    await play.ws.click("dana", asked, ActionId.RULE_LET_ACT)
    assert play.whispered() == "“Use fell” acts from now on."
    await play.send()
    assert "*The rule “Use fell” was let act by Dana Reyes.*" in shown(play.again(asked))
    assert buttons(play.again(asked)) == []
    await evaluate_due(services, now)
    assert len(await firings(play.world)) == 1
    assert await play.world.deliveries(kind=DeliveryKind.ALERT)


async def test_the_list_says_what_rules_do_and_one_is_tried(play: Play) -> None:
    """Row 1.28."""
    await use_rules(play.world, *play.ws.services.library.rule_book.rules.values())
    answer = await play.ws.command("maya", "/playbook", "rules")
    assert violations(answer) == []
    assert "`usage-data-missing`  *No usage data for 14 days*  →  alert the admin" in shown(answer)
    assert "`usage-recovered`  *Weekly use is back*  →  end Drop in usage" in shown(answer)
    assert "`tickets-while-usage-falls`" in shown(await play.ws.command("maya", "/playbook", "rules page 2"))
    await measure(play.world, "active_users", *DROPPED, until=play.ws.clock.now())
    one = await play.ws.command("dana", "/playbook", "rules usage-drop")
    assert violations(one) == []
    words = shown(one)
    assert "•  `before`: mean of active users over 28 days, until 7 days ago" in words
    assert "*When* before at least 5 and now at most before × 0.7" in words
    assert "*If it looked now* it would act on 1 account:\n•  Acme: active users: 31 on average over 7 days" in words
    assert buttons(one) == ["Switch off"]
    await play.ws.command("dana", "/playbook", "rules off usage-drop")
    assert "off" in shown(await play.ws.command("dana", "/playbook", "rules usage-drop"))
    nearest = await play.ws.command("maya", "/playbook", "rules usage-dorp")
    assert "Did you mean 'usage-drop'?" in nearest["text"]


async def test_a_playbook_says_which_rules_start_and_end_it(play: Play) -> None:
    words = shown(await play.ws.command("maya", "/playbook", "show usage-drop"))
    assert "by the rule “Weekly use fell by 30 % or more”" in words
    assert "ends by the rule “Weekly use is back”" in words

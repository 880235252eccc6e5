"""What is done when a rule begins to hold for an account or a contact, and when its reason is gone.

That it fired is a row of its own, open until the reason is gone: by that row it is done once, whoever looks how often.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.alerts import NewAlert, end_alerts, raise_alert
from bot.engine.answers import Completion
from bot.engine.journal import record
from bot.engine.milestones import reach_milestone
from bot.engine.outbox import notify
from bot.engine.progress import end_run, show_changes
from bot.engine.raising import raise_escalation
from bot.engine.state import RunState, load_run, lock_account
from bot.engine.steps import complete_step
from bot.engine.triggers import start_once
from bot.errors import NotFound, WrongState
from bot.library.library import Library
from bot.library.rules import Rule
from bot.models import ACTIONABLE, OPEN_RUNS, Account, Contact, RuleFiring, RunStatus, Stage, TimelineKind

WORDS_LENGTH = 1000


@dataclass(frozen=True, slots=True)
class Occasion:
    """That a rule holds, for whom and why. `run_id` and `step_id` are those that a rule about a run is about."""

    account_id: int
    contact_id: int | None
    why: str
    measured: Mapping[str, float]
    run_id: int | None = None
    step_id: int | None = None


def why_idle(library: Library, rule: Rule) -> str | None:
    """Why a rule can do nothing now: its playbook waits for approval, is off or gone. None when it can."""
    try:
        if rule.then.start:
            library.playbook(rule.then.start)
    except (NotFound, WrongState) as error:
        return error.message
    return None


async def act_on_rule(
    session: AsyncSession, library: Library, rule: Rule, occasion: Occasion, now: datetime
) -> RuleFiring | None:
    """Do what a rule says; None when there is nothing to do any more.

    That is so when it fired already, rests still, or the account is no longer served. Raises what stands in the way.
    """
    account = await lock_account(session, occasion.account_id)
    if account.archived or account.stage == Stage.CHURNED or await _rests(session, rule, occasion, now):
        return None
    contact = await session.get(Contact, occasion.contact_id) if occasion.contact_id else None
    firing = RuleFiring(
        rule_key=rule.key,
        account_id=account.id,
        contact_id=occasion.contact_id,
        why=occasion.why[:WORDS_LENGTH],
        measured=dict(occasion.measured),
        did="",
        fired_at=now,
    )
    session.add(firing)
    await session.flush()
    did = await _act(session, library, rule, occasion, account, contact, firing, now)
    firing.did = did[:WORDS_LENGTH]
    if not (rule.then.start and firing.run_id is None):  # that it is under way already is no news
        about = f" of {contact.name}" if contact else ""
        record(
            session,
            TimelineKind.RULE_FIRED,
            f"“{rule.title}”{about} ({occasion.why}): {did}",
            now,
            account_id=account.id,
            run_id=firing.run_id,
            details={"rule": rule.key, "firing": firing.id},
        )
    await session.flush()
    return firing


async def _rests(session: AsyncSession, rule: Rule, occasion: Occasion, now: datetime) -> bool:
    query = (
        select(RuleFiring)
        .where(
            RuleFiring.rule_key == rule.key,
            RuleFiring.account_id == occasion.account_id,
            col(RuleFiring.contact_id).is_not_distinct_from(occasion.contact_id),
        )
        .order_by(col(RuleFiring.fired_at).desc(), col(RuleFiring.id).desc())
        .limit(1)
    )
    last = (await session.exec(query)).one_or_none()
    return last is not None and (last.cleared_at is None or now - last.fired_at < timedelta(days=rule.rests_for))


async def _act(
    session: AsyncSession,
    library: Library,
    rule: Rule,
    occasion: Occasion,
    account: Account,
    contact: Contact | None,
    firing: RuleFiring,
    now: datetime,
) -> str:
    """In words, what was done."""
    then, why = rule.then, occasion.why
    if then.start:
        return await _start(session, library, then.start, account, contact, firing, now)
    if then.exit:
        return await _exit(session, library, _given(occasion.run_id), firing, why, now)
    if then.advance:
        return await _advance(session, library, rule, _given(occasion.step_id), why, now)
    if then.milestone:
        milestone = await reach_milestone(session, library, account.id, then.milestone, None, now, evidence=why)
        return f"{milestone.title} is reached"
    if then.escalate:
        ask = f"{rule.title} ({why}). {then.escalate.ask}"
        call = then.escalate
        await raise_escalation(session, library, account.id, None, now, target=call.to, severity=call.severity, ask=ask)
        return "an escalation is raised"
    return await _alert(session, library, rule, account, contact, why, now)


async def _start(
    session: AsyncSession,
    library: Library,
    key: str,
    account: Account,
    contact: Contact | None,
    firing: RuleFiring,
    now: datetime,
) -> str:
    playbook = library.playbook(key)
    run = await start_once(session, library, account.id, playbook, f"rule:{firing.id}", now, contact)
    if run is None:
        return f"{playbook.title} was not started; it may be under way already"
    firing.run_id = run.id
    return f"{playbook.title} is started"


async def _exit(
    session: AsyncSession, library: Library, run_id: int, firing: RuleFiring, why: str, now: datetime
) -> str:
    """The run has done what it is for. What was due of it is called off, and whoever had to do it hears so."""
    state = await load_run(session, library, run_id)
    if state.run.status not in OPEN_RUNS:
        raise WrongState(f"{state.run.title} has ended already.")
    at_it = _at_it(state)
    reason = f"its reason is gone ({why})"
    left = await end_run(session, state, RunStatus.COMPLETED, None, now, reason)
    sentence = f"{state.run.title} has ended on {state.account.name}: {reason}."
    await show_changes(session, state, left, None, now, sentence=sentence)
    for member_id in at_it:
        text = f"{sentence} There is nothing left to do."
        await notify(session, member_id, text, now, account_id=state.account.id)
    firing.run_id = run_id
    return f"{state.run.title} has ended"


def _at_it(state: RunState) -> list[int]:
    """Who had something to do: the assignees of open steps; the CSM, when none is open."""
    found = {step.assignee_id for step in state.steps if step.status in ACTIONABLE}
    return sorted(found) or ([state.team.csm.id] if state.team.csm else [])


async def _advance(session: AsyncSession, library: Library, rule: Rule, step_id: int, why: str, now: datetime) -> str:
    outcome = rule.then.advance.outcome if rule.then.advance else None
    completion = Completion(outcome=outcome, reason=why)
    change = await complete_step(session, library, step_id, None, now, completion)
    return f"“{change.step.title}” is completed"


async def _alert(
    session: AsyncSession,
    library: Library,
    rule: Rule,
    account: Account,
    contact: Contact | None,
    why: str,
    now: datetime,
) -> str:
    call = rule.then.alert
    if call is None:
        raise WrongState(f"The rule `{rule.key}` says nothing that can be done.")
    alert = NewAlert(
        rule_key=rule.key,
        cause=rule.shared_cause,
        title=f"{rule.title}: {contact.name}" if contact else rule.title,
        why=why,
        playbook_key=call.playbook,
        severity=call.severity,
        to=call.to,
    )
    return await raise_alert(session, library, account, contact, alert, now)


def _given(id_: int | None) -> int:
    if id_ is None:
        raise WrongState("The run is not under way any more.")
    return id_


async def clear_firing(session: AsyncSession, library: Library, rule: Rule, firing_id: int, now: datetime) -> bool:
    """The reason is gone: the rule may fire again once it has rested. Whether the firing was open.

    An alert ends with the last of the rules that share its cause.
    """
    firing = await session.get(RuleFiring, firing_id)
    if firing is None:
        return False
    await lock_account(session, firing.account_id)
    await session.refresh(firing)
    if firing.cleared_at is not None:
        return False
    firing.cleared_at = now
    await session.flush()
    if rule.then.alert and not await _others_open(session, library, rule, firing):
        await end_alerts(session, firing.account_id, firing.contact_id, rule.shared_cause, now)
    return True


async def _others_open(session: AsyncSession, library: Library, rule: Rule, firing: RuleFiring) -> bool:
    sharing = [
        other.key
        for other in library.rule_book.rules.values()
        if other.then.alert and other.shared_cause == rule.shared_cause
    ]
    query = select(RuleFiring.id).where(
        col(RuleFiring.rule_key).in_(sharing),
        RuleFiring.account_id == firing.account_id,
        col(RuleFiring.contact_id).is_not_distinct_from(firing.contact_id),
        col(RuleFiring.cleared_at).is_(None),
    )
    return (await session.exec(query.limit(1))).first() is not None

"""Cards, lists and timelines of accounts in words, for the person who asked. What they may not see is left out here."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.engine.actors import Actor
from bot.engine.calendars import local_date
from bot.library.health_config import HealthConfig
from bot.models import MilestoneStatus, RunStatus, Stage, TimelineKind
from bot.reports.account_card import AccountCard, ContactLine, MilestoneLine, PlanLine, RunLine
from bot.reports.account_head import AccountHead
from bot.reports.account_list import AccountLine, AccountPage
from bot.reports.health import HealthPage
from bot.reports.health_view import change_shown, head_facts, shown_name, story_rows
from bot.reports.health_words import health_words
from bot.reports.sentiments import LoggedSentiment
from bot.reports.timeline import Entry, TimelinePage
from bot.slack.account_card_view import CardSection, CardView
from bot.slack.account_form import ANCHOR_LABELS
from bot.slack.account_lists import AccountListView, AccountRow, DatedRow, DatedView
from bot.slack.account_words import ADVOCATE_WORDS, BAND_MARKS, days_words
from bot.slack.dates import day_words, moment_words
from bot.slack.step_card import role_words
from bot.slack.success_plan import plan_words


def card_view(
    card: AccountCard,
    page: HealthPage,
    config: HealthConfig,
    reader: Actor,
    now: datetime,
    served: tuple[tuple[str, ...], ...] = (),
) -> CardView:
    """`page` is the health of the same account; `served` says which row of the segment table it is in."""
    account, today = card.account, local_date(now, reader.timezone)
    facts = [f"health {health_words(page.health)}", *head_facts(account, reader, today)]
    facts += [fact for fact in (card.industry, card.country) if fact]
    facts += [f"maturity {card.maturity} of 5"] if card.maturity else []
    return CardView(
        account_id=account.id,
        name=shown_name(account),
        facts=tuple(facts),
        outcome=card.outcome,
        story=story_rows(page, config, reader, now),
        sections=(
            CardSection("Team", _team(account), "Nobody yet. `/account edit` sets who does what."),
            CardSection("Dates", _dates(account, today)),
            CardSection("How it is served", served),
            CardSection("Sentiment", _sentiment(account, today)),
            CardSection("Contacts", tuple(map(_contact, card.contacts)), "None yet. /account contact adds one."),
            CardSection("Milestones", tuple(_milestone(one, today) for one in card.milestones)),
            CardSection("Success plan", _plan(card.plan, today), f"None yet. /account plan {account.key} begins one."),
            CardSection("Playbooks", tuple(map(_run, card.runs)), "None running. /playbook start starts one."),
            CardSection(
                "Last notes",
                tuple((one.body, f"{one.author}, {day_words(one.at.date(), today)}") for one in card.notes),
            ),
        ),
    )


def _team(account: AccountHead) -> tuple[tuple[str, ...], ...]:
    """Each person once, with the roles they play here."""
    roles: dict[str, list[str]] = {}
    for role, person in account.team.items():
        roles.setdefault(person.name, []).append(role_words(role))
    return tuple((name, ", ".join(words)) for name, words in roles.items())


def _dates(account: AccountHead, today: date) -> tuple[tuple[str, ...], ...]:
    days = {name: getattr(account, anchor) for anchor, name in ANCHOR_LABELS.items()}
    return tuple((name, days_words(day, today)) for name, day in days.items() if day)


def _sentiment(account: AccountHead, today: date) -> tuple[tuple[str, ...], ...]:
    if account.sentiment is None:
        return ()
    since = f"since {day_words(account.sentiment_at.date(), today)}" if account.sentiment_at else "undated"
    return ((f"{BAND_MARKS[account.sentiment]} {account.sentiment}", since),)


def _contact(one: ContactLine) -> tuple[str, ...]:
    roles = ", ".join(role.replace("_", " ") for role in one.roles)
    nps = "" if one.nps is None else f"NPS {one.nps}"
    standing = ADVOCATE_WORDS[one.advocate] if one.advocate else ""
    return tuple(part for part in (one.name, one.title or "", roles, one.email, nps, standing) if part)


def _milestone(one: MilestoneLine, today: date) -> tuple[str, ...]:
    if one.status is MilestoneStatus.REACHED and one.reached_at:
        return (one.title, f"reached {day_words(one.reached_at.date(), today)}")
    if one.target_date is None:
        return (one.title, one.status.value)
    late = one.status is MilestoneStatus.PLANNED and one.target_date < today
    return (one.title, "late, was planned for" if late else f"{one.status} for", days_words(one.target_date, today))


def _plan(plan: PlanLine, today: date) -> tuple[tuple[str, ...], ...]:
    if not plan.total:
        return ()
    due = [f"next due {days_words(plan.next_due, today)}"] if plan.next_due else []
    return ((plan_words(plan.met, plan.total), *due),)


def _run(one: RunLine) -> tuple[str, ...]:
    progress = f"{one.done} of {one.steps} steps done"
    return (one.title, progress, "paused") if one.status is RunStatus.PAUSED else (one.title, progress)


def timeline_view(
    account: AccountHead, page: TimelinePage, reader: Actor, now: datetime, picture: Sequence[str] = ()
) -> DatedView:
    older = f"  ·  older: `/account timeline {account.key} {page.page + 1}`" if page.page < page.pages else ""
    return DatedView(
        account_id=account.id,
        title=f"{account.name}: timeline",
        rows=tuple(DatedRow(_moment(entry.at, reader, now), _entry(entry)) for entry in page.entries),
        closing=f"Page {page.page} of {page.pages}, newest first{older}",
        empty=f"Nothing has happened yet on {account.name}.",
        picture=tuple(picture),
    )


def _entry(entry: Entry) -> str:
    if entry.kind is TimelineKind.NOTE:
        return f"{entry.who or 'Playcall'} noted: {entry.summary}"
    return f"{entry.who or 'Playcall'} {entry.summary}"


def sentiments_view(
    account: AccountHead, logged: tuple[LoggedSentiment, ...], reader: Actor, now: datetime
) -> DatedView:
    rows = [
        DatedRow(
            _moment(one.at, reader, now),
            f"{BAND_MARKS[one.sentiment]} {one.sentiment}, {one.who or 'somebody'}"
            + (f": {one.comment}" if one.comment else ""),
        )
        for one in logged
    ]
    return DatedView(
        account_id=account.id,
        title=f"{account.name}: sentiment",
        rows=tuple(rows),
        closing=f"Log one: `/account sentiment {account.key} green|yellow|red why`",
        empty=f"Nobody has logged a sentiment for {account.name}: /account sentiment {account.key} green does.",
    )


def _moment(at: datetime, reader: Actor, now: datetime) -> str:
    return moment_words(at.astimezone(ZoneInfo(reader.timezone)), local_date(now, reader.timezone))


def list_view(page: AccountPage, reader: Actor, now: datetime, *, everybody: bool) -> AccountListView:
    today = local_date(now, reader.timezone)
    command = "/account list all" if everybody else "/account list"
    title = "All accounts" if everybody else "My accounts"
    if page.pages > 1:
        title += f", page {page.page} of {page.pages}"
    return AccountListView(
        title=title,
        rows=tuple(_account(line, today) for line in page.lines),
        total=page.total,
        next_command=f"{command} {page.page + 1}" if page.page < page.pages else None,
        empty="You have no accounts yet. `/account add` adds one, and a leader's `/account edit` puts you on a team.",
    )


def _account(line: AccountLine, today: date) -> AccountRow:
    facts = [line.stage]
    if line.renewal_date and line.stage != Stage.CHURNED:
        facts.append(f"renews {days_words(line.renewal_date, today)}")
    if line.steps_overdue:
        facts.append(f"{line.steps_overdue} of {line.steps_open} open steps overdue")
    elif line.steps_open:
        facts.append(f"{line.steps_open} open step{'s' if line.steps_open > 1 else ''}")
    health = line.health
    return AccountRow(health.band, health.score, change_shown(health), line.name, line.key, tuple(facts))

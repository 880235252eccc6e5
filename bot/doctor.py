"""`playcall doctor`: is everything set up, and what is to be mended where it is not."""

from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from bot.app import open_slack_client
from bot.db import Database
from bot.doctor_database import look_at_database
from bot.doctor_mail import look_at_mail
from bot.engine.guardrails import why_idle
from bot.errors import ConfigurationError
from bot.findings import Finding, Level
from bot.library.library import Library
from bot.library.loading import playbook_files
from bot.manifest import used_scopes
from bot.models import (
    OPEN_RUNS,
    Account,
    AccountRole,
    Delivery,
    DeliveryStatus,
    DueEvaluation,
    Member,
    MemberRole,
    QuarantinedSignal,
    QuarantineStatus,
    RuleState,
    RuleStatus,
    Run,
    Touchpoint,
    TouchpointStatus,
)
from bot.settings import Settings

NAMED = 5  # how many of a kind are named
RECENT = timedelta(days=7)  # how far back failed deliveries are looked for
STUCK = timedelta(minutes=10)  # what should have been done so long ago is waiting for a worker
STUCK_WORDS = f"{STUCK.seconds // 60} minutes"
APPS = "api.slack.com/apps, your app"


async def examine(settings: Settings, database: Database, now: datetime) -> AsyncIterator[Finding]:
    """Look at one thing after another. What depends on something that failed is left out."""
    for finding in look_at_secrets(settings):
        yield finding
    if settings.slack_bot_token:
        async for finding in _look_at_slack(settings):
            yield finding
    async for finding in look_at_mail(settings):
        yield finding
    for finding in look_at_playbooks(settings):
        yield finding
    found = await look_at_database(database)
    yield found
    if found.level is Level.FAIL:
        return
    async with database.reading() as connection:
        async for finding in look_at_data(connection, now):
            yield finding
        async for finding in look_at_runs(connection, {path.stem for path in playbook_files(settings.playbooks_dir)}):
            yield finding
        async for finding in look_at_guardrails(connection, settings):
            yield finding


def look_at_secrets(settings: Settings) -> Iterator[Finding]:
    if not settings.slack_bot_token:
        where = f"{APPS}, OAuth & Permissions > Bot User OAuth Token"
        yield Finding(Level.FAIL, "SLACK_BOT_TOKEN is not set.", f"Find it at {where}.")
    if settings.slack_app_token:
        yield Finding(Level.OK, "SLACK_APP_TOKEN is set: Slack is reached over Socket Mode.")
    elif settings.slack_signing_secret:
        yield Finding(Level.OK, "SLACK_SIGNING_SECRET is set: Slack posts to /slack/events.")
    else:
        mend = (
            f"Set SLACK_SIGNING_SECRET ({APPS}, Basic Information > App Credentials) when Slack can reach this server, "
            f"else SLACK_APP_TOKEN (the same page, App-Level Tokens, with connections:write)."
        )
        yield Finding(Level.FAIL, "Neither SLACK_SIGNING_SECRET nor SLACK_APP_TOKEN is set.", mend)


def look_at_playbooks(settings: Settings) -> Iterator[Finding]:
    try:
        catalog = Library(settings.playbooks_dir, settings.templates_dir).load()
    except ConfigurationError as error:  # health.yaml or escalation.yaml
        yield Finding(Level.FAIL, f"Playbooks: {error.message}", "Mend the file.")
        return
    if not catalog.playbooks:
        yield Finding(Level.FAIL, f"Playbooks: none in {settings.playbooks_dir}.", "Set PLAYBOOKS_DIR.")
    else:
        yield Finding(Level.OK, f"Playbooks: {len(catalog.playbooks)} can be started.")
    for problem in catalog.problems:
        yield Finding(
            Level.WARN, f"Playbook left out: {problem}.", "Mend the file; `playcall playbooks lint` checks it."
        )


# --- Slack ------------------------------------------------------------------------------------------------------------


async def _look_at_slack(settings: Settings) -> AsyncIterator[Finding]:
    async with open_slack_client(settings) as client:
        try:
            answer = await client.auth_test()
        except SlackApiError as error:
            mend = f"Copy it again from {APPS}, OAuth & Permissions."
            yield Finding(Level.FAIL, f"Slack refuses SLACK_BOT_TOKEN ({error.response.get('error')}).", mend)
            return
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            mend = "Check the network and SLACK_API_URL."
            yield Finding(Level.FAIL, f"Slack cannot be reached at {client.base_url} ({type(error).__name__}).", mend)
            return
        yield Finding(Level.OK, f"SLACK_BOT_TOKEN: {answer.get('user')} in {answer.get('team')}.")
        yield look_at_scopes(dict(answer.headers))
        if settings.slack_app_token:
            yield await _look_at_app_token(client, settings.slack_app_token.get_secret_value())
        for finding in await _look_at_channels(client, settings):
            yield finding


def look_at_scopes(headers: Mapping[str, Any]) -> Finding:
    """Slack tells a token's scopes in a header of every answer."""
    given = next((str(value) for name, value in headers.items() if name.lower() == "x-oauth-scopes"), "")
    missing = used_scopes() - {scope.strip() for scope in given.split(",")}
    if not missing:
        return Finding(Level.OK, "Scopes: all there.")
    mend = f"Paste the output of `playcall manifest` at {APPS}, App Manifest, and install the app again."
    return Finding(Level.FAIL, f"Scopes missing: {', '.join(sorted(missing))}.", mend)


async def _look_at_app_token(client: AsyncWebClient, token: str) -> Finding:
    try:
        await client.apps_connections_open(app_token=token)
    except SlackApiError as error:
        mend = f"Make one with connections:write at {APPS}, Basic Information > App-Level Tokens."
        return Finding(Level.FAIL, f"Slack refuses SLACK_APP_TOKEN ({error.response.get('error')}).", mend)
    return Finding(Level.OK, "SLACK_APP_TOKEN: a Socket Mode connection can be opened.")


async def _look_at_channels(client: AsyncWebClient, settings: Settings) -> list[Finding]:
    wanted = {
        "ESCALATION_CHANNEL": settings.escalation_channel,
        "LEADERS_CHANNEL": settings.leaders_channel,
        "CHANGES_CHANNEL": settings.changes_channel,
        "OPS_CHANNEL": settings.ops_channel,
        "EMAIL_CHANNEL": settings.email_channel,
    }
    try:
        channels = [channel async for channel in _channels(client)]
    except SlackApiError as error:
        return [Finding(Level.FAIL, f"The channels cannot be listed ({error.response.get('error')}).")]
    return [look_at_channel(variable, name, channels) for variable, name in wanted.items() if name]


def look_at_channel(variable: str, wanted: str, channels: Iterable[Mapping[str, Any]]) -> Finding:
    name = wanted.lstrip("#")
    found = next((channel for channel in channels if name in {channel["id"], channel.get("name")}), None)
    if found is None:
        mend = f"Create it, or set {variable} to another. For a private channel, /invite Playcall there first."
        return Finding(Level.FAIL, f"There is no channel #{name} that Playcall can see ({variable}).", mend)
    if not found.get("is_member"):
        return Finding(Level.FAIL, f"Playcall is not in #{name} ({variable}).", f"Type /invite @Playcall in #{name}.")
    return Finding(Level.OK, f"{variable}: Playcall is in #{name}.")


async def _channels(client: AsyncWebClient) -> AsyncIterator[Mapping[str, Any]]:
    cursor = ""
    while True:
        answer = await client.conversations_list(
            types="public_channel,private_channel", exclude_archived=True, limit=200, cursor=cursor
        )
        for channel in answer["channels"]:
            yield channel
        cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return


# --- data -------------------------------------------------------------------------------------------------------------


async def look_at_data(connection: AsyncConnection, now: datetime) -> AsyncIterator[Finding]:
    for look in (_look_at_members, _look_at_accounts, _look_at_quarantine):
        async for finding in look(connection):
            yield finding
    for look_at_queue in (_look_at_worker, _look_at_deliveries):
        async for finding in look_at_queue(connection, now):
            yield finding


async def _look_at_members(connection: AsyncConnection) -> AsyncIterator[Finding]:
    active = col(Member.active).is_(True)
    if not await _count(connection, active):
        yield Finding(Level.FAIL, "Nobody is a member yet.", "`playcall members import FILE.csv` adds the team.")
    unlinked = (active, col(Member.slack_user_id).is_(None))
    if count := await _count(connection, *unlinked):
        names = await _some(connection, col(Member.email), *unlinked)
        who = _counted(count, "member has", "members have")
        mend = "They are recognised by their email when they first use Playcall; check that Slack has the same one."
        yield Finding(Level.WARN, f"{who} no Slack user yet: {names}.", mend)


async def _look_at_accounts(connection: AsyncConnection) -> AsyncIterator[Finding]:
    has_csm = exists().where(col(AccountRole.account_id) == Account.id, col(AccountRole.role) == MemberRole.CSM)
    orphans = (col(Account.archived).is_(False), ~has_csm)
    if count := await _count(connection, *orphans):
        names = await _some(connection, col(Account.key), *orphans)
        which = _counted(count, "account has", "accounts have")
        mend = "No playbook starts there. Set one with `/account edit`, or import accounts with a csm column."
        yield Finding(Level.WARN, f"{which} no CSM: {names}.", mend)


async def _look_at_quarantine(connection: AsyncConnection) -> AsyncIterator[Finding]:
    waiting = (col(QuarantinedSignal.status) == QuarantineStatus.WAITING,)
    if count := await _count(connection, *waiting):
        names = await _some(connection, col(QuarantinedSignal.account_ref), *waiting)
        what = f"{_counted(count, 'signal waits', 'signals wait')} in quarantine, for accounts nobody knows: {names}."
        yield Finding(Level.WARN, what, "`/account quarantine` in Slack assigns or drops them.")


async def look_at_runs(connection: AsyncConnection, keys: Collection[str]) -> AsyncIterator[Finding]:
    """`keys` are those of the playbooks that have a file, in order or not."""
    lost = (col(Run.status).in_(OPEN_RUNS), col(Run.playbook_key).not_in(keys))
    if count := await _count(connection, *lost):
        names = await _some(connection, col(Run.playbook_key), *lost)
        what = f"{_counted(count, 'run is', 'runs are')} open of a playbook that has no file any more: {names}."
        mend = "They go on as they began, and no new one can be started. Put the file back, or cancel them."
        yield Finding(Level.WARN, what, mend)


async def look_at_guardrails(connection: AsyncConnection, settings: Settings) -> AsyncIterator[Finding]:
    """Those whose playbook cannot be started now. Files with a mistake were told of already."""
    library = Library(settings.playbooks_dir, settings.templates_dir)
    try:
        library.load()
    except ConfigurationError:
        return
    await library.refresh(connection)
    for guardrail in library.guardrails.guardrails:
        if why := why_idle(library, guardrail):
            what = f"The guardrail “{guardrail.title}” ({guardrail.key}) does nothing: {why}"
            yield Finding(Level.WARN, what, "Else take it out of guardrails.yaml.")


async def _look_at_worker(connection: AsyncConnection, now: datetime) -> AsyncIterator[Finding]:
    """What only a worker does, and what it should have done by now."""
    due = (col(Touchpoint.status) == TouchpointStatus.PLANNED, col(Touchpoint.fire_at) < now - STUCK)
    if count := await _count(connection, *due):
        what = f"{_counted(count, 'touchpoint has', 'touchpoints have')} been due for more than {STUCK_WORDS}."
        yield Finding(Level.WARN, what, "Is `playcall worker` running? Its log says what holds it up.")
    if count := await _count(connection, col(DueEvaluation.since) < now - STUCK):
        waits = _counted(count, "account has", "accounts have")
        what = f"{waits} changed more than {STUCK_WORDS} ago, and no rule has looked at that."
        yield Finding(Level.WARN, what, "Is `playcall worker` running? Its log says what holds it up.")
    held = (col(RuleState.key) != "", col(RuleState.status) == RuleStatus.HELD)
    if count := await _count(connection, *held):
        keys = await _some(connection, col(RuleState.key), *held)
        which = _counted(count, "rule is", "rules are")
        yield Finding(Level.OK, f"{which} held until somebody who may decides about it in Slack: {keys}.")


async def _look_at_deliveries(connection: AsyncConnection, now: datetime) -> AsyncIterator[Finding]:
    failed = (col(Delivery.status) == DeliveryStatus.FAILED, col(Delivery.finished_at) > now - RECENT)
    if count := await _count(connection, *failed):
        reasons = await _some(connection, col(Delivery.last_error), *failed)
        what = f"{_counted(count, 'delivery', 'deliveries')} failed in the last {RECENT.days} days: {reasons}."
        yield Finding(
            Level.WARN, what, "The person concerned was told; docs/operations.md says what each reason means."
        )
    unsent = col(Delivery.status).in_([DeliveryStatus.PENDING, DeliveryStatus.LEASED])
    if count := await _count(connection, unsent, col(Delivery.available_at) < now - STUCK):
        what = f"{_counted(count, 'delivery has', 'deliveries have')} been waiting for more than {STUCK_WORDS}."
        yield Finding(Level.WARN, what, "Is `playcall worker` running?")
    else:
        yield Finding(Level.OK, "Outbox: nothing is stuck.")


async def _count(connection: AsyncConnection, *conditions: ColumnElement[bool]) -> int:
    return int((await connection.execute(select(func.count()).where(*conditions))).scalar_one())


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


async def _some(connection: AsyncConnection, column: Any, *conditions: ColumnElement[bool]) -> str:
    """A few different values of a column, as a phrase."""
    query = select(column).where(*conditions).distinct().order_by(column).limit(NAMED + 1)
    values = [str(value) for value in (await connection.execute(query)).scalars()]
    return ", ".join(values[:NAMED]) + (" and others" if len(values) > NAMED else "")

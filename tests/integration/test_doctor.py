"""What `playcall doctor` says of a set-up, good and bad."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, update

from bot import migrating
from bot.db import Database
from bot.doctor import examine, look_at_scopes
from bot.doctor_database import look_at_database
from bot.doctor_mail import look_at_mail
from bot.engine.governance.syncing import sync_versions
from bot.findings import Finding, Level
from bot.library.library import Library
from bot.manifest import used_scopes
from bot.models import (
    Account,
    Delivery,
    DeliveryKind,
    DeliveryStatus,
    DueEvaluation,
    Member,
    MemberRole,
    RuleState,
    RuleStatus,
    Touchpoint,
    TouchpointKind,
    TouchpointStatus,
)
from bot.settings import Settings
from tests.support.mail_server import open_mail_server
from tests.support.slack_double import SlackDouble, refused
from tests.support.workspace import slack_settings
from tests.support.world import World

ALL_SCOPES = {"x-oauth-scopes": ",".join(used_scopes())}


class Doctor:
    def __init__(self, world: World, slack: SlackDouble) -> None:
        self.world, self.slack = world, slack
        self.settings = slack_settings(world.database, slack.url)

    async def findings(self, **changes: Any) -> list[Finding]:
        settings = self.settings.model_copy(update=changes)
        return [finding async for finding in examine(settings, self.world.database, self.world.now)]

    async def troubles(self, **changes: Any) -> list[str]:
        return [str(finding) for finding in await self.findings(**changes) if finding.level is not Level.OK]

    async def store(self, *rows: Any) -> None:
        async with self.world.database.transaction() as session:
            session.add_all(rows)


@pytest.fixture
def doctor(world: World, slack: SlackDouble, monkeypatch: pytest.MonkeyPatch) -> Doctor:
    """A set-up without a fault."""
    monkeypatch.setattr("bot.doctor.look_at_scopes", lambda _: look_at_scopes(ALL_SCOPES))  # the double grants none
    return Doctor(world, slack)


async def test_a_mail_server_that_lets_us_in_is_ok_and_one_that_does_not_is_said() -> None:
    async with open_mail_server(password="right") as room:
        said = {}
        for password in ("right", "wrong"):
            url = f"smtp://playcall:{password}@127.0.0.1:{room.port}?starttls=never"
            settings = Settings(_env_file=None, smtp_url=url, email_from="cs@ours.example", public_url="http://ours")
            said[password] = [str(finding) async for finding in look_at_mail(settings)]
    assert f"ok    Email: 127.0.0.1:{room.port} lets Playcall in." in said["right"]
    assert any(f"fail  Email: 127.0.0.1:{room.port} cannot be used (535" in line for line in said["wrong"])
    assert any("unencrypted" in line for line in said["right"])
    assert any("https://" in line for line in said["right"])
    assert "right" not in "".join(said["right"]).replace("right now", "")


async def test_without_an_address_to_send_from_email_fails() -> None:
    settings = Settings(_env_file=None, smtp_url="smtp://127.0.0.1:9", public_url="https://ours")
    said = [str(finding) async for finding in look_at_mail(settings)]
    assert any(line.startswith("fail") and "EMAIL_FROM" in line for line in said)


async def test_a_sound_set_up_has_nothing_but_ok(doctor: Doctor) -> None:
    findings = await doctor.findings()
    assert [str(finding) for finding in findings if finding.level is not Level.OK] == []
    said = "\n".join(str(finding) for finding in findings)
    for word in (
        "SLACK_BOT_TOKEN",
        "Scopes",
        "ESCALATION_CHANNEL",
        "LEADERS_CHANNEL",
        "Playbooks",
        "Database",
        "Outbox",
    ):
        assert word in said


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"slack_bot_token": None}, "SLACK_BOT_TOKEN is not set. Find it at"),
        ({"slack_signing_secret": None}, "Neither SLACK_SIGNING_SECRET nor SLACK_APP_TOKEN is set."),
        ({"slack_api_url": "http://127.0.0.1:1/api/"}, "Slack cannot be reached at http://127.0.0.1:1/api/"),
        ({"escalation_channel": "help"}, "There is no channel #help that Playcall can see (ESCALATION_CHANNEL)."),
        ({"playbooks_dir": Path("/nowhere")}, "Playbooks: none in /nowhere. Set PLAYBOOKS_DIR."),
    ],
)
async def test_a_wrong_setting_fails_and_says_what_to_mend(doctor: Doctor, changes: dict[str, Any], words: str) -> None:
    (trouble,) = await doctor.troubles(**changes)
    assert trouble.startswith("fail")
    assert words in trouble


async def test_a_refused_token_ends_the_look_at_slack(doctor: Doctor) -> None:
    doctor.slack.fail("auth.test", refused("invalid_auth"))
    (trouble,) = await doctor.troubles()
    assert "Slack refuses SLACK_BOT_TOKEN (invalid_auth)" in trouble
    assert doctor.slack.calls_of("conversations.list") == []


async def test_a_channel_that_playcall_is_not_in_fails(doctor: Doctor) -> None:
    doctor.slack.state.conversation("cs-leaders").bot_is_in = False
    assert await doctor.troubles() == [
        "fail  Playcall is not in #cs-leaders (LEADERS_CHANNEL). Type /invite @Playcall in #cs-leaders."
    ]


def test_missing_scopes_are_named() -> None:
    granted = ",".join(used_scopes() - {"chat:write", "im:write"})
    finding = look_at_scopes({"X-OAuth-Scopes": granted})
    assert finding.level is Level.FAIL
    assert "chat:write, im:write" in finding.what
    assert "playcall manifest" in finding.mend


async def test_a_broken_playbook_is_a_warning_and_a_broken_health_file_a_failure(
    doctor: Doctor, tmp_path: Path
) -> None:
    for name in ("lifecycle/good.yaml", "lifecycle/bad.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        key = Path(name).stem
        (tmp_path / name).write_text(
            f"key: {key}\ntitle: T\ncategory: lifecycle\nsummary: s\nsuccess: s\n"
            f"steps: [{{key: a, title: A, due: {'0d' if key == 'good' else 'soon'}}}]\n"
        )
    (trouble,) = await doctor.troubles(playbooks_dir=tmp_path)
    assert trouble.startswith("warn  Playbook left out: lifecycle/bad.yaml:6 steps[0].due")
    (tmp_path / "health.yaml").write_text("bands: 7\n")
    (trouble,) = await doctor.troubles(playbooks_dir=tmp_path)
    assert trouble.startswith("fail  Playbooks: health.yaml:1")


async def test_an_unmigrated_database_fails_and_its_data_is_not_looked_at(doctor: Doctor) -> None:
    async with doctor.world.database.engine.begin() as connection:
        await connection.run_sync(migrating.downgrade, "base")
    (trouble,) = await doctor.troubles()
    assert trouble.startswith("fail  Database: ")
    assert trouble.endswith("is not migrated. Run `playcall migrate`.")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql+asyncpg://bob:hidden@127.0.0.1:1/none", "127.0.0.1:1/none cannot be used (connection refused)."),
        ("sqlite+aiosqlite:////nowhere/at/all/playcall.db", "there is no directory /nowhere/at/all."),
        (f"sqlite+aiosqlite:///{__file__}", "test_doctor.py cannot be used (file is not a database)."),
    ],
)
async def test_a_database_that_cannot_be_used_is_named_with_the_reason(doctor: Doctor, url: str, words: str) -> None:
    down = Database(url)
    found = [finding async for finding in examine(doctor.settings, down, doctor.world.now)]
    await down.close()
    assert found[-1].level is Level.FAIL
    assert words in str(found[-1])
    assert "DATABASE_URL" in found[-1].mend
    assert "hidden" not in str(found[-1])


async def test_a_server_that_does_not_let_us_in_is_quoted(migrated_postgres: str) -> None:
    url = make_url(migrated_postgres)
    for wrong, words in (
        (url.set(username="nobody", password="hidden"), 'role "nobody" does not exist'),
        (url.set(database="none"), 'database "none" does not exist'),
    ):
        closed = Database(wrong.render_as_string(hide_password=False))
        found = str(await look_at_database(closed))
        await closed.close()
        assert found.startswith("fail  Database: ")
        assert words in found or "password authentication failed" in found
        assert "hidden" not in found


async def test_the_doctor_does_not_make_the_file_of_a_mistyped_address(tmp_path: Path) -> None:
    absent = Database(f"sqlite+aiosqlite:///{tmp_path / 'playcal.db'}")
    found = str(await look_at_database(absent))
    await absent.close()
    assert f"there is no file {tmp_path / 'playcal.db'}. Is DATABASE_URL right?" in found
    assert os.listdir(tmp_path) == []


async def test_members_without_slack_and_accounts_without_csm_are_warnings(doctor: Doctor) -> None:
    now = doctor.world.now
    await doctor.store(
        Member(email="new@ours.example", name="New", role=MemberRole.CSM, created_at=now),
        Member(email="gone@ours.example", name="Gone", role=MemberRole.CSM, active=False, created_at=now),
        *(Account(key=f"a{number}", name="A", created_at=now, updated_at=now) for number in range(7)),
        Account(key="old", name="Old", archived=True, created_at=now, updated_at=now),
    )
    members, accounts = await doctor.troubles()
    assert members.startswith("warn  1 member has no Slack user yet: new@ours.example.")
    assert accounts.startswith("warn  7 accounts have no CSM: a0, a1, a2, a3, a4 and others.")


async def test_failed_and_stuck_deliveries_are_warnings(doctor: Doctor) -> None:
    now = doctor.world.now

    def delivery(key: str, status: DeliveryStatus, age: timedelta, error: str | None = None) -> Delivery:
        return Delivery(
            key=key,
            kind=DeliveryKind.NOTICE,
            lane="#x",
            status=status,
            available_at=now - age,
            created_at=now - age,
            finished_at=now - age if status is DeliveryStatus.FAILED else None,
            last_error=error,
        )

    await doctor.store(
        delivery("a", DeliveryStatus.FAILED, timedelta(days=1), "channel_not_found"),
        delivery("b", DeliveryStatus.FAILED, timedelta(days=30), "long ago"),
        delivery("c", DeliveryStatus.PENDING, timedelta(hours=1)),
        delivery("d", DeliveryStatus.PENDING, timedelta(seconds=5)),
    )
    failed, stuck = await doctor.troubles()
    assert failed.startswith("warn  1 delivery failed in the last 7 days: channel_not_found.")
    assert stuck == ("warn  1 delivery has been waiting for more than 10 minutes. Is `playcall worker` running?")


async def test_what_no_worker_does_is_a_warning(doctor: Doctor) -> None:
    now, account = doctor.world.now, doctor.world.account_id
    long_ago, just_now = now - timedelta(hours=1), now - timedelta(seconds=5)
    await doctor.store(
        Touchpoint(kind=TouchpointKind.DUE, account_id=account, fire_at=long_ago),
        Touchpoint(kind=TouchpointKind.DUE, account_id=account, fire_at=long_ago, status=TouchpointStatus.FIRED),
        Touchpoint(kind=TouchpointKind.DUE, account_id=account, fire_at=just_now),
        DueEvaluation(account_id=account, since=long_ago),
    )
    touchpoints, rules = await doctor.troubles()
    assert touchpoints.startswith("warn  1 touchpoint has been due for more than 10 minutes. Is `playcall worker`")
    assert rules.startswith("warn  1 account has changed more than 10 minutes ago, and no rule has looked at that.")


async def test_held_rules_are_named(doctor: Doctor) -> None:
    compared = RuleState(key="", digest="-", status=RuleStatus.ACTIVE, changed_at=doctor.world.now)
    held = RuleState(key="usage-drop", digest="-", status=RuleStatus.HELD, changed_at=doctor.world.now)
    await doctor.store(compared, held)
    told = [str(finding) for finding in await doctor.findings()]
    assert [line for line in told if "held" in line] == [
        "ok    1 rule is held until somebody who may decides about it in Slack: usage-drop."
    ]


async def test_an_empty_team_fails(doctor: Doctor) -> None:
    async with doctor.world.database.transaction() as session:
        await session.exec(update(Member).values(active=False))
    assert (await doctor.troubles())[0].startswith("fail  Nobody is a member yet. `playcall members import")


async def test_a_guardrail_whose_playbook_is_off_is_a_warning(doctor: Doctor, tmp_path: Path) -> None:
    """Row 4.5."""
    (tmp_path / "at-risk").mkdir()
    (tmp_path / "at-risk" / "rescue.yaml").write_text(
        "key: rescue\ntitle: Rescue\ncategory: at-risk\nsummary: S\nsuccess: S\nopt_in: true\n"
        "steps:\n  - {key: call, title: Call, due: 0d}\n"
    )
    (tmp_path / "guardrails.yaml").write_text(
        "guardrails:\n  - {key: low, title: Low, when: account.health < 30, then: {start: rescue}}\n"
    )
    library = Library(tmp_path)
    library.load()
    async with doctor.world.database.transaction() as session:
        await sync_versions(session, library, doctor.world.now)
    (trouble,) = await doctor.troubles(playbooks_dir=tmp_path)
    assert trouble.startswith("warn  The guardrail “Low” (low) does nothing: The playbook `rescue` is switched off.")

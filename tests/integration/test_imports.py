"""Importing accounts, members and contacts, on both databases."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import SQLModel, col, select

from bot.db import Database
from bot.errors import InvalidInput
from bot.imports import contacts
from bot.imports.accounts import Accounts, account_columns
from bot.imports.contacts import Contacts
from bot.imports.dates import DateOrder
from bot.imports.importing import Entity, ImportRefused, Options, import_file
from bot.imports.members import Members
from bot.imports.plan import Plan
from bot.library.library import Library
from bot.models import (
    Account,
    AccountRole,
    Contact,
    ContactRole,
    DeliveryKind,
    Member,
    MemberRole,
    Milestone,
    Run,
    Segment,
    Signal,
    SignalKind,
    Stage,
    StepStatus,
    TimelineEntry,
    TimelineKind,
)
from bot.settings import ROOT
from tests.support.journeys import make_journey, use_journeys, use_table
from tests.support.world import World, make_world, use_playbook

HUBSPOT = (
    "Record ID,Company name,Company Domain Name,Annual Revenue,Company owner,Lifecycle Stage,Renewal Date,Seats\n"
    '81,Globex,https://www.globex.example,"$120,000",eve@ours.example,Customer,2027-01-15,40\n'
    "82,Initech,initech.example,95000,Eve Moreau,Customer,2027-03-01,7\n"
)


@dataclass
class Importer:
    world: World

    async def accounts(self, text: str, **options: Any) -> Plan:
        return await self._import(Accounts(self.world.library), text, options)

    async def members(self, text: str, **options: Any) -> Plan:
        return await self._import(Members(), text, options)

    async def contacts(self, text: str, **options: Any) -> Plan:
        return await self._import(Contacts(self.world.library), text, options)

    async def _import(self, entity: Entity, text: str, options: dict[str, Any]) -> Plan:
        chosen = Options("book.csv", **options)
        return await import_file(self.world.database, entity, text.encode(), chosen, self.world.now, silent)

    async def rows(self, model: type[SQLModel], **filters: Any) -> list[Any]:
        async with self.world.database.transaction() as session:
            query = select(model).filter_by(**filters).order_by(col(model.id))  # type: ignore[attr-defined]
            return list((await session.exec(query)).all())


def silent(_description: str, _total: int) -> Callable[[int], None]:
    return lambda _count: None


@pytest.fixture
def importer(world: World) -> Importer:
    return Importer(world)


def counts(plan: Plan) -> tuple[int, int, int]:
    return len(plan.created), len(plan.changed), plan.unchanged


# --- accounts ---------------------------------------------------------------------------------------------------------


async def test_a_hubspot_export_becomes_accounts_with_their_csm(importer: Importer) -> None:
    plan = await importer.accounts(HUBSPOT)
    assert counts(plan) == (2, 0, 0)
    assert plan.left_out == ["Seats"]
    (globex,) = await importer.rows(Account, key="globex")
    assert (globex.name, globex.domain, globex.arr) == ("Globex", "globex.example", 120_000)
    assert (globex.stage, globex.segment, globex.renewal_date) == (Stage.ADOPTION, Segment.SMB, date(2027, 1, 15))
    assert globex.external_ids == {"hubspot": "81"}
    (role,) = await importer.rows(AccountRole, account_id=globex.id)
    assert (role.role, role.member_id) == (MemberRole.CSM, importer.world.eve.member_id)


async def test_importing_the_same_file_again_changes_nothing(importer: Importer) -> None:
    await importer.accounts(HUBSPOT, keep_unknown=True)
    entries = await importer.rows(TimelineEntry)
    assert counts(await importer.accounts(HUBSPOT, keep_unknown=True)) == (0, 0, 2)
    assert await importer.rows(TimelineEntry) == entries


async def test_a_changed_file_changes_what_differs_and_says_so_on_the_timeline(importer: Importer) -> None:
    await importer.accounts(HUBSPOT)
    plan = await importer.accounts("key,name,arr,csm\nglobex,Globex AG,130000,maya@ours.example\ninitech,Initech,,\n")
    assert counts(plan) == (0, 1, 1)
    (globex,) = await importer.rows(Account, key="globex")
    assert (globex.name, globex.arr, globex.domain) == ("Globex AG", 130_000, "globex.example")
    (role,) = await importer.rows(AccountRole, account_id=globex.id)
    assert role.member_id == importer.world.maya.member_id
    added, changed = await importer.rows(TimelineEntry, account_id=globex.id)
    assert added.kind is TimelineKind.ACCOUNT_ADDED
    assert changed.kind is TimelineKind.ACCOUNT_CHANGED
    assert changed.summary == "changed name, arr, csm, by importing book.csv"
    assert changed.details["arr"] == [120_000, 130_000]


async def test_an_empty_cell_leaves_what_is_stored(importer: Importer) -> None:
    await importer.accounts("key,renewal_date,domain\nacme,,\n")
    assert (await importer.world.account()).renewal_date == date(2026, 9, 1)


async def test_unknown_columns_can_be_kept_as_attributes_beside_those_there_are(importer: Importer) -> None:
    await importer.accounts(HUBSPOT, keep_unknown=True)
    await importer.accounts("key,Plan name\nglobex,Gold\n", keep_unknown=True)
    (globex,) = await importer.rows(Account, key="globex")
    assert globex.attributes == {"seats": 40, "plan_name": "Gold"}


async def test_formulas_and_markup_stay_text(importer: Importer) -> None:
    await importer.accounts('key,name\nevil,"=HYPERLINK(""x"") <!channel> *b*"\n')
    (evil,) = await importer.rows(Account, key="evil")
    assert evil.name == '=HYPERLINK("x") <!channel> *b*'


async def test_rows_with_mistakes_are_named_and_nothing_is_imported(importer: Importer) -> None:
    text = (
        "key,name,renewal_date,csm\ninitech,Initech,soon,maya@ours.example\nhooli,Hooli,,nobody@ours.example\nok,Ok,,\n"
    )
    with pytest.raises(ImportRefused, match=r"2 rows have mistakes.*--skip-bad-rows to import the other 1") as refusal:
        await importer.accounts(text)
    assert [str(problem) for problem in refusal.value.problems] == [
        'row 2 (initech): renewal_date: "soon" is not a date',
        'row 3 (hooli): csm: "nobody@ours.example" is not a member: import members first, or correct the address',
    ]
    assert len(await importer.rows(Account)) == 1


async def test_bad_rows_can_be_skipped(importer: Importer) -> None:
    plan = await importer.accounts("key,name,arr\ninitech,Initech,lots\nhooli,Hooli,5\n", skip_bad_rows=True)
    assert counts(plan) == (1, 0, 0)
    assert [problem.number for problem in plan.problems] == [2]
    assert [account.key for account in await importer.rows(Account)] == ["acme", "hooli"]


async def test_a_key_that_comes_twice_is_a_mistake_of_the_later_row(importer: Importer) -> None:
    with pytest.raises(ImportRefused) as refusal:
        await importer.accounts("name,arr\nGlobex,1\nHooli,2\nGLOBEX,3\n")
    assert [str(problem) for problem in refusal.value.problems] == [
        "row 4 (globex): the same as row 2: keep one of them"
    ]


async def test_a_row_with_too_many_cells_is_a_mistake(importer: Importer) -> None:
    with pytest.raises(ImportRefused) as refusal:
        await importer.accounts("name,arr\nGlobex,1,234\n")
    assert "a separator inside a text needs quotes" in str(refusal.value.problems[0])


async def test_a_new_account_needs_a_name(importer: Importer) -> None:
    with pytest.raises(ImportRefused) as refusal:
        await importer.accounts("key,arr\nacme,5\nglobex,6\n")
    assert [problem.number for problem in refusal.value.problems] == [3]


async def test_a_file_without_the_needed_column_is_refused_in_one_sentence(importer: Importer) -> None:
    with pytest.raises(InvalidInput, match=r'The column name is missing \(also understood: "Company name", '):
        await importer.accounts("City,ARR\nBerlin,5\n")


async def test_a_dry_run_tells_what_would_happen_and_writes_nothing(importer: Importer) -> None:
    plan = await importer.accounts("key,name,arr\nacme,Acme,130000\nglobex,Globex,x\nhooli,Hooli,1\n", dry_run=True)
    assert counts(plan) == (1, 1, 0)
    assert [str(change) for change in plan.changed] == ["acme: arr 120000 → 130000"]
    assert len(plan.problems) == 1
    assert (await importer.world.account()).arr == 120_000
    assert len(await importer.rows(Account)) == 1


async def test_a_moved_renewal_moves_the_open_steps(importer: Importer) -> None:
    world = importer.world
    run_id = await world.start({"key": "prepare", "due": "renewal_date - 90d"})
    before = (await world.steps(run_id))["prepare"].due_on
    await importer.accounts("key,renewal_date\nacme,10/01/2026\n", date_order=DateOrder.US)
    step = (await world.steps(run_id))["prepare"]
    assert step.status is StepStatus.OPEN
    assert before is not None
    assert step.due_on == before + timedelta(days=30)
    assert any("moved from" in summary for summary in await world.timeline())


async def test_ten_thousand_accounts_take_few_statements(sqlite: Database, now: datetime) -> None:
    statements = 0

    def count(*_: object) -> None:
        nonlocal statements
        statements += 1

    event.listen(sqlite.engine.sync_engine, "before_cursor_execute", count)
    text = "name,arr\n" + "".join(f"Customer {number},{number}\n" for number in range(10_000))
    plan = await import_file(
        sqlite, Accounts(Library(ROOT / "playbooks")), text.encode(), Options("book.csv"), now, silent
    )
    assert counts(plan) == (10_000, 0, 0)
    assert statements < 50


# --- members ----------------------------------------------------------------------------------------------------------


async def test_members_get_role_zone_country_and_deputy(importer: Importer) -> None:
    plan = await importer.members(
        "Email;First Name;Last Name;Role;Time zone;Country;Deputy;Work day starts\n"
        "pat@ours.example;Pat;Quinn;Customer Success Manager;America/New_York;United States;ola@ours.example;08:00\n"
        "ola@ours.example;Ola;Berg;csm;Europe/Oslo;NO;maya@ours.example;\n"
    )
    assert counts(plan) == (2, 0, 0)
    pat, ola = (await importer.rows(Member))[-2:]
    assert (pat.name, pat.role, pat.timezone, pat.country) == ("Pat Quinn", MemberRole.CSM, "America/New_York", "US")
    assert (pat.workday_start, pat.deputy_id) == (8, ola.id)
    assert ola.deputy_id == importer.world.maya.member_id


async def test_importing_members_again_changes_nothing_and_a_new_deputy_one_thing(importer: Importer) -> None:
    text = "email,name,role,deputy\nmaya@ours.example,Maya Lindt,csm,{}\n"
    assert counts(await importer.members(text.format("sam@ours.example"))) == (0, 1, 0)
    assert counts(await importer.members(text.format("sam@ours.example"))) == (0, 0, 1)
    assert counts(await importer.members(text.format("eve@ours.example"))) == (0, 1, 0)
    (maya,) = await importer.rows(Member, email="maya@ours.example")
    assert maya.deputy_id == importer.world.eve.member_id
    assert maya.slack_user_id == "U0MAYA"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("pat@ours.example,Pat,csm,,ghost@ours.example,", "neither a member nor in this file"),
        ("pat@ours.example,Pat,csm,,pat@ours.example,", "nobody is their own deputy"),
        ("pat@ours.example,Pat,csm,Berlin,,", "not a time zone"),
        ("pat@ours.example,Pat,boss,,,", "not one of csm, ae"),
        ("pat@ours.example,Pat,,,,", "role: is empty"),
        ("pat,Pat,csm,,,", "not an email address"),
        ("pat@ours.example,Pat,csm,,,U0MAYA", "belongs to maya@ours.example already"),
    ],
)
async def test_a_member_row_with_a_mistake_says_what_it_is(importer: Importer, row: str, words: str) -> None:
    with pytest.raises(ImportRefused) as refusal:
        await importer.members(f"email,name,role,timezone,deputy,slack_user_id\n{row}\n")
    assert words in str(refusal.value.problems[0])


# --- contacts ---------------------------------------------------------------------------------------------------------


async def test_contacts_find_their_account_by_key_name_or_domain(importer: Importer) -> None:
    plan = await importer.contacts(
        "Associated Company,Email,First Name,Last Name,Job Title,Buying Role,NPS,NPS date,Email Opt Out\n"
        "acme,ann@acme.example,Ann,Lee,CIO,Champion;Decision maker,9,2026-02-01,no\n"
        "Acme,bob@acme.example,Bob,Ray,,,3,,yes\n"
        "acme.example,cy@acme.example,Cy,Day,,,,,\n"
    )
    assert counts(plan) == (3, 0, 0)
    ann, bob, _ = (await importer.rows(Contact))[-3:]
    assert (ann.name, ann.title, ann.nps) == ("Ann Lee", "CIO", 9)
    assert ann.roles == [ContactRole.CHAMPION, ContactRole.DECISION_MAKER]
    assert ann.nps_at == datetime(2026, 2, 1, tzinfo=UTC)
    assert (bob.may_email, bob.nps_at) == (False, importer.world.now)
    assert (await importer.world.timeline())[-1] == "added 3 and changed 0 contacts, by importing book.csv"


async def test_importing_contacts_again_changes_nothing_and_adds_roles_to_those_there_are(importer: Importer) -> None:
    text = "account,email,name,roles,nps\nacme,jane@acme.example,Jane Doe,{},7\n"
    assert counts(await importer.contacts(text.format("admin"))) == (0, 1, 0)
    assert counts(await importer.contacts(text.format("admin"))) == (0, 0, 1)
    (jane,) = await importer.rows(Contact)
    assert jane.roles == ["champion", "admin"]


NPS_LOW = {"key": "sad-contact", "triggers": [{"on": "nps", "of": "contact", "at_most": 6}]}
NPS_AVERAGE = {"key": "sad-company", "triggers": [{"on": "nps", "of": "company", "at_most": 6}]}
NEW_ADMIN = {
    "key": "new-admin",
    "subject": "contact",
    "triggers": [{"on": "contact_role", "role": "admin", "when": "contact.may_email"}],
}


async def started(importer: Importer) -> list[str]:
    return [run.title for run in await importer.rows(Run)]


async def test_every_new_score_is_a_signal_and_an_unchanged_one_is_not(importer: Importer) -> None:
    text = "account,email,name,nps,nps date\nacme,jane@acme.example,Jane Doe,{},{}\nacme,a@acme.example,Ann,,\n"
    for score, day in ((7, "2026-02-01"), (7, "2026-02-01"), (7, "2026-02-15"), (3, "")):
        await importer.contacts(text.format(score, day))
    signals = await importer.rows(Signal, kind=SignalKind.NPS)
    (jane,) = await importer.rows(Contact, email="jane@acme.example")
    assert {(signal.account_id, signal.contact_id) for signal in signals} == {(importer.world.account_id, jane.id)}
    assert [(signal.number, signal.observed_at) for signal in signals] == [
        (7, datetime(2026, 2, 1, tzinfo=UTC)),
        (7, datetime(2026, 2, 15, tzinfo=UTC)),
        (3, importer.world.now),
    ]
    assert "noted an NPS of 3 from Jane Doe, by importing book.csv" in await importer.world.timeline()


async def test_imported_scores_start_what_waits_for_low_ones(importer: Importer) -> None:
    use_playbook(importer.world.library, {"key": "call"}, title="Sad contact", **NPS_LOW)
    use_playbook(importer.world.library, {"key": "call"}, title="Sad company", **NPS_AVERAGE)
    await importer.contacts("account,email,name,nps\nacme,a@acme.example,Ann,10\nacme,b@acme.example,Bob,9\n")
    assert await started(importer) == []
    await importer.contacts("account,email,name,nps\nacme,c@acme.example,Cy,2\n")
    assert await started(importer) == ["Sad contact"]
    await importer.contacts("account,email,name,nps\nacme,b@acme.example,Bob,4\n")
    assert await started(importer) == ["Sad contact", "Sad company"]


async def test_imported_roles_start_what_waits_for_them_on_each_contact_and_once(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contacts, "STARTS_AT_A_TIME", 2)
    monkeypatch.setattr(contacts, "PAUSE", 0)
    use_playbook(importer.world.library, {"key": "greet"}, title="New admin", **NEW_ADMIN)
    text = (
        "account,email,name,roles,may_email\n"
        "acme,jane@acme.example,Jane Doe,champion;admin,yes\n"
        "acme,a@acme.example,Ann,admin,yes\n"
        "acme,b@acme.example,Bob,champion,yes\n"
        "acme,c@acme.example,Cy,admin,no\n"
        "acme,d@acme.example,Di,admin,yes\n"
    )
    await importer.contacts(text, dry_run=True)
    assert await started(importer) == []
    await importer.contacts(text)
    assert sorted(await started(importer)) == ["New admin: Ann", "New admin: Di", "New admin: Jane Doe"]
    await importer.contacts(text)
    assert len(await started(importer)) == 3


async def test_the_same_contact_under_two_names_of_the_account_is_a_mistake(importer: Importer) -> None:
    with pytest.raises(ImportRefused, match="1 row has a mistake"):
        await importer.contacts("account,email,name\nacme,a@acme.example,A\nAcme,a@acme.example,A\n")


async def test_a_contact_of_no_account_is_a_mistake(importer: Importer) -> None:
    with pytest.raises(ImportRefused) as refusal:
        await importer.contacts("account,email,name\nNowhere,a@acme.example,A\n")
    assert 'there is no account "Nowhere": import accounts first' in str(refusal.value.problems[0])


async def test_an_account_name_that_two_accounts_have_is_a_mistake(importer: Importer) -> None:
    await importer.accounts("key,name\nhooli,Umbrella\nglobex,Umbrella\n")
    with pytest.raises(ImportRefused) as refusal:
        await importer.contacts("account,email,name\nUmbrella,a@acme.example,A\nhooli,b@acme.example,B\n")
    assert [str(problem) for problem in refusal.value.problems] == [
        'row 2 (a@acme.example): account: "Umbrella" is the name of 2 accounts: use the key'
    ]


async def test_imported_accounts_are_served_as_the_segment_table_says_and_are_on_their_journeys(
    sqlite: Database, now: datetime
) -> None:
    """Rows 0.1 and 1.40: what the file itself says stays."""
    world = await make_world(sqlite, now)
    use_journeys(world.library, make_journey())
    use_table(
        world.library,
        {"title": "Big", "when": "account.arr > 100000", "segment": "enterprise", "touch": "high", "journey": "first"},
        {"title": "Small", "segment": "smb", "touch": "low"},
    )
    text = "key,name,arr,touch,csm\nacme,Acme,5000,,maya@ours.example\nglobex,Globex,200000,none,maya@ours.example\n"
    await import_file(sqlite, Accounts(world.library), text.encode(), Options("book.csv"), now, silent)
    async with sqlite.transaction() as session:
        found = {account.key: account for account in (await session.exec(select(Account))).all()}
        planned = (await session.exec(select(Milestone))).all()
    assert (found["acme"].segment, found["acme"].touch, found["acme"].journey) == ("smb", "low", None)
    assert (found["globex"].segment, found["globex"].touch, found["globex"].journey) == ("enterprise", "none", "first")
    assert {milestone.account_id for milestone in planned} == {found["globex"].id}
    (told,) = await world.deliveries(kind=DeliveryKind.NOTICE)
    assert told.payload["text"].startswith("After an import 1 account of yours is served differently: Acme (Small).")


def test_stages_of_a_file_are_those_of_the_configuration() -> None:
    """Row 3.8."""
    parse = next(column.parse for column in account_columns(Library(ROOT / "playbooks")) if column.name == "stage")
    assert parse is not None
    assert (parse("Customer"), parse("Adoption"), parse("former customer")) == ("adoption", "adoption", "churned")
    with pytest.raises(ValueError, match="not one of trial, onboarding"):
        parse("somewhere")

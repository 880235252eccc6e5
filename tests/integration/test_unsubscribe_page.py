"""The page that the link in a mail leads to."""

import httpx
from sqlmodel import select

from bot.clock import FixedClock
from bot.engine.emails import Mail, send_step_email
from bot.models import Contact, DeliveryKind, EmailMessage
from bot.unsubscribe_page import KEY
from bot.web import build_web_app
from tests.support.api import bare_services
from tests.support.world import World


async def test_a_reader_unsubscribes_with_a_click_and_looking_changes_nothing(world: World, clock: FixedClock) -> None:
    run = await world.start({"key": "send", "kind": "email", "email": {"template": "test/hello"}})
    step = (await world.steps(run))["send"]
    async with world.database.transaction() as session:
        mails = [Mail((await session.exec(select(Contact.id))).one(), "Hello", "Hello.")]
        await send_step_email(session, world.library, step.id, world.maya, world.now, mails)
        mail = (await session.exec(select(EmailMessage))).one()
    assert KEY.fullmatch(mail.unsubscribe_key)  # 256 random bits
    web = build_web_app(bare_services(world.database, clock))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=web), base_url="http://playcall.test") as http:
        asked = await http.get(f"/unsubscribe/{mail.unsubscribe_key}")
        assert (asked.status_code, "Shall we stop sending emails to jane@acme.example?" in asked.text) == (200, True)
        assert (await contact(world)).may_email
        assert "frame-ancestors 'none'" in asked.headers["content-security-policy"]  # nobody clicks it unseen
        for _ in range(2):
            done = await http.post(f"/unsubscribe/{mail.unsubscribe_key}", data={"List-Unsubscribe": "One-Click"})
            assert (done.status_code, "Done." in done.text) == (200, True)
        for wrong in ("x" * 43, "x", "%00" * 43):
            assert (await http.get(f"/unsubscribe/{wrong}")).status_code == 404
            assert (await http.post(f"/unsubscribe/{wrong}")).status_code == 404
    jane = await contact(world)
    assert (jane.may_email, jane.unsubscribed_at) == (False, clock.now())
    assert [line for line in await world.timeline() if "unsubscribed" in line] == ["Jane Doe unsubscribed from mail"]
    notices = [d.payload["text"] for d in await world.deliveries(kind=DeliveryKind.NOTICE)]
    assert len([text for text in notices if text.startswith("Jane Doe (Acme) has unsubscribed")]) == 1


async def contact(world: World) -> Contact:
    async with world.database.transaction() as session:
        return (await session.exec(select(Contact))).one()

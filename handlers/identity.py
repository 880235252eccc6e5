"""Which member a Slack payload comes from."""

from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.engine.actors import Actor, link_slack_user, read_actor
from bot.errors import NotAMember
from bot.services import Services


async def identify(services: Services, body: dict[str, Any], own_team: str | None, client: AsyncWebClient) -> Actor:
    """The member who acted.

    Raises NotAMember for people Playcall does not know, for guests, and for people from other organisations. A member
    who was imported by email alone is recognised here, by the email of the Slack profile, and remembered.
    """
    user_id, team_id = _user_and_team(body)
    if team_id and own_team and team_id != own_team:
        raise NotAMember
    async with services.database.glance() as reader:
        actor = await read_actor(reader, user_id)
    return actor or await _first_contact(services, user_id, own_team, client)


async def _first_contact(services: Services, user_id: str, own_team: str | None, client: AsyncWebClient) -> Actor:
    try:
        user: dict[str, Any] = (await client.users_info(user=user_id))["user"]
    except SlackApiError as error:
        raise NotAMember from error
    email = user.get("profile", {}).get("email")
    # the email is what their own organisation says it is, so it proves something only about our own people
    elsewhere = own_team is not None and user.get("team_id", own_team) != own_team
    outsider = elsewhere or any(
        user.get(flag) for flag in ("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger")
    )
    if outsider or not email:
        raise NotAMember
    async with services.database.transaction() as session:
        actor = await link_slack_user(session, user_id, email)
    if actor is None:
        raise NotAMember
    return actor


def _user_and_team(body: dict[str, Any]) -> tuple[str, str | None]:
    if "event" in body:
        event = body["event"]
        return str(event.get("user", "")), event.get("user_team") or event.get("source_team")
    if "user_id" in body:  # a slash command
        return str(body["user_id"]), body.get("team_id")
    user = body["user"]
    return str(user["id"]), user.get("team_id")

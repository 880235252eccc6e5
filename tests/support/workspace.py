"""A Slack workspace to test against: people act in it through correctly signed requests to the whole application.

`Workspace` posts what Slack would post and returns what Slack would get back. What the bot did to Slack in turn is read
from the double (`ws.slack`) or from the shortcuts here: opened views, ephemeral answers, published Home tabs.
"""

import json
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

import httpx
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import FixedClock
from bot.db import Database
from bot.delivery.builders import BUILDERS
from bot.delivery.courier import Outcome
from bot.delivery.outbox import Outbox
from bot.models import AccountRole, MemberRole
from bot.services import Services
from bot.settings import Settings
from bot.slack.ids import VALUE
from tests.support.slack_double import TOKEN, SlackDouble
from tests.support.slack_state import TEAM
from tests.support.sleeping import AdvancingSleep
from tests.support.world import World, make_world

SECRET = "a-signing-secret-for-tests"

Payload = dict[str, Any]


def slack_settings(database: Database, slack_url: str, **changes: Any) -> Settings:
    """Settings as a deployment would have them, pointed at the test's database and its Slack."""
    given: Payload = {
        "database_url": str(database.url.render_as_string(hide_password=False)),
        "slack_bot_token": TOKEN,
        "slack_signing_secret": SECRET,
        "slack_app_token": None,
        "slack_api_url": slack_url,
    }
    return Settings(_env_file=None, **(given | changes))


def slack_id(name: str) -> str:
    """The Slack user id of somebody of the demo's people: `maya` is U0MAYA."""
    return f"U0{name.upper()}"


@dataclass
class Workspace:
    http: httpx.AsyncClient
    slack: SlackDouble
    client: AsyncWebClient
    services: Services
    clock: FixedClock
    team: str = TEAM

    # --- people act ---------------------------------------------------------------------------------------------------

    async def command(self, user: str, command: str, text: str = "", channel: str = "C0GENERAL") -> Payload:
        """Type a slash command. Returns its private answer: `text`, perhaps `blocks`; {} when there is none."""
        form = {
            "command": command,
            "text": text,
            "user_id": slack_id(user),
            "user_name": user,
            "team_id": self.team,
            "channel_id": channel,
            "response_url": self.slack.response_url,
            "trigger_id": self.slack.state.new_trigger(),
        }
        return await self._form(form)

    async def click(
        self, user: str, message: Mapping[str, Any], action_id: str, value: str | None = None, *, block_id: str = ""
    ) -> Payload:
        """Use the element `action_id` of a message or of a Home tab (a view).

        For a button `value` defaults to the button's own; for a menu it names the chosen option, for a date picker the
        date. `block_id` picks one of several elements with the same action id.
        """
        block, element = _find_element(message, action_id, value, block_id)
        action = {"action_id": action_id, "block_id": block["block_id"], "type": element["type"], "action_ts": "1.0"}
        body = self._interaction("block_actions", user) | {"actions": [action | _chosen(element, value)]}
        if message.get("type") in {"home", "modal"}:
            body |= {"view": message, "container": {"type": "view", "view_id": message.get("id", "V0HOME")}}
        else:
            place = {"channel_id": message["channel"], "message_ts": message["ts"]}
            body |= {
                "message": dict(message),
                "channel": {"id": message["channel"], "name": "somewhere"},
                "container": {"type": "message", "is_ephemeral": False} | place,
                "response_url": self.slack.response_url,
            }
        return await self._payload(body)

    async def submit(self, user: str, view: Mapping[str, Any], values: Mapping[str, Any] | None = None) -> Payload:
        """Submit a modal with `values` by block id. Returns the answer: {} closes it, else `response_action`.

        Inputs that are not in `values` keep their initial value, or stay empty.
        """
        state = {
            block["block_id"]: {block["element"]["action_id"]: _entered(block, values or {})}
            for block in view["blocks"]
            if block["type"] == "input"
        }
        unknown = set(values or {}) - set(state)
        assert not unknown, f"the modal has no input {unknown}; it has {sorted(state)}"
        sent = {"id": "V0MODAL", "hash": "1.a", "private_metadata": ""} | dict(view) | {"state": {"values": state}}
        return await self._payload(self._interaction("view_submission", user) | {"view": sent})

    async def forge_click(self, user: str, action_id: str, value: str) -> Payload:
        """Click a button in a message that nobody posted."""
        action = {"action_id": action_id, "block_id": "forged", "type": "button", "value": value, "action_ts": "1.0"}
        body = self._interaction("block_actions", user) | {
            "actions": [action],
            "channel": {"id": "C0GENERAL", "name": "somewhere"},
            "container": {"type": "message", "is_ephemeral": False, "channel_id": "C0GENERAL", "message_ts": "1.0"},
            "response_url": self.slack.response_url,
        }
        return await self._payload(body)

    async def forge_form(
        self, user: str, callback_id: str, metadata: str, values: Mapping[str, str | date | list[str]]
    ) -> Payload:
        """Submit a modal that nobody opened, with `values` by block id."""
        state = {block_id: {VALUE: _forged(given)} for block_id, given in values.items()}
        view = {
            "type": "modal",
            "id": "V0FORGED",
            "callback_id": callback_id,
            "private_metadata": metadata,
            "blocks": [],
        }
        body = self._interaction("view_submission", user) | {"view": view | {"state": {"values": state}}}
        return await self._payload(body)

    async def shortcut(self, user: str, callback_id: str, message: Mapping[str, Any]) -> Payload:
        """Choose a message shortcut on a message (`channel`, `ts`, `text`, `user`)."""
        body = self._interaction("message_action", user) | {
            "callback_id": callback_id,
            "message": {"type": "message"} | dict(message),
            "message_ts": message["ts"],
            "channel": {"id": message["channel"], "name": "somewhere"},
            "response_url": self.slack.response_url,
        }
        return await self._payload(body)

    async def event(
        self, user: str, event: Mapping[str, Any], event_id: str = "Ev0001", *, retry: int = 0
    ) -> httpx.Response:
        """Something happens that the Events API tells of. The same `event_id` again is a redelivery, the `retry`th."""
        body = {
            "type": "event_callback",
            "team_id": self.team,
            "api_app_id": "A0PLAYCALL",
            "event_id": event_id,
            "event_time": int(time.time()),
            "event": {"user": slack_id(user), "event_ts": f"{time.time():.6f}"} | dict(event),
        }
        again = {"x-slack-retry-num": str(retry), "x-slack-retry-reason": "http_timeout"} if retry else {}
        return await self.post(json.dumps(body), "application/json", also=again)

    # --- the worker ---------------------------------------------------------------------------------------------------

    async def deliver(self) -> Counter[Outcome]:
        """Send what is in the outbox. Where pacing waits, the clock moves on; nothing really sleeps."""
        return await Outbox(self.services, self.client, BUILDERS, sleep=AdvancingSleep(self.clock)).drain()

    # --- what the bot did in Slack ------------------------------------------------------------------------------------

    @property
    def opened_views(self) -> list[Payload]:
        return [call["view"] for call in self.slack.calls_of("views.open", "views.push")]

    @property
    def published_homes(self) -> list[Payload]:
        """Each published Home tab, as {"user_id", "view"}."""
        return self.slack.calls_of("views.publish")

    @property
    def messages(self) -> list[Payload]:
        """What was posted, with the `channel` and `ts` it got."""
        return self.slack.calls_of("chat.postMessage")

    @property
    def ephemeral(self) -> list[Payload]:
        """Private answers beside those in a command's own answer."""
        return self.slack.calls_of("chat.postEphemeral", "response_url")

    # --- signed requests ----------------------------------------------------------------------------------------------

    async def post(
        self,
        body: str,
        content_type: str,
        *,
        secret: str = SECRET,
        at: float | None = None,
        also: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Post a body to the endpoint, signed with `secret` at the time `at` (seconds; now when None)."""
        headers = signed_headers(body, content_type, secret, at or time.time()) | dict(also or {})
        return await self.http.post("/slack/events", content=body, headers=headers)

    async def _payload(self, body: Payload) -> Payload:
        return await self._form({"payload": json.dumps(body)})

    async def _form(self, form: Mapping[str, str]) -> Payload:
        response = await self.post(urlencode(form), "application/x-www-form-urlencoded")
        assert response.status_code == 200, f"{response.status_code}: {response.text}"
        if not response.text:
            return {}
        try:
            answer: Payload = json.loads(response.text)
        except json.JSONDecodeError:
            return {"text": response.text}
        return answer

    def _interaction(self, kind: str, user: str) -> Payload:
        return {
            "type": kind,
            "team": {"id": self.team, "domain": "ours"},
            "user": {"id": slack_id(user), "username": user, "name": user, "team_id": self.team},
            "api_app_id": "A0PLAYCALL",
            "trigger_id": self.slack.state.new_trigger(),
        }

    # --- the book of business -----------------------------------------------------------------------------------------

    async def people(self) -> World:
        """Store maya (CSM), leo (AE), dana (leader), sam (specialist), eve (another CSM) and maya's account acme."""
        world = await make_world(self.services.database, self.clock.now())
        async with self.services.database.transaction() as session:
            session.add(
                AccountRole(account_id=world.account_id, role=MemberRole.SPECIALIST, member_id=world.sam.member_id)
            )
        return replace(world, library=self.services.library)


def signed_headers(body: str, content_type: str, secret: str, at: float) -> dict[str, str]:
    stamp = str(int(at))
    return {
        "content-type": content_type,
        "x-slack-request-timestamp": stamp,
        "x-slack-signature": SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body) or "",
    }


def _find_element(
    message: Mapping[str, Any], action_id: str, value: str | None, block_id: str
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The block and the element to use. Fails when the message shows no such element."""
    candidates = [
        (block, element)
        for block in message.get("blocks", [])
        for element in _elements(block)
        if element.get("action_id") == action_id and block_id in {"", block.get("block_id")}
    ]
    if value is not None:  # prefer the element this value belongs to
        candidates.sort(key=lambda found: value not in json.dumps(found[1], ensure_ascii=False))
    assert candidates, f"nothing to use with the action id {action_id!r} in {json.dumps(message.get('blocks'))}"
    return candidates[0]


def _elements(block: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    accessory = [block["accessory"]] if "accessory" in block else []
    inner = [block["element"]] if "element" in block else []
    return [*block.get("elements", []), *accessory, *inner]


def _chosen(element: Mapping[str, Any], value: str | None) -> Payload:
    kind = element["type"]
    if kind == "button":
        return {"value": element.get("value", "") if value is None else value, "text": element["text"]}
    if kind == "datepicker":
        return {"selected_date": value}
    if kind == "users_select":
        return {"selected_user": value}
    return {"selected_option": _option(element, value)}


def _entered(block: Mapping[str, Any], values: Mapping[str, Any]) -> Payload:
    """The state Slack sends for one input."""
    element = block["element"]
    kind = element["type"]
    given = values.get(block["block_id"])
    if kind == "plain_text_input":
        return {"type": kind, "value": given if given is not None else element.get("initial_value")}
    if kind == "datepicker":
        return {"type": kind, "selected_date": given if given is not None else element.get("initial_date")}
    if kind == "users_select":
        return {"type": kind, "selected_user": given if given is not None else element.get("initial_user")}
    if kind == "checkboxes":
        chosen = [_option(element, one) for one in given] if given is not None else element.get("initial_options", [])
        return {"type": kind, "selected_options": chosen}
    chosen_one = _option(element, given) if given is not None else element.get("initial_option")
    return {"type": kind, "selected_option": chosen_one}


def _forged(given: str | date | list[str]) -> Payload:
    """An input's state as it would be whatever kind of input it is."""
    if isinstance(given, date):
        return {"type": "datepicker", "selected_date": given.isoformat()}
    if isinstance(given, list):
        return {"type": "checkboxes", "selected_options": [{"value": one} for one in given]}
    return {"type": "plain_text_input", "value": given, "selected_option": {"value": given}}


def _option(element: Mapping[str, Any], value: str | None) -> Payload:
    """The option with this value, or with this label."""
    options = [*element.get("options", []), *(o for g in element.get("option_groups", []) for o in g["options"])]
    found = next((o for o in options if value in {o["value"], o["text"]["text"]}), None)
    assert found, f"no option {value!r} in {[o['value'] for o in options]}"
    return dict(found)

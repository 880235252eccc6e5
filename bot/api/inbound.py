"""Webhooks of other systems, POST /api/v1/inbound/...: read by a mapping file of playbooks/inbound."""

from collections.abc import Iterator
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, HTTPException, Path, Request
from pydantic import Field, SecretStr

from bot.api.access import Gate, words_for
from bot.api.bodies import MOST, parse_json
from bot.api.problems import Unauthorized, problems
from bot.api.signals import Receipt, receive
from bot.api.signatures import is_from_hubspot, is_from_segment, is_from_zendesk
from bot.engine.tokens import Holder, Scope
from bot.errors import NotFound
from bot.library.inbound import Inbound
from bot.library.nearness import did_you_mean
from bot.services import Services
from bot.signals.ingesting import Sender, Taken
from bot.signals.mapping import messages_in, signals_in

log = structlog.get_logger(__name__)

NOT_SIGNED = "The signature of this request is missing, wrong or too old. Is {} the secret of this very webhook?"
SIGNED = problems(400, 401, 404, 413, 422, 503)
BY_TOKEN = problems(400, 401, 403, 404, 413, 422, 429, 503)
_BODY = {"requestBody": {"required": True, "content": {"application/json": {"schema": {}}}}}
MappingName = Annotated[str, Path(max_length=80, description="A file of playbooks/inbound, without `.yaml`.")]


class InboundReceipt(Receipt):
    """What became of the messages of a webhook. `results` are in the order of the signals made of them."""

    ignored: int = Field(description="Messages that the mapping file has no use for.")


def inbound_router(services: Services, gate: Gate) -> APIRouter:
    router = APIRouter(prefix="/inbound", tags=["inbound"])
    Allowed = Annotated[Holder, Depends(gate.needs(Scope.SIGNALS_WRITE))]  # noqa: N806  # a type
    settings = services.settings

    @router.post("/segment", status_code=202, response_model=InboundReceipt, responses=SIGNED, openapi_extra=_BODY)
    async def from_segment(request: Request) -> InboundReceipt:
        """Segment's Webhooks destination, signed with `X-Signature`."""
        secret, body = _secret(settings.segment_secret, "SEGMENT_SECRET"), await request.body()
        if not is_from_segment(secret, body, request.headers.get("x-signature", "")):
            raise Unauthorized(NOT_SIGNED.format("SEGMENT_SECRET"))
        return await _receive(services, "segment", body, "Segment")

    @router.post("/zendesk", status_code=202, response_model=InboundReceipt, responses=SIGNED, openapi_extra=_BODY)
    async def from_zendesk(request: Request) -> InboundReceipt:
        """Zendesk's webhook, signed with `X-Zendesk-Webhook-Signature`."""
        secret, body, headers = (
            _secret(settings.zendesk_secret, "ZENDESK_SECRET"),
            await request.body(),
            request.headers,
        )
        timestamp = headers.get("x-zendesk-webhook-signature-timestamp", "")
        if not is_from_zendesk(secret, body, timestamp, headers.get("x-zendesk-webhook-signature", "")):
            raise Unauthorized(NOT_SIGNED.format("ZENDESK_SECRET"))
        return await _receive(services, "zendesk", body, "Zendesk")

    @router.post("/hubspot", status_code=202, response_model=InboundReceipt, responses=SIGNED, openapi_extra=_BODY)
    async def from_hubspot(request: Request) -> InboundReceipt:
        """HubSpot's webhook, signed with `X-HubSpot-Signature-v3`."""
        secret, body, headers = (
            _secret(settings.hubspot_secret, "HUBSPOT_SECRET"),
            await request.body(),
            request.headers,
        )
        timestamp = headers.get("x-hubspot-request-timestamp", "")
        signature = headers.get("x-hubspot-signature-v3", "")
        addresses, now = _addresses(request, settings.public_url), services.clock.now()
        if not is_from_hubspot(secret, request.method, addresses, body, timestamp, signature, now):
            raise Unauthorized(NOT_SIGNED.format("HUBSPOT_SECRET"))
        return await _receive(services, "hubspot", body, "HubSpot")

    @router.post("/salesforce", status_code=202, response_model=InboundReceipt, responses=BY_TOKEN, openapi_extra=_BODY)
    async def from_salesforce(request: Request, holder: Allowed) -> InboundReceipt:
        """Records of Salesforce as JSON, with a token."""
        return await _receive(services, "salesforce", await request.body(), words_for(holder))

    @router.post(
        "/generic/{mapping}", status_code=202, response_model=InboundReceipt, responses=BY_TOKEN, openapi_extra=_BODY
    )
    async def from_anywhere(request: Request, mapping: MappingName, holder: Allowed) -> InboundReceipt:
        """Any JSON that a file of playbooks/inbound describes, with a token."""
        return await _receive(services, mapping, await request.body(), words_for(holder))

    return router


def _secret(secret: SecretStr | None, variable: str) -> str:
    if secret is None:
        raise NotFound(f"This address does not exist while {variable} is not set.")
    return secret.get_secret_value()


def _addresses(request: Request, public_url: str | None) -> Iterator[str]:
    """How the sender may have written the address it posted to, whatever proxy is in between."""
    headers, url = request.headers, request.url
    rest = url.path + (f"?{url.query}" if url.query else "")
    if public_url:
        yield public_url.rstrip("/") + rest
    host = headers.get("x-forwarded-host") or headers.get("host", "")
    for scheme in ("https", "http"):
        yield f"{scheme}://{host}{rest}"


async def _receive(services: Services, name: str, body: bytes, sender: str) -> InboundReceipt:
    mapping = _mapping(services, name)
    messages = messages_in(mapping, parse_json(body))
    made = [signals_in(mapping, name, message) for message in messages]
    signals = [signal for signals in made for signal in signals]
    if len(signals) > MOST:
        raise HTTPException(422, f"At most {MOST:,} signals can be sent in one request; this makes {len(signals):,}.")
    receipt = await receive(services, signals, Sender(mapping.source or name, sender))
    for result in receipt.results:
        if result.status is Taken.REFUSED:  # hardly anybody reads what a webhook is answered
            log.warning("inbound_signal_refused", mapping=name, why=result.message)
    return InboundReceipt(**receipt.model_dump(), ignored=sum(not signals for signals in made))


def _mapping(services: Services, name: str) -> Inbound:
    known = services.library.inbound
    if name not in known:
        raise NotFound(f"There is no file inbound/{name}.yaml that can be used. {did_you_mean(name, known)}".strip())
    return known[name]

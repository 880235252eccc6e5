"""Everything under /api/v1."""

from fastapi import APIRouter

from bot.api.access import Gate
from bot.api.accounts import accounts_router
from bot.api.inbound import inbound_router
from bot.api.signals import signals_router
from bot.services import Services


def build_api(services: Services) -> APIRouter:
    gate = Gate(services)
    router = APIRouter(prefix="/api/v1")
    for build in (signals_router, accounts_router, inbound_router):
        router.include_router(build(services, gate))
    return router

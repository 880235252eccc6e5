"""Who may call: a bearer token with the right scope, within its rate."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from bot.api.problems import TooManyRequests, Unauthorized
from bot.api.rates import RateLimit
from bot.engine.actors import Actor
from bot.engine.tokens import Holder, Scope, find_holder
from bot.errors import NotAllowed
from bot.services import Services

bearer = HTTPBearer(auto_error=False, description="A token that `playcall token create NAME` printed.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
Allow = Callable[..., Awaitable[Holder]]


class Gate:
    """Makes the dependencies of routes that need a token."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._rate = RateLimit(services.settings.api_requests_per_minute)

    def needs(self, scope: Scope) -> Allow:
        async def allow(credentials: Credentials) -> Holder:
            holder = await self._holder(credentials)
            if scope not in holder.scopes:
                raise NotAllowed(
                    f"The token {holder.name} may not do this: it lacks the scope {scope}. "
                    f"`playcall token create NAME --scope {scope}` makes one that may."
                )
            return holder

        return allow

    async def _holder(self, credentials: HTTPAuthorizationCredentials | None) -> Holder:
        if credentials is None:
            raise Unauthorized
        services = self._services
        holder = await find_holder(services.database, credentials.credentials, services.clock.now())
        if holder is None:
            raise Unauthorized("This token is unknown or revoked. `playcall token list` shows those there are.")
        if seconds := self._rate.wait(holder.token_id):
            raise TooManyRequests(seconds, self._rate.per_minute)
        return holder


def words_for(holder: Holder) -> str:
    """What the timeline calls whoever called."""
    return f"the API token {holder.name}"


def actor_for(holder: Holder) -> Actor:
    return Actor.system(words_for(holder))

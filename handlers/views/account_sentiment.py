from bot.engine.accounts import log_sentiment
from bot.errors import InvalidInput
from bot.models import Sentiment
from bot.slack.ids import InputId
from bot.slack.payloads import AccountRef, unpack
from bot.slack.text import label
from handlers.call import ViewCall


async def handle_account_sentiment_form(call: ViewCall) -> None:
    ref, colour = unpack(AccountRef, call.metadata), call.form.chosen(InputId.SENTIMENT)
    if colour is None:
        raise InvalidInput("Choose a colour.", field=InputId.SENTIMENT)
    async with call.changing() as session:
        started = await log_sentiment(
            session,
            call.services.library,
            ref.account,
            Sentiment(colour),
            call.form.text(InputId.COMMENT),
            call.actor,
            call.now,
        )
    await call.say(" ".join([f"Logged as {colour}.", *(f"{label(run.title)} started." for run in started)]))

"""The small modals about an account: a contact to add, a sentiment to log."""

from bot.models import ContactRole, Sentiment
from bot.slack.blocks import Block, checkboxes, context, input_block, modal, option, radio_buttons, text_input
from bot.slack.ids import CallbackId, InputId
from bot.slack.payloads import AccountRef
from bot.slack.text import label

SENTIMENTS = {
    Sentiment.GREEN: "🟢 green: they would say that it goes well",
    Sentiment.YELLOW: "🟡 yellow: something bothers them",
    Sentiment.RED: "🔴 red: they may leave",
}


def build_contact_modal(ref: AccountRef, name: str) -> Block:
    roles = [option(role.value.replace("_", " ").capitalize(), role) for role in ContactRole]
    hint = "Somebody who is there already, by this address, gets the roles in addition."
    blocks = [
        context(f"*{label(name)}*"),
        input_block(InputId.ACCOUNT_NAME, "Name", text_input(placeholder="Jane Doe", limit=200)),
        input_block(InputId.EMAIL, "Email", text_input(placeholder="jane@acme.com", limit=320), hint=hint),
        input_block(InputId.CONTACT_TITLE, "Job title", text_input(limit=200), optional=True),
        input_block(InputId.CONTACT_ROLES, "Roles", checkboxes(*roles), optional=True),
    ]
    return modal("Add a contact", blocks, callback_id=CallbackId.ACCOUNT_CONTACT, submit="Save", metadata=ref.pack())


def build_sentiment_modal(ref: AccountRef, name: str) -> Block:
    colours = radio_buttons([option(words, sentiment) for sentiment, words in SENTIMENTS.items()])
    why = text_input(multiline=True, placeholder="The sponsor answered in an hour and brought a colleague.")
    blocks = [
        context(f"*{label(name)}*"),
        input_block(InputId.SENTIMENT, "How do they feel about us?", colours),
        input_block(InputId.COMMENT, "Why?", why, optional=True),
    ]
    return modal(
        "Log the sentiment", blocks, callback_id=CallbackId.ACCOUNT_SENTIMENT, submit="Log", metadata=ref.pack()
    )

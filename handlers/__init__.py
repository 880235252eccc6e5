"""Slack listeners. A listener parses a payload, calls one use case or read model, and
answers; handlers.table lists them all."""

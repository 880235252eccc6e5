"""The HTTP API: signals, accounts and webhooks in, by token or by signature. docs/api.md shows how it is used."""

"""Playcall: customer-success playbooks, run from Slack."""

__version__ = "0.1.0"

"""The answers to what leaders ask: lines and tables within Slack's limits, a page at a time."""

"""What a process tells Prometheus of itself: how long listeners take, what was delivered and fired, who waited.

How far the queues have come is not here: it is in the database, see bot/reports/queues.py.
"""

from prometheus_client import Counter, Histogram

LISTENER_SECONDS = Histogram(
    "playcall_listener_seconds",
    "From a request of Slack's to its acknowledgement, by listener.",
    ["listener"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3),
)
LISTENER_FAILURES = Counter("playcall_listener_failures", "Requests that ended in an error of ours.", ["listener"])
DELIVERIES = Counter("playcall_deliveries", "Attempts to deliver, by kind and outcome.", ["kind", "outcome"])
PACING_SECONDS = Histogram(
    "playcall_pacing_wait_seconds",
    "How long a message waited for its turn.",
    buckets=(0.01, 0.1, 0.5, 1, 2, 5, 10, 30, 60),
)
TOUCHPOINTS = Counter("playcall_touchpoints", "Touchpoints looked at when they were due, by outcome.", ["outcome"])

"""Web domains, as people and systems write them."""

import re


def bare_domain(text: str) -> str:
    """`https://www.Acme.com/about` and `jane@acme.com` are `acme.com`; several words are no domain, and stay."""
    without_scheme = re.sub(r"^[a-z]+://", "", text.strip().lower())
    host = re.split(r"[/?#:]", without_scheme, maxsplit=1)[0]
    return host if " " in host else host.rpartition("@")[2].removeprefix("www.")

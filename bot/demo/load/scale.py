"""How much is made up for a load test, and the numbers all of it is drawn from: the same ones every time. Pure."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

ACCOUNTS_A_CSM, ACCOUNTS_AN_AE, ACCOUNTS_A_LEADER = 50, 200, 1_000


@dataclass(frozen=True)
class Scale:
    """Ids count from 1, the members' in the order CSMs, AEs, leaders. `now` is the moment the book ends with."""

    accounts: int
    open_steps: int
    signals: int
    seed: int
    now: datetime

    @cached_property
    def csms(self) -> int:
        return -(-self.accounts // ACCOUNTS_A_CSM)

    @cached_property
    def aes(self) -> int:
        return -(-self.accounts // ACCOUNTS_AN_AE)

    @cached_property
    def leaders(self) -> int:
        return -(-self.accounts // ACCOUNTS_A_LEADER)

    def csm(self, account: int) -> int:
        """One person's accounts lie next to each other, so that a book of any size has the same first people."""
        return (account - 1) // ACCOUNTS_A_CSM + 1

    def ae(self, account: int) -> int:
        return self.csms + (account - 1) // ACCOUNTS_AN_AE + 1

    def leader(self, account: int) -> int:
        return self.csms + self.aes + (account - 1) // ACCOUNTS_A_LEADER + 1

    def steps_of(self, account: int) -> int:
        """How many open steps an account has: all have the same, give or take one."""
        return self.open_steps * account // self.accounts - self.open_steps * (account - 1) // self.accounts

    def draw(self, what: int, number: int, below: int) -> int:
        """A number from 0 that looks like chance: for one thing (`what`) of one row (`number`)."""
        mixed = ((number + 1) * 2_654_435_761 ^ (self.seed * 97 + what) * 2_246_822_519) & 0xFFFFFFFF
        mixed = (mixed ^ mixed >> 15) * 2_246_822_519 & 0xFFFFFFFF
        return (mixed ^ mixed >> 13) % below

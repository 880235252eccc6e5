"""What was lost and what was repeated, from the database and from what Slack accepted."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from sqlalchemy import func, or_, select
from sqlmodel import col

from bot.db import Database
from bot.models import (
    Delivery,
    DeliveryStatus,
    EmailMessage,
    EmailStatus,
    PostedMessage,
    PostedStep,
    Run,
    RunStatus,
    Step,
    StepKind,
    StepStatus,
    TimelineEntry,
    TimelineKind,
)

EMAIL = (col(EmailMessage.message_id), col(EmailMessage.step_id), col(EmailMessage.status))


@dataclass
class Verdict:
    """All but the first five are to be 0.

    `windows` is as short as SMTP lets it be: of each mail that the server took again, the seconds from its taking it to
    the kill that kept the worker from writing that down.
    """

    messages: int
    mails: int
    steps_done: int
    deliveries: int
    windows: Sequence[float]
    mailed_twice: int = 0  # mails that the server took again with no kill in between
    unmailed: int = 0  # mails it never took, or of which we do not know that it did
    unwritten: int = 0  # steps that send a mail, are done or left to a person, and have not exactly one
    unsent: int = 0  # deliveries that neither arrived nor are on their way
    failed: int = 0
    unseen: int = 0  # open steps that no message in Slack shows
    vanished: int = 0  # messages the database knows and Slack does not
    repeated: int = 0  # deliveries that Slack accepted more than once
    unknown: int = 0  # messages in Slack that the database does not know
    undone: int = 0  # steps somebody was told were done, and are not
    recorded_wrongly: int = 0  # steps done without exactly one entry on the timeline
    lies: int = 0

    @property
    def lost(self) -> int:
        of_messages = self.unsent + self.failed + self.unseen + self.vanished
        of_steps = self.undone + self.recorded_wrongly + self.lies
        return of_messages + of_steps + self.unmailed + self.unwritten

    @property
    def twice(self) -> int:
        return self.repeated + self.unknown + self.mailed_twice

    @property
    def window(self) -> float:
        """The usual one, in milliseconds."""
        return 1000 * median(self.windows or [0.0])


async def judge(
    database: Database,
    accepted: Mapping[str, int],
    mailed: Mapping[str, Sequence[float]],
    kills: Sequence[float],
    told: set[int],
    lies: int,
) -> Verdict:
    """`accepted` is what Slack took by delivery key, `mailed` when the mail server took it by Message-ID, `kills` when
    a worker or the database was killed: seconds since 1970.
    """
    async with database.reading() as connection:
        rows = (await connection.execute(select(col(Delivery.key), col(Delivery.status)))).all()
        status = {row.key: row.status for row in rows}
        posted = select(col(Delivery.key)).join(PostedMessage, col(PostedMessage.delivery_id) == Delivery.id)
        known = set((await connection.execute(posted)).scalars())
        done = set(
            (await connection.execute(select(col(Step.id)).where(col(Step.status) == StepStatus.DONE))).scalars()
        )
        entries = (
            select(col(TimelineEntry.step_id), func.count().label("number"))
            .where(col(TimelineEntry.kind) == TimelineKind.STEP_COMPLETED)
            .group_by(col(TimelineEntry.step_id))
        )
        recorded = {row.step_id: row.number for row in (await connection.execute(entries)).all()}
        shown = select(col(PostedStep.step_id))
        unseen = (
            select(func.count())
            .select_from(Step)
            .join(Run, col(Run.id) == Step.run_id)
            .where(
                col(Step.status) == StepStatus.OPEN,
                col(Run.status) == RunStatus.ACTIVE,
                col(Step.id).not_in(shown),
            )
        )
        unseen_steps = (await connection.execute(unseen)).scalar_one()
        emails = (await connection.execute(select(*EMAIL))).all()
        is_over = or_(col(Step.status) == StepStatus.DONE, col(Step.reason).is_not(None))
        mail_steps = select(col(Step.id)).where(col(Step.kind) == StepKind.EMAIL, is_over)
        to_mail = (await connection.execute(mail_steps)).scalars().all()
    windows = list(_windows(mailed, kills))
    written = Counter(row.step_id for row in emails)
    return Verdict(
        messages=len(accepted),
        mails=len(mailed),
        steps_done=len(done),
        deliveries=len(status),
        windows=[window for window in windows if window is not None],
        mailed_twice=windows.count(None),
        unmailed=sum(row.message_id not in mailed or row.status != EmailStatus.SENT for row in emails),
        unwritten=sum(written[step_id] != 1 for step_id in to_mail),
        unsent=sum(one in {DeliveryStatus.PENDING, DeliveryStatus.LEASED} for one in status.values()),
        failed=sum(one == DeliveryStatus.FAILED for one in status.values()),
        unseen=unseen_steps,
        vanished=sum(key not in accepted for key in known),
        repeated=sum(count > 1 for count in accepted.values()),
        unknown=sum(key not in status for key in accepted),
        undone=len(told - done),
        recorded_wrongly=sum(recorded.get(step_id, 0) != 1 for step_id in done),
        lies=lies,
    )


def _windows(mailed: Mapping[str, Sequence[float]], kills: Sequence[float]) -> Iterator[float | None]:
    """Of each mail that was taken again: the time to the first kill in between, None when there was none."""
    for moments in mailed.values():
        for taken, again in pairwise(moments):
            yield min((kill - taken for kill in kills if taken <= kill <= again), default=None)

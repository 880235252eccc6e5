"""Fast-forward: from one moment at which something is due, or somebody acts, to the next."""

import asyncio
from datetime import datetime
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.clock import FixedClock
from bot.engine.triggers import waiting_for_milestone
from bot.engine.waiting import applies
from bot.errors import PlaycallError
from bot.library.facts import account_facts
from bot.library.library import Library
from bot.models import Account, Milestone, StepStatus, TimelineEntry, TimelineKind
from bot.rehearsal.acting import Act, answer_escalation, draft_words, finish_step, next_act
from bot.rehearsal.assuming import WORDS, Assumptions
from bot.rehearsal.scene import Scene
from bot.rehearsal.telling import tell
from bot.schedule.firing import fire_due, next_due_at
from bot.services import Services
from bot.slack.rehearsal_view import Entry, EntryKind

MOST_MOMENTS = 1_000  # steps that send each other back could go on forever


class Play:
    """A run on the stage, with what is told of it so far. `world` is the library with all the other playbooks."""

    def __init__(
        self, stage: Services, clock: FixedClock, world: Library, scene: Scene, assumptions: Assumptions
    ) -> None:
        self.entries: list[Entry] = []
        self._stage = stage
        self._clock = clock
        self._world = world
        self._scene = scene
        self._assumptions = assumptions
        self._mark = 0  # how far the timeline is told
        self._stuck: set[int] = set()  # steps that could not be completed with what is assumed
        self._sent_back: set[int] = set()  # steps that have sent others back

    async def until(self, end: datetime) -> None:
        await self._tell()
        for _ in range(MOST_MOMENTS):
            due, act = await self._next()
            moment = min((at for at in (due, act and act.at) if at), default=end)
            if moment >= end:
                return
            self._clock.set(max(moment, self._clock.now()))
            if due == moment:
                await fire_due(self._stage, self._clock.now())
            elif act:
                await self._perform(act)
            await self._tell()
            await asyncio.sleep(0)  # others get their turn

    async def _next(self) -> tuple[datetime | None, Act | None]:
        """When something is due next, and what somebody does next."""
        async with self._stage.database.transaction() as session:
            due = await next_due_at(await session.connection())
            act = await next_act(session, self._stage.library, self._scene.run_id, self._assumptions, self._stuck)
        return due, act

    # --- what people do -----------------------------------------------------------------------------------------------

    async def _perform(self, act: Act) -> None:
        library, now = self._stage.library, self._clock.now()
        try:
            async with self._stage.database.transaction() as session:
                if act.escalation_id is not None:
                    await answer_escalation(session, library, act, now)
                    return
                if draft := await draft_words(session, library, act, now):
                    self._note(self._scene.cast.name_of(act.member_id), EntryKind.DRAFTS, draft)
                is_again = act.step_id in self._sent_back
                step = await finish_step(session, library, act, self._assumptions, now, is_again=is_again)
                if step.status is not StepStatus.DONE:
                    self._sent_back.add(act.step_id)
        except PlaycallError as error:
            self._stuck.add(act.step_id)
            self._note(self._scene.cast.name_of(act.member_id), EntryKind.DOES, f"cannot go on: {error.message}")

    # --- what is told of it -------------------------------------------------------------------------------------------

    async def _tell(self) -> None:
        """First what was done, then the messages that came of it."""
        async with self._stage.database.transaction() as session:
            query = select(TimelineEntry).where(col(TimelineEntry.id) > self._mark).order_by(col(TimelineEntry.id))
            for entry in (await session.exec(query)).all():
                self._mark = entry.id
                self._note(self._scene.cast.name_of(entry.actor_id), EntryKind.DOES, _words(entry))
                if entry.kind is TimelineKind.MILESTONE_REACHED:
                    await self._note_started(session)
        self.entries += await tell(self._stage, self._scene.cast, self._mark, self._clock.now())

    async def _note_started(self, session: AsyncSession) -> None:
        """Name what else would start: a rehearsal is of one playbook."""
        now = self._clock.now()
        account = await session.get_one(Account, self._scene.account_id)
        facts = {"account": account_facts(account, now.astimezone(self._scene.cast.zone).date())}
        for milestone in (await session.exec(select(Milestone).where(Milestone.reached_at == now))).all():
            for playbook, condition in waiting_for_milestone(self._world, account, milestone):
                if applies(playbook, condition, facts):
                    words = f"would start “{playbook.title}” now, which is not part of this rehearsal"
                    self._note(self._scene.cast.name_of(None), EntryKind.DOES, words)

    def _note(self, who: str, kind: EntryKind, words: str) -> None:
        self.entries.append(Entry(self._clock.now().astimezone(self._scene.cast.zone), who, kind, words))


def _words(entry: TimelineEntry) -> str:
    answers: dict[str, Any] = entry.details.get("answers") or {}
    told = [f"{key.replace('_', ' ')} {value}" for key, value in answers.items() if value != WORDS]
    if in_words := len(answers) - len(told):
        told.append(f"{in_words} in words")
    return f"{entry.summary}; answers assumed: {', '.join(told)}" if told else entry.summary

"""What a role has to do on all accounts, the most urgent first."""

from datetime import datetime

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.calendars import local_date
from bot.engine.permissions import require_may_see_team
from bot.models import ACTIONABLE, Account, Member, MemberRole, Run, RunStatus, Step
from bot.models.columns import constant
from bot.slack.team_steps import PAGE, TeamStep, TeamSteps


async def load_team_steps(
    session: AsyncSession, role: MemberRole, reader: Actor, now: datetime, page: int = 1
) -> TeamSteps:
    """A page of the open and blocked steps of a role in running playbooks, by due date.

    Those that went to somebody else because nobody has the role there belong to it too. Raises NotAllowed for members
    of other roles.
    """
    require_may_see_team(reader, role)
    today = local_date(now, reader.timezone)
    mine = (
        Step.role == role,
        col(Step.status).in_(ACTIONABLE),
        col(Run.status) == constant(RunStatus.ACTIVE),
    )
    counts = select(func.count(), func.count().filter(col(Step.due_on) < today)).select_from(Step)
    total, overdue = (await session.exec(counts.join(Run, col(Run.id) == Step.run_id).where(*mine))).one()
    query = (
        select(Step, Run.title, Account.name, Member.name)
        .join(Run, col(Run.id) == Step.run_id)
        .join(Account, col(Account.id) == Step.account_id)
        .join(Member, col(Member.id) == Step.assignee_id)
        .where(*mine)
        .order_by(col(Step.due_on), col(Step.id))
        .offset((page - 1) * PAGE)
        .limit(PAGE)
    )
    rows = tuple(
        TeamStep(step.title, account, playbook, assignee, step.due_on, step.status, step.role_missing)
        for step, playbook, account, assignee in (await session.exec(query)).all()
    )
    return TeamSteps(role=role, today=today, rows=rows, total=total, overdue=overdue, page=page)

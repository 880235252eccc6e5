"""Who may do what. Buttons are shown to everyone; these functions decide."""

from collections.abc import Collection, Mapping, Sequence

from bot.engine.actors import Actor
from bot.errors import NotAllowed
from bot.models import Alert, DocumentKind, Escalation, Member, MemberRole, Step

RoleMap = Mapping[MemberRole, int]  # role -> member id, of one account


def may_change_step(actor: Actor, step: Step, roles: RoleMap) -> bool:
    return actor.leads or actor.member_id in {step.assignee_id, roles.get(MemberRole.CSM)}


def require_may_change_step(actor: Actor, step: Step, roles: RoleMap) -> None:
    if not may_change_step(actor, step, roles):
        raise NotAllowed("Only the step's assignee, the account's CSM or a leader can change this step.")


def is_on_account_team(actor: Actor, roles: RoleMap) -> bool:
    return actor.member_id in roles.values()


def may_see_arr(actor: Actor, roles: RoleMap) -> bool:
    """Revenue is shown to the account's team and to leaders."""
    return actor.leads or is_on_account_team(actor, roles)


def require_may_rehearse(actor: Actor, roles: RoleMap) -> None:
    """A rehearsal shows what escalations would say, with the revenue that is at stake."""
    if not may_see_arr(actor, roles):
        raise NotAllowed("Only the account's team or a leader can rehearse a playbook on this account.")


def may_edit_account(actor: Actor, roles: RoleMap) -> bool:
    return actor.leads or is_on_account_team(actor, roles)


def require_may_edit_account(actor: Actor, roles: RoleMap) -> None:
    if not may_edit_account(actor, roles):
        raise NotAllowed("Only the account's team or a leader can change this account.")


def may_run_playbooks(actor: Actor, roles: RoleMap) -> bool:
    return actor.leads or actor.member_id == roles.get(MemberRole.CSM)


def require_may_run_playbooks(actor: Actor, roles: RoleMap) -> None:
    if not may_run_playbooks(actor, roles):
        raise NotAllowed("Only the account's CSM or a leader can start, pause or cancel a playbook here.")


def require_may_see_team(actor: Actor, role: MemberRole) -> None:
    """What a role has to do is for those who have it, and for leaders."""
    if not (actor.leads or actor.role is role):
        words = role.replace("_", " ")
        raise NotAllowed(f"Only members of {words} and leaders see what {words} has to do. Yours: `/playbook team`.")


def may_escalate(actor: Actor, step: Step | None, roles: RoleMap) -> bool:
    """`step` is the one the escalation is about: a colleague who was given it may call for help with it."""
    return actor.leads or is_on_account_team(actor, roles) or (step is not None and step.assignee_id == actor.member_id)


def require_may_escalate(actor: Actor, step: Step | None, roles: RoleMap) -> None:
    if not may_escalate(actor, step, roles):
        raise NotAllowed("Only the account's team or a leader can escalate for this account.")


def may_answer_escalation(actor: Actor, escalation: Escalation, roles: RoleMap, deputies: Collection[int] = ()) -> bool:
    """Whoever has it, had it before it climbed, or stands in for one of these; and the CSM and leaders."""
    asked = {escalation.owner_id, roles.get(escalation.target), roles.get(MemberRole.CSM), *deputies}
    return actor.leads or actor.member_id in asked


def may_acknowledge(actor: Actor, escalation: Escalation, roles: RoleMap, deputies: Collection[int] = ()) -> bool:
    """Taking it stops the clock, so a CSM does not take what they asked of somebody else."""
    asked = {escalation.owner_id, roles.get(escalation.target), *deputies}
    return actor.leads or actor.member_id in asked


def require_may_acknowledge(
    actor: Actor, escalation: Escalation, roles: RoleMap, deputies: Collection[int] = ()
) -> None:
    if not may_acknowledge(actor, escalation, roles, deputies):
        raise NotAllowed("Only who is asked, their deputy or a leader can take this. You can still resolve it.")


def require_may_answer_escalation(
    actor: Actor, escalation: Escalation, roles: RoleMap, deputies: Collection[int] = ()
) -> None:
    if not may_answer_escalation(actor, escalation, roles, deputies):
        raise NotAllowed("Only the escalation's owner, the account's CSM or a leader can answer it.")


def may_answer_alert(actor: Actor, alert: Alert, roles: RoleMap) -> bool:
    return actor.leads or actor.member_id in {alert.member_id, roles.get(MemberRole.CSM)}


def require_may_answer_alert(actor: Actor, alert: Alert, roles: RoleMap) -> None:
    if not may_answer_alert(actor, alert, roles):
        raise NotAllowed("Only the one who is asked, the account's CSM or a leader can answer this alert.")


def require_leads(actor: Actor) -> None:
    if not actor.leads:
        raise NotAllowed("Only a leader can do this. Ask yours.")


def may_decide(actor: Actor, owners: Collection[int]) -> bool:
    """About what belongs to a playbook: `owners` are its journey owner's member ids."""
    return actor.leads or actor.member_id in owners


def require_may_decide(actor: Actor, owners: Sequence[Member], kind: DocumentKind = DocumentKind.PLAYBOOK) -> None:
    """`kind` is what the owners own. Who could decide is said to the one who could not."""
    if not may_decide(actor, {owner.id for owner in owners}):
        names = ", ".join(owner.name for owner in owners[:3])
        raise NotAllowed(f"Only the owner of the {kind} ({names}) or a leader can decide this.")


def require_may_move_run(actor: Actor, roles: RoleMap, owners: Collection[int]) -> None:
    if not (may_run_playbooks(actor, roles) or may_decide(actor, owners)):
        raise NotAllowed("Only the account's CSM, the owner of the playbook or a leader can move this run.")

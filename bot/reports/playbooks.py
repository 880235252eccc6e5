"""Playbooks and overlays as people name them, and what is needed to start a playbook."""

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.errors import NotFound
from bot.library.library import Library
from bot.library.loading import Problem
from bot.library.nearness import nearest as nearest
from bot.library.overlays import Overlay
from bot.library.schema import Playbook
from bot.models import OPEN_RUNS, Contact, Run
from bot.slack.playbook_views import ContactChoice


def find_playbook(library: Library, name: str) -> Playbook:
    """The playbook with this key or title, whether or not it can be started; its version in use, if there is one.

    Raises NotFound with the nearest one.
    """
    wanted = name.strip().casefold()
    playbooks = _known(library)
    for playbook in playbooks.values():
        if _is_called(playbook, wanted):
            return playbook
    if overlay := next((one for one in _known_overlays(library) if _is_called(one, wanted)), None):
        raise NotFound(
            f"`{overlay.key}` is an overlay: it shapes playbooks and cannot be started itself. "
            f"`/playbook diff {overlay.key}` shows what changed in it."
        )
    try:
        return library.playbook(wanted)
    except NotFound as error:
        near = nearest(wanted, playbooks)
        if near is None or any(_is_about(problem, wanted) for problem in library.catalog.problems):
            raise
        raise NotFound(f"There is no playbook `{name[:80]}`. Did you mean `{near}`?") from error


def _known(library: Library) -> dict[str, Playbook]:
    """By key: also those that wait for approval, and those whose file is gone while runs of them may be open."""
    files = library.catalog.playbooks
    return {
        key: playbook
        for key in dict.fromkeys((*files, *library.standing.approved))
        if (playbook := library.approved(key) or files.get(key))
    }


def find_document(library: Library, name: str) -> Playbook | Overlay:
    """The playbook or the overlay with this key or title. Raises NotFound with the nearest one."""
    wanted = name.strip().casefold()
    overlays = _known_overlays(library)
    for overlay in overlays:
        if _is_called(overlay, wanted):
            return overlay
    names = [*_known(library), *(overlay.key for overlay in overlays)]
    near = nearest(wanted, names)
    if near in {overlay.key for overlay in overlays} and library.mistake_in(wanted) is None:
        raise NotFound(f"There is no playbook or overlay `{name[:80]}`. Did you mean `{near}`?")
    return find_playbook(library, name)


def _known_overlays(library: Library) -> list[Overlay]:
    """Also those that wait for approval, and those whose file is gone."""
    keys = dict.fromkeys((*(one.key for one in library.overlay_files.usable), *library.standing.approved))
    found = (library.approved_overlay(key) or library.overlay_files.named(key) for key in keys)
    return [overlay for overlay in found if overlay]


def _is_called(one: Playbook | Overlay, wanted: str) -> bool:
    return wanted in {one.key, one.title.casefold()}


def _is_about(problem: Problem, key: str) -> bool:
    return problem.left_out.endswith(f"/{key}.yaml")


async def load_contact_choices(session: AsyncSession, account_id: int) -> list[ContactChoice]:
    query = select(Contact).where(Contact.account_id == account_id).order_by(col(Contact.name))
    return [ContactChoice(c.id, c.name, c.email) for c in (await session.exec(query)).all()]


async def runs_under_way(session: AsyncSession, account_id: int, playbook_key: str) -> list[Run]:
    query = (
        select(Run)
        .where(Run.account_id == account_id, Run.playbook_key == playbook_key, col(Run.status).in_(OPEN_RUNS))
        .order_by(col(Run.id))
    )
    return list((await session.exec(query)).all())

"""Overlays written for a test."""

from typing import Any

from bot.library.library import Library
from bot.library.overlay_loading import Overlays
from bot.library.overlays import Overlay


def use_overlay(library: Library, **changes: Any) -> Overlay:
    """Put an overlay on `test-play` into the library, as if its file had just been read."""
    base = {"key": "special", "title": "Special", "summary": "For a test.", "playbooks": ["test-play"]}
    overlay = Overlay.model_validate(base | changes)
    others = (other for other in library.overlay_files.usable if other.key != overlay.key)
    library.overlay_files = Overlays((*others, overlay))
    return overlay


def delete_overlay(library: Library, key: str) -> None:
    library.overlay_files = Overlays(tuple(one for one in library.overlay_files.usable if one.key != key))

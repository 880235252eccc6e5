"""Where in the files something was written, as `overlays/low-touch.yaml:14`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.library.loading import Catalog, Problem, line_of, load_yaml, playbook_files
from bot.library.overlay_loading import overlay_files
from bot.library.shaping import HIGH_TOUCH, Source


class Origins:
    """Looks things up in the files of a playbooks directory as they are now; a file is read when it is first asked."""

    def __init__(self, directory: Path, catalog: Catalog) -> None:
        self.directory = directory
        self._catalog = catalog
        self._documents: dict[str, tuple[str, Any]] = {}

    def of(self, source: Source | None) -> str:
        """`overlays/low-touch.yaml:14`; empty for what nobody wrote."""
        if source is None:
            return ""
        if source == HIGH_TOUCH:
            return "high touch never sends by itself"
        if source.document in self._catalog.layouts:
            return str(self._catalog.source(source.document, source.where))
        name, document = self._document(source.document)
        return f"{name}:{line_of(document, source.where)}" if document is not None else name

    def _document(self, key: str) -> tuple[str, Any]:
        if key not in self._documents:
            path = next((path for path in self._files() if path.stem == key), None)
            name = path.relative_to(self.directory).as_posix() if path else f"{key}, which is not there any more"
            document = load_yaml(path, name) if path else None
            self._documents[key] = (name, None if isinstance(document, Problem) else document)
        return self._documents[key]

    def _files(self) -> Iterator[Path]:
        yield from overlay_files(self.directory)
        yield from playbook_files(self.directory)

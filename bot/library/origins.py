"""Where in the files something was written, as `overlays/low-touch.yaml:14`."""

from collections.abc import Iterator
from pathlib import Path

from bot.library.documents import Document, read_document
from bot.library.loading import Catalog, playbook_files
from bot.library.overlay_loading import overlay_files
from bot.library.shaping import HIGH_TOUCH, Source


class Origins:
    """Looks things up in the files of a playbooks directory as they are now; a file is read when it is first asked."""

    def __init__(self, directory: Path, catalog: Catalog) -> None:
        self.directory = directory
        self._catalog = catalog
        self._documents: dict[str, tuple[str, Document | None]] = {}

    def of(self, source: Source | None) -> str:
        """`overlays/low-touch.yaml:14`; empty for what nobody wrote."""
        if source is None:
            return ""
        if source == HIGH_TOUCH:
            return "high touch never sends by itself"
        if source.document in self._catalog.layouts:
            return str(self._catalog.source(source.document, source.where))
        name, document = self._document(source.document)
        return str(document.source(source.where)) if document else name

    def _document(self, key: str) -> tuple[str, Document | None]:
        """What the file that says it is called, and what it holds; None for one that cannot be read."""
        if key not in self._documents:
            path = next((path for path in self._files() if path.stem == key), None)
            name = path.relative_to(self.directory).as_posix() if path else f"{key}, which is not there any more"
            document = read_document(path, name) if path else None
            self._documents[key] = (name, document if isinstance(document, Document) else None)
        return self._documents[key]

    def _files(self) -> Iterator[Path]:
        yield from overlay_files(self.directory)
        yield from playbook_files(self.directory)

"""What the files say: playbooks, overlays, rules, journeys, policies, emails, read anew when one of them changed."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from threading import Lock

from bot.errors import NotFound
from bot.library.advocacy import AdvocacyPolicy, load_advocacy_policy
from bot.library.contacting import ContactingPolicy, load_contacting_policy
from bot.library.contents import Document, document_of
from bot.library.documents import Documents
from bot.library.escalation import EscalationPolicy, load_escalation_policy
from bot.library.guardrails import Guardrails, load_guardrails
from bot.library.health_config import HealthConfig, load_health_config
from bot.library.inbound import Inbound, load_inbound
from bot.library.interruptions import Interruptions, load_interruptions
from bot.library.journey_files import load_journeys, table_problems, without_unknown_stages
from bot.library.journeys import Journey
from bot.library.loading import Catalog, load_catalog, read_one, with_last_good
from bot.library.metric_names import without_unknown_metrics
from bot.library.metrics import Metrics, load_metrics
from bot.library.overlay_loading import Overlays, load_overlays
from bot.library.rendering import EmailTemplates
from bot.library.rule_files import Known, RuleBook, load_rules
from bot.library.schema import Playbook
from bot.library.segments import Segments, load_segments
from bot.library.stages import Stages, load_stages
from bot.library.watching import TreeStamp, stamp_of
from bot.settings import ROOT


class Files:
    """The loaded files of a playbooks directory, and the emails they name."""

    def __init__(self, directory: Path, templates_directory: Path = ROOT / "templates") -> None:
        self.directory = directory
        self.emails = EmailTemplates(templates_directory)
        self.catalog = Catalog()
        self.escalation_policy = EscalationPolicy()
        self.health_config = HealthConfig()
        self.stages = Stages()
        self.segments = Segments()
        self.journeys: Mapping[str, Journey] = {}
        self.advocacy_policy = AdvocacyPolicy()
        self.contacting_policy = ContactingPolicy()
        self.guardrails = Guardrails()
        self.interruptions = Interruptions()
        self.metrics = Metrics()
        self.inbound: Mapping[str, Inbound] = {}
        self.rule_book = RuleBook()
        self.overlay_files = Overlays()
        self._read_files = Documents()
        self._stamp: TreeStamp | None = None
        self._loading = Lock()  # a process may look for changes from more than one of its parts
        self._documents: tuple[Catalog, Overlays, Mapping[str, Document]] | None = None

    def load(self) -> Catalog:
        """Read the files anew: playbooks, overlays, journeys, emails and the names in them, each only when it changed.

        A playbook whose file was in order before, and is not now, stays as it was, and its mistake is reported. Raises
        ConfigurationError for a mistake in another file; what was read of that one before stays in use.
        """
        self._stamp = stamp_of(self.directory, self.emails.directory)
        self.stages, self.segments = load_stages(self.directory), load_segments(self.directory)
        self.emails = EmailTemplates(self.emails.directory, tuple(self.segments.titles))
        loaded = with_last_good(load_catalog(self.directory, self.emails, self._read_files), self.catalog)
        self.metrics = load_metrics(self.directory)
        catalog = without_unknown_metrics(without_unknown_stages(loaded, self.stages), self.metrics)
        self.overlay_files = load_overlays(self.directory, catalog, self.emails)
        found = load_journeys(self.directory, self.stages, catalog.playbooks)
        self.journeys = found.journeys
        table = table_problems(self.directory, self.segments, self.journeys)
        inbound = load_inbound(self.directory, self.metrics)
        self.inbound = inbound.mappings
        problems = (*catalog.problems, *self.overlay_files.problems, *found.problems, *table, *inbound.problems)
        self.catalog = replace(catalog, problems=problems)
        self.escalation_policy = load_escalation_policy(self.directory)
        self.health_config = load_health_config(self.directory, tuple(self.segments.titles), self.metrics)
        self.advocacy_policy = load_advocacy_policy(self.directory)
        self.contacting_policy = load_contacting_policy(self.directory)
        self.guardrails = load_guardrails(self.directory, self.catalog)
        self.interruptions = load_interruptions(self.directory)
        self.rule_book = load_rules(self.directory, self.names_for_rules, self._read_files)
        self.catalog = replace(self.catalog, problems=(*self.catalog.problems, *self.rule_book.problems))
        return self.catalog

    @property
    def names_for_rules(self) -> Known:
        """What rules may name of the other files."""
        overlays = [overlay.key for overlay in self.overlay_files.usable]
        segments, stages = self.segments.titles, self.stages.titles
        return Known(self.catalog, self.metrics, stages, segments, self.journeys, overlays)

    def reload_if_changed(self) -> bool:
        """Load again when a file was changed, added or deleted since; whether that was so.

        Looking costs one stat for each file, so it may be done every few seconds; it blocks, so do it in a thread.
        Raises what `load` raises, once for each change.
        """
        with self._loading:
            if stamp_of(self.directory, self.emails.directory) == self._stamp:
                return False
            self.load()
            return True

    @property
    def documents(self) -> Mapping[str, Document]:
        """What the files of playbooks and overlays say now, by key. Broken files are not among them."""
        kept = self._documents
        if kept is None or kept[0] is not self.catalog or kept[1] is not self.overlay_files:
            read = [one for key, one in self.catalog.playbooks.items() if key not in self.catalog.kept]
            found = {
                **{playbook.key: document_of(playbook) for playbook in read},
                **{overlay.key: document_of(overlay) for overlay in self.overlay_files.usable},
            }
            self._documents = kept = (self.catalog, self.overlay_files, found)
        return kept[2]

    def read_playbook(self, path: Path) -> Playbook:
        """The playbook in a file that need not be among the library's. Raises NotFound or InvalidInput."""
        if not path.is_file():
            raise NotFound(f"There is no file {path}.")
        return read_one(path, self.catalog.groups, self.emails)

    def has_file(self, key: str) -> bool:
        """Whether there is a file of a playbook or an overlay with this name; it may be broken."""
        is_read = key in self.catalog.playbooks or self.overlay_files.named(key) is not None
        return is_read or self.mistake_in(key) is not None

    def mistake_in(self, key: str) -> str | None:
        """What is wrong with the file of this name, if anything is."""
        return next((str(p) for p in self.catalog.problems if Path(p.left_out).stem == key), None)

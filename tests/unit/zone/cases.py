"""The cases of dns-cases.yaml: objects, the way the zone is served, a question and CoreDNS's exact answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

from kheadless_tui.model.manifests import objects_from
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.zone.record import Answer, Question, Record
from kheadless_tui.zone.serving.config import ZoneConfig
from kheadless_tui.zone.serving.corefile import parse
from kheadless_tui.zone.serving.plugin_chain import zone_config

_FILE = Path(__file__).parent.parent / "data" / "dns-cases.yaml"


class Case(msgspec.Struct, kw_only=True):
    """One case, as the head of the file describes it."""

    id: str
    title: str
    fixtures: list[str]
    query: dict[str, str]
    expect: dict[str, Any]
    zones: list[str] = msgspec.field(default_factory=lambda: ["cluster.local"])
    options: list[str] = msgspec.field(default_factory=list)
    local_ips: list[str] = msgspec.field(default_factory=list, name="localIPs")
    not_synced: bool = msgspec.field(default=False, name="notSynced")
    upstream: list[dict[str, Any]] = msgspec.field(default_factory=list)

    @property
    def question(self) -> Question:
        return Question(self.query["name"], self.query["type"])

    def snapshot(self) -> Snapshot:
        objects = [item for name in self.fixtures for document in _fixtures()[name]
                   for item in objects_from(document, self.id)]  # fmt: skip
        return Snapshot.of(objects, namespaces_known=True)

    def config(self) -> ZoneConfig:
        """Read from a Corefile, so that the cases go the whole way; all may transfer."""
        lines = "\n".join(f"    {option}" for option in self.options)
        text = f".:53 {{\n  kubernetes {' '.join(self.zones)} {{\n{lines}\n  }}\n  transfer {{\n    to *\n  }}\n}}\n"
        config = zone_config(parse(text, self.id), self.id)
        return msgspec.structs.replace(config, local_addresses=tuple(self.local_ips))

    def ask_upstream(self) -> Callable[[Question], Answer | None]:
        known = {(entry["name"], entry["type"]): entry for entry in self.upstream}

        def ask(question: Question) -> Answer | None:
            entry = known.get((question.name, question.type))
            if entry is None:
                return None
            answer = tuple(record(line) for line in entry.get("answer", ()))
            return Answer(question, entry.get("rcode", "NOERROR"), answer=answer)

        return ask


def record(line: str) -> Record:
    """A record as dig writes it."""
    name, ttl, _, kind, data = line.split(None, 4)
    return Record(name, int(ttl), kind, data)


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = yaml.load(_FILE.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return document


def _fixtures() -> dict[str, list[object]]:
    return {name: fixture["objects"] for name, fixture in _document()["fixtures"].items()}


def cases() -> list[Case]:
    """All cases of the file."""
    return msgspec.convert(_document()["cases"], list[Case])


def sizes() -> list[dict[str, int]]:
    """How many A records fit into replies."""
    found: list[dict[str, int]] = _document()["sizes"]
    return found

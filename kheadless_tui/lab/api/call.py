"""One request for a resource, and the answers that are made of objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web

from kheadless_tui.lab.api import tables
from kheadless_tui.lab.api.request.bodies import json_reply
from kheadless_tui.lab.api.request.managed_fields import Manager, manager_of
from kheadless_tui.lab.api.request.paths import Target, warnings_of
from kheadless_tui.lab.objects.resources import Resource
from kheadless_tui.lab.objects.store import Object


@dataclass(frozen=True, slots=True)
class Call:
    """One request for a resource."""

    request: web.BaseRequest
    target: Target
    resource: Resource
    verb: str
    warnings: list[str] = field(default_factory=list)
    """What the answer will warn of."""

    @property
    def query(self) -> Mapping[str, str]:
        """Parameters, the first of each name."""
        return self.request.query

    @property
    def dry_run(self) -> bool:
        """Whether nothing may be stored."""
        return self.query.get("dryRun") == "All"

    @property
    def namespace(self) -> str:
        """Of the object; empty when its kind has none."""
        return self.target.namespace if self.resource.namespaced else ""

    @property
    def validation(self) -> str:
        """What becomes of unknown fields."""
        return self.query.get("fieldValidation") or "Warn"

    @property
    def manager(self) -> Manager:
        """Who owns the fields that this request writes."""
        agent = self.request.headers.get("User-Agent", "")
        return manager_of(self.query.get("fieldManager", ""), agent, self.target.subresource)

    @property
    def as_table(self) -> bool:
        """Whether the client wants rows to print."""
        return tables.MEDIA_TYPE in self.request.headers.get("Accept", "") and not self.target.subresource

    @property
    def as_metadata(self) -> bool:
        """Whether the client wants nothing but metadata."""
        return "as=PartialObjectMetadata" in self.request.headers.get("Accept", "")

    def one(self, item: Object, now: float, *, status: int = 200) -> web.Response:
        """The answer that is one object."""
        if self.as_table:
            metadata = {"resourceVersion": item["metadata"].get("resourceVersion", "")}
            shown = tables.table(self.resource, [item], metadata, now, include=self.query.get("includeObject", ""))
            return self.json(shown, status=status)
        if self.as_metadata:
            item = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": item["metadata"]}
        return self.json(item, status=status)

    def json(self, document: object, *, status: int = 200) -> web.Response:
        """The answer that is some document."""
        warnings = warnings_of(self.request.path)
        return json_reply(self.request, document, status=status, warnings=[*warnings, *self.warnings])

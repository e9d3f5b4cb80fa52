"""Which kubeconfig, which context: the files are found and merged as kubectl does it (client-go tools/clientcmd)."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kheadless_tui.errors import InputError, UsageError

DEFAULT_KUBECONFIG = "~/.kube/config"
"""Read when neither ``--kubeconfig`` nor KUBECONFIG names a file (clientcmd RecommendedHomeFile)."""


@dataclass(frozen=True, slots=True)
class Section:
    """The body of a cluster or a user entry and the file that it came from."""

    name: str
    body: Mapping[str, Any]
    file: str

    def text(self, field: str) -> str:
        """A field as text; empty when it is absent or null."""
        value = self.body.get(field)
        if value is None:
            return ""
        if isinstance(value, (dict, list)):
            raise InputError(f"{field} of {self.name!r} must be text", where=self.file)
        return str(value)

    def path(self, field: str) -> str:
        """A field that names a file: relative to the kubeconfig that it stands in (clientcmd ResolvePaths)."""
        value = self.text(field)
        return os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(self.file)), value)) if value else ""

    def content(self, field: str) -> tuple[bytes, str]:
        """What the file holds that a field names, or the field with ``-data`` in base64; and where that stands.

        The latter takes precedence, as in client-go.
        """
        data = self.text(f"{field}-data")
        if data:
            try:
                return base64.b64decode(data, validate=True), self.file
            except binascii.Error as error:
                raise InputError(f"{field}-data of {self.name!r} is not base64", where=self.file) from error
        path = self.path(field)
        if not path:
            return b"", self.file
        try:
            return Path(path).read_bytes(), path
        except OSError as error:
            said = f"{field} {path} of {self.name!r} cannot be read: {error.strerror}"
            raise InputError(said, where=self.file) from error

    def flag(self, field: str) -> bool:
        """A field that is true or false; absent is false."""
        value = self.body.get(field)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise InputError(f"{field} of {self.name!r} must be true or false, found {value!r}", where=self.file)
        return value


@dataclass(frozen=True, slots=True)
class Chosen:
    """The context in use, with what it points at."""

    context: str
    namespace: str
    """Empty when the context sets none."""
    cluster: Section
    user: Section
    """With an empty body when the context names no user."""


@dataclass(frozen=True, slots=True)
class ContextEntry:
    """One context of the kubeconfig, as it is chosen from a list."""

    name: str
    cluster: str
    user: str
    namespace: str
    """Empty when the context sets none."""
    current: bool


def contexts(kubeconfig: str | None = None, environ: Mapping[str, str] | None = None) -> list[ContextEntry]:
    """All contexts in the order of the files, read anew; none where there is no kubeconfig.

    Blocks (it reads files): call it by ``asyncio.to_thread``.

    Args:
        kubeconfig: One file, from ``--kubeconfig``; else KUBECONFIG, else ``~/.kube/config``.
        environ: The environment; that of the process by default.

    Raises:
        InputError: a file cannot be read, is not YAML or not a kubeconfig.
    """
    files = files_to_read(kubeconfig, os.environ if environ is None else environ)
    configs = _read(files)
    current = _current_context(configs)
    bodies = [_body(entry, "context") for entry in _sections(configs, "contexts").values()]
    return [
        ContextEntry(body.name, body.text("cluster"), body.text("user"), body.text("namespace"), body.name == current)
        for body in bodies
    ]


def files_to_read(kubeconfig: str | None, environ: Mapping[str, str]) -> list[str]:
    """The kubeconfig files that exist, in order of precedence.

    Raises:
        InputError: ``--kubeconfig`` names a file that is not there (kubectl refuses that too, while files that
            KUBECONFIG lists may be missing).
    """
    if kubeconfig:
        if not Path(kubeconfig).expanduser().exists():
            raise InputError("there is no such kubeconfig file", where=kubeconfig)
        return [os.path.expanduser(kubeconfig)]
    return [path for path in _named(environ) if os.path.exists(path)]


def where_looked(environ: Mapping[str, str]) -> str:
    """What was looked for, for the message that nothing was found."""
    names = ", ".join(_named(environ))
    return f"{names} (from KUBECONFIG)" if environ.get("KUBECONFIG") else names


def _named(environ: Mapping[str, str]) -> list[str]:
    listed = [path for path in environ.get("KUBECONFIG", "").split(os.pathsep) if path]
    return [os.path.expanduser(path) for path in listed or [DEFAULT_KUBECONFIG]]


def choose(files: list[str], context: str | None) -> Chosen | None:
    """Merge the files and pick the context; ``None`` when they hold nothing at all.

    Raises:
        InputError: a file cannot be read, is not YAML or not a kubeconfig, or points at an entry that is missing.
        UsageError: the context asked for is not there, or none was asked for and there is no current one.
    """
    configs = _read(files)
    if not configs:
        return None
    contexts = _sections(configs, "contexts")
    name = context or _current_context(configs)
    if not name and not contexts:
        return None
    if not name:
        raise UsageError("the kubeconfig has no current context", hint=f"--context, one of: {_listed(contexts)}")
    if name not in contexts:
        raise UsageError(
            f"there is no context {name!r} in {', '.join(files)}", hint=f"the contexts are: {_listed(contexts)}"
        )
    entry = _body(contexts[name], "context")
    user = entry.text("user")
    return Chosen(
        context=name,
        namespace=entry.text("namespace"),
        cluster=_pointed_at(configs, "cluster", entry.text("cluster"), entry),
        user=_pointed_at(configs, "user", user, entry) if user else Section("", {}, entry.file),
    )


def _read(files: list[str]) -> dict[str, dict[str, Any]]:
    """What the files hold, by their paths in order of precedence; an empty one counts as not there, as for kubectl.

    Read by ourselves: the kubernetes package takes 0.15 s to import, which is a tenth of a start.
    """
    for path in files:
        if Path(path).is_dir():
            raise InputError("is a directory, expected a kubeconfig file", where=path)
    return {path: _load(path) for path in files if os.path.getsize(path)}


def _load(path: str) -> dict[str, Any]:
    import yaml  # noqa: PLC0415 - lazy start-up

    hint = "kubectl config view --kubeconfig " + path
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        config: dict[str, Any] = yaml.load(Path(path).read_bytes(), Loader=loader)  # noqa: S506 - a safe one
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=path) from error
    except UnicodeDecodeError as error:
        raise InputError("is not text, expected a kubeconfig in YAML", where=path) from error
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise InputError(f"is not YAML: {error.problem}", where=f"{path}{line}", hint=hint) from error
    except yaml.YAMLError as error:
        raise InputError("is not YAML", where=path, hint=hint) from error
    if not _is_kubeconfig(config):
        raise InputError(
            "is no kubeconfig: expected clusters, contexts and users, each a list of entries with a name",
            where=path,
            hint=hint,
        )
    return config


def _is_kubeconfig(config: object) -> bool:
    if not isinstance(config, dict):
        return False
    for kind in ("clusters", "contexts", "users"):
        entries = config.get(kind) or []
        if not isinstance(entries, list) or not all(isinstance(each, dict) and "name" in each for each in entries):
            return False
    return True


def _current_context(configs: Mapping[str, dict[str, Any]]) -> str:
    """That of the first file that sets one (clientcmd Load: "the first file to set a value wins")."""
    return next((str(config["current-context"]) for config in configs.values() if config.get("current-context")), "")


def _sections(configs: Mapping[str, dict[str, Any]], kind: str) -> dict[str, Section]:
    """The entries of a kind by their names; of two with one name that of the first file, as for all that is merged."""
    found: dict[str, Section] = {}
    for path, config in configs.items():
        for entry in config.get(kind) or ():
            name = str(entry["name"])
            found.setdefault(name, Section(name, entry, path))
    return found


def _body(entry: Section, field: str) -> Section:
    body = entry.body.get(field)
    if body is None:
        body = {}
    if not isinstance(body, dict):
        raise InputError(f"{field} {entry.name!r} must be a mapping", where=entry.file)
    return Section(entry.name, body, entry.file)


def _pointed_at(configs: Mapping[str, dict[str, Any]], kind: str, name: str, context: Section) -> Section:
    found = _sections(configs, f"{kind}s")
    if name not in found:
        said = f": there is no {kind} {name!r}" if name else f" names no {kind}"
        raise InputError(f"context {context.name!r}{said}", where=context.file)
    return _body(found[name], kind)


def _listed(contexts: Mapping[str, Section]) -> str:
    return ", ".join(sorted(contexts)) or "none"

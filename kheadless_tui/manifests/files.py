"""Files of manifests: reads YAML and JSON from paths and standard input, and tells where each mistake is."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import NamedTuple

from kheadless_tui.errors import InputError
from kheadless_tui.manifests import json_stream, kubernetes_yaml
from kheadless_tui.model.manifests import FieldError, objects_from
from kheadless_tui.model.manifests import Path as FieldPath
from kheadless_tui.model.objects import KubeObject
from kheadless_tui.model.snapshot import Snapshot

STDIN = "-"
"""The path that stands for standard input."""
MAX_BYTES = 512 << 20
"""The largest input that is read; all Services and slices of a big cluster are a fifth of it."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass
class FileInput:
    """What was read."""

    objects: list[KubeObject] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    """How many objects of kinds that we do not read."""

    @cached_property
    def snapshot(self) -> Snapshot:
        """The objects as a snapshot; which namespaces exist beyond theirs is not known."""
        return Snapshot.of(self.objects)


def read_files(paths: Sequence[str], *, namespace: str = "default") -> FileInput:
    """Read manifests.

    Args:
        paths: files, ``-`` for standard input.
        namespace: for objects of namespaced kinds that name none, as kubectl would apply them.

    Raises:
        InputError: ``FILE:LINE: what was expected, what was found``.
    """
    given = FileInput()
    for path in paths:
        where = "standard input" if path == STDIN else path
        text = _text(_bytes(path, where), where)
        before = len(given.objects) + given.skipped.total()
        for document in _documents(text, where):
            try:
                given.objects += objects_from(document.value, "", namespace=namespace, skipped=given.skipped)
            except FieldError as error:
                raise InputError(error.bare, where=f"{where}:{document.line_of(error.path)}") from None
        if len(given.objects) + given.skipped.total() == before:
            raise InputError("expected Kubernetes objects, found none", where=where)
    return given


class _Document(NamedTuple):
    value: object
    line_of: Callable[[FieldPath], int]


def _documents(text: str, where: str) -> Iterator[_Document]:
    if text.lstrip()[:1] == "{":
        found = json_stream.documents(text)
        if found is not None:
            yield from (_Document(value, partial(json_stream.line_of, text, start)) for value, start in found)
            return
    for number, value in enumerate(kubernetes_yaml.documents(text, where)):
        yield _Document(value, partial(kubernetes_yaml.line_of, text, number))


def _bytes(path: str, where: str) -> bytes:
    try:
        if path == STDIN:
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with Path(path).open("rb") as file:
                data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise InputError("expected a file, found nothing of that name", where=where) from None
    except IsADirectoryError:
        hint = "Name the files in it, each with its own -f."
        raise InputError("expected a file, found a directory", where=where, hint=hint) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(f"cannot be read: {reason}", where=where) from None
    if len(data) > MAX_BYTES:
        raise InputError(f"expected at most {MAX_BYTES >> 20} MiB, found more", where=where)
    return data


def _text(data: bytes, where: str) -> str:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError("expected text in UTF-8, found other bytes", where=f"{where}:{line}") from None
    odd = _CONTROL.search(text)
    if odd is not None:
        line = text.count("\n", 0, odd.start()) + 1
        raise InputError(f"expected text, found the control character {ord(odd[0]):#04x}", where=f"{where}:{line}")
    if not text.strip():
        raise InputError("expected Kubernetes objects, found an empty file", where=where)
    return text

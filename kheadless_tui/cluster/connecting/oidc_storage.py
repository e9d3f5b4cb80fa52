"""Where the tokens of an ``auth-provider: oidc`` are kept: with their user, in the kubeconfig, for kubectl and for us.

An issuer may take a refresh-token once only, so who renews has to leave the new one where the next program looks for
it. Written as client-go writes it (tools/clientcmd, ModifyConfig): under FILE.lock, which is made by whoever writes and
is an error for everyone else. Beyond that, nothing else in the file changes, not even a comment, and a reader sees the
old file or the new one whole.

All of it blocks: call it by ``asyncio.to_thread``.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from kheadless_tui.errors import InputError

if TYPE_CHECKING:
    import yaml

ID_TOKEN, REFRESH_TOKEN = "id-token", "refresh-token"

PLACE = ("user", "auth-provider", "config")
"""Where in the entry of a user the tokens stand."""


@dataclass(frozen=True, slots=True)
class StoredTokens:
    """What the kubeconfig holds of a user."""

    id_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class OidcStorage:
    """The tokens of one user."""

    file: str
    """The kubeconfig as it was named; a link is followed, but it is the link that is locked, as kubectl does it."""
    user: str

    def read(self) -> StoredTokens:
        """The tokens as the file has them now.

        Raises:
            OSError, InputError: they cannot be read.
        """
        return _tokens(_parsed(_read(self.file), self.file), self.user, self.file)

    def write(self, tokens: StoredTokens, instead_of: str) -> None:
        """Put these in the place of the tokens of which the refresh-token is that one.

        When the file has another one by now, its user has logged in again, and nothing is written.

        Raises:
            FileExistsError: another program is writing the file now.
            OSError, InputError: it cannot be written.
        """
        with _locked(self.file):
            text = _read(self.file)
            if _tokens(_parsed(text, self.file), self.user, self.file).refresh_token != instead_of:
                return
            values = {ID_TOKEN: tokens.id_token, REFRESH_TOKEN: tokens.refresh_token}
            _replace(os.path.realpath(self.file), with_values(text, self.user, values, self.file))


def with_values(text: str, user: str, values: Mapping[str, str], file: str = "") -> str:
    """The text of a kubeconfig with these values in the ``auth-provider.config`` of a user, and otherwise the same.

    Raises:
        InputError: the file has no such user, or is written so that a value cannot be changed alone (an alias).
    """
    import yaml  # noqa: PLC0415 - lazy start-up

    expected = _parsed(text, file)
    _config(expected, user, file).update(values)
    edits = _edits(text, _config_node(yaml.compose(text, yaml.SafeLoader), user, file), values)
    for start, end, put in sorted(edits, reverse=True):
        text = text[:start] + put + text[end:]
    try:
        same = _parsed(text, file) == expected
    except InputError:
        same = False
    if not same:
        raise InputError(f"the tokens of user {user!r} cannot be changed without changing more", where=file)
    return text


def _edits(text: str, config: yaml.MappingNode, values: Mapping[str, str]) -> Iterator[tuple[int, int, str]]:
    """From where to where something else is put."""
    present = {key.value: value for key, value in config.value}
    for name, value in values.items():
        quoted = json.dumps(value)  # which is YAML too
        if name in present:
            start, end = present[name].start_mark.index, present[name].end_mark.index
            # A value that is left out stands right behind its colon; a block of lines ends with a line's end.
            yield start, end, " " * (start == end) + quoted + "\n" * text[start:end].endswith("\n")
        else:
            first = config.value[0][0].start_mark
            behind = ", " if config.flow_style else "\n" + " " * first.column
            yield first.index, first.index, f'"{name}": {quoted}{behind}'


def _config_node(root: Any, user: str, file: str) -> yaml.MappingNode:
    """The node of what :func:`_config` gives."""
    import yaml  # noqa: PLC0415 - lazy start-up

    def child(node: yaml.Node, key: str) -> yaml.Node:
        pairs = node.value if isinstance(node, yaml.MappingNode) else ()
        for name, value in pairs:
            if name.value == key:
                return cast("yaml.Node", value)
        raise InputError(f"{key} is not written where it belongs", where=file)

    for entry in reversed(child(root, "users").value):
        if child(entry, "name").value == user:
            for key in PLACE:
                entry = child(entry, key)
            if isinstance(entry, yaml.MappingNode):
                return entry
    raise InputError(f"there is no user {user!r} with an auth-provider and its config", where=file)


def _parsed(text: str, file: str) -> Any:
    import yaml  # noqa: PLC0415 - lazy start-up

    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        raise InputError("is not YAML", where=file) from error


def _config(parsed: Any, user: str, file: str) -> dict[str, Any]:
    """``auth-provider.config`` of a user; of several with the same name the last one, as we read it."""
    try:
        body = next(entry for entry in reversed(parsed["users"]) if str(entry["name"]) == user)
        for key in PLACE:
            body = body[key]
    except (TypeError, KeyError, StopIteration) as error:
        raise InputError(f"there is no user {user!r} with an auth-provider and its config", where=file) from error
    if not isinstance(body, dict) or not body:
        raise InputError(f"auth-provider.config of user {user!r} is no mapping", where=file)
    return body


def _tokens(parsed: Any, user: str, file: str) -> StoredTokens:
    config = _config(parsed, user, file)
    return StoredTokens(str(config.get(ID_TOKEN) or ""), str(config.get(REFRESH_TOKEN) or ""))


def _read(file: str) -> str:
    with open(file, "rb") as opened:
        content = opened.read()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError("is not text in UTF-8", where=file) from error


@contextlib.contextmanager
def _locked(file: str) -> Iterator[None]:
    lock = f"{file}.lock"
    os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0))
    try:
        yield
    finally:
        os.unlink(lock)


def _replace(path: str, text: str) -> None:
    """Put a new file in the place of this one, with its owner and its permissions.

    Raises:
        OSError: it cannot be written, or says that it is not to be.
    """
    before = os.stat(path)
    if not before.st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) or not os.access(path, os.W_OK):
        raise PermissionError(0, "it is read-only", path)
    descriptor, new = tempfile.mkstemp(prefix=f".{os.path.basename(path)}.", dir=os.path.dirname(path))  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            after = os.fstat(file.fileno())
            if (after.st_uid, after.st_gid) != (before.st_uid, before.st_gid):
                os.fchown(file.fileno(), before.st_uid, before.st_gid)
            os.fchmod(file.fileno(), stat.S_IMODE(before.st_mode))
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
    except BaseException:
        os.unlink(new)
        raise

"""Credential plug-ins (``user.exec`` of a kubeconfig): run off our terminal, bounded in time, their words shown.

The protocol is client.authentication.k8s.io/v1 and v1beta1. The kubernetes package would hand the plug-in our
terminal, run it once for each caller, and go on without credentials when it fails; so it is run here.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

import msgspec

from kheadless_tui.cluster.connecting.credentials import Credential
from kheadless_tui.cluster.connecting.tls import ClientCertificate
from kheadless_tui.errors import InputError, NotAuthenticated

PLUGIN_TIMEOUT = 60.0
"""Seconds a plug-in may take: a login through an open browser fits in, a forgotten one does not block."""

KILLED_WITHIN = 0.1
"""Seconds that are waited for a killed plug-in to be gone."""

LAST_LINES = 3
"""Lines of a plug-in's stderr that are shown when it fails; the reason stands at the end."""

INTERACTIVE_MODES = (None, "", "Never", "IfAvailable", "Always")
"""What ``interactiveMode`` may be; all but the last let the plug-in run without a terminal."""

API_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")


class _Status(msgspec.Struct, rename="camel"):
    token: str | None = None
    client_certificate_data: str | None = None
    client_key_data: str | None = None
    expiration_timestamp: str | None = None


class _ExecCredential(msgspec.Struct, rename="camel"):
    api_version: str = ""
    kind: str = ""
    status: _Status | None = None


@dataclass(frozen=True, slots=True)
class PluginSource:
    """One ``exec`` entry of a kubeconfig."""

    command: str
    arguments: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    """Set in addition to our own environment."""
    api_version: str = API_VERSIONS[0]
    cluster: Mapping[str, Any] | None = None
    """What the plug-in is told of the cluster, when it asks for it (``provideClusterInfo``)."""
    install_hint: str = ""
    needs_terminal: bool = False
    """``interactiveMode: Always``."""
    timeout: float = PLUGIN_TIMEOUT
    cheap: ClassVar[bool] = False

    @property
    def awaited(self) -> str:
        """``gke-gcloud-auth-plugin (exec plug-in)``."""
        return f"{os.path.basename(self.command)} (exec plug-in)"

    @classmethod
    def from_config(cls, config: Any, file: str, cluster: Mapping[str, Any]) -> PluginSource:
        """Read the ``exec`` mapping of a user.

        Raises:
            InputError: a field is missing or has the wrong type.
        """
        if not isinstance(config, dict) or not isinstance(config.get("command"), str) or not config["command"]:
            raise InputError("the user's exec must be a mapping with a command", where=file)
        version = config.get("apiVersion")
        if version not in API_VERSIONS:
            raise InputError(f"the user's exec has apiVersion {version!r}, expected {API_VERSIONS[0]}", where=file)
        mode = config.get("interactiveMode")
        if mode not in INTERACTIVE_MODES:
            known = ", ".join(filter(None, INTERACTIVE_MODES))
            raise InputError(f"the user's exec has interactiveMode {mode!r}, expected one of {known}", where=file)
        try:
            environment = {str(item["name"]): str(item["value"]) for item in config.get("env") or ()}
            arguments = tuple(str(word) for word in config.get("args") or ())
        except (TypeError, KeyError) as error:
            raise InputError("the user's exec has args or env of a wrong form", where=file) from error
        command = config["command"]
        if os.path.dirname(command) and not os.path.isabs(command):
            command = os.path.join(os.path.dirname(os.path.abspath(file)), command)
        return cls(
            command,
            arguments,
            environment,
            version,
            cluster if config.get("provideClusterInfo") else None,
            str(config.get("installHint") or "").strip(),
            mode == "Always",
        )

    async def obtain(self) -> Credential:
        """Run the plug-in and take what it gives.

        Raises:
            NotAuthenticated: it is missing, failed, took too long or gave nothing usable; with its last lines.
        """
        if self.needs_terminal:
            raise NotAuthenticated(
                f"the credential plug-in {self.command} wants a terminal of its own (interactiveMode: Always)",
                hint="log in by it once in a terminal (kubectl get --raw /version), then set interactiveMode: "
                "IfAvailable in the kubeconfig: with that it is run without a terminal",
            )
        code, out, err = await self._run()
        if code != 0:
            raise NotAuthenticated(
                f"the credential plug-in {self.command} failed (exit status {code}){_words(err)}", hint=self._hint()
            )
        return self._read(out)

    async def _run(self) -> tuple[int, bytes, bytes]:
        info = {"apiVersion": self.api_version, "kind": "ExecCredential", "spec": {"interactive": False}}
        if self.cluster is not None:
            info["spec"] = {"interactive": False, "cluster": dict(self.cluster)}
        environment = {**os.environ, **self.environment}
        environment["KUBERNETES_EXEC_INFO"] = msgspec.json.encode(info).decode()
        try:
            process = await asyncio.create_subprocess_exec(
                self.command,
                *self.arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=environment,
                start_new_session=True,  # no controlling terminal: it cannot open /dev/tty and draw over the screen
            )
        except OSError as error:
            raise NotAuthenticated(
                f"the credential plug-in {self.command} cannot be run: {error.strerror}",
                hint=self.install_hint or "install it, or put it on the PATH",
            ) from error
        # Read in tasks of our own, so that what it said is still there when its time is up.
        assert process.stdout is not None
        assert process.stderr is not None
        out, err = bytearray(), bytearray()
        pumps = asyncio.gather(_pump(process.stdout, out), _pump(process.stderr, err), process.wait())
        try:
            async with asyncio.timeout(self.timeout):
                await pumps
        except TimeoutError as error:
            raise NotAuthenticated(
                f"the credential plug-in {self.command} gave nothing in {self.timeout:.0f} s{_words(bytes(err))}",
                hint=self._hint(),
            ) from error
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(KILLED_WITHIN):
                        await process.wait()
        return process.returncode or 0, bytes(out), bytes(err)

    def _read(self, out: bytes) -> Credential:
        try:
            given = msgspec.json.decode(out, type=_ExecCredential)
        except msgspec.DecodeError as error:
            raise self._unusable("what it printed is no ExecCredential in JSON") from error
        if given.api_version != self.api_version:
            raise self._unusable(f"it answered in apiVersion {given.api_version!r}, not {self.api_version}")
        status = given.status or _Status()
        certificate = None
        if status.client_certificate_data and status.client_key_data:
            certificate = ClientCertificate(
                status.client_certificate_data.encode(), status.client_key_data.encode(), self.command
            )
        elif status.client_certificate_data or status.client_key_data:
            raise self._unusable("it gave a certificate without its key, or a key without its certificate")
        elif not status.token:
            raise self._unusable("it gave neither a token nor a certificate")
        header = f"Bearer {status.token}" if status.token else ""
        return Credential(header, certificate, self._expiry(status.expiration_timestamp))

    def _expiry(self, text: str | None) -> float | None:
        if not text:
            return None
        try:
            expires = datetime.fromisoformat(text)
        except ValueError as error:
            raise self._unusable(f"its expirationTimestamp {text!r} is no time") from error
        if expires.timestamp() <= time.time():
            raise self._unusable(f"its credential expired at {text}")
        return expires.timestamp()

    def _unusable(self, why: str) -> NotAuthenticated:
        return NotAuthenticated(f"the credential plug-in {self.command} is of no use: {why}", hint=self._hint())

    def _hint(self) -> str:
        return f"run it in a terminal: {shlex.join([self.command, *self.arguments])}"


async def _pump(stream: asyncio.StreamReader, into: bytearray) -> None:
    while chunk := await stream.read(65536):
        into += chunk


def _words(stderr: bytes) -> str:
    """The last lines that it wrote, in one, without what could move a cursor."""
    lines = [line.strip() for line in stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    text = "; ".join(lines[-LAST_LINES:])
    return ": " + "".join(sign if sign.isprintable() else " " for sign in text)[:500] if text else ""

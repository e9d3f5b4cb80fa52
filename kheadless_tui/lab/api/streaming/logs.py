"""pods/log: what a container has written."""

from __future__ import annotations

import asyncio
import contextlib

from aiohttp import web

from kheadless_tui.lab.api.request.bodies import headers
from kheadless_tui.lab.api.request.listing import number
from kheadless_tui.lab.api.request.options import is_true
from kheadless_tui.lab.objects.clock import Clock, rfc3339
from kheadless_tui.lab.objects.failure import bad_request
from kheadless_tui.lab.objects.resources import PODS
from kheadless_tui.lab.objects.store import Object, Store, key_of
from kheadless_tui.lab.pods.running.containers import Containers, lines_of
from kheadless_tui.lab.pods.running.runtime import Runtime

_PULLING = ("ErrImagePull", "ImagePullBackOff")
LOOK_SECONDS = 1.0
"""Between two looks, of lab time, at a log that is followed."""


class Logs:
    """Serves the logs of containers."""

    def __init__(self, store: Store, clock: Clock, runtime: Runtime, containers: Containers) -> None:
        self._store = store
        self._clock = clock
        self._runtime = runtime
        self._containers = containers

    async def serve(self, request: web.BaseRequest, pod: Object, container: str) -> web.StreamResponse:
        """One request.

        Raises:
            ApiFailure: 400; there is no log yet.
        """
        query, name = request.query, pod["metadata"]["name"]
        if is_true(query, "previous") or not self._has_started(pod, container):
            raise bad_request(f'previous terminated container "{container}" in pod "{name}" not found')
        main = self._containers.find(pod, container)
        dated = is_true(query, "timestamps")
        whole = self._text(pod, container, dated=dated)
        text = _last(whole, query.get("tailLines", ""))
        if query.get("limitBytes"):
            text = text[: number(query["limitBytes"], "limitBytes")]
        response = web.StreamResponse(headers={**headers(), "Content-Type": "text/plain"})
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            await response.write(text)
            if is_true(query, "follow"):
                if main is not None:
                    listener = main.listen()
                    try:
                        begins = not whole or whole.endswith(b"\n")
                        while data := await listener.read():
                            await response.write(self._dated(data, begins=begins) if dated else data)
                            begins = data.endswith(b"\n")
                    finally:
                        main.leave(listener)
                else:
                    await self._follow(response, pod, container, len(whole), dated=dated)
            await response.write_eof()
        return response

    def _text(self, pod: Object, container: str, *, dated: bool) -> bytes:
        main = self._containers.find(pod, container)
        lines = main.lines() if main is not None else self._runtime.log(pod, container)
        return b"".join(_date(when) + line if dated else line for when, line in lines)

    def _dated(self, data: bytes, *, begins: bool) -> bytes:
        """What comes now, each line that begins in it with its time."""
        first, *rest = lines_of(data)
        now = _date(self._clock.now())
        return b"".join([now + first if begins else first, *(now + line for line in rest)])

    async def _follow(
        self, response: web.StreamResponse, pod: Object, container: str, told: int, *, dated: bool
    ) -> None:
        """Send what comes, until the pod is gone."""
        while True:
            await self._clock.sleep(LOOK_SECONDS)
            found = self._store.find(PODS, *key_of(pod))
            if found is None or found["metadata"]["uid"] != pod["metadata"]["uid"]:
                return
            text = self._text(found, container, dated=dated)
            if len(text) > told:
                await response.write(text[told:])
            told = len(text)
            await asyncio.sleep(0)

    def _has_started(self, pod: Object, container: str) -> bool:
        """Whether there is something to show.

        Raises:
            ApiFailure: 400, in the kubelet's words; the container waits.
        """
        status = pod["status"]
        kinds = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
        states = [state for kind in kinds for state in status.get(kind) or ()]
        state = next((item for item in states if item["name"] == container), None)
        if state is None:
            raise bad_request(f"pod {pod['metadata']['name']} does not have a host assigned")
        waiting = state["state"].get("waiting")
        if waiting and not state.get("restartCount"):
            reason = waiting["reason"]
            why = "trying and failing to pull image" if reason in _PULLING else reason
            name = pod["metadata"]["name"]
            raise bad_request(f'container "{container}" in pod "{name}" is waiting to start: {why}')
        return True


def _date(seconds: float) -> bytes:
    """A time as container runtimes write it before a line (RFC 3339 with nanoseconds)."""
    fraction = int(seconds % 1 * 1_000_000_000)
    return f"{rfc3339(seconds).removesuffix('Z')}.{fraction:09d}Z ".encode()


def _last(text: bytes, lines: str) -> bytes:
    if not lines:
        return text
    wanted = number(lines, "tailLines")
    return b"".join(text.splitlines(keepends=True)[-wanted:]) if wanted > 0 else b""

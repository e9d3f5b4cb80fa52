"""Connecting to endpoints from inside a pod: the driver of :mod:`kheadless_tui.probe.reachability`."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from kheadless_tui.cluster.pods.exec import ExecSession, open_exec
from kheadless_tui.cluster.pods.exec_protocol import Output
from kheadless_tui.cluster.reading.written import seconds_since_written
from kheadless_tui.errors import ClusterError
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.probe.carriers.commands import stream_argv
from kheadless_tui.probe.choosing.standing import OpenPlace
from kheadless_tui.probe.choosing.tools import STREAM_TOOLS, printable
from kheadless_tui.probe.comparison.past import MOST_CACHED, Made, Moment, Past
from kheadless_tui.probe.inquiring.asking import Asking, ask
from kheadless_tui.probe.matrix.layer_findings import Freshness, remaining
from kheadless_tui.probe.observation import Observation
from kheadless_tui.probe.reachability import (
    FAILED,
    MOST_BYTES,
    OPEN,
    SILENT,
    Astray,
    Goal,
    Http,
    Reach,
    http_of,
    outcome_of,
    reached,
    request,
    with_name,
)
from kheadless_tui.probe.server import Server
from kheadless_tui.zone.record import Question

PARALLEL = 4
"""Connects at one time: each is an exec of its own."""
TIMEOUT = 3.0
"""Seconds for one connect and its reply."""
MOST_GOALS = 200
"""Ports of endpoints that are connected to; of more the first are taken, and it is told."""
_QUIET_TOOLS = ("nc", "ncat", "netcat")
"""Programs that wait for the end of the server after theirs: their silence may be that of a server that waits."""

OnReach = Callable[[Reach], None]


@dataclass(frozen=True, slots=True)
class _Said:
    """What came of one program."""

    data: bytes
    stderr: str
    exit_code: int | None
    timed_out: bool
    ms: float


async def connect_all(
    place: OpenPlace,
    goals: Sequence[Goal],
    *,
    server: Server | None,
    service: ObjectKey,
    freshness: Freshness,
    timeout: float = TIMEOUT,
    on_reach: OnReach = lambda _: None,
) -> list[Reach]:
    """Connect to each goal, a few at a time.

    Args:
        place: Where from.
        goals: What is to be reached.
        server: That the names are asked of first; ``None``: names are not asked for.
        service: Whose last change tells an old address out of a cache from a wrong one.
        freshness: The TTLs of replies that come from no cache.
        timeout: Seconds for one connect and its reply.
        on_reach: Called with each outcome as it comes.

    Returns:
        One for each goal, in their order.

    Raises:
        ClusterError: nothing can be run in the container.
    """
    astray: Mapping[Goal, Astray] = {}
    if server is not None:
        replies = await _replies(place, goals, server, timeout)
        if any(_leads_elsewhere(goal, seen) for goal, seen in replies.items()):
            age = await seconds_since_written(place.transport, service)
            written = None if age is None else time.time() - age
            astray = names_astray(replies, freshness, written, replica=server.role == "replica")
    gate = asyncio.Semaphore(PARALLEL)

    async def one(goal: Goal) -> Reach:
        async with gate:
            result = await connect(place, goal, timeout=timeout)
        result = with_name(result, astray[goal]) if goal in astray else result
        on_reach(result)
        return result

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(goal)) for goal in goals]
    except ExceptionGroup as failures:  # all fail for one reason: the pod, the rights or the connection
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]


async def connect(place: OpenPlace, goal: Goal, *, timeout: float = TIMEOUT) -> Reach:
    """Connect to one goal; where its port's name says http, ask for ``/``.

    Raises:
        ClusterError: the exec could not be opened.
    """
    tool = stream_tool(place)
    if tool is None:
        return await _by_client(place, goal, timeout)
    argv = stream_argv(tool, Server(goal.address, goal.port))
    said = await _stream(place, argv, request(goal) if goal.speaks_http else b"", timeout)
    if said.data:
        http = http_of(said.data, said.ms) if goal.speaks_http else None
        return reached(goal, OPEN, ms=said.ms, http=http, said=said.stderr)
    outcome = outcome_of(said.exit_code, said.stderr, timed_out=said.timed_out)
    if outcome == SILENT and tool in _QUIET_TOOLS and await _accepts(place, tool, goal, timeout):
        outcome = OPEN
    http = Http(None, "") if outcome == OPEN and goal.speaks_http else None
    return reached(goal, outcome, ms=said.ms, http=http, said=said.stderr)


def stream_tool(place: OpenPlace) -> str | None:
    """The program of the container that joins stdin and stdout to a connection."""
    return next((tool for tool in STREAM_TOOLS if tool in place.toolbox.tools), None)


async def _stream(place: OpenPlace, argv: Sequence[str], data: bytes, timeout: float) -> _Said:
    """Run a program, give it the bytes, and wait for the first line of a reply, its end, or the time to pass."""
    began = time.monotonic()
    got, errors = bytearray(), bytearray()
    session: ExecSession | None = None
    timed_out = False
    try:
        async with (
            asyncio.timeout(timeout),
            open_exec(place.transport, place.permit, place.target, argv, stdin=True, max_bytes=MOST_BYTES) as session,
        ):
            began = time.monotonic()
            if data:
                await session.send(data)
            else:
                await session.close_stdin()
            while isinstance(event := await session.receive(), Output):
                (errors if event.stderr else got).extend(event.data)
                if b"\n" in got:
                    break
    except TimeoutError:
        timed_out = True
    finished = session.finished if session is not None else None
    stderr = printable(bytes(errors)) or (printable(finished.cause) if finished and finished.exit_code is None else "")
    return _Said(
        bytes(got),
        stderr,
        finished.exit_code if finished is not None else None,
        timed_out,
        (time.monotonic() - began) * 1000,
    )


async def _accepts(place: OpenPlace, tool: str, goal: Goal, timeout: float) -> bool:
    """Whether a connect succeeds, told by an nc that knows ``-z``; others refuse the option, which proves nothing."""
    argv = (tool, "-z", "-w", str(max(1, round(timeout))), goal.address, str(goal.port))
    said = await _run(place, argv, timeout + 1)
    return said.exit_code == 0


async def _by_client(place: OpenPlace, goal: Goal, timeout: float) -> Reach:
    """By curl or wget, where the image has nothing else: wget can only ask for a page."""
    address = f"[{goal.address}]" if ":" in goal.address else goal.address
    seconds = f"{timeout:g}"
    if "curl" in place.toolbox.tools:
        if not goal.speaks_http:
            said = await _run(
                place, ("curl", "-sS", "--connect-timeout", seconds, f"telnet://{address}:{goal.port}"), timeout + 1
            )
            return reached(
                goal, outcome_of(said.exit_code, said.stderr, timed_out=said.timed_out), ms=said.ms, said=said.stderr
            )
        argv: tuple[str, ...] = ("curl", "-sS", "-i", "-m", seconds, f"http://{address}:{goal.port}/")
    elif "wget" in place.toolbox.tools and goal.speaks_http:
        argv = ("wget", "-q", "-O", "-", f"http://{address}:{goal.port}/")
    else:
        return reached(
            goal, FAILED, said="no program in the image can connect to a port (nc, socat, bash, python3, curl)"
        )
    said = await _run(place, argv, timeout + 1)
    outcome = outcome_of(said.exit_code, said.stderr, timed_out=said.timed_out)
    if said.data:
        outcome = OPEN
    page = argv[0] == "wget" and outcome == OPEN
    http = Http(200, "a page, by wget", said.ms) if page else http_of(said.data, said.ms) if outcome == OPEN else None
    return reached(goal, outcome, ms=said.ms, http=http, said=said.stderr)


async def _run(place: OpenPlace, argv: Sequence[str], timeout: float) -> _Said:
    began = time.monotonic()
    result = await place.run(argv, timeout=timeout, max_bytes=MOST_BYTES)
    stderr = printable(result.stderr) or (printable(result.finished.cause) if result.exit_code is None else "")
    timed_out = result.reason == "Timeout"
    return _Said(result.stdout, stderr, result.exit_code, timed_out, (time.monotonic() - began) * 1000)


async def _replies(
    place: OpenPlace, goals: Sequence[Goal], server: Server, timeout: float
) -> Mapping[Goal, Observation]:
    """What is said of the name of each goal that is in DNS; silence of the server proves nothing and is left out."""
    asked = {goal: Question(goal.name, _family(goal)) for goal in goals if goal.name and goal.ready}
    asking = Asking(place.transport, place.permit, place.target, place.vantage, server, "", timeout)
    replies: dict[Question, Observation] = {}
    with contextlib.suppress(ClusterError):
        if asked:
            came = await ask(asking, tuple(dict.fromkeys(asked.values())), lambda _: None)
            replies = {seen.question: seen for seen in came.observations if not seen.error}
    return {goal: replies[question] for goal, question in asked.items() if question in replies}


def names_astray(
    replies: Mapping[Goal, Observation], freshness: Freshness, written: float | None, *, replica: bool
) -> Mapping[Goal, Astray]:
    """The goals to whose address their own name does not lead.

    Args:
        replies: What is said of the name of each.
        freshness: The TTLs of replies that come from no cache.
        written: Unix time of the last change of the Service or its EndpointSlices, where it is known.
        replica: It was asked of a CoreDNS itself.
    """
    past = Past((Moment(written or 0.0, {}),), written=written)
    astray: dict[Goal, Astray] = {}
    old: list[Goal] = []
    left = 0
    for goal, seen in replies.items():
        if not _leads_elsewhere(goal, seen):
            continue
        astray[goal] = Astray(tuple(record.data for record in seen.answer if record.type == _family(goal)))
        made = Made.of(seen, freshness, replica=replica)
        if made is not None and past.before_written(made) is not None:
            rest = remaining(seen)
            old.append(goal)
            left = max(left, round(MOST_CACHED) if rest is None else rest)
    return {goal: replace(each, left=left) if goal in old else each for goal, each in astray.items()}


def _leads_elsewhere(goal: Goal, seen: Observation) -> bool:
    return goal.address not in {record.data for record in seen.answer}


def _family(goal: Goal) -> str:
    return "AAAA" if ":" in goal.address else "A"

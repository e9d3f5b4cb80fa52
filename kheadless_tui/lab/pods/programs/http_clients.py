"""BusyBox's wget and curl: one URL over http, with the words in which they fail."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from kheadless_tui.lab.pods.listeners import Listener
from kheadless_tui.lab.pods.process import Pipe, Process
from kheadless_tui.lab.pods.programs.coreutils import usage
from kheadless_tui.lab.pods.programs.netcat import CONNECT_SECONDS, NotConnected, address_of, addresses_of, connect
from kheadless_tui.lab.pods.written_files import absolute, put

_WGET_USAGE = """wget [-cqS] [--spider] [-O FILE] [-o LOGFILE] [--header STR]
\t[--post-data STR | --post-file FILE] [-Y on/off]
\t[--no-check-certificate] [-P DIR] [-U AGENT] URL...

Retrieve files via HTTP or FTP"""
NOT_RESOLVED, NOT_CONNECTED, HTTP_ERROR, TIMED_OUT = 6, 7, 22, 28
"""curl's exit statuses."""


@dataclass(slots=True)
class _Reply:
    head: bytes = b""
    body: bytes = b""

    @property
    def line(self) -> str:
        return self.head.partition(b"\r\n")[0].decode("latin-1")

    @property
    def status(self) -> int:
        found = re.match(r"HTTP/\S+ (\d+)", self.line)
        return int(found[1]) if found else 0


async def _fetch(listener: Listener, url: SplitResult, method: str) -> _Reply:
    request, back = Pipe(), Pipe()
    path = f"{url.path or '/'}{'?' if url.query else ''}{url.query}"
    await request.write(f"{method} {path} HTTP/1.1\r\nHost: {url.netloc}\r\nConnection: close\r\n\r\n".encode())
    request.end()
    await listener(request.read, back.write)
    back.end()
    whole = b""
    while data := await back.read():
        whole += data
    head, _, body = whole.partition(b"\r\n\r\n")
    return _Reply(head, body)


def _url(text: str) -> SplitResult:
    return urlsplit(text if "//" in text else f"http://{text}")


# -- wget ------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Wget:
    quiet: bool = False
    spider: bool = False
    output: str = ""
    wait: float = CONNECT_SECONDS
    urls: list[str] = field(default_factory=list)


def _read_wget(words: list[str]) -> _Wget:
    asked = _Wget()
    while words:
        word = words.pop(0)
        if word == "--spider":
            asked.spider = True
        elif word.startswith("--"):
            continue
        elif word.startswith("-") and word != "-":
            letters = word[1:]
            while letters:
                letter, letters = letters[0], letters[1:]
                if letter == "q":
                    asked.quiet = True
                elif letter in "OTPUYo":
                    value, letters = letters or (words.pop(0) if words else ""), ""
                    if letter == "O":
                        asked.output = value
                    elif letter == "T":
                        asked.wait = float(value or CONNECT_SECONDS)
        else:
            asked.urls.append(word)
    return asked


async def wget(process: Process) -> int:
    """BusyBox's wget of one URL."""
    asked = _read_wget(list(process.argv[1:]))
    if not asked.urls:
        return await usage(process, _WGET_USAGE)
    url = _url(asked.urls[0])
    host, port = url.hostname or "", url.port or 80

    async def tell(text: str) -> None:
        if not asked.quiet:
            await process.complain(text)

    address = await address_of(process, host)
    if address is None:
        await process.complain(f"wget: bad address '{url.netloc}'\n")
        return 1
    await tell(f"Connecting to {url.netloc} ({address}:{port})\n")
    try:
        listener = await connect(process, address, port, asked.wait)
    except NotConnected as why:
        timed_out = str(why) == "timed out"
        said = "download timed out" if timed_out else f"can't connect to remote host ({address}): {why}"
        await process.complain(f"wget: {said}\n")
        return 1
    reply = await _fetch(listener, url, "HEAD" if asked.spider else "GET")
    if reply.status != 200:
        await process.complain(f"wget: server returned error: {reply.line}\n")
        return 1
    if asked.spider:
        await tell("remote file exists\n")
        return 0
    target = asked.output or url.path.rpartition("/")[2] or "index.html"
    place, name = ("writing to stdout", "-") if target == "-" else (f"saving to '{target}'", target)
    await tell(f"{place}\n")
    if target == "-":
        await process.out(reply.body)
    elif target != "/dev/null":
        put(process, absolute(target, process.folder), reply.body)
    await tell(f"{name:<20} 100% |{'*' * 32}| {len(reply.body):5d}  0:00:00 ETA\n")
    await tell("written to stdout\n" if target == "-" else f"'{target}' saved\n")
    return 0


# -- curl ------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Curl:
    silent: bool = False
    says_errors: bool = False
    fails: bool = False
    head: bool = False
    shows_head: bool = False
    output: str = ""
    form: str = ""
    wait: float = CONNECT_SECONDS
    connect_wait: float = CONNECT_SECONDS
    urls: list[str] = field(default_factory=list)


_LONG = {"--silent": "s", "--show-error": "S", "--fail": "f", "--head": "I", "--include": "i", "--output": "o",
         "--write-out": "w", "--max-time": "m", "--location": "L", "--insecure": "k", "--header": "H",
         "--request": "X", "--ipv4": "4", "--ipv6": "6", "--connect-timeout": "T"}  # fmt: skip
_WITH_VALUE = "owmHXTAdeu"


def _read_curl(words: list[str]) -> _Curl | str:
    """The options, or the one that is unknown."""
    asked = _Curl()
    while words:
        word = words.pop(0)
        if word.startswith("--"):
            if word not in _LONG:
                return word
            letters = _LONG[word]
        elif word.startswith("-") and len(word) > 1:
            letters = word[1:]
        else:
            asked.urls.append(word)
            continue
        while letters:
            letter, letters = letters[0], letters[1:]
            value = ""
            if letter in _WITH_VALUE:
                value, letters = letters or (words.pop(0) if words else ""), ""
            _set_curl(asked, letter, value)
    return asked


def _set_curl(asked: _Curl, letter: str, value: str) -> None:
    match letter:
        case "s":
            asked.silent = True
        case "S":
            asked.says_errors = True
        case "f":
            asked.fails = True
        case "I":
            asked.head = True
        case "i":
            asked.shows_head = True
        case "o":
            asked.output = value
        case "w":
            asked.form = value
        case "m":
            asked.wait = float(value or CONNECT_SECONDS)
        case "T":
            asked.connect_wait = float(value or CONNECT_SECONDS)


_METER = (
    "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n"
    "                                 Dload  Upload   Total   Spent    Left  Speed\n"
)


async def curl(process: Process) -> int:
    """One URL by curl."""
    asked = _read_curl(list(process.argv[1:]))
    if isinstance(asked, str):
        await process.complain(f"curl: option {asked}: is unknown\n")
        await process.complain("curl: try 'curl --help' or 'curl --manual' for more information\n")
        return 2
    if not asked.urls:
        await process.complain("curl: try 'curl --help' or 'curl --manual' for more information\n")
        return 2
    if not asked.silent:
        await process.complain(_METER)
    url = _url(asked.urls[0])
    try:
        address, listener = await _curl_connect(process, asked, url)
    except _CurlError as error:
        if asked.says_errors or not asked.silent:
            await process.complain(f"curl: ({error.status}) {error}\n")
        await process.say(_written(asked.form, 0, "", 0))
        return error.status
    reply = await _fetch(listener, url, "HEAD" if asked.head else "GET")
    if asked.fails and reply.status >= 400:
        if asked.says_errors or not asked.silent:
            await process.complain(f"curl: ({HTTP_ERROR}) The requested URL returned error: {reply.status}\n")
        return HTTP_ERROR
    shown = reply.head + b"\r\n\r\n" if asked.head or asked.shows_head else b""
    if not asked.output:
        await process.out(shown + reply.body)
    elif asked.output != "/dev/null":
        put(process, absolute(asked.output, process.folder), reply.body)
    await process.say(_written(asked.form, reply.status, address, len(reply.body)))
    return 0


class _CurlError(Exception):
    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


async def _curl_connect(process: Process, asked: _Curl, url: SplitResult) -> tuple[str, Listener]:
    """Try each address of the host in turn."""
    host, port = url.hostname or "", url.port or 80
    clock = process.around.clock
    begun = clock.now()
    addresses = await addresses_of(process, host)
    if not addresses:
        raise _CurlError(NOT_RESOLVED, f"Could not resolve host: {host}")
    limit = min(asked.wait, asked.connect_wait)
    for address in addresses:
        try:
            return address, await connect(process, address, port, max(limit - (clock.now() - begun), 0.001))
        except NotConnected as why:
            spent = int((clock.now() - begun) * 1000)
            if str(why) == "timed out":
                whole = f"Failed to connect to {host} port {port} after {spent} ms: Timeout was reached"
                after = f"Connection timed out after {spent} milliseconds"
                raise _CurlError(TIMED_OUT, after if asked.wait <= asked.connect_wait else whole) from None
    spent = int((clock.now() - begun) * 1000)
    raise _CurlError(
        NOT_CONNECTED, f"Failed to connect to {host} port {port} after {spent} ms: Couldn't connect to server"
    )


def _written(form: str, status: int, address: str, size: int) -> str:
    values = {"http_code": f"{status:03d}", "response_code": f"{status:03d}", "remote_ip": address,
              "size_download": str(size), "time_total": "0.001", "time_connect": "0.000"}  # fmt: skip
    text = re.sub(r"%\{(\w+)\}", lambda found: values.get(found[1], ""), form)
    return text.replace("\\n", "\n").replace("\\t", "\t")

"""What is in an image: its programs, what it starts, and the ports that this listens on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

FOREVER = float("inf")

_COMMON = frozenset(
    "sh [ awk cat cut date echo env false grep head hostname id ls printf printenv pwd rm sed seq sleep sort tail tar "
    "tee test timeout touch tr true uname uniq wc which whoami".split()
)
_BUSYBOX = _COMMON | frozenset({"ash", "busybox", "nc", "nslookup", "ping", "ps", "wget"})
_BIND = frozenset({"dig", "host", "nslookup", "getent"})
_IN_USR_BIN = frozenset(
    "[ awk curl cut dig env getent head host id nc nslookup printf seq sort tail test timeout tr uniq wc wget which "
    "whoami".split()
)
"""What Alpine and Debian have in /usr/bin; the shell and the oldest programs are in /bin."""


@dataclass(frozen=True, slots=True)
class Image:
    """One image."""

    programs: frozenset[str]
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    listens: frozenset[int] = frozenset()
    """TCP ports that its own entrypoint listens on."""
    nslookup: str = ""
    """Which nslookup it has: ``busybox``, ``busybox-small`` (before 1.29, no types) or ``bind``."""
    libc: str = "glibc"
    """Whose resolver its programs have: ``glibc`` or ``musl``."""
    release: str = ""
    """What /etc/os-release says; empty for an image without that file."""
    path: str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    @property
    def busybox(self) -> bool:
        """Whether its small programs are BusyBox's."""
        return "busybox" in self.programs

    def has(self, program: str) -> bool:
        """Whether a program given by name or by path can be started."""
        folder, _, name = program.rpartition("/")
        if program in (*self.entrypoint[:1], *self.command[:1]):
            return True
        return name in self.programs and folder in ("", "/bin", "/usr/bin", self.folder_of(name))

    def folder_of(self, program: str) -> str:
        """Where a program lies."""
        return "/usr/bin" if program in _IN_USR_BIN and "/usr/bin" in self.path else "/bin"

    def argv(self, command: Sequence[str] | None, args: Sequence[str] | None) -> tuple[str, ...]:
        """What a container of it starts (the table in the API's documentation of ``command`` and ``args``)."""
        if command:
            return (*command, *(args or ()))
        return (*self.entrypoint, *(args or self.command))


_DEBIAN, _ALPINE = "Debian GNU/Linux 12 (bookworm)", "Alpine Linux v3.20"
_NGINX_START = ("/docker-entrypoint.sh",)
_NGINX = ("nginx", "-g", "daemon off;")
_DISTROLESS = Image(frozenset(), ("/app",), listens=frozenset({8080}), release="Distroless")
_COREDNS = Image(frozenset(), ("/coredns",), listens=frozenset({53, 8080, 8181, 9153}))
_TOOLS = Image(
    _BUSYBOX | _BIND | {"bash", "curl"}, command=("sleep", "2147483647"), nslookup="bind", path="/bin:/usr/bin"
)
_GLIBC = _COMMON | {"bash", "getent"}


def _server(start: str, port: int) -> Image:
    """A database or a cache, from Debian."""
    return Image(_GLIBC, ("docker-entrypoint.sh",), (start,), frozenset({port}), release=_DEBIAN)


_CATALOGUE: tuple[tuple[str, Image], ...] = (
    (r"busybox:1\.(1\d|2[0-8])(\..*)?", Image(_BUSYBOX, command=("sh",), nslookup="busybox-small", path="/bin")),
    (r"busybox(:.*)?|localhost/busybox:.*", Image(_BUSYBOX, command=("sh",), nslookup="busybox", path="/bin")),
    (r"debian(:.*)?|ubuntu(:.*)?", Image(_GLIBC, command=("bash",), release=_DEBIAN)),
    (
        r"alpine(:.*)?",
        Image(_BUSYBOX | {"getent"}, command=("/bin/sh",), nslookup="busybox", libc="musl", release=_ALPINE),
    ),
    (
        r"nginx:.*alpine.*|localhost/web:.*",
        Image(
            _BUSYBOX | {"getent", "curl", "nginx"},
            _NGINX_START,
            _NGINX,
            frozenset({80}),
            "busybox",
            libc="musl",
            release=_ALPINE,
        ),
    ),
    (r"nginx(:.*)?", Image(_GLIBC | {"curl", "nginx"}, _NGINX_START, _NGINX, frozenset({80}), release=_DEBIAN)),
    (r"redis(:.*)?", _server("redis-server", 6379)),
    (r"mysql(:.*)?|mariadb(:.*)?", _server("mysqld", 3306)),
    (r"postgres(:.*)?", _server("postgres", 5432)),
    (r"(tutum/dnsutils|slongstreet/bind-utils|nicolaka/netshoot|localhost/dnsutils)(:.*)?", _TOOLS),
    (
        r"registry\.k8s\.io/e2e-test-images/agnhost:.*",
        Image(_BUSYBOX | _BIND | {"bash", "curl"}, ("/agnhost",), ("pause",), nslookup="bind"),
    ),
    (r"(gcr\.io/)?distroless/.*|localhost/distroless(:.*)?", _DISTROLESS),
    (r"registry\.k8s\.io/coredns/coredns(:.*)?|localhost/coredns:.*", _COREDNS),
    (r"registry\.k8s\.io/pause(:.*)?|localhost/pause:.*", Image(frozenset(), ("/pause",))),
)


def find_image(reference: str) -> Image | None:
    """The image of a reference; ``None`` when no registry has it."""
    name = reference.removeprefix("docker.io/").removeprefix("library/")
    return next((image for pattern, image in _CATALOGUE if re.fullmatch(pattern, name)), None)


def full_reference(reference: str) -> str:
    """As a container runtime reports it: with registry, library and tag."""
    head, _, rest = reference.partition("/")
    if not rest or not ("." in head or ":" in head or head == "localhost"):
        reference = f"docker.io/{reference if rest else f'library/{reference}'}"
    return reference if ":" in reference.rpartition("/")[2] else f"{reference}:latest"


@dataclass(frozen=True, slots=True)
class Run:
    """How long a container's own program runs, and how it ends."""

    seconds: float
    """Lab time; infinite for a server."""
    exit_code: int = 0
    missing: str = ""
    """The program, when the image does not have it."""


def run_of(image: Image, argv: Sequence[str], *, stdin: bool) -> Run:
    """What becomes of a container.

    Args:
        image: Its image.
        argv: What it starts.
        stdin: Whether its standard input is kept open, which is what a shell waits on.
    """
    if not argv:
        return Run(0.0, 0, "")
    if not image.has(argv[0]):
        return Run(0.0, 128, argv[0])
    program = argv[0].rpartition("/")[2]
    if program == "sleep":
        return Run(_seconds(argv[1] if len(argv) > 1 else "0"))
    if program in ("sh", "bash"):
        if "-c" not in argv:
            return Run(FOREVER if stdin else 0.0)
        return _script(argv[argv.index("-c") + 1] if argv[-1] != "-c" else "")
    if program in image.programs and (*image.entrypoint, *image.command)[:1] != (argv[0],):
        return Run(0.0, 1 if program == "false" else 0)
    return Run(FOREVER)


def _script(script: str) -> Run:
    """A shell's script: as long as what it sleeps, without end when it loops."""
    if re.search(r"\bwhile\s+(true|:|sleep)", script) or "tail -f" in script:
        return Run(FOREVER)
    ended = re.search(r"\bexit\s+(\d+)", script)
    return Run(
        sum(_seconds(text) for text in re.findall(r"\bsleep\s+(\S+?)(?=[;&\s]|$)", script)),
        int(ended[1]) if ended else 0,
    )


def _seconds(text: str) -> float:
    if text.startswith("inf"):
        return FOREVER
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", text)
    return float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]] if found else 0.0

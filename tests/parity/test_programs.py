"""The same programs in the same pods: what they print and how they end."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from tests.parity.normal import columns
from tests.parity.recorded import hold
from tests.parity.targets import Target

WEB = "web.NS.svc.cluster.local"


@dataclass(frozen=True)
class Case:
    """One command in one pod."""

    pod: str
    line: str
    ordered: bool = True
    """False where addresses or replies come in any order."""


def case(pod: str, *lines: str, ordered: bool = True) -> list[Case]:
    return [Case(pod, line, ordered) for line in lines]


FILES = case("busybox", "cat /etc/resolv.conf", "cat /etc/hosts", "cat /etc/nsswitch.conf", "cat /etc/hostname",
             "cat /nope", "ls /nope", "head -n1 /etc/hosts", "tail -n1 /etc/hosts", "wc -l /etc/hosts",
             "grep nameserver /etc/resolv.conf", "grep nope /etc/hosts")  # fmt: skip
FILES += case("web-0", "cat /etc/hosts", "cat /etc/resolv.conf", "hostname", "hostname -f", "hostname -d",
              "hostname -s", "hostname -i")  # fmt: skip
SMALL = case("busybox", "hostname", "hostname -f", "hostname -i", "true", "false", "id", "whoami", "pwd", "seq 3",
             "echo -n a", "echo -e 'a\\tb'", "printf 'a\\n%s\\n' b", "sleep x", "timeout 1 sleep 5", "which nslookup",
             "which dig", "sh -c 'echo hi; exit 3'", "sh -c nosuch", "sh -c 'dig x'", "sh nofile",
             "sh -c 'type nc || true; command -v nslookup; command -v dig'", "test -f /etc/hosts", "curl x",
             "getent hosts x", "sh -c 'for i in 1 2; do echo $i; done | grep 2'", "busybox true")  # fmt: skip
SMALL += case("shell-less", "sh -c true", "ls", "cat /etc/resolv.conf", "nc 10.96.0.10 53", "/bin/sh")
BUSYBOX = case(
    "busybox", "nslookup web", f"nslookup {WEB}", f"nslookup -type=srv {WEB}", f"nslookup -type=a web-0.{WEB}.",
    "nslookup 10.96.0.10", "nslookup web-0.web", "nslookup nope", "nslookup kubernetes.default", "nslookup plain",
    "nslookup -type=aaaa plain", "nslookup both", "nslookup -type=ptr 10.96.0.10", "nslookup elsewhere",
    "nslookup empty", "nslookup mysql", f"nslookup -type=srv _http._tcp.{WEB}", "nslookup -type=nope web",
    "nslookup example.com", f"nslookup {WEB} 10.96.0.10", "nslookup -type=soa cluster.local",
    f"nslookup -debug -type=aaaa {WEB}", f"nslookup -debug -type=a nope.{WEB}", ordered=False,
)  # fmt: skip
BUSYBOX += case("busybox", "nslookup web nope.invalid")
BIND = case(
    "tools", "nslookup web", "nslookup web-0.web", f"nslookup -type=srv {WEB}", "nslookup 10.96.0.10",
    "nslookup -debug web-0.web", "nslookup -type=txt dns-version.cluster.local", "nslookup -type=aaaa plain",
    "nslookup both", "nslookup mysql", "nslookup elsewhere", "nslookup empty", "host web", "host web-0.web",
    "host 10.96.0.10", f"host -t srv {WEB}", "host web-0.web 10.96.0.10", "host -t mx plain", "host nope", "host both",
    "host elsewhere", "host -v web-0.web", "nslookup nope", "nslookup plain nope.invalid", ordered=False,
)  # fmt: skip
GETENT = case(
    "tools", "getent hosts web", "getent ahosts web-0.web", "getent ahostsv4 web-0.web", "getent hosts nope",
    "getent hosts 10.96.0.10", "getent hosts tools", "getent hosts localhost", "getent hosts plain",
    "getent ahosts nope", "getent hosts both", "getent hosts elsewhere", "getent nope x", ordered=False,
)  # fmt: skip
DIG = case(
    "tools", "dig web", "dig +search web", f"dig +short {WEB}", f"dig +noall +answer {WEB}", f"dig +tcp {WEB} SRV",
    "dig -x 10.96.0.10", "dig +short -x 10.96.0.10", f"dig @10.96.0.10 {WEB} AAAA", f"dig nope.{WEB}",
    f"dig +noall +answer +comments {WEB}", f"dig +noedns +nocookie {WEB}", f"dig +short SRV {WEB}",
    "dig cluster.local SOA +noall +answer +authority", "dig example.com", "dig nope.example.com", "dig -v",
    "dig +nosuch", "dig @nohost.invalid x", "dig web web-0.web +search +short", f"dig +norecurse +bufsize=512 {WEB}",
    f"dig -t SRV {WEB} +short", f"dig +noall +stats {WEB}", f"dig ANY {WEB}", "dig axfr cluster.local",
    "dig elsewhere.NS.svc.cluster.local", f"dig TYPE65 {WEB}", "dig +short mysql.NS.svc.cluster.local",
    "dig +noall +question -t srv x.y", "dig +short ns cluster.local", "dig +short txt dns-version.cluster.local",
    f"dig {WEB} MX", "dig +short <IP-dashed of web-0>.web.NS.svc.cluster.local", "dig +short both.NS.svc.cluster.local "
    "AAAA", "dig -p 54 @<IP of web-0> x +tries=1", "dig +tcp @<IP of web-0> x +tries=1", ordered=False,
)  # fmt: skip
REACHING = case(
    "busybox", "wget -qO- web-0.web", "wget -O- web-0.web", "wget -qO- nope", "wget -qO- closed", "wget -qO- nobody",
    "wget -qO- web-0.web:8080", "wget -qO- web-0.web/nope", "wget --spider web-0.web", "wget -qO /dev/null plain",
    "nc -w 1 web-0.web 81", "nc nope 80", "nc -w 1 closed 80", "ping -c1 -W1 web-0.web", "ping -c1 nope",
    "wget -qO- elsewhere.nope",
)  # fmt: skip
REACHING += case(
    "tools", "curl -s web-0.web", "curl -sS nope", "curl -sS closed", "curl -sS nobody", "curl -sS web-0.web:8080",
    "curl -sS -o /dev/null -w '%{http_code} %{remote_ip}\\n' web-0.web", "curl -sSf web-0.web/nope", "curl",
    "curl -sSo /dev/null plain", "curl --nosuch x", "wget -qO- web-0.web",
)  # fmt: skip


def argv_of(target: Target, line: str) -> list[str]:
    return shlex.split(target.names.real(line))


def said(target: Target, case: Case, text: bytes) -> str:
    plain = target.names.plain(text.decode("utf-8", "replace"))
    lines = [line for line in columns(plain).splitlines() if "corp.example.com" not in line]
    if not case.ordered:
        lines = sorted({line for line in lines if line})
    return re.sub(r'failed to start exec "[^"]+"', "failed to start exec", "\n".join(lines))


async def outcome(target: Target, case: Case) -> dict[str, object]:
    result = await target.run(case.pod, *argv_of(target, case.line))
    return {
        "out": said(target, case, result.stdout),
        "err": said(target, case, result.stderr),
        "status": result.exit_code,
        "why": said(target, case, result.message.encode()) if result.exit_code is None else "",
    }


async def hold_all(target: Target, name: str, cases: list[Case]) -> None:
    hold(name, target.name, {f"{case.pod}: {case.line}": await outcome(target, case) for case in cases})


async def test_files_and_small_programs(target: Target) -> None:
    await hold_all(target, "programs-small", FILES + SMALL)


async def test_busyboxs_nslookup(target: Target) -> None:
    await hold_all(target, "programs-busybox-nslookup", BUSYBOX)


async def test_binds_tools_and_the_c_librarys(target: Target) -> None:
    await hold_all(target, "programs-bind", BIND + GETENT)


async def test_dig(target: Target) -> None:
    await hold_all(target, "programs-dig", DIG)


async def test_what_connects(target: Target) -> None:
    await hold_all(target, "programs-connect", REACHING)

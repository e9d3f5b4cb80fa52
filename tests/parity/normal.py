"""Takes out of what a cluster says all that must differ: addresses, generated names, times."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Any

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_WHEN = re.compile(r";; WHEN: .*")
_HEX = re.compile(r"\b[0-9a-f]{32,}\b")
_NUMBERS = (
    (re.compile(r", id: \d+"), ", id: N"),
    (re.compile(r"Query time: \d+ msec"), "Query time: N msec"),
    (re.compile(r"COOKIE: [0-9a-f]{16}"), "COOKIE: N"),
    (re.compile(r"(hostmaster\.\S+) \d+ "), r"\1 SERIAL "),
    (re.compile(r"serial = \d+"), "serial = SERIAL"),
    (re.compile(r"after \d+ ms:"), "after N ms:"),
    (re.compile(r"in \d+ ?ms"), "in N ms"),
    (re.compile(r"time=[0-9.]+ ms"), "time=N ms"),
    (re.compile(r"min/avg/max = \S+"), "min/avg/max = N"),
    (re.compile(r"DiG \S+"), "DiG VERSION"),
    (re.compile(r"BusyBox v.*"), "BusyBox VERSION"),
)
_TTL = re.compile(r"(?<=[.])([ \t]+)\d{1,2}([ \t]+)(?=IN[ \t]+(?:A|AAAA|SRV|PTR|CNAME|TXT|SOA|NS|MX)\b)")
_TTL_LINE = re.compile(r"ttl = \d+")
_SEARCH = re.compile(r" corp\.example\.com$", re.MULTILINE)


class Names:
    """What one cluster calls things, and what they are called here."""

    def __init__(self, namespace: str) -> None:
        self._texts: dict[str, str] = {namespace: "NS"}

    def learn(self, kind: str, items: Iterable[dict[str, Any]]) -> None:
        """Take in the objects of a kind: their addresses, and names that were generated."""
        replicas = 0
        for item in sorted(items, key=lambda each: str(each["metadata"]["name"])):
            meta = item["metadata"]
            name = meta["name"]
            if kind == "Pod" and (meta.get("labels") or {}).get("k8s-app") == "kube-dns":
                self._texts[name] = name = f"coredns-{replicas}"
                replicas += 1
            if kind == "EndpointSlice":
                service = (meta.get("labels") or {}).get("kubernetes.io/service-name", "")
                self._texts[name] = f"{service}-GENERATED"
            for ip in (item.get("status") or {}).get("podIPs") or ():
                self._address(ip["ip"], name)
            for ip in item["spec"].get("clusterIPs") or () if "spec" in item else ():
                if ip != "None" and meta["namespace"] != "kube-system":
                    self._address(ip, name)

    def _address(self, address: str, name: str) -> None:
        family = "IP6" if ":" in address else "IP"
        self._texts[address] = f"<{family} of {name}>"
        self._texts[address.replace(".", "-").replace(":", "-")] = f"<{family}-dashed of {name}>"
        if family == "IP":
            self._texts[".".join(reversed(address.split("."))) + ".in-addr.arpa"] = f"<reverse of {name}>"
        else:
            self._texts[ipaddress.ip_address(address).reverse_pointer] = f"<reverse6 of {name}>"

    def real(self, text: str) -> str:
        """The other way: what this cluster calls the things named in a text."""
        for found, name in self._texts.items():
            text = re.sub(r"\bNS\b", found, text) if name == "NS" else text.replace(name, found)
        return text

    def plain(self, text: str) -> str:
        """A text without what must differ."""
        for found in sorted(self._texts, key=len, reverse=True):
            text = re.sub(rf"(?<![\w.:-]){re.escape(found)}(?![\w-]|\.\d)", self._texts[found], text)
            text = text.replace(found, self._texts[found]) if found.startswith("parity-") else text
        text = _WHEN.sub(";; WHEN: THEN", _TIME.sub("TIME", _HEX.sub("HEX", text)))
        for pattern, replacement in _NUMBERS:
            text = pattern.sub(replacement, text)
        return _SEARCH.sub("", _TTL_LINE.sub("ttl = N", _TTL.sub(r"\1TTL\2", text)))

    def plain_json(self, value: Any) -> Any:
        """The same of decoded JSON."""
        if isinstance(value, dict):
            return {self.plain(key): self.plain_json(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.plain_json(inner) for inner in value]
        return self.plain(value) if isinstance(value, str) else value


def columns(text: str) -> str:
    """Runs of blanks as one: where names are of other lengths, columns lie elsewhere."""
    return "\n".join(re.sub(r"[ \t]+", " ", line).rstrip() for line in text.splitlines())

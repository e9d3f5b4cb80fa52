"""Levers of the way that DNS takes: lost datagrams, cut replies, denials in a cache."""

from __future__ import annotations

from kheadless_tui.lab.dns.node_local import ADDRESS as NODE_LOCAL
from kheadless_tui.lab.pods.network import KUBE_DNS
from kheadless_tui.lab.switches.switch import Remembering
from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.zone.record import Question
from kheadless_tui.zone.resolve import resolve
from kheadless_tui.zone.zone_records import service_records

_EVERYWHERE, _VIP, _CACHE = "everywhere", "kube-dns", "node-local cache"
_CUTS = {"every reply": 0, "replies over 512 octets": 512}


class _Lost(Remembering):
    """DNS packets of one protocol that do not arrive."""

    protocol = ""

    def choices(self) -> tuple[str, ...]:
        """Everywhere, or on the way to one address."""
        return (_EVERYWHERE, _VIP, _CACHE, *self.lab.dns.replicas)

    def pull(self, choice: str) -> str:
        """Lose them."""
        self.lab.network.lost.add((self.protocol, self._address(choice)))
        self.chosen = choice
        where = choice if choice == _EVERYWHERE else f"on the way to {choice}"
        return f"DNS over {self.protocol} is lost {where}."

    def undo(self) -> str:
        """Let them through."""
        chosen, self.chosen = self.chosen or "", None
        network = self.lab.network
        network.lost = {(protocol, address) for protocol, address in network.lost if protocol != self.protocol}
        return f"DNS over {self.protocol} gets through again ({chosen})."

    def _address(self, choice: str) -> str:
        fixed = {_EVERYWHERE: "", _VIP: KUBE_DNS, _CACHE: NODE_LOCAL}
        if choice in fixed:
            return fixed[choice]
        return str(self.lab.get("Pod", "kube-system", choice)["status"].get("podIP", ""))


class LostUdp(_Lost):
    """No UDP."""

    name, title, protocol = "drop-udp", "Lost UDP", "UDP"
    says = (
        "DNS over UDP is lost, over TCP it works: programs wait for their time limits and then fail. A probe asks over "
        "TCP and is not disturbed; the servers (m) are asked both ways."
    )


class LostTcp(_Lost):
    """No TCP."""

    name, title, protocol = "drop-tcp", "Lost TCP", "TCP"
    says = (
        "DNS over TCP is lost, over UDP it works: programs miss only replies that were cut, those of big Services. A "
        "probe, which asks over TCP, is not answered; the servers (m) are asked both ways."
    )


class CutReplies(Remembering):
    """Replies over UDP with TC set."""

    name, title = "truncate", "Cut replies"
    says = (
        "Replies over UDP come cut, with TC set: clients have to ask again over TCP, and not all of them do. A probe "
        "asks over TCP and is not disturbed; the servers (m) are asked both ways."
    )

    def choices(self) -> tuple[str, ...]:
        """How much gets through."""
        return tuple(_CUTS)

    def pull(self, choice: str) -> str:
        """Cut."""
        self._cut(_CUTS[choice])
        self.chosen = choice
        return f"Over UDP {choice} from CoreDNS is cut." if choice == "every reply" else f"Over UDP {choice} are cut."

    def undo(self) -> str:
        """Let whole replies through."""
        self._cut(None)
        self.chosen = None
        return "Replies over UDP are whole again."

    def _cut(self, octets: int | None) -> None:
        for server in self.lab.dns.replicas.values():
            server.cut_at = octets


class CachedDenial(Remembering):
    """NXDOMAIN that was kept."""

    name, title = "cached-nxdomain", "NXDOMAIN from the cache"
    says = "The names of a Service were asked for before it was there, and the denial is kept by one DNS server."

    def choices(self) -> tuple[str, ...]:
        """The headless Services, where denials are kept at all."""
        server = next((each for each in self.lab.dns.replicas.values() if each.cache is not None), None)
        if server is None:
            return ()
        found = server.view.snapshot.headless_services()
        return tuple(str(service.key) for service in found)

    def pull(self, choice: str) -> str:
        """Keep denials of all its names in the first server that has a cache."""
        name, server = next((n, each) for n, each in self.lab.dns.replicas.items() if each.cache is not None)
        config, cache = server.config, server.cache
        assert config is not None
        assert cache is not None
        namespace, _, service_name = choice.partition("/")
        snapshot = server.view.snapshot
        service = snapshot.service(ObjectKey(namespace, service_name))
        names = {f"{service_name}.{namespace}.svc.{config.zone}"}
        if service is not None:
            names |= {item.record.name for item in service_records(snapshot, service, config)}
        nothing = Snapshot(namespaces_known=True)
        for each in names:
            for kind in ("A", "AAAA", "SRV"):
                cache.hold(resolve(nothing, Question(each, kind), config, explain=False))
        self.chosen = choice
        return f"{name} denies the names of Service {choice} out of its cache."

    def undo(self) -> str:
        """Forget the denials."""
        chosen, self.chosen = self.chosen, None
        for server in self.lab.dns.replicas.values():
            if server.cache is not None:
                server.cache.release()
        return f"The denials of Service {chosen} are forgotten."


WIRE_SWITCHES = (LostUdp, LostTcp, CutReplies, CachedDenial)

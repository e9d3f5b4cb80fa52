"""What is asked for once and not watched: one object, how the zone is served."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from kheadless_tui.cluster.reading.decode import Decoder, path_of
from kheadless_tui.errors import NotFound, Refused
from kheadless_tui.model.kinds import CONFIG_MAP, Kind
from kheadless_tui.model.objects import ConfigMap, KubeObject, ObjectKey
from kheadless_tui.zone.serving.config import ZoneConfig

if TYPE_CHECKING:
    from kheadless_tui.cluster.wire.transport import Transport

COREDNS_CONFIG = ObjectKey("kube-system", "coredns")
"""The ConfigMap that kubeadm, kind, k3s, EKS, AKS and others keep the Corefile in."""


async def fetch(transport: Transport, kind: Kind, key: ObjectKey) -> KubeObject:
    """One object, as the API server has it now.

    Raises:
        NotFound, Refused, Unreachable, NotAuthenticated, ClusterError: as it comes.
    """
    return Decoder(kind).one(await transport.call("GET", path_of(kind, key.namespace, key.name)))


async def zone_config(transport: Transport) -> ZoneConfig:
    """How the zone is served: by the cluster's own Corefile where it may be read, else by CoreDNS's defaults.

    Raises:
        Unreachable, NotAuthenticated: it could not be asked for.
    """
    from kheadless_tui.zone.serving.running import running_config  # noqa: PLC0415 - not needed by who gives a Corefile

    try:
        found = await fetch(transport, CONFIG_MAP, COREDNS_CONFIG)
    except Refused:
        return ZoneConfig(source=f"CoreDNS defaults (ConfigMap {COREDNS_CONFIG} may not be read)")
    except NotFound:
        return ZoneConfig(source=f"CoreDNS defaults (there is no ConfigMap {COREDNS_CONFIG})")
    text = (found.data or {}).get("Corefile") if isinstance(found, ConfigMap) else None
    if not text or not isinstance(found, ConfigMap):
        return ZoneConfig(source=f"CoreDNS defaults (ConfigMap {COREDNS_CONFIG} holds no Corefile)")
    source = f"ConfigMap {COREDNS_CONFIG}"
    config = running_config(text, source)
    return msgspec.structs.replace(config, changed=_time_of(found.written("Corefile")))


def _time_of(text: str) -> float:
    """Unix time; 0 for what is no time."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return 0.0

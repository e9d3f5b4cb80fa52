"""Holds what a session knows against a fresh list: nothing lost, nothing doubled, nothing stale."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from kheadless_tui.cluster.connecting.connection import Connection
from kheadless_tui.cluster.reading.decode import Decoder, path_of
from kheadless_tui.cluster.session import ClusterSession
from kheadless_tui.cluster.state import Live
from kheadless_tui.cluster.wire.transport import Transport
from kheadless_tui.model.kinds import ENDPOINT_SLICE, KINDS, NAMESPACE, SERVICE, Kind
from kheadless_tui.model.objects import KubeObject, ObjectKey
from kheadless_tui.model.snapshot import Snapshot

SERVICE_LABEL = "kubernetes.io/service-name"

Objects = dict[ObjectKey, KubeObject]


async def fresh_list(transport: Transport, kind: Kind, namespace: str = "", selector: str = "") -> Objects:
    """What the API server has now, by a list that needs no reflector; read by ``json`` first."""
    params = [("labelSelector", selector)] if selector else []
    decoder = Decoder(kind)
    found: Objects = {}
    token = ""
    while True:
        asked = [*params, ("continue", token)] if token else params
        answer = json.loads(await transport.call("GET", path_of(kind, namespace), params=asked, timeout=60))
        for item in answer["items"] or ():
            key = ObjectKey(item["metadata"].get("namespace", ""), item["metadata"]["name"])
            assert key not in found, "the server itself has it twice"
            found[key] = decoder.one(json.dumps(item).encode())
            assert found[key].key == key
        token = answer["metadata"].get("continue", "")
        if not token:
            return found


async def differences(session: ClusterSession, connection: Connection) -> list[str]:
    """What the session shows otherwise than a fresh list of the same scope by another connection; empty is right.

    Args:
        session: Of which every read has to be live: what is not says so, and claims nothing.
        connection: By which the fresh list is made.
    """
    reads = session.reads
    found = [f"{what} {where or '(all)'}: {one}" for (what, where), one in reads.items() if not isinstance(one, Live)]
    transport = Transport(connection)
    try:
        for (plural, namespace), _ in reads.items():
            kind = next(kind for kind in KINDS.values() if kind.plural == plural)
            if kind is NAMESPACE and namespace:
                continue  # got by its name
            selector = session.selector if kind is SERVICE else ""
            fresh = await fresh_list(transport, kind, namespace, selector)
            found += _compared(session.snapshot, kind, namespace, fresh)
    finally:
        await transport.close()
    return found + inconsistencies(session.snapshot)


def _compared(snapshot: Snapshot, kind: Kind, namespace: str, fresh: Mapping[ObjectKey, KubeObject]) -> list[str]:
    held = {
        key: item
        for (name, key), item in snapshot.objects.items()
        if name == kind.name and namespace in ("", key.namespace)
    }
    found = [f"{kind.name} {key} is lost" for key in sorted(fresh.keys() - held.keys())]
    found += [f"{kind.name} {key} is gone and still held" for key in sorted(held.keys() - fresh.keys())]
    for key in sorted(fresh.keys() & held.keys()):
        if plain(fresh[key]) != plain(held[key]):
            found.append(f"{kind.name} {key} is stale: {plain(held[key])} is now {plain(fresh[key])}")
    return found


def inconsistencies(snapshot: Snapshot) -> list[str]:
    """Where the indexes of a snapshot say something else than its objects."""
    slices = [item for (name, _), item in snapshot.objects.items() if name == ENDPOINT_SLICE.name]
    services = [item for (name, _), item in snapshot.objects.items() if name == SERVICE.name]
    of_service: dict[ObjectKey, set[str]] = {}
    for item in slices:
        label = (item.metadata.labels or {}).get(SERVICE_LABEL)
        if label:
            of_service.setdefault(ObjectKey(item.namespace, label), set()).add(item.name)
    found = []
    for key in {*of_service, *(item.key for item in services)}:
        listed = Counter(item.name for item in snapshot.slices_of(key))
        if set(listed) != of_service.get(key, set()) or any(count > 1 for count in listed.values()):
            found.append(f"slices of {key}: the index has {dict(listed)}, the objects {of_service.get(key)}")
    for namespace in {item.namespace for item in services}:
        names = [item.name for item in snapshot.services(namespace)]
        if sorted(names) != sorted(item.name for item in services if item.namespace == namespace):
            found.append(f"services of {namespace}: the index has {names}")
    return found


def plain(item: KubeObject) -> Any:
    """An object's fields as plain data, without the version, which every write raises."""
    data = msgspec.to_builtins(item)
    data.get("metadata", {}).pop("resourceVersion", None)
    return data


async def equals_a_fresh_list(session: ClusterSession, connection: Connection, timeout: float = 15.0) -> None:
    """Wait until the session shows what a fresh list does, for so many seconds at most.

    Changes that are on their way when the list is made are waited for; a difference that stays is an error.
    """
    found = ["nothing compared"]
    try:
        async with asyncio.timeout(timeout):
            while found:
                found = await differences(session, connection)
                if found:
                    await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError("after {:g} s:\n{}".format(timeout, "\n".join(found[:10]))) from None

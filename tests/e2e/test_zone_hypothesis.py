"""Generated objects on the real cluster: each replica of CoreDNS answers what is predicted, and nothing else."""

from __future__ import annotations

import json
import math
import os
import subprocess
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kheadless_tui.model.manifests import objects_from
from kheadless_tui.model.objects import ConfigMap, ObjectKey
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.zone.answering.transfer import transfer
from kheadless_tui.zone.naming.reverse_names import reverse_name
from kheadless_tui.zone.record import Answer, Question, Record
from kheadless_tui.zone.resolve import resolve
from kheadless_tui.zone.serving.config import ZoneConfig
from kheadless_tui.zone.serving.corefile import Corefile, parse
from kheadless_tui.zone.serving.plugin_chain import zone_config
from kheadless_tui.zone.zone_records import service_records, withheld_records
from tests.e2e.replica import Replica
from tests.e2e.zone_sets import Object, ObjectSet, object_set

KUBECTL = ["kubectl", "--kubeconfig", os.environ.get("KHEADLESS_E2E_KUBECONFIG", "")]
SETS = int(os.environ.get("KHEADLESS_E2E_SETS", "300"))
"""How many sets of objects are tried."""
DRAWN = 20
"""Sets that are drawn at once."""
BATCH = 75
"""Sets that are applied at once, each in a namespace of its own."""
SYNC_SECONDS = 60
TRANSFER_PORT = 1053
PREFIX = f"zone-{uuid.uuid4().hex[:6]}"


def kubectl(*args: str, stdin: str | None = None) -> str:
    done = subprocess.run([*KUBECTL, *args], input=stdin, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Cluster:
    """The replicas of CoreDNS and how each of their ports serves the zone."""

    def __init__(self, replicas: list[Replica], transfers: list[Replica], served: ZoneConfig, bare: ZoneConfig | None):
        self.replicas = replicas
        self.transfers = transfers
        self.served = served
        self.bare = bare
        self.block = uuid.uuid4().int % 30000
        """Tells the addresses of the sets apart; those of an earlier run may not all be gone yet."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    (found,) = objects_from(json.loads(kubectl("-n", "kube-system", "get", "configmap", "coredns", "-o", "json")), "")
    assert isinstance(found, ConfigMap)
    corefile = parse((found.data or {})["Corefile"], "coredns")
    names = kubectl("-n", "kube-system", "get", "pods", "-l", "k8s-app=kube-dns", "-o", "name").split()
    pods = [name.removeprefix("pod/") for name in names]
    bare = [block for block in corefile.blocks if block.named("transfer")]
    served = zone_config(corefile, "ConfigMap kube-system/coredns")
    bare_config = zone_config(Corefile("coredns", tuple(bare)), "transfer") if bare else None
    replicas = [Replica(KUBECTL, pod, 53) for pod in pods]
    transfers = [Replica(KUBECTL, pod, TRANSFER_PORT) for pod in pods] if bare else []
    yield Cluster(replicas, transfers, served, bare_config)
    for replica in (*replicas, *transfers):
        replica.__exit__(None, None, None)
    kubectl("delete", "namespace", "-l", f"kheadless-test={PREFIX}", "--wait=false")


@pytest.mark.timeout(1800)
def test_predicted_is_served(cluster: Cluster) -> None:
    """While one batch is asked for the next one is applied already."""
    sets = _generated()
    batches = [sets[start : start + BATCH] for start in range(0, len(sets), BATCH)]
    with ThreadPoolExecutor(1) as ahead:
        applied = [ahead.submit(_apply, cluster, batch, f"{PREFIX}-{number}") for number, batch in enumerate(batches)]
        for number, spaces in enumerate(applied):
            try:
                _compare_all(cluster, spaces.result())
            finally:  # by a label, as kubectl deletes names one by one and slowly
                kubectl("delete", "namespace", "-l", f"kheadless-batch={PREFIX}-{number}", "--wait=false")


def _generated() -> list[ObjectSet]:
    """So many sets, a few of them in each example, as one of them all would be too large."""
    found: list[ObjectSet] = []

    @settings(
        max_examples=max(1, SETS // DRAWN),
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=False,
    )
    @given(sets=st.lists(object_set(), min_size=DRAWN, max_size=DRAWN))
    def collect(sets: list[ObjectSet]) -> None:
        found.extend(sets)

    collect()
    return found


def _compare_all(cluster: Cluster, spaces: list[str]) -> None:
    """All servers are asked at the same time: most of it is waiting for them."""
    snapshot = _read(spaces)
    questions = sorted({question for space in spaces for question in _questions(snapshot, space, cluster.served)})
    forward = [question for question in questions if question.type != "PTR"]
    with ThreadPoolExecutor(len(cluster.replicas) + len(cluster.transfers)) as pool:
        predicted = _predicted(questions, snapshot, cluster.served, cluster.replicas[0])
        checks = [pool.submit(_compare, each, predicted, snapshot, cluster.served) for each in cluster.replicas]
        if cluster.bare is not None:
            predicted = _predicted(forward, snapshot, cluster.bare, cluster.transfers[0])
            zone = cluster.bare.zone
            whole = _of_spaces(transfer(snapshot, zone, cluster.bare), spaces)
            for each in cluster.transfers:
                checks.append(pool.submit(_compare, each, predicted, snapshot, cluster.bare))
                checks.append(pool.submit(_compare_transfer, each, zone, whole, spaces))
        for check in checks:
            check.result()


def _predicted(questions: list[Question], snapshot: Snapshot, config: ZoneConfig, upstream: Replica) -> list[Answer]:
    """What every replica must answer; of targets outside the zone, what one of them says."""
    found = [resolve(snapshot, question, config, upstream=upstream.answer) for question in questions]
    return [each for each in found if not each.fallthrough and not each.unsendable]


def _apply(cluster: Cluster, sets: Sequence[ObjectSet], batch: str) -> list[str]:
    """Apply the sets, then a sentinel that every replica must know before anything is asked."""
    documents: list[Object] = []
    spaces = []
    for objects in sets:
        cluster.block += 1
        space = f"{PREFIX}-{cluster.block}"
        spaces.append(space)
        documents.append(_namespace(space, batch))
        documents += objects.placed(space, cluster.block)
    _create(documents)
    last = f"{PREFIX}-{cluster.block}-last"
    spaces.append(last)
    address = f"10.99.{cluster.block // 250}.{cluster.block % 250}"
    sentinel = [_namespace(last, batch), *ObjectSet(_sentinel(address)).placed(last, 0)]
    _create(sentinel)
    for replica in cluster.transfers or cluster.replicas:
        question = Question(f"sentinel.{last}.svc.{cluster.served.zone}", "A")
        limit = time.monotonic() + SYNC_SECONDS
        while not replica.answer(question).answer:
            assert time.monotonic() < limit, f"{replica.name} does not know the sentinel after {SYNC_SECONDS} s"
    return spaces


def _create(documents: list[Object]) -> None:
    whole = json.dumps({"apiVersion": "v1", "kind": "List", "items": documents})
    kubectl("create", "--validate=false", "-f", "-", stdin=whole)


def _namespace(name: str, batch: str) -> Object:
    labels = {"kheadless-test": PREFIX, "kheadless-batch": batch}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def _sentinel(address: str) -> list[Object]:
    return [
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "sentinel"}, "spec": {"clusterIP": "None"}},
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": "sentinel", "labels": {"kubernetes.io/service-name": "sentinel"}},
            "addressType": "IPv4",
            "endpoints": [{"addresses": [address]}],
            "ports": [],
        },
    ]


def _read(spaces: list[str]) -> Snapshot:
    """The objects as the API server has them: its defaults and addresses included."""
    found = objects_from(json.loads(kubectl("get", "namespaces", "-o", "json")), "")
    listed = json.loads(kubectl("get", "services,endpointslices", "-A", "-o", "json"))
    found += objects_from(listed, "")
    return Snapshot.of(found, namespaces_known=True)


def _questions(snapshot: Snapshot, space: str, config: ZoneConfig) -> Iterator[Question]:
    """Each predicted record, each type of each name, and names that must not exist."""
    for service in snapshot.services(space):
        predicted = service_records(snapshot, service, config)
        names = {item.record.name for item in predicted} | {
            item.record.name for item in withheld_records(snapshot, service, config)
        }
        base = f"{service.name}.{space}.svc.{config.zone}"
        names |= {base, f"_tcp.{base}", f"_http._tcp.{base}", f"_pg._udp.{base}", f"nobody.{base}", f"_._tcp.{base}"}
        names |= {f"http.tcp.{base}", f"_http._tcp.web-0.{base}", f"web-0.{base}", f"web-1.{base.upper()}"}
        for item in snapshot.slices_of(ObjectKey(space, service.name)):
            for endpoint in item.endpoints or ():
                for address in endpoint.addresses or ():
                    names.add(f"{address.replace('.', '-').replace(':', '-')}.{base}")
                    yield Question(reverse_name(address), "PTR")
                    yield Question(f"{address.replace('.', '-').replace(':', '-')}.{space}.pod.{config.zone}", "A")
        for name in names:
            if not name.endswith(".arpa."):
                yield from (Question(name, kind) for kind in ("A", "AAAA", "SRV"))
        for kind in ("TXT", "MX", "CNAME", "NS", "SOA", "HTTPS", "PTR", "CAA"):
            yield Question(base, kind)
    for kind in ("A", "TXT", "SOA"):
        yield Question(f"{space}.svc.{config.zone}", kind)
        yield Question(f"{space}x.svc.{config.zone}", kind)


def _compare(replica: Replica, sent: list[Answer], snapshot: Snapshot, config: ZoneConfig) -> None:
    began = time.monotonic()
    replies = replica.answers([each.question for each in sent])
    # A cache counts down what the same name in another case has put there: by no more than the time of asking.
    cached = config.cache is not None
    aged = math.ceil(time.monotonic() - began) if cached else 0
    for predicted in sent:
        question = predicted.question
        observed = _made_fresh(replies[question], predicted, aged)
        assert _comparable(predicted, predicted, cached) == _comparable(observed, predicted, cached), (
            f"{replica.name} answers {question} in another way\n{_objects(snapshot, question)}"
        )


def _made_fresh(observed: Answer, predicted: Answer, aged: int) -> Answer:
    """The answer with the TTLs of the prediction wherever they are at most `aged` seconds below it."""

    def fresh(records: Sequence[Record], of: Sequence[Record]) -> tuple[Record, ...]:
        whole = max((record.ttl for record in of), default=0)
        return tuple(
            msgspec.structs.replace(each, ttl=whole) if whole - aged <= each.ttl < whole else each for each in records
        )

    return msgspec.structs.replace(
        observed,
        answer=fresh(observed.answer, predicted.answer),
        authority=fresh(observed.authority, predicted.authority),
        additional=fresh(observed.additional, predicted.additional),
    )


def _objects(snapshot: Snapshot, question: Question) -> str:
    """The objects of the namespace that a question is about."""
    space = next((part for part in question.name.split(".") if part.startswith(PREFIX)), None)
    return "\n".join(str(item) for (_, key), item in snapshot.objects.items() if key.namespace == space)


def _comparable(answer: Answer, predicted: Answer, cached: bool) -> tuple[object, ...]:
    """Sections as multisets.

    TTLs count down in what comes from elsewhere, so they are left out there; a cache gives names in the case in which
    they were asked first.
    """
    outside = any(record.type == "CNAME" for record in predicted.answer)
    sections = []
    for section in (answer.answer, answer.authority, answer.additional):
        records = [msgspec.structs.replace(item, ttl=0) if outside else item for item in section]
        if cached:
            records = [msgspec.structs.replace(r, name=r.name.lower(), data=r.data.lower()) for r in records]
        sections.append(Counter(records))
    return answer.rcode, answer.aa or outside, *sections


def _compare_transfer(replica: Replica, zone: str, predicted: Counter[Record], spaces: list[str]) -> None:
    assert predicted
    assert _of_spaces(replica.transfer(zone), spaces) == predicted


def _of_spaces(records: Iterable[Record], spaces: list[str]) -> Counter[Record]:
    """The records of our namespaces; others may change between reading and transfer."""
    own = frozenset(spaces)
    return Counter(item for item in records if not own.isdisjoint(item.name.split(".")))

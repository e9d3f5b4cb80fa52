"""Every option of the kubernetes plugin, asked of a CoreDNS of our own that runs with it in front of the real API."""

from __future__ import annotations

import json
import os
import subprocess
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import yaml

from kheadless_tui.model.manifests import objects_from
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.zone.answering.message_size import BUFFERS, fits
from kheadless_tui.zone.answering.transfer import transfer
from kheadless_tui.zone.naming.zones import is_below
from kheadless_tui.zone.record import Answer, Question
from kheadless_tui.zone.resolve import resolve
from kheadless_tui.zone.serving.config import ZoneConfig
from kheadless_tui.zone.serving.corefile import parse
from kheadless_tui.zone.serving.plugin_chain import zone_config
from kheadless_tui.zone.zone_records import service_records
from tests.e2e.coredns import CoreDns, binary, free_ports, plugins
from tests.e2e.replica import LocalServer
from tests.e2e.zone_world import CROWD, World, questions

PLUGINS = {
    "minimal": "minimal",
    "header": "header {\n    response clear aa\n  }",
    "acl": "acl {\n    allow net 10.0.0.0/8\n    block type AAAA PTR\n    filter type SRV net 127.0.0.0/8\n  }",
    "acl-all": "acl cluster.local {\n    block\n  }",
    "environment": "cache {$KHEADLESS_TEST_UNSET}\n  log {$KHEADLESS_TEST_UNSET}",
    "import": "import FOLDER/*.override",
    "hosts": "hosts {\n    10.9.9.9 web.MARK-a.svc.cluster.local\n    fallthrough\n  }",
    "hosts-wildcard": "hosts {\n    10.9.9.9 *.web.MARK-a.svc.cluster.local\n    fallthrough\n  }",
    "autopath": "autopath MARK-a.svc.cluster.local FOLDER/resolv.conf",
    "template": "template IN AAAA cluster.local {\n    match ^_http\n    rcode NXDOMAIN\n    fallthrough\n  }",
    "rewrite": "rewrite stop name regex ^(.*)[.]MARK-b[.]svc[.]cluster[.]local[.]$ {1}.MARK-a.svc.cluster.local.",
    "any": "any\n  local",
    "tsig": "tsig {\n    secret a. c2VjcmV0\n    require SRV\n  }",
}
"""By name other plugins of the server block, which we follow or which make answers uncertain."""

WHOLE = {
    "blocks": """
in-addr.arpa:PORT ip6.arpa:PORT {
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    ttl 77
    endpoint_pod_names
    COMMON
  }
}
cluster.local:PORT {
  kubernetes cluster.local {
    ttl 11
    fallthrough MARK-b.svc.cluster.local
    COMMON
  }
}
MARK-a.svc.cluster.local:PORT {
  kubernetes cluster.local {
    ttl 22
    pods insecure
    COMMON
  }
  cache 7 {
    disable success
    disable denial
  }
}
web.MARK-a.svc.cluster.local:PORT {
  template IN A . {
    answer "{{ .Name }} 60 IN A 192.0.2.9"
  }
}
""",
    "rewrites": """
.:PORT {
  rewrite stop name exact foo.test web.MARK-a.svc.cluster.local
  rewrite stop name suffix MARK-b.svc.cluster.local. MARK-a.svc.cluster.local. answer auto
  rewrite name suffix .plain.test .MARK-a.svc.cluster.local
  rewrite name regex ^([a-z0-9_.-]+?)[.]rx[.]test[.]$ {1}.MARK-a.svc.cluster.local answer auto
  rewrite stop {
    name regex (?i)^(.*)\\.named\\.(test|net)\\.
    {1}.MARK-a.svc.cluster.local
    answer name (.*)\\.MARK-a\\.svc.* {1}.named.test
    answer value ^(.*)\\.MARK-a\\.svc.* {1}.valued.test
  }
  rewrite name prefix chain-13 web answer auto
  rewrite name prefix web nosuch
  rewrite continue name one.test two.test
  rewrite name two.test web.MARK-a.svc.cluster.local
  rewrite {
    name substring any.test cluster.local answer auto
  }
  rewrite name nowhere.test else.where
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    fallthrough in-addr.arpa
    COMMON
  }
}
""",
    "replies": """
.:PORT {
  rewrite continue ttl suffix MARK-a.svc.cluster.local 7
  rewrite continue ttl prefix web 0-3
  rewrite continue ttl substring in-addr.arpa 60-
  rewrite continue rcode regex ^(nosuch|missing)[.] NXDOMAIN NOERROR
  rewrite continue rcode web-0.web.MARK-a.svc.cluster.local 0 3
  rewrite continue rcode suffix unready.MARK-a.svc.cluster.local NXDOMAIN NOERROR
  rewrite continue rcode suffix unready.MARK-a.svc.cluster.local NOERROR NXDOMAIN
  rewrite continue rcode api.MARK-a.svc.cluster.local NXDOMAIN NOERROR
  rewrite continue rcode api.MARK-a.svc.cluster.local NOERROR NXDOMAIN
  rewrite continue rcode suffix test SERVFAIL NXRRSET
  rewrite continue name suffix .named.test .MARK-a.svc.cluster.local answer auto
  rewrite continue name nowhere.test else..where
  rewrite class CH IN
  rewrite stop type HTTPS SRV
  rewrite type MX A
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    pods insecure
    COMMON
  }
}
""",
}
"""By name whole Corefiles of one port: several server blocks, rewriting of names, types, TTLs and rcodes."""

REWRITTEN = [
    f"{name}."
    for name in (
        "foo.test Foo.TEST one.test two.test nowhere.test no.foo.test web.plain.test web-0.web.plain.test "
        "_http._tcp.web.plain.test web.MARK-a.svc.any.test _http._tcp.web.MARK-a.svc.any.test svc.any.test any.test "
        "xany.test ns.dns.any.test alias.MARK-a.svc.any.test WEB.MARK-B.svc.cluster.local MARK-b.svc.cluster.local "
        "xMARK-b.svc.cluster.local web.example.org test web.rx.test _http._tcp.web.rx.test rx.test no.such.rx.test "
        "web.named.test _http._tcp.web.named.net Web-0.Web.Named.Test nosuch.named.test web.named.tests"
    ).split()
]
"""Names that the rules are for, and some that they just miss."""

KUBECONFIG = os.environ.get("KHEADLESS_E2E_KUBECONFIG", "")
SYNC_SECONDS = 20
CRD = "serviceimports.multicluster.x-k8s.io"
ALL_ZONES = "cluster.local in-addr.arpa ip6.arpa"

pytestmark = [
    pytest.mark.skipif(binary() is None, reason="no coredns: KHEADLESS_COREDNS is not set and PATH has none"),
    pytest.mark.timeout(300),
]

BLOCKS = {
    "defaults": ("cluster.local", "labels kheadless-test=MARK"),
    "verified": (ALL_ZONES, "labels kheadless-test=MARK; pods verified; ttl 30"),
    "insecure": (ALL_ZONES, "labels kheadless-test=MARK; pods insecure; ttl 3600"),
    "pod-names": (ALL_ZONES, "labels kheadless-test=MARK; endpoint_pod_names; ttl 0"),
    "unlabelled": (ALL_ZONES, "pods verified; endpoint_pod_names; ignore empty_service"),
    "namespaces": (ALL_ZONES, "labels kheadless-test=MARK; namespaces MARK-b; pods insecure"),
    "namespace-labels": (
        ALL_ZONES,
        "labels kheadless-test=MARK; namespace_labels team in (a),kheadless-test=MARK; pods insecure",
    ),
    "noendpoints": (ALL_ZONES, "labels kheadless-test=MARK; noendpoints; ignore empty_service; pods insecure"),
    "zonal": (ALL_ZONES, "labels kheadless-test=MARK; zonal; endpoint_pod_names"),
    "multicluster": (
        f"clusterset.local {ALL_ZONES}",
        "labels kheadless-test=MARK; multicluster clusterset.local; zonal; pods insecure",
    ),
    "multicluster-selected": (
        "clusterset.local cluster.local",
        "labels kheadless-test=MARK; multicluster clusterset.local; namespace_labels team=a; endpoint_pod_names;"
        " ignore empty_service",
    ),
    "fallthrough": (
        ALL_ZONES,
        "labels kheadless-test=MARK; pods verified; fallthrough in-addr.arpa MARK-a.svc.cluster.local",
    ),
    "fallthrough-all": ("cluster.local", "labels kheadless-test=MARK; fallthrough"),
}
"""By name the zones and the options of the plugin."""


def kubectl(*args: str, stdin: str | None = None, check: bool = True) -> str:
    done = subprocess.run(
        ["kubectl", "--kubeconfig", KUBECONFIG, *args],
        input=stdin, capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    assert not check or done.returncode == 0, done.stderr
    return done.stdout


class Served(msgspec.Struct):
    """A world on the cluster, and the servers that serve it each in another way."""

    world: World
    snapshot: Snapshot
    servers: dict[str, LocalServer]
    configs: dict[str, ZoneConfig]


@pytest.fixture(scope="module")
def crd() -> Iterator[None]:
    """The definition of ServiceImports, for as long as the test runs where the cluster has none."""
    had = bool(kubectl("get", "crd", CRD, "--ignore-not-found", "-o", "name"))
    if not had:
        kubectl("create", "-f", str(Path(__file__).parent / "serviceimport-crd.yaml"))
        kubectl("wait", "--for=condition=Established", f"crd/{CRD}", "--timeout=30s")
    yield
    if not had:
        kubectl("delete", "crd", CRD, "--wait=false")


@pytest.fixture(scope="module")
def served(crd: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    world = World(f"zo-{uuid.uuid4().hex[:6]}", 1 + uuid.uuid4().int % 249)
    try:
        _create(world)
        powerless = _powerless(world, tmp_path_factory.mktemp("powerless") / "kubeconfig")
        folder = tmp_path_factory.mktemp("imported")
        (folder / "more.override").write_text("template IN TXT .\n", encoding="utf-8")
        (folder / "resolv.conf").write_text(
            f"search {world.first}.svc.cluster.local svc.cluster.local\n", encoding="utf-8"
        )
        ports = free_ports(len(BLOCKS) + len(PLUGINS) + len(WHOLE) + 1)
        texts = {
            name: _block(zones, f"{options}; kubeconfig {KUBECONFIG}".replace("MARK", world.mark), port)
            for (name, (zones, options)), port in zip(BLOCKS.items(), ports, strict=False)
        }
        for (name, others), port in zip(PLUGINS.items(), ports[len(BLOCKS) :], strict=False):
            options = f"labels kheadless-test=MARK; pods insecure; kubeconfig {KUBECONFIG}"
            known = "" if _missing(name) else others.replace("FOLDER", str(folder))
            text = _block(ALL_ZONES, options, port, known)
            texts[name] = text.replace("MARK", world.mark)
        for (name, text), port in zip(WHOLE.items(), ports[len(BLOCKS) + len(PLUGINS) :], strict=False):
            common = f"labels kheadless-test=MARK\n    kubeconfig {KUBECONFIG}"
            whole = text.replace("COMMON", common).replace(":PORT {", ":PORT {\n  bind 127.0.0.1")
            texts[name] = whole.replace("PORT", str(port)).replace("MARK", world.mark)
        texts["unsynced"] = _block(
            ALL_ZONES, f"kubeconfig {powerless}; startup_timeout 100ms; fallthrough ip6.arpa", ports[-1]
        )
        with CoreDns("\n".join(texts.values()), ports):
            servers = {name: LocalServer(name, port) for name, port in zip(texts, ports, strict=True)}
            configs = {name: zone_config(parse(text, name), name, strict=True) for name, text in texts.items()}
            snapshot = _read(world)
            for name in (*BLOCKS, *WHOLE, "minimal"):
                _wait(servers[name], snapshot, configs[name], world)
            yield Served(world, snapshot, servers, configs)
    finally:
        kubectl("delete", "namespace", world.first, world.second, "--wait=false", "--ignore-not-found")


def _block(zones: str, options: str, port: int, plugins: str = "") -> str:
    lines = "\n".join(f"    {option.strip()}" for option in options.split(";"))
    return f""".:{port} {{
  bind 127.0.0.1
  {plugins}
  kubernetes {zones} {{
{lines}
  }}
  transfer {{
    to *
  }}
}}
"""


def _missing(name: str) -> set[str]:
    """The plugins of an entry of PLUGINS that the program is built without."""
    lines = PLUGINS[name].splitlines()
    return {line.split()[0] for line in lines if line[2:3] not in (" ", "}")} - {"import"} - plugins()


def _create(world: World) -> None:
    """All objects; the pods, which no node ever runs, are given a status."""
    for documents in (world.namespaces(), [*world.objects(), *world.imports()]):
        kubectl("create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": documents}))
    for (namespace, name), status in world.pod_status().items():
        patch = json.dumps({"status": status})
        kubectl("-n", namespace, "patch", "pod", name, "--subresource=status", "--type=merge", "-p", patch)


def _powerless(world: World, path: Path) -> Path:
    """A kubeconfig whose user may read nothing, so that who uses it never knows the cluster."""
    whole = yaml.safe_load(kubectl("config", "view", "--raw", "--minify", "--flatten"))
    token = kubectl("-n", world.first, "create", "token", "default").strip()
    whole["users"] = [{"name": whole["users"][0]["name"], "user": {"token": token}}]
    path.write_text(json.dumps(whole), encoding="utf-8")
    return path


def _read(world: World) -> Snapshot:
    """The objects of the world as the API server has them: its defaults and addresses included."""
    found = objects_from(json.loads(kubectl("get", "namespaces", "-o", "json")), "")
    for namespace in (world.first, world.second):
        kinds = f"services,endpointslices,pods,{CRD}"
        found += objects_from(json.loads(kubectl("-n", namespace, "get", kinds, "-o", "json")), "")
    return Snapshot.of(found, namespaces_known=True)


def _wait(server: LocalServer, snapshot: Snapshot, config: ZoneConfig, world: World) -> None:
    """Until a server that watches the API knows all objects: it may not have seen the last ones when it starts."""
    space = world.second
    probes = [
        Question(f"web.{space}.svc.cluster.local.", "A"),
        Question(f"chain-13.{world.first}.svc.cluster.local.", "CNAME"),
    ]
    limit = time.monotonic() + SYNC_SECONDS
    for probe in probes:
        wanted = resolve(snapshot, probe, config, upstream=server.answer)
        while not wanted.fallthrough and wanted.answer and not server.answer(probe).answer:
            assert time.monotonic() < limit, f"{server.name} does not know the objects after {SYNC_SECONDS} s"


@pytest.mark.parametrize("name", BLOCKS)
def test_an_option_does_what_is_predicted(served: Served, name: str) -> None:
    asked = sorted(set(questions(served.world, served.snapshot, served.configs[name])))
    predicted = _compare(served, name, asked)
    assert sum(bool(each.answer) for each in predicted) > 30, "the questions hardly hit anything"


@pytest.mark.parametrize("name", WHOLE)
def test_server_blocks_and_rewriting_do_what_is_predicted(served: Served, name: str) -> None:
    config = served.configs[name]
    rewritten = [each.replace("MARK", served.world.mark) for each in REWRITTEN]
    asked = {Question(each, kind) for each in rewritten for kind in ("A", "AAAA", "SRV", "PTR", "SOA", "NS", "TXT")}
    asked |= set(questions(served.world, served.snapshot, config))
    predicted = _compare(served, name, sorted(asked), elsewhere="web." if name == "blocks" else "")
    assert sum(bool(each.answer) for each in predicted) > 30, "the questions hardly hit anything"
    assert not any(each.unknown for each in predicted if each.answer)


@pytest.mark.parametrize("name", WHOLE)
def test_the_records_of_server_blocks_are_what_they_answer(served: Served, name: str) -> None:
    config, space = served.configs[name], served.world.first
    listed = [
        item.record
        for service in served.snapshot.services(space)
        for item in service_records(served.snapshot, service, config)
        if item.record.type != "CNAME"  # of several, a question is answered with one
    ]
    assert len(listed) > 30
    asked = sorted({Question(record.name, record.type) for record in listed})
    replies = served.servers[name].answers(asked)
    assert [record for record in listed if record not in replies[Question(record.name, record.type)].answer] == []


def test_before_it_knows_the_cluster_it_fails(served: Served) -> None:
    config = served.configs["unsynced"]
    asked = sorted(set(questions(served.world, Snapshot(namespaces_known=True), config)))
    predicted = _compare(served, "unsynced", asked, synced=False)
    assert {each.rcode for each in predicted} == {"SERVFAIL", "NOERROR"}


@pytest.mark.parametrize("name", PLUGINS)
def test_another_plugin_is_followed_or_makes_uncertain_what_it_changes(served: Served, name: str) -> None:
    if _missing(name):
        pytest.skip(f"this coredns is built without {', '.join(sorted(_missing(name)))}")
    server, config = served.servers[name], served.configs[name]
    asked = sorted(set(questions(served.world, served.snapshot, config)))[::5]
    predicted = [resolve(served.snapshot, each, config, upstream=server.answer) for each in asked]
    sent = [each for each in predicted if not each.unsendable]
    replies = server.answers([each.question for each in sent])
    differing = [each for each in sent if _comparable(each) != _comparable(replies[each.question])]
    for each in differing:
        assert each.notes, f"{each} and {replies[each.question]}"
    assert bool(differing) is (name not in ("minimal", "rewrite"))


@pytest.mark.parametrize("name", BLOCKS)
def test_a_transfer_holds_what_is_predicted(served: Served, name: str) -> None:
    config = served.configs[name]
    for zone in config.zones:
        predicted = Counter(transfer(served.snapshot, zone, config))
        observed = Counter(served.servers[name].transfer(zone))
        ours = [record for record in observed if f".{served.world.mark}-" in record.name or record.type == "SOA"]
        assert predicted == Counter({record: observed[record] for record in ours}), zone


def _compare(
    served: Served, name: str, asked: list[Question], *, synced: bool = True, elsewhere: str = ""
) -> list[Answer]:
    """Ask what must have an answer and every third of all other questions, and compare with what is predicted.

    What is below ``elsewhere`` in the first namespace is answered by a server block without the plugin, and left out.
    """
    server, config = served.servers[name], served.configs[name]
    predicted = [resolve(served.snapshot, each, config, upstream=server.answer, synced=synced) for each in asked]
    sent = [each for each in predicted if each.answer]
    sent += [each for each in predicted if not each.answer and not each.unsendable][::3]
    other = f"{elsewhere}{served.world.first}.svc.cluster.local."
    if elsewhere:
        below = [each for each in sent if each.elsewhere]
        assert below
        assert all(is_below(each.question.name, other) for each in below)
        sent = [each for each in sent if not each.elsewhere]
    replies = server.answers([each.question for each in sent])
    wrong = [
        f"{each.question}\n  predicted {_comparable(each)}\n  observed  {_comparable(replies[each.question])}"
        for each in sent
        if _comparable(each) != _comparable(replies[each.question])
    ]
    assert not wrong, f"{len(wrong)} of {len(sent)} differ\n" + "\n".join(wrong[:20])
    return predicted


@pytest.mark.parametrize("name", ["verified", "pod-names", "noendpoints"])
def test_a_reply_that_cannot_be_sent_never_comes(served: Served, name: str) -> None:
    server, config = served.servers[name], served.configs[name]
    asked = sorted({each for each in questions(served.world, served.snapshot, config) if each.type == "PTR"})
    predicted = [resolve(served.snapshot, each, config, upstream=server.answer) for each in asked]
    mute = [each.question for each in predicted if each.unsendable]
    assert bool(mute) is (name != "noendpoints")
    last = Question("cluster.local.", "SOA")
    assert set(server.answers([*mute, last], last)) == {last}


@pytest.mark.parametrize("buffer", BUFFERS)
def test_what_fits_is_sent(served: Served, buffer: int) -> None:
    server, config = served.servers["defaults"], served.configs["defaults"]
    base = f"{CROWD}.{served.world.second}.svc.cluster.local."
    for name in (base, base.upper(), f"_http._tcp.{base}", f"{CROWD}-07.{base}", f"Nobody.{base}"):
        for kind in ("A", "AAAA", "SRV", "TXT"):
            answer = resolve(served.snapshot, Question(name, kind), config)
            (wanted,) = [each for each in fits(answer) if each.buffer == buffer]
            seen = server.sections(answer.question, buffer)
            assert seen == (wanted.answer, wanted.authority, wanted.additional, wanted.truncated), answer.question


def _comparable(answer: Answer) -> tuple[object, ...]:
    """Sections as multisets. What falls through meets no further plugin, which is a SERVFAIL without SOA."""
    if answer.elsewhere:
        return "SERVFAIL", False, Counter(), Counter(), Counter()
    return answer.rcode, answer.aa, *(Counter(each) for each in (answer.answer, answer.authority, answer.additional))

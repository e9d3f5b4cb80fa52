"""Corefiles: what CoreDNS reads, what it refuses and where, and what is noted."""

from __future__ import annotations

import pytest

from kheadless_tui.errors import InputError
from kheadless_tui.zone.naming.zones import reverse_zones
from kheadless_tui.zone.serving.config import CacheBounds, ZoneConfig
from kheadless_tui.zone.serving.corefile import parse
from kheadless_tui.zone.serving.corefile_words import Token, tokens
from kheadless_tui.zone.serving.plugin_chain import zone_config

KUBEADM = """.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success cluster.local
       disable denial cluster.local
    }
    loop
    reload
    loadbalance
}
"""


def config(text: str) -> ZoneConfig:
    return zone_config(parse(text, "Corefile"), "Corefile")


def stanza(*lines: str, zones: str = "cluster.local", around: str = "") -> ZoneConfig:
    return config(f".:53 {{\n{around}\nkubernetes {zones} {{\n" + "\n".join(lines) + "\n}\n}\n")


def test_kubeadms_corefile() -> None:
    found = config(KUBEADM)
    assert found.zones == ("cluster.local.", "in-addr.arpa.", "ip6.arpa.")
    assert (found.zone, found.ttl, found.pods) == ("cluster.local.", 30, "insecure")
    assert found.ttl_known
    assert found.fallthrough == ("in-addr.arpa.", "ip6.arpa.")
    assert found.next_plugins == ("forward . /etc/resolv.conf",)
    assert found.cache == CacheBounds(5, 30, 5, 30, keeps_success=False, keeps_denial=False)
    assert found.notes == ()


def test_every_option() -> None:
    found = stanza(
        "endpoint_pod_names", "namespaces a b", "namespaces c", "labels app in (x, y),tier", "noendpoints",
        "ignore empty_service", "fallthrough", "multicluster clusterset.local", "pods verified", "ttl 0",
        "kubeconfig /k ctx", "startup_timeout 5s", "apiserver_qps 5", "endpoint https://x", "tls a b c",
        zones="cluster.local ClusterSet.local",
    )  # fmt: skip
    assert found.endpoint_pod_names
    assert found.noendpoints
    assert found.ignore_empty_service
    assert found.namespaces == ("a", "b", "c")
    assert found.labels == "app in (x, y),tier"
    assert found.fallthrough == (".",)
    assert found.multicluster == ("clusterset.local.",)
    assert (found.pods, found.ttl, found.zone) == ("verified", 0, "cluster.local.")
    assert stanza("zonal", "namespace_labels tier=gold").namespace_labels == "tier=gold"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["ttl 30", "podz insecure"], "Corefile:5: unknown property 'podz' of kubernetes"),
        (["pods some"], "Corefile:4: expected pods disabled, insecure, verified, found some"),
        (["pods"], "Corefile:4: expected pods disabled, insecure, verified, found nothing"),
        (["ttl 3601"], "Corefile:4: expected a ttl of 0 to 3600 seconds, found 3601"),
        (["ttl soon"], "Corefile:4: expected a ttl of 0 to 3600 seconds, found soon"),
        (["ttl"], "Corefile:4: ttl needs an argument"),
        (["ttl +-5"], "Corefile:4: expected a ttl of 0 to 3600 seconds, found +-5"),
        (["ttl ²"], "Corefile:4: expected a ttl of 0 to 3600 seconds, found ²"),
        (["tls a b"], "Corefile:4: tls takes 3 arguments, found a b"),
        (["kubeconfig"], "Corefile:4: kubeconfig takes 1 or 2 arguments, found nothing"),
        (["endpoint"], "Corefile:4: endpoint needs an argument"),
        (["startup_timeout"], "Corefile:4: startup_timeout needs an argument"),
        (["startup_timeout 5"], "Corefile:4: expected startup_timeout with a duration such as 5s, found 5"),
        (["apiserver_qps -1"], "Corefile:4: expected apiserver_qps of at least 0, found -1"),
        (["apiserver_burst 1.5"], "Corefile:4: expected apiserver_burst of at least 0, found 1.5"),
        (["apiserver_max_inflight"], "Corefile:4: apiserver_max_inflight takes 1 argument, found nothing"),
        (["noendpoints yes"], "Corefile:4: noendpoints takes no argument, found yes"),
        (["ignore all"], "Corefile:4: expected ignore empty_service, found ignore all"),
        (["labels a=b,"], "Corefile:4: labels: expected another term behind the last comma"),
        (["labels a!=b"], "Corefile:4: labels: expected a term such as key=value, found 'a!=b'"),
        (["namespaces a", "namespace_labels b"], "Corefile:6: namespaces and namespace_labels cannot both be set"),
        (["zonal", "noendpoints"], "Corefile:6: zonal needs the endpoints that noendpoints leaves out"),
        (["multicluster x.local"], "Corefile:5: multicluster zone x.local. is not among the zones of kubernetes"),
    ],
)
def test_what_coredns_refuses_has_a_line(lines: list[str], message: str) -> None:
    with pytest.raises(InputError) as caught:
        stanza(*lines)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "C: expected a server block such as `.:53 { ... }`, found none"),
        (".:53 {\n kubernetes\n", "C:2: expected }, found the end of the file behind kubernetes"),
        (".:53 {\n kubernetes cluster.local {\n ttl 5\n", "C:3: expected }, found the end of the file behind 5"),
        (
            ".:53 {\n kubernetes cluster.local\n {\n ttl 5\n }\n}",
            "C:3: expected { on the line of kubernetes, found it on",
        ),
        (".:53, {\n}", "C:1: expected another server name behind the comma, found {"),
        ("(a) {\n}\n(a) {\n}\n", "C:3: snippet a is declared a second time"),
        ("(a) {\n import a\n}\n. {\n import a\n}\n", "C:3: snippet a imports itself without end"),
        ("(a)\nerrors\n", "C:2: expected { behind the snippet's name a, found errors"),
        ("(a) {\n import b\n}\n(b) {\n import a\n}\n. {\n import a\n}\n", "C:5: snippet a imports itself without end"),
        (".:53 {\n errors\n}}\n", "C:3: expected }, found the end of the file behind }}"),
        (". {\n import\n}\n", "C:2: expected one snippet or file behind import, found none"),
        (". {\n import a b\n}\n", "C:2: expected one snippet or file behind import, found more"),
        (". {\n {\n }\n}\n", "C:2: expected a plugin, found {"),
        (".:53 { errors }\n", "C:1: expected } on a line of its own, found it behind errors"),
        ('.:53 {\n log\n bind "a\n kubernetes\n}\n', 'C:3: expected a closing ", found the end of the file'),
    ],
)
def test_syntax_errors_have_a_line(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(text, "C")
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    "text",
    [
        ".:53 {\n kubernetes cluster.local {\n ttl 7\n }\n",  # the last word closes the plugin, and the file ends
        ".:53 {\n cache {\n success 5\n }\n kubernetes cluster.local {\n ttl 7 }\n# nothing\n",
        ".:53\nkubernetes cluster.local {\nttl 7\n}\n}\n",
        ".:53\n{\nkubernetes cluster.local { ttl 7 }\n}\n",
        ".:53 { errors\nkubernetes cluster.local {\nttl 7 }\n}\n",
    ],
)
def test_braces_that_coredns_does_not_miss(text: str) -> None:
    """Seen: CoreDNS starts with each."""
    assert zone_config(parse(text, "C"), "C", strict=True).ttl == 7


def test_there_are_no_braces_in_braces() -> None:
    with pytest.raises(InputError, match=r"C:3: unknown property '\{' of kubernetes"):
        zone_config(parse(".:53 {\n kubernetes cluster.local {\n ttl 5 {\n x\n }\n }\n}\n", "C"), "C")


def test_words_as_coredns_reads_them() -> None:
    text = 'a "b c" "d \\" \\n"#x\n# whole line { }\ne#f g\n"two\nlines" h'
    assert list(tokens(text)) == [
        Token("a", 1), Token("b c", 1), Token('d " \\n', 1), Token("e", 3), Token("g", 3),
        Token("two\nlines", 4), Token("h", 5),
    ]  # fmt: skip
    assert [word.text for word in tokens("\ufeffa\r\nb")] == ["a", "b"]


def test_snippets_are_expanded_and_files_are_noted() -> None:
    found = config(
        "(k8s) {\n kubernetes cluster.local {\n  import opts\n }\n}\n(opts) {\n ttl 7\n}\n"
        ".:53 {\n import k8s\n import custom/*.override\n bind {$ADDRESS}\n}\n"
    )
    assert found.ttl == 7
    assert [(note.where, note.plugin) for note in found.notes] == [
        ("Corefile:11", "import"),
        ("Corefile:12", "environment"),
    ]


def test_a_server_without_braces_and_zones_of_its_keys() -> None:
    found = config("cluster.local, 10.96.0.0/15\nkubernetes\n")
    assert found.zones == ("cluster.local.", "96.10.in-addr.arpa.", "97.10.in-addr.arpa.")


def test_the_block_on_port_53_counts() -> None:
    text = "cluster.local:1053 {\n kubernetes cluster.local\n}\n"
    text += "dns://.:53 {\n kubernetes cluster.local {\n  ttl 9\n }\n}\n"
    assert config(text).ttl == 9
    assert config(text.partition("dns://")[0]).ttl == 5


def test_no_kubernetes_plugin_and_reverse_zones_alone() -> None:
    with pytest.raises(InputError, match="expected a server block with the kubernetes plugin, found none"):
        config(". {\n forward . 1.1.1.1\n}\n")
    with pytest.raises(InputError, match="expected a zone that is not a reverse zone"):
        stanza(zones="10.in-addr.arpa")
    with pytest.raises(InputError, match="kubernetes stands twice in one server block"):
        config(". {\n kubernetes a.local\n kubernetes b.local\n}\n")


def test_what_may_change_answers_is_noted() -> None:
    around = (
        "rewrite edns0 nsid set\nhosts /etc/h {\n fallthrough\n}\ntemplate IN A x\nautopath @kubernetes\ndnssec\nfancy"
    )
    notes = stanza(around=around).notes
    assert [note.plugin for note in notes] == ["rewrite", "hosts", "template", "autopath", "dnssec", "fancy", "dnssec"]
    assert notes[0].text == "rewrite edns0 nsid set changes options of EDNS0"
    assert notes[-2].text == "fancy is not known here and may change answers"
    assert notes[1].where == "Corefile:3"
    stale = stanza(around="cache {\n serve_stale\n}").notes
    assert [note.plugin for note in stale] == ["cache"]


def test_zones_that_are_never_asked_and_blocks_that_are_closer() -> None:
    text = (
        "cluster.local:53 {\n kubernetes cluster.local in-addr.arpa\n}\n"
        "shop.svc.cluster.local:53 {\n file db.shop\n}\n.:53 {\n forward . 1.1.1.1\n}\n"
    )
    notes = [note.text for note in config(text).notes]
    assert notes == [
        "zone in-addr.arpa. of kubernetes is never asked: its server block answers only cluster.local.",
        "names below shop.svc.cluster.local. are answered by another server block, which is not followed",
    ]


@pytest.mark.parametrize(
    ("lines", "bounds"),
    [
        ("cache", CacheBounds()),
        ("cache 30", CacheBounds(5, 30, 5, 30)),
        ("cache 30 example.org", None),
        ("cache 30 a.b.svc.cluster.local", CacheBounds(5, 30, 5, 30, zones=("a.b.svc.cluster.local.",))),
        ("cache {\n success 100 60 2\n denial 100 7\n}", CacheBounds(2, 60, 5, 7)),
        ("cache {\n disable success\n}", CacheBounds(keeps_success=False)),
        ("cache {\n disable denial example.org\n}", CacheBounds()),
    ],
)
def test_cache_bounds(lines: str, bounds: CacheBounds | None) -> None:
    assert stanza(around=lines).cache == bounds


def test_cache_and_bufsize_numbers_that_coredns_refuses() -> None:
    with pytest.raises(InputError, match="Corefile:3: expected a TTL of at least 1 seconds for cache, found 0"):
        stanza(around="cache {\nsuccess 1 0\n}")
    with pytest.raises(InputError, match="Corefile:2: expected a bufsize of 512 to 4096, found 9"):
        stanza(around="bufsize 9")
    assert (stanza(around="bufsize").bufsize, stanza(around="bufsize 4096").bufsize) == (1232, 4096)


@pytest.mark.parametrize(
    ("around", "message"),
    [
        ("cache {\nbogus\n}", "Corefile:3: unknown property 'bogus' of cache"),
        ("cache -5", "Corefile:2: expected a TTL of at least 1 seconds for cache, found -5"),
        ("cache {\nsuccess\n}", "Corefile:3: wrong number of arguments for success of cache: nothing"),
        ("cache {\ndisable all\n}", "Corefile:3: expected disable success or denial for cache, found all"),
        ("cache {\nservfail 6m\n}", "Corefile:3: expected servfail of 0s to 5m for cache, found 6m"),
        ("cache {\nserve_stale -1s\n}", "Corefile:3: expected serve_stale [DURATION] [immediate|verify], found -1s"),
        ("cache {\nserve_stale_policy prefer_positive\n}", "Corefile:3: serve_stale_policy requires serve_stale"),
        ("cache {\nprefetch 1 1m 9%\n}", "Corefile:3: expected prefetch AMOUNT [DURATION] [10% to 90%] for cache"),
        ("cache\ncache", "Corefile:3: cache stands twice in one server block"),
        ("transfer {\n}", "Corefile:2: transfer needs 'to'"),
        ("transfer {\nto\n}", "Corefile:3: to of transfer needs an argument"),
        ("transfer {\nto *\nfrom 10.0.0.1\n}", "Corefile:4: unknown property 'from' of transfer"),
    ],
)
def test_what_coredns_refuses_around_kubernetes(around: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        stanza(around=around)
    assert str(caught.value).startswith(message)


def test_a_block_on_one_line_gives_its_brace_to_the_option() -> None:
    with pytest.raises(InputError, match="C:2: expected pods disabled, insecure, verified, found insecure }"):
        zone_config(parse(".:53 {\n kubernetes cluster.local { pods insecure }\n}\n", "C"), "C")
    assert config(".:53 {\n kubernetes cluster.local { ttl 7 }\n}\n").ttl == 7


def test_a_bare_ignore_takes_nothing_back() -> None:
    assert stanza("ignore empty_service", "ignore").ignore_empty_service
    assert not stanza("ignore").ignore_empty_service


def test_the_time_that_failures_are_kept() -> None:
    found = stanza(around="cache {\nservfail 1m30s\n}").cache
    assert found is not None
    assert found.server_failure == 90


def test_unknown_plugins_are_refused_only_where_the_user_wrote_them() -> None:
    text = ".:53 {\n kubernetes\n}\nexample.org {\n mystery a\n}\n"
    with pytest.raises(InputError, match="C:5: Unknown directive 'mystery'"):
        zone_config(parse(text, "C"), "C", strict=True)
    running = zone_config(parse(text.replace("kubernetes", "kubernetes cluster.local\n mystery"), "C"), "C")
    assert [str(note) for note in running.notes] == ["C:3: mystery is not known here and may change answers"]


def test_zones_that_are_none_are_named() -> None:
    with pytest.raises(InputError, match=r"expected a zone that is not a reverse zone, found a\.\.b"):
        stanza(zones="a..b")
    assert [note.text for note in stanza(zones="cluster.local a..b").notes] == [
        "'a..b' is no zone: kubernetes leaves it out"
    ]


def test_transfer_and_bind() -> None:
    found = stanza(around="transfer {\n to * 10.0.0.1\n}\nbind 192.0.2.1 ::1")
    assert found.transfer_to == ("*", "10.0.0.1")
    assert found.local_addresses == ()
    assert stanza(around="bind eth0").local_addresses is None
    assert stanza(around="transfer example.org {\n to *\n}").transfer_to == ()


def test_the_zone_of_ptr_targets() -> None:
    assert stanza(zones="in-addr.arpa cluster.local").ptr_zone == "in-addr.arpa."
    assert stanza(zones="10.in-addr.arpa cluster.local").ptr_zone == "cluster.local."
    assert stanza(zones="in-addr.arpa cluster.local").zone == "cluster.local."


@pytest.mark.parametrize(
    ("network", "zones"),
    [
        ("10.96.0.0/16", ["96.10.in-addr.arpa."]),
        ("10.96.0.0/14", [f"{n}.10.in-addr.arpa." for n in (96, 97, 98, 99)]),
        ("10.1.2.3/32", ["3.2.1.10.in-addr.arpa."]),
        ("fd00::/8", ["d.f.ip6.arpa."]),
        ("fd00::/7", ["c.f.ip6.arpa.", "d.f.ip6.arpa."]),
        ("0.0.0.0/0", ["in-addr.arpa."]),
    ],
)
def test_networks_as_zones(network: str, zones: list[str]) -> None:
    assert reverse_zones(network) == zones

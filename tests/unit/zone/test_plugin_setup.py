"""What CoreDNS does not start with in other plugins than kubernetes; it was seen to refuse or take each of these."""

from __future__ import annotations

import pytest

from kheadless_tui.errors import InputError
from kheadless_tui.zone.serving.corefile import parse
from kheadless_tui.zone.serving.plugin_chain import zone_config

COUNT = "Wrong argument count or unexpected line ending after"

REFUSED = {
    "forward": f"plugin/forward: {COUNT} 'forward'",
    "forward .": f"plugin/forward: {COUNT} '.'",
    "forward . 1.1.1.1 {\nfrob\n}": "plugin/forward: unknown property 'frob'",
    "forward . 1.1.1.1 {\nmax_concurrent\n}": f"plugin/forward: {COUNT} 'max_concurrent'",
    "forward . 1.1.1.1 {\nmax_concurrent ten\n}": 'plugin/forward: strconv.Atoi: parsing "ten": invalid syntax',
    "forward . 1.1.1.1 {\npolicy best\n}": "plugin/forward: unknown policy 'best'",
    "forward . 1.1.1.1 {\nexpire 5\n}": "plugin/forward: time: ",
    "forward . 1.1.1.1 {\nforce_tcp yes\n}": f"plugin/forward: {COUNT} 'yes'",
    "loadbalance foo": "plugin/loadbalance: unknown policy: foo",
    "loadbalance round_robin x": "plugin/loadbalance: unknown property for round_robin",
    "health {\nfrob\n}": "plugin/health: unknown property 'frob'",
    "health {\nlameduck 5\n}": "plugin/health: unable to parse lameduck duration value: '5'",
    "health 8080": "plugin/health: address 8080: missing port in address",
    "loop x": f"plugin/loop: {COUNT} 'x'",
    "minimal x": f"plugin/minimal: {COUNT} 'x'",
    "prometheus a b": f"plugin/prometheus: {COUNT} 'b'",
    "prometheus {\nfrob\n}": "plugin/prometheus: unknown option: frob",
    "bind": "plugin/bind: at least one address or interface name is expected",
    "template IN A {\nfrob\n}": f"plugin/template: {COUNT} 'frob'",
    "template IN": f"plugin/template: {COUNT} 'IN'",
    "template XX A": "plugin/template: invalid query class XX",
    "template IN a": "plugin/template: invalid RR class a",
    "template IN A {\nrcode OOPS\n}": "plugin/template: unknown rcode OOPS",
    "hosts {\nttl x\n}": "plugin/hosts: ttl needs a number of second",
    "hosts {\nttl 0\n}": "plugin/hosts: ttl provided is invalid",
    "hosts {\nfallthrough\nfrob x\n}": "plugin/hosts: unknown property 'frob'",
    "autopath": "plugin/autopath: no resolv-conf specified",
    "forward . 1.1.1.1 {\nnext FOO\n}": "plugin/forward: FOO is not a valid rcode",
    "forward . 1.1.1.1 {\nfailover NOERROR\n}": "plugin/forward: NoError cannot be used in failover",
    "forward . 1.1.1.1 {\nhealth_check 5s foo\n}": "plugin/forward: health_check: unknown option foo",
    "forward . 1.1.1.1 {\nhealth_check 5s domain\n}": f"plugin/forward: {COUNT} 'domain'",
    "forward . 1.1.1.1 { health_check 5s }": "plugin/forward: health_check: unknown option }",
    "forward . 1.1.1.1 {\nsource_address 1.2.3\n}": "plugin/forward: invalid IP address: 1.2.3",
    "forward . 1.1.1.1 {\nmax_fails 3 {\nx\n}\n}": "plugin/forward: unknown property '{'",
    "forward a..b 1.1.1.1": "plugin/forward: unable to normalize 'a..b'",
    "forward . foo://1.1.1.1": "plugin/forward: 'foo' is not supported as a destination protocol",
    f"forward .{' 1.1.1.1' * 16}": "plugin/forward: more than 15 TOs configured: 16",
    "reload 1s": "plugin/reload: interval value must be greater or equal to 2s",
    "reload 0": "plugin/reload: interval value must be",
    "reload foo": 'plugin/reload: time: invalid duration "foo"',
    "reload 2s 500ms": "plugin/reload: jitter value must be 0 or greater or equal to 1s",
    "errors x": "plugin/errors: invalid log file: x",
    "errors ; log": f"plugin/errors: {COUNT} 'log'",
    "errors {foo}": "plugin/errors: invalid log file: {foo}",
    "errors {\nfoo\n}": "plugin/errors: Unexpected token 'foo', expecting 'Unknown field foo'",
    'errors { consolidate 5m ".*" }': "plugin/errors: unknown option in consolidate: }",
    'errors {\nconsolidate 5m "("\n}': "plugin/errors: error parsing regexp: ",
    "errors\nerrors": "plugin/errors: this plugin can only be used once per Server Block",
    "log {\nclass foo\n}": "plugin/log: invalid Class: foo",
    "log {\nfoo\n}": "plugin/log: unknown property 'foo'",
    "ready x": "plugin/ready: address x: missing port in address",
    "ready a b": f"plugin/ready: {COUNT} 'b'",
    "debug x": f"plugin/debug: {COUNT} 'x'",
    "debug { }": f"plugin/debug: {COUNT} '{{'",
    "minimal {\n}": f"plugin/minimal: {COUNT} '{{'",
    "loop {}": f"plugin/loop: {COUNT} '{{}}'",
    "health :x": "plugin/health: listen tcp: lookup tcp/x: unknown port",
    "transfer {\nto foo\n}": "plugin/transfer: must specify an IP address: `foo'",
    "transfer {\n}": "plugin/transfer: 'to' is required",
    "transfer {\nfoo\n}": "plugin/transfer: unknown property 'foo'",
    "rewrite edns0 local set 0xffee 0x1": "0x1 is no code, value or length for rewrite edns0 local",
    "rewrite edns0 local set zz abc": "zz is no code, value or length for rewrite edns0 local",
    "rewrite edns0 local set 0xffee {foo}": "{foo} is no code, value or length for rewrite edns0 local",
    "rewrite edns0 subnet set 240 56": "240 is no code, value or length for rewrite edns0 subnet",
    "rewrite edns0 subnet set x 56": "x is no code, value or length for rewrite edns0 subnet",
    "rewrite name exact (a {1}": "invalid regular expression {1}. of rewrite",
    "autopath @kubernetes { }": 'plugin/autopath: failed to parse "}"',
    "bind 127.0.0.1 { except 1.2.3.4 }": 'plugin/bind: not a valid IP address or interface name: "}"',
    "forward . 1.1.1.1 { tls }": "plugin/forward: error reading }",
    "rewrite name a b {\n}": "expected nothing behind rewrite name a b, found {",
}

ACCEPTED = [
    "forward . /etc/resolv.conf {\nmax_concurrent 1000\npolicy sequential\nhealth_check 5s no_rec\nexcept a.test b\n}",
    "forward . 1.1.1.1 { max_concurrent 1000 }\nforward a.test 1.1.1.1 {\nexpire 5s\npolicy random }",
    "forward . 1.1.1.1 {\nnext NXDOMAIN servfail\nhealth_check 5s no_rec domain x.y\nresolver 1.1.1.1 [::1]:53\n}",
    'errors {\nstacktrace\nconsolidate 5m ".*" warning show_first\n}\nlog . {\nclass denial error\n}\nready :8181',
    "rewrite edns0 local set 0xffee 0x01\nrewrite edns0 local append 010 {client_ip} revert\nready :x",
    "rewrite edns0 local replace 65535 {a/b}\nrewrite edns0 subnet set 32 128\nrewrite edns0 local unset 0xff",
    "reload 2s 0\ndebug\ntransfer {\nto * 10.0.0.1 10.0.0.2:53\nsource 10.0.0.3\n}",
    "rewrite { name a b }\nrewrite stop { name c d }\nrewrite {\nname regex a b\nanswer auto }",
    "forward . 1.1.1.1:53 tls://9.9.9.9 [::1]:53",
    "loadbalance round_robin {\nprefer 10.0.0.0/8\n}",
    "health :8081 {\nlameduck 5s\n}",
    "prometheus :9153\nloop\nminimal\nbind 127.0.0.1",
    "template IN ANY x.test {\nmatch ^a\nrcode NXDOMAIN\nfallthrough\n}",
    "hosts {\n10.0.0.1 a.test\nttl 60\nno_reverse\nreload 0\nfallthrough\n}",
]


def read(plugins: str, key: str = ".:53") -> None:
    text = f"{key} {{\nkubernetes cluster.local\n{plugins}\n}}\n"
    zone_config(parse(text, "Corefile"), "Corefile", strict=True)


@pytest.mark.parametrize("plugins", REFUSED)
def test_what_is_refused_is_told_with_its_line(plugins: str) -> None:
    with pytest.raises(InputError) as caught:
        read(plugins)
    assert REFUSED[plugins] in str(caught.value)
    assert str(caught.value).startswith("Corefile:")


@pytest.mark.parametrize("plugins", ACCEPTED)
def test_what_is_accepted(plugins: str) -> None:
    read(plugins)


def test_what_a_running_cluster_has_is_not_doubted() -> None:
    text = ".:53 {\nkubernetes cluster.local\nforward . 1.1.1.1 {\nof_a_later_version\n}\n}\n"
    assert zone_config(parse(text, "ConfigMap"), "ConfigMap").next_plugins == ("forward . 1.1.1.1",)


def test_a_name_to_forward_to_is_looked_up_at_the_start() -> None:
    text = ".:53 {\nkubernetes cluster.local\nforward . not-an-ip 1.1.1.1 tls://[::1]:853 /etc/resolv.conf\n}\n"
    (note,) = zone_config(parse(text, "Corefile"), "Corefile", strict=True).notes
    assert str(note).startswith("Corefile:3: forward to not-an-ip: CoreDNS starts only where")


def test_words_that_are_not_seen_are_not_judged() -> None:
    read("forward . {$UPSTREAM} {\nmax_concurrent {$MANY}\n}")


def test_ports_and_networks_of_keys() -> None:
    with pytest.raises(InputError, match="Corefile:1: expected a zone or a network, found ':53': it is empty"):
        read("", key='"a b":53')
    with pytest.raises(InputError, match="Corefile:1: listen tcp: address 99999: invalid port"):
        read("", key=".:99999")
    text = ".:53 {\nkubernetes cluster.local 10.0.0.0/33\n}\n"
    assert zone_config(parse(text, "Corefile"), "Corefile").zones == ("cluster.local.", "10.0.0.0/33.")

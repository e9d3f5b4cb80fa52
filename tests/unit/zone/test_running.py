"""A Corefile that a cluster runs with is never an error of ours: what is not understood is named and left out."""

from __future__ import annotations

import pytest

from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.zone.record import Question
from kheadless_tui.zone.resolve import resolve
from kheadless_tui.zone.serving.running import running_config

MAP = "ConfigMap kube-system/coredns"
LATER = """.:53 {
 kubernetes k8s.test in-addr.arpa {
  of_a_later_version yes
  ttl 30
 }
 cache 30 {
  shiny
 }
 rewrite shiny a b
 transfer {
  shiny
 }
}
"""


def test_lines_that_are_not_understood_are_left_out_and_make_all_answers_uncertain() -> None:
    config = running_config(LATER, MAP)
    assert (config.zone, config.ttl, config.source) == ("k8s.test.", 30, MAP)
    assert config.cache is not None
    assert config.cache.success_max == 30
    assert [note.where.rpartition(":")[2] for note in config.notes] == ["3", "7", "9", "11", "10"]
    assert str(config.notes[0]) == (
        f"{MAP}:3: unknown property 'of_a_later_version' of kubernetes: this is not understood and left out"
    )
    assert "this is not understood" in resolve(Snapshot(), Question("k8s.test.", "SOA"), config).unknown


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".:53 {\n errors\n",
        ".:53 {\n forward . 1.1.1.1\n}\n",
        "a..b:53 {\n kubernetes cluster.local\n}\n",
        ".:53 {\n kubernetes 10.in-addr.arpa {\n ttl 7\n }\n}\n",
        ".:53 {\n kubernetes cluster.local\n}\n.:53 {\n errors\n}\n",
    ],
)
def test_where_nothing_can_be_left_out_defaults_are_taken(text: str) -> None:
    config = running_config(text, MAP)
    assert (config.zone, config.ttl_known) == ("cluster.local.", False)
    assert config.source == f"CoreDNS defaults ({MAP} is not understood)"
    assert str(config.notes[-1]).endswith("CoreDNS's defaults are taken in place of it")
    assert "defaults" in resolve(Snapshot(), Question("cluster.local.", "SOA"), config).unknown


def test_of_options_that_exclude_each_other_none_counts() -> None:
    text = ".:53 {\n kubernetes k8s.test {\n namespaces a\n namespace_labels b\n }\n kubernetes other.test\n}\n"
    config = running_config(text, MAP)
    assert (config.zone, config.namespaces, len(config.notes)) == ("k8s.test.", (), 2)

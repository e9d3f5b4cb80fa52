"""The question before a write: its words fit into the dialog of a terminal of 80 columns, and all facts are there."""

from __future__ import annotations

import pytest

from kheadless_tui.cluster.gate import WritePlan
from kheadless_tui.cluster.pods.podspec import EphemeralOrder, PodOrder
from kheadless_tui.probe.choosing.writeplans import ephemeral_plan, pod_plan
from kheadless_tui.probe.prober import DEFAULT_IMAGE
from kheadless_tui.probe.server import Server
from kheadless_tui.zone.record import Question

ROOM = 65
"""Cells beside the labels: 80 without frame, padding, gutter and label."""
QUESTIONS = [Question(f"web-{number}.nginx-headless.shop.svc.cluster.local.", "A") for number in range(25)]
SERVER = Server("10.96.0.10")


def temporary(server: Server | None = SERVER) -> WritePlan:
    order = PodOrder("shop", DEFAULT_IMAGE)
    return pod_plan(
        order, server, QUESTIONS, protocol="tcp", rights=(), instead="nothing", cluster="prod-eu1", flags=()
    )


def ephemeral(server: Server | None = SERVER) -> WritePlan:
    order = EphemeralOrder("shop", "orders-api-7d9f8b6c54-x2lkq", DEFAULT_IMAGE)
    return ephemeral_plan(
        order, server, QUESTIONS, protocol="tcp", rights=(), instead="nothing", cluster="prod-eu1", flags=()
    )


def told(plan: WritePlan) -> dict[str, list[str]]:
    return {action.verb: [action.what, *action.details] for action in plan.actions}


@pytest.mark.parametrize("server", [SERVER, None], ids=["known server", "the pod's own server"])
def test_no_sentence_of_the_question_wraps_at_80_columns(server: Server | None) -> None:
    for plan in (temporary(server), ephemeral(server)):
        for lines in told(plan).values():
            assert [line for line in lines if len(line) > ROOM] == []


def test_a_temporary_pod_tells_its_limits_and_its_end() -> None:
    said = told(temporary())
    assert "Pod Security restricted" in said["create"][2]
    assert "no capabilities or token" in said["create"][2]
    removed = " ".join(said["removed"])
    for case in ("answers are in", "error", "quit", "lost SSH session", "120 s by activeDeadlineSeconds"):
        assert case in removed


def test_an_ephemeral_container_tells_that_it_stays() -> None:
    said = told(ephemeral())
    assert "shop on prod-eu1" in said["add"][1]
    assert "never removed" in said["stays"][0]
    assert "3600 s" in said["stays"][1]

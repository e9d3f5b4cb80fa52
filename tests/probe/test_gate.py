from __future__ import annotations

import pytest

from kheadless_tui.cluster.gate import Action, Gate, Permit, WritePlan
from kheadless_tui.errors import UsageError, WriteRefused

EXEC = WritePlan("Ask DNS from pod/web-0?", (), needs_confirmation=False)
CREATE = WritePlan(
    "Create a temporary pod in shop?",
    (Action("create", "Pod x in shop", ("image busybox:1.28", "10m CPU")), Action("removed", "when done")),
    equals=("kubectl create -n shop \\\n  -f -", "kubectl delete pod -n shop x"),
    rights=(("create pods", True), ("delete pods", False), ("get pods/exec", None)),
    instead="exec in pod/web-0 creates nothing",
)


class Asked:
    """Whoever is asked: counts, and always says the same."""

    def __init__(self, says: bool) -> None:
        self.says = says
        self.plans: list[WritePlan] = []

    async def __call__(self, plan: WritePlan) -> bool:
        self.plans.append(plan)
        return self.says


async def test_a_write_asks_once_and_passes_on_yes() -> None:
    user = Asked(True)
    permit = await Gate(False, user).permit(CREATE)
    assert permit.plan is CREATE
    assert user.plans == [CREATE]


async def test_no_means_no() -> None:
    with pytest.raises(WriteRefused, match="nothing was done") as refusal:
        await Gate(False, Asked(False)).permit(CREATE)
    assert "exec in pod/web-0" in refusal.value.hint


async def test_an_exec_creates_nothing_and_does_not_ask() -> None:
    user = Asked(False)
    await Gate(False, user).permit(EXEC)
    assert user.plans == []


@pytest.mark.parametrize("plan", [EXEC, CREATE])
async def test_read_only_refuses_everything_without_asking(plan: WritePlan) -> None:
    user = Asked(True)
    with pytest.raises(WriteRefused, match="--readonly"):
        await Gate(True, user).permit(plan)
    assert user.plans == []


async def test_without_anybody_to_ask_nothing_is_created() -> None:
    with pytest.raises(UsageError, match="confirmation") as refusal:
        await Gate(False, None).permit(CREATE)
    assert "--yes" in refusal.value.hint
    assert refusal.value.exit_status == 2, "the same as when it can be told before anything is connected"
    with pytest.raises(WriteRefused) as readonly:
        await Gate(True, None).permit(CREATE)
    assert readonly.value.exit_status == 3
    await Gate(False, None).permit(EXEC)


def test_a_permit_cannot_be_made_elsewhere() -> None:
    with pytest.raises(TypeError):
        Permit(CREATE, _key=object())


def test_the_plan_in_words() -> None:
    assert CREATE.text().splitlines() == [
        "Create a temporary pod in shop?",
        "  create   Pod x in shop",
        "           image busybox:1.28",
        "           10m CPU",
        "  removed  when done",
        "  rights   create pods yes   delete pods no   get pods/exec unknown",
        "  equals   kubectl create -n shop \\",
        "             -f -",
        "           kubectl delete pod -n shop x",
        "  instead  exec in pod/web-0 creates nothing",
    ]

"""A race between a change and a probe: what is asked again, how often, and what is called a difference in the end."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from kheadless_tui.probe.comparison.compare import Comparison, compare
from kheadless_tui.probe.comparison.diagnosis import diagnose
from kheadless_tui.probe.comparison.judging import Predictions
from kheadless_tui.probe.comparison.settling import WAITS, Prepare, Settling, latest, no_preparation
from kheadless_tui.probe.matrix.layer_findings import Freshness
from kheadless_tui.probe.observation import Observation
from kheadless_tui.probe.server import Server
from tests.probe.dns_texts import observed, predicted, soa

OLD = predicted("web A", "web 30 IN A 10.0.0.1")
NEW = predicted("web A", "web 30 IN A 10.0.0.1", "web 30 IN A 10.0.0.2")
NEWER = predicted("web A", "web 30 IN A 10.0.0.3")
OTHER = predicted("db A", "db 30 IN A 10.0.0.9")
KUBE_DNS = Server("10.96.0.10", role="kube-dns")
CACHE = Server("169.254.20.10", role="node-local")
REPLICA = Server("10.244.0.2", role="replica", pod="coredns-a")

SAYS_OLD = ("web 30 IN A 10.0.0.1",)
SAYS_NEW = ("web 30 IN A 10.0.0.1", "web 30 IN A 10.0.0.2")
SAYS_NEWER = ("web 30 IN A 10.0.0.3",)


class World:
    """What is predicted as time goes on, and what a server says each time it is asked."""

    def __init__(
        self,
        *says: tuple[str, ...],
        predictions: Sequence[Predictions] = (),
        prepare: Prepare = no_preparation,
        freshness: Freshness | None = None,
    ) -> None:
        self._says = list(says)
        self._predictions = list(predictions) or [{OLD.question: NEW, OTHER.question: OTHER}]
        self.waited: list[float] = []
        self.observations: list[Observation] = []
        self.settling = Settling(self._predict, self._judge, freshness=freshness, sleep=self._sleep, prepare=prepare)

    def _predict(self) -> Predictions:
        return self._predictions[0]

    def _judge(self, observations: Sequence[Observation]) -> Comparison:
        return compare((), self._predictions[0], observations, ttl=30, ttl_known=True)

    async def _sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        if len(self._predictions) > 1:
            self._predictions.pop(0)

    def _ask(self, text: str) -> None:
        says = self._says.pop(0) if len(self._says) > 1 else self._says[0]
        self.observations.append(observed(text, *says, after=float(len(self.observations))))

    async def probe(self) -> list[int]:
        """Ask until all is settled; how many replies were asked for again, each time."""
        self.observations.append(observed("db A", "db 30 IN A 10.0.0.9"))
        self._ask("web A")
        asked = []
        while again := await self.settling(self.observations):
            assert {seen.question for seen in again} == {OLD.question}
            asked.append(len(again))
            self._ask("web A")
        return asked

    @property
    def verdict(self) -> str:
        return self.settling.comparison(self.observations).verdict

    @property
    def races(self) -> list[str]:
        now = self.settling.comparison(self.observations)
        return [race.row.record.data for race in self.settling.races(self.observations, now)]


async def test_what_is_as_predicted_is_asked_once() -> None:
    world = World(SAYS_NEW)
    assert await world.probe() == []
    assert (world.waited, world.verdict, world.races) == ([], "match", [])


async def test_what_differs_twice_is_a_difference() -> None:
    world = World(SAYS_OLD, SAYS_OLD)
    assert await world.probe() == [1]
    assert (world.verdict, world.races) == ("differs", [])


async def test_what_differs_no_more_was_a_race_and_is_asked_until_that_is_sure() -> None:
    world = World(SAYS_OLD, SAYS_NEW)
    assert await world.probe() == [1, 1, 1]
    assert world.waited == list(WAITS)
    assert (world.verdict, world.races) == ("match", ["10.0.0.2"])


async def test_what_is_old_and_new_in_turn_is_no_race() -> None:
    world = World(SAYS_OLD, SAYS_NEW, SAYS_OLD)
    assert await world.probe() == [1, 1]
    assert (world.verdict, world.races) == ("differs", [])


async def test_a_prediction_that_moves_on_is_waited_for_again() -> None:
    now, then = {OLD.question: NEW, OTHER.question: OTHER}, {OLD.question: NEWER, OTHER.question: OTHER}
    world = World(SAYS_OLD, SAYS_NEW, SAYS_NEWER, predictions=[now, then])
    assert await world.probe() == [1, 1, 1]
    assert world.verdict == "match"


async def test_it_is_never_asked_more_than_three_times_again() -> None:
    here, there = {OLD.question: NEW}, {OLD.question: NEWER}
    world = World(SAYS_OLD, predictions=[here, there, here, there, here, there, here])
    assert len(await world.probe()) <= len(WAITS)
    assert world.verdict == "differs"


async def test_silence_is_not_asked_again_since_the_carrier_has_done_so() -> None:
    world = World(SAYS_NEW)
    world.observations = [observed("web A", error="no reply")]
    assert await world.settling(world.observations) == ()


async def test_what_another_probe_has_put_beside_clients_replies_is_asked_past_in_another_way() -> None:
    world = World(SAYS_OLD, freshness=Freshness(30, 30))
    world.observations.append(observed("web A", *SAYS_OLD))
    assert [seen.aside for seen in await world.settling(world.observations)] == [0]
    for after in (1.0, 2.0):  # the same once more, and past the cache what was put there 10 s before the probe
        world.observations.append(observed("web A", *SAYS_OLD, after=after))
    old = msgspec.structs.replace(observed("web A", "web 20 IN A 10.0.0.1", after=3.0), aside=1)
    assert await world.settling([*world.observations, old]) == (old,), "at once, since nothing else is in doubt"
    further = msgspec.structs.replace(observed("web A", *SAYS_NEW, after=4.0), aside=2)
    assert await world.settling([*world.observations, old, further]) == ()
    assert world.waited == [WAITS[0]]


async def test_what_is_fresh_past_the_cache_is_not_asked_once_more() -> None:
    world = World(SAYS_OLD, freshness=Freshness(30, 30))
    world.observations.append(observed("web A", *SAYS_OLD))
    await world.settling(world.observations)
    fresh = msgspec.structs.replace(observed("web A", *SAYS_OLD, after=1.5), aside=1)
    assert await world.settling([*world.observations, fresh]) == ()


def test_the_last_reply_over_each_way_counts() -> None:
    first, other = observed("web A", *SAYS_OLD), observed("web A", *SAYS_OLD, transport="udp")
    last = observed("web A", *SAYS_NEW, after=1.0)
    assert latest([first, other, last]) == [last, other]


# -- one probe, judged whole -----------------------------------------------------------------------------------


def judged(*observations: Observation, ttl: int = 30, **options: object):  # type: ignore[no-untyped-def]
    comparison = compare((), {NEW.question: NEW}, observations, ttl=30, ttl_known=True)
    servers = [CACHE, KUBE_DNS, REPLICA]
    freshness = Freshness(ttl, ttl, zones=("cluster.local.",))
    return diagnose(comparison, observations, servers, freshness, **options)  # type: ignore[arg-type]


def test_an_old_denial_is_stale_without_a_memory_of_ours() -> None:
    denial = observed("web A", rcode="NXDOMAIN", denial=soa(9))
    diagnosis = judged(denial)
    assert {row.verdict for row in diagnosis.comparison.rows} == {"stale"}
    assert diagnosis.comparison.rows[0].detail == "an old denial from a cache, 9 s of its TTL left"
    assert diagnosis.comparison.verdict == "differs"
    assert diagnosis.headline == "a cache behind kube-dns (10.96.0.10) still holds an old denial, for 9 s more"


def test_a_denial_that_is_fresh_is_not_stale() -> None:
    diagnosis = judged(observed("web A", rcode="NXDOMAIN", denial=soa(30)))
    assert {row.verdict for row in diagnosis.comparison.rows} == {"missing"}


def test_an_old_answer_is_stale_where_another_server_has_the_new_one() -> None:
    old = observed("web A", "web 9 IN A 10.0.0.1")
    assert [row.verdict for row in judged(old).comparison.rows] == ["match", "missing"]
    both = judged(old, observed("web A", *SAYS_NEW, server=str(REPLICA)))
    assert [row.verdict for row in both.comparison.rows if row.server == str(KUBE_DNS)] == ["match", "stale"]


def test_what_the_node_cache_says_otherwise_is_stale_whatever_its_ttl() -> None:
    denial = observed("web A", rcode="NXDOMAIN", denial=soa(5), server=str(CACHE))
    alone = judged(denial, observed("web A", *SAYS_OLD, server=str(REPLICA)))
    assert {row.verdict for row in alone.comparison.rows if row.server == str(CACHE)} == {"missing"}
    beside = judged(denial, observed("web A", *SAYS_NEW, server=str(REPLICA)))
    assert {row.verdict for row in beside.comparison.rows if row.server == str(CACHE)} == {"stale"}


async def test_kube_dns_in_turn_is_no_race_while_a_replica_lags() -> None:
    world = World(SAYS_OLD, SAYS_NEW)
    await world.probe()
    lagging = observed("web A", *SAYS_OLD, server=str(REPLICA))
    races = world.settling.races(world.observations, world.settling.comparison(world.observations))
    assert races
    assert judged(*world.observations, lagging, races=races).races == ()


async def test_replies_are_prepared_before_they_are_judged_and_after_a_wait_what_is_predicted_too() -> None:
    prepared: list[list[str]] = []

    async def prepare(replies: Sequence[Observation]) -> None:
        prepared.append([seen.question.name for seen in replies])

    world = World(SAYS_OLD, SAYS_NEW, prepare=prepare)
    await world.probe()
    first = [OTHER.question.name, OLD.question.name]
    assert prepared[:3] == [first, [], first]

"""One probe of the screen while it runs: what differs is asked again, and the replies are judged whole at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.probe.compare import Comparison
from kheadless_tui.probe.diagnosis import Diagnosis, diagnose
from kheadless_tui.probe.judging import Predictions, judge, predictions
from kheadless_tui.probe.layer_findings import Freshness
from kheadless_tui.probe.observation import Observation
from kheadless_tui.probe.prober import ProbeResult
from kheadless_tui.probe.server import Server
from kheadless_tui.probe.settling import Settling, latest
from kheadless_tui.zone.config import ZoneConfig
from kheadless_tui.zone.record import Question

if TYPE_CHECKING:
    from kheadless_tui.cluster.session import ClusterSession


class JudgedProbe:
    """Holds replies against what the session knows at each moment."""

    def __init__(
        self,
        session: ClusterSession,
        service: ObjectKey,
        config: ZoneConfig,
        questions: Sequence[Question],
        earlier: Sequence[Predictions],
    ) -> None:
        """Begin at the moment of the probe's start.

        Args:
            session: What is known.
            service: The Service that is asked for.
            config: How the zone is served.
            questions: What is asked.
            earlier: What was predicted before this probe, which a cache may still hold.
        """
        self._session = session
        self._service = service
        self._config = config
        self._questions = questions
        self._before = tuple(earlier)
        self.servers: Sequence[Server] = ()
        """Those that are asked, as far as they are known."""
        self.settling = Settling(self._predict, self._judge)
        """Says what is to be asked again."""

    def diagnosis(self, result: ProbeResult) -> Diagnosis:
        """What the probe comes to."""
        self.servers = result.servers
        comparison = self.settling.comparison(result.observations)
        return diagnose(
            comparison,
            result.observations,
            result.servers,
            Freshness.of(self._config),
            nameservers=result.nameservers,
            races=self.settling.races(result.observations, comparison),
        )

    def so_far(self, observations: Sequence[Observation]) -> Comparison:
        """The verdicts on what came until now."""
        return self._judge(latest(observations), self.settling.earlier)

    def _predict(self) -> Predictions:
        return predictions(self._session.snapshot, self._questions, self._config)

    def _judge(self, observations: Sequence[Observation], earlier: Sequence[Predictions]) -> Comparison:
        return judge(
            self._session.snapshot,
            self._config,
            observations,
            service=self._service,
            earlier=(*self._before, *earlier),
            scope=self._session.scope,
            caches=[str(server) for server in self.servers if server.caches],
        )

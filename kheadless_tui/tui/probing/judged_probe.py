"""One probe of the screen while it runs: what differs is asked again, and the replies are judged whole at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kheadless_tui.model.objects import ObjectKey
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.probe.comparison.compare import Comparison
from kheadless_tui.probe.comparison.diagnosis import Diagnosis, diagnose
from kheadless_tui.probe.comparison.judging import Forecast, Judging, Predictions
from kheadless_tui.probe.comparison.settling import Settling, latest
from kheadless_tui.probe.comparison.turns import in_turns
from kheadless_tui.probe.matrix.layer_findings import Freshness
from kheadless_tui.probe.observation import Observation
from kheadless_tui.probe.prober import ProbeResult
from kheadless_tui.probe.remembering import Remembering
from kheadless_tui.probe.server import Server
from kheadless_tui.zone.record import Question
from kheadless_tui.zone.serving.config import ZoneConfig

if TYPE_CHECKING:
    from kheadless_tui.cluster.session import ClusterSession


class JudgedProbe:
    """Holds replies against what the session knows at each moment.

    A Service of thousands of endpoints takes seconds to predict and to judge: both are done in turns with whatever else
    the program does, and kept for as long as nothing changes in the cluster.
    """

    def __init__(
        self,
        session: ClusterSession,
        service: ObjectKey,
        config: ZoneConfig,
        questions: Sequence[Question],
        remembering: Remembering,
    ) -> None:
        """Take what is asked; :meth:`begin` comes before all else.

        Args:
            session: What is known.
            service: The Service that is asked for.
            config: How the zone is served.
            questions: What is asked.
            remembering: What was known before and while it runs.
        """
        self._session = session
        self._service = service
        self._config = config
        self._questions = questions
        self._remembering = remembering
        self._snapshot: Snapshot | None = None
        """What the forecast and the judging are of."""
        self.servers: Sequence[Server] = ()
        """Those that are asked, as far as they are known."""

    async def begin(self) -> None:
        """Predict what is right at the moment of the probe's start."""
        await self._prepare(())
        await self._remembering.look_back(self._service)
        self.settling = Settling(
            self._predict, self._judge, freshness=Freshness.of(self._config), prepare=self._prepare
        )
        """Says what is to be asked again."""

    async def diagnosis(self, result: ProbeResult) -> Diagnosis:
        """What the probe comes to."""
        self.servers = result.servers
        await self._prepare(latest(result.observations))
        comparison = self.settling.comparison(result.observations)
        races = self.settling.races(result.observations, comparison)
        # Nothing in it but what came of this probe, so that it may be done beside everything else.
        return await asyncio.to_thread(
            diagnose,
            comparison,
            result.observations,
            result.servers,
            Freshness.of(self._config),
            nameservers=result.nameservers,
            races=races,
            past=self._remembering.past(self._config),
        )

    async def _prepare(self, observations: Sequence[Observation]) -> None:
        """Do for what is known now, in turns, what :meth:`_predict` and :meth:`_judge` will need."""
        snapshot = self._session.snapshot
        if snapshot is not self._snapshot:
            self._snapshot = snapshot
            self._forecast = forecast = Forecast(snapshot, self._config)
            self._judging = await asyncio.to_thread(
                Judging, snapshot, self._config, forecast, self._service, self._session.scope
            )
        await in_turns(self._forecast.get, self._questions)
        await in_turns(self._judging.look_at, observations)

    def _predict(self) -> Predictions:
        return self._forecast.of(self._questions)

    def _judge(self, observations: Sequence[Observation]) -> Comparison:
        return self._judging.comparison(observations)

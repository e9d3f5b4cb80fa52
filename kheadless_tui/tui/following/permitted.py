"""What the keys may do here and now, asked before a key is offered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kheadless_tui.cluster.state import Offline, Reading
from kheadless_tui.tui.following.rights import ProbeRights
from kheadless_tui.tui.following.selection import Selection
from kheadless_tui.tui.keys.actions import Situation, asks, reason_against
from kheadless_tui.tui.known.catalog import Catalog
from kheadless_tui.tui.widgets.body import Body

if TYPE_CHECKING:
    from kheadless_tui.cluster.session import ClusterSession


class Permitted:
    """Judges actions by the session, the user's rights, the selection and what is on the screen."""

    def __init__(
        self, session: ClusterSession, rights: ProbeRights, selection: Selection, catalog: Catalog, body: Body
    ) -> None:
        self._session = session
        self._rights = rights
        self._selection = selection
        self._catalog = catalog
        self._body = body

    def reason_against(self, action: str) -> str:
        """Why an action of the main screen cannot work now, in a few words; empty when it can."""
        return reason_against(action, self._situation)

    def reason_to_hide(self, action: str) -> str:
        """Why its key is not offered: it cannot work, or it is not known yet whether it may.

        Who presses it all the same need not wait for that: what it does asks for each right by itself.
        """
        unknown = asks(action, self._situation) and not self._rights.may_offer(self._selection.namespace)
        return self.reason_against(action) or ("rights not known yet" if unknown else "")

    @property
    def _situation(self) -> Situation:
        namespace, body, view = self._selection.namespace, self._body, self._selection.view
        return Situation(
            service=view is not None,
            reading=isinstance(self._session.link, Reading),
            readonly=self._session.readonly,
            offline=isinstance(self._session.link, Offline),
            no_right=namespace if self._rights.refused(namespace) else "",
            one_panel=body.layout_now.mode == "single",
            known=view is None or view.endpoints_known or body.record is not None,
            compared=view is not None and view.compared,
            replied=body.answers.has_reply,
            empty=not self._catalog.size,
            blank=not body.current.rows,
            asked=bool(self._session.asked_rights),
            lacking=bool(self._session.missing_rights),
        )

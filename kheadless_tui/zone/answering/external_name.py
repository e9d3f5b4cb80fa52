"""Aliases: ExternalName Services, and headless Services with slices of addressType FQDN.

Source: plugin/backend_lookup.go A and AAAA, which follow an alias within the zone themselves and ask their own server
for a target outside of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from kheadless_tui.zone.answering.a_aaaa import address_records
from kheadless_tui.zone.naming.names import absolute
from kheadless_tui.zone.naming.zones import is_below
from kheadless_tui.zone.objects.pairs import Listing, Pair
from kheadless_tui.zone.record import Answer, Question, Record

MAX_FOLLOWED = 10
"""Aliases that may lie before one that is still followed (backend_lookup.go maxCnameChainLength): 11 in a row work."""


@dataclass(slots=True)
class Followed:
    """What came of a name once its aliases were followed."""

    records: list[Record] = field(default_factory=list)
    pairs: tuple[Pair, ...] = ()
    """What the name itself stands for."""
    missing: str = ""
    """The rule by which the name itself does not exist."""
    dropped: str = ""
    """The rule by which an alias was left out of the answer."""
    unknown: str = ""
    """What would have to be known for a whole answer."""

    def doubt(self, unknown: str) -> None:
        """Add what one alias leaves open to what others do."""
        if unknown and unknown not in self.unknown.split("; "):
            self.unknown = f"{self.unknown}; {unknown}" if self.unknown else unknown


@dataclass(frozen=True, slots=True)
class AliasFollower:
    """Makes the A or AAAA records of names of one zone."""

    family: str
    """``A`` or ``AAAA``."""
    zone: str
    """As the question writes it."""
    ttl: int
    list_name: Callable[[str], Listing]
    """What a name of the zone, in lower case, stands for."""
    unread: Callable[[str, str], str]
    """What was not read of that on which such a name and its missing depend."""
    ask_server: Callable[[Question], Answer | None]
    """The answer of this very server to a question outside the zone; ``None`` when there is no reply."""

    def follow(self, owner: str, before: tuple[str, ...] = ()) -> Followed:
        """The records of a name.

        Args:
            owner: the name as asked.
            before: targets of the aliases that led here.
        """
        listing = self.list_name(owner.lower())
        unread = self.unread(owner.lower(), listing.missing)
        if listing.missing:
            return Followed(missing=listing.missing, unknown=unread)
        made = address_records(owner, listing.pairs, self.family, self.ttl)
        found = Followed([item.record for item in made], listing.pairs, unknown=unread)
        for pair in listing.pairs:
            if pair.is_alias:
                self._follow_alias(found, owner, absolute(pair.host), before)
        return found

    def _follow_alias(self, found: Followed, owner: str, target: str, before: tuple[str, ...]) -> None:
        stop = _stop(owner, target, before)
        if stop:
            found.dropped = stop
            return
        alias = Record(owner, self.ttl, "CNAME", target)
        if not is_below(target, self.zone):
            answer = self.ask_server(Question(target, self.family))
            if answer is None:
                found.dropped = "alias-no-reply"
                return
            found.records += [alias, *answer.answer]
            found.doubt(answer.unknown)
            return
        inner = self.follow(target, (*before, target))
        found.doubt(inner.unknown)
        if inner.records:
            found.records += [alias, *inner.records]
        else:
            found.dropped = inner.dropped or ("alias-target-missing" if inner.missing else "alias-target-empty")


def _stop(owner: str, target: str, before: tuple[str, ...]) -> str:
    if is_below(target, owner):
        return "alias-to-itself"
    if len(before) > MAX_FOLLOWED:
        return "alias-too-long"
    return "alias-loop" if target in before else ""

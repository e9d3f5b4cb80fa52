"""Time limits of requests that stand still while a credential is got, which has limits of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from kheadless_tui.cluster.connecting.credentials import Credential


async def outside(limit: asyncio.Timeout, getting: Awaitable[Credential]) -> Credential:
    """Wait for a credential without its counting as time of the request.

    A plug-in may have a person log in by a browser, for which kubectl waits without any limit: that it takes longer
    than a request says nothing of the API server. How long it may take is up to the source of the credential.

    Args:
        limit: The limit of the request, entered by the running task.
        getting: What gets the credential.

    Raises:
        NotAuthenticated: as it comes.
    """
    until = limit.when()
    if until is None or limit.expired():
        return await getting
    loop = asyncio.get_running_loop()
    began = loop.time()
    limit.reschedule(None)
    try:
        return await getting
    finally:
        limit.reschedule(until + loop.time() - began)

"""Making sure that a server knows its clients.

A client sees a service before the service has heard of the client: what it asks then is done, and the answer is lost,
so that it would wait for ever. A participant tells others of its endpoints in the order in which they were made: once a
server has answered a client that was made last, it knows all that were made before.
"""

from __future__ import annotations

import time
from typing import Any

from rcl_interfaces.srv import GetParameterTypes

from bimanual_core.errors import SilentNodeError
from bimanual_ros.feed import Feed

#: An answer that has not come after so long [s] is taken for lost; the question has no effect and is asked again.
LOST_S = 0.5


def shake_hands(feed: Feed, server: str, patience_s: float = 30.0) -> None:
    """Wait until the node ``server`` knows every client that the node of ``feed`` has by now.

    Raises SilentNodeError naming it if it answers nothing for ``patience_s``, and what the feed's alarm raises.
    """
    limit = time.monotonic() + patience_s
    client = feed.node.create_client(GetParameterTypes, f"{server}/get_parameter_types")
    try:
        while not _answers(feed, server, client):
            if time.monotonic() > limit:
                raise SilentNodeError(f"node {server} has answered nothing for {patience_s:.0f} s")
    finally:
        feed.node.destroy_client(client)


def _answers(feed: Feed, server: str, client: Any) -> bool:
    """Whether an answer comes within LOST_S."""
    future = client.call_async(GetParameterTypes.Request())
    future.add_done_callback(feed.poke)
    lost_at = time.monotonic() + LOST_S
    feed.until(lambda: future.done() or time.monotonic() > lost_at, f"{server} to know its clients")
    if not future.done():
        client.remove_pending_request(future)
    return bool(future.done())

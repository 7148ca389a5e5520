"""A server that is there answers, one that is not is named."""

from collections.abc import Iterator

import pytest
import rclpy
from rclpy.context import Context
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from bimanual_core.errors import SilentNodeError
from bimanual_ros.feed import Feed
from bimanual_ros.handshake import shake_hands
from bimanual_ros.spinning import BackgroundSpinner

pytestmark = pytest.mark.graph


@pytest.fixture
def nodes() -> Iterator[tuple[Node, Node]]:
    """A client that is spun, and a server that is not yet."""
    context = Context()
    rclpy.init(args=[], context=context, signal_handler_options=SignalHandlerOptions.NO)
    client, server = (rclpy.create_node(name, context=context) for name in ("asking", "answering"))
    spinner = BackgroundSpinner(client)
    yield client, server
    spinner.stop()
    context.try_shutdown()


def test_a_server_that_answers_late_is_asked_again(nodes: tuple[Node, Node]) -> None:
    client, server = nodes
    feed = Feed(client)
    with pytest.raises(SilentNodeError, match="node answering has answered nothing for 1 s"):
        shake_hands(feed, "answering", patience_s=1.0)
    spinner = BackgroundSpinner(server)
    shake_hands(feed, "answering", patience_s=10.0)
    spinner.stop()


def test_a_server_that_is_not_there_is_named(nodes: tuple[Node, Node]) -> None:
    with pytest.raises(SilentNodeError, match="node nobody has answered nothing for 0 s"):
        shake_hands(Feed(nodes[0]), "nobody", patience_s=0.0)

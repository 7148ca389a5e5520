"""Managed nodes: transitions that fail keep their words, errors lead back to unconfigured, autostart brings up."""

from collections.abc import Iterator

import pytest
import rclpy

from bimanual_core.errors import BimanualError
from bimanual_ros.lifecycle import ACTIVE, AUTOSTART, INACTIVE, UNCONFIGURED, ManagedNode, run_managed
from bimanual_ros.parameters import declare

pytestmark = pytest.mark.graph


class Device(ManagedNode):
    """Notes its hooks; ``broken`` maps a hook's name to what it raises."""

    def __init__(self, broken: dict[str, Exception] | None = None) -> None:
        super().__init__("device")
        declare(self, (AUTOSTART,))
        self.broken = broken or {}
        self.done: list[str] = []

    def _note(self, name: str) -> None:
        self.done.append(name)
        if name in self.broken:
            raise self.broken[name]

    def configure(self) -> None:
        self._note("configure")

    def activate(self) -> None:
        self._note("activate")

    def deactivate(self) -> None:
        self._note("deactivate")

    def cleanup(self) -> None:
        self._note("cleanup")


@pytest.fixture
def context() -> Iterator[None]:
    rclpy.init()
    yield
    rclpy.try_shutdown()


@pytest.mark.usefixtures("context")
def test_a_node_goes_through_its_states_and_closes_what_it_opened() -> None:
    node = Device()
    assert node.state == UNCONFIGURED
    node.autostart()
    assert node.state == ACTIVE
    node.trigger_deactivate()
    assert node.state == INACTIVE
    node.trigger_activate()
    node.close()
    node.close()
    assert node.done == ["configure", "activate", "deactivate", "activate", "deactivate", "cleanup"]
    node.destroy_node()


@pytest.mark.usefixtures("context")
def test_a_failed_transition_keeps_the_state_and_the_words() -> None:
    node = Device({"activate": BimanualError("no feedback")})
    with pytest.raises(BimanualError, match="device: no feedback"):
        node.autostart()
    assert (node.state, node.refusal) == (INACTIVE, "no feedback")
    node.broken = {}
    node.trigger_activate()
    assert (node.state, node.refusal) == (ACTIVE, "")
    node.destroy_node()


@pytest.mark.usefixtures("context")
def test_an_unforeseen_error_is_named_and_cleans_up() -> None:
    node = Device({"activate": ZeroDivisionError("by zero")})
    with pytest.raises(BimanualError, match="ZeroDivisionError: by zero"):
        node.autostart()
    assert node.state == UNCONFIGURED
    assert node.done[-1] == "cleanup"
    node.destroy_node()


def test_a_node_that_cannot_come_up_ends_with_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_managed(lambda: Device({"configure": BimanualError("no such port")}), []) == 1
    assert "error: device: no such port" in capsys.readouterr().err


def test_without_autostart_nothing_is_opened() -> None:
    made: list[Device] = []

    def factory() -> Device:
        made.append(Device())
        return made[0]

    words = ["--ros-args", "-p", "autostart:=false"]
    assert run_managed(factory, words, spin=lambda node, executor: None) == 0
    assert made[0].done == []

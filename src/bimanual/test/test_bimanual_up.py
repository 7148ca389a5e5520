"""What `up` has installed before its nodes start."""

import pytest

from bimanual.graph.plan import plan_graph
from bimanual.verbs.up import extras_of
from policy_node.checkpoints import find


@pytest.mark.parametrize(
    ("given", "extras"),
    [
        ({}, []),
        ({"agent": "true"}, []),
        ({"provider": "openai"}, []),
        ({"agent": "true", "provider": "openai", "model": "m"}, ["llm"]),
        ({"policy": "{checkpoint}"}, ["learning"]),
        ({"policy": "{checkpoint}", "agent": "true", "provider": "openai", "model": "m"}, ["learning", "llm"]),
    ],
)
def test_only_what_the_asked_for_nodes_need_is_installed(given, extras):
    checkpoint = str(find("dp3", "handover_block"))
    plan = plan_graph("sim", {name: value.format(checkpoint=checkpoint) for name, value in given.items()})
    assert extras_of(plan) == extras

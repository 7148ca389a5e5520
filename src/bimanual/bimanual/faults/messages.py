"""Faults of participants: floods, garbage, arms of others, a second driver, a second graph."""

from __future__ import annotations

import os
import random
import subprocess
import sys

from bimanual.faults.outcome import Outcome
from bimanual.faults.registry import kind
from bimanual.faults.rig import Rig
from bimanual.faults.watching import PATIENCE_S, Harm
from bimanual.graph.session import CLIENT
from bimanual_core.contract import PLANNER
from bimanual_ros.intruder import GARBAGE, NAME

FLOOD_S = 1.0
REQUESTS = 200


@kind(10.0)
def garbage_goal(rig: Rig, rng: random.Random, outcome: Outcome) -> None:
    """A goal that is not finite, of wrong size or names, beyond limits or empty: refused in words."""
    task = rig.start(rng.choice((CLIENT, PLANNER)))
    outcome.detail = garbage = rng.choice(GARBAGE)
    harm = Harm(rig, outcome)
    harm.noticed("refusal", rig.intruder.send_goal(rng.choice(rig.robot.sides), garbage))
    harm.expect_unharmed(task)
    harm.recover(lambda: None)


@kind(8.0)
def goal_without_lease(rig: Rig, rng: random.Random, outcome: Outcome) -> None:
    """A good goal on an arm of another: refused with the owner's name."""
    owner = rng.choice((CLIENT, PLANNER))
    task = rig.start(owner)
    outcome.detail = owner
    harm = Harm(rig, outcome)
    words = rig.intruder.send_goal(rng.choice(rig.robot.sides), "")
    harm.noticed("refusal", words if owner in words else "")
    harm.expect_unharmed(task)
    harm.recover(lambda: None)


@kind(8.0)
def second_owner(rig: Rig, rng: random.Random, outcome: Outcome) -> None:
    """Somebody else asks for the arms: refused with the owner's name."""
    owner = rng.choice((CLIENT, PLANNER))
    task = rig.start(owner)
    outcome.detail = owner
    harm = Harm(rig, outcome)
    answer = rig.intruder.ask("control/acquire", owner=NAME, arms=[rng.choice(rig.robot.sides)], ttl=1.0)
    harm.noticed("refusal", answer.error_msg if not answer.success and owner in answer.error_msg else "")
    harm.expect_unharmed(task)
    harm.recover(lambda: None)


@kind(8.0)
def stream_flood(rig: Rig, rng: random.Random, outcome: Outcome) -> None:
    """Streamed points as fast as they can be sent, good ones and garbage: refused, and said in the driver's log."""
    task = rig.start(CLIENT)
    garbage = rng.choice(("", *GARBAGE))
    log = rig.log(rig.driver)
    begin = log.stat().st_size
    harm = Harm(rig, outcome)
    sent = rig.intruder.flood_streams(garbage, FLOOD_S)
    outcome.detail = f"{garbage or 'good'} points, {sent} messages in {FLOOD_S:g} s"
    harm.noticed("driver", rig.wait_for(lambda: _said(log, begin, "streamed points refused"), PATIENCE_S))
    harm.expect_unharmed(task)
    harm.recover(lambda: None)


@kind(6.0)
def service_flood(rig: Rig, rng: random.Random, outcome: Outcome) -> None:
    """Hundreds of requests at once: those that are heard are answered in words, and so is the next one of another."""
    task = rig.start(CLIENT)
    harm = Harm(rig, outcome)
    refusals = rig.intruder.flood_service(REQUESTS, FLOOD_S)
    outcome.detail = f"{len(refusals)} refusals of {REQUESTS}"
    harm.noticed("refusal", refusals[0] if refusals and all(CLIENT in words for words in refusals) else "")
    rig.session.request("control/acquire", owner=CLIENT, arms=list(rig.robot.sides), ttl=60.0)
    harm.expect_unharmed(task)
    harm.recover(lambda: None)


@kind(5.0)
def second_driver(rig: Rig, rng: random.Random, outcome: Outcome) -> None:
    """Another node with the driver's name publishes joint_states, as another graph in the domain would: the driver
    stops, since nobody can tell any more whose joints are meant."""
    speaks = rng.random() < 0.5
    outcome.detail = "publishes joints that are no numbers" if speaks else "publishes nothing yet"
    task = rig.start(rng.choice((CLIENT, PLANNER)))
    harm = Harm(rig, outcome)
    rig.intruder.drive_too(speaks)
    try:
        rig.wait_for(lambda: task.done and task.words, PATIENCE_S)
        harm.noticed("driver", task.words if task.done else "", task.ended_at)
        harm.expect_rest(task.ended_ns)
        told = rig.wait_for(rig.session.health.driver_twice, PATIENCE_S)
        if not told:
            outcome.failure = "the watcher did not see the second publisher"
    finally:
        rig.intruder.give_up_driving()

    def mend() -> None:
        rig.wait_for(lambda: not rig.session.health.driver_twice(), PATIENCE_S)
        rig.allow_motion()

    harm.recover(mend)


@kind(1.0, quick=False)
def second_graph(rig: Rig, rng: random.Random, outcome: Outcome) -> None:
    """`bimanual up` in the domain of a running graph: refuses to start, naming the nodes that are there."""
    task = rig.start(CLIENT)
    harm = Harm(rig, outcome)
    mock = ["use_mock_hardware:=true"] if rig.graph == "real" else []
    command = [sys.executable, "-m", "bimanual", "up", rig.graph, *mock]
    environ = {**os.environ, **rig.session.environment}
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60.0, env=environ)
    words = ended.stderr.strip().splitlines()[-1] if ended.stderr.strip() else ""
    harm.noticed("up", words if ended.returncode == 1 and "runs already in domain" in words else "")
    harm.expect_unharmed(task)
    harm.recover(lambda: None)


def _said(log: os.PathLike[str], begin: int, words: str) -> str:
    """The first line with ``words`` after byte ``begin`` of a log."""
    with open(log, "rb") as file:
        file.seek(begin)
        lines = file.read().decode(errors="replace").splitlines()
    return next((line for line in lines if words in line), "")

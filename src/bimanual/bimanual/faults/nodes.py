"""Faults of processes: killed, ended, stopped for a while."""

from __future__ import annotations

import os
import random
import signal

from bimanual.faults.outcome import Outcome
from bimanual.faults.registry import kind
from bimanual.faults.rig import Rig
from bimanual.faults.watching import PATIENCE_S, Harm
from bimanual.graph.session import CLIENT
from bimanual_core.contract import PLANNER, RECORDER, SAFETY, STATE_PUBLISHER, TASK_SERVER

#: Nodes that move nothing.
HELPERS = (STATE_PUBLISHER, TASK_SERVER, RECORDER)


@kind(2.0, quick=False)
def planner_killed(rig: Rig, rng: random.Random, outcome: Outcome) -> None:
    """The owner of a running trajectory is killed: the driver misses its heartbeat and brakes."""
    number = _signal(rng, outcome)
    task = rig.start(PLANNER)
    harm = Harm(rig, outcome)
    os.kill(rig.pid(PLANNER), number)
    lost_ns = _driver_notices(harm, PLANNER)
    harm.wait_end(task)
    outcome.words += f"; {task.words.splitlines()[0]}" if task.words else ""
    harm.expect_rest(lost_ns or harm.onset_ns)
    harm.recover(lambda: rig.session.restart(PLANNER), skills=True)


@kind(4.0)
def planner_paused(rig: Rig, rng: random.Random, outcome: Outcome) -> None:
    """The owner of a running trajectory is stopped and goes on seconds later: it must not move on by itself."""
    task = rig.start(PLANNER)
    harm = Harm(rig, outcome)
    os.kill(rig.pid(PLANNER), signal.SIGSTOP)
    try:
        lost_ns = _driver_notices(harm, PLANNER)
        harm.expect_rest(lost_ns or harm.onset_ns)
        harm.wait_end(task)
    finally:
        os.kill(rig.pid(PLANNER), signal.SIGCONT)
    harm.recover(lambda: None, skills=True)


@kind(4.0, quick=False)
def helper_killed(rig: Rig, rng: random.Random, outcome: Outcome) -> None:
    """A node that moves nothing dies: the supervisor tells its client, who ends the motion, also one of the planner."""
    _kill(rig, rng, outcome, rng.choice(HELPERS), rng.choice((CLIENT, PLANNER)))


@kind(2.0, quick=False)
def safety_killed(rig: Rig, rng: random.Random, outcome: Outcome) -> None:
    """The safety node dies amid a motion."""
    _kill(rig, rng, outcome, SAFETY, rng.choice((CLIENT, PLANNER)))


@kind(2.0, quick=False)
def driver_killed(rig: Rig, rng: random.Random, outcome: Outcome) -> None:
    """The process that moves the arms is killed: there is no setpoint any more, in simulation no world either."""
    number = _signal(rng, outcome)
    task = rig.start(rng.choice((CLIENT, PLANNER)))
    harm = Harm(rig, outcome)
    os.kill(rig.pid(rig.driver), number)
    harm.wait_end(task)
    harm.noticed("supervisor", _of(task.words, rig.driver), task.ended_at)
    harm.expect_gone()
    before_ns = rig.trace.newest_ns
    harm.recover(lambda: _restart(rig, rig.driver), skills=True)
    if outcome.recovered and rig.trace.newest_ns <= before_ns:
        outcome.failure = f"time went back: {rig.trace.newest_ns} after {before_ns} ns"


@kind(3.0)
def driver_paused(rig: Rig, rng: random.Random, outcome: Outcome) -> None:
    """The driver is stopped for seconds: /clock and the joint states stand. When it goes on, the arms must rest."""
    task = rig.start(CLIENT)
    harm = Harm(rig, outcome)
    os.kill(rig.pid(rig.driver), signal.SIGSTOP)
    try:
        harm.wait_end(task)
        harm.noticed("client", _of(task.words, rig.driver), task.ended_at)
        stood_ns = rig.trace.newest_ns
    finally:
        os.kill(rig.pid(rig.driver), signal.SIGCONT)
    rig.wait_for(lambda: rig.trace.newest_ns > stood_ns, PATIENCE_S)
    # The joints cannot be seen while nobody tells of them, and simulated time stands: rest counts from then on.
    harm.expect_rest(rig.trace.since_ns(stood_ns))
    harm.recover(rig.allow_motion)


@kind(2.0)
def helper_paused(rig: Rig, rng: random.Random, outcome: Outcome) -> None:
    """A node that moves nothing is stopped: it is named, and the motion goes on."""
    # On a real table the task server tells where the objects are: a client waits for that.
    name = outcome.detail = rng.choice([n for n in HELPERS if rig.graph == "sim" or n != TASK_SERVER])
    task = rig.start(CLIENT)
    harm = Harm(rig, outcome)
    os.kill(rig.pid(name), signal.SIGSTOP)
    try:
        told = rig.wait_for(lambda: rig.session.health.silent().get(f"{name} silent", ""), PATIENCE_S, 0.1)
        harm.noticed("watcher", told)
        harm.expect_unharmed(task)
    finally:
        os.kill(rig.pid(name), signal.SIGCONT)
    harm.recover(lambda: rig.wait_for(lambda: not rig.session.health.silent(), PATIENCE_S, 0.1))


@kind(2.0)
def safety_paused(rig: Rig, rng: random.Random, outcome: Outcome) -> None:
    """The safety node is stopped for seconds amid a motion."""
    task = rig.start(CLIENT)
    harm = Harm(rig, outcome)
    os.kill(rig.pid(SAFETY), signal.SIGSTOP)
    try:
        rig.wait_for(
            lambda: (task.done and task.words) or rig.session.health.silent().get(f"{SAFETY} silent"), PATIENCE_S, 0.02
        )
        harm.noticed("driver", task.words if task.done else "", task.ended_at)
        harm.noticed("watcher", rig.session.health.silent().get(f"{SAFETY} silent", ""))
    finally:
        os.kill(rig.pid(SAFETY), signal.SIGCONT)
    _driver_has_it_latched(rig)
    if task.done and task.words:
        harm.expect_rest(task.ended_ns)
    else:
        harm.expect_unharmed(task)
    harm.recover(rig.allow_motion)


def _kill(rig: Rig, rng: random.Random, outcome: Outcome, name: str, owner: str) -> None:
    number = _signal(rng, outcome)
    outcome.detail = f"{name} {outcome.detail}"
    task = rig.start(owner)
    harm = Harm(rig, outcome)
    os.kill(rig.pid(name), number)
    harm.wait_end(task)
    by = "supervisor" if f"node {name} died" in task.words else "driver"
    harm.noticed(by, _of(task.words, name), task.ended_at)
    harm.expect_rest(task.ended_ns)
    harm.recover(lambda: _restart(rig, name))


def _restart(rig: Rig, name: str) -> None:
    """Start a node anew and lift the stop that its silence brought about."""
    rig.session.restart(name)
    if name == SAFETY:
        _driver_has_it_latched(rig)
    rig.allow_motion()


def _driver_has_it_latched(rig: Rig) -> None:
    """Wait until the safety node that is back tells of the driver's stop."""
    rig.wait_for(lambda: rig.trace.stop_reason, PATIENCE_S)


def _driver_notices(harm: Harm, owner: str) -> int:
    """Wait until the driver takes the arms from ``owner``; the stamp of that, 0 if it does not."""
    rig = harm.rig
    lost_ns = rig.wait_for(lambda: rig.trace.owner_lost(owner, harm.onset_ns), PATIENCE_S)
    if lost_ns:
        harm.noticed("driver", f"control/owners: no arm is {owner}'s any more")
    return lost_ns


def _signal(rng: random.Random, outcome: Outcome) -> signal.Signals:
    """Killed most often; asked to end at times."""
    number = rng.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT))
    outcome.detail = number.name
    return number


def _of(words: str, name: str) -> str:
    """``words`` if they name the node ``name``."""
    return words if name in words else ""

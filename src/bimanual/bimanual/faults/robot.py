"""Faults of the robot itself, as the loopback robot shows them on request."""

from __future__ import annotations

import random

from bimanual.faults.outcome import Outcome, Rest
from bimanual.faults.registry import kind
from bimanual.faults.rig import Rig
from bimanual.faults.watching import PATIENCE_S, Harm
from bimanual.graph.session import CLIENT

#: Faults that leave the joints visible, and those that hide them.
SEEN, UNSEEN = ("frozen", "jump", "write_error"), ("nan", "stale", "read_error")


@kind(10.0, ("real",))
def joint_fault(rig: Rig, rng: random.Random, outcome: Outcome) -> None:
    """A joint freezes, jumps or takes no setpoints: the motion ends with the joint or the failure in words."""
    _fault(rig, rng, outcome, rng.choice(SEEN), seen=True)


@kind(8.0, ("real",))
def feedback_fault(rig: Rig, rng: random.Random, outcome: Outcome) -> None:
    """Measured joints are no numbers, do not come any more or cannot be read."""
    _fault(rig, rng, outcome, rng.choice(UNSEEN), seen=False)


def _fault(rig: Rig, rng: random.Random, outcome: Outcome, name: str, seen: bool) -> None:
    arm = rng.choice(rig.robot.arms)
    outcome.detail = f"{name} of {arm.joints[0]}"
    task = rig.start(CLIENT)
    harm = Harm(rig, outcome)
    rig.intruder.show_fault(name, arm.joints[0])
    reports = rig.session.health.errors
    told = rig.wait_for(lambda: (task.words if task.done else "") or reports().get(f"{rig.driver} error"), PATIENCE_S)
    harm.noticed("driver", told or "")
    harm.wait_end(task)
    if seen:
        harm.expect_rest(task.ended_ns)
    rig.intruder.show_fault("none")
    stood_ns = rig.trace.newest_ns
    if not seen:
        rig.wait_for(lambda: rig.trace.newest_ns > stood_ns, PATIENCE_S)
        harm.expect_rest(rig.trace.since_ns(stood_ns))
        outcome.rest = Rest.STOPPED
    harm.recover(rig.allow_motion)

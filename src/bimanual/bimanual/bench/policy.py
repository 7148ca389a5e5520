"""A policy on the running graph: how long a chunk takes, and whether the arms ever wait for one that is slow."""

from __future__ import annotations

from typing import Any

from bimanual.extras import require
from bimanual.graph.session import GraphSession
from bimanual.output import note
from bimanual.policy_session import PolicyPerformers
from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.rates import CONTROL_HZ
from bimanual_ros.graph_policy import GraphPolicy
from policy_node.serving.load import needs_learning

ROBOT, TASK, SEED = "cobot_magic", "handover_block", 100_000
#: What a slow policy takes longer [ms].
DELAY_MS = 300
#: The longest that arms may stand without points [ms]: one period of the controllers.
LONGEST_STALL_MS = 1000.0 / CONTROL_HZ


def bench_policy(seconds: float = 20.0, policy: str = "dp3") -> dict[str, Any]:
    """The figures of ``bench policy``: the graph in real time at factor 1 with the checkpoint's cameras, planner and
    recorder running, ``policy`` acting for ``seconds``; then again with DELAY_MS added to each inference.

    Raises BimanualError if the checkpoint or the graph does not come up, or the policy stops in between.
    """
    performers = PolicyPerformers(policy, (TASK,))
    cameras, checkpoint = performers.cameras(ROBOT), performers.checkpoint(TASK)
    given = {"time_mode": "realtime", "rtf": "1.0", "cameras": ",".join(cameras) or "none", "policy": str(checkpoint)}
    with GraphSession(ROBOT, given) as session:
        acting = GraphPolicy(session.world)
        acting.wait_ready()
        note(f"{checkpoint.name} acts for {seconds:g} s ...")
        usual = _run(session, acting, seconds)
        rtf = session.world.status.rtf
        note(f"the same with {DELAY_MS} ms added to each inference ...")
        acting.set_parameter("delay_ms", DELAY_MS)
        slow = _run(session, acting, seconds)
    return {
        "chunk_ms_p50": round(usual.chunk_ms_p50, 2),
        "chunk_ms_p99": round(usual.chunk_ms_p99, 2),
        "stall_ms": round(1e3 * usual.stall_seconds, 1),
        f"stall_ms_delay{DELAY_MS}": round(1e3 * slow.stall_seconds, 1),
        f"chunk_ms_p99_delay{DELAY_MS}": round(slow.chunk_ms_p99, 2),
        "actions": int(usual.steps),
        "rtf": round(rtf, 3),
        "parameters": _parameters(checkpoint),
        "checkpoint_bytes": checkpoint.stat().st_size,
    }


def _run(session: GraphSession, acting: GraphPolicy, seconds: float) -> Any:
    session.request("task/load", task=TASK, seed=SEED)
    result = acting.result(TASK, "", seconds)
    if result.error_code:
        took = f"a chunk took {result.chunk_ms_p50:.0f} ms, p99 {result.chunk_ms_p99:.0f} ms"
        words = f"the policy stopped after {result.steps} actions ({took}): {result.error_msg}"
        raise BimanualError(words, ErrorCode(result.error_code))
    return result


def _parameters(checkpoint: Any) -> int:
    """Weights of the network; 0 for a policy without one."""
    if not needs_learning(checkpoint):
        return 0
    require("learning")
    from policy_node.dp3.checkpoint import load
    from policy_node.dp3.network import parameter_count

    return int(parameter_count(load(checkpoint)[0]))

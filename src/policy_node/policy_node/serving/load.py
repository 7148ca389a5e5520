"""Checkpoints by name or path: which policy reads which file, without importing what the others need."""

from __future__ import annotations

from pathlib import Path

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.protocols import Policy
from policy_node.contract import PolicyContract
from policy_node.serving.recorded import SUFFIX as RECORDED
from policy_node.serving.recorded import load_recorded

#: Policies whose checkpoints come with the project.
NAMED = ("dp3",)


def find_checkpoint(policy: str, task: str) -> Path:
    """The checkpoint that ``policy`` names: the one for ``task`` that comes with the project, or a path.

    Raises BimanualError (POLICY_CHECKPOINT) for a file that is not there.
    """
    if policy in NAMED:
        from policy_node.checkpoints import find

        return find(policy, task)
    path = Path(policy)
    if not path.exists():
        words = f"there is no checkpoint {policy!r}; give a path or one of: {', '.join(NAMED)}"
        raise BimanualError(words, ErrorCode.POLICY_CHECKPOINT)
    return path.resolve()


def needs_learning(checkpoint: Path) -> bool:
    """Whether the policy of ``checkpoint`` computes with a network."""
    return checkpoint.suffix != RECORDED


def load_policy(checkpoint: Path) -> tuple[Policy, PolicyContract]:
    """The policy of a checkpoint and what it asks of those who run it. A network gives out whole chunks: what is not
    executed at once keeps the arms going while the next chunk is on its way.

    ``*.npz`` is recorded commands, all else a DP3 policy. Raises BimanualError (POLICY_CHECKPOINT) for a file that is
    missing or no checkpoint, and where what it computes with is not installed.
    """
    if not checkpoint.exists():
        raise BimanualError(f"there is no checkpoint {checkpoint}", ErrorCode.POLICY_CHECKPOINT)
    if not needs_learning(checkpoint):
        return load_recorded(checkpoint)
    try:
        from policy_node.dp3.policy import Dp3Policy
    except ImportError as error:
        words = f"{checkpoint.name} needs the packages of setup/extras/learning.lock: {error}; ./bimanual installs them"
        raise BimanualError(words, ErrorCode.POLICY_CHECKPOINT) from None
    contract = Dp3Policy(checkpoint).contract
    return Dp3Policy(checkpoint, actions=contract.max_actions), contract

"""Every task as a gymnasium environment. Importing this registers them::

    import gymnasium
    import bimanual.gym_envs

    env = gymnasium.make("bimanual/handover_block-v0")

What an environment needs is loaded when one is made.
"""

from __future__ import annotations

import gymnasium

from bimanual_tasks.registry import task_names

NAMESPACE = "bimanual"


def register() -> None:
    """Register all tasks, ``bimanual/TASK-v0``; those that are there already stay."""
    for name in task_names():
        env_id = f"{NAMESPACE}/{name}-v0"
        if env_id not in gymnasium.registry:
            gymnasium.register(env_id, entry_point="bimanual.environment:TaskEnv", kwargs={"task": name})


register()

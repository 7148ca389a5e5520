"""Running a policy step by step: the world stands still while it thinks, so that the same seed gives the same run."""

from __future__ import annotations

from collections.abc import Callable

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.protocols import Policy, World
from policy_node.contract import PolicyContract
from policy_node.serving.asking import Asker
from policy_node.serving.report import RunReport
from policy_node.serving.run import ChunkListener, Commander, check_serving
from policy_node.serving.window import ObservationWindow


class PolicyRunner:
    """Lets ``policy`` act in ``world``, whose time moves only in ``world.wait``. ``delay_s`` is added to each
    inference. Raises as :func:`check_serving`."""

    def __init__(
        self,
        policy: Policy,
        contract: PolicyContract,
        world: World,
        on_chunk: ChunkListener = lambda answer, steps: None,
        delay_s: float = 0.0,
    ) -> None:
        check_serving(contract, world.robot)
        self._contract = contract
        self._world = world
        self._asker = Asker(policy, world.robot, delay_s)
        self._on_chunk = on_chunk

    def run(self, instruction: str, most_steps: int, over: Callable[[], bool] = lambda: False) -> RunReport:
        """Act until ``over()``, which is asked after each action, or for ``most_steps`` actions; the arms are at rest
        afterwards, also after a failure.

        A failure of the policy, a camera or a controller, or what ``over`` raises, is a report; only SilentNodeError
        is raised, if nothing can be commanded any more.
        """
        commander = Commander(self._world, self._contract)
        steps, code, words = 0, ErrorCode.NONE, ""
        try:
            self._asker.reset()
            window = ObservationWindow(self._contract.observations)
            window.add(commander.observe())
            while steps < most_steps and not over():
                steps += self._play(commander, window, instruction, steps, most_steps, over)
        except BimanualError as error:
            code, words = error.code, str(error)
        finally:
            commander.halt()
        return RunReport(
            asked=most_steps,
            steps=steps,
            seconds=steps / self._contract.rate_hz,
            error_code=code,
            error_msg=words,
            clamped=commander.shaper.clamped,
            slowed=commander.shaper.slowed,
            chunk_ms=tuple(self._asker.chunk_ms),
        )

    def _play(
        self,
        commander: Commander,
        window: ObservationWindow,
        instruction: str,
        before: int,
        most_steps: int,
        over: Callable[[], bool],
    ) -> int:
        """One chunk: ask for it, command it, let its first ``actions`` happen; returns how many did."""
        newest = window.newest
        commander.check_followed(newest)
        answer = self._asker.ask(window.seen(), instruction)
        self._on_chunk(answer, before)
        commander.follow(newest.stamp_ns, newest.commanded, commander.stamps(answer)[1:], answer.actions[1:])
        count = min(self._contract.actions, len(answer.actions) - 1, most_steps - before)
        for done in range(1, count + 1):
            self._world.wait(1 / self._contract.rate_hz)
            if over():
                return done
            if count - done < self._contract.observations:
                window.add(commander.observe())
            if done < count:
                commander.lead_on(self._world.observe())
        return count

"""A graph where /dev/shm has no room, as in a container of Docker's defaults."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time

from bimanual.faults.outcome import Outcome, Rest
from bimanual.faults.registry import kind
from bimanual.faults.rig import Rig
from bimanual.graph.shared_memory import SHM
from bimanual.output import note

SIZE_MIB = 64
LIMIT_S = 150.0


@kind(0.5, quick=False)
def small_shared_memory(rig: Rig, rng: random.Random, outcome: Outcome) -> None:
    """A graph of its own in a mount namespace with a /dev/shm of 64 MiB: it says so, and works without it."""
    outcome.detail = f"{SIZE_MIB} MiB"
    unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    allowed = subprocess.run([*unshare, "true"], capture_output=True, text=True, timeout=10.0)
    if allowed.returncode:
        outcome.not_run = f"no mount namespace: {allowed.stderr.strip()}"
        return
    inner = f"{sys.executable} -m bimanual.faults.small_shm {rig.graph}"
    # Only in there can be seen what is left.
    mount = f"mount -t tmpfs -o size={SIZE_MIB}m tmpfs {SHM} && {inner} && ! ls {SHM} | grep -q dds"
    begin = time.monotonic()
    environ = {name: value for name, value in os.environ.items() if name != "ROS_DOMAIN_ID"}
    ended = subprocess.run([*unshare, "sh", "-c", mount], capture_output=True, text=True, timeout=LIMIT_S, env=environ)
    told = next((line for line in ended.stderr.splitlines() if str(SHM) in line), "")
    if told:
        outcome.detected_by, outcome.words = "session", told
        outcome.detection_ms = round(1000.0 * (time.monotonic() - begin), 1)
    outcome.rest, outcome.rested = Rest.UNHARMED, ended.returncode == 0
    outcome.recovered = ended.returncode == 0
    if ended.returncode:
        said = ended.stderr.strip().splitlines()
        outcome.failure = f"the graph ended with status {ended.returncode}: {said[-1] if said else ''}"


def main(graph: str) -> int:
    """Bring a graph up in the /dev/shm that there is and move; 0 if that works."""
    with Rig(graph) as rig:
        refusal = rig.good_motion() or rig.good_skills()
    if refusal:
        note(refusal)
    return 1 if refusal else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

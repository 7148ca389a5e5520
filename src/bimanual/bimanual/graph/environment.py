"""The environment of a graph's processes: which DDS profile, which domain, which interfaces."""

from __future__ import annotations

import fcntl
import os
import random
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bimanual.graph.shared_memory import lacks_room
from bimanual_core.errors import BimanualError

#: Domains whose ports stay below the ephemeral range of Linux, so that no client socket can take them.
DOMAINS = range(1, 101)
_claimed: dict[int, int] = {}  # domains of this process, with the locks that say so

#: The variables that set a graph's processes apart from the caller's own environment.
GRAPH_VARIABLES = (
    "FASTDDS_DEFAULT_PROFILES_FILE",
    "ROS_AUTOMATIC_DISCOVERY_RANGE",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "PYTHONUNBUFFERED",
)


def config_folder() -> Path:
    """The project's ``config`` folder: of the checkout, or of the installed share."""
    for parent in Path(__file__).resolve().parents:
        for folder in (parent / "config", parent / "share" / "bimanual" / "config"):
            if (folder / "fastdds_local.xml").is_file():
                return folder
    raise BimanualError("config/fastdds_local.xml was not found beside the checkout or in the installed share")


def graph_environment(
    network: bool, environ: Mapping[str, str] | None = None, private_domain: bool = True
) -> dict[str, str]:
    """Variables for every process of a graph. Loopback only unless ``network``. ROS_DOMAIN_ID is kept when set;
    otherwise, with ``private_domain``, one is claimed (:func:`claim_domain`), so that two graphs on one machine stay
    apart.

    Without room in /dev/shm (see :func:`~bimanual.graph.shared_memory.lacks_room`) large messages go by UDP: a
    process that writes into a full one is killed by the kernel (SIGBUS).
    """
    env = dict(os.environ if environ is None else environ)
    profile = ("fastdds_network" if network else "fastdds_local") + ("_udp" if lacks_room() else "")
    env["FASTDDS_DEFAULT_PROFILES_FILE"] = str(config_folder() / f"{profile}.xml")
    env["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "SUBNET" if network else "LOCALHOST"
    # Numeric libraries start one thread a core each; nodes share the cores, so each keeps to one.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        env.setdefault(name, "1")
    env.setdefault("PYTHONUNBUFFERED", "1")
    if private_domain and not env.get("ROS_DOMAIN_ID"):
        env["ROS_DOMAIN_ID"] = str(claim_domain())
    return env


def claim_domain() -> int:
    """A DDS domain that no other process of this machine has claimed, this one's until it ends or
    :func:`release_domain` is called. Raises BimanualError when all are taken."""
    folder = Path(tempfile.gettempdir()) / f"bimanual-domains-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    for domain in random.SystemRandom().sample(DOMAINS, len(DOMAINS)):
        # The lock ends with the process, however that ends; the empty file stays.
        lock = os.open(folder / str(domain), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            continue
        _claimed[domain] = lock
        return domain
    raise BimanualError(f"all {len(DOMAINS)} DDS domains are taken; set ROS_DOMAIN_ID, or end other graphs")


def release_domain(domain: int) -> None:
    """Give a claimed domain back; no effect on one that was given by ROS_DOMAIN_ID."""
    lock = _claimed.pop(domain, None)
    if lock is not None:
        os.close(lock)

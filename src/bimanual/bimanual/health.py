"""What works on this machine: one function per thing that can be wrong, each with the way to mend it."""

from __future__ import annotations

import fcntl
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bimanual.graph.shared_memory import NEEDED_MIB, SHM, room_mib

DISK_NEEDED_GIB = 5.0
RENDER_LIMIT_S = 180.0
IMPORT_LIMIT_S = 60.0
CAN_HARDWARE_TYPE = "280"  # ARPHRD_CAN in the kernel's if_arp.h
REALSENSE_VENDOR = "8086"
PYTHON_SPAN = ((3, 11), (3, 13))

# Draws a white box against the background and says which device did it.
RENDER = """
import json, sapien
scene = sapien.Scene()
scene.set_ambient_light([1.0, 1.0, 1.0])
builder = scene.create_actor_builder()
builder.add_box_visual(half_size=[0.2, 0.2, 0.2])
builder.build_kinematic()
camera = scene.add_camera("probe", 32, 32, 1.0, 0.01, 10.0)
camera.entity.set_pose(sapien.Pose([-1.0, 0.0, 0.0]))
scene.update_render()
camera.take_picture()
alpha = camera.get_picture("Color")[..., 3]
device = scene.render_system.device
print(json.dumps({"device": device.name, "seen": bool(alpha[16, 16] == 1.0 and alpha[0, 0] == 0.0)}))
"""

ROS = """
import json, rclpy
rclpy.init()
node = rclpy.create_node("doctor")
node.destroy_node()
rclpy.shutdown()
print(json.dumps({"rmw": rclpy.get_rmw_implementation_identifier(), "file": rclpy.__file__}))
"""

# Lists the cameras; a library that does not load ends this process only.
REALSENSE = """
import json
import pyrealsense2 as rs
def text(device, key):
    return device.get_info(key) if device.supports(key) else ""
keys = {"name": rs.camera_info.name, "serial": rs.camera_info.serial_number, "usb": rs.camera_info.usb_type_descriptor}
found = [{name: text(device, key) for name, key in keys.items()} for device in rs.context().query_devices()]
print(json.dumps(found))
"""

# What src/overlay builds where ROS 2 lacks it.
OVERLAY = ("tf2_msgs", "control_msgs", "simulation_interfaces")
INTERFACES = (*OVERLAY, "bimanual_interfaces")


@dataclass(frozen=True)
class Check:
    """One finding. ``required`` things must work; the others are told."""

    name: str
    ok: bool
    detail: str
    mend: str = ""
    required: bool = True

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def _probe(program: str, limit_s: float) -> tuple[str | None, str]:
    """Run a Python program in a process of its own: the last line it printed, or None and why."""
    try:
        result = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, errors="replace", timeout=limit_s
        )
    except subprocess.TimeoutExpired:
        return None, f"no answer within {limit_s:.0f} s"
    lines = result.stdout.strip().splitlines()
    if result.returncode == 0 and lines:
        return lines[-1], ""
    said = result.stderr.strip().splitlines()
    return None, said[-1] if said else f"ended with status {result.returncode}"


def python() -> Check:
    version = sys.version.split()[0]
    oldest, newest = PYTHON_SPAN
    span = f"{oldest[0]}.{oldest[1]} to {newest[0]}.{newest[1]}"
    mend = f"name a Python {span} in BIMANUAL_PYTHON, remove .venv, run ./bimanual again"
    return Check("python", oldest <= sys.version_info[:2] <= newest, f"{version} in {sys.prefix}", mend)


def programs() -> Check:
    """The tools that build the interface packages."""
    absent = [name for name in ("cmake", "make", "g++") if not shutil.which(name)]
    detail = f"missing: {', '.join(absent)}" if absent else "cmake, make and g++ are there"
    return Check("build tools", not absent, detail, f"as root: apt-get install {' '.join(absent)}")


def vulkan() -> Check:
    """A real picture, since a driver that loads may still not render."""
    answer, why = _probe(RENDER, RENDER_LIMIT_S)
    mend = (
        "without a GPU install Mesa >= 24.3 (mesa-vulkan-drivers, libvulkan1; on Debian 12 from bookworm-backports); "
        "with one install its Vulkan driver and unset VK_ICD_FILENAMES"
    )
    if answer is None:
        return Check("rendering", False, why, mend)
    picture = json.loads(answer)
    seen = "draws" if picture["seen"] else "draws a wrong picture"
    return Check("rendering", picture["seen"], f"{picture['device']} {seen}", mend)


def ros() -> Check:
    """Which ROS 2 this is, and whether a node of it comes up."""
    mend = "remove .venv/.bimanual and run ./bimanual again; with another ROS 2: from a shell where that one is sourced"
    answer, why = _probe(ROS, IMPORT_LIMIT_S)
    if answer is None:
        return Check("ros", False, why, mend)
    found = json.loads(answer)
    return Check("ros", True, f"{ros_home(found['file'])}, {found['rmw']}", mend)


def ros_home(rclpy_file: str) -> str:
    """Which ROS 2 the rclpy of that file belongs to, in words."""
    if Path(rclpy_file).is_relative_to(sys.prefix):
        return f"rclpy {importlib.metadata.version('ros-rclpy')} from wheels"
    return f"ROS 2 {os.environ.get('ROS_DISTRO', '')} at {prefix_of('rclpy') or Path(rclpy_file).parent}"


def prefix_of(package: str) -> str | None:
    """The first prefix of AMENT_PREFIX_PATH that holds a package."""
    prefixes = os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)
    return next((prefix for prefix in prefixes if Path(prefix, "share", package, "package.xml").is_file()), None)


def skipped_overlay() -> str:
    """The packages of src/overlay that were not built since the ROS 2 below has them, in words; empty: none."""
    home = prefix_of("rclpy")
    names = [name for name in OVERLAY if home is not None and prefix_of(name) == home]
    return f"; not built, since {home} has them: {', '.join(names)}" if names else ""


def workspace() -> Check:
    program = "".join(f"import {name}\n" for name in INTERFACES) + "import bimanual_core\nprint('built')"
    answer, why = _probe(program, IMPORT_LIMIT_S)
    prefixes = os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)
    count = sum(1 for prefix in prefixes if "install" in Path(prefix).parts)
    mend = "remove build/ and install/ and run ./bimanual again"
    detail = why or f"{count} packages, interfaces import{skipped_overlay()}"
    return Check("workspace", answer is not None, detail, mend)


def shared_memory() -> Check:
    mend = "give it room: mount -o remount,size=2G /dev/shm, or docker run --shm-size=2g"
    if not SHM.is_dir():
        return Check("shared memory", False, f"{SHM} is missing: graphs speak by UDP, images may come late", mend)
    free, total = room_mib()
    less = "" if free >= NEEDED_MIB else ": graphs speak by UDP, images may come late"
    return Check("shared memory", free >= NEEDED_MIB, f"{free} of {total} MiB free, {NEEDED_MIB} wanted{less}", mend)


def stale_files(folder: Path = SHM) -> Iterator[Path]:
    """FastDDS files whose owner is gone: nobody holds the lock on their ``_el`` file."""
    for lock in sorted(folder.glob("fastrtps_*_el")) + sorted(folder.glob("fastdds_*_el")):
        try:
            with lock.open("rb") as handle:
                fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            continue
        yield lock.with_name(lock.name.removesuffix("_el"))


def leftovers() -> Check:
    """Files that killed processes left; they only cost memory."""
    files = [path for path in stale_files() if path.exists()]
    mib = sum(path.stat().st_size for path in files) / 2**20
    detail = f"{len(files)} left by killed processes, {mib:.0f} MiB" if files else "none"
    return Check("stale fastdds files", not files, detail, "fastdds shm clean", required=False)


def disk() -> Check:
    place = Path(os.environ.get("BIMANUAL_ROOT") or Path.cwd())
    free = shutil.disk_usage(place).free / 2**30
    detail = f"{free:.1f} GiB free at {place}, {DISK_NEEDED_GIB:.0f} wanted"
    return Check("disk", free >= DISK_NEEDED_GIB, detail, "free some room, or keep the checkout on a larger disk")


def network() -> Check:
    """Which interfaces the graph may speak on."""
    profile = os.environ.get("FASTDDS_DEFAULT_PROFILES_FILE", "")
    reach = os.environ.get("ROS_AUTOMATIC_DISCOVERY_RANGE", "")
    domain = os.environ.get("ROS_DOMAIN_ID", "0")
    ok = bool(profile) and Path(profile).is_file()
    detail = f"discovery {reach or 'not set'}, domain {domain}, profile {profile or 'not set'}"
    mend = "set FASTDDS_DEFAULT_PROFILES_FILE to config/fastdds_local.xml; without it images are lost"
    return Check("network", ok, detail, mend)


def gpu() -> Check:
    mend = "nothing to mend where there is none: everything runs on the processor"
    if not shutil.which("nvidia-smi"):
        return Check("gpu", True, "no NVIDIA driver; the processor renders and computes", mend, required=False)
    command = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except subprocess.TimeoutExpired:
        return Check("gpu", False, "nvidia-smi does not answer", "restart the driver", required=False)
    detail = (result.stdout or result.stderr).strip().replace("\n", "; ")
    return Check("gpu", result.returncode == 0, detail, "see what nvidia-smi says", required=False)


def can_bus(folder: Path = Path("/sys/class/net")) -> Check:
    names = [
        path.parent.name for path in sorted(folder.glob("*/type")) if path.read_text().strip() == CAN_HARDWARE_TYPE
    ]
    mend = "needed for real arms only: plug the adapter in, then ip link set can0 up type can bitrate 1000000"
    return Check("can", bool(names), ", ".join(names) or "no interface", mend, required=False)


def plugged_realsense(folder: Path = Path("/sys/bus/usb/devices")) -> list[str]:
    """Names of the RealSense devices on the USB, with or without their library."""
    names = []
    for path in sorted(folder.glob("*/idVendor")):
        product = path.with_name("product")
        if path.read_text().strip() == REALSENSE_VENDOR and product.exists():
            name = product.read_text().strip()
            if re.search(r"realsense|depth camera", name, re.IGNORECASE):
                names.append(name)
    return names


def cameras(
    plugged: Sequence[str] | None = None, probe: Callable[[str, float], tuple[str | None, str]] = _probe
) -> Check:
    """The RealSense library, and the cameras that it finds with their serial numbers."""
    names = plugged_realsense() if plugged is None else plugged
    answer, why = probe(REALSENSE, IMPORT_LIMIT_S)
    if answer is None:
        detail = f"pyrealsense2 does not load: {why}; on the USB: {', '.join(names) or 'no RealSense'}"
        mend = "as root: apt-get install libusb-1.0-0; then remove .venv/.bimanual and run ./bimanual again"
        return Check("cameras", False, detail, mend, required=False)
    found = json.loads(answer)
    if names and not found:
        detail = f"{', '.join(names)} on the USB, but the library cannot open it"
        mend = "install librealsense's udev rules and plug it in again; into a container pass /dev/bus/usb"
        return Check("cameras", False, detail, mend, required=False)
    slow = [c["serial"] for c in found if c["usb"].startswith(("1", "2"))]
    detail = ", ".join(f"{c['name']} {c['serial']} (USB {c['usb'] or '?'})" for c in found) or "no RealSense"
    mend = "needed for real robots only: plug one in at a USB 3 port"
    if slow:
        mend = f"{', '.join(slow)}: use a USB 3 port and cable, few sizes and rates fit through USB 2"
    return Check("cameras", bool(found) and not slow, detail, mend, required=False)


CHECKS: tuple[Callable[[], Check], ...] = (
    python,
    programs,
    ros,
    workspace,
    vulkan,
    shared_memory,
    leftovers,
    disk,
    network,
    gpu,
    can_bus,
    cameras,
)

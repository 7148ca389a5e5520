"""What doctor finds, on made-up machines."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from bimanual import health
from bimanual.graph import shared_memory
from bimanual.graph.environment import graph_environment
from bimanual.verbs.doctor import line


def test_only_files_without_an_owner_are_stale(tmp_path: Path) -> None:
    for name in ("fastrtps_dead", "fastrtps_dead_el", "fastrtps_alive", "fastrtps_alive_el", "other"):
        (tmp_path / name).touch()
    with (tmp_path / "fastrtps_alive_el").open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert list(health.stale_files(tmp_path)) == [tmp_path / "fastrtps_dead"]


def test_doctor_names_the_ros_it_stands_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ros, own = tmp_path / "opt" / "ros" / "kilted", tmp_path / "install" / "simulation_interfaces"
    for prefix, names in ((ros, ("rclpy", "tf2_msgs", "control_msgs")), (own, ("simulation_interfaces",))):
        for name in names:
            (prefix / "share" / name).mkdir(parents=True)
            (prefix / "share" / name / "package.xml").touch()
    monkeypatch.setenv("AMENT_PREFIX_PATH", f"{own}:{ros}")
    monkeypatch.setenv("ROS_DISTRO", "kilted")
    assert health.ros_home(f"{ros}/lib/python3.12/site-packages/rclpy/__init__.py") == f"ROS 2 kilted at {ros}"
    assert health.skipped_overlay() == f"; not built, since {ros} has them: tf2_msgs, control_msgs"


def test_doctor_tells_ros_from_wheels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health.importlib.metadata, "version", lambda name: "9.1.2")
    assert health.ros_home(f"{health.sys.prefix}/lib/rclpy/__init__.py") == "rclpy 9.1.2 from wheels"
    monkeypatch.setenv("AMENT_PREFIX_PATH", "")
    assert health.skipped_overlay() == ""


def test_can_interfaces_are_told_by_their_type(tmp_path: Path) -> None:
    for name, kind in (("eth0", "1"), ("can0", "280")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "type").write_text(kind + "\n")
    check = health.can_bus(tmp_path)
    assert check.ok
    assert check.detail == "can0"


def test_cameras_are_told_by_vendor_and_name(tmp_path: Path) -> None:
    for number, (vendor, product) in enumerate([("8086", "Intel(R) RealSense(TM) Depth Camera 435"), ("8086", "Hub")]):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "idVendor").write_text(vendor + "\n")
        (folder / "product").write_text(product + "\n")
    assert health.plugged_realsense(tmp_path) == ["Intel(R) RealSense(TM) Depth Camera 435"]
    assert health.plugged_realsense(tmp_path / "none") == []


D435 = '{"name": "Intel RealSense D435", "serial": "0123", "usb": "%s"}'


@pytest.mark.parametrize(
    ("plugged", "answer", "ok", "detail", "mend"),
    [
        (["D435"], f"[{D435 % '3.2'}]", True, "Intel RealSense D435 0123 (USB 3.2)", ""),
        (["D435"], f"[{D435 % '2.1'}]", False, "Intel RealSense D435 0123 (USB 2.1)", "0123: use a USB 3 port"),
        (["D435"], "[]", False, "D435 on the USB, but the library cannot open it", "udev rules"),
        ([], "[]", False, "no RealSense", "plug one in"),
        ([], None, False, "pyrealsense2 does not load: no libusb; on the USB: no RealSense", "apt-get install libusb"),
        (["D435"], None, False, "pyrealsense2 does not load: no libusb; on the USB: D435", "apt-get install libusb"),
    ],
)
def test_cameras_are_named_and_what_is_missing_can_be_mended(plugged, answer, ok, detail, mend) -> None:
    check = health.cameras(plugged, lambda program, limit_s: (answer, "" if answer else "no libusb"))
    assert (check.ok, check.detail, check.required) == (ok, detail, False)
    assert mend in check.mend


def test_the_camera_probe_runs_here() -> None:
    check = health.cameras([])
    assert "does not load" not in check.detail


def test_a_failure_says_how_to_mend_it() -> None:
    check = health.Check("disk", False, "0.1 GiB free", "free some room")
    assert line(check).splitlines()[1].strip() == "-> free some room"
    assert "free some room" not in line(health.Check("disk", True, "9 GiB free", "free some room"))


def test_a_small_dev_shm_is_named_and_the_graph_does_without(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert "fastdds_local.xml" in graph_environment(False)["FASTDDS_DEFAULT_PROFILES_FILE"]
    monkeypatch.setattr(shared_memory, "NEEDED_MIB", 10**9)
    told = shared_memory.lacks_room()
    assert "/dev/shm has " in told
    assert "a graph wants 1000000000: it speaks mostly by UDP instead" in told
    for network, name in ((False, "fastdds_local_udp.xml"), (True, "fastdds_network_udp.xml")):
        assert Path(graph_environment(network)["FASTDDS_DEFAULT_PROFILES_FILE"]).name == name
    assert shared_memory.lacks_room(tmp_path / "none").startswith(f"{tmp_path / 'none'} has 0 of 0 MiB free")

"""A sourced ROS 2 is found, used and remembered; workspaces of this project are none."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from bootstrap import environment, underlay, workspace
from bootstrap.layout import Layout
from bootstrap.shell import run
from bootstrap.steps import SetupError

XML = "<package format='3'><name>{name}</name></package>"
VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"


class Distribution:
    """A made-up ROS 2: a prefix with rclpy, and a Python that claims to import it with numpy ``numpy``."""

    def __init__(self, folder: Path, distro: str = "jazzy", python: str = VERSION, numpy: str = "1.26.4") -> None:
        self.folder, self.distro = folder, distro
        self.prefix = folder / "opt" / "ros" / distro
        self.modules = self.prefix / "lib" / f"python{python}" / "site-packages"
        (self.modules / "rclpy").mkdir(parents=True)
        self.install("rclpy")
        self.interpreter = folder / "bin" / f"python{python}"
        self.interpreter.parent.mkdir(exist_ok=True)
        # Answers what the set-up asks a Python; everything else goes to the one that runs this test.
        self.interpreter.write_text(
            "#!/bin/sh\n"
            'case "$*" in\n'
            f'  *rclpy*) case "$PYTHONPATH" in *{self.modules}*) echo "{python} {numpy}";; *) exit 1;; esac;;\n'
            f'  *_base_executable*) printf %s "{self.interpreter}";;\n'
            f'  *) exec {sys.executable} "$@";;\n'
            "esac\n"
        )
        self.interpreter.chmod(self.interpreter.stat().st_mode | stat.S_IXUSR)

    def install(self, package: str) -> None:
        path = self.prefix / "share" / package / "package.xml"
        path.parent.mkdir(parents=True)
        path.write_text(XML.format(name=package))

    def sourced(self) -> dict[str, str]:
        return {
            "ROS_DISTRO": self.distro,
            "ROS_VERSION": "2",
            "AMENT_PREFIX_PATH": str(self.prefix),
            "PYTHONPATH": f"{self.modules}:/home/user/lib",
            "LD_LIBRARY_PATH": f"{self.prefix}/lib",
            "PATH": f"{self.prefix}/bin:{self.interpreter.parent}:/usr/bin:/bin",
        }


@pytest.fixture
def jazzy(tmp_path: Path) -> Distribution:
    return Distribution(tmp_path)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    root = tmp_path / "checkout"
    (root / "setup").mkdir(parents=True)
    (root / "setup" / "requirements.lock").write_text("numpy==2.4.6\nros-rclpy==9.1.2\nuv==0.1\n")
    (root / "setup" / "requirements-numpy1.lock").write_text("numpy==1.26.4\nuv==0.1\n")
    return Layout(root, root / ".venv")


def choose(layout: Layout, environ: dict[str, str]) -> Layout:
    chosen, _ = underlay.choose(environ, layout.underlay_file, (layout.root, layout.venv))
    return layout.on(chosen)


def test_a_sourced_ros_is_found(jazzy: Distribution) -> None:
    found = underlay.find_underlay(jazzy.sourced(), ())
    assert found is not None
    assert (found.distro, found.home, found.python) == ("jazzy", str(jazzy.prefix), VERSION)
    assert found.has("rclpy")
    assert not found.has("tf2_msgs")
    assert found.paths["PYTHONPATH"] == [str(jazzy.modules)]
    assert found.paths["PATH"] == [f"{jazzy.prefix}/bin"]


def test_workspaces_of_this_project_are_no_underlay(jazzy: Distribution, tmp_path: Path) -> None:
    assert underlay.find_underlay(jazzy.sourced(), (tmp_path / "opt",)) is None
    assert underlay.find_underlay({}, ()) is None
    (jazzy.prefix / ".bimanual").mkdir()  # the environment of another checkout
    assert underlay.find_underlay(jazzy.sourced(), ()) is None


def test_only_the_underlays_paths_are_cut(jazzy: Distribution) -> None:
    env = underlay.without_underlay(jazzy.sourced())
    assert env["PYTHONPATH"] == "/home/user/lib"
    assert "AMENT_PREFIX_PATH" not in env
    assert "LD_LIBRARY_PATH" not in env


def test_its_numpy_decides_the_lock(tmp_path: Path, layout: Layout) -> None:
    old = choose(layout, Distribution(tmp_path / "a").sourced())
    assert old.pins() == "numpy==1.26.4\nuv==0.1\n"
    new = choose(layout, Distribution(tmp_path / "b", "rolling", numpy="2.3.1").sourced())
    assert new.pins() == "numpy==2.4.6\nuv==0.1\n"
    assert choose(layout, {}).pins() == "numpy==2.4.6\nros-rclpy==9.1.2\nuv==0.1\n"


def test_without_the_python_of_the_ros_it_is_said(jazzy: Distribution, layout: Layout) -> None:
    jazzy.interpreter.unlink()
    with pytest.raises(SetupError, match=rf"jazzy at {jazzy.prefix} is sourced, but no Python {VERSION} imports"):
        choose(layout, {**jazzy.sourced(), "PATH": f"{jazzy.interpreter.parent}"})


def test_a_ros_of_another_python_is_set_aside(tmp_path: Path, layout: Layout) -> None:
    humble = Distribution(tmp_path, "humble", "3.10")
    chosen, said = underlay.choose(humble.sourced(), layout.underlay_file, ())
    assert chosen is None
    assert "humble is set aside: its Python 3.10" in said


def test_a_ros_can_be_set_aside_by_hand(jazzy: Distribution, layout: Layout) -> None:
    assert choose(layout, {**jazzy.sourced(), "BIMANUAL_UNDERLAY": "none"}).underlay is None
    with pytest.raises(SetupError, match="BIMANUAL_UNDERLAY=jazzy is not a choice"):
        choose(layout, {**jazzy.sourced(), "BIMANUAL_UNDERLAY": "jazzy"})


def test_it_is_remembered_where_nothing_is_sourced(jazzy: Distribution, layout: Layout) -> None:
    standing = choose(layout, jazzy.sourced())
    underlay.write(layout.underlay_file, standing.underlay)
    assert choose(layout, {}).underlay == standing.underlay
    assert underlay.choose(jazzy.sourced(), layout.underlay_file, ()) == (standing.underlay, "")
    (jazzy.prefix / "share" / "rclpy" / "package.xml").unlink()
    assert choose(layout, {}).underlay is None  # it was removed from the machine


def test_the_environment_sees_the_system_only_on_an_underlay(
    jazzy: Distribution, layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "run", lambda command: run([*command, "--without-pip"]))  # which takes seconds

    def sees_system() -> bool:
        return "include-system-site-packages = true" in (layout.venv / "pyvenv.cfg").read_text()

    standing = choose(layout, jazzy.sourced())
    environment.make_venv(layout)
    assert not sees_system()
    environment.make_venv(standing)
    assert sees_system()
    environment.make_venv(standing)
    assert choose(layout, {}).underlay == standing.underlay
    environment.make_venv(layout)
    assert not sees_system()
    assert not layout.underlay_file.exists()


def test_colcon_stands_on_it(jazzy: Distribution, layout: Layout) -> None:
    standing = choose(layout, jazzy.sourced())
    site = layout.venv / "lib" / f"python{VERSION}" / "site-packages"
    site.mkdir(parents=True)
    # Also from a shell where nothing is sourced, and where another workspace is.
    for environ in ({"PATH": "/usr/bin"}, {"PATH": "/usr/bin", "AMENT_PREFIX_PATH": "/other"}):
        env = workspace.build_environment(standing, environ)
        assert env["AMENT_PREFIX_PATH"] == str(jazzy.prefix)
        assert env["PYTHONPATH"] == f"{site}:{jazzy.modules}"
        assert env["PATH"] == f"{layout.venv}/bin:{jazzy.prefix}/bin:/usr/bin"
        assert env["ROS_DISTRO"] == "jazzy"


def test_overlay_packages_that_it_has_are_not_built(jazzy: Distribution, layout: Layout) -> None:
    for name in ("tf2_msgs", "simulation_interfaces"):
        folder = layout.source / "overlay" / name
        folder.mkdir(parents=True)
        (folder / "package.xml").write_text(XML.format(name=name))
    jazzy.install("tf2_msgs")
    assert [package.name for package in workspace.wanted(choose(layout, jazzy.sourced()))] == ["simulation_interfaces"]
    assert len(workspace.wanted(layout)) == 2

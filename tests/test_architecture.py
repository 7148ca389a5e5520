"""The shape of the repository: who may import whom, where ROS may be spoken, and what no file may say."""

from __future__ import annotations

import ast
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src"

# Package to the packages of this project that it may import. ROS nodes (node.py) may use bimanual_ros besides.
CORE = "bimanual_core"
ALLOWED: dict[str, frozenset[str]] = {
    CORE: frozenset(),
    "bimanual_interfaces": frozenset(),
    "bimanual_description": frozenset({CORE}),
    "bimanual_kinematics": frozenset({CORE, "bimanual_description"}),
    "bimanual_control": frozenset({CORE, "bimanual_kinematics"}),
    "bimanual_ros": frozenset({CORE, "bimanual_interfaces", "bimanual_description", "bimanual_control"}),
    "bimanual_assets": frozenset({CORE}),
    "bimanual_sim_bridge": frozenset(
        {CORE, "bimanual_description", "bimanual_kinematics", "bimanual_control", "bimanual_assets"}
    ),
    "bimanual_planner": frozenset({CORE, "bimanual_description", "bimanual_kinematics", "bimanual_assets"}),
    "bimanual_tasks": frozenset({CORE, "bimanual_kinematics", "bimanual_assets"}),
    "bimanual_data": frozenset({CORE}),
    "policy_node": frozenset({CORE, "bimanual_kinematics", "bimanual_data"}),
    "mllm_agent": frozenset({CORE, "bimanual_kinematics", "bimanual_tasks"}),
    "bimanual_hardware": frozenset({CORE, "bimanual_description", "bimanual_control"}),
    "bimanual_viewer": frozenset({CORE, "bimanual_description", "bimanual_assets"}),
}
ALLOWED["bimanual"] = frozenset(ALLOWED)

ROS_ONLY = {"bimanual_ros"}
# Modules that may speak to ros2 launch: what the files of `launch/` share.
LAUNCHING = {"src/bimanual/bimanual/graph/launching.py"}
ROS_MODULE = re.compile(r"(rclpy|moveit|launch|launch_ros|ament_index_python|tf2_ros|.*_msgs|.*_srvs|.*_interfaces)$")

# Put together from pieces, so that this file passes its own test.
SECRETS = {
    "a path of one machine": re.compile(r"(?<![\w.~}/-])/(?:work|root|opt/" + r"wheels)(?:/|\b)"),
    "a registry's host name": re.compile(
        r"\b(?:py" + r"pi\.org|files\.python" + r"hosted\.org|deb\.deb" + r"ian\.org|archive\.ub" + r"untu\.com"
        r"|registry\.np" + r"mjs\.org|proxy\.go" + r"lang\.org)"
    ),
}


def packages() -> dict[str, Path]:
    return {path.parent.name: path.parent for path in sorted(SOURCE.glob("*/package.xml"))}


def modules(folder: Path) -> Iterator[Path]:
    """The package's own Python files, without its tests."""
    inner = folder / folder.name
    return (path for path in sorted(inner.rglob("*.py")) if "test" not in path.relative_to(inner).parts)


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Line and top-level name of every absolute import, also those inside functions and by name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name.split(".")[0]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.lineno, node.module.split(".")[0]
        elif isinstance(node, ast.Call) and _is_import_call(node.func) and node.args:
            value = getattr(node.args[0], "value", None)
            if isinstance(value, str):
                yield node.lineno, value.split(".")[0]


def _is_import_call(function: ast.expr) -> bool:
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in ("import_module", "__import__")


def violations(package: str, folder: Path) -> Iterator[str]:
    for path in modules(folder):
        speaks_ros = package in ROS_ONLY or path.name == "node.py" or str(path.relative_to(ROOT)) in LAUNCHING
        extra = {"bimanual_ros", "bimanual_interfaces"} if path.name == "node.py" else set()
        for line, name in imported(path):
            where = f"{path.relative_to(ROOT)}:{line}"
            if name in ALLOWED and name != package and name not in ALLOWED[package] | extra:
                choices = ", ".join(sorted(ALLOWED[package] | extra)) or "none of the project's packages"
                yield f"{where} imports {name}; {package} may import {choices}"
            if ROS_MODULE.match(name) and not speaks_ros:
                yield f"{where} imports {name}; ROS stays in node.py and bimanual_ros"


def test_every_package_is_in_the_table() -> None:
    unknown = set(packages()) - set(ALLOWED)
    assert not unknown, f"add {sorted(unknown)} to ALLOWED, with what they may import"


def test_the_table_only_points_upwards() -> None:
    order = list(ALLOWED)
    for package, allowed in ALLOWED.items():
        below = [name for name in allowed if name != package and order.index(name) > order.index(package)]
        assert not below, f"{package} may import only what stands above it, not {below}"


@pytest.mark.parametrize("package", sorted(packages()))
def test_imports_follow_the_table(package: str) -> None:
    found = list(violations(package, packages()[package])) if package in ALLOWED else []
    assert not found, "\n".join(found)


@pytest.mark.parametrize("package", sorted(packages()))
def test_packages_hold_something_and_are_named_as_their_folder(package: str) -> None:
    folder = packages()[package]
    assert ElementTree.parse(folder / "package.xml").findtext("name") == package
    interfaces = [path for kind in ("msg", "srv", "action") for path in folder.glob(f"{kind}/*.{kind}")]
    code = [
        path
        for path in modules(folder)
        if any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in ast.parse(path.read_text()).body)
    ]
    assert interfaces or code, f"{package} is empty: a package appears with its first working feature"


def test_a_forbidden_import_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = tmp_path / CORE / CORE
    inner.mkdir(parents=True)
    (inner / "bad.py").write_text("def late():\n    import rclpy\n    from bimanual_planner import screw\n")
    (inner / "node.py").write_text("import rclpy\nimport bimanual_ros\n")
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    found = list(violations(CORE, tmp_path / CORE))
    assert [text.split(";")[0] for text in found] == [
        f"{CORE}/{CORE}/bad.py:2 imports rclpy",
        f"{CORE}/{CORE}/bad.py:3 imports bimanual_planner",
    ]


def repository_files() -> list[Path]:
    """What is or would be committed."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        out = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [ROOT / name for name in out.split("\0") if name and (ROOT / name).is_file()]


def test_no_file_names_one_machine_or_one_registry() -> None:
    found = []
    for path in repository_files():
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(lines, start=1):
            found += [
                f"{path.relative_to(ROOT)}:{number} holds {what}" for what, p in SECRETS.items() if p.search(line)
            ]
    assert not found, "\n".join(found)

"""Peers of benchmarks: an environment of their own, made once, and words where it cannot be."""

import re
import sys
from pathlib import Path

import pytest

from bootstrap import peers
from bootstrap.layout import Layout
from bootstrap.steps import SetupError

ROOT = Path(__file__).resolve().parents[2]


def layout(tmp_path):
    folder = tmp_path / peers.FOLDER
    folder.mkdir(parents=True)
    (folder / "mplib.lock").write_text("no-such-package==1.0\n")
    venv = tmp_path / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    return Layout(tmp_path, venv)


def test_every_peer_has_a_lock_with_what_its_list_pins() -> None:
    for name in peers.PEERS:
        wanted = re.findall(r"^(\S+==\S+)", (ROOT / peers.FOLDER / f"{name}.in").read_text(), re.MULTILINE)
        assert wanted
        assert set(wanted) <= set((ROOT / peers.FOLDER / f"{name}.lock").read_text().split())


def test_what_is_there_is_not_made_again(tmp_path, monkeypatch) -> None:
    place = layout(tmp_path)
    folder = peers.environment_of(place, "mplib")
    assert place.venv in folder.parents
    made = []
    monkeypatch.setattr(peers.subprocess, "run", lambda command, **_: made.append(command) or _Done())
    monkeypatch.setattr(peers, "with_pip_settings", lambda _, env: dict(env))
    folder.mkdir(parents=True)
    monkeypatch.setattr(peers.shutil, "rmtree", lambda *_, **__: None)
    assert peers.install(place, "mplib", {}) == folder / "bin" / "python"
    assert [command[3] for command in made] == ["venv", "pip"]
    peers.install(place, "mplib", {})
    assert len(made) == 2
    (tmp_path / peers.FOLDER / "mplib.lock").write_text("no-such-package==2.0\n")
    peers.install(place, "mplib", {})
    assert len(made) == 4


def test_without_a_network_it_says_what_to_do(tmp_path) -> None:
    offline = {"UV_OFFLINE": "1", "UV_CACHE_DIR": str(tmp_path / "cache"), "PATH": "/usr/bin:/bin"}
    with pytest.raises(SetupError, match="'mplib' could not be installed .* needs the network"):
        peers.install(layout(tmp_path), "mplib", offline)


def test_unknown_peers_are_refused(tmp_path) -> None:
    with pytest.raises(SetupError, match="unknown peer 'more'; choices: maniskill, mplib"):
        peers.environment_of(layout(tmp_path), "more")


class _Done:
    returncode = 0

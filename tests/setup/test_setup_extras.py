"""Extras: what is missing is seen, told and installed; what cannot be is said in words."""

import shutil
import sys
from pathlib import Path

import pytest

from bootstrap import extras
from bootstrap.layout import Layout
from bootstrap.steps import SetupError

ROOT = Path(__file__).resolve().parents[2]


def layout(tmp_path, lock="no-such-package==1.0\n"):
    folder = tmp_path / extras.FOLDER
    folder.mkdir(parents=True)
    (folder / "llm.lock").write_text(lock)
    venv = tmp_path / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    return Layout(tmp_path, venv)


def test_every_extra_has_a_lock_whose_pins_do_not_repeat_the_base() -> None:
    base = extras.named((ROOT / "setup" / "requirements.lock").read_text())
    for name in extras.EXTRAS:
        pins = extras.named(extras.lock_file(ROOT, name).read_text())
        assert pins
        assert not set(pins) & set(base)


def test_a_package_of_another_version_is_missing() -> None:
    installed = extras.version("pytest")
    assert extras.missing(f"pytest=={installed}\n") == []
    assert extras.missing("pytest==0.1\nno-such-package==1.0\n") == ["pytest", "no-such-package"]
    assert extras.missing("no-such-package==1.0 ; sys_platform == 'win32'\n") == []


def test_nothing_is_run_where_all_is_there(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(extras.subprocess, "run", lambda *a, **k: pytest.fail("something was run"))
    extras.install(layout(tmp_path, f"pytest=={extras.version('pytest')}\n"), "llm", {})


def test_without_a_network_it_says_what_is_missing_and_what_to_do(tmp_path, capsys) -> None:
    offline = {"UV_OFFLINE": "1", "UV_CACHE_DIR": str(tmp_path / "cache"), "PATH": "/usr/bin:/bin"}
    with pytest.raises(SetupError, match="needs the network.*no-such-package"):
        extras.install(layout(tmp_path), "llm", offline)
    assert "about 3 MB to fetch, 20 MB on disk" in capsys.readouterr().err


def test_too_small_a_disk_and_unknown_names_are_refused(tmp_path, monkeypatch) -> None:
    full = shutil.disk_usage(tmp_path)._replace(free=1_000_000)
    monkeypatch.setattr(extras.shutil, "disk_usage", lambda path: full)
    with pytest.raises(SetupError, match="1 MB free; 30 MB are needed"):
        extras.install(layout(tmp_path), "llm", {})
    with pytest.raises(SetupError, match="unknown extra 'more'; choices: learning, llm"):
        extras.lock_file(ROOT, "more")

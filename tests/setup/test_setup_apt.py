"""Reading apt's own settings, so that no mirror is spelled out here."""

from __future__ import annotations

from pathlib import Path

import pytest

from bootstrap import apt
from bootstrap.steps import Clock, SetupError

DEB822 = """Types: deb
URIs: http://mirror.test/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/some.gpg

Types: deb
URIs: http://mirror.test/security
Suites: bookworm-security
Components: main
"""


def sources(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_mirror_from_deb822(tmp_path: Path) -> None:
    sources(tmp_path, "sources.list.d/debian.sources", DEB822)
    assert apt.mirror_of("bookworm", tmp_path) == "[signed-by=/usr/share/keyrings/some.gpg] http://mirror.test/debian"


def test_mirror_from_one_line_sources(tmp_path: Path) -> None:
    sources(tmp_path, "sources.list", "# deb http://x bookworm main\ndeb http://mirror.test/debian bookworm main\n")
    assert apt.mirror_of("bookworm", tmp_path) == "http://mirror.test/debian"


def test_no_mirror_where_none_serves_the_suite(tmp_path: Path) -> None:
    sources(tmp_path, "sources.list.d/other.list", "deb https://mirror.example/tools tools main\n")
    assert apt.mirror_of("bookworm", tmp_path) is None


def test_offers_are_read_by_suite() -> None:
    text = (
        " mesa-vulkan-drivers | 25.0.7-2~bpo12+1 | http://mirror.test/debian bookworm-backports/main amd64 Packages\n"
        " mesa-vulkan-drivers | 22.3.6-1+deb12u1 | http://mirror.test/debian bookworm/main amd64 Packages\n"
    )
    assert apt.available_mesa(text) == {"bookworm-backports": "25.0.7-2~bpo12+1", "bookworm": "22.3.6-1+deb12u1"}


@pytest.fixture
def user_without_sudo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apt, "root_prefix", lambda: None)
    monkeypatch.setattr(apt, "missing", lambda interpreter: (["cmake"], True))
    monkeypatch.setattr(apt, "mesa_commands", lambda: (["echo 'a source'", "apt-get update"], "-t some-backports "))
    monkeypatch.setattr(apt.shutil, "which", lambda name: f"/usr/bin/{name}")


@pytest.mark.usefixtures("user_without_sudo")
def test_without_root_one_line_says_all() -> None:
    with pytest.raises(SetupError) as failure:
        apt.install_missing(Clock(), {}, "python3")
    assert failure.value.code == 3
    line = str(failure.value).splitlines()[-1].strip()
    assert line.startswith("sudo sh -c ")
    assert "-t some-backports cmake mesa-vulkan-drivers libvulkan1" in line


@pytest.mark.usefixtures("user_without_sudo")
def test_the_escape_hatch_skips_apt() -> None:
    apt.install_missing(Clock(), {"BIMANUAL_SKIP_APT": "1"}, "python3")

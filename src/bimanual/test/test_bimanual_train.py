"""The train verb on recorded episodes: what it prints, how it stops, what it refuses."""

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from bimanual import extras
from bimanual.cli import main
from bimanual.verbs import train
from bimanual_core.errors import BimanualError
from bimanual_core.robot import load_robot
from bimanual_description.files import robot_path

sys.path.append(str(Path(__file__).resolve().parents[2] / "policy_node" / "test"))
SMALL = """
policy:
  cloud: {crop: {lower: [-2, -2, -2], upper: [2, 2, 2]}, points: 16}
  network: {encoder: [8, 16], channels: [8, 16, 16], groups: 4, step_embedding: 8}
training: {batch: 8}
"""


@pytest.fixture(scope="module")
def episodes(tmp_path_factory):
    from recordings import Plan, record

    folder = tmp_path_factory.mktemp("episodes")
    for name in ("a", "b"):
        record(folder / name, Plan(load_robot(robot_path("cobot_magic")), seconds=1.2))
    (folder / "small.yaml").write_text(SMALL)
    return folder


def run(episodes, out, capsys, *more):
    """Exit status and the JSON of one run."""
    arguments = [
        "--data",
        str(episodes),
        "--out",
        str(out),
        "--config",
        str(episodes / "small.yaml"),
        "--device",
        "cpu",
    ]
    code = main(["train", "dp3", *arguments, "--json", *more])
    return code, json.loads(capsys.readouterr().out.splitlines()[-1])


def test_it_trains_and_says_where_the_policy_is(episodes, tmp_path, capsys) -> None:
    code, told = run(episodes, tmp_path, capsys, "--steps", "6")
    assert code == 0
    assert (told["success"], told["task"], told["steps"], told["demonstrations"]) == (True, "reach", 6, 2)
    assert Path(told["checkpoint"]).is_file()
    assert Path(told["card"]).is_file()
    assert told["loss"] > 0
    code, told = run(episodes, tmp_path, capsys, "--steps", "6")
    assert code == 1
    assert "--resume" in told["error"]
    code, told = run(episodes, tmp_path, capsys, "--steps", "9", "--resume")
    assert (code, told["steps"]) == (0, 9)


def test_ctrl_c_saves_and_resume_goes_on(episodes, tmp_path, capsys, monkeypatch) -> None:
    from policy_node.dp3.trainer import Trainer

    step = Trainer.step

    def interrupted(self, fraction):
        if self.step_count == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return step(self, fraction)

    monkeypatch.setattr(Trainer, "step", interrupted)
    code, told = run(episodes, tmp_path, capsys, "--steps", "6")
    assert (code, told["success"], told["finished"], told["steps"]) == (train.INTERRUPTED, False, False, 3)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    code, told = run(episodes, tmp_path, capsys, "--steps", "6", "--resume")
    assert (code, told["steps"]) == (0, 6)


def test_what_cannot_work_is_refused_in_one_line(episodes, tmp_path, capsys) -> None:
    for more, words in (
        (["--steps", "0"], "budget must be positive"),
        (["--minutes", "-1"], "budget must be positive"),
    ):
        code, told = run(episodes, tmp_path / "out", capsys, *more)
        assert code == 1
        assert words in told["error"]
    assert main(["train", "dp3", "--data", str(tmp_path / "none"), "--json"]) == 1
    assert "no episodes there" in capsys.readouterr().out
    assert main(["train", "dp3", "--data", str(episodes), "--resume", "--json"]) == 1
    assert "--resume needs --out" in capsys.readouterr().out


def test_an_extra_that_is_there_costs_no_process_and_others_are_installed_or_refused(monkeypatch) -> None:
    monkeypatch.setattr(extras.subprocess, "run", lambda *a, **k: pytest.fail("something was run"))
    extras.require("learning")
    monkeypatch.setitem(extras.MODULES, "llm", ("no_such_module",))
    commands = []

    class Failed:
        returncode = 1

    monkeypatch.setattr(extras.subprocess, "run", lambda command, **k: commands.append(command) or Failed())
    with pytest.raises(BimanualError, match="could not be installed: no_such_module is missing"):
        extras.require("llm")
    assert commands[0][1:] == ["-m", "bootstrap.extras", "llm"]
    with pytest.raises(BimanualError, match="unknown extra 'more'"):
        extras.require("more")

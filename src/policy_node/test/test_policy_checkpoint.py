"""Checkpoints come back as they were written; whatever else lies there is refused with words, and nothing is run."""

import json
import struct
from dataclasses import replace

import numpy as np
import pytest
import torch
from reaching import RECIPE, demonstrations, robot
from safetensors.torch import save_file

from bimanual_core.errors import BimanualError, UnknownNameError
from bimanual_core.observation import CameraFrame, JointSample, Observation
from policy_node import checkpoints
from policy_node.checkpoint_file import FORMAT, FORMAT_VERSION, CheckpointError, read
from policy_node.dp3 import checkpoint
from policy_node.dp3.policy import Dp3Policy
from policy_node.train import TrainingRun


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    run = TrainingRun(demonstrations(4), folder, RECIPE)
    run.trainer.step(0.0)
    run.save()
    return run


def window(size=(12, 16), joints=3):
    depth = np.full(size, 700, np.uint16) + np.arange(size[1], dtype=np.uint16)
    K = np.array([[20.0, 0, 7.5], [0, 20.0, 5.5], [0, 0, 1]])
    frame = CameraFrame("head", 0, np.zeros((*size, 3), np.uint8), depth, K, np.eye(4))
    q = np.full(joints, 0.01)
    return [Observation(0, 0, JointSample(0, q, q * 0, q * 0), q, {}, {"head": frame})] * 2


def test_a_checkpoint_gives_back_the_average_network_in_half_precision(trained) -> None:
    network, about = checkpoint.load(trained.checkpoint)
    assert about == trained.about()
    for name, value in trained.trainer.average.state_dict().items():
        torch.testing.assert_close(network.state_dict()[name], value.to(torch.float16).to(torch.float32))
    assert trained.checkpoint.stat().st_size < 3e6


def test_the_same_seed_and_calls_give_the_same_chunks(trained) -> None:
    policy = Dp3Policy(trained.checkpoint, seed=3)
    first = [policy.infer(window(), "go") for _ in range(2)]
    assert first[0].shape == (4, 3)
    assert not np.array_equal(first[0], first[1])
    policy.reset()
    np.testing.assert_array_equal(policy.infer(window()[:1]), first[0])
    np.testing.assert_array_equal(Dp3Policy(trained.checkpoint, seed=3).infer(window()), first[0])


def test_longer_chunks_and_fewer_steps_can_be_asked_for_within_limits(trained) -> None:
    policy = Dp3Policy(trained.checkpoint, actions=7, inference_steps=2)
    assert policy.contract.actions == 7
    assert policy.infer(window()).shape == (7, 3)
    for options in ({"actions": 8}, {"actions": 0}, {"inference_steps": 101}):
        with pytest.raises(BimanualError, match="outside"):
            Dp3Policy(trained.checkpoint, **options)


def test_windows_that_do_not_fit_are_refused(trained) -> None:
    policy = Dp3Policy(trained.checkpoint)
    blind = [replace(o, cameras={}) for o in window()]
    nan = [replace(o, joints=replace(o.joints, position=o.joints.position * np.nan)) for o in window()]
    for given, words in (
        ([], "no observation"),
        (blind, "needs camera 'head'; the observation has: none"),
        (window(size=(24, 32)), "gives 32 x 24 px; the policy was trained on 16 x 12"),
        (window(joints=4), "not 3 finite"),
        (nan, "not 3 finite"),
    ):
        with pytest.raises(BimanualError, match=words):
            policy.infer(given)


def test_another_robot_is_refused(trained) -> None:
    contract = Dp3Policy(trained.checkpoint).contract
    contract.check_robot(robot())
    for other in (robot(name="other"), robot(joints=("left_joint1",))):
        with pytest.raises(BimanualError, match="the policy commands robot 'reacher'"):
            contract.check_robot(other)


@pytest.mark.parametrize("name", ["p.pt", "p.pth", "p.pkl", "p.ckpt", "p.safetensors"])
def test_pickled_files_are_refused_whatever_they_are_called(tmp_path, name) -> None:
    ran = tmp_path / "ran"

    class Payload:
        def __reduce__(self):
            return (open, (str(ran), "w"))

    path = tmp_path / name
    torch.save({"weights": Payload()}, path)
    with pytest.raises(CheckpointError, match="pickled file"):
        Dp3Policy(path)
    assert not ran.exists()


def rewritten(trained, path, metadata=None, **changes):
    """The checkpoint with other metadata, description or weights."""
    tensors, about = read(trained.checkpoint)
    weights = changes.pop("weights", {})
    tensors = {name: value for name, value in {**tensors, **weights}.items() if value is not None}
    about = {**about, **changes}
    usual = {"format": FORMAT, "format_version": str(FORMAT_VERSION), "about": json.dumps(about)}
    save_file(tensors, path, {**usual, **(metadata or {})})
    return path


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"metadata": {"format": "other"}}, "format 'other', expected"),
        ({"metadata": {"format_version": "99"}}, "version '99'; this software reads 1"),
        ({"metadata": {"about": "{"}}, "no JSON"),
        ({"policy": "act"}, "policy 'act', expected 'dp3'"),
        ({"config": {"chunk": {"horizon": 7}}}, "horizon 7 is not a multiple of 4"),
        ({"config": {"cloud": {"surprise": 1}}}, "unknown key 'surprise'"),
        ({"config": {}}, "have shape"),
        ({"weights": {"unet.out.bias": torch.full((3,), float("nan"), dtype=torch.float16)}}, "not finite"),
        ({"weights": {"unet.out.bias": torch.zeros(5, dtype=torch.float16)}}, "have shape .5,., expected .3,."),
        ({"weights": {"unet.out.bias": None}}, "have shape None, expected .3,."),
        ({"weights": {"more": torch.zeros(1)}}, "'more' have shape .1,., expected None"),
    ],
)
def test_what_does_not_fit_is_refused(trained, tmp_path, changes, words) -> None:
    with pytest.raises(CheckpointError, match=words) as caught:
        Dp3Policy(rewritten(trained, tmp_path / "p.safetensors", **changes))
    assert "p.safetensors" in str(caught.value)


def test_damaged_and_missing_files_are_refused(trained, tmp_path) -> None:
    whole = trained.checkpoint.read_bytes()
    path = tmp_path / "p.safetensors"
    for content in (b"", b"{}", whole[:1000], whole[:-10], struct.pack("<Q", 1 << 60) + whole[8:]):
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match="no safetensors file|damaged"):
            Dp3Policy(path)
    with pytest.raises(CheckpointError, match="no checkpoint at"):
        Dp3Policy(tmp_path / "none.safetensors")


def test_shipped_checkpoints_are_found_by_policy_and_task(tmp_path, monkeypatch) -> None:
    folder = tmp_path / "share" / "policy_node" / "checkpoints"
    folder.mkdir(parents=True)
    (folder / "some_task_dp3.safetensors").touch()
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path))
    assert checkpoints.find("dp3", "some_task").samefile(folder / "some_task_dp3.safetensors")
    with pytest.raises(UnknownNameError, match="some_task_dp3"):
        checkpoints.find("dp3", "no_task")

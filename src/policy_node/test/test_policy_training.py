"""A training run repeats itself by seed, goes on exactly where it stopped, and leaves all it promises."""

import json

import pytest
import torch
from reaching import RECIPE, demonstrations

from bimanual_core.errors import BimanualError, ConfigError
from policy_node.dp3.config import Recipe, load_recipe
from policy_node.train import CARD_FILE, CURVES_FILE, METRICS_FILE, STATE_FILE, Budget, TrainingRun, choose_device

STEPS = 30


def train(folder, stop_at=None, **options):
    """Losses of the steps of one run."""
    data = options.pop("data", None) or demonstrations(4)
    run, losses = TrainingRun(data, folder, RECIPE, **options), []
    tell = lambda status: losses.append(status.loss)  # noqa: E731
    result = run.run(Budget(steps=STEPS), tell, lambda: run.trainer.step_count == stop_at)
    return losses, result, run


def test_the_same_seed_gives_the_same_losses_and_another_seed_others(tmp_path) -> None:
    first, _, _ = train(tmp_path / "a")
    assert first == train(tmp_path / "b")[0]
    assert first != train(tmp_path / "c", seed=1)[0]
    assert first[-1] < first[0]


def test_a_resumed_run_repeats_no_step_and_misses_none(tmp_path) -> None:
    whole, _, run = train(tmp_path / "whole")
    before, result, _ = train(tmp_path / "parts", stop_at=13)
    assert not result.finished
    after, result, resumed = train(tmp_path / "parts", resume=True)
    assert result.finished
    assert before + after == whole
    for one, other in ((run.trainer.network, resumed.trainer.network), (run.trainer.average, resumed.trainer.average)):
        for name, value in one.state_dict().items():
            assert torch.equal(value, other.state_dict()[name])

    def losses(folder):
        return [json.loads(line).get("loss") for line in (folder / METRICS_FILE).read_text().splitlines()]

    assert losses(tmp_path / "whole") == losses(tmp_path / "parts")


def test_a_run_leaves_policy_card_figures_and_curves(tmp_path) -> None:
    _, result, _ = train(tmp_path)
    assert result.checkpoint.name == "reach_dp3.safetensors"
    assert (tmp_path / CURVES_FILE).read_bytes().startswith(b"\x89PNG")
    card = (tmp_path / CARD_FILE).read_text()
    for words in ("reacher", "3 trained on, 1 held out", "head (16 x 12 px, depth)", "left_joint1", "| steps | 30 |"):
        assert words in card
    entries = [json.loads(line) for line in (tmp_path / METRICS_FILE).read_text().splitlines()]
    assert [e["step"] for e in entries] == [25, 30]
    assert result.val_loss == entries[-1]["val_loss"]
    assert not list(tmp_path.glob("*.new"))


def test_a_second_run_does_not_overwrite_a_first(tmp_path) -> None:
    train(tmp_path, stop_at=1)
    with pytest.raises(BimanualError, match="holds a training already"):
        train(tmp_path)
    with pytest.raises(BimanualError, match="another data"):
        train(tmp_path, resume=True, data=demonstrations(4, first=9))
    with pytest.raises(BimanualError, match="another seed"):
        train(tmp_path, resume=True, seed=1)
    with pytest.raises(BimanualError, match="another recipe"):
        TrainingRun(demonstrations(4), tmp_path, Recipe(), resume=True)
    (tmp_path / STATE_FILE).write_bytes(b"no training")
    with pytest.raises(BimanualError, match="no safetensors file"):
        train(tmp_path, resume=True)
    with pytest.raises(BimanualError, match="no checkpoint at"):
        train(tmp_path / "new", resume=True)


def test_a_loss_that_is_no_number_ends_the_run_and_keeps_the_last_good_policy(tmp_path) -> None:
    _, _, run = train(tmp_path, stop_at=5)
    good = run.checkpoint.read_bytes()
    with torch.no_grad():
        next(run.trainer.network.parameters()).fill_(float("nan"))
    with pytest.raises(BimanualError, match="the loss is nan at step 6"):
        run.run(Budget(steps=STEPS))
    assert run.checkpoint.read_bytes() == good


def test_budgets_devices_and_recipes_are_checked(tmp_path) -> None:
    assert Budget(seconds=60).spent(10, 15) == 0.25
    for wrong in ({}, {"steps": 1, "seconds": 1}, {"steps": 0}, {"seconds": -1}):
        with pytest.raises(BimanualError, match="budget"):
            Budget(**wrong)
    assert choose_device("auto") == ("cuda" if torch.cuda.is_available() else "cpu")
    path = tmp_path / "recipe.yaml"
    path.write_text("policy: {cloud: {points: 256}}\ntraining: {batch: 32}\n")
    assert load_recipe(path).policy.cloud.points == 256
    assert load_recipe(path).training.batch == 32
    assert load_recipe(path).policy.chunk == Recipe().policy.chunk
    path.write_text("policy: {cloud: {point: 256}}\n")
    with pytest.raises(ConfigError, match="unknown key 'point'"):
        load_recipe(path)


def test_the_learning_rate_warms_up_and_falls_to_nothing(tmp_path) -> None:
    trainer = TrainingRun(demonstrations(3), tmp_path, RECIPE).trainer
    peak = RECIPE.training.learning_rate
    assert trainer.learning_rate(0.0) == pytest.approx(peak / RECIPE.training.warmup_steps)
    trainer.step_count = 1000
    assert trainer.learning_rate(0.5) == pytest.approx(peak / 2)
    assert trainer.learning_rate(1.0) == pytest.approx(0.0, abs=1e-12)

"""Collections on disk: whole episodes only, whatever is killed; resume, the same set for any workers, refusals."""

import importlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from bimanual.cli import main
from bimanual.collecting.collect import Collection
from bimanual.collecting.settings import CollectSettings
from bimanual.collecting.store import FILE_NAME, PARTIAL, CollectionStore
from bimanual_core.errors import BimanualError
from bimanual_data.episode import load_meta
from bimanual_data.inspection import inspect_bag

sys.path.insert(0, str(Path(__file__).parent))  # so that spawned workers can import it, too
quick = importlib.import_module("quick_collect")
TASK, SETTINGS = quick.TASK, quick.SETTINGS
PROGRAM = Path(quick.__file__)
EPISODES = 12
SEEDS = [0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12]  # 3 fails


def run(folder, episodes=EPISODES, workers=2, **more):
    command = [sys.executable, str(PROGRAM), str(folder), str(episodes), str(workers)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


def check(folder, seeds):
    """Exactly these episodes, each whole, and nothing else."""
    found = sorted((folder / TASK).iterdir())
    assert [path.name for path in found] == [f"episode_{seed:06d}" for seed in seeds]
    for path, seed in zip(found, seeds, strict=True):
        meta, bag = load_meta(path), inspect_bag(path)
        assert (meta.task, meta.seed, meta.success, meta.complete) == (TASK, seed, True, True)
        assert bag.complete
        assert bag.topics["/text"].count == quick.MESSAGES
        assert [p.name for p in path.glob("*.mcap")] == [f"{path.name}_0.mcap"]
    assert not (folder / PARTIAL).exists()
    record = json.loads((folder / FILE_NAME).read_text())["tasks"][TASK]
    failed = [seed for seed in range(max(seeds)) if not quick.good(seed)]
    assert record["succeeded"] == seeds
    assert [entry["seed"] for entry in record["failed"]] == failed
    assert all(entry["reason"] == "block is away" for entry in record["failed"])
    assert record["attempted"] == len(seeds) + len(failed)


def collect(folder, episodes, workers=2, resume=True):
    with closing(CollectionStore(folder, SETTINGS, resume)) as store:
        collection = Collection(store, [TASK], episodes, quick.quick)
        return [attempt.result.seed for attempt in collection.run(workers, print)]


def test_the_same_set_for_one_and_for_two_workers(tmp_path):
    for workers in (1, 2):
        done = collect(tmp_path / str(workers), EPISODES, workers, resume=False)
        assert sorted(done) == list(range(13))
        check(tmp_path / str(workers), SEEDS)


def test_all_tasks_are_collected_one_after_the_other(tmp_path):
    tasks = [TASK, "stack_blocks_two"]
    with closing(CollectionStore(tmp_path / "c", SETTINGS, resume=False)) as store:
        collection = Collection(store, tasks, 4, quick.quick)
        done = [(attempt.task, attempt.result.seed) for attempt in collection.run(2, print)]
    assert sorted(done) == [(task, seed) for task in tasks for seed in range(5)]
    assert (collection.succeeded, collection.attempted, collection.wanted) == (8, 10, 8)
    for task in tasks:
        assert len(list((tmp_path / "c" / task).iterdir())) == 4


def killed_at_random(folder, kills, chance):
    """Kill the program ``kills`` times, then let it finish; the seeds that it ever reported."""
    reported = []
    for _ in range(kills):
        process = run(folder, start_new_session=True)
        # The first line comes after the start, so that most kills fall into the work.
        first = process.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.15))
        process.kill()
        rest, _ = process.communicate(timeout=60)
        reported += [int(line) for line in (first + rest).split() if line.isdigit()]
    process = run(folder)
    out, error = process.communicate(timeout=60)
    assert process.returncode == 0, error
    return reported + [int(line) for line in out.split()]


def test_a_killed_collection_goes_on_where_it_was(tmp_path):
    reported = killed_at_random(tmp_path / "c", 3, Random(5))
    check(tmp_path / "c", SEEDS)
    assert sorted(reported) == sorted(set(reported)), "what was reported as done was done again"


@pytest.mark.slow
@pytest.mark.parametrize("chance", range(6))
def test_a_collection_killed_many_times_loses_and_doubles_nothing(tmp_path, chance):
    reported = killed_at_random(tmp_path / "c", 6, Random(chance))
    check(tmp_path / "c", SEEDS)
    assert sorted(reported) == sorted(set(reported))


def test_killed_workers_are_replaced(tmp_path):
    told, chance = [], Random(2)
    with closing(CollectionStore(tmp_path / "c", SETTINGS, resume=False)) as store:
        collection = Collection(store, [TASK], EPISODES, quick.quick)
        running = collection.run(2, told.append)
        for number, _ in enumerate(running):
            if number in (1, 4, 8):
                workers = [int(pid) for pid in children(os.getpid())]
                os.kill(chance.choice(workers), signal.SIGKILL)
    check(tmp_path / "c", SEEDS)
    assert told
    assert all("exit code -9" in text for text in told)


def children(pid):
    """Worker processes of ``pid``."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == pid and "spawn_main" in (path / "cmdline").read_text():
                found.append(int(path.name))
        except (OSError, ValueError):
            continue
    return found


def test_ctrl_c_leaves_whole_episodes_and_nobody(tmp_path):
    process = run(tmp_path / "c", 500)
    first = process.stdout.readline()
    assert first.strip().isdigit()
    workers = children(process.pid)
    os.kill(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert "KeyboardInterrupt" in error  # of the program itself; the verb says it in words
    assert error.count("Traceback") == 1
    assert workers
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)
    assert not (tmp_path / "c" / PARTIAL).exists()
    kept = [int(path.name[-6:]) for path in (tmp_path / "c" / TASK).iterdir()]
    assert all(load_meta(path).complete for path in (tmp_path / "c" / TASK).iterdir())
    with closing(CollectionStore(tmp_path / "c", SETTINGS, resume=True)) as store:
        assert sorted(store.tasks[TASK].succeeded) == sorted(kept)


def test_more_episodes_later_and_a_deleted_one_again(tmp_path):
    folder = tmp_path / "c"
    collect(folder, 3)
    check(folder, [0, 1, 2])
    for path in (folder / TASK / "episode_000001").iterdir():
        path.unlink()
    (folder / TASK / "episode_000001").rmdir()
    assert sorted(collect(folder, 4)) == [1, 3, 4]
    check(folder, [0, 1, 2, 4])
    assert collect(folder, 4) == []
    with pytest.raises(BimanualError, match="was begun for 4 episodes of handover_block, 3 are fewer"):
        collect(folder, 3)


def test_a_full_disk_is_told_and_what_was_done_is_kept(tmp_path):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, resource.RLIM_INFINITY))

    collect(tmp_path / "c", 2)
    process = run(tmp_path / "c", 4, 1, preexec_fn=limit)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 1
    assert error.startswith("cannot write the bag")
    assert error.strip().endswith("File too large")
    check(tmp_path / "c", [0, 1])
    collect(tmp_path / "c", 4)
    check(tmp_path / "c", [0, 1, 2, 4])


def test_two_at_a_time_are_refused(tmp_path):
    first = CollectionStore(tmp_path, SETTINGS, resume=False)
    with pytest.raises(BimanualError, match="another process collects into"):
        CollectionStore(tmp_path, SETTINGS, resume=True)
    first.close()
    CollectionStore(tmp_path, SETTINGS, resume=True).close()


def test_what_is_no_whole_collection_is_refused(tmp_path):
    folder = tmp_path / "c"
    collect(folder, 2)
    with pytest.raises(BimanualError, match="is not empty; add --resume"):
        CollectionStore(folder, SETTINGS, resume=False)
    with pytest.raises(BimanualError, match="camera_hz is 15, not 30 as asked for now"):
        CollectionStore(folder, CollectSettings(cameras=(), camera_hz=30), resume=True)
    with pytest.raises(BimanualError, match="pace is 'usual', not 'full' as asked for now"):
        CollectionStore(folder, CollectSettings(cameras=(), pace="full"), resume=True)
    with pytest.raises(BimanualError, match="unknown pace 'wild'; choices: full, usual"):
        CollectSettings(pace="wild")
    bag = folder / TASK / "episode_000001" / "episode_000001_0.mcap"
    whole = bag.read_bytes()
    bag.write_bytes(whole[:-100])
    with pytest.raises(BimanualError, match="is not the whole episode of handover_block seed 1; delete it"):
        CollectionStore(folder, SETTINGS, resume=True)
    bag.write_bytes(whole)
    CollectionStore(folder, SETTINGS, resume=True).close()
    (folder / FILE_NAME).write_text('{"format_version": 1, "tasks": 3}')
    with pytest.raises(BimanualError):
        CollectionStore(folder, SETTINGS, resume=True)
    (folder / FILE_NAME).write_text("{")
    with pytest.raises(BimanualError, match="cannot read"):
        CollectionStore(folder, SETTINGS, resume=True)
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.tex").touch()
    with pytest.raises(BimanualError, match="is not empty; collect into a new folder"):
        CollectionStore(other, SETTINGS, resume=False)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--episodes", "0"], "collection seeds 0..-1"),
        (["--episodes", "100001"], "from 100000 on they are for evaluation"),
        (["--seed0", "99999", "--episodes", "2"], "from 100000 on they are for evaluation"),
        (["--seed0", "-1"], "are outside 0..99999"),
        (["--workers", "0"], "--workers 0 is outside 1..256"),
        (["--cameras", "head,rear"], "'rear'; choices: "),
        (["--cameras", ""], "comma-separated list of cameras, or none"),
        (["--cameras", "head,head"], "each may be named once"),
        (["--task", "juggle"], "unknown task 'juggle'; choices: "),
        (["--variant", "v9"], "'v9'; choices: "),
        (["--robot", "hal"], "'hal'; choices: "),
        (["--out", "/proc/demos"], "belongs to the operating system"),
        (["--out", "a/../b"], "goes up by '..'"),
    ],
)
def test_bad_arguments_are_refused_and_nothing_is_written(tmp_path, capsys, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    assert main(["collect", "--task", TASK, "--out", "demos", *arguments, "--json"]) == 1
    captured = capsys.readouterr()
    assert words in captured.err
    assert json.loads(captured.out)["success"] is False
    assert not list(tmp_path.iterdir())


def test_a_file_in_the_way_is_told(tmp_path, capsys):
    (tmp_path / "demos").touch()
    assert main(["collect", "--task", TASK, "--out", str(tmp_path / "demos")]) == 1
    assert f"cannot write {tmp_path}/demos" in capsys.readouterr().err

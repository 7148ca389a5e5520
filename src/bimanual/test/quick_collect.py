"""Collects without a simulator: work that takes milliseconds, and a program around it that can be killed.

``python quick_collect.py DIR EPISODES WORKERS``: seeds that end in 3 fail.
"""

import shutil
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random

from bimanual.collecting.collect import Collection
from bimanual.collecting.settings import CollectSettings
from bimanual.collecting.store import CollectionStore
from bimanual_core.errors import BimanualError
from bimanual_data.recorder import Recorder
from bimanual_data.world_messages import STRING, text
from bimanual_tasks.episode import EpisodeResult

TASK, MESSAGES = "handover_block", 20
SETTINGS = CollectSettings(cameras=())


def good(seed):
    return seed % 10 != 3


def result(seed, success=True, reason="block is away"):
    return EpisodeResult(seed, success, "" if success else reason, 1.0, 0.1, 0, 0, 0, "i", 1, 1, 0, "")


@contextmanager
def quick():
    recorder = Recorder()

    def work(job):
        shutil.rmtree(job.folder, ignore_errors=True)
        recorder.start(job.folder, {"task": job.task, "seed": job.seed, "success": good(job.seed)})
        noise = Random(job.seed)
        for i in range(MESSAGES):
            recorder.on_message("/text", STRING, i, text(noise.randbytes(1000).hex()))
        time.sleep(0.02)
        summary = recorder.stop()
        if not summary.success:
            raise BimanualError(summary.error_msg, summary.error_code)
        return result(job.seed, good(job.seed))

    yield work
    recorder.close()


def main(folder, episodes, workers):
    with closing(CollectionStore(folder, SETTINGS, resume=True)) as store:
        collection = Collection(store, [TASK], int(episodes), quick)
        for attempt in collection.run(int(workers), print):
            print(attempt.result.seed, flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    import quick_collect  # workers find the work by this name

    try:
        quick_collect.main(*sys.argv[1:])
    except BimanualError as error:
        sys.exit(str(error))

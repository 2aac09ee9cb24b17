"""The end of a sweep where the work is done: one job, in a process of its own, single-threaded, to its outcome."""

from __future__ import annotations

import os
import traceback
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import asdict
from pathlib import Path
from typing import Any

from data_generators.errors import DataError
from detector.quiet import import_keras_quietly
from detector.runs import RunError
from detector.search.outcome import Job, Outcome

LOG_NAME = "log.txt"
PREDICTED = {"arena_bytes": "arena_bytes_int8"}  # of `Cost`, where its name is another
# sums of floats depend on the number of threads, and a trial's result must not depend on who else works here
ONE_THREAD = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OMP_NUM_THREADS": "1"}


def work(job: Job) -> Outcome:
    """Does a trial; what its training prints goes to log.txt in its folder.

    Raises:
        DataError: the data cannot be used; no other trial could do better.
        RunError, OSError: the folder cannot be written, or another process works in it.
    """
    os.environ.update(ONE_THREAD)  # before TensorFlow is imported
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    path = Path(job.folder) / LOG_NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as log, redirect_stdout(log), redirect_stderr(log):
        import_keras_quietly()
        return _work(job)


def _work(job: Job) -> Outcome:
    from detector.search.cutting import CutError
    from detector.search.trial import run_trial

    try:
        return Outcome("complete", run_trial(job.config, job.folder, callbacks=_cutters(job)).to_json())
    except CutError as error:
        return Outcome("cut", reason=str(error))
    except (DataError, RunError, OSError):
        raise
    except Exception as error:  # noqa: BLE001  whatever a strange network brings about is a result of this trial
        traceback.print_exc()
        return Outcome("failed", reason=f"{type(error).__name__}: {error}")


def _cutters(job: Job) -> list[Any]:
    """The callback that may cut the trial short; none where it has no rivals."""
    if not job.rivals:
        return []
    from detector.heads import monitored
    from detector.search.cutting import CutHopeless, no_costlier
    from detector.search.trial import predict_cost

    cost = asdict(predict_cost(job.config))
    costs = {name: cost[PREDICTED.get(name, name)] for name in job.rivals[0].costs}
    rivals = no_costlier(job.rivals, costs)
    return [CutHopeless(rivals, monitored(job.config.model.heads), job.config.training.epochs)]

"""A job without a training, in a module that a process imports at once."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from detector.search.outcome import Job, Outcome


def tell_process(job: Job) -> Outcome:
    """Says which process this is; job 1 dies, job 2 takes its time."""
    if job.number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    if job.number == 2:
        Path(job.folder).touch()
        time.sleep(600)
    return Outcome("complete", {"process": os.getpid()})

"""Draws or decodes the samples of a source in worker processes, in order: what the cache is filled through."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait

import cv2

from data_generators.errors import DataError
from data_generators.sample import Sample
from data_generators.sources import Source

CHUNK = 64
FEW_CHUNKS = 2  # starting a process costs as much as drawing so many

Change = Callable[[Sample], Sample]


def map_samples(source: Source, change: Change, workers: int) -> Iterator[Sample | DataError]:
    """Yields every sample of a source, changed, in order; in its place the error, where it cannot be decoded.

    Args:
        source: a pure function of the index, so that the number of workers changes nothing but the time.
        change: what is done to each sample; it must be possible to send it to another process.
        workers: processes; with 1, or few samples, this process does the work.

    Raises:
        RuntimeError: a worker process died.
    """
    chunks = [range(start, min(start + CHUNK, len(source))) for start in range(0, len(source), CHUNK)]
    work = partial(_read_chunk, source, change)
    if workers <= 1 or len(chunks) <= FEW_CHUNKS:
        for chunk in chunks:
            yield from work(chunk)
        return
    spawn = get_context("spawn")  # a fork after OpenCV has run deadlocks
    try:
        with ProcessPoolExecutor(min(workers, len(chunks)), mp_context=spawn, initializer=begin_worker) as pool:
            for samples in pool.map(work, chunks):
                yield from samples
    except BrokenProcessPool as error:
        raise RuntimeError(
            "A worker process died while samples were drawn or decoded. In a script, put the call under "
            '`if __name__ == "__main__":`; else the memory may have run out: close other programs.'
        ) from error


def _read_chunk(source: Source, change: Change, indices: Sequence[int]) -> list[Sample | DataError]:
    samples: list[Sample | DataError] = []
    for index in indices:
        try:
            samples.append(change(source.sample(index)))
        except DataError as error:
            samples.append(error)
    return samples


def begin_worker() -> None:
    """Readies a process that a pool has spawned: one thread of OpenCV, deaf to Ctrl-C, ended with its parent."""
    cv2.setNumThreads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the parent, which ends the pool
    end_with_parent()


def end_with_parent() -> None:
    """Ends this process once its parent is killed; a pool of `concurrent.futures` would wait for work for ever."""
    threading.Thread(target=_await_end_of_parent, daemon=True).start()


def _await_end_of_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)

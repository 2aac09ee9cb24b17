"""`detector sweep`: hands trials of a study to workers until there are enough, or the time is over.

The same trials come out, with the same results, whatever the number of workers: what a trial tries depends on the seed,
its number and the trials that had to have ended by then (`past_sampler`), what cuts it short as well (`cutting`), and
each is trained on one thread.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from data_generators.cache import Progress
from data_generators.errors import DataError
from data_generators.sources import hash_content
from detector.config import Config
from detector.data import ProgressFor, silent, training_sources, usable_processors
from detector.runs import Run
from detector.search.local_workers import LocalWorkers, Workers
from detector.search.objectives import COSTS, check_objectives
from detector.search.outcome import Job, Outcome, Rival
from detector.search.ray_workers import RayWorkers
from detector.search.seeds import Repeated, check_seeds, repeat_front
from detector.search.space import check_paths, check_precision, config_at
from detector.search.study import Row, Study, search_of

logger = logging.getLogger(__name__)

POLL_SECONDS = 1.0
MOST_DEATHS = 3  # of workers, after which their trial is given up

ShowLife = Callable[[], None]
Prepare = Callable[[Config, ShowLife], None]
Show = Callable[[Sequence[Row]], None]


@dataclass(frozen=True)
class SweepOptions:
    """Where and how long a sweep runs; none of it changes what its trials find.

    Args:
        jobs: workers; None: one for each processor.
        seconds: then trials that still run are stopped; they go on with the next call. None: until all have ended.
        storage: URL of a database that several machines share, as SQLAlchemy has them; None: a file in the folder.
        ray: address of a Ray cluster whose workers do the trials, or `auto`; None: processes of this machine.
        seeds: with how many each trial of the front is trained in the end, to see the spread; see `seeds`.
    """

    jobs: int | None = None
    seconds: float | None = None
    storage: str | None = None
    ray: str | None = None
    seeds: int = 1


def sweep(
    config: Config,
    folder: str | Path,
    options: SweepOptions = SweepOptions(),
    *,
    progress: ProgressFor = silent,
    show: Show = lambda _: None,
    show_repeated: Callable[[Repeated], None] = lambda _: None,
) -> list[Row]:
    """Runs the trials of a search; called again it goes on.

    Args:
        config: with a `search`.
        folder: the study folder, see `study`.
        options: workers, time, storage.
        progress: description -> a context that gives the callback (samples done, in all), for the making of caches.
        show: called with all trials so far, after each change.
        show_repeated: called with each trial of the front that was trained with other seeds.

    Returns:
        All trials; the front is marked.

    Raises:
        SettingsError: the space has a path, or the objectives a name, that there is not; a trial would not be exported
            to int8; an extra is not installed.
        DataError: the data cannot be used.
        RunError: the folder holds another sweep; another process runs it; there is no such cluster or storage.
    """
    search = search_of(config)
    check_paths(config, search.space)
    check_precision(config, search.space)
    check_objectives(search.objectives)
    check_seeds(config, options.seeds)
    study = Study(folder, config, options.storage)
    with Run(folder).lock():
        workers, studies = make_workers(options), [study]
        try:
            prepare, left = PreparedData(progress), _clock(options.seconds)
            Driver(study, config, workers, prepare, show).run(left())
            rows = study.rows()
            if options.seeds > 1 and study.has_ended():

                def run(part: Path, seeded: Config) -> list[Row]:
                    studies.append(Study(part, seeded, options.storage))
                    Driver(studies[-1], seeded, workers, prepare, lambda _: None).run(left())
                    return studies[-1].rows()

                repeat_front(config.with_absolute_paths(), Path(folder), rows, options.seeds, run, show_repeated)
        finally:
            workers.stop()
            for each in studies:
                each.release()
    return rows


def _clock(seconds: float | None) -> Callable[[], float | None]:
    """What is left of so many seconds from now on; None: there is no end."""
    begun = time.monotonic()
    return lambda: None if seconds is None else max(0.0, seconds - (time.monotonic() - begun))


def make_workers(options: SweepOptions) -> Workers:
    """Where the trials are done."""
    if options.ray is not None:
        return RayWorkers(options.ray, options.jobs)
    return LocalWorkers(options.jobs or usable_processors())


class PreparedData:
    """Fills the data cache for a config, where no trial before had the same data.

    Args:
        progress: see `training_sources`.
    """

    def __init__(self, progress: ProgressFor = silent) -> None:
        self._progress, self._known = progress, set[str]()

    def __call__(self, config: Config, show_life: ShowLife) -> None:
        """Returns when the data are there.

        Args:
            config: of a trial.
            show_life: called whenever a sample is made.
        """
        values = config.to_dict()
        key = hash_content([values["data"], values["input"], config.model.classes, config.corner_order()])
        if key not in self._known:
            training_sources(config, lambda description: self._show(description, show_life))
            self._known.add(key)

    @contextmanager
    def _show(self, description: str, show_life: ShowLife) -> Iterator[Progress]:
        with self._progress(description) as report:

            def tell(done: int, total: int) -> None:
                show_life()
                if report:
                    report(done, total)

            yield tell


class Driver:
    """One process's part in a sweep.

    Args:
        study: new, or to go on with.
        config: that of the study.
        workers: do the trials.
        prepare: makes the data of a trial's config ready; calls the other argument every now and then.
        show: called with all trials so far, after each change.
    """

    def __init__(self, study: Study, config: Config, workers: Workers, prepare: Prepare, show: Show) -> None:
        self.study, self.config, self.workers = study, config.with_absolute_paths(), workers
        self.prepare, self.show = prepare, show
        self.budget = study.search.budget()
        self.waiting: list[int] = []
        self.running: dict[Future[Outcome], Job] = {}
        self.twins: dict[int, int] = {}
        self.deaths: Counter[int] = Counter()

    def run(self, seconds: float | None = None) -> None:
        """Until all trials have ended, or so long."""
        deadline = float("inf") if seconds is None else time.monotonic() + seconds
        self._note()
        while time.monotonic() < deadline:
            self.waiting = sorted(self.waiting + self.study.adopt())
            self._fill()
            self._copy_twins()
            if not self.running and not self.waiting and not self.twins and self.study.has_ended():
                return
            patience = max(0.0, min(POLL_SECONDS, deadline - time.monotonic()))
            for future in self._ended(patience):
                self._end(future)
            self.study.show_life()

    def _ended(self, patience: float) -> list[Future[Outcome]]:
        """The jobs that are done, after some time at most, by number."""
        if not self.running:
            time.sleep(patience)  # for trials on other machines
        done, _ = wait(self.running, timeout=patience, return_when=FIRST_COMPLETED)
        return sorted(done, key=lambda future: self.running[future].number)

    def _fill(self) -> None:
        """Gives jobs to all free workers, as long as what they depend on has ended."""
        while self.workers.free > 0:
            if not self.waiting:
                number = self.study.begin_trial() if len(self.study) < self.budget else None
                if number is None:
                    return
                self.waiting = [number]
            if not self.study.is_ready(self.waiting[0]):
                return
            self._start(self.waiting.pop(0))

    def _start(self, number: int) -> None:
        values, rows = self.study.choose_values(number), self.study.rows()
        twin = next((row.number for row in rows[:number] if row.values == values), None)
        if twin is not None:
            self.twins[number] = twin
            return
        try:
            config = config_at(self.config, values)
            self.prepare(config, self.study.show_life)
        except DataError:
            raise
        except ValueError as error:  # values that do not go together
            self._note_end(number, Outcome("failed", reason=str(error)))
            return
        job = Job(number, config, str(self.study.folder_of(number).absolute()), self._rivals(rows, number))
        self.running[self.workers.submit(job)] = job
        self.show(self.study.rows())

    def _copy_twins(self) -> None:
        """Ends trials whose values another one has tried by now; training them again would find the same."""
        rows = self.study.rows() if self.twins else []
        for number, twin in sorted(self.twins.items()):
            row = rows[twin]
            if row.state != "running":
                del self.twins[number]
                self._note_end(
                    number, Outcome(row.state, row.result, row.reason), twin if row.same_as is None else row.same_as
                )

    def _rivals(self, rows: Sequence[Row], number: int) -> tuple[Rival, ...]:
        search = self.study.search
        past = [row for row in rows[: max(0, number - search.lag)] if row.state == "complete" and row.same_as is None]
        costs = {COSTS[name] for name in search.objectives if name in COSTS}
        rivals = [Rival({name: row.result[name] for name in costs}, tuple(row.result["curve"])) for row in past]
        return tuple(rivals) if search.cut else ()

    def _end(self, future: Future[Outcome]) -> None:
        job = self.running.pop(future)
        try:
            self._note_end(job.number, future.result())
        except self.workers.deaths as error:
            self.deaths[job.number] += 1
            if self.deaths[job.number] >= MOST_DEATHS:
                reason = f"its worker died {MOST_DEATHS} times ({error}); there may be too little memory for it"
                self._note_end(job.number, Outcome("failed", reason=reason))
                return
            logger.warning("the worker of trial %03d died; the trial is run again", job.number)
            self.waiting = sorted([*self.waiting, job.number])

    def _note_end(self, number: int, outcome: Outcome, same_as: int | None = None) -> None:
        outcome = self.study.end_trial(number, outcome, same_as)
        if outcome.state == "failed":
            logger.warning("trial %03d failed: %s", number, outcome.reason)
        self._note()

    def _note(self) -> None:
        rows = self.study.rows()
        self.study.write_rows(rows)
        self.show(rows)

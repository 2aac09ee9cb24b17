"""The verb that makes a trained network narrower: prune."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer
import yaml

from detector.commands.options import JsonOption, SetOption
from detector.quiet import import_keras_quietly
from detector.terminal import print_scores, say, write_result

app = typer.Typer()


@app.command()
def prune(
    model: Annotated[str, typer.Argument(help="Run folder, .keras file, or a shipped model's name.")],
    config: Annotated[
        str | None, typer.Option(help="Config of the model; default: that of the run folder. A YAML file or a preset.")
    ] = None,
    bytes_share: Annotated[
        float | None, typer.Option("--bytes", min=0.01, max=1, help="Share of the int8 file to keep, e.g. 0.5.")
    ] = None,
    macs: Annotated[float | None, typer.Option(min=0.01, max=1, help="Share of the multiply-accumulates.")] = None,
    arena: Annotated[float | None, typer.Option(min=0.01, max=1, help="Share of the arena.")] = None,
    parameters: Annotated[float | None, typer.Option(min=0.01, max=1, help="Share of the parameters.")] = None,
    output: Annotated[Path, typer.Option(help="The config to write.")] = Path("pruned.yaml"),
    result: Annotated[
        Path | None, typer.Option(help="Instead: print this run, trained and exported, beside MODEL, a run folder.")
    ] = None,
    overrides: SetOption = [],
    json_file: JsonOption = None,
) -> None:
    """Write the config of a narrower network that begins with the most important channels of MODEL."""
    import_keras_quietly()
    from detector.compression.plan import GOALS, compare_runs, plan_pruning
    from detector.config import read_config
    from detector.runs import Run, RunError, atomic_path

    if result:
        columns = compare_runs([Run.open(model), Run.open(result)])
        print_scores(columns)
        write_result(json_file, columns)
        return
    asked = {"bytes": bytes_share, "macs": macs, "arena": arena, "parameters": parameters}
    goals = {name: share for name, share in asked.items() if share is not None}
    if not goals:
        raise RunError("Say how much to keep, e.g. --bytes 0.5, or with --result RUN what to compare with.")
    own = Path(model) / "config.yaml"
    if config is None and not own.is_file():
        raise RunError(f"{model} is no run folder, so its config is not known. Give it: --config FILE or PRESET.")
    if output.exists():
        raise RunError(f"{output} is there already. Choose another --output, or remove it.")
    plan = plan_pruning(read_config(config or own, overrides), model, goals)
    with atomic_path(output) as temporary:
        temporary.write_text(yaml.safe_dump(plan.config.to_dict(), sort_keys=False), encoding="utf-8")
    costs = {"before": plan.before.to_json(), "after": plan.after.to_json()}
    shown = {part: {name: cost[field] for name, field in GOALS.items()} for part, cost in costs.items()}
    print_scores(shown, heading="predicted")
    write_result(json_file, costs)
    channels = ", ".join(map(str, plan.config.model.backbone.channels))
    say(f"Channels of the stages: {channels}. Train it: detector train {shlex.quote(str(output))}")

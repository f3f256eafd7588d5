"""`siam train`: from labelled pictures to a run that answers."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from siam.commands import console
from siam.commands.interruption import heeded
from siam.commands.options import AsJson, Backend, DataDir
from siam.errors import UsageError
from siam.printable import printable

__all__ = ["train"]


def train(
    dataset: Annotated[
        str | None,
        typer.Argument(
            help="mnist, digits, an IDX folder, a folder or .zip with a sub-folder per class, a "
            "table (.csv, .tsv, .parquet) of path,label[,split], an .npz file of x and y. "
            "Left out: MNIST if it can be had, else digits.",
            show_default=False,
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the run. Default: the data set's with a number.")
    ] = None,
    from_run: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="Go on from this run: its weights and pictures, with those of DATASET, or with "
            "what was labelled in its index since.",
        ),
    ] = None,
    preset: Annotated[
        str | None, typer.Option(help="quick, balanced or best.", show_default="balanced")
    ] = None,
    data_dir: DataDir = None,
    tower: Annotated[
        str,
        typer.Option(
            help="auto, small, wide, deep, or pretrained: on a network that learned on ImageNet."
        ),
    ] = "auto",
    weights: Annotated[
        Path | None,
        typer.Option(
            help="The pretrained network, a .keras file. Default: Keras' EfficientNetV2-B0.",
            envvar="SIAM_WEIGHTS",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="Fixes splits, order, initialisation.", show_default="0"),
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the pictures.")] = None,
    minutes: Annotated[
        float | None,
        typer.Option(help="Train as well as can be in this time: chooses preset and epochs."),
    ] = None,
    pairs: Annotated[
        str | None,
        typer.Option(
            help="batch: every pair of a batch counts; sampled: explicit pairs.",
            show_default="batch",
        ),
    ] = None,
    patience: Annotated[
        int | None,
        typer.Option(
            min=0, help="Stop after so many epochs without progress; 0: never.", show_default="0"
        ),
    ] = None,
    size: Annotated[
        int | None, typer.Option(help="Side of the network's input, 16 to 512 pixels.")
    ] = None,
    prepare: Annotated[
        str | None,
        typer.Option(help="Chain that pictures go through: auto, digit, glyph, photo or none."),
    ] = None,
    classes_from: Annotated[
        str | None,
        typer.Option(help="Which folders name a class, such as alphabet/character."),
    ] = None,
    holdout_classes: Annotated[
        str | None, typer.Option(help="Classes to leave out of training, such as 8,9.")
    ] = None,
    values: Annotated[
        list[str] | None,
        typer.Option("--set", help="Any value of the recipe, such as augment.rotation=20."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an interrupted run (--name says which).")
    ] = False,
    device: Annotated[
        str, typer.Option(help="auto, cpu, gpu, gpu:N, or all for every GPU.")
    ] = "auto",
    backend: Backend = None,
    hosts: Annotated[
        str | None,
        typer.Option(
            help="HOST:PORT of the first of several processes that train together, on JAX.",
        ),
    ] = None,
    host: Annotated[
        str | None,
        typer.Option(help="With --hosts, I/N: which of how many this one is; 1/N writes the run."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train a Siamese network, index its pictures, measure it. Writes one folder, a run."""
    from siam.engine.api.train import train as train_run
    from siam.run_files import METRICS_FILE

    with (
        heeded(console.progress) as progress,
        among_hosts(hosts, host, device=device, backend=backend) as number,
    ):
        if number:
            from siam.engine.train_along import train_along

            train_along(
                dataset,
                data_dir=data_dir,
                device=device,
                progress=progress,
                notice=console.notice,
            )
            return
        run = train_run(
            dataset,
            preset=preset,
            name=name,
            from_run=from_run,
            seed=seed,
            epochs=epochs,
            minutes=minutes,
            overrides=dict(key_value(text) for text in values or []),
            pairs=pairs,
            patience=patience,
            tower=tower,
            weights=weights,
            size=size,
            prepare=prepare,
            classes_from=classes_from,
            holdout_classes=holdout_classes.split(",") if holdout_classes else (),
            data_dir=data_dir,
            resume=resume,
            device=device,
            backend=backend,
            progress=progress,
            notice=console.notice,
        )
    metrics = json.loads((run.path / METRICS_FILE).read_bytes())
    if as_json:
        console.json_object({"run": run.name, "path": str(run.path), **metrics})
    else:
        print_run(run.path, metrics)


@contextlib.contextmanager
def among_hosts(
    hosts: str | None, host: str | None, *, device: str, backend: str | None
) -> Iterator[int]:
    """Join the other processes of a training, if there are any; yield this one's number, from 0."""
    if hosts is None and host is None:
        yield 0
        return
    if hosts is None or host is None:
        raise UsageError(
            f"--hosts and --host belong together, received --{'hosts' if hosts else 'host'} alone.",
            "Write both, such as  --hosts first-machine:1234 --host 2/4",
        )
    from siam.training.device import prepare_device
    from siam.training.processes import join_processes, parse_place

    prepare_device(backend=backend, device=device)
    place = parse_place(hosts, host)
    with (
        console.native_words_dropped(),
        join_processes(place, tell=console.print_error, progress=console.progress) as number,
    ):
        yield number


def key_value(text: str) -> tuple[str, str]:
    """Split `key=value`, or refuse it."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise typer.BadParameter(f"Write it as name=value, received '{text}'.")
    return key.strip(), value.strip()


def print_run(path: Path, metrics: Mapping[str, Any]) -> None:
    """Print what a new run is good for, by which figures, and what to do next."""
    console.data(printable(metrics["verdict"]))
    console.data(f"Measured on {metrics['test_pictures']:,} test pictures.")
    if "base" in metrics:
        console.data(printable(metrics["base"]["words"]))
    for sentence in metrics["advice"]:
        console.data(f"Next: {printable(sentence)}")
    seconds = metrics["training"]["seconds"]
    console.data(f"Run '{path.name}' in {path}, trained in {seconds:.1f} s.")
    console.data("Next:  siam query PICTURE   siam evaluate   siam show")

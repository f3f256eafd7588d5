"""`siam export`: a run's encoder for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from siam.commands import console
from siam.commands.options import AsJson, RunName

__all__ = ["export"]


def export(
    out: Annotated[Path, typer.Option(help="The folder to make.")],
    run: RunName = None,
    form: Annotated[
        str, typer.Option("--format", help="litert, onnx, saved-model, or web: a page.")
    ] = "litert",
    int8: Annotated[
        bool, typer.Option("--int8", help="8-bit weights, a quarter of the size (litert).")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write the encoder, what its numbers mean, and an example that runs it without siam.

    The model is loaded again and compared with Keras before it is believed.
    """
    from siam.engine.export import export_run

    done = export_run(run, out, form=form, int8=int8, progress=console.progress)
    if as_json:
        console.json_object(
            {
                "out": str(done.folder),
                "model": str(done.model),
                "bytes": done.size,
                "parity": done.parity.to_dict(),
                "recall@1": {"float32": done.recall[0], "int8": done.recall[1]}
                if done.recall
                else None,
            }
        )
        return
    console.data(f"Exported {done.model} ({done.size / 1e6:.1f} MB).")
    console.data(
        f"Parity with Keras on {done.parity.pictures} pictures: largest difference "
        f"{done.parity.max_difference:.1e}, {done.parity.neighbour_agreement:.1%} of nearest "
        "neighbours agree."
    )
    if done.recall:
        before, after = done.recall
        console.data(
            f"Recall@1 in int8 {after:.2%}, in float32 {before:.2%}: "
            f"a loss of {100 * (before - after):.2f} percentage points."
        )
    if form == "web":
        console.notice(
            f"Open it in a browser, as a file or from a server:  {done.folder / 'index.html'}"
        )
    else:
        console.notice(f"Try it without siam:  python {done.folder / 'example.py'} A.png B.png")

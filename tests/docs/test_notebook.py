"""The notebook of the examples: kept without what it printed, and whole from beginning to end."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

NOTEBOOK = Path(__file__).resolve().parent.parent.parent / "examples" / "tour.ipynb"


@pytest.fixture
def notebook() -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOK, as_version=4)


def test_nothing_that_was_printed_is_kept(notebook: nbformat.NotebookNode) -> None:
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert all(not cell.outputs and cell.execution_count is None for cell in code)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("runs")
def test_it_runs(notebook: nbformat.NotebookNode, tmp_path: Path) -> None:
    """In a kernel of its own, on a run that it trains; its plots are drawn."""
    from nbclient import NotebookClient

    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": tmp_path}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    shown = [str(output.data.get("text/html", "")) for output in outputs if "data" in output]
    assert sum(drawing.count("<svg") for drawing in shown) >= 4
    assert any("match" in drawing for drawing in shown)  # the answer's own picture

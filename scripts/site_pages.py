"""What the site of the docs has beside docs/: the reference, and pages that stand elsewhere.

A hook of MkDocs (`mkdocs.yml`). The reference of the command line is written from the commands
themselves; that of Python names what `siam.__all__` does, for mkdocstrings to fill in.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

import griffe
from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parent.parent
# Pages outside of docs/, and their places in the site.
ELSEWHERE = {
    "SECURITY.md": "SECURITY.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "README.md": "index.md",
    "benchmarks/README.md": "benchmarks.md",
}
# Python's names beside those of `import siam` that the docs speak of, by page heading.
FURTHER = {
    "Keras' three styles": [
        f"siam.classifiers.{name}"
        for name in ("styles", "sequential", "functional", "residual", "subclassed", "features")
    ],
    "The Siamese network": [
        "siam.siamese.network",
        "siam.siamese.towers",
        "siam.siamese.losses.contrastive",
        "siam.siamese.losses.supervised_contrastive",
    ],
}
OPTIONS = """    options:
      heading: {heading}
      heading_level: 3
      inherited_members: true
"""
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)#\s]+)(#[^)\s]*)?\)")


class ExampleSections(griffe.Extension):
    """Docstrings' "Example:" is the section that griffe knows as "Examples:"."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        if obj.docstring:
            obj.docstring.value = re.sub(
                r"^Example:$", "Examples:", obj.docstring.value, flags=re.M
            )


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that are not in docs/."""
    for source, place in ELSEWHERE.items():
        if files.get_file_from_path(place) is None:
            files.append(File.generated(config, place, abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown: str, page: Any, files: Any, **_: Any) -> str:
    """Lead links where a page stands in the site; one to a file that is not in it is text."""
    place = page.file.src_uri
    homes = {place: source for source, place in ELSEWHERE.items() if place != "index.md"}
    folder = posixpath.dirname(homes.get(place, f"docs/{place}"))

    def mend(link: re.Match[str]) -> str:
        mark, text, target, anchor = link.groups()
        if "://" in target:
            return link[0]
        path = posixpath.normpath(posixpath.join(folder, target))
        found = ELSEWHERE.get(path, path.removeprefix("docs/"))
        if files.get_file_from_path(found) is None:
            return text if (ROOT / path).exists() else link[0]
        there = posixpath.relpath(found, posixpath.dirname(place) or ".")
        return f"{mark}[{text}]({there}{anchor or ''})"

    return LINK.sub(mend, markdown) + REFERENCE.get(place, str)()


def commands() -> str:
    """Return the reference of the command line: each command's help, arguments and options."""
    from typer.main import get_command

    from siam.cli import app

    parts = [""]
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        parts += describe(command, f"siam {name}", level=2)
    return "\n\n".join(parts) + "\n"


def describe(command: Any, name: str, *, level: int) -> list[str]:
    """Return the parts of the page that tell of one command, and of those below it."""
    import click

    parts = [f"{'#' * level} {name}", escape(command.help)]
    below = getattr(command, "commands", {})
    if below:
        for word, inner in below.items():
            parts += describe(inner, f"{name} {word}", level=level + 1)
        return parts
    context = click.Context(command, info_name=name)
    parts.append(f"    {name} {' '.join(command.collect_usage_pieces(context))}")
    rows = []
    for parameter in command.params:
        metavar = parameter.make_metavar(context)
        if parameter.param_type_name == "option":
            names = "/".join((*parameter.opts, *parameter.secondary_opts))
            metavar = names if parameter.is_flag else f"{names} {metavar}"
        default = parameter.default
        shown = "" if default in (None, False) or callable(default) else f"`{default}`"
        rows.append(f"| `{metavar}` | {escape(parameter.help or '')} | {shown} |")
    if rows:
        parts.append("\n".join(["| | does | default |", "|---|---|---|", *rows]))
    return parts


def escape(text: str) -> str:
    """Return text that Markdown shows as it is, in a table too."""
    return re.sub(r"([|<>*_\[\]])", r"\\\1", text)


def names() -> str:
    """Return the reference of the Python API: what mkdocstrings is to fill in."""
    import siam

    homes = {name: siam._HOMES.get(name, "siam.errors") for name in siam.__all__}
    public = {f"siam.{name}": f"{home}.{name}" for name, home in homes.items()}
    del public["siam.__version__"]
    parts = ["", "## import siam"]
    parts += [f"::: {home}\n{OPTIONS.format(heading=name)}" for name, home in public.items()]
    for heading, modules in FURTHER.items():
        parts.append(f"## {heading}")
        parts += [f"::: {module}\n{OPTIONS.format(heading=module)}" for module in modules]
    return "\n\n".join(parts) + "\n"


REFERENCE = {"reference/commands.md": commands, "reference/python.md": names}

"""A run on a hub of models (Hugging Face's, or one that speaks as it does): published and pulled.

What lies there is one packed run and its card. Who pulls it trusts nothing: it goes through the
checks that every packed run does. Who somebody is there, `hf auth login` knows.
"""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from siam.atomic import sha256
from siam.engine.pack import UnpackedRun, pack_run, unpack_run
from siam.engine.sharing.model_card import write_card
from siam.errors import RunError, UsageError, need_packages
from siam.progress import Progress, silent
from siam.run_files import METRICS_FILE
from siam.runs.config import load_config
from siam.runs.manifest import verify_files
from siam.runs.runs_folder import PACKED, find_run
from siam.untrusted import read_json

__all__ = ["Published", "Pulled", "publish_run", "pull_run"]

REPOSITORY = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}")
MOST_BYTES = 4 << 30
MOST_METRICS = 1 << 26


@dataclass(frozen=True)
class Published:
    """A run that was put on a hub.

    Attributes:
        address: of its page.
        revision: the commit, 40 hexadecimal digits.
        size: bytes of the packed run.
        private: whether only its owner sees it.
    """

    address: str
    revision: str
    size: int
    private: bool


@dataclass(frozen=True)
class Pulled:
    """A run that came from a hub.

    Attributes:
        run: where it stands now.
        revision: the commit that it is of.
        size: bytes of the packed run.
    """

    run: UnpackedRun
    revision: str
    size: int


def publish_run(
    name: str | None,
    repository: str,
    *,
    license: str | None = None,
    public: bool = False,
    thumbnails: bool = True,
    key: Path | None = None,
    progress: Progress = silent,
) -> Published:
    """Put a run on a hub, packed, with a card of its own figures; made anew or a newer revision.

    Args:
        name: a run's name or path; the newest finished run when left out.
        repository: OWNER/NAME there, made where it is missing.
        license: such as "mit"; it is the owner's to choose, and none is named when left out.
        public: let everybody see a repository that is made. It holds pictures, so nobody does else.
        thumbnails, key: as for `pack_run`.
        progress: told of the work.

    Raises:
        MissingExtraError: `huggingface_hub` is not installed.
        UsageError: a repository of another form.
        RunError: no such run, or the hub refuses or cannot be reached.
    """
    check_repository(repository)
    need_packages("siam runs publish", "hub", "huggingface_hub")
    from huggingface_hub import CommitOperationAdd, HfApi

    run = find_run(name)
    verify_files(run, [METRICS_FILE])
    api = HfApi(library_name="siam")
    page = f"{api.endpoint}/{repository}"
    metrics = read_json(run / METRICS_FILE, dict[str, Any], most=MOST_METRICS)
    with tempfile.TemporaryDirectory(prefix="siam-publish-") as folder:
        progress("Packing", 0, 0)
        packed = Path(folder) / f"{run.name}{PACKED}"
        pack_run(str(run), packed, key=key, thumbnails=thumbnails)
        try:
            card = write_card(
                run.name,
                load_config(run),
                metrics,
                repository=repository,
                address=f"{page}/resolve/main/{packed.name}#sha256={sha256(packed)}",
                license=license,
            )
        except (LookupError, TypeError, ValueError) as error:
            raise RunError(
                f"{run / METRICS_FILE} lacks figures that the card tells ({error!r}).",
                "Publish a run that siam has trained and measured.",
            ) from error
        size = packed.stat().st_size
        progress("Publishing", 0, 0)
        with hub_errors(repository):
            api.create_repo(repository, private=not public, exist_ok=True)
            commit = api.create_commit(
                repository,
                [
                    CommitOperationAdd(packed.name, packed),
                    CommitOperationAdd("README.md", card.encode()),
                ],
                commit_message=f"The run {run.name}",
            )
            private = bool(api.model_info(repository).private)
    return Published(page, str(commit.oid), size, private)


def pull_run(
    repository: str,
    *,
    revision: str | None = None,
    name: str | None = None,
    trusted: Path | None = None,
    progress: Progress = silent,
) -> Pulled:
    """Make a run of the runs folder from one on a hub.

    Args:
        repository: OWNER/NAME there.
        revision: a commit, a branch or a tag; the newest when left out.
        name, trusted: as for `unpack_run`.
        progress: told of the work.

    Raises:
        MissingExtraError: `huggingface_hub` is not installed.
        UsageError: a repository of another form, or a run of that name.
        RunError: there is none, none that can be used, or the hub cannot be reached.
    """
    check_repository(repository)
    need_packages("siam runs pull", "hub", "huggingface_hub")
    from huggingface_hub import HfApi

    progress("Fetching", 0, 0)
    with hub_errors(repository):
        api = HfApi(library_name="siam")
        found = api.model_info(repository, revision=revision, files_metadata=True)
        packed = [file for file in found.siblings or [] if file.rfilename.endswith(PACKED)]
        if len(packed) != 1 or found.sha is None:
            raise RunError(
                f"{repository} holds {len(packed)} packed runs, where there should be one.",
                "Name another repository; one is made by:  siam runs publish RUN OWNER/NAME",
            )
        if (packed[0].size or 0) > MOST_BYTES:
            raise RunError(f"The run in {repository} is larger than {MOST_BYTES:,} bytes.")
        # By the commit, not by a branch that may move on between the two questions.
        file = Path(api.hf_hub_download(repository, packed[0].rfilename, revision=found.sha))
    size = file.stat().st_size
    return Pulled(unpack_run(file, name=name, trusted=trusted, progress=progress), found.sha, size)


def check_repository(repository: str) -> None:
    """Refuse what is no OWNER/NAME."""
    if not REPOSITORY.fullmatch(repository):
        raise UsageError(
            f"A repository is OWNER/NAME, of letters, digits and . _ -, received '{repository}'.",
            "Such as:  me/digits",
        )


@contextlib.contextmanager
def hub_errors(repository: str) -> Iterator[None]:
    """Put what the hub's library raises into words, under the family of runs."""
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
    from huggingface_hub.utils.tqdm import disable_progress_bars

    disable_progress_bars()  # the line that says what siam is at is one already
    # Its bases have that of its HTTP library's errors among them, which is another one by version.
    told: tuple[type[Exception], ...] = (
        *HfHubHTTPError.__bases__,
        LocalEntryNotFoundError,
        OSError,
        ValueError,
    )
    try:
        yield
    except told as error:
        lines = [line for line in str(error).splitlines() if line.strip()]
        raise RunError(
            f"The hub did not do it for {repository}: {lines[-1] if lines else error!r}",
            "Check its name and the connection, and that you are logged in:  hf auth login",
        ) from error

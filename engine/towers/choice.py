"""Which tower a run of photos gets: siam's own, a pretrained one, or both side by side.

None wins everywhere: on photos of things what ImageNet taught is fifty points ahead, on coins and
hands siam's own tower is. So validation pictures choose, by how often the nearest picture is of the
right class, less the equal error rate of pairs.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from siam.array_types import Vectors
from siam.evaluation.all_pairs import count_all_pairs
from siam.evaluation.roc import equal_error
from siam.unit_vectors import nearest_rows

if TYPE_CHECKING:
    from siam.datasets.dataset import Dataset

__all__ = [
    "RAW_SHARE",
    "Candidate",
    "Parts",
    "choose_candidate",
    "describe_choice",
    "judge",
    "share_mixes",
]

# Part -> unit embeddings of (training, validation) pictures.
Parts = Mapping[str, tuple[Vectors, Vectors]]
# Shares of squared distance that are tried. Features are in every pretrained tower: classes that
# were never trained on are told apart by them.
FEATURE_SHARES = (0.2, 0.4, 0.6)
# Of what is left, the class posterior's; the head has the others.
POSTERIOR_SHARES = (0.0, 0.5, 1.0)
# Of the raw features, where classes were held out: validation pictures, all of trained classes,
# would choose less of them, and other classes be told apart worse (docs/measurements.md).
RAW_SHARE = 0.8
OWN_SHARES = (0.25, 0.5, 0.75)
# Of all but siam's own tower, that of the fine-tuned upper layers.
TUNED_SHARES = (0.5, 0.75)


@dataclass(frozen=True)
class Candidate:
    """A tower that could be, and how validation pictures judge it.

    Attributes:
        shares: part -> weight of its squared distance, 0 to 1, in sum 1.
        recall: share of the validation pictures whose nearest training picture is of their class.
        eer: equal error rate of the validation pictures' pairs.
    """

    shares: Mapping[str, float]
    recall: float
    eer: float

    @property
    def score(self) -> float:
        """Larger = better."""
        return self.recall - self.eer

    @property
    def name(self) -> str:
        """Return "own", "pretrained" or "both"."""
        if self.shares.keys() == {"own"}:
            return "own"
        return "both" if "own" in self.shares else "pretrained"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for `metrics.json`."""
        return {"shares": dict(self.shares), "recall@1": self.recall, "eer": self.eer}


def share_mixes(
    *, own: bool, posterior: bool, unseen: bool, tuned: bool = False, whitened: float = 0.0
) -> Iterator[dict[str, float]]:
    """Yield the shares of every pretrained tower that is tried.

    Args:
        own: siam's own tower is there, and is tried beside it too.
        posterior: so is the class posterior, beside the head.
        unseen: classes were held out of training, and are to be told apart too: one mix alone,
            mostly of raw features.
        tuned: so are fine-tuned upper layers of the backbone.
        whitened: then, of the raw features' share, how much is the whitened ones'.

    Example:
        >>> next(share_mixes(own=False, posterior=True, unseen=False))
        {'features': 0.2, 'head': 0.8}
    """
    if unseen:
        learned = ("head", "posterior") if posterior else ("head",)
        mix = {"raw": RAW_SHARE * (1 - whitened), "whitened": RAW_SHARE * whitened}
        mix |= dict.fromkeys(learned, (1 - RAW_SHARE) / len(learned))
        yield {part: share for part, share in mix.items() if share}
        return
    tried = itertools.product(
        FEATURE_SHARES,
        POSTERIOR_SHARES if posterior else (0.0,),
        (0.0, *TUNED_SHARES) if tuned else (0.0,),
        (0.0, *OWN_SHARES) if own else (0.0,),
    )
    for features, of_posterior, of_tuned, of_own in tried:
        rest = 1 - features
        shares = {
            "features": features,
            "head": rest * (1 - of_posterior),
            "posterior": rest * of_posterior,
        }
        shares = put_beside(put_beside(shares, "tuned", of_tuned), "own", of_own)
        yield {part: share for part, share in shares.items() if share}


def put_beside(shares: Mapping[str, float], part: str, share: float) -> dict[str, float]:
    """Return the shares of a mix that another part was put beside."""
    return {name: (1 - share) * value for name, value in shares.items()} | {part: share}


def judge(shares: Mapping[str, float], parts: Parts, dataset: Dataset) -> Candidate:
    """Judge a mix of parts by the validation pictures.

    Args:
        shares: part -> weight of its squared distance.
        parts: embeddings of those parts.
        dataset: whose pictures they are.
    """
    labels = dataset.validation.labels
    train, validation = (
        np.concatenate(
            [np.float32(share**0.5) * parts[part][place] for part, share in shares.items()], axis=1
        )
        for place in (0, 1)
    )
    found = dataset.train.labels[nearest_rows(validation, train, 1)[:, 0]]
    eer, _ = equal_error(count_all_pairs(validation, labels).roc())
    return Candidate(dict(shares), float(np.mean(found == labels)), eer)


def choose_candidate(candidates: Sequence[Candidate]) -> Candidate:
    """Return the best; of equals the one of fewest parts, and of those the first.

    Raises:
        ValueError: there are none.
    """
    return max(candidates, key=lambda one: (round(one.score, 6), -len(one.shares)))


def describe_choice(
    candidates: Sequence[Candidate], chosen: Candidate, backbone: str, seconds: float
) -> str:
    """Say which tower validation chose, and by which figures.

    Args:
        candidates: all that were judged.
        chosen: one of them.
        backbone: the pretrained network's name.
        seconds: that it all took.
    """
    names = {"own": "siam's own tower", "pretrained": backbone, "both": "both side by side"}
    kinds = names | {"tuned": f"with the upper layers of {backbone} fine-tuned"}
    best = {
        kind: [
            one for one in candidates if kind == ("tuned" if "tuned" in one.shares else one.name)
        ]
        for kind in kinds
    }
    figures = "; ".join(
        f"{kinds[name]} {one.recall:.1%} right, pairs' equal error {one.eer:.1%}"
        for name, of_name in best.items()
        if of_name
        for one in [choose_candidate(of_name)]
    )
    shares = ", ".join(f"{part} {share:.2g}" for part, share in chosen.shares.items())
    taken = f"{names[chosen.name]} ({shares}), {seconds:.0f} s"
    return f"On validation pictures: {figures}. Taken: {taken}."

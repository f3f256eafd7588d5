"""How scores of familiarity do on pictures of no class, from embeddings alone.

    python benchmarks/evaluation_unfamiliar.py EMBEDDINGS.npz

The file holds `train`, `train_labels`, `validation`, `validation_labels`, `test`, `test_labels` and
`strange` (the same network's embeddings of letters, say). Printed for each score: AUROC, and the
share of strange pictures let through where 95 % of test pictures are accepted.
Bar on MNIST against Omniglot: AUROC at least 0.99, at most 4 % let through.
"""

from __future__ import annotations

import sys

import numpy as np

from siam.evaluation.distances import nearest
from siam.evaluation.unfamiliar import detect
from siam.evaluation.votes import count_votes


def scores(queries: np.ndarray, stored: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return score name -> one number per query, larger = stranger."""
    train, labels = stored["train"], stored["train_labels"]
    found = nearest(queries, train, 50)
    votes = count_votes(found.distances[:, :10], labels[found.positions[:, :10]])
    local = train[found.positions[:, :10]].mean(axis=1)
    classes = np.unique(labels)
    means = np.stack([train[labels == label].mean(axis=0) for label in classes])
    known, known_labels = stored["validation"], stored["validation_labels"]
    centred = known - means[np.searchsorted(classes, known_labels)]
    covariance = np.cov(centred.T)
    shrunk = covariance + 0.1 * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    offsets = queries[:, None] - means
    mahalanobis = np.einsum("ncd,de,nce->nc", offsets, np.linalg.inv(shrunk), offsets)
    return {
        "closeness (used)": votes.closeness,
        "nearest": found.distances[:, 0],
        "10th nearest": found.distances[:, 9],
        "50th nearest": found.distances[:, 49],
        "mean of 10 neighbours": np.linalg.norm(queries - local, axis=1),
        "nearest class mean": np.sqrt((offsets**2).sum(axis=-1)).min(axis=1),
        "Mahalanobis, tied": mahalanobis.min(axis=1),
    }


def main() -> None:
    stored = dict(np.load(sys.argv[1]))
    known, strange = scores(stored["test"], stored), scores(stored["strange"], stored)
    for name in known:
        limit = float(np.quantile(known[name], 0.95))
        found = detect(known[name], strange[name], limit=limit)
        print(f"{name:24} AUROC {found.auroc:.4f}   let through {100 * found.let_through:5.2f} %")


if __name__ == "__main__":
    main()

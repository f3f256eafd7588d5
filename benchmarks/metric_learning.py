"""The MNIST example of pytorch-metric-learning beside siam, on the same pictures, in one run.

The recipe is that of its notebook TripletMarginLossMNIST: two convolutions of 32 and 64 channels,
pooling, dropout and a projection to 128 numbers; triplet margin loss 0.2 on the cosine with the
library's own semi-hard miner and reducer; batch 256; Adam at 0.01; one epoch. Both sides learn
from the same pictures and are compared on validation pictures, gallery = the training pictures;
at the end they are asked the 10,000 test digits once, gallery = all 60,000 others.

Needs two libraries beside siam:  pip install torch pytorch-metric-learning

    python benchmarks/metric_learning.py [--json] [--seed 0] [--seeds 1] [--epochs 1]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sooner import Say, compared, run_seeds, train_siam

from siam.datasets.dataset import Dataset
from siam.datasets.load import load_dataset
from siam.training.native_logs import quiet_native_logs
from siam.unit_vectors import exact_neighbours

BATCH = 256
MEAN, DEVIATION = 0.1307, 0.3081

Embed = Callable[[np.ndarray], np.ndarray]


def main(arguments: Sequence[str] | None = None) -> None:
    """Train both for each seed, print seconds and Recall@1, and the ratio."""
    run_seeds("pytorch-metric-learning's example beside siam.", compare, arguments, epochs=1)


def compare(options: argparse.Namespace, say: Say) -> dict[str, Any]:
    """Train both with one seed."""
    data = load_dataset("mnist", data_dir=options.data_dir, seed=options.seed)
    say("recipe       pictures x epochs  seconds  Recall@1")
    seconds, embed = train_example(data, epochs=options.epochs, seed=options.seed)
    example = {"seconds": seconds, "accuracy": recall(embed, data)}
    line = f"{len(data.train):6,} x {options.epochs} {example['seconds']:8.1f}"
    say(f"example,     {line} {example['accuracy']:10.2%}")
    with quiet_native_logs():
        import keras
    siam, tower = train_siam(
        data.train,
        data.validation,
        lambda tower: recall(embed_by(tower), data),
        goal=example["accuracy"],
        seed=options.seed,
        say=say,
    )
    test = recall(embed, data, test=True), recall(embed_by(tower), data, test=True)
    return {"keras": keras.__version__, "example": example, **compared(example, siam, test, say)}


def embed_by(tower: Any) -> Embed:
    """Return what embeds by a Keras tower."""
    return lambda pictures: tower.predict(pictures, batch_size=500, verbose=0)


def recall(embed: Embed, data: Dataset, *, test: bool = False) -> float:
    """Share of validation pictures, or of test pictures, whose nearest other is of their class."""
    splits = (data.train, data.validation) if test else (data.train,)
    asked = data.test if test else data.validation
    gallery = np.concatenate([embed(split.pictures) for split in splits])
    labels = np.concatenate([split.labels for split in splits])
    found = exact_neighbours(embed(asked.pictures), gallery, 1).positions[:, 0]
    return float((labels[found] == asked.labels).mean())


def train_example(data: Dataset, *, epochs: int, seed: int) -> tuple[float, Embed]:
    """Train by the notebook's recipe; return its seconds, and what embeds by the network."""
    import torch
    from pytorch_metric_learning import distances, losses, miners, reducers

    torch.manual_seed(seed)
    network = example_network()
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    cosine = distances.CosineSimilarity()
    loss = losses.TripletMarginLoss(
        margin=0.2, distance=cosine, reducer=reducers.ThresholdReducer(low=0)
    )
    mine = miners.TripletMarginMiner(margin=0.2, distance=cosine, type_of_triplets="semihard")
    started = time.perf_counter()
    pictures, labels = scaled(data.train.pictures), torch.from_numpy(data.train.labels)
    network.train()
    for _ in range(epochs):
        for rows in torch.randperm(len(labels)).split(BATCH):
            optimizer.zero_grad()
            embeddings = network(pictures[rows])
            loss(embeddings, labels[rows], mine(embeddings, labels[rows])).backward()
            optimizer.step()
    seconds = time.perf_counter() - started
    network.eval()

    def embed(pictures: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            parts = [network(part) for part in scaled(pictures).split(1000)]
            unit = torch.nn.functional.normalize(torch.cat(parts))
            embeddings: np.ndarray = unit.numpy()
        return embeddings

    return seconds, embed


def scaled(pictures: np.ndarray) -> Any:
    """Pictures as the example has them: channels first, around 0."""
    import torch

    levels = pictures.transpose(0, 3, 1, 2).astype(np.float32)
    return torch.from_numpy((levels / 255 - MEAN) / DEVIATION)


def example_network() -> Any:
    """The notebook's network, layer by layer."""
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout2d(0.25),
        nn.Flatten(),
        nn.Linear(9216, 128),
    )


if __name__ == "__main__":
    main()

"""The data set on the device: pictures stay there as uint8, a step gathers and distorts them.

A step is sent which pictures to take and the few numbers that distort each
(`siam.training.augmentation.policy`), instead of the pictures. Both follow from (seed, epoch, step)
alone, as in the feed on the CPU, so that a resumed training sees the same.
"""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np
from keras import ops

from siam.array_types import Integers, Pictures, Tensor
from siam.recipe import AugmentPolicy
from siam.training.augmentation.policy import Draws, draw_distortion, no_distortion
from siam.training.augmentation.transforms import distort
from siam.training.device import detect_device
from siam.training.driver import card_memory
from siam.training.feed import BatchFeed
from siam.training.prefetch import PrefetchedFeed
from siam.training.quarter_turns import TURNS

__all__ = ["DeviceFeed", "PicturesOnDevice", "fits_device", "move_to_device"]

# Share of a card's memory that the pictures may take; the step needs the rest.
MOST_MEMORY = 0.25


def fits_device(size_bytes: int) -> bool:
    """Say whether pictures of so many bytes belong on the device: a GPU with the memory for it.

    A CPU distorts faster by OpenCV, in a thread beside the step.
    """
    return detect_device().kind == "gpu" and size_bytes <= MOST_MEMORY * card_memory()


def move_to_device(
    learner: keras.Model, feed: BatchFeed, watched: BatchFeed
) -> tuple[keras.Model, DeviceFeed, DeviceFeed]:
    """Put all pictures on the device, and a network in front of which they are taken from there.

    Args:
        learner: takes pictures (n, height, width, channels).
        feed: what is learned from.
        watched: what validation shows.

    Returns:
        The network to train in place of `learner`, whose weights it shares, and the feeds to
        train and to validate it with.
    """
    policy = feed.policy or AugmentPolicy()
    pictures = np.concatenate([feed.split.pictures, watched.split.pictures])
    shown = DeviceFeed(feed, policy, turned=feed.quarter_turns)
    inputs = {
        name: keras.Input(values.shape[1:], dtype=values.dtype, name=name)
        for name, values in shown[0][0].items()
    }
    # float32 whatever the policy of the learner: places need more than 8 bits.
    taken = PicturesOnDevice(pictures, policy, dtype="float32", name="pictures")(inputs)
    model = keras.Model(inputs, learner(taken), name=f"{learner.name}_on_device")
    first = len(feed.split)
    return model, shown, DeviceFeed(watched, policy, turned=feed.quarter_turns, first=first)


class DeviceFeed(PrefetchedFeed):
    """The batches of a `BatchFeed`, but of positions and distortions instead of pictures.

    Args:
        feed: whose batches.
        policy: how the pictures on the device can be distorted; a feed without one of its own
            leaves them as they are.
        turned: whether pictures on the device can be turned by quarters.
        first: position on the device of the feed's first picture.
    """

    def __init__(
        self, feed: BatchFeed, policy: AugmentPolicy, *, turned: bool, first: int = 0
    ) -> None:
        super().__init__()
        self.feed = feed
        self.policy = policy
        self.turned = turned
        self.first = first

    def set_epoch(self, epoch: int) -> None:
        """Draw the batches of an epoch."""
        self.feed.set_epoch(epoch)

    def __len__(self) -> int:
        return len(self.feed)

    def prepare(self, step: int) -> tuple[Draws, Integers]:
        """Return positions and distortions of a batch, and its labels."""
        feed = self.feed
        chosen = feed.batches[step]
        turns, rows = np.divmod(chosen, len(feed.split))
        height, width, channels = feed.split.pictures.shape[1:]
        shape = (len(chosen), height, width, channels)
        if feed.policy_now is None:
            drawn = no_distortion(shape, self.policy)
        else:
            rng = np.random.default_rng((feed.seed, feed.epoch, step))
            drawn = draw_distortion(shape, rng=rng, policy=feed.policy_now)
        drawn["position"] = (rows + self.first).astype(np.int32)
        if self.turned:
            drawn["turns"] = turns.astype(np.int32)
        return drawn, feed.labels[chosen]


class PicturesOnDevice(keras.layers.Layer):
    """Pictures kept on the device, taken by position, turned and distorted.

    Args:
        pictures: uint8 (n, height, width, channels).
        policy: what distortions are drawn by.
        **kwargs: `name` and `dtype` of `keras.layers.Layer`.

    Call arguments:
        drawn: "position", int32 (m,); the draws of `draw_distortion`; and "turns", int32 (m,),
            where pictures are turned by quarters, which takes square ones.

    Returns:
        float32 (m, height, width, channels), 0 to 255.
    """

    def __init__(self, pictures: Pictures, policy: AugmentPolicy, *, name: str, dtype: str) -> None:
        super().__init__(name=name, dtype=dtype, trainable=False)
        self.policy = policy
        # A weight rather than a constant, which JAX would compile into every step.
        self.kept = self.add_weight(
            name="kept", shape=pictures.shape, dtype="uint8", initializer="zeros", trainable=False
        )
        self.kept.assign(pictures)

    def call(self, drawn: Mapping[str, Tensor]) -> Tensor:
        """Return the pictures of a batch."""
        taken = ops.cast(ops.take(self.kept, drawn["position"], axis=0), "float32")
        if "turns" in drawn:
            taken = _turn(taken, ops.reshape(drawn["turns"], (-1, 1, 1, 1)))
        return distort(taken, drawn, self.policy)


def _turn(pictures: Tensor, turns: Tensor) -> Tensor:
    """Turn every picture anticlockwise by its number of quarter turns, 0 to 3."""
    result = pictures
    for turn in range(1, TURNS):
        result = ops.where(turns == turn, ops.rot90(pictures, turn, axes=(1, 2)), result)
    return result

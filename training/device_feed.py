"""The data set on the device: pictures stay there as uint8, a step gathers and distorts them.

A step is sent which pictures to take and a seed, by which the few numbers that distort each
(`siam.training.augmentation.policy`) are drawn there too, instead of the pictures. Both follow from
(seed, epoch, step) alone, as in the feed on the CPU, so that a resumed training sees the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from siam.array_types import Integers, Pictures, Tensor
from siam.recipe import AugmentPolicy
from siam.training.augmentation.policy import draw_distortion
from siam.training.augmentation.transforms import distort
from siam.training.device import detect_device
from siam.training.driver import card_memory
from siam.training.feed import BatchFeed
from siam.training.prefetch import PrefetchedFeed
from siam.training.quarter_turns import TURNS
from siam.training.steps_in_one_call import LoopedModel

__all__ = ["DeviceFeed", "PicturesOnDevice", "fits_device", "move_to_device"]

# Share of a card's memory that the pictures may take; the step needs the rest.
MOST_MEMORY = 0.25
# More draws than a step makes, between the seeds of two pictures of a batch.
SPARE = 64
# Uniform numbers of a picture that are drawn at once: XLA compiles each drawing for half a second.
AT_ONCE = 32


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
    pictures = np.concatenate([feed.split.pictures, watched.split.pictures])
    shown = DeviceFeed(feed, turned=feed.quarter_turns)
    inputs = {
        name: keras.Input(values.shape[1:], dtype=values.dtype, name=name)
        for name, values in shown[0][0].items()
    }
    # float32 whatever the policy of the learner: places need more than 8 bits.
    policy = feed.policy or AugmentPolicy()
    taken = PicturesOnDevice(pictures, policy, dtype="float32", name="pictures")(inputs)
    model = LoopedModel(inputs, learner(taken), name=f"{learner.name}_on_device")
    first = len(feed.split)
    return model, shown, DeviceFeed(watched, turned=feed.quarter_turns, first=first)


class DeviceFeed(PrefetchedFeed):
    """The batches of a `BatchFeed`, but of positions and seeds instead of pictures.

    Args:
        feed: whose batches.
        turned: whether pictures on the device can be turned by quarters.
        first: position on the device of the feed's first picture.
    """

    def __init__(self, feed: BatchFeed, *, turned: bool, first: int = 0) -> None:
        super().__init__()
        self.feed = feed
        self.turned = turned
        self.first = first

    def set_epoch(self, epoch: int) -> None:
        """Draw the batches of an epoch."""
        self.feed.set_epoch(epoch)

    def __len__(self) -> int:
        return len(self.feed)

    def prepare(self, step: int) -> tuple[dict[str, np.ndarray], Integers]:
        """Return what `PicturesOnDevice` takes for a batch, and its labels."""
        feed = self.feed
        chosen = feed.batches[step]
        turns, rows = np.divmod(chosen, len(feed.split))
        # Positive in 32 bits, on every backend; and one for each picture, because a batch may be
        # shared out over devices, each of which draws by the first that it is given.
        source = np.random.SeedSequence((feed.seed, feed.epoch, step))
        seed = np.tile(source.generate_state(2) >> 2, (len(chosen), 1)).astype(np.int32)
        seed[:, 1] += SPARE * np.arange(len(chosen), dtype=np.int32)
        shown = {
            "position": (rows + self.first).astype(np.int32),
            "seed": seed,
            # No bool: what TensorFlow shares out over devices, it must be able to add.
            "varied": np.full(len(chosen), feed.policy_now is not None, np.int32),
        }
        if self.turned:
            shown["turns"] = turns.astype(np.int32)
        return shown, feed.labels[chosen]


class PicturesOnDevice(keras.layers.Layer):
    """Pictures kept on the device, taken by position, turned and distorted.

    Args:
        pictures: uint8 (n, height, width, channels).
        policy: what distortions are drawn by.
        **kwargs: `name` and `dtype` of `keras.layers.Layer`.

    Call arguments:
        shown: "position", int32 (m,); "seed", int32 (m, 2), of which the first fixes every
            draw; "varied", int32 (m,), 0 for pictures that are left as they are; and "turns",
            int32 (m,), where pictures are turned by quarters, which takes square ones.

    Returns:
        float32 (m, height, width, channels), 0 to 255.
    """

    def __init__(self, pictures: Pictures, policy: AugmentPolicy, *, name: str, dtype: str) -> None:
        super().__init__(name=name, dtype=dtype, trainable=False)
        self.policy = policy
        self.seed_dtype = keras.random.SeedGenerator(0).state.dtype
        # A weight rather than a constant, which JAX would compile into every step.
        self.kept = self.add_weight(
            name="kept", shape=pictures.shape, dtype="uint8", initializer="zeros", trainable=False
        )
        self.kept.assign(pictures)

    def call(self, shown: Mapping[str, Tensor]) -> Tensor:
        """Return the pictures of a batch."""
        taken = ops.cast(ops.take(self.kept, shown["position"], axis=0), "float32")
        if "turns" in shown:
            taken = _turn(taken, ops.reshape(shown["turns"], (-1, 1, 1, 1)))
        drawn = draw_distortion(
            (ops.shape(taken)[0], *self.kept.shape[1:]),
            rng=StepGenerator(ops.cast(shown["seed"][0], self.seed_dtype)),
            policy=self.policy,
            library=ops,
        )
        varied = ops.reshape(ops.not_equal(shown["varied"], 0), (-1, 1, 1, 1))
        return ops.where(varied, distort(taken, drawn, self.policy), taken)


class StepGenerator(keras.random.SeedGenerator):
    """Draw on the device what a `numpy.random.Generator` draws on the CPU.

    It keeps no state that would outlive the step: every draw follows from the step's seed and from
    how many came before.

    Args:
        seed: integers (2,), 0 to 2^31, of the type that the backend's seeds have.
    """

    def __init__(self, seed: Tensor) -> None:
        # Without the variable that a `SeedGenerator` makes.
        self.seed = seed
        self.draws = 0
        self.uniforms: list[Tensor] = []

    def next(self, ordered: bool = True) -> Tensor:
        """Return the seed of the next draw, which Keras asks for."""
        self.draws += 1
        return self.seed + ops.convert_to_tensor([0, self.draws], self.seed.dtype)

    def uniform(self, low: float, high: float, size: Any) -> Tensor:
        """Draw float32 (size,), low to high."""
        if not self.uniforms:
            drawn = keras.random.uniform((AT_ONCE, size), dtype="float32", seed=self)
            self.uniforms = list(ops.unstack(drawn, AT_ONCE))
        return low + (high - low) * self.uniforms.pop()

    def random(self, size: Any) -> Tensor:
        """Draw float32 (size,), 0 to 1."""
        return self.uniform(0.0, 1.0, size)

    def standard_normal(self, size: tuple[Any, ...], dtype: str) -> Tensor:
        """Draw standard normal numbers of a shape."""
        return keras.random.normal(size, dtype=dtype, seed=self)


def _turn(pictures: Tensor, turns: Tensor) -> Tensor:
    """Turn every picture anticlockwise by its number of quarter turns, 0 to 3."""
    result = pictures
    for turn in range(1, TURNS):
        result = ops.where(turns == turn, ops.rot90(pictures, turn, axes=(1, 2)), result)
    return result

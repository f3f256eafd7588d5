"""Several training steps in one compiled call: between them nothing waits for Python.

On a GPU a step of a small network takes less time than Python needs to begin the next one.
"""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import keras

from siam.training.distribution import shares_batches

__all__ = ["LoopedModel", "steps_per_call"]

# So many leave nothing to gain: Python's share of a step is a thirtieth of what it was.
MOST_STEPS = 32
# Multiply-adds of one call, forward and backward: half a second at 10^12 floating-point operations
# a second, which a small card of 2016 reaches. By work rather than by the clock: what was compiled
# for one number of steps is not found again for another.
MOST_WORK = 250e9


def steps_per_call(work: int) -> int:
    """Return how many steps one call takes, so that Ctrl-C and checkpoints wait a second at most.

    One where PyTorch trains, whose trainer takes no more, or where devices share each batch, which
    no trainer does within a loop that is compiled as a whole.

    Args:
        work: multiply-adds of a step, one way through the network.

    Example:
        >>> steps_per_call(2_000_000_000), steps_per_call(20_000_000_000)
        (32, 4)
    """
    if keras.backend.backend() == "torch" or shares_batches():
        return 1
    return max(1, min(MOST_STEPS, int(MOST_WORK // (3 * max(1, work)))))


class LoopedModel(keras.Model):
    """A network of which `compile`'s `steps_per_execution` are one compiled call under JAX too.

    TensorFlow's trainer loops in the graph by itself. Keras' trainer for JAX compiles one step and
    calls it from Python, as PyTorch's does; here the loop is compiled, once for any number of steps
    up to that one, so that the last few of an epoch and the rest of one that was interrupted are
    the same compiled code, with the same numbers.
    """

    train_function: Any
    test_function: Any

    def make_train_function(self, force: bool = False) -> None:
        """Make what takes the next steps of an iterator."""
        before = self.train_function
        super().make_train_function(force)
        if self.train_function is not before and self._loops():
            self.train_function = self._loop(self.train_step)

    def make_test_function(self, force: bool = False) -> None:
        """Make what validates on the next batches of an iterator."""
        before = self.test_function
        super().make_test_function(force)
        if self.test_function is not before and self._loops():
            self.test_function = self._loop(self.test_step)

    def _loops(self) -> bool:
        return (
            keras.backend.backend() == "jax"
            and self.steps_per_execution > 1
            and bool(self.jit_compile)
        )

    def _loop(self, step: Callable[..., Any]) -> Callable[[Any, Iterator[Any]], Any]:
        jax: Any = importlib.import_module("jax")
        most = self.steps_per_execution

        def run(state: Any, batches: list[Any], count: Any) -> Any:
            stacked = jax.tree.map(lambda *values: jax.numpy.stack(values), *batches)
            structure = jax.tree.structure(state)

            def take(number: Any, state: Any) -> Any:
                batch = jax.tree.map(lambda values: values[number], stacked)
                return jax.tree.unflatten(structure, jax.tree.leaves(step(state, batch)[1]))

            state = jax.lax.fori_loop(0, count, take, state)
            counted = zip(self.metrics_variables, state[-1], strict=True)
            with keras.StatelessScope(state_mapping=counted):
                logs = self.get_metrics_result()
            return logs, state

        compiled = jax.jit(run, donate_argnums=0)

        def call(state: Any, iterator: Iterator[Any]) -> Any:
            batches = list(itertools.islice(iterator, most))
            if not batches:
                raise StopIteration
            # Filled up to one shape; the loop ends before what is only filling.
            filling = [batches[-1]] * (most - len(batches))
            return compiled(state, batches + filling, len(batches))

        return call

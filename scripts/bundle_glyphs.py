"""Make the encoder of drawn glyphs that ships with siam from a run trained on Omniglot.

    siam train images_background.zip --name glyphs --size 40 --epochs 5 \\
        --classes-from alphabet/character
    siam train images_background.zip --from glyphs --name further --epochs 4 \\
        --classes-from alphabet/character
    python scripts/bundle_glyphs.py further runs/bundled/glyphs.siam

In 8 bits, with the figures of its test drawings, and calibrated for galleries of one drawing of
each sign: by episodes of 20 characters of one alphabet and of 5 of any, of validation drawings.
Its index is empty: who asks for it fills it (siam index add FOLDER --encoder glyphs).
"""

from __future__ import annotations

import shutil
from pathlib import Path

from bundle_digits import fill, judge, main

from siam.atomic import write_json
from siam.engine.open_run import OpenRun
from siam.evaluation.calibration import read_calibration, write_calibration
from siam.evaluation.episode_calibration import calibrate_episodes
from siam.evaluation.episodes import draw_trials
from siam.index.gallery import Gallery
from siam.run_files import CALIBRATION_FILE, INDEX_FOLDER, METRICS_FILE
from siam.runs.held_out import load_held_out
from siam.siamese.encoder import open_encoder
from siam.untrusted import read_json

TRIALS = 400


def finish_glyphs(folder: Path, run: OpenRun) -> None:
    """Judge the encoder by all of the run's drawings, calibrate it for few, and keep none."""
    fill(folder, run, run.gallery.select("split=train"))
    judge(folder, run)
    metrics = read_json(folder / METRICS_FILE, dict, most=1 << 26)
    write_json(folder / METRICS_FILE, metrics | {"classes": []})  # a thousand lines of one drawing
    encoder = open_encoder(folder)
    validation, _ = load_held_out(run.path, classes=len(run.config.classes))
    labels, groups = validation.labels, run.config.groups
    trials = draw_trials(labels, ways=20, shots=1, trials=TRIALS, seed=0, groups=groups)
    trials += draw_trials(labels, ways=5, shots=1, trials=4 * TRIALS, seed=1)
    whole = read_calibration(folder / CALIBRATION_FILE)
    calibration = calibrate_episodes(whole, encoder.encode(validation.pictures), trials)
    write_calibration(folder / CALIBRATION_FILE, calibration)
    shutil.rmtree(folder / INDEX_FOLDER)
    Gallery.create(folder / INDEX_FOLDER, dim=encoder.dim, encoder_hash=encoder.hash).close()


if __name__ == "__main__":
    main(str(__doc__), "omniglot", finish_glyphs)

"""Every kind of picture of a digit that the tests and the benchmark draw, by name.

A kind's place gives its random numbers: new kinds go to the end of their list.
"""

from __future__ import annotations

from rendering import (
    additions,
    apps,
    desks,
    drawings,
    everyday,
    mishaps,
    papers,
    scans,
    sheets,
    surroundings,
)
from rendering.writing import Scene

KINDS: dict[str, Scene] = {
    scene.__name__: scene
    for scene in (
        drawings.paint_thick, drawings.paint_very_thick, drawings.paint_thin,
        drawings.paint_coloured, drawings.dark_mode, drawings.transparent, drawings.tiny,
        drawings.tight, drawings.at_border, drawings.far_off, drawings.screenshot,
        drawings.bad_jpeg, drawings.odd_modes, scans.scanned, scans.scanned_black_white,
        scans.specked, scans.broken_line, sheets.photo_pen, sheets.photo_marker,
        sheets.photo_pencil, sheets.photo_shadow, sheets.photo_ruled, sheets.photo_squared,
        surroundings.photo_table, surroundings.photo_edge, sheets.photo_coloured_paper,
        sheets.photo_chalkboard, sheets.photo_whiteboard, sheets.photo_dim, sheets.photo_blurred,
        sheets.photo_creased, sheets.photo_exif, sheets.photo_large, sheets.photo_small_in_large,
        scans.low_contrast, scans.crayon, surroundings.boxed, drawings.enlarged,
        surroundings.photo_note, surroundings.photo_finger, sheets.photo_dotted,
        sheets.photo_thumbnail,
        apps.paint_pencil, apps.finger_app, apps.finger_app_bars, apps.window, apps.same_lightness,
        apps.sprayed, apps.glowing, apps.pen_tool, apps.fake_transparent, papers.recycled_pencil,
        papers.squared_askew, papers.millimetre, papers.legal_pad, papers.cardboard,
        papers.black_paper, papers.whiteboard, papers.dusty_chalk, papers.stamped,
        papers.screen_photo, papers.page_scan, mishaps.cut_from_a_row, mishaps.pencil_beside,
        mishaps.thumb_in_corner, mishaps.vignetted, mishaps.flashed, mishaps.shining_through,
        mishaps.form_box, mishaps.halftone, mishaps.jpeg_ten, mishaps.deep_scan, mishaps.everything,
        desks.spiral_pad, desks.patterned_cloth, desks.scanner_lid, desks.print_nearby,
        desks.keyboard_edge, desks.telephone_crop, everyday.faint_pencil, everyday.fat_marker,
        everyday.tilted, everyday.sheet_turned, everyday.sticker, everyday.highlighter,
        everyday.crumpled, everyday.blinds, everyday.napkin, everyday.on_newsprint,
        everyday.receipt, additions.underlined, additions.circled, additions.captioned,
        additions.letterboxed, additions.sides_swapped,
    )
}  # fmt: skip

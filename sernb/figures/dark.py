"""A drawn figure in the colours of a dark page: what was ink turns light, what carries data keeps its hue."""

import colorsys

import numpy as np
from matplotlib.artist import Artist
from matplotlib.collections import Collection, QuadMesh
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Annotation, Text
from matplotlib.typing import ColorType

GREY = 0.12  # difference of the largest and smallest of red, green and blue up to which a colour is a grey
DARKEST, LIGHTEST = 0.09, 0.9  # lightness of the dark page and of what is written on it


def darken(figure: Figure) -> None:
    """Recolour a figure that has been drawn once, for a transparent background over a dark page.

    Text on a light patch or on a coloured map keeps its colour, and the patch with it.
    """
    under = {text: _ground(text) for text in figure.findobj(Text)}
    kept = {id(ground) for ground in under.values() if ground is not None}
    for artist in figure.findobj():
        if isinstance(artist, Line2D | Patch | Collection) and id(artist) not in kept:
            _recolour(artist)
    for text, ground in under.items():
        if ground is None:
            text.set_color(_ink(text.get_color()))
        box = text.get_bbox_patch()
        if box is not None and box is not ground:
            _recolour(box)
        if isinstance(text, Annotation) and text.arrow_patch is not None:
            _recolour(text.arrow_patch)


def _ground(text: Text) -> Artist | None:
    """What a text is written on, if not on the page: its own box, a coloured map, or a patch of its axes."""
    box = text.get_bbox_patch()
    if box is not None and _filled(box) and not _white(box.get_facecolor()):
        return box
    axes = text.axes
    if axes is None or text not in axes.texts or not text.get_text().strip():
        return None
    maps = [*axes.images, *(one for one in axes.collections if isinstance(one, QuadMesh))]
    if maps:
        return maps[0]
    extent = text.get_window_extent()
    middle = ((extent.x0 + extent.x1) / 2, (extent.y0 + extent.y1) / 2)
    patches = [patch for patch in axes.patches if _filled(patch) and not _white(patch.get_facecolor())]
    return next((patch for patch in reversed(patches) if patch.contains_point(middle)), None)


def _filled(patch: Patch) -> bool:
    return patch.get_visible() and patch.get_fill() and to_rgba(patch.get_facecolor())[3] > 0.3


def _white(colour: ColorType) -> bool:
    return min(to_rgba(colour)[:3]) > 0.97


def _recolour(artist: Line2D | Patch | Collection) -> None:
    if isinstance(artist, Line2D):
        line, face, edge = artist.get_color(), artist.get_markerfacecolor(), artist.get_markeredgecolor()
        artist.set_color(_ink(line))
        artist.set_markerfacecolor(_ink(face))  # a point is ink, and paper where it is white
        artist.set_markeredgecolor(_ink(edge))
    elif isinstance(artist, Patch):
        face, edge = artist.get_facecolor(), artist.get_edgecolor()
        artist.set_facecolor(_face(face))
        artist.set_edgecolor(_ink(edge))
    else:
        faces, edges = artist.get_facecolor(), artist.get_edgecolor()
        if artist.get_array() is None:  # else a map of colours says what it means
            artist.set_facecolor([_face(face) for face in np.atleast_2d(faces)] if len(faces) else "none")
        if len(edges) and not np.array_equal(faces, edges):
            artist.set_edgecolor([_ink(edge) for edge in np.atleast_2d(edges)])


def _ink(colour) -> tuple | str:
    """Of lines and letters: greys change places, dark hues get lighter."""
    return _turned(colour, lambda light, grey: LIGHTEST - (LIGHTEST - DARKEST) * light if grey else max(light, 0.6))


def _face(colour) -> tuple | str:
    """Of areas: what is as light as paper gets dark, what is as dark as ink gets light."""

    def lightness(light: float, grey: bool) -> float:
        if light > 0.8:
            return max(DARKEST, 1 - light)
        return max(light, 0.5) if light < 0.4 else light

    return _turned(colour, lightness)


def _turned(colour, lightness) -> tuple | str:
    if isinstance(colour, str) and colour.lower() == "none":
        return colour
    *rgb, alpha = to_rgba(colour)
    hue, light, saturation = colorsys.rgb_to_hls(*rgb)
    return (*colorsys.hls_to_rgb(hue, lightness(light, max(rgb) - min(rgb) < GREY), saturation), alpha)

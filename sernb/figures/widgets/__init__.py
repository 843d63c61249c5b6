"""Pictures that a reader of the built book moves by hand: data and a still picture here, scripts in the book's pages.

Each is plain JavaScript in `book/_static/widgets/`, one file a picture and one for what they share. It computes what it
shows from data that lies in the page: no server, no network. Where scripts are off, or the page is a bare notebook, the
still picture stays.
"""

from sernb.figures.widgets.augmentation import augmentation
from sernb.figures.widgets.pull import pull_and_push
from sernb.figures.widgets.redraw import redraw
from sernb.figures.widgets.results import results
from sernb.figures.widgets.shift import shift
from sernb.figures.widgets.wrong_names import wrong_names

__all__ = ["augmentation", "pull_and_push", "redraw", "results", "shift", "wrong_names"]

"""Code as chapters show it: the same code, less its docstring."""

import ast
import inspect
import textwrap

import pytest

from sernb.book.source import source
from sernb.losses.byol_loss import regression_loss
from sernb.losses.ntxent import SpeakerNTXent
from sernb.models.byol_networks import Follower
from sernb.training.contrastive import train_stage2


@pytest.mark.parametrize(
    "function", [regression_loss, Follower.follow, train_stage2, SpeakerNTXent._compute_loss], ids=lambda f: f.__name__
)
def test_what_is_shown_is_the_code_without_its_docstring(function):
    (whole,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    (shown,) = ast.parse(source(function).data).body
    assert ast.get_docstring(shown) is None
    kept = whole.body[1:] if ast.get_docstring(whole) else whole.body
    assert [ast.dump(line) for line in shown.body] == [ast.dump(line) for line in kept]


def test_several_functions_stand_one_below_the_other():
    both = ast.parse(source(regression_loss, Follower.follow).data).body
    assert [one.name for one in both] == ["regression_loss", "follow"]

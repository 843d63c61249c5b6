"""Movable pictures on a page that is opened from a folder, in a browser, and what they are made of."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from browsing import SIZES, Visitor
from stored import answers

import sernb
from sernb.figures import widgets
from sernb.figures.widgets.augmentation import vowel
from sernb.labels import EMOTIONS

SCRIPTS = Path(sernb.__file__).parents[1] / "book" / "_static" / "widgets"


@pytest.fixture(scope="module")
def frozen():
    """Embeddings in which a language lies beside English, so that own statistics win it back."""
    generator = np.random.default_rng(0)
    clips = pd.DataFrame(
        [
            {"corpus": language, "language": language, "speaker": f"{language}/{number % 10}", "emotion": emotion}
            for language in ("en", "ur", "de")
            for number in range(20)
            for emotion in EMOTIONS
        ]
    )
    clips["gender"], clips["fold"] = "female", clips["speaker"].str[3:].astype(int) % 5
    clips["utterance_id"] = [f"{language}/{number}" for number, language in enumerate(clips["language"])]
    vectors = 1.5 * pd.get_dummies(clips["emotion"]).to_numpy(float) @ generator.normal(size=(4, 12))
    vectors += generator.normal(0, 0.8, vectors.shape)
    vectors[(clips["language"] == "ur").to_numpy()] += generator.normal(0, 2, 12)
    return clips, vectors.astype(np.float32)


@pytest.fixture(scope="module")
def tables():
    """Predictions of two methods: three trainings, eight speakers, two languages."""
    generator = np.random.default_rng(0)
    return {
        method: pd.concat(
            [
                answers(generator, right, language=language, corpus=corpus).assign(seed=seed, run=f"{method}-{seed}")
                for seed in range(3)
                for language, corpus in (("ur", "urdu"), ("de", "emodb"))
            ],
            ignore_index=True,
        )
        for method, right in (("baseline", 0.5), ("contrastive", 0.7))
    }


@pytest.fixture(scope="module")
def one_run(tables):
    """Predictions of one training, and embeddings in which its clips' emotions lie apart."""
    judged = tables["baseline"].query("seed == 0")
    generator = np.random.default_rng(1)
    vectors = pd.get_dummies(judged["emotion"]).to_numpy(float) @ generator.normal(size=(4, 12))
    vectors += generator.normal(0, 0.8, vectors.shape)
    return judged, pd.DataFrame(vectors, index=judged["utterance_id"])


@pytest.fixture(scope="module")
def every(frozen, tables, one_run):
    """One of each kind, by its script."""
    made = [
        widgets.augmentation(vowel(120), vowel(200), words="a vowel"),
        widgets.shift(*frozen, "ur"),
        widgets.pull_and_push(),
        widgets.redraw(tables, "ur", resamples=2000),
        widgets.results(tables, "ur"),
        widgets.wrong_names(*one_run, "ur"),
    ]
    return {one.name: one for one in made}


@pytest.fixture
def lay(tmp_path):
    """Write a page of widgets into a book's folder; returns its address there."""

    def write(*shown, wrap: str = "{}") -> str:
        shutil.copytree(SCRIPTS, tmp_path / "_static" / "widgets")
        (tmp_path / "book").mkdir()
        page = tmp_path / "book" / "page.html"
        body = "".join(wrap.format(one._repr_html_()) for one in shown)
        style = "<style>.sernb-figure {margin: 0} .sernb-figure img {max-width: 100%}</style>"
        page.write_text(
            f'<!doctype html><html lang="en" data-content_root="../"><head><title>Page</title>'
            f'<meta charset="utf-8"><meta name="viewport" content="width=device-width">{style}</head>'
            f"<body><main><h1>Page</h1>{body}</main></body></html>"
        )
        return page.as_uri()

    return write


@pytest.fixture
def opened(browser, lay):
    """Open a page of widgets and wait until they live; complaints end the test."""
    contexts, visitors = [], []

    def go(*shown, wrap: str = "{}", size: str = "desktop", **options):
        contexts.append(browser.new_context(viewport=SIZES[size], **options))
        visitors.append(Visitor(contexts[-1].new_page()))
        page = visitors[-1].open(lay(*shown, wrap=wrap))
        page.wait_for_function("n => document.querySelectorAll('.sernb-live').length == n", arg=len(shown))
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return page

    yield go
    for context in contexts:
        context.close()
    assert [what for visitor in visitors for what in visitor.complaints] == []


@pytest.fixture
def figure():
    """A figure of the read-out, by its name: figure(page, "macro_f1")."""
    return lambda page, name: page.locator(f'[data-figure="{name}"]').first.inner_text()

"""Every corpus the package can read."""

import pandas as pd

from sernb.corpora import (
    aesdd,
    audformat,
    audiofolder,
    banglaser,
    cafe,
    commonvoice,
    cremad,
    demo,
    emodb,
    hfparquet,
    iemocap,
    msppodcast,
    openslr,
    plaincsv,
    ravdess,
    savee,
    subesco,
    tess,
    urdu,
)
from sernb.corpora.base import Corpus
from sernb.languages import language_name

CORPORA: dict[str, Corpus] = {
    module.CORPUS.name: module.CORPUS
    for module in (
        aesdd,
        banglaser,
        cafe,
        commonvoice,
        cremad,
        demo,
        emodb,
        iemocap,
        msppodcast,
        openslr,
        ravdess,
        savee,
        subesco,
        tess,
        urdu,
        audformat,
        audiofolder,
        hfparquet,
        plaincsv,
    )
}


def known_corpora() -> pd.DataFrame:
    """Every corpus for a reader: columns corpus, languages, speakers, licence."""
    return pd.DataFrame(
        {
            "corpus": corpus.title,
            "languages": ", ".join(map(language_name, corpus.languages)) or "any",
            "speakers": corpus.speakers or "varies",
            "licence": corpus.licence,
        }
        for corpus in CORPORA.values()
    )

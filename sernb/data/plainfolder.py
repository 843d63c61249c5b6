"""A folder of audio that nobody described: clips without speakers, labels or a language of their own."""

import os
from collections import Counter
from pathlib import Path

from sernb.corpora.base import audio_names
from sernb.data.inspection import check_all
from sernb.data.manifest import MANIFEST, REJECTED, Harmonized
from sernb.data.rules import RULES, Rules, broken_rules


def plain_folder(
    root: Path, language: str = "und", cache: Path | None = None, progress: bool = True, rules: Rules = RULES
) -> Harmonized:
    """Every audio file below a folder as a clip whose speaker nobody knows; all of them are in one fold.

    Args:
        root: the folder; its name becomes the corpus's.
        language: ISO 639-1 code.
        cache: as in `harmonize`.
        progress: show a progress bar.
        rules: which clips are kept.

    Raises:
        FileNotFoundError: no audio file lies there.
    """
    root = Path(os.path.abspath(root))
    names = audio_names(root)
    if not names:
        raise FileNotFoundError(f"{root} holds no audio file; give a folder of recordings")
    checks = check_all(names, cache, progress)
    checks["problem"] = checks["problem"].fillna(broken_rules(checks.assign(source_label=None), rules))
    checks.loc[checks["audio_hash"].notna() & checks.duplicated("audio_hash"), "problem"] = "the same audio as another"
    relative = [os.path.relpath(name, root) for name in names]
    stems = [os.path.splitext(name)[0] for name in relative]
    count = Counter(stems)
    # a.wav and a.mp3 lie side by side: both keep their endings
    unique = [name if count[stem] > 1 else stem for name, stem in zip(relative, stems, strict=True)]
    checks["utterance_id"] = [f"{root.name}/{name}" for name in unique]
    checks = checks.assign(corpus=root.name, language=language, fold=0)
    kept = checks[checks["problem"].isna()].reindex(columns=list(MANIFEST.columns)).reset_index(drop=True)
    refused = checks[checks["problem"].notna()].assign(source_label=None).rename(columns={"problem": "reason"})
    return Harmonized(
        MANIFEST.validate(kept), REJECTED.validate(refused[list(REJECTED.columns)].reset_index(drop=True))
    )

"""From folders of clips to one table that can be trusted: decoding, inspection, manifest, folds, audit."""

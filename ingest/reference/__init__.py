"""Annotation files of a study: manifests, probe masks, genes, gene sets, networks."""

"""Ids of probes and genes, to tell features from samples."""

from __future__ import annotations

import re

#: Illumina's methylation probes (cg, ch, rs, nv and controls), EPIC v2's suffix included.
_PROBE = re.compile(
    r"(cg\d{6,}|ch\.[0-9XYM]+\.\d+[FR]?|rs\d{3,}|nv-\S+|ctl_\S+)(_[TB][CO]\d+)?", re.IGNORECASE
)
_ENSEMBL = re.compile(r"ENS[A-Z]{0,6}[GT]\d{11}(\.\d+)?(_PAR_Y)?")

_TRANSCRIPT = re.compile(r"(ENS[A-Z]{0,6}T\d{11}|[NX][MR]_\d{6,})(\.\d+)?(_PAR_Y)?(\||$)")


def is_probe_id(text: str) -> bool:
    """Whether a name is that of a methylation probe (`cg00000029`, `ch.1.11552R`, `rs10033147`)."""
    return _PROBE.fullmatch(text.strip()) is not None


def is_transcript_id(text: str) -> bool:
    """Whether a name is that of an Ensembl or RefSeq transcript, whatever stands behind a bar."""
    return _TRANSCRIPT.match(text.strip()) is not None


def is_feature_id(text: str) -> bool:
    """Whether a name is that of a methylation probe or an Ensembl gene or transcript."""
    return is_probe_id(text) or _ENSEMBL.fullmatch(text.strip()) is not None

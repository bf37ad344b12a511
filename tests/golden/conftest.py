"""The real data, loaded once."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.support.real_data import Grams, r_table, read_table


@pytest.fixture(scope="session")
def grams(shared_data: Path) -> Grams:
    folder = shared_data / "grams_cd8_rna"
    table = pl.read_csv(folder / "gene_counts.tsv.gz", separator="\t")
    samples = table.columns[1:]
    counts = table.select(pl.exclude("gene_name").cast(pl.Float64)).to_numpy()
    sheet = pl.DataFrame({"sample_id": samples}).join(
        read_table(folder / "samples.csv"), on="sample_id", how="left", maintain_order="left"
    )
    tmm = r_table(folder / "expected" / "tmm.csv.gz")
    assert tmm.features == samples
    library = counts.sum(axis=0) * tmm["norm_factor"]
    prior = 2.0 * library / library.mean()
    log_cpm = np.log2((counts + prior) / (library + 2.0 * prior) * 1e6)
    chosen = ((sheet["group"] != "HC") & (sheet["state"] == "Resting")).to_numpy()
    assert chosen.sum() == 60
    return Grams(
        counts=counts[:, chosen],
        features=table["gene_name"].to_list(),
        effective_library=library[chosen],
        log_cpm=log_cpm[:, chosen],
        sheet=sheet.filter(chosen),
        folder=folder / "expected",
        meta=json.loads((folder / "expected" / "meta.json").read_text()),
    )

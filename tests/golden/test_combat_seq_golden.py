"""ComBat-seq on the real counts against R's sva 3.46, 400 of 13,456 genes written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from analyses.stats.batch.combat_seq import GeneStatus, combat_seq
from tests.support.real_data import r_table, read_table


@pytest.mark.slow
def test_real_counts_with_what_the_study_keeps(shared_data: Path) -> None:
    folder = shared_data / "grams_cd8_rna"
    table = pl.read_csv(folder / "gene_counts.tsv.gz", separator="\t")
    samples = table.columns[1:]
    counts = table.select(pl.exclude("gene_name").cast(pl.Float64)).to_numpy()
    sheet = pl.DataFrame({"sample_id": samples}).join(
        read_table(folder / "samples.csv"), on="sample_id", how="left", maintain_order="left"
    )
    cell = (sheet["group"] + "." + sheet["timepoint"]).to_numpy()
    keep = np.column_stack(
        [cell[:, None] == np.unique(cell)[None, 1:], sheet["state"].to_numpy() == "Resting"]
    )
    found = combat_seq(counts, sheet["library_batch"].to_list(), keep.astype(float))

    expected = r_table(folder / "expected" / "combat_seq_400genes.csv.gz")
    row = {gene: i for i, gene in enumerate(table["gene_name"].to_list())}
    wanted = np.column_stack([expected[s] for s in samples])
    ours = found.counts[[row[gene] for gene in expected.features]]
    off = np.abs(ours - wanted)
    assert wanted.shape == (400, 84)
    assert (off == 0).mean() > 0.997
    assert (off <= np.maximum(1.0, 0.001 * wanted)).all()

    assert found.n_by_status() == {GeneStatus.ADJUSTED: 13456}
    assert found.own_dispersion == (True, False)  # batch B lacks HC.NP, HP.1st and HP.PP
    np.testing.assert_allclose(found.common_dispersion, [0.10401225, 0.14743294], rtol=2e-5)
    assert found.n_capped == 0
    assert 0.35 < found.n_rounded / counts.size < 0.39
    np.testing.assert_array_equal(found.counts == 0, np.rint(counts) == 0)

"""Pre-ranked GSEA: cohortmart against gseapy, the same 501 gene sets and 1,000 permutations.

Usage: python benchmarks/gsea.py [PYTHON]
PYTHON: the interpreter of an environment that has gseapy; without one only our time is printed.
Needs the real data (COHORTMART_TEST_DATA, default ../shared/data): t of 13,456 genes, KEGG and an
even pick of MSigDB. Each side runs alone, on one thread, then two; on a busy machine the seconds
of processor time say more than those of the clock.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("COHORTMART_TEST_DATA", ROOT / ".." / "shared" / "data")).resolve()
N_SETS = 501
PERMUTATIONS = 1000
TARGET = 10.0

GSEAPY = """
import json, logging, sys, time
import gseapy, pandas as pd
logging.disable(logging.CRITICAL)
given = json.load(sys.stdin)
ranking = pd.DataFrame({"gene": given["genes"], "t": given["t"]})
began, used = time.perf_counter(), time.process_time()
found = gseapy.prerank(
    rnk=ranking, gene_sets=given["sets"], ascending=None, min_size=1, max_size=10**6, seed=1,
    permutation_num=given["permutations"], threads=given["threads"], outdir=None, no_plot=True,
).res2d
json.dump({
    "seconds": time.perf_counter() - began, "processor": time.process_time() - used,
    "version": gseapy.__version__, "score": dict(zip(found["Term"], map(float, found["ES"]))),
}, sys.stdout)
"""


def gene_sets(file: str, universe: set[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield the sets of a GMT file that have 10 to 500 genes of the universe."""
    text = gzip.decompress((DATA / "genesets" / file).read_bytes()).decode()
    for line in text.splitlines():
        name, _, *genes = line.split("\t")
        inside = sorted(universe & set(genes))
        if 10 <= len(inside) <= 500:
            yield name, inside


def inputs() -> tuple[list[str], np.ndarray, dict[str, list[str]]]:
    """Genes from the highest t to the lowest, their t, and the sets."""
    file = DATA / "grams_cd8_rna" / "expected" / "voom_exact_HP_3rd-1st.csv.gz"
    table = pl.read_csv(file).sort("t", "feature_id", descending=[True, False])
    genes = table["feature_id"].to_list()
    sets = dict(gene_sets("kegg_2011.gmt.gz", set(genes)))
    wanted = N_SETS - len(sets)
    more = list(gene_sets("msigdb_champ.gmt.gz", set(genes)))
    return genes, table["t"].to_numpy(), sets | dict(more[:: len(more) // wanted][:wanted])


def ours(t: np.ndarray, genes: list[str], sets: dict[str, list[str]], threads: int):
    """Scores, seconds by the clock and seconds of processor time."""
    os.environ["OMP_NUM_THREADS"] = str(threads)
    from analyses.stats.gene_sets.gsea import preranked
    from analyses.stats.gene_sets.membership import membership

    place = {gene: i for i, gene in enumerate(genes)}
    rows = np.repeat(np.arange(len(sets)), [len(members) for members in sets.values()])
    members = np.array([place[gene] for some in sets.values() for gene in some])
    began, used = time.perf_counter(), time.process_time()
    found = preranked(t, membership(rows, members, len(sets), len(genes)), PERMUTATIONS)
    seconds = time.perf_counter() - began, time.process_time() - used
    return found.enrichment_score, *seconds


def main() -> int:
    if not DATA.is_dir():
        print(f"no data at {DATA}: nothing timed")
        return 0
    genes, t, sets = inputs()
    sizes = [len(members) for members in sets.values()]
    print(
        f"{len(sets)} sets of {min(sizes)} to {max(sizes)} genes ({len(set(sizes))} sizes), "
        f"{len(genes):,} genes, {PERMUTATIONS:,} permutations; seconds by clock (processor)"
    )
    for threads in (1, 2):
        score, seconds, processor = ours(t, genes, sets, threads)
        print(
            f"{threads} thread{'s' * (threads > 1)}\n"
            f"  cohortmart    {seconds:8.2f} ({processor:.2f})  target at most {TARGET:.0f}"
        )
        if len(sys.argv) < 2:
            continue
        given = {"genes": genes, "t": t.tolist(), "sets": sets, "threads": threads}
        done = subprocess.run(
            [sys.argv[1], "-c", GSEAPY], capture_output=True, text=True, check=False,
            input=json.dumps(given | {"permutations": PERMUTATIONS}),
        )  # fmt: skip
        if done.returncode != 0:
            print(f"  gseapy        could not run: {done.stderr.strip().splitlines()[-1]}")
            continue
        other = json.loads(done.stdout)
        faster = other["seconds"] / seconds, other["processor"] / processor
        apart = np.abs(score - [other["score"][name] for name in sets]).max()
        print(
            f"  gseapy {other['version']:<6} {other['seconds']:8.2f} ({other['processor']:.2f})\n"
            f"  ratio         {faster[0]:8.1f} ({faster[1]:.1f})"
            f"  scores differ by at most {apart:.1e}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())

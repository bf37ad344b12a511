# Makes voom_rounds.csv: two rounds of voom and weights of samples on the study's RNA-seq.
# Usage: Rscript voom_rounds.R FOLDER > voom_rounds.csv   (FOLDER: grams_cd8_rna of the real data;
# R 4.2.2, limma 3.54.1, edgeR 3.40.2; some minutes). Weights of samples
# given voom's are of every 150th gene. With every 60th R's rounds swing between two answers, or
# stop early, and ours lies between.
suppressMessages({library(limma); library(edgeR)})
src <- commandArgs(TRUE)[1]
count <- as.matrix(read.delim(gzfile(file.path(src, "gene_counts.tsv.gz")), row.names = 1,
                              check.names = FALSE))
all <- read.csv(file.path(src, "samples.csv")); md <- all[match(colnames(count), all$sample_id), ]
y <- calcNormFactors(DGEList(count)); k <- md$timepoint != "NP" & md$state == "Resting"
y <- y[, k]; m <- md[k, ]; m$grp <- paste(m$group, m$timepoint, sep = ".")
d <- model.matrix(~ 0 + grp + proportion_memory + cell_viability + age, m)
cat("quantity,gene,sample,value\n")  # gene and sample by their number
put <- function(name, feature, sample, value)
  cat(sprintf("%s,%s,%s,%.12g\n", name, feature, sample, value), sep = "")
put_weights <- function(name, w, rows = seq(1, nrow(w), by = 20))
  for (i in rows) put(name, i, 1:60, w[i, ])
put_samples <- function(name, w) put(name, 0, 1:60, w)
# 300 rounds: settled, though not by limma's own measure, of which it would warn
some <- y[seq(1, nrow(y), by = 150), , keep.lib.sizes = TRUE]
reml <- function(v) suppressWarnings(
  arrayWeights(v, d, method = "reml", maxiter = 300, tol = 1e-20))
quality <- function(...) suppressWarnings(
  voomWithQualityWeights(some, d, method = "reml", maxiter = 300, tol = 1e-20, ...))

first <- voom(y, d)
rho <- duplicateCorrelation(first, d, block = m$subject)$consensus
second <- voom(y, d, block = m$subject, correlation = rho)
again <- duplicateCorrelation(second, d, block = m$subject)$consensus
put("consensus_first", 0, 0, rho); put("consensus_second", 0, 0, again)
put_weights("weights_second", second$weights, seq(1, nrow(y), by = 3000))
put_samples("array_weights_log_cpm", reml(cpm(y, log = TRUE)))
put_samples("array_weights_voom", reml(voom(some, d)))
q <- quality()
put_samples("quality", q$targets$sample.weights)
put_weights("weights_quality", q$weights)
q <- quality(block = m$subject, correlation = rho)
put_samples("quality_second", q$targets$sample.weights)
put_weights("weights_quality_second", q$weights)

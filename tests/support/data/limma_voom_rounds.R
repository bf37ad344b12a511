# Makes limma_voom_rounds.csv: voom with a block, with weights of samples, and with both.
# Usage: Rscript limma_voom_rounds.R > limma_voom_rounds.csv   (R 4.2.2, limma 3.54.1)
# The counts are made by arithmetic, the same in test_voom_rounds.py.
suppressMessages(library(limma))
G <- 120; n <- 12
g <- matrix(1:G, G, n); s <- matrix(1:n, G, n, byrow = TRUE)
noise <- qnorm((((g * 7919 + s * 104729 + g * g * s * 31) %% 1009) + 0.5) / 1009)
person <- (s + 1) %/% 2
shared <- qnorm((((g * 6133 + person * 50021 + g * g * person * 17) %% 1013) + 0.5) / 1013)
size <- 1 + (g * 29) %% 83 / 14
counts <- round(exp(size + 0.3 * noise * ifelse(s %% 5 == 0, 2.5, 1) + 0.3 * shared))
counts[5, ] <- 0
design <- cbind(1, rep(0:1, 6)); colnames(design) <- c("mean", "after")
lib <- colSums(counts); block <- person[1, ]
cat("case,gene,sample,value\n")
put <- function(name, w, rows = c(1, 5, 17, 60, 118)) {
  for (i in rows) for (j in 1:n) cat(name, i, j, sprintf("%.12g\n", w[i, j]), sep = ",")
}
voomed <- function(...) voom(counts, design, lib.size = lib, ...)
put("block", voomed(block = block, correlation = 0.4)$weights)
put("weights", voomed(weights = 1:n / 6)$weights)
put("span", voomed(span = 0.8)$weights)
put("span_adaptive", voomed(span = 0.3 + 0.7 * (50 / G)^(1 / 3))$weights)
put("both", voomed(block = block, correlation = 0.4, weights = 1:n / 6)$weights)
quality <- function(...) voomWithQualityWeights(counts, design, lib.size = lib, method = "reml",
                                                maxiter = 5000, tol = 1e-24, ...)
q <- quality()
put("quality", q$weights)
put("quality_sample", t(q$targets$sample.weights), 1)
q <- quality(block = block, correlation = 0.4)
put("quality_block", q$weights)
put("quality_block_sample", t(q$targets$sample.weights), 1)

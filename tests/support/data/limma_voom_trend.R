# Makes limma_voom_trend.csv: the points and the line of voom's mean-variance trend.
# Usage: Rscript limma_voom_trend.R > limma_voom_trend.csv   (R 4.2.2, limma 3.54.1)
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
rownames(counts) <- 1:G
design <- cbind(1, rep(0:1, 6))
cat("case,gene,mean_log2_count,sqrt_sd,trend\n")
put <- function(name, ...) {
  made <- voom(counts, design, lib.size = colSums(counts), save.plot = TRUE, ...)
  at <- made$voom.xy
  line <- approx(made$voom.line, xout = at$x, ties = list("ordered", mean))$y
  for (i in seq(1, length(at$x), 7)) {
    cat(name, names(at$x)[i], sprintf("%.12g", c(at$x[i], at$y[i], line[i])), sep = ",")
    cat("\n")
  }
}
put("plain")
put("both", block = person[1, ], correlation = 0.4, weights = 1:n / 6)

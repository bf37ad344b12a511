# Makes limma_array_weights.csv: weights of samples, solved to the end, of a small matrix.
# Usage: Rscript limma_array_weights.R > limma_array_weights.csv   (R 4.2.2, limma 3.54.1)
# The values are made by arithmetic, the same in test_array_weights.py.
suppressMessages(library(limma))
G <- 90; n <- 10
g <- matrix(1:G, G, n); s <- matrix(1:n, G, n, byrow = TRUE)
noise <- qnorm((((g * 7919 + s * 104729 + g * g * s * 31) %% 1009) + 0.5) / 1009)
y <- 7 + noise * exp(((g * 17) %% 23 - 11) / 12) * exp(((s * 7) %% 11 - 5) / 8)
prior <- exp((((g * 13 + s * 29) %% 19) - 9) / 9)
design <- cbind(1, rep(0:1, 5), ((1:n) * 3) %% 7)
holes <- y; holes[(g + 3 * s) %% 29 == 0] <- NA
cat("case,prior_features,sample,weight\n")
run <- function(name, y, weights = NULL, prior.n = 10) {
  w <- suppressMessages(arrayWeights(y, design, weights = weights, prior.n = prior.n,
                                     method = "reml", maxiter = 5000, tol = 1e-24))
  for (j in 1:n) cat(name, prior.n, j, sprintf("%.12g\n", w[j]), sep = ",")
}
run("plain", y)
run("plain", y, prior.n = 60)
run("weighted", y, prior)
run("holes", holes)           # limma leaves the rows with missing values out
run("weighted_holes", holes, prior)

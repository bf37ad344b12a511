# Makes limma_block_correlation.csv: what duplicateCorrelation says of a small matrix with blocks of
# one to three samples, missing values, and features at the limits or without any information.
# Usage: Rscript limma_block_correlation.R > limma_block_correlation.csv  (R 4.2.2, limma 3.54.1)
# The values are made by arithmetic, the same in test_block_correlation_limma.py.
suppressMessages(library(limma))
block <- c(1, 1, 1, 2, 2, 3, 4, 4, 4, 5, 5, 6)
G <- 60; n <- 12
g <- matrix(1:G, G, n); s <- matrix(1:n, G, n, byrow = TRUE)
b <- matrix(block, G, n, byrow = TRUE)
noise <- qnorm((((g * 7919 + s * 104729 + g * g * s * 31) %% 1009) + 0.5) / 1009)
shared <- qnorm((((g * 6133 + b * 50021 + g * g * b * 17) %% 1013) + 0.5) / 1013)
y <- 5 + 0.8 * noise + 0.6 * shared
y[(g + 3 * s) %% 41 == 0] <- NA
y[2, ] <- 3 * shared[2, ] + noise[2, ] * 1e-3     # at the upper limit
y[3, ] <- noise[3, ] * 1e-3 + c(1, 0, -1, 1, -1, 0, 0, 1, -1, -1, 1, 0)  # at the lower one
y[4, 6:12] <- NA                                  # p + 3 values
y[5, 5:12] <- NA                                  # p + 2 values
y[6, c(2, 3, 5, 8, 9, 11)] <- NA                  # one sample a block
y[7, 4:12] <- NA                                  # one block
y[8, ] <- NA
design <- cbind(1, (1:n * 5) %% 7)
prior <- exp((((g * 13 + s * 29) %% 19) - 9) / 9)
cat("case,feature,atanh\n")
run <- function(name, ...) {
  f <- suppressWarnings(duplicateCorrelation(y, design, block = block, ...))
  for (i in 1:G) cat(name, i, sprintf("%.10g\n", f$atanh.correlations[i]), sep = ",")
  cat(name, 0, sprintf("%.10g\n", f$consensus), sep = ",")
}
run("plain"); run("weighted", weights = prior)

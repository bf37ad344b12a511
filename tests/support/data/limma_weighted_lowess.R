# Makes limma_weighted_lowess.csv: weightedLowess(iterations = 1), every 20th point.
# Usage: Rscript limma_weighted_lowess.R > limma_weighted_lowess.csv   (R 4.2.2, limma 3.54.1)
# The points are made by arithmetic, the same in test_weighted_lowess.py.
suppressMessages(library(limma))
cat("case,point,value\n")
put <- function(name, n, span, tied = FALSE) {
  i <- 1:n
  x <- sort((i * 37) %% 101 + 3 * sqrt(i) + ifelse(i > n - 3, 40, 0))
  if (tied) x <- floor(x / 3)
  y <- sin(x / 15) + ((i * 53) %% 29) / 29
  w <- 1 + (i * 11) %% 5 + i / 997
  fit <- weightedLowess(x, y, weights = w, span = span, iterations = 1)$fitted
  for (j in seq(1, n, 20)) cat(name, j, sprintf("%.15g\n", fit[j]), sep = ",")
}
put("plain", 200, 0.4)
put("tied", 200, 0.4, TRUE)
put("many", 900, 0.3)
put("whole", 200, 1)
put("few", 5, 1)

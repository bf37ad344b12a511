# Makes limma_genas.csv: what genas(subset = "all") says of two contrasts that share a group.
# Usage: Rscript limma_genas.R > limma_genas.csv   (R 4.2.2, limma 3.54.1)
suppressMessages(library(limma))
G <- 400; n <- 12
g <- matrix(1:G, G, n); s <- matrix(1:n, G, n, byrow = TRUE)
hashed <- function(i, j, k) qnorm((((i * 7919 + j * 104729 + i * i * j * k) %% 1009) + 0.5) / 1009)
noise <- hashed(g, s, 31) * exp(((g * 17) %% 23 - 11) / 12)
group <- rep(1:3, each = 4)
design <- outer(group, 1:3, "==") * 1
contrasts <- cbind(c(-1, 1, 0), c(0, -1, 1))  # a change, and the change that follows it
of_first <- hashed(1:G, 3, 17); of_second <- hashed(1:G, 8, 43)
cat("case,technical_r,v11,v12,v22,r,deviance,p_value,n\n")
run <- function(name, first, second, trend = FALSE, robust = FALSE) {
  y <- 5 + noise
  y[, 5:8] <- y[, 5:8] + first
  y[, 9:12] <- y[, 9:12] + first + second
  fit <- eBayes(contrasts.fit(lmFit(y, design), contrasts), trend = trend, robust = robust)
  found <- genas(fit, coef = c(1, 2), subset = "all")
  v <- found$covariance.matrix
  numbers <- c(found$technical.correlation, v[1, 1], v[1, 2], v[2, 2],
               found$biological.correlation, found$deviance, found$p.value, found$n)
  cat(name, sprintf("%.15g", numbers), sep = ",", fill = 400)
}
run("rebound", 2 * of_first, -1.5 * of_first + 0.8 * of_second)
run("together", of_first, 0.7 * of_first + 0.7 * of_second)
run("apart", 1.5 * of_first, 1.5 * of_second)
run("robust", 1.5 * of_first, -of_first + of_second, robust = TRUE)
run("trend", 1.5 * of_first, -of_first + of_second, trend = TRUE)

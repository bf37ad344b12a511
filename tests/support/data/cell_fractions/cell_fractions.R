# Reference, mixtures and their cell fractions: Rscript cell_fractions.R, in this folder.
suppressMessages({
  library(MASS)
  library(quadprog)
})
set.seed(20261201)
n_cpgs <- 120
types <- c("B", "CD4T", "CD8T", "NK", "Mono", "Neu")
profile <- sapply(types, function(type) {
  ifelse(runif(n_cpgs) < 0.5, rbeta(n_cpgs, 2, 14), rbeta(n_cpgs, 14, 2))
})
profile[, "CD8T"] <- 0.6 * profile[, "CD4T"] + 0.4 * profile[, "CD8T"] # two types much alike
profile <- round(profile, 4)
rownames(profile) <- sprintf("cg%08d", sort(sample(1e7, n_cpgs)))

n_samples <- 24
fractions <- t(replicate(n_samples, { g <- rgamma(6, c(1, 3, 2, 1, 2, 8) / 2); g / sum(g) }))
fractions[1, ] <- c(0, 0, 0, 0, 0, 1)
fractions[2, ] <- c(0.5, 0.5, 0, 0, 0, 0)
fractions[3:5, ] <- fractions[3:5, ] * c(0.4, 0.7, 0.9) # the rest are cells of no type
noise <- rep(c(0.01, 0.03, 0.1, 0), length.out = n_samples)
mixture <- profile %*% t(fractions) + sapply(noise, function(sd) rnorm(n_cpgs, 0, sd))
mixture[sample(length(mixture), 60)] <- runif(60) # outliers
mixture[, 6] <- pmin(1, mixture[, 6] * 1.6) # fractions that want to add up to more than 1
mixture <- round(pmin(pmax(mixture, 0), 1), 4)
mixture[cbind(sample(n_cpgs, 40), sample(7:12, 40, TRUE))] <- NA
colnames(mixture) <- sprintf("S%02d", 1:n_samples)

projection <- function(whole) {
  t(apply(mixture, 2, function(y) {
    kept <- !is.na(y)
    x <- profile[kept, ]
    constraints <- cbind(if (whole) 1 else -1, diag(6))
    solve.QP(crossprod(x), drop(crossprod(x, y[kept])), constraints,
             c(if (whole) 1 else -1, rep(0, 6)), meq = as.integer(whole))$solution
  }))
}
robust <- function() {
  t(apply(mixture, 2, function(y) {
    w <- rlm(y ~ profile, maxit = 50)$coefficients[-1]
    w[w < 0] <- 0
    w / sum(w)
  }))
}
found <- list(at_most_one = projection(FALSE), one = projection(TRUE), robust = robust())

if (requireNamespace("EpiDISH", quietly = TRUE)) { # samples without missing values
  whole <- colSums(is.na(mixture)) == 0
  epidish <- function(...) EpiDISH::epidish(mixture[, whole], profile, maxit = 50, ...)$estF
  print(max(abs(found$at_most_one[whole, ] - epidish(method = "CP", constraint = "inequality"))))
  print(max(abs(found$one[whole, ] - epidish(method = "CP", constraint = "equality"))))
  print(max(abs(found$robust[whole, ] - epidish(method = "RPC"))))
}

write.csv(profile, "reference.csv", quote = FALSE)
write.csv(mixture, "mixtures.csv", quote = FALSE, na = "")
rows <- do.call(rbind, lapply(names(found), function(solver) {
  f <- found[[solver]]
  data.frame(solver, sample = rep(colnames(mixture), 6), type = rep(types, each = n_samples),
             fraction = sprintf("%.15g", c(f)))
}))
write.csv(rows, "expected.csv", quote = FALSE, row.names = FALSE)
cat(R.version.string, "MASS", format(packageVersion("MASS")), "quadprog",
    format(packageVersion("quadprog")), "\n")

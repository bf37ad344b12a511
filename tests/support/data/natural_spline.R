# Natural splines in R 4.2.2: fitted values and F tests of curves by group, with given knots (some
# samples beyond the outer ones) and with df. Run as: Rscript natural_spline.R OUT.csv
library(splines)
set.seed(5)
n <- 48
g <- factor(rep(c("HP", "MS"), each = n / 2))
x <- round(runif(n, 6, 38), 1)
y <- round(sin(x / 6) + (g == "MS") * 0.04 * x + rnorm(n, sd = 0.4), 6)
given <- ns(x, knots = c(18, 26), Boundary.knots = c(10, 34))
by_df <- ns(x, df = 3)
one <- function(s) {
  full <- lm(y ~ 0 + g + g:s)
  flat <- lm(y ~ 0 + g)
  common <- lm(y ~ 0 + g + s)
  list(
    fitted = fitted(full), curve = anova(flat, full)[2, c("Df", "F", "Pr(>F)")],
    group_x_curve = anova(common, full)[2, c("Df", "F", "Pr(>F)")]
  )
}
a <- one(given)
b <- one(by_df)
numbers <- function(z) sprintf("%.16g", as.numeric(z))
# the three numbers of a test (df, F, P) stand in the first three rows
test <- function(z) c(numbers(z), rep("", n - 3))
out <- data.frame(
  x = x, g = g, y = y, fitted_knots = numbers(a$fitted), fitted_df = numbers(b$fitted),
  curve_knots = test(a$curve), group_x_curve_knots = test(a$group_x_curve),
  curve_df = test(b$curve), group_x_curve_df = test(b$group_x_curve)
)
write.csv(out, commandArgs(TRUE)[1], row.names = FALSE, quote = FALSE)

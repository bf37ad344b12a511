"""Lists of features: contingency tables, Fisher's test, hypergeometric tails."""

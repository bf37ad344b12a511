"""Two lists of features: contingency tables, Fisher, hypergeometric tails."""

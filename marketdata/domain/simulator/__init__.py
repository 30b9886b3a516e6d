"""A made-up market, the same from the same seed: shares with stochastic volatility and their option chains."""

"""How large a portfolio's risk is: tails of losses, stress, exposures, and how well the tails did."""

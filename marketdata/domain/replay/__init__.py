"""A recorded market, played back on the exchange's clock of its day."""

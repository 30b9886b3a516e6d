"""Interactive Brokers, by the socket API of TWS or IB Gateway."""

"""Which account, and so which broker, an order goes to, and why."""

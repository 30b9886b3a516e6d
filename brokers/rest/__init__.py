"""What the brokers that are reached by HTTP and asked for news have in common. No broker is named here."""

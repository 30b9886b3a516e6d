"""What a proposal says: its sentence, its payoff, its card. Pure."""

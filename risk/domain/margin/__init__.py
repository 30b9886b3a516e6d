"""What a broker would ask for, by the exchanges' own rules: an estimate, for the broker's figure rules."""

"""The paper broker: fills against real quotes, by rule and never by chance. Its books are its own."""

"""`detector pseudo-label`: labels that a model gives to pictures, worst first, for a person to accept or reject."""

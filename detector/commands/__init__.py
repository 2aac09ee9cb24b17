"""The verbs of the command line, by what they are for; heavy modules are imported inside them."""

"""What the comparing benchmarks share: trials that are trained once, and nested subsets of labelled photos."""

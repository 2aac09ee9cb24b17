"""One page with what a person looks at of runs and searches: fronts, curves, importances, pictures, failures."""

"""What is reported: scores of predictions against labels in NumPy; one file a head."""

"""Readers and writers of labelled pictures; the only place where other coordinate conventions occur."""

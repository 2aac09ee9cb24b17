"""Scenes that are drawn, with exact labels."""

"""From predictions to decisions: is it there, how close is it, since when; and how good that is on a clip."""

"""False regions taken out of painted clips: from a corrected frame on, what the object cannot be is discarded."""

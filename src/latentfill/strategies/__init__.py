"""From windows and vectors to estimates of the missing cells."""

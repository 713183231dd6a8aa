"""What every other folder speaks of: errors, settings, messages, files, series."""

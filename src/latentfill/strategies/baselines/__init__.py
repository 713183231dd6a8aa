"""Well-known simple imputers, all with the interface `Baseline`."""

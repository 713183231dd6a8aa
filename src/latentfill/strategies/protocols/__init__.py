"""The interfaces of strategies: baselines fill a whole series, all other strategies work window by window."""

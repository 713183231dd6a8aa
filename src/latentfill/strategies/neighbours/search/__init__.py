"""Search for the nearest keys: exact, or with an index on disk, built from a file of keys shard by shard."""

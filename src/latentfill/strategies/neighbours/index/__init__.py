"""An index of very many keys on disk: built from a file of keys, shard by shard, and searched memory-mapped."""

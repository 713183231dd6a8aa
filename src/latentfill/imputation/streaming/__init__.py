"""Tables that do not fit in memory: a model of some stretches of them fills them block by block."""

"""How good it is: hiding known cells, scoring the estimates, reporting."""

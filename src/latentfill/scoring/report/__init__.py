"""Reports for people: one page of HTML each."""

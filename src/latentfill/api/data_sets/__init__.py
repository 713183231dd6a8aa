"""Work on many series in parts: which series there are, what is done with those of a part, and which parts are done."""

from latentfill.core.errors import did_you_mean


def test_the_most_similar_name_is_suggested_in_upper_or_lower_case():
    assert did_you_mean("column", "LAOD", ["load", "OT"]) == (
        "unknown column 'LAOD': did you mean 'load'? (known: load, OT)"
    )


def test_without_a_similar_name_only_the_known_names_are_listed():
    assert did_you_mean("column", "wind", ["load", "OT"]) == "unknown column 'wind': (known: load, OT)"

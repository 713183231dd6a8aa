from latentfill.core.errors import did_you_mean


def test_a_near_name_is_suggested_whatever_its_case():
    assert did_you_mean("column", "LAOD", ["load", "OT"]) == (
        "unknown column 'LAOD': did you mean 'load'? (known: load, OT)"
    )


def test_without_a_near_name_all_known_ones_are_listed():
    assert did_you_mean("column", "wind", ["load", "OT"]) == "unknown column 'wind': (known: load, OT)"

from latentfill.core.errors import did_you_mean


def test_the_most_similar_name_is_suggested_in_upper_or_lower_case():
    assert did_you_mean("column", "LAOD", ["load", "OT"]) == (
        "unknown column 'LAOD': did you mean 'load'? (known: load, OT)"
    )


def test_without_a_similar_name_only_the_known_names_are_listed():
    assert did_you_mean("column", "wind", ["load", "OT"]) == "unknown column 'wind' (known: load, OT)"


def test_without_a_similar_name_all_names_that_end_in_it_are_suggested():
    text = did_you_mean("setting", "steps", ["encoder_steps", "decoder_steps", "seed"])
    assert text.startswith("unknown setting 'steps': did you mean 'encoder_steps' or 'decoder_steps'? (known: ")

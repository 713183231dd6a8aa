import pytest

from latentfill.core.errors import InputError
from latentfill.windows.splits import Split, SplitPlan, select_columns


def counts(plan: SplitPlan, n_rows: int) -> list[int]:
    return [split.n_windows(plan.seq_len, plan.pred_len) for split in plan.splits(n_rows).values()]


def test_ett_hour_has_the_published_number_of_windows():
    # ETTh1 has 17420 rows, of which the plan uses 20 months of 30 days = 14400
    assert counts(SplitPlan(kind="ett-hour", seq_len=96, pred_len=96), 17420) == [8449, 2785, 2785]


def test_ett_minute_has_four_rows_for_each_hour():
    splits = SplitPlan(kind="ett-minute", seq_len=96, pred_len=96).splits(69680)
    assert splits["train"] == Split("train", 0, 4 * 8640)
    assert splits["test"] == Split("test", 4 * 11520 - 96, 4 * 14400)


def test_val_and_test_start_seq_len_rows_early():
    splits = SplitPlan(kind="custom", seq_len=96, pred_len=24).splits(600)
    assert splits == {
        "train": Split("train", 0, 420),
        "val": Split("val", 324, 480),
        "test": Split("test", 384, 600),
    }


def test_custom_rounds_train_and_test_down_and_gives_the_rest_to_val():
    splits = SplitPlan(kind="custom", seq_len=2, pred_len=1).splits(19)
    # int(13.3) = 13 train, int(3.8) = 3 test, 3 left for val
    assert [(s.start, s.stop) for s in splits.values()] == [(0, 13), (11, 16), (14, 19)]


def test_custom_rounds_like_a_float_product():
    # 90 * 0.7 is 62.99999999999999, so TimeKD trains on 62 of 90 rows, not on 63
    splits = SplitPlan(kind="custom", seq_len=1, pred_len=1).splits(90)
    assert [(s.start, s.stop) for s in splits.values()] == [(0, 62), (61, 72), (71, 90)]


def test_a_split_that_is_too_short_has_no_windows():
    assert counts(SplitPlan(kind="custom", seq_len=96, pred_len=96), 600)[1] == 0


@pytest.mark.parametrize(
    ("kind", "n_rows", "words"),
    [
        ("ett-hour", 14399, ["14400", "14399", "--split custom"]),
        ("ett-minute", 17420, ["57600", "17420", "--split custom"]),
        ("custom", 200, ["140", "200", "192", "seq_len=96", "pred_len=96"]),
    ],
)
def test_a_table_too_short_for_the_plan_is_refused_with_both_counts_and_the_way_out(kind, n_rows, words):
    with pytest.raises(InputError) as caught:
        SplitPlan(kind=kind).splits(n_rows)
    assert all(word in str(caught.value) for word in words)


def test_one_message_lists_all_problems_of_a_plan():
    with pytest.raises(InputError, match=r"ett-hour, ett-minute, custom.*'ett'.*seq_len.*0.*pred_len.*-1"):
        SplitPlan(kind="ett", seq_len=0, pred_len=-1)


def test_a_custom_plan_has_the_target_last():
    columns = ("OT", "load", "wind")
    assert select_columns(columns, kind="custom") == ("load", "wind", "OT")
    assert select_columns(columns, kind="custom", features="MS", target="load") == ("OT", "wind", "load")


def test_an_ett_plan_keeps_the_order_of_the_columns():
    assert select_columns(("OT", "HUFL"), kind="ett-hour", features="M") == ("OT", "HUFL")
    assert select_columns(("a", "b"), kind="ett-minute", features="MS") == ("a", "b")


def test_feature_mode_s_keeps_only_the_target():
    assert select_columns(("HUFL", "OT"), kind="ett-hour", features="S") == ("OT",)


def test_an_unknown_target_is_refused_with_a_suggestion():
    with pytest.raises(InputError, match=r"'temprature'.*did you mean 'Temperature'\?.*--target"):
        select_columns(("Temperature", "wind"), kind="custom", target="temprature")


def test_a_target_in_upper_case_is_suggested_for_lower_case():
    with pytest.raises(InputError, match=r"target column 'ot': did you mean 'OT'\? \(known: load, OT\)"):
        select_columns(("load", "OT"), kind="ett-hour", features="S", target="ot")


def test_unknown_features_are_refused():
    with pytest.raises(InputError, match=r"M, MS, S.*'X'"):
        select_columns(("OT",), kind="custom", features="X")

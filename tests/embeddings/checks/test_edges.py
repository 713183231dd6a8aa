"""The verdict on alignment from the first and last rows that embeddings encode."""

from __future__ import annotations

from latentfill.embeddings.checks.edges import Edge, judge
from latentfill.embeddings.checks.window_spacing import WindowSpacing

SPACING = WindowSpacing(length=24, horizon=6, every=1)


def test_two_edges_that_agree_determine_the_shift() -> None:
    assert judge(Edge(0, 0), Edge(0, 0), SPACING, 100).verdict == "aligned"
    found = judge(Edge(2, 2), Edge(2, 2), SPACING, 100)
    assert (found.verdict, found.shift, found.ends) == ("off", (2, 2), 2)


def test_the_last_rows_determine_the_shift_if_the_first_rows_have_faded() -> None:
    found = judge(None, Edge(-2, -2), SPACING, 100)
    assert (found.verdict, found.shift, found.ends) == ("off", (-2, -2), 1)


def test_encoded_rows_of_the_horizon_are_not_a_shift() -> None:
    found = judge(Edge(0, 0), Edge(6, 6), SPACING, 100)
    assert (found.verdict, found.shift, found.future) == ("aligned", (0, 0), 6)


def test_more_encoded_rows_than_a_window_has_are_reported() -> None:
    found = judge(Edge(-10, -10), Edge(0, 0), SPACING, 100)
    assert (found.verdict, found.shift) == ("off", None)
    assert found.why == "the embeddings encode 34 consecutive rows, but a window has 24"


def test_the_verdict_on_contradicting_or_unclear_edges() -> None:
    assert judge(Edge(0, 0), Edge(-3, -3), SPACING, 100).shift == (-3, 0)
    assert judge(Edge(0, 0), Edge(-3, -3), SPACING, 100).verdict == "unclear"
    assert judge(None, Edge(-1, 0), SPACING, 100).verdict == "unclear"
    # either 6 rows after the window are encoded, or there is a shift
    assert judge(None, Edge(4, 6), SPACING, 100).verdict == "unclear"
    assert judge(Edge(6, 6), Edge(6, 6), SPACING, 100).shift == (6, 6)
    assert judge(Edge(-1, -1, 0.8), Edge(0, 0, 0.2), SPACING, 100).shift == (-1, -1)  # the faint row only seems encoded
    assert judge(Edge(-1, -1, 0.8), Edge(0, 0, 0.8), SPACING, 100).shift == (-1, 0)
    assert judge(Edge(0, 0), None, SPACING, 100).verdict == "unclear"

"""What the outermost rows that embeddings know say of their windows."""

from __future__ import annotations

from latentfill.embeddings.checks.edges import Edge, judge
from latentfill.embeddings.checks.frame import Frame

FRAME = Frame(length=24, horizon=6, every=1)


def test_edges_that_agree_show_where_the_windows_are() -> None:
    assert judge(Edge(0, 0), Edge(0, 0), FRAME, 100).verdict == "aligned"
    found = judge(Edge(2, 2), Edge(2, 2), FRAME, 100)
    assert (found.verdict, found.shift, found.ends) == ("off", (2, 2), 2)


def test_the_last_rows_alone_show_it_where_the_first_have_faded() -> None:
    found = judge(None, Edge(-2, -2), FRAME, 100)
    assert (found.verdict, found.shift, found.ends) == ("off", (-2, -2), 1)


def test_rows_after_the_window_that_are_known_are_no_shift() -> None:
    found = judge(Edge(0, 0), Edge(6, 6), FRAME, 100)
    assert (found.verdict, found.shift, found.future) == ("aligned", (0, 0), 6)


def test_more_rows_than_a_window_has_are_told() -> None:
    found = judge(Edge(-10, -10), Edge(0, 0), FRAME, 100)
    assert (found.verdict, found.shift) == ("off", None)
    assert found.why == "they know 34 rows that follow each other, and a window has 24"


def test_edges_that_contradict_each_other_leave_it_open() -> None:
    assert judge(Edge(0, 0), Edge(-3, -3), FRAME, 100).shift == (-3, 0)
    assert judge(Edge(0, 0), Edge(-3, -3), FRAME, 100).verdict == "unclear"
    assert judge(None, Edge(-1, 0), FRAME, 100).verdict == "unclear"
    assert judge(None, Edge(4, 6), FRAME, 100).verdict == "unclear"  # 6 rows after the window, or a shift
    assert judge(Edge(6, 6), Edge(6, 6), FRAME, 100).shift == (6, 6)
    assert judge(Edge(-1, -1, 0.8), Edge(0, 0, 0.2), FRAME, 100).shift == (-1, -1)  # the faint row only seems known
    assert judge(Edge(-1, -1, 0.8), Edge(0, 0, 0.8), FRAME, 100).shift == (-1, 0)
    assert judge(Edge(0, 0), None, FRAME, 100).verdict == "unclear"

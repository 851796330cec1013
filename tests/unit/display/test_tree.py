"""A hierarchy as lines of text."""

from zarrpy.display.tree import Branch, draw_tree


def _hierarchy() -> Branch:
    grid = Branch("grid", group=True, children=[Branch("lat", ["float64", "180"])])
    return Branch(
        "run.zarr",
        ["v3 group"],
        group=True,
        children=[Branch("t2m", ["float32", "365×180"]), grid, Branch("elevation", ["int16", "8"])],
    )


def test_members_hang_on_their_group() -> None:
    """Each level is indented, and facts of one group's arrays stand in columns."""
    assert draw_tree(_hierarchy()) == [
        "run.zarr/  v3 group",
        "├── t2m        float32  365×180",
        "├── grid/",
        "│   └── lat  float64  180",
        "└── elevation  int16    8",
    ]


def test_the_same_tree_in_ascii() -> None:
    """A stream without line drawings gets the plain form."""
    lines = draw_tree(Branch("a", group=True, children=[Branch("b")]), unicode=False)

    assert lines == ["a/", "`-- b"]


def test_a_large_hierarchy_is_cut_and_says_so() -> None:
    """The limit counts nodes, and the last line tells how many are missing."""
    lines = draw_tree(_hierarchy(), max_nodes=3)

    assert lines[-1] == "… 2 more, not drawn"
    assert len(lines) == 4


def test_a_limit_that_just_suffices_leaves_no_notice() -> None:
    """Nothing is called missing when everything was drawn."""
    assert not draw_tree(_hierarchy(), max_nodes=5)[-1].startswith("…")


def test_a_group_that_was_not_opened_is_marked() -> None:
    """Members that were not looked for are not members that are absent."""
    assert draw_tree(Branch("deep", group=True, unknown=True)) == ["deep/ …"]


def test_lines_are_cut_to_the_width() -> None:
    """No line is wider than the terminal."""
    assert max(map(len, draw_tree(_hierarchy(), width=12))) == 12


def test_a_long_last_fact_widens_no_column() -> None:
    """Such as the reason why a node cannot be read."""
    root = Branch(
        "run",
        children=[
            Branch("a", ["int8", "3", "zstd"]),
            Branch("b", ["a" * 50]),
            Branch("c", ["f4", "12", "x"]),
        ],
        group=True,
    )

    assert draw_tree(root)[1:] == [
        "├── a  int8  3   zstd",
        "├── b  " + "a" * 50,
        "└── c  f4    12  x",
    ]


def test_a_name_cannot_break_out_of_its_line() -> None:
    """A member called with a newline or an escape stays on one line."""
    lines = draw_tree(Branch("a", group=True, children=[Branch("x\n\x1b[2Jy", ["int8"])]))

    assert lines[1] == "└── x\\n\\x1b[2Jy  int8"


def test_a_very_deep_hierarchy_is_drawn() -> None:
    """Depth costs no Python stack."""
    node = Branch("leaf")
    for _ in range(3000):
        node = Branch("g", group=True, children=[node])

    assert len(draw_tree(node)) == 3001

"""Tables and arrays as the world writes them: every row and name comes back, or a note says what was left."""

import re
import struct
import time
import tracemalloc
import zipfile
from io import BytesIO

import numpy as np
import pytest

from srviz.inputs.kinds import arrays
from srviz.inputs.kinds.blanks import filled
from srviz.inputs.kinds.text import Dialect
from srviz.inputs.kinds.wrapped import unwrapped
from tests.inputs.answers import left, read, refused

ROWS = "".join(f"{i}.5,{i % 7},{i % 5}.25\n" for i in range(12))
NAMED = "name,x,y\n"
STRAY = "".join(f"{w}\t{i % 7}.5\t{i % 11}\n" for i, w in enumerate(["a", '"b', *"cdefg", 'h"', "i"]))


def lines(pattern):
    """Nine lines of a pattern: {0} counts them, {1} is its square."""
    return "".join(f"{pattern.format(i, i * i)}\n" for i in range(9))


@pytest.mark.parametrize(
    ("table", "rows", "columns", "notes"),
    [
        (STRAY, 9, ["2", "3"], ""),
        (NAMED + '"a, b",1,2\n"c ""d""",3,4\n5" pipe,5,6\n"stray,7,8\nz,9,1\n', 5, ["x", "y"], ""),
        (NAMED + "'tis,1,2\nrock 'n' roll,3,4\nit's,5,6\nb,7,8\n", 4, ["x", "y"], ""),
        (NAMED + "'a, b',1,2\n'c',3,4\n'd, e',5,6\n'b',7,8\n", 4, ["x", "y"], ""),
        (NAMED + '"a\nb",1,2\n"c\n\nd",3,4\ne,5,6\n"f\n",7,8\n', 4, ["x", "y"], ""),
        (NAMED + lines('"a\nb",{0},{1}') * 50 + '"cut\n', 450, ["x", "y"], "the last row left out"),
        (NAMED + "#a,1,2\n//b,3,4\n%c,5,6\nd,7,8\ne,9,9\n", 5, ["x", "y"], ""),
        ("x,y,z\n1,2,3\n#4,5,6\n7,8,9\n1,1,1\n2,3,4\n", 4, ["x", "y", "z"], "1 line of comment left out"),
        ("h,w\n" + lines("item{0},{1},{0}"), 9, ["h", "w"], ""),
        ("h,w\n" + lines("{0},{1},{0}.5"), 9, ["column 1", "h", "w"], ""),
        ("h,w\n" + lines("{0},{1},"), 9, ["h", "w"], ""),
        ("h,w,d\ncm,kg,s\n" + ROWS, 12, ["h / cm", "w / kg", "d / s"], ""),
        (",3,1\n" + ROWS, 12, ["1", "2", "3"], "1 row with a gap"),
        ("0,1,2\n" + ROWS, 12, ["0", "1", "2"], "the first row, 0 to 2, taken for the names of the columns"),
        (",0,1\n" + lines("{0},{0}.5,{0}"), 9, ["column 1", "0", "1"], ""),
        ("c,2019,2020\n" + lines("c{0},{0},{0}"), 9, ["2019", "2020"], "2019 to 2020, taken for the names"),
        (lines("{0},{0},{0}\n0,1,2").partition("\n")[2], 17, ["1", "2", "3"], "0 to 2, taken for numbers"),
        ("a,b\n1,2\n,\n2,3\n,\n3,5\n4,4\n", 4, ["a", "b"], "2 empty rows left out"),
        ("sep=;\na;b\n1;2\n2;3\n3;5\n4;4\n", 4, ["a", "b"], ""),
        ("| a | b |\n|---|:--:|\n" + lines("| {0} | {1} |"), 9, ["a", "b"], ""),
        ("# a b c\n" + lines("{0} {0} {0}").replace("0 0 0", "1 2 3"), 9, ["a", "b", "c"], ""),
        ("%,b,c\n" + ROWS, 12, ["%", "b", "c"], ""),
        ("a;b\n1,234;5,678\n2,345;6,789\n3,456;7,890\n4,567;8,901\n", 4, ["a", "b"], "numbers like 1,234 read"),
        ("a;b;c\n1.5;2;x 3,4\n2.5;3;y\n3.5;4;z\n4.5;5;w\n", 4, ["a", "b"], ""),
        ("a b\n" + lines("{0}.5D+03 {0}.0d0"), 9, ["a", "b"], ""),
        ("a,b\n" + lines("{0}.5,{1}") * 5 + "1.#IND,7\n-1.#INF,8\n", 45, ["a", "b"], "2 rows with a gap"),
        ("x,y,p\n" + lines("{0}.5,{1},0.25\n2,3,NA"), 18, ["x", "y"], "1 column of text"),
    ],
)  # fmt: skip
def test_rows_and_names_of_tables(table, rows, columns, notes):
    said, found = read(".csv", table)
    assert len(found["values"]) == rows
    assert said["columns"] == columns
    told = "; ".join(note for note in left(said) if notes.startswith("1 column") or "column of text" not in note)
    assert (notes in told) if notes else told == ""
    assert "numbers written like" not in told


TRUTHS = [(1, 0), (0, 1), (1, 1), (0, 0), (1, 0), (0, 1)]


@pytest.mark.parametrize("words", [("False", "True"), ("false", "true"), ("FALSE", "TRUE")])
@pytest.mark.parametrize("head", ["a,b", "true,false", ""])
def test_true_and_false_are_numbers_and_name_nothing(words, head):
    """As names they stand only above other numbers."""
    cells = [[words[a], words[b]] for a, b in TRUTHS] if head != "true,false" else TRUTHS
    said, found = read(".csv", "\n".join(filter(None, [head, *(",".join(map(str, row)) for row in cells)])))
    same(found, TRUTHS)
    assert said["columns"] == (head.split(",") if head else ["1", "2"])
    few = [*cells * 10, ["", words[1]], ["maybe", words[0]], *cells * 10]
    _, found = read(".csv", "\n".join([head or "a,b", *(",".join(map(str, row)) for row in few)]))
    same(found, TRUTHS * 20)


@pytest.mark.parametrize("mark", ['"', "'"])
@pytest.mark.parametrize(
    ("above", "below"),
    [
        ("", ""),
        ("Word counts\nword,n,f\n", ""),
        ("# counts\nword,n,f\n", ""),
        ("n,f\n", ""),
        ("", "Source: an office\n"),
        ('"Word counts\n\nword,n,f\n', ""),
        ("w,n,f\n", '"a, b\nc",7,8\n'),
    ],
)
def test_quotation_marks_that_are_letters_take_no_rows(mark, above, below):
    """Two marks among 90 rows, with lines of another width above or below, or a cell that does go on over lines."""
    rows = [f"w{i},{i},{i % 7}" for i in range(90)]
    rows[40] = rows[60] = f"{mark},5,3"
    rows[3] = f"{mark}quoted{mark},3,3"
    said, found = read(".csv", (above + "\n".join([*rows, below])).replace('"', mark))
    assert len(found["values"]) == 90 + ("7,8" in below)
    told = [note for note in left(said) if "column of text" not in note]
    assert len(told) == above.count("ord counts\n") + ("Source" in below)


def tall(head, rows, at=None, row=""):
    """Thirty rows of a pattern below a head: {0} counts them, {1} is another number; and one more among them."""
    found = [rows.format(i, i * i % 7) for i in range(30)]
    if at is not None:
        found.insert(at, row)
    return "\n".join([*head.split("\n"), *found, ""])


@pytest.mark.parametrize(
    "row", ["7,5;-;1,5", "7,5;k.A.;1,5", "Quelle: Amt", "n.d.;n.d.;n.d.", "7,5;\u2013;1,5", "a;1,5;2,5"]
)
def test_one_cell_of_text_costs_a_row_and_no_column_with_decimal_commas_as_with_points(row):
    table = tall("a;b;c", "{0},5;{1},25;0,{1}5", 9, row)
    with_commas, with_points = read(".csv", table), read(".csv", table.replace("k.A.", "kA").replace(",", "."))
    for said, found in (with_commas, with_points):
        assert said["columns"] == ["a", "b", "c"]
        assert left(said) == ["1 row with a gap or a value that is not a finite number left out"]
        assert np.array_equal(found["values"], with_points[1]["values"])


def test_thousands_in_a_table_with_decimal_commas():
    rows = "".join(f"{97 * i:,};{i},5;{i % 3},25\n".replace(",", ".", i > 10) for i in range(20))
    said, found = read(".csv", "a;b;c\n" + rows)
    assert found["values"][:, 0] == pytest.approx(found["values"][:, 1], abs=1e-6)  # evenly, both
    assert left(said) == ["numbers like 1.067 read with points between thousands"]
    said, found = read(".csv", "a;b\n999,5;1\n1.000,5;2\n1.001,5;3\n1.002,5;4\n")
    assert found["values"][:, 0] == pytest.approx(found["values"][:, 1], abs=1e-6)
    assert left(said) == []
    said, found = read(".csv", "a;b;c\n" + lines("1.00{0};{0},5;{0},5") + "0.5;9,5;9,5\n")
    assert left(said) == []
    assert found["values"][:9, 0].std() < 0.1  # points before fractions, as 0.5 says


@pytest.mark.parametrize("time", ["12:{0:02}:15", "2024-05-01T12:{0:02}:15.250", "9:{0:02}"])
@pytest.mark.parametrize("between", [",", ";", " ", "\t"])
def test_a_time_is_not_cut_at_its_colons(time, between):
    rows = [(i, i * i % 7) for i in range(20)]
    text = "\n".join(between.join([time.format(i), str(a), str(b)]) for i, (a, b) in enumerate(rows))
    said, found = read(".csv", text)
    same(found, rows)
    assert said["columns"] == ["2", "3"]
    same(read(".csv", "\n".join(f"{a + 10}:{b + 10}:{a}" for a, b in rows))[1], [(a, b, a) for a, b in rows])
    same(read(".csv", "\n".join(f"{a}:{-b - 1},5:{a + 10}" for a, b in rows))[1], [(a, -b, a) for a, b in rows])
    alone = "\n".join(f"12:{a:02}:15,{b}" for a, b in rows)
    assert refused(".csv", alone).startswith("There is only one column of numbers in this file.")


@pytest.mark.parametrize("between", [";", "\t"])
def test_thousands_with_points_in_a_table_without_fractions(between):
    said, found = read(
        ".csv", "Ort;Einw;Fl\nA;998;1.204\nB;12.345;998\nC;2.637;87\nD;141;3.001\nE;50;70\n".replace(";", between)
    )
    same(found, [(998, 1204), (12345, 998), (2637, 87), (141, 3001), (50, 70)])
    assert "numbers like 12.345 read with points between thousands" in said["notes"]
    said, found = read(".csv", f"a{between}b\n" + "".join(f"{i}.000.{i % 7}00{between}1.{i}00\n" for i in range(1, 9)))
    same(found, [(i * 10**6 + i % 7 * 100, 1 + i / 10) for i in range(1, 9)])
    said, found = read(".csv", "lon;lat\n7.123;51\n7.234;51.5\n8;52.25\n7.345;51.75\n".replace(";", between))
    same(found, [(7.123, 51), (7.234, 51.5), (8, 52.25), (7.345, 51.75)])
    assert left(said) == []
    said, found = read(".csv", f"a{between}b\n998{between}1\n1.234.567{between}0.5\n2.637{between}7\n5{between}2\n")
    same(found, [(998, 1), (1234567, 0.5), (2637, 7), (5, 2)])
    said, found = read(".csv", f"1.234.567{between}0.5\n998{between}1\n2.637{between}7\n5{between}2\n4{between}4\n")
    same(found, [(1234567, 0.5), (998, 1), (2637, 7), (5, 2), (4, 4)])  # the first row is a row
    rows = [(1234567, 2345678), (3456789, 4567890), (1111111, 2222222), (3333333, 1222333)]
    said, found = read(".csv", "".join(f"{a:,}{between}{b:,}\n".replace(",", ".") for a, b in rows))
    same(found, rows)
    heads = ["192.168.178.101", "192.168.178.102"]  # addresses, and no numbers
    lines = [heads, *([str(k), str(k * k % 7)] for k in range(9))]
    said, found = read(".csv", "\n".join(map(between.join, lines)))
    same(found, [(k, k * k % 7) for k in range(9)])
    assert said["columns"] == heads
    for other in ("0.5", "1234"):  # by which the points stand before fractions
        said, found = read(
            ".csv", f"a{between}b\n12.345{between}1\n998{between}2\n2.637{between}3\n{other}{between}5\n"
        )
        same(found, [(12.345, 1), (998, 2), (2.637, 3), (float(other), 5)])
        assert left(said) == []


@pytest.mark.parametrize("between", [";", "\t", " "])
def test_each_column_has_its_own_sign_before_a_fraction(between):
    table = "t;x;y\n12.30;1,5;7\n12.45;2,5;8\n13.00;2,0;9\n13.15;3,5;4\n13.30;1,0;5\n".replace(";", between)
    said, found = read(".csv", table)
    same(found, [(12.3, 1.5, 7), (12.45, 2.5, 8), (13, 2, 9), (13.15, 3.5, 4), (13.3, 1, 5)])
    assert left(said) == []
    rows = [(i, i % 7 + (i > 150) / 2) for i in range(300)]  # the first fraction is far below
    table = "\n".join(f"{i}{between}{x:g}".replace(".", ",") for i, x in rows)
    said, found = read(".csv", f"a{between}b\n{table}\n")
    same(found, rows)


@pytest.mark.parametrize("head", ["time,0.1,0.2", "wavelength,450,400", "0,1,target", "abc,7,3"])
def test_numbers_beside_a_word_may_be_names(head):
    said, found = read(".csv", tall(head, "{0}.5,{1}.25,{1}"))
    assert len(found["values"]) == 30
    assert said["columns"] == head.split(",")
    assert left(said) == [f"the first row, {head.replace(',', ', ')}, taken for the names of the columns"]


@pytest.mark.parametrize("head", ["sample,400.5,411.2,420.7", '"",5,3,1', "gene,0,0.5,4", "run,1e3,1e2,1e1"])
@pytest.mark.parametrize("label", ["s{}", "{}_b"])
def test_numbers_beside_a_name_of_a_column_of_text_are_names(head, label):
    rows = [(i / 2, i * i % 7, i % 3) for i in range(12)]
    labelled = [",".join([label.format(i), *map(str, row)]) for i, row in enumerate(rows)]
    said, found = read(".csv", "\n".join([head, *labelled]))
    same(found, rows)
    assert said["columns"] == head.split(",")[1:]
    first = (
        f"the first row, {head.removeprefix(chr(34) * 2 + ',').replace(',', ', ')}, taken for the names of the columns"
    )
    assert [note for note in left(said) if "column of text" not in note] == [first]
    for above in ("s99,1,2,5", "sample,1,2,2", "alice,1,2,5", "control,1,2,5", "blank,5,4,1"):  # a row like others
        others = [f"dora,{row.partition(',')[2]}" for row in labelled] if above[0] == "a" else labelled
        assert len(read(".csv", "\n".join([above, *others]))[1]["values"]) == 13


@pytest.mark.parametrize("word", ["control", "Wild type", "n.d.", "blank"])
def test_two_numbers_beside_a_word_are_no_names(word):
    rows = "".join(f"s{i},0.{i * i % 7},{i}.25\n" for i in range(12))
    assert len(read(".csv", f"{word},0.12,0.34\n{rows}")[1]["values"]) == 13
    assert read(".csv", f"sample,0.12,0.34\n{rows}")[0]["columns"] == ["0.12", "0.34"]


def test_numbers_below_names_that_come_again_are_their_second_level():
    rows = [(i / 2, i * i % 7, i % 3, i) for i in range(12)]
    table = [
        "sex,m,m,f,f",
        "year,2019,2020,2019,2020",
        *(f"s{i}," + ",".join(map(str, row)) for i, row in enumerate(rows)),
    ]
    said, found = read(".csv", "\n".join(table))
    same(found, rows)
    assert said["columns"] == ["m / 2019", "m / 2020", "f / 2019", "f / 2020"]
    assert "the row year, 2019, 2020, 2019 …, taken for the names of the columns" in left(said)
    assert len(read(".csv", "\n".join(["sex,m,m,f,f", *table[2:]]))[1]["values"]) == 12
    for row in ("control,1,2,1,2", "wild type,1,2,3,4", "wild type,5,1,2,7"):
        assert len(read(".csv", "\n".join(["sex,m,m,f,f", row, *table[2:]]))[1]["values"]) == 13
    for row, first in (("week,1,2,1,2", "m / 1"), ("dose,0.5,2,0.5,2", "m / 0.5"), ("sample,5,1,2,7", "m / 5")):
        assert read(".csv", "\n".join(["sex,m,m,f,f", row, *table[2:]]))[0]["columns"][0] == first


def test_units_below_names_belong_to_them_beside_a_column_of_text():
    rows = "".join(f"r{i},{i},{i * i % 7},{i % 3}\n" for i in range(12))
    for above in (",temp,pressure,\nunit,K,bar,s", ",temp,pressure,time\nunit,K,bar,s", ",temp,pressure,time\n,K,bar,"):
        said, _ = read(".csv", f"{above}\n{rows}")
        assert said["columns"][:2] == ["temp / K", "pressure / bar"]
        assert [note for note in left(said) if "column of text" not in note] == []


@pytest.mark.parametrize("row", ["*,5.2", "n.d.,5.2", "k. A.,5.2", "<0.1,5.2", "#REF!,5.2", "--,1", "abc,5"])
def test_a_first_row_without_a_value_is_no_row_of_names(row):
    said, found = read(".csv", tall(row, "{0}.5,{1}.25") + tall("abc,3", "{0}.5,{1}.25"))
    assert len(found["values"]) == 60
    assert said["columns"] == ["1", "2"]
    assert left(said) == ["2 rows with a gap or a value that is not a finite number left out"]
    assert read(".csv", tall("€,$", "{0}.5,{1}.25"))[0]["columns"] == ["€", "$"]


WRAPPED = np.column_stack([np.arange(12) * 1.5, np.arange(12) % 5, np.arange(12) ** 2])


@pytest.mark.parametrize(
    ("begin", "first", "between", "last", "join", "end"),
    [
        ("[", "[", ", ", "]", ",\n ", "]"),
        ("[", "[", ",", "]", ",", "]\n"),
        ("[\n  ", "[\n    ", ",\n    ", "\n  ]", ",\n  ", "\n]\n"),
        ("[", "[", " ", "]", "\n ", "]\n"),
        ("array([", "[", ", ", "]", ",\n       ", "], dtype=float32)"),
        ("rows = [", "(", ", ", ")", ", ", "]"),
        ("", "(", ", ", ")", ",\n", ""),
        ("", "{", ", ", "}", ",\n", ","),
        ("const double a[12][3] = {\n", "{", ", ", "}", ",\n", "\n};\n"),
        ("", "", " & ", " \\\\", "\n", ""),
        ("\\begin{tabular}{ccc}\n\\hline\n", "", " & ", " \\\\", "\n", "\n\\hline\n\\end{tabular}\n"),
    ],
)
@pytest.mark.parametrize("head", [None, ["x", "y", "z"]])
def test_what_programs_write_around_rows_belongs_to_no_cell(begin, first, between, last, join, end, head):
    names = [name if "&" in between else f'"{name}"' for name in head or []]
    rows = [*([names] if head else []), *WRAPPED.tolist()]
    text = begin + join.join(first + between.join(map(str, row)) + last for row in rows) + end
    said, found = read(".txt", text)
    same(found, WRAPPED)
    assert said["columns"] == (head or ["1", "2", "3"])
    assert left(said) == []


@pytest.mark.parametrize("between", [",", ", ", " ", "; "])
@pytest.mark.parametrize(("first", "last"), ["()", "[]", "{}"])
def test_several_brackets_in_each_line_are_one_row(between, first, last):
    rows = WRAPPED[:, [0, 1, 2, 1]].tolist()
    pairs = [[f"{first}{a}{between}{b}{last}", f"{first}{c}{between}{d}{last}"] for a, b, c, d in rows]
    said, found = read(".txt", "\n".join(map(" ".join, pairs)))
    same(found, rows)
    assert left(said) == []
    uneven = "\n".join(map(" ".join, [*pairs, pairs[0][:1]]))
    assert unwrapped(uneven) == uneven
    listed = ",\n".join(map(", ".join, pairs))  # a list that goes on from line to line
    assert len(read(".txt", listed)[1]["values"]) == 24


@pytest.mark.parametrize(
    "text", ['[{"x": 1, "y": 2}, {"x": 2, "y": 5}]', '{ "a": [1, 2]}', '[\n  {\n "x": 1}]', "[{}]"]
)
def test_json_of_objects_is_named(text):
    assert refused(".csv", text) == "This is JSON, and not a table. Save it as CSV."


@pytest.mark.parametrize(
    ("rule", "between"),
    [
        ("|---|---|---|", " | "),
        ("|:-:|:-|-:|", " | "),
        ("----+-----+----", " | "),
        ("|----+-----+----|", " | "),
        ("+----+-----+----+", " | "),
        ("--- ---- -", "  "),
        ("==== ==== ====", "  "),
    ],
)
@pytest.mark.parametrize("places", [(1,), (0, 1, 9, 14)])
def test_lines_that_are_drawn_are_no_rows(rule, between, places):
    """Cells that are alike from row to row, so that those of a line might be some of them."""
    table = ["x y z", *(f"{x} {y} {z}" for x, y, z in WRAPPED.tolist())]
    table = [line.replace(" ", between) for line in table]
    table = [f"|{line}|" if rule[0] in "|+" else line for line in table]
    for place in places:
        table.insert(place, rule)
    said, found = read(".txt", "\n".join(table))
    same(found, WRAPPED)
    assert said["columns"] == ["x", "y", "z"]
    assert left(said) == []


@pytest.mark.parametrize(
    "text",
    [
        "|" + ":--:|" * 30 + "=",
        "[[1, 2]" + " " * 200_000 + "x",
        "[[1, 2], [3, 4]" + " " * 200_000 + "x",
        "1 & 2\n3 & 4 \\\\ " + "\\cline{" * 20_000,
    ],
)
def test_what_is_almost_drawn_or_in_brackets_takes_no_time(text):
    begun = time.monotonic()
    assert unwrapped(text) == text
    assert time.monotonic() - begun < 1


def test_very_much_white_space_in_a_row_takes_no_time():
    begun = time.monotonic()
    _, found = read(".txt", "x y\n" + lines("{0} {1}.5") + "a" + " " * 200_000 + "b\n" + lines("{0} {1}.5"))
    assert len(found["values"]) > 5
    assert time.monotonic() - begun < 5


ABOVE, BELOW = "{} above the table left out", "{} below the table left out"


@pytest.mark.parametrize(
    ("above", "columns", "lines"),
    [
        ("Report,,,\n,,,\nx,y,z,w", ["x", "y", "z", "w"], 2),
        ("Report,,,\nx,y,z,w", ["x", "y", "z", "w"], 1),
        ("Report,by,me,\nof,May,,\nx,y,z,w\n,m,s,kg", ["x", "y / m", "z / s", "w / kg"], 2),
        (",,,\nx,y,z,w", ["x", "y", "z", "w"], 1),
        ("Report,,,\nSales,,Costs,\na,b,a,b", ["Sales / a", "b", "Costs / a", "b.1"], 1),
        ("\n".join(f"Setting {i}: on" for i in range(55)) + "\nx,y,z,w", ["x", "y", "z", "w"], 55),
        ("\n".join(f"Setting {i}: on" for i in range(150)), ["1", "2", "3", "4"], 150),
        ("Sample A, measured in May, on a Sunday, by us, at home, of all, in vain\nx,y,z,w", ["x", "y", "z", "w"], 1),
        ("Sample A, measured in May, on a Sunday, by us, at home, of all, in vain", ["1", "2", "3", "4"], 1),
    ],
)
@pytest.mark.parametrize("between", [",", ";"])
@pytest.mark.parametrize("label", ["", "s{},"])
def test_titles_above_a_table_are_no_names_and_no_rows(above, columns, lines, between, label):
    rows = [(i, i / 2, i % 3, i * i % 7) for i in range(30)]
    if label:  # a column of text more
        above = above.replace("x,y", "name,x,y").replace("\n,m", "\n,,m").replace("\na,b", "\nname,a,b")
        above = above.replace(",,,", ",,,,").replace("by,me,", "by,me,,").replace("May,,", "May,,,")
        above = above.replace("Sales", ",Sales")
        columns = [str(int(name) + 1) if name.isdecimal() else name for name in columns]
    table = "\n".join([above, *(label.format(i) + ",".join(map(str, row)) for i, row in enumerate(rows))])
    said, found = read(".csv", table.replace(",", between) + "\n")
    same(found, rows)
    assert said["columns"] == columns
    told = [note for note in left(said) if "column of text" not in note]
    assert told == [ABOVE.format(f"{lines} line{'s' * (lines > 1)}")]


@pytest.mark.parametrize("above", ["Sample A measured in May", "Sample A, of May, measured"])
@pytest.mark.parametrize("below", ["End of the data", "Note: a, b, c, d, e, f", "Source\nNote: a, b, c"])
@pytest.mark.parametrize("between", [" ", "\t", ","])
def test_lines_of_words_around_a_table_may_have_any_number_of_cells(above, below, between):
    rows = [(200 + i, i % 7 + 0.5) for i in range(30)]
    said, found = read(".txt", "\n".join([above, *(between.join(map(str, row)) for row in rows), "", below]))
    same(found, rows)
    lines = "2 lines" if "\n" in below else "1 line"
    assert left(said) == [ABOVE.format("1 line"), BELOW.format(lines)]


def test_units_in_brackets_belong_to_the_names_before_them():
    said, _ = read(".txt", "Energy (eV) Intensity (a.u.)\n" + lines("{0} {1}.5"))
    assert said["columns"] == ["Energy (eV)", "Intensity (a.u.)"]
    assert left(said) == []


FIRST = "of several tables in it the first"
AGAIN = "1 line with the names of the columns again left out"


@pytest.mark.parametrize(
    ("between", "rows", "note"),
    [
        ("\nu,v,w", 30, FIRST),
        ("u,v,w", 30, FIRST),
        ("\nTable 2\nu,v,w", 30, FIRST),
        ("\nx,y,z", 60, AGAIN),
        ("x,y,z", 60, AGAIN),
        ("n.d.,k.A.,*", 60, "1 row with a gap or a value that is not a finite number left out"),
    ],
)
@pytest.mark.parametrize("comma", [False, True])
def test_a_second_table_is_not_stacked_on_the_first(between, rows, note, comma):
    table = tall("x,y,z", "{0}.5,{1},0.{1}") + tall(between, "{1}.5,{0},0.{1}")
    said, found = read(
        ".csv", table.replace(",", ";").replace(".", ",").replace("n,d,;k,A,", "n.d.;k.A.") if comma else table
    )
    assert len(found["values"]) == rows
    assert said["columns"] == ["x", "y", "z"]
    assert left(said) == [note]


@pytest.mark.parametrize("row", ["d30,closed,holiday", "d30,T,CALM", "D7,x,y z"])
@pytest.mark.parametrize("between", [",", "\t"])
def test_a_row_of_words_in_the_middle_is_no_second_table(row, between):
    rows = [f"d{i},{i}.5,{i * i % 7}" for i in range(30)]
    table = "\n".join(["day,precip,wind", *rows, row, *rows]).replace(",", between)
    said, found = read(".csv", table)
    same(found, [(i + 0.5, i * i % 7) for i in range(30)] * 2)
    assert left(said)[1:] == ["1 row with a gap or a value that is not a finite number left out"]
    for apart in ("\nsite,u,v", "day,u,v", "place,u,v", "other days,,\nd1,u,v", ",,\nd1,u,v"):
        said, found = read(".csv", "\n".join(["day,precip,wind", *rows, apart, *rows]).replace(",", between))
        assert len(found["values"]) == 30
        assert FIRST in left(said)
    for again in ("\ufeffday,precip,wind", "Day, Precip , WIND", "\nday,precip,wind"):
        said, found = read(".csv", "\n".join(["day,precip,wind", *rows, again, *rows]).replace(",", between))
        assert len(found["values"]) == 60
        assert AGAIN in left(said)


def test_a_second_table_that_is_narrower_is_left_out_too():
    said, found = read(".csv", tall("x,y,z", "{0}.5,{1},0.{1}") + tall("\nu,v", "{1},{0}"))
    assert len(found["values"]) == 30
    assert left(said) == [FIRST]


@pytest.mark.parametrize("end", [" ", "\t", " \t", ""])
@pytest.mark.parametrize("head", ["", "30 3\n"])
@pytest.mark.parametrize("mark", ['"', "#", "a"])
def test_word_vectors_with_spaces_behind_lines_and_within_words(end, head, mark):
    rows = [f"w{i} {i}.5 0.{i % 7} -{i}" for i in range(30)]
    rows[0], rows[7], rows[9] = ". . . 0.5 0.25 -1", "at name@x.org 7.5 0.5 -2", f"{mark} 3.5 0.5 -2"
    said, found = read(".vec", head + "".join(f"{row}{end}\n" for row in rows))
    wanted = np.array([row.split()[-3:] for row in rows], float)
    assert found["values"] == pytest.approx((wanted - wanted.mean(0)) / wanted.std(0), abs=1e-4)
    assert left(said) == ["2 rows whose name has a space in it", "1 column of text or with many gaps not offered"]
    rows[7] = "come true 7.5 0.5 -2"
    assert np.array_equal(read(".vec", head + "\n".join(rows))[1]["values"], found["values"])
    assert "do not all have the same columns" in refused(".vec", head + "\n".join([*rows, "of 1 2 3 4"]))


@pytest.mark.parametrize("blank", ["a", "b", "c"])
@pytest.mark.parametrize("side", "<>")
def test_a_blank_cell_between_columns_of_letters_does_not_shift_the_others(blank, side):
    rows = [{"a": i, "b": i * 1.5, "c": i * i % 101} for i in range(40)]
    text = [[f"{name:{side}10}" for name in "abc"], [f"{5.25:{side}10}", *[f"{'':10}"] * 2]]
    text += [
        [f"{'' if i % 4 == 0 and name == blank else row[name]:{side}10}" for name in row] for i, row in enumerate(rows)
    ]
    said, found = read(".txt", "\n".join(map("".join, text)))
    others = [name for name in "abc" if name != blank]
    assert said["columns"] == others
    kept = [[row[name] for name in others] for row in rows]
    same(found, kept)
    assert sum("row" in note for note in left(said)) == 1


def test_a_row_of_too_few_cells_is_a_gap_as_a_whole_where_their_places_do_not_tell():
    rows = [(i**3, i % 7, i % 3) for i in range(40)]
    said, found = read(".txt", "\n".join(" ".join(map(str, row[i % 5 == 4 :])) for i, row in enumerate(rows)))
    same(found, [row for i, row in enumerate(rows) if i % 5 < 4])
    assert left(said) == ["8 rows with fewer cells than the others left out"]


def test_the_places_of_very_many_cells_take_little_memory():
    text = "1 22 3\n1234 5\n" + "1 22 3\n" * 50_000
    tracemalloc.start()
    told, lost = filled(text, Dialect(" "), 3)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (told, lost) == (text, [1])
    assert most < 12_000_000  # the spans of all cells take 25 MB


@pytest.mark.parametrize("between", [",", ";", " ", "\t"])
@pytest.mark.parametrize("behind", ["  # a note", " // a, b; c", "\t#"])
def test_a_comment_behind_a_row_is_left_out(between, behind):
    table = tall("x,y,z", "{0}.5,{1},0.{1}", 9, "1.5,2,3.5").replace(",", between)
    plain = read(".csv", table)[1]["values"]
    for line in [f"1.5{between}2{between}3.5", *["x y z"] * (between == " ")]:
        said, found = read(".csv", table.replace(f"{line}\n", f"{line}{behind}\n"))
        assert np.array_equal(found["values"], plain)
        assert said["columns"] == ["x", "y", "z"]
        assert left(said) == ["1 comment behind a row left out"]


NUMBERS = {
    "minus": lambda cell: cell.replace("-", "\u2212"),
    "dash": lambda cell: cell.replace("-", "\u2013"),
    "arabic": lambda cell: cell.translate(str.maketrans("0123456789.", "٠١٢٣٤٥٦٧٨٩٫")),
    "fullwidth": lambda cell: cell.translate(str.maketrans("0123456789.-", "０１２３４５６７８９．－")),
    "no-break space": "\u00a0{}\u00a0".format,
    "formula": '="{}"'.format,
    "apostrophe": "'{}".format,
}


@pytest.mark.parametrize("how", NUMBERS)
@pytest.mark.parametrize("few", [True, False])
def test_numbers_as_others_write_them(how, few):
    rows = [[f"-{i}.5", str(i * i)] for i in range(30)]
    wanted = np.array(rows, float)
    some = [[NUMBERS[how](cell) if i in (3, 20) or not few else cell for cell in row] for i, row in enumerate(rows)]
    said, found = read(".csv", "x,y\n" + "\n".join(map(",".join, some)))
    assert found["values"] == pytest.approx((wanted - wanted.mean(0)) / wanted.std(0), abs=1e-4)
    assert left(said) == []


@pytest.mark.parametrize("share", [1, 8, 30])
def test_thousands_in_few_or_many_rows_are_spoken_of(share):
    rows = [f'{i},{i % 7}.5,{i % 5},"1,23{i % 10}"' if i < share else f"{i},{i % 7}.5,{i % 5},9" for i in range(30)]
    said, found = read(".csv", "x,y,z,sum\n" + "\n".join(rows))
    assert len(found["values"]) == 30 - (share == 1)
    assert "numbers written like 1,230 are text here" in "; ".join(said["notes"])


@pytest.mark.parametrize("written", ['"1,23,456"', "5-", "5.5-", "(5.5)", "$5.5", "5.5 €", "-£7"])
def test_numbers_in_other_dresses_are_spoken_of(written):
    says = f"numbers written like {written.strip(chr(34))} are text here"
    said, _ = read(".csv", "x,y,sum\n" + lines("{0}.5,{1}," + written))
    assert said["columns"] == ["x", "y"]
    assert f"1 column of text or with many gaps not offered: {says}" in left(said)
    assert says in refused(".csv", "x,sum\n" + lines("{0}.5," + written))


@pytest.mark.parametrize("between", [";", "\t"])
def test_spaces_between_thousands_stand_between_no_cells(between):
    text = f"a{between}b\n" + lines(f"{{0}} 234,56{between}1 890,{{0}}2").replace("0 234", "9 234")
    assert re.search("numbers written like 9 234,56|numbers written like . 234,56", refused(".csv", text))
    plain = f"1 234{between}2 345\n" * 5
    assert "numbers written like 1 234 are text here" in refused(".csv", plain)
    said, _ = read(".csv", f"x{between}y{between}a\n" + lines(f"{{0}},5{between}{{1}}{between}1 23{{0}},5"))
    assert said["columns"] == ["x", "y"]


def npy(array):
    out = BytesIO()
    np.save(out, array, allow_pickle=True)
    return out.getvalue()


@pytest.mark.parametrize("count", [2**62, 10**18, 10**20, 2**63])
def test_long_whole_numbers_keep_what_tells_them_apart(count):
    evenly = (np.arange(20) - 9.5) / np.arange(20).std()
    tables = [(".csv", "x,y\n" + "".join(f"{count + i},{-count - 19 + i}\n" for i in range(20)))]
    if count < 2**63:
        tables.append((".npy", npy(np.array([[count + i, i - count] for i in range(20)]))))
    for ending, data in tables:
        said, found = read(ending, data)
        assert found["values"] == pytest.approx(np.column_stack([evenly, evenly]), abs=1e-5)
        assert left(said) == []


def test_numbers_that_cannot_be_told_apart_are_spoken_of():
    many = "".join(f"{10**18 + i},{i}\n" for i in range(40))
    said, _ = read(".csv", f"x,y\n{many},3\n")
    assert left(said)[0] == "1 column of numbers rounded to the 16 digits that can be held"
    said, _ = read(".npy", npy(np.column_stack([1e15 + np.arange(9), np.arange(9)])))
    assert left(said) == ["1 column whose numbers agree in their first 14 digits taken as constant"]
    assert "agree in their first 14 digits" in refused(".npy", npy(1e16 + 2.0 * np.arange(18).reshape(9, 2)))
    assert "the same one in the 16 digits" in refused(
        ".csv", "x,y\n" + "".join(f"{10**20 + i}.5,1\n" for i in range(9))
    )


def test_letters_that_are_not_utf_8_are_spoken_of():
    said, _ = read(".csv", "é,b\n1,2\n2,3\n3,5\n4,4\n".encode("latin-1"))
    assert said["columns"] == ["é", "b"]
    assert left(said)[0].startswith("not in UTF-8")


@pytest.mark.parametrize("ending", [".txt", ".vec", ".csv"])
def test_word_vectors(ending):
    """Words that are signs of tables, behind the first line that word2vec writes, n and d."""
    tokens = ["the", ",", '"', "#", "//x", "don't", "</s>", "a_b", "%"]
    vectors = np.random.default_rng(0).normal(size=(len(tokens), 5)).round(4)
    lines = [" ".join([word, *map(str, row)]) for word, row in zip(tokens, vectors.tolist(), strict=True)]
    for head in ([], [f"{len(tokens)} 5"]):
        said, found = read(ending, "\n".join([*head, *lines, ""]))
        assert found["values"] == pytest.approx((vectors - vectors.mean(0)) / vectors.std(0), abs=1e-4)
        assert left(said) == ["1 column of text or with many gaps not offered"]
    said, _ = read(ending, "\n".join(["12 5", *lines]))
    assert "it announces 12 rows; there are 9" in said["notes"]


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ('{"a": [1, 2]}', "This is JSON, and not a table"),
        ("<!DOCTYPE html><p>1,2</p>", "This is HTML, and not a table"),
        ("a,b\n1,2\n2,3\n3,5,6\n4,4\n", "do not all have the same columns"),
        ("a;b\n1,234.5;5\n2,345.6;6\n3,456.7;7\n4,567.8;8\n", "numbers written like 1,234"),
        ("a,b\n1,\n2,\n3,5\n4,7\n5,8\n", "only one column of numbers without many gaps"),
    ],
)
def test_a_table_that_cannot_be_used_says_why(table, says):
    assert says in refused(".csv", table)


def frame(size):
    return f"{size}\nstep\n" + "".join(f"H {i}.0 {i % 3}.5 {i % 2}.25\n" for i in range(size))


def test_frames_of_different_size():
    for data in (frame(4) + frame(5), frame(5) + frame(4) + frame(7), frame(4) + "\n" + frame(5)):
        said, found = read(".xyz", data)
        assert said["notes"] == ["of several frames the first"]
        assert len(found["values"]) == int(data[0])
    said, found = read(".xyz", frame(5).replace("5\n", "4\n", 1))
    assert len(found["values"]) == 5
    assert said["notes"] == ["it announces 4 points; there are 5"]


@pytest.mark.parametrize(
    ("descr", "says"), [("<V2", "bfloat16"), ("|V1", "float8"), ("|V7", "bytes without a meaning")]
)
def test_numbers_that_numpy_does_not_know_are_named(descr, says):
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': (5, 3), }}".ljust(117) + "\n"
    assert says in refused(".npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + bytes(105))


def test_a_scan_has_its_brightness_before_its_colours():
    rows = "0 0 0 -900 255 0 0\n1 1 1 20 0 255 0\n2 2 0 30 0 0 255\n1 0 2 40 9 9 9\n"
    for data, notes in (("4\n" + rows, 0), ("4\n" + rows + "4\n" + rows, 1)):
        said, found = read(".xyz", data)
        assert found["colour"][:3].tolist() == [[255, 0, 0], [0, 255, 0], [0, 0, 255]]
        assert said["notes"][notes:] == ["1 column between the coordinates and the colours left out"]
    said, _ = read(".xyz", rows.replace("-900", "9"))
    assert said["notes"] == ["of 4 columns after the coordinates the first 3 taken for red, green and blue"]


def same(found, wanted):
    """Whether the columns of a file are these, (n, D), each of them standardized."""
    wanted = np.array(wanted, float)
    deviation = wanted.std(0)
    wanted = (wanted - wanted.mean(0)) / np.where(deviation > 0, deviation, 1)
    assert found["values"] == pytest.approx(wanted, abs=1e-4)


def test_a_gap_in_the_coordinates_of_an_xyz_costs_the_row_and_no_column():
    rows = [(i / 2, i % 7, i % 3, i, i % 9, 7) for i in range(40)]
    text = "\n".join(
        " ".join(map(str, row if i % 5 else ("nan", "nan", "nan", *row[3:]))) for i, row in enumerate(rows)
    )
    said, found = read(".xyz", text)
    kept = [row for i, row in enumerate(rows) if i % 5]
    same(found, [row[:3] for row in kept])
    assert found["colour"].tolist() == [list(row[3:]) for row in kept]
    assert said["notes"] == ["8 rows with a gap or a value that is not a finite number left out"]


@pytest.mark.parametrize(
    ("row", "at", "notes"),
    [
        ("{0}.5 {1} {2} tree", (0, 1, 2), ["1 column of text or with many gaps left out"]),
        (
            "{3} CA {0}.5 {1} {2}",
            (0, 1, 2),
            ["1 column of text or with many gaps left out", "1 column before the coordinates left out"],
        ),
        ("{0}.5 {1} a {2}", (0, 1, 2), ["1 column of text or with many gaps left out"]),
        ("{0}.5 {1} n/a 900 {2} 7", (0, 1), ["3 columns after the coordinates left out"]),
    ],
)
def test_coordinates_of_an_xyz_stand_side_by_side(row, at, notes):
    numbers = [(i, i % 7, i % 3, 100 + i) for i in range(40)]
    said, found = read(".xyz", "\n".join(row.format(*cells) for cells in numbers))
    same(found, np.array(numbers)[:, at])
    assert left(said) == notes


def test_the_first_coordinate_of_an_atom_is_no_element():
    rows = [(i % 4 + 1, i // 4 % 4 + 1, i // 16 + 1) for i in range(40)]
    said, found = read(".xyz", "40\n\n" + "\n".join(f"C {x} {y} {z} {i / 2}" for i, (x, y, z) in enumerate(rows)))
    same(found, rows)
    assert left(said) == ["1 column after the coordinates left out"]


@pytest.mark.parametrize(
    ("head", "colour", "columns", "note"),
    [
        ("x y z class return ring", None, ["x", "y", "z", "class", "return", "ring"], None),
        ("X Y Z Intensity R G B", (4, 5, 6), ["X", "Y", "Z"], "Intensity"),
        ("x y z nx ny nz red green blue", (6, 7, 8), ["x", "y", "z"], "nx, ny, nz"),
        ("// b g r z [m] y [m] x [m]".replace(" [", "["), (2, 1, 0), ["x[m]", "y[m]", "z[m]"], None),
        ("a b c d e f", (3, 4, 5), ["a", "b", "c"], None),
        ("red green blue lon lat height", (0, 1, 2), ["lon", "lat", "height"], None),
    ],
)
def test_the_names_of_an_xyz_say_where_its_coordinates_and_colours_stand(head, colour, columns, note):
    names = head.removeprefix("// ").split()
    rows = np.array([[(i + 3) * (k + 2) % 101 for k in range(len(names))] for i in range(40)])
    said, found = read(".xyz", "\n".join([head, *(" ".join(map(str, row)) for row in rows.tolist())]))
    assert said["columns"] == columns
    same(found, rows[:, [names.index(name) for name in columns]])
    assert ("colour" in found) == (colour is not None)
    if colour:
        assert found["colour"].tolist() == rows[:, colour].tolist()
    guessed = "the columns d, e, f taken for red, green and blue"
    wanted = [f"besides the coordinates and the colours left out: {note}"] if note else [guessed] * (head[0] == "a")
    assert left(said) == wanted


@pytest.mark.parametrize("kind", [str, object, complex, "M8[s]", "V2"])
def test_an_array_of_something_else_does_not_hide_one_of_numbers(kind):
    array = np.random.default_rng(0).normal(size=(9, 3))
    other = np.zeros((9, 3), kind) if kind == "V2" else array.astype(kind)
    out = BytesIO()
    np.savez(out, names=other, x=array)
    said, found = read(".npz", out.getvalue())
    assert found["values"] == pytest.approx((array - array.mean(0)) / array.std(0), abs=1e-5)
    assert said["notes"] == ["of 2 arrays the first of numbers with two axes: x"]


@pytest.mark.parametrize("shape", [(9, 1), (0, 3), (3, 3), (4, 4), (2, 50)])
def test_an_array_that_cannot_be_used_does_not_hide_one_that_can(shape):
    array = np.random.default_rng(0).normal(size=(9, 3))
    out = BytesIO()
    np.savez(out, y=np.ones(shape), X=array, Z=array[:5])
    said, found = read(".npz", out.getvalue())
    same(found, array)
    passed = "; a matrix of 4 × 4 before it was passed over" if shape == (4, 4) else ""
    assert said["notes"] == [f"of 3 arrays the first with two axes that can be used: X{passed}"]
    out = BytesIO()
    np.savez(out, y=np.eye(4))
    assert len(read(".npz", out.getvalue())[1]["values"]) == 4


def test_only_the_array_that_is_read_must_fit(monkeypatch):
    array = np.random.default_rng(0).normal(size=(9, 3))
    out = BytesIO()
    np.savez(out, big=np.zeros(5000), X=array)
    monkeypatch.setattr(arrays, "UNPACKED_BYTES", 1000)
    same(read(".npz", out.getvalue())[1], array)


def test_an_array_under_the_name_of_an_archive_and_an_archive_under_that_of_an_array():
    array = np.random.default_rng(0).normal(size=(9, 3))
    out = BytesIO()
    np.savez(out, X=array)
    same(read(".npz", npy(array))[1], array)
    same(read(".npy", out.getvalue())[1], array)


@pytest.mark.parametrize("zeros", [1, 512])
def test_zeros_at_the_end_of_a_table_are_left_out(zeros):
    said, found = read(".csv", "x,y\n" + lines("{0}.5,{1}") + "\0" * zeros)
    same(found, [(i + 0.5, i * i) for i in range(9)])
    assert left(said) == [f"{zeros} byte{'s' * (zeros > 1)} of zero at its end left out"]
    assert "Save it as CSV in UTF-8" in refused(".csv", "x,y\n1\0,2\n" + "\0" * zeros)


@pytest.mark.parametrize("name", ["__MACOSX/._x.npy", "empty.npy"])
def test_what_is_no_array_in_an_archive_does_no_harm(name):
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, b"")
        archive.writestr("x.npy", npy(np.random.default_rng(0).normal(size=(9, 3))))
    said, found = read(".npz", out.getvalue())
    assert len(found["values"]) == 9
    assert said["notes"] == (["of 2 arrays the first with two axes: x"] if name == "empty.npy" else [])


@pytest.mark.parametrize(
    ("properties", "row", "more"),
    [
        ("species:S:1:charge:R:1:pos:R:3", "Si {q} {x} {y} {z}", ["charge"]),
        ("id:I:1:species:S:1:Pos:R:3:forces:R:3", "{q} Si {x} {y} {z} 1 2 3", ["id", "forces"]),
        ("pos:R:3", "{x} {y} {z}", []),
        ("fixed:L:2:tags:I:2:pos:R:3:species:S:1", "T F 9 {q} {x} {y} {z} Si", ["fixed", "tags"]),
    ],
)
def test_an_extended_xyz_says_where_its_positions_stand(properties, row, more):
    places = np.random.default_rng(0).normal(size=(9, 3)).round(4)
    rows = [row.format(q=k % 3, x=x, y=y, z=z) for k, (x, y, z) in enumerate(places.tolist())]
    said, found = read(".xyz", "\n".join(["9", f'Lattice="5 0 0" Properties={properties} pbc="T T T"', *rows]))
    assert found["values"] == pytest.approx((places - places.mean(0)) / places.std(0), abs=1e-4)
    left_out = f"what it says of each atom besides its position left out: {', '.join(more)}"
    assert said["notes"] == ([left_out] if more else [])
    wrong = "\n".join(row.format(q=k, x=x, y=y, z="far") for k, (x, y, _) in enumerate(places.tolist()))
    said = refused(".xyz", f"9\nProperties={properties}\n{wrong}")
    assert said == "The columns that this file names as the positions are not all numbers. Export it again."


def test_very_many_lines_of_words_below_a_table_do_not_take_minutes():
    table = "a,b\n" + "".join(f"{k},{k % 7}\n" for k in range(300)) + "some words,more\n" * 60_000
    before = time.process_time()
    said, found = read(".csv", table)
    assert time.process_time() - before < 5
    assert len(found["values"]) == 300
    assert any("60,000 lines below the table left out" in note for note in said["notes"])


def test_a_second_array_in_a_file_is_spoken_of():
    out = BytesIO()
    for _ in range(2):
        np.save(out, np.random.default_rng(0).normal(size=(5, 3)))
    assert "another array perhaps" in read(".npy", out.getvalue())[0]["notes"][0]


def test_a_title_of_one_cell_above_a_table_with_a_column_of_text_behind_its_first():
    rows = "".join(f"{i},a{i},{i % 7}.5\n" for i in range(12))
    said, found = read(".csv", "Counts of words\nA,words,B\n" + rows)
    assert said["columns"] == ["A", "B"]
    assert len(found["values"]) == 12
    assert any("1 line above the table left out" in note for note in said["notes"])


@pytest.mark.parametrize("text", ["[1 2 4; 4 5 7; 7 8 9; 1 1 1]", "A = [1, 2, 4;\n 4, 5, 7;\n 7, 8, 9;\n 1, 1, 1];\n"])
def test_the_rows_of_a_matrix_in_matlab_end_with_semicolons(text):
    said, found = read(".txt", text)
    assert found["values"].shape == (4, 3)
    assert found["values"][:, 0] * found["scale"][0] == pytest.approx(np.array([1, 4, 7, 1]) - 3.25, abs=1e-5)
    assert left(said) == []


@pytest.mark.parametrize("word", ["wild type", "WT", "mock"])
def test_a_control_is_no_name_of_columns_above_samples_with_numbers(word):
    said, found = read(".csv", f"{word},1,2,3\nmut1,4,2,9\nmut2,5,5,1\nmut3,8,1,2\n")
    assert len(found["values"]) == 4
    assert said["columns"] == ["2", "3", "4"]

"""The table that is printed: one line a figure, as it is measured."""

import statistics

WIDTHS = 4, 58, 54, 18


def line(*cells):
    print(" ".join(f"{cell:{width}}" for cell, width in zip(cells, (*WIDTHS, 0))).rstrip(), flush=True)


def head():
    line("", "measure", "figure", "goal", "met")


def row(number, measure, figure, goal="", met=None):
    """`met`: None where there is no goal, or a word instead of a verdict."""
    line(number, measure, figure, goal, {None: "", True: "yes", False: "NO"}.get(met, met))


def spread(values, unit, digits=1):
    """Median, and the least and the most beside it."""
    text = f"{statistics.median(values):,.{digits}f} {unit}".rstrip()
    if len(values) > 1:
        text += f" ({min(values):,.{digits}f} to {max(values):,.{digits}f})"
    return text


def ratio(values, anchor):
    """Of the medians."""
    return statistics.median(values) / statistics.median(anchor)


def times(number, measure, values, anchor, unit, most, digits=1, note=""):
    """A row whose goal is to be at most so many times the anchor."""
    found = ratio(values, anchor)
    row(number, measure, f"{spread(values, unit, digits)}, {found:.2f} times{note}", f"at most {most} times",
        found <= most)


SIDES = 4, 64, 32, 32, 22, 15


def _sides(*cells):
    print(" ".join(f"{cell:{width}}" for cell, width in zip(cells, (*SIDES, 0))).rstrip(), flush=True)


def sides_head():
    _sides("", "measure", "ours", "theirs", "ratio", "goal", "met")


def sides(number, measure, ours, theirs, unit, most=None, digits=2, missed=(0, 0)):
    """Ours beside theirs: the medians, and the ratio round by round; `missed` is what each was asked in vain."""
    ratios = [a / b for a, b in zip(ours, theirs)]
    middle = statistics.median(ratios)
    goal, met = (f"at most {most}", "yes" if middle <= most else "NO") if most else ("", "")
    cells = (spread(values, unit, digits) + (f", {lost:,} MISSED" if lost else "")
             for values, lost in zip((ours, theirs), missed))
    _sides(number, measure, *cells,
           f"{middle:.2f} ({min(ratios):.2f} to {max(ratios):.2f})", goal, met)


def alone(number, measure, ours, theirs="", goal="", met=None):
    _sides(number, measure, ours, theirs, "", goal, {None: "", True: "yes", False: "NO"}[met])

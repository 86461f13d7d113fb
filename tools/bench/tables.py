# SPDX-License-Identifier: GPL-2.0-only
"""Rows as tables for people."""
from benches import KB, MB


def size_text(size):
    """A number of bytes."""
    if size >= MB:
        return "%d MB" % (size // MB)
    return "%d KB" % (size // KB) if size >= KB else "%d B" % size


def number(value):
    """Three digits that count, without an exponent."""
    if value >= 1e6:
        return "%.3g M" % (value / 1e6) if value < 1e9 else \
            "%.4g M" % (value / 1e6)
    if value >= 100:
        return "%.0f" % value
    return "%.3g" % value


def cell(row):
    """The median, and the spread of the rounds."""
    if row is None:
        return "-"
    if len(row["rounds"]) == 1:
        return number(row["median"])
    return "%s (%s..%s)" % tuple(number(row[key])
                                 for key in ("median", "min", "max"))


def line_name(row):
    """What a line of a table is of."""
    words = []
    if row["clients"]:
        words.append("%d client%s" % (row["clients"],
                                      "s" if row["clients"] > 1 else ""))
    if row["size"]:
        words.append(size_text(row["size"]))
    return ", ".join(words) or "-"


def table(rows, group, metric):
    """A column for each transport; lines of text."""
    mine = [row for row in rows
            if row["group"] == group and row["metric"] == metric]
    names = list(dict.fromkeys(row["transport"] for row in mine))
    cells = {(line_name(row), row["transport"]): row for row in mine}
    lines = [["%s, %s" % (metric, mine[0]["unit"]), *names]]
    order = sorted(mine, key=lambda row: (row["clients"], row["size"]))
    for name in dict.fromkeys(map(line_name, order)):
        lines.append([name, *(cell(cells.get((name, transport)))
                              for transport in names)])
    return aligned(lines)


def aligned(lines):
    """Columns of equal width."""
    widths = [max(map(len, column)) for column in zip(*lines)]
    return ["  ".join([line[0].ljust(widths[0]),
                       *(text.rjust(width) for text, width in
                         zip(line[1:], widths[1:]))]).rstrip()
            for line in lines]


def targets(found):
    """The table of targets, as lines of text."""
    lines = [["what", "against", "goal", "value", "met"]]
    for row in found:
        met = {True: "yes", False: "no", None: "not measured"}[row["met"]]
        value = "-" if row["value"] is None else "%.3g" % row["value"]
        lines.append([row["what"], row["against"], row["goal"], value, met])
    return aligned(lines)


def all_tables(rows, titles):
    """Each group and metric, under its title."""
    lines = []
    seen = dict.fromkeys((row["group"], row["metric"]) for row in rows)
    last = None
    for group, metric in seen:
        if group != last:
            lines += ["", "%s: %s" % (group, titles.get(group, group))]
            last = group
        lines += ["", *table(rows, group, metric)]
    return lines

# SPDX-License-Identifier: GPL-2.0-only
"""Plots of what was measured over the size of messages, as SVG by gnuplot."""
import os
import shutil
import subprocess

LIMIT = 60
# Groups, what is on the y axis, and its title.
PLOTS = (
    ("native-rtt", "p50", "round trip, us"),
    ("native-stream", "bandwidth", "GB/s"),
    ("native-stream", "messages", "messages/s"),
    ("rtt-spin", "mean", "round trip, us"),
    ("stream", "bandwidth", "GB/s"),
    ("stream", "messages", "messages/s"),
)

SCRIPT = """\
set terminal svg size 800,500 background "white"
set output "{output}"
set title "{title}"
set xlabel "message, bytes"
set ylabel "{y}"
set logscale x 2
set logscale y 10
set grid
set key outside right
plot {curves}
"""


def curves(rows, group, metric):
    """{transport: [(size, median, min, max)]}, where there are two sizes."""
    found = {}
    for row in rows:
        if (row["group"], row["metric"]) == (group, metric):
            found.setdefault(row["transport"], []).append(
                (row["size"], row["median"], row["min"], row["max"]))
    return {name: sorted(points) for name, points in found.items()}


def script(output, group, y, data):
    """What gnuplot is to do; the data are part of it."""
    blocks = []
    parts = []
    for at, (name, points) in enumerate(data.items()):
        blocks.append("$d%d << END\n%s\nEND\n" % (at, "\n".join(
            " ".join(map(str, point)) for point in points)))
        parts.append('$d%d using 1:2:3:4 with yerrorlines title "%s"'
                     % (at, name))
    return "".join(blocks) + SCRIPT.format(
        output=output, title="%s: median, and the spread of the rounds"
        % group, y=y, curves=", \\\n     ".join(parts))


def draw(rows, directory):
    """The files that were made; none without gnuplot."""
    made = []
    gnuplot = shutil.which("gnuplot")
    for group, metric, y in PLOTS if gnuplot else ():
        data = curves(rows, group, metric)
        if not data:
            continue
        output = os.path.join(directory, "%s-%s.svg" % (group, metric))
        subprocess.run([gnuplot], input=script(output, group, y, data),
                       text=True, timeout=LIMIT, check=True)
        made.append(output)
    return made

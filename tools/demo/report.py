# SPDX-License-Identifier: GPL-2.0-only
"""From measurements to rows, a table and a verdict."""

import statistics

MIN_RING_SHARE = 0.9    # of the moved bytes; the first ones of each
                        # connection go by TCP until it has switched


class Results:
    """All measurements, by what was measured."""

    def __init__(self):
        self.samples = {}
        self.proof = {}
        self.details = {}

    def add(self, program, case, transport, measured):
        """Notes {test: (requests/s, p50, p99)} of one run."""
        for test, values in measured.items():
            key = (program, test, *case, transport)
            self.samples.setdefault(key, []).append(values)

    def add_proof(self, program, ring, moved, details):
        """Notes bytes by ring and bytes moved of one server's life."""
        have = self.proof.get(program, (0, 0))
        self.proof[program] = (have[0] + ring, have[1] + moved)
        for key, value in details.items():
            self.details[key] = self.details.get(key, 0) + value

    def rows(self):
        """One row for each thing that was measured: the medians."""
        rows = []
        for (program, test, clients, pipeline, transport), runs in \
                self.samples.items():
            rate, p50, p99 = (statistics.median(column)
                              for column in zip(*runs))
            rows.append({"program": program, "test": test, "clients": clients,
                         "pipeline": pipeline, "transport": transport,
                         "requests_per_s": round(rate, 1),
                         "p50_us": round(p50, 1), "p99_us": round(p99, 1)})
        return rows

    def document(self):
        """What is written as JSON."""
        total = [sum(column) for column in zip(*self.proof.values())]
        ring, moved = total or (0, 0)
        return {"rows": self.rows(), "ring_bytes": ring, "moved_bytes": moved}


def by_case(rows):
    """{(program, test, clients, pipeline): {transport: row}}."""
    cases = {}
    for row in rows:
        key = (row["program"], row["test"], row["clients"], row["pipeline"])
        cases.setdefault(key, {})[row["transport"]] = row
    return cases


def ratio(case):
    """How many times as fast as TCP sdirect is, if both were measured."""
    if "tcp" not in case or "sdirect" not in case:
        return None
    return case["sdirect"]["requests_per_s"] / case["tcp"]["requests_per_s"]


def table(rows, transports):
    """The comparison as lines of text."""
    head = "%-7s %-9s %7s %8s" % ("program", "test", "clients", "pipeline")
    head += "".join("%11s" % (name + "/s") for name in transports)
    head += "%7s" % "ratio"
    head += "".join("%18s" % (name + " p50/p99") for name in transports)
    lines = [head, "-" * len(head)]
    for (program, test, clients, pipeline), case in by_case(rows).items():
        line = "%-7s %-9s %7d %8d" % (program, test, clients, pipeline)
        for name in transports:
            line += ("%11.0f" % case[name]["requests_per_s"]
                     if name in case else "%11s" % "-")
        times = ratio(case)
        line += "%7s" % ("-" if times is None else "%.2f" % times)
        for name in transports:
            line += "%18s" % ("%.0f/%.0f" % (case[name]["p50_us"],
                                             case[name]["p99_us"])
                              if name in case else "-")
        lines.append(line)
    return lines


def _name(key):
    return "%s %s, %d client%s, pipeline %d" % (
        key[0], key[1], key[2], "" if key[2] == 1 else "s", key[3])


def unix_wins(rows):
    """Names of the rows in which the Unix socket beats sdirect."""
    return ["%s (%.2f)" % (_name(key), case["unix"]["requests_per_s"]
                           / case["sdirect"]["requests_per_s"])
            for key, case in by_case(rows).items()
            if "unix" in case and "sdirect" in case
            and case["unix"]["requests_per_s"]
            > case["sdirect"]["requests_per_s"]]


def complaints(results):
    """What is not as it must be; empty if all is well."""
    found = []
    for program, (ring, moved) in results.proof.items():
        if not moved or ring < MIN_RING_SHARE * moved:
            found.append("%s: only %d of %d bytes went through the rings"
                         % (program, ring, moved))
    for key, case in by_case(results.rows()).items():
        times = ratio(case)
        if times is not None and times <= 1:
            found.append("%s: %.2f times as fast as TCP, must be more than 1"
                         % (_name(key), times))
    return found

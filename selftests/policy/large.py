#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""large.py KIND RULES: a policy with many rules; large.py --cases KIND N.

"mixed" is what an administrator of many tenants may have; in "crossed" every
rule asks for two or three of few values, so that no field alone tells much;
"ranges" are ranges that overlap, beside single values; "boxes" are nothing but
ranges that overlap, of so many fields that hardly any connection is in one:
what is worst for the engine; of "overlaps" each connection is in some.
"""
import random
import sys


def subnet(rng):
    return f"10.{rng.randrange(256)}.{rng.randrange(256)}.0/24"


def host(rng):
    return f"10.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(256)}"


def mixed(rng, at):
    verdict = rng.choice(("direct", "direct", "tcp", "deny"))
    ports = f"{rng.randrange(60000)}"
    return verdict + " " + rng.choice((
        f"from user {1000 + at} to user {rng.randrange(100000)} port {ports}",
        f"from addr {subnet(rng)} to addr {subnet(rng)} port 5432",
        f"from addr {subnet(rng)} to port {ports}-{ports}",
        f"both cgroup \"/kubepods/*/pod-{at}\"",
        f"from cgroup \"/kubepods/burstable/pod-{at}-*\" to port 6379",
        f"from group {{ {at}, {at + 7} }} to exe \"/opt/app{at}/bin/*\"",
        f"from user != 0 to addr {host(rng)} port {{ 80, 443, {ports} }}",
        f"from netns {4026532000 + at} to netns {4026532000 + at // 2}",
        f"to label \"system_u:system_r:svc{at}_t:s0\" port {ports}"))


def crossed(rng, _at):
    words = [rng.choice((f"from user {rng.randrange(50)}", "from any")),
             rng.choice((f"addr 10.{rng.randrange(50)}.0.0/16", "")),
             rng.choice((f"group {rng.randrange(50)}", "")),
             rng.choice((f"to user {rng.randrange(50)}", "to any")),
             rng.choice((f"port {rng.randrange(50)}", "")),
             rng.choice((f"exe \"/bin/p{rng.randrange(50)}\"", "")),
             f"netns {rng.randrange(50)}"]
    return "tcp " + " ".join(words)


def ranges(rng, _at):
    a, b = sorted(rng.sample(range(65536), 2))
    c, d = sorted(rng.sample(range(1 << 24), 2))
    x, y = sorted(rng.sample(range(1 << 24), 2))
    return (f"tcp from port {a}-{b} user {c}-{d} group {x} "
            f"to group {x}-{max(x, y)} user {c}")


def span(rng, limit):
    first, last = sorted(rng.sample(range(limit), 2))
    return f"{first}-{last}"


def net(rng):
    return "-".join(f"10.0.{at >> 8}.{at & 255}"
                    for at in sorted(rng.sample(range(1 << 16), 2)))


def boxes(rng, _at):
    return "tcp " + " ".join(
        f"{side} addr {net(rng)} port {span(rng, 1 << 16)} "
        f"peer-addr {net(rng)} peer-port {span(rng, 1 << 16)} "
        f"user {span(rng, 100000)} group {span(rng, 100000)}"
        for side in ("from", "to"))


def overlaps(rng, _at):
    return "tcp " + " ".join(
        f"{side} port {span(rng, 1 << 16)} user {span(rng, 100000)} "
        f"group {span(rng, 100000)}" for side in ("from", "to"))


KINDS = {"mixed": mixed, "crossed": crossed, "ranges": ranges, "boxes": boxes,
         "overlaps": overlaps}


def inside(rng):
    at, of = rng.randrange(1 << 16), rng.randrange(1 << 16)
    return [f"10.0.{at >> 8}.{at & 255}", str(rng.randrange(1 << 16)),
            f"10.0.{of >> 8}.{of & 255}", str(rng.randrange(1 << 16)),
            str(rng.randrange(100000)), str(rng.randrange(100000)),
            "/", "1", "/bin/p", ""]


def end(rng, count, small):
    at = rng.randrange(count)
    if small:
        return [f"10.{rng.randrange(50)}.0.1", str(rng.randrange(50)),
                "10.0.0.1", "80", str(rng.randrange(50)),
                str(rng.randrange(50)), "/", str(rng.randrange(50)),
                f"/bin/p{rng.randrange(50)}", ""]
    return [host(rng), rng.choice(("80", "443", "5432", "6379",
                                   str(rng.randrange(60000)))),
            host(rng), "80", str(1000 + at), str(at + rng.choice((0, 7))),
            f"/kubepods/burstable/pod-{at}-{at}/container-{at}",
            str(4026532000 + at), f"/opt/app{at}/bin/server",
            f"system_u:system_r:svc{at}_t:s0"]


def main():
    if sys.argv[1] == "--cases":
        rng = random.Random(2)
        for _ in range(int(sys.argv[3])):
            small = sys.argv[2] == "crossed"
            ends = [inside(rng) if sys.argv[2] in ("boxes", "overlaps") else
                    end(rng, 100000, small) for _ in range(2)]
            print("\t".join([*ends[0], *ends[1], "1"]))
        return
    rng = random.Random(1)
    for at in range(int(sys.argv[2])):
        print(KINDS[sys.argv[1]](rng, at))


if __name__ == "__main__":
    main()

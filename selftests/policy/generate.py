# SPDX-License-Identifier: GPL-2.0-only
"""Random policies, and connections that their rules are likely to hit."""
import ipaddress
import random

from reference import FIELDS

MONDAY = 1_796_601_600      # 2026-12-07 00:00 UTC


def v4(rng):
    return str(ipaddress.IPv4Address(
        rng.choice((0x0a000000, 0x0a010000, 0x7f000000, 0xc0a80000)) +
        rng.choice((0, 1, 2, 3, 255, 256, rng.randrange(1 << 12)))))


def v6(rng):
    return str(ipaddress.IPv6Address(
        rng.choice((0, 1, 0xfd << 120, 0xfd01 << 112, 0xffff << 32)) +
        rng.choice((0, 1, 2, 3, 1 << 64, rng.randrange(1 << 12)))))


def addr(rng):
    one = v4(rng) if rng.random() < .7 else v6(rng)
    if one.startswith("::ffff:"):
        return "::1"        # the same as an IPv4 address: another language
    kind = rng.random()
    if kind < .4:
        return one
    bits = 32 if "." in one else 128
    if kind < .8:
        length = rng.choice((0, 8, 16, 24, bits - 1, bits,
                             rng.randrange(bits + 1)))
        return str(ipaddress.ip_network(f"{one}/{length}", strict=False))
    last = ipaddress.ip_address(one)
    room = (1 << bits) - 1 - int(last)
    return f"{one}-{last + min(room, rng.randrange(300))}"


def whole(rng, low, high):
    pool = (low, low + 1, low + 2, low + 5, high - 2, high - 1, high)
    return rng.choice(pool) if rng.random() < .7 else rng.randint(low, high)


def some(rng, low, high, letter=""):
    first = min(high, whole(rng, low, high))
    kind = rng.random()
    if kind < .3:
        return f"{first}-{rng.randint(first, min(high, first + 20))}"
    return f"{letter}{first}" if letter and kind < .6 else str(first)


def path(rng, wild):
    parts = [rng.choice(("a", "b", "ab", "kubepods", "pod-x", "x.slice",
                         *(("*", "*", "?", "a*", "*x", "p*-?") if wild
                           else ())))
             for _ in range(rng.randint(0, 4))]
    return "/" + "/".join(parts)


def word(rng, wild):
    return rng.choice(("redis", "redis-server", "nginx", "postgres", "a b",
                       *(("re*", "*s*r", "?ginx", "**", "n*x") if wild
                         else ())))


def value(rng, field, wild=True):
    if field.endswith("addr"):
        return addr(rng) if wild else v4(rng) if rng.random() < .7 else \
            v6(rng).replace("::ffff:", "fd::")
    if field.endswith("port"):
        return some(rng, 0, 65535) if wild else str(whole(rng, 0, 65535))
    if field in ("user", "group"):
        if wild and field == "user" and rng.random() < .1:
            return "www-data"
        return some(rng, 0, 1010, field[0]) if wild else \
            str(rng.choice((33, whole(rng, 0, 1010))))
    if field == "netns":
        return some(rng, 1, 9, "n") if wild else str(whole(rng, 1, 9))
    if field == "cgroup" or (field == "exe" and rng.random() < .3):
        return path(rng, wild)
    return word(rng, wild)


def written(rng, field, text):
    if field in ("cgroup", "exe", "label") and \
            (" " in text or rng.random() < .7):
        return f'"{text}"'
    return text


def values(rng, field):
    texts = [written(rng, field, value(rng, field)) for _ in
             range(rng.choice((1, 1, 1, 2, 3, 9)))]
    if len(texts) == 1 and rng.random() < .9:
        return texts[0]
    comma = rng.choice((", ", ",\n\t", " , "))
    return "{ " + comma.join(texts) + rng.choice((" }", ", }", "\n}"))


def times(rng):
    if rng.random() < .5:
        yield "hours " + rng.choice(("08:00-18:00", "22:30-06:00",
                                     "00:00-24:00", "12:00-12:01"))
    if rng.random() < .5:
        yield "days " + rng.choice(("mon", "mon-fri", "sat-mon",
                                    "{ tue, thu-fri }"))
    if rng.random() < .3:
        yield rng.choice(("since", "until")) + " " + rng.choice(
            ("2026-12-07", "2026-12-08", "2026-12-10", "2026-12-12",
             "2026-12-09T12:00", "2026-12-31", "2020-02-29"))


LAST = {"port": 65535, "peer-port": 65535, "user": 1010, "group": 1010,
        "netns": 9}


def wide_range(rng, field):
    """A good part of what connections have."""
    if field.endswith("addr"):
        return rng.choice(("10.0.0.0/7", "10.0.0.0-10.0.255.255", "::/1",
                           "10.0.255.255-192.168.0.1", "fd00::/8",
                           "127.0.0.0/8"))
    middle = LAST[field] // 2
    first, rest = rng.randrange(middle + 1), rng.randrange(middle + 1)
    return f"{first}-{LAST[field] - rest}"


def side(rng, chance, names, wide):
    for field in FIELDS:
        if rng.random() >= chance:
            continue
        mark = rng.choice(("", "", "", "= ", "!= "))
        if wide and (field in LAST or field.endswith("addr")):
            yield f"{field} {wide_range(rng, field)}"
        elif names[field] and rng.random() < .3:
            yield f"{field} {mark}${rng.choice(names[field])}"
        else:
            yield f"{field} {mark}{values(rng, field)}"


def rule(rng, chance, names, wide):
    verdict = rng.choice(("direct", "tcp", "deny"))
    words = [verdict]
    timed = rng.random() < .2
    if timed:       # what asks for much besides hardly ever decides
        chance /= 3
    for end in rng.choice((("from", "to"), ("to", "from"), ("from",),
                           ("to",), ("both",))):
        body = list(side(rng, chance, names, wide))
        rng.shuffle(body)
        words += [end, *(body or ["any"])]
    if rng.random() < .1:
        words.append("same " + rng.choice(("user", "{ user, group }",
                                           "cgroup", "netns")))
    if rng.random() < .1:
        words.append("carrier " + rng.choice(("local", "rdma",
                                              "{ local, rdma }")))
    if timed:
        words += times(rng)
    if verdict == "direct" and rng.random() < .1:
        words.append(rng.choice(("ring 64K", "rate 100/s")))
    return rng.choice((" ", " ", "  ", " \\\n")).join(words)


def policy(rng, count, chance, wide=False):
    """Lines of a policy with so many rules."""
    names = {field: [] for field in FIELDS}
    lines = []
    for at, field in enumerate(FIELDS):
        if rng.random() < .5:
            names[field].append(f"set{at}")
            lines.append(f"define set{at} = {values(rng, field)}")
    for _ in range(count):
        lines.append(rule(rng, chance, names, wide))
        if rng.random() < .05:
            lines.append(rng.choice(("", "# direct from any",
                                     "\t  # { \"")))
    return "\n".join(lines) + "\n"


def end(rng):
    return [value(rng, field, wild=False) if rng.random() < .95 else ""
            for field in FIELDS]


def case(rng):
    """Both ends, and the carrier."""
    ends = [end(rng), end(rng)]
    if rng.random() < .5:       # what "same" is about
        for at in (4, 5, 6, 7):
            ends[1][at] = ends[0][at]
    return ends, rng.choice((1, 1, 2))


def moment(rng):
    """Seconds, on a whole minute or beside one."""
    return MONDAY + rng.randrange(7 * 24 * 4) * 900 + rng.choice((0, 0, 59))


def seeded(seed):
    return random.Random(seed)

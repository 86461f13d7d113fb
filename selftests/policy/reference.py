# SPDX-License-Identifier: GPL-2.0-only
"""The rule language once more, as slow and as plain as can be: the oracle.

Shares nothing with sdirectd.  Text with mistakes is none of its business.
"""
import datetime
import ipaddress
import re
from pathlib import Path

TOKEN = re.compile(r'\\\n|#[^\n]*|[ \t\r]+|"((?:[^"\\]|\\.)*)"|(\n|;)'
                   r'|(\$?[\w.:/%@*?+\-\[\]~]+|!=|[{},=])')
FIELDS = ("addr", "port", "peer-addr", "peer-port", "user", "group", "cgroup",
          "netns", "exe", "label")
VERDICTS = ("direct", "tcp", "deny")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def statements(text):
    """Lists of (word, was it quoted); lines end none inside of braces."""
    found, depth = [], 0
    for string, line, word in (match.groups() for match in
                               TOKEN.finditer(text + "\n")):
        depth += (word == "{") - (word == "}")
        if string is not None:
            found.append((re.sub(r"\\(.)", r"\1", string), True))
        elif word:
            found.append((word, False))
        elif line and found and not depth:
            yield found
            found = []


def take_values(words, names):
    """The values at the beginning of the words, which are taken away."""
    word, quoted = words.pop(0)
    if word.startswith("$") and not quoted:
        return list(names[word[1:]])
    if word != "{" or quoted:
        return [word]
    values = []
    while (word := words.pop(0))[0] != "}" or word[1]:
        if word != (",", False):
            values += take_values([word], names)
    return values


def rules(path):
    """Each rule is a list: the verdict, then conditions (name, side, ...)."""
    names, found = {}, []
    read(Path(path), names, found)
    return found


def read(path, names, found):
    for words in statements(path.read_text()):
        first = words.pop(0)[0]
        if first == "define":
            name = words.pop(0)[0]
            words.pop(0)
            names[name] = take_values(words, names)
        elif first == "include":
            pattern = words[0][0]
            for more in sorted(path.parent.glob(pattern)):
                read(more, names, found)
        else:
            found.append([first, *conditions(words, names)])


def conditions(words, names):
    sides = ()
    while words:
        word = words.pop(0)[0]
        if word in ("from", "to", "both"):
            sides = {"from": (0,), "to": (1,), "both": (0, 1)}[word]
            if words and words[0] == ("any", False):
                words.pop(0)
            continue
        mark = words.pop(0)[0] if words[0][0] in ("=", "!=") else "="
        values = take_values(words, names)
        for side in sides if word in FIELDS else (None,):
            yield word, side, mark == "!=", values


def number(value, letter=" "):
    if value == "www-data":
        return 33
    return int(value.removeprefix(letter))


def in_range(value, text, letter):
    if re.fullmatch(r"\d+-\d+", text):
        first, last = text.split("-")
        return int(first) <= int(value) <= int(last)
    return number(text, letter) == int(value)


def in_net(value, text):
    value = ipaddress.ip_address(value)
    if "-" in text:
        first, last = map(ipaddress.ip_address, text.split("-"))
        return first.version == value.version and first <= value <= last
    net = ipaddress.ip_network(text)
    return net.version == value.version and value in net


def like(value, pattern, below):
    parts = {"*": "[^/]*", "?": "[^/]"}
    text = "".join(parts.get(c, re.escape(c)) for c in
                   (pattern.rstrip("/") if below else pattern))
    value = "" if below and value == "/" else value
    return re.fullmatch(text + ("(/.*)?" if below else ""), value, re.S)


def is_value(field, value, text):
    if field.endswith("addr"):
        return in_net(value, text)
    if field in ("cgroup", "exe", "label"):
        if field == "exe" and "/" not in text:
            value = value.rpartition("/")[2]
        return like(value, text, field == "cgroup")
    return in_range(value, text, {"user": "u", "group": "g"}.get(field, "n"))


def in_time(name, values, now):
    if name == "days":
        wanted = set()
        for value in values:
            first, last = (DAYS.index(day) for day in (value.split("-") * 2)[:2])
            wanted |= {(first + i) % 7 for i in range((last - first) % 7 + 1)}
        return now.weekday() in wanted
    if name == "hours":
        first, last = values[0].split("-")
        at = now.strftime("%H:%M")
        return first <= at < last if first < last else at >= first or at < last
    when = datetime.datetime.fromisoformat(values[0])
    if name == "until" and "T" not in values[0]:
        when += datetime.timedelta(days=1)
    return now >= when if name == "since" else now < when


def holds(condition, ends, carrier, now):
    name, side, inverted, values = condition
    if name in FIELDS:
        value = ends[side][FIELDS.index(name)]
        return value != "" and inverted != any(
            is_value(name, value, text) for text in values)
    if name == "same":
        return all(ends[0][FIELDS.index(what)] == ends[1][FIELDS.index(what)]
                   != "" for what in values)
    if name == "carrier":
        return carrier in [{"local": 1, "rdma": 2}[value] for value in values]
    return name in ("ring", "rate") or in_time(name, values, now)


def decide(found, ends, carrier, now):
    """The number of the first rule that matches, from 1; or 0."""
    for count, rule in enumerate(found, 1):
        if all(holds(condition, ends, carrier, now) for condition in rule[1:]):
            return count
    return 0

# SPDX-License-Identifier: GPL-2.0-only
"""redis: large values, publish and subscribe, replication in both forms."""
from place import MIB, until

VALUE = 16 * MIB
LATER = 8 * MIB
MESSAGES = 400
MESSAGE = 4096          # bytes, as twice as many digits
READY = "eady to accept connections"


def server(place, *words):
    directory = place.directory(place.fresh("redis"))
    return place.serve(lambda port: place.argv(
        "redis-server", "--save", "", "--appendonly", "no", "--daemonize",
        "no", "--bind", "127.0.0.1", "--port", port, "--dir", directory,
        "--repl-diskless-sync-delay", "0", *words), READY)


def cli(place, port, *words):
    return place.argv("redis-cli", "-h", "127.0.0.1", "-p", port, "--raw",
                      *words)


def field(place, port, name):
    """One line of what a server says of replication."""
    for line in place.text(cli(place, port, "INFO", "replication")).split():
        key, _, value = line.partition(":")
        if key == name:
            return value
    return None


def value(place, port, key, payload, what):
    """Reads a value back."""
    path = place.run(cli(place, port, "GET", key))
    with open(path, "r+b") as file:
        file.truncate(payload.size)     # without the line's end
    place.file(what, path, payload)


def publish(place, port):
    lines = [place.payload(MESSAGE, "message", seed).path
             for seed in range(8)]
    texts = []
    for path in lines:
        with open(path, "rb") as file:
            texts.append(file.read().hex())
    texts = [texts[at % len(texts)] for at in range(MESSAGES)]
    script = place.write("publish", "".join(
        f"PUBLISH news {text}\n" for text in texts))
    wanted = "subscribe\nnews\n1\n" + "".join(
        f"message\nnews\n{text}\n" for text in texts)
    with place.part("publish and subscribe", 2 * sum(map(len, texts))):
        reader = place.spawn(cli(place, port, "SUBSCRIBE", "news"))
        until("somebody listens", lambda: place.text(
            cli(place, port, "PUBSUB", "NUMSUB", "news")).endswith("\n1"))
        got = place.text(cli(place, port), stdin=script)
        place.same("receivers", got, "\n".join(["1"] * MESSAGES))

        def received():
            with open(reader.output, encoding="utf-8") as file:
                text = file.read()
            return len(text) >= len(wanted) and text

        place.same("messages", until("all messages came", received) == wanted,
                   True)
        reader.terminate()
        reader.wait()


def replicate(place, port, first):
    """A replica takes what is there, and then what comes."""
    with place.part("diskless synchronisation", first.size):
        replica = server(place, "--replicaof", f"127.0.0.1 {port}")
        until("replica is up", lambda: field(
            place, replica, "master_link_status") == "up")
    value(place, replica, "first", first, "first value of the replica")
    later = place.payload(LATER, "later", 2)
    with place.part("replication", 2 * later.size):
        place.same("second SET", place.text(cli(
            place, port, "-x", "SET", "second"), stdin=later.path), "OK")
        until("the replica has it", lambda: place.text(
            cli(place, replica, "EXISTS", "second")) == "1")
    value(place, replica, "second", later, "second value of the replica")
    place.text(cli(place, port, "CONFIG", "SET", "repl-diskless-sync", "no"))
    with place.part("synchronisation by a file", first.size + later.size):
        other = server(place, "--replicaof", f"127.0.0.1 {port}")
        until("replica is up", lambda: field(
            place, other, "master_link_status") == "up")
    value(place, other, "second", later, "value of the other replica")


def exercise(place):
    first = place.payload(VALUE)
    port = server(place)
    with place.part("SET", first.size):
        place.same("SET", place.text(cli(place, port, "-x", "SET", "first"),
                                     stdin=first.path), "OK")
    with place.part("GET", first.size):
        value(place, port, "first", first, "value")
    publish(place, port)
    replicate(place, port, first)

# SPDX-License-Identifier: GPL-2.0-only
"""MariaDB: a table in and out, parallel clients, a large value, KILL."""
import hashlib

from place import MIB, digest, tail, until

LINES = 4096
LINE = 1024             # bytes in each, as twice as many digits
CLIENTS = 4
LARGE = 4 * MIB
READY = "ready for connections"
LOST = "Query execution was interrupted"


def prepare(place):
    """Its system tables take long in an emulated machine: once for both."""
    place.run(place.argv(
        "mariadb-install-db", "--no-defaults", "--user=root",
        f"--datadir={place.top}/data", "--skip-test-db",
        "--skip-name-resolve"))


def client(place, port, *words):
    return place.argv("mariadb", "--no-defaults", "--protocol=tcp", "-h",
                      "127.0.0.1", "-P", port, "-u", "root",
                      "--local-infile=1", "--max-allowed-packet=64M", "-N",
                      "-B", "-r", *words)


def sql(place, port, *commands):
    return place.text(client(place, port, "-e", ";".join(commands)))


def copy(place, port):
    """A table comes in, and goes out to several clients at once."""
    text = place.table(LINES, LINE)
    source = place.write("table", text)
    sql(place, port, "drop database if exists d", "create database d",
        "create table d.t (id int, v longtext character set ascii)")
    with place.part("LOAD DATA LOCAL", len(text)):
        sql(place, port, f"load data local infile '{source}' into table d.t")
    place.same("lines", sql(place, port, "select count(*) from d.t"),
               str(LINES))
    outs = [place.fresh() for _ in range(CLIENTS)]
    with place.part("SELECT, parallel", CLIENTS * len(text)):
        children = [place.spawn(client(
            place, port, "--quick", "-e", "select * from d.t order by id"),
            stdout=out) for out in outs]
        for child in children:
            place.finish(child)
    for at, out in enumerate(outs):
        place.same(f"select {at}", digest(out), digest(source))


def large(place, port):
    """One statement and one value of many packets."""
    data = place.payload(LARGE, "large", 2)
    with open(data.path, "rb") as file:
        digits = file.read().hex().upper()
    script = place.write("large.sql", "create table d.l (v longblob);"
                         f"insert into d.l values (x'{digits}');")
    with place.part("large value", 3 * len(digits)):
        place.run(client(place, port), stdin=script)
        got = place.text(client(place, port, "-e", "select hex(v) from d.l"))
        again = place.text(client(place, port, "-e",
                                  "select sha2(v, 256), hex(v) from d.l"))
    place.same("large value", hashlib.sha256(got.encode()).hexdigest(),
               hashlib.sha256(digits.encode()).hexdigest())
    place.same("its sum", again.split()[0], data.digest)


def kill(place, port):
    """A query is ended from another connection."""
    child = place.spawn(client(place, port, "-e",
                               "select count(*) from d.t a, d.t b, d.t c"))
    number = until("the query runs", lambda: sql(
        place, port, "select id from information_schema.processlist where "
        "info like 'select count%d.t a%' limit 1"))
    sql(place, port, f"kill query {int(number)}")
    place.finish(child, status=1)
    place.same("killed", LOST in tail(child.errors), True)


def exercise(place):
    home = place.directory("run")
    port = place.serve(lambda port: place.argv(
        "mariadbd", "--no-defaults", "--user=root", "--skip-grant-tables",
        f"--datadir={place.top}/data", f"--socket={home}/socket",
        f"--pid-file={home}/pid", "--bind-address=127.0.0.1",
        f"--port={port}", "--local-infile=1", "--max-allowed-packet=64M",
        "--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0"), READY)
    copy(place, port)
    large(place, port)
    kill(place, port)

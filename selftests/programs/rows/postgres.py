# SPDX-License-Identifier: GPL-2.0-only
"""PostgreSQL: COPY in and out, pgbench, parallel clients, cancel requests."""
import hashlib
import os
import signal

from place import MIB, digest, tail, until

LINES = 4096
LINE = 1024             # bytes in each, as twice as many digits
CLIENTS = 4
TRANSACTIONS = 40       # of each of them
READY = "database system is ready to accept connections"
SUM = ("select encode(sha256(string_agg(v, '' order by id)::bytea), 'hex') "
       "from t")


def prepare(place):
    """initdb takes long in an emulated machine: once for both."""
    os.chmod(place.top, 0o777)
    place.run(place.argv(
        "initdb", "-D", os.path.join(place.top, "data"), "-U", "postgres",
        "-A", "trust", "--no-sync", "--no-instructions", "--locale=C",
        "--encoding=UTF8", nobody=True))


def client(place, port, *words, program="psql"):
    plain = ["-h", "127.0.0.1", "-p", str(port), "-U", "postgres"]
    quiet = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
    return place.argv(program, *plain,
                      *(quiet if program == "psql" else []), *words,
                      nobody=True)


def sql(place, port, *commands):
    """What these commands print."""
    return place.text(client(place, port, *[
        word for command in commands for word in ("-c", command)],
        "postgres"))


def copy(place, port):
    """A table comes in, and goes out to several clients at once."""
    text = place.table(LINES, LINE)
    source = place.write("table", text)
    sql(place, port, "drop table if exists t",
        "create table t (id int, v text)")
    with place.part("COPY in", len(text)):
        sql(place, port, f"\\copy t from '{source}'")
    place.same("lines", sql(place, port, "select count(*) from t"),
               str(LINES))
    place.same("sum", sql(place, port, SUM), table_sum(text))
    outs = [place.fresh() for _ in range(CLIENTS)]
    with place.part("COPY out, parallel", CLIENTS * len(text)):
        children = [place.spawn(client(
            place, port, "-c", "copy (select * from t order by id) to stdout",
            "postgres"), stdout=out) for out in outs]
        for child in children:
            place.finish(child)
    for at, out in enumerate(outs):
        place.same(f"copy {at}", digest(out), digest(source))


def table_sum(text):
    """What SUM gives for it."""
    values = "".join(line.partition("\t")[2] for line in text.split("\n"))
    return hashlib.sha256(values.encode()).hexdigest()


def bench(place, port):
    """Sums over all tables must be equal after many transactions."""
    with place.part("pgbench -i", MIB):
        place.run(client(place, port, "-i", "-s", "1", "-q", "postgres",
                         program="pgbench"))
    with place.part("pgbench", CLIENTS * TRANSACTIONS * 300):
        place.run(client(place, port, "-c", CLIENTS, "-j", 2, "-t",
                         TRANSACTIONS, "postgres", program="pgbench"))
    place.same("transactions", sql(place, port, "select count(*) from "
                                   "pgbench_history"),
               str(CLIENTS * TRANSACTIONS))
    sums = [sql(place, port, f"select sum({column}) from pgbench_{of}")
            for column, of in (("abalance", "accounts"),
                               ("tbalance", "tellers"),
                               ("bbalance", "branches"),
                               ("delta", "history"))]
    place.same("one sum", len(set(sums)), 1)


def cancel(place, port):
    """A signal has psql ask by a connection of its own, in the handler."""
    child = place.spawn(client(place, port, "-c", "select pg_sleep(1000)",
                               "postgres"))
    until("the query runs", lambda: sql(
        place, port, "select count(*) from pg_stat_activity where query like "
        "'select pg_sleep%' and state = 'active'") == "1")
    child.send_signal(signal.SIGINT)
    place.finish(child, status=1)
    said = tail(child.errors)
    place.same("cancelled", "canceling statement due to user request" in said,
               True)


def exercise(place):
    port = place.serve(lambda port: place.argv(
        "postgres", "-D", os.path.join(place.top, "data"), "-p", port,
        "-h", "127.0.0.1", "-k", "", "-F", nobody=True), READY)
    copy(place, port)
    bench(place, port)
    cancel(place, port)

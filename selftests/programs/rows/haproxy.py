# SPDX-License-Identifier: GPL-2.0-only
"""HAProxy before two nginx: as a proxy of requests, and of streams."""
import web
from place import MIB
from proc import free_port

BIG = 16 * MIB
SMALL = 64 << 10
REQUESTS = 60
READY = "Loading success"

CONFIG = """\
global
    nbthread 2
defaults
    timeout connect 60s
    timeout client 300s
    timeout server 300s
frontend requests
    mode http
    bind 127.0.0.1:{port}
    default_backend servers
backend servers
    mode http
    balance roundrobin
    server one 127.0.0.1:{one}
    server two 127.0.0.1:{two}
listen streams
    mode tcp
    option splice-auto
    bind 127.0.0.1:{streams}
    server one 127.0.0.1:{one}
"""


def prepare(place):
    web.certificate(place)


def exercise(place):
    one, two = web.nginx(place), web.nginx(place, "other")
    big = place.payload(BIG, "www/payload")
    place.payload(BIG, "other/payload")
    small = place.payload(SMALL, "www/small", 2)
    place.payload(SMALL, "other/small", 2)
    streams = None

    def make(port):
        nonlocal streams
        streams = free_port()
        config = place.write(place.fresh("haproxy.cfg"), CONFIG.format(
            port=port, streams=streams, one=one.port, two=two.port))
        return place.argv("haproxy", "-W", "-db", "-f", config)

    port = place.serve(make, READY)
    for turn in range(2):
        web.get(place, f"request {turn}", web.url(port), big, hops=2)
    web.get(place, "stream", web.url(streams), big, hops=2)
    web.put(place, "upload by stream", web.url(streams), big, hops=2)
    urls = [word for at in range(REQUESTS) for word in
            ("-o", place.path(f"small.{at}"), f"{web.url(port)}/small")]
    # Not all of those behind the proxy live long enough for a ring.
    with place.part("keep-alive", REQUESTS * small.size):
        place.run(web.curl(place, *urls))
    for at in range(REQUESTS):
        place.file(f"small {at}", place.path(f"small.{at}"), small)

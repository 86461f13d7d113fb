# SPDX-License-Identifier: GPL-2.0-only
"""nginx: sendfile, keep-alive, TLS, a proxy before it; curl is the client."""
import os

import web
from place import MIB

STATIC = 32 * MIB
SECRET = 8 * MIB
REQUESTS = 100
SMALL = 64 << 10


def prepare(place):
    web.certificate(place)


def keep_alive(place, port, small):
    """Many requests, one connection."""
    urls = [word for at in range(REQUESTS) for word in
            ("-o", place.path(f"small.{at}"), f"{web.url(port)}/small")]
    with place.part("keep-alive", REQUESTS * small.size):
        opened = place.text(web.curl(place, "-w", "%{num_connects}\n", *urls))
    place.same("connections", opened.split(), ["1"] + ["0"] * (REQUESTS - 1))
    for at in range(REQUESTS):
        place.file(f"request {at}", place.path(f"small.{at}"), small)


def exercise(place):
    here = web.nginx(place)
    big = place.payload(STATIC, "www/payload")
    small = place.payload(SMALL, "www/small", 2)
    secret = place.payload(SECRET, "www/secret", 3)
    web.get(place, "sendfile", web.url(here.port), big)
    keep_alive(place, here.port, small)
    web.get(place, "TLS", web.url(here.tls, "https"), secret,
            "--cacert", os.path.join(place.top, "cert.pem"))
    front = web.nginx(place, "front", here.port)
    web.get(place, "proxy", web.url(front.port), big, hops=2)
    web.put(place, "upload", web.url(here.port), big)
    web.put(place, "upload by proxy", web.url(front.port), secret, hops=2)

# SPDX-License-Identifier: GPL-2.0-only
"""curl: parallel transfers, ranges, HTTP/2; nginx is the server."""
import os

import web
from place import MIB

SIZE = 4 * MIB
PARALLEL = 8
CUT = MIB + 4711


def prepare(place):
    web.certificate(place)


def exercise(place):
    here = web.nginx(place)
    payload = place.payload(SIZE, "www/payload")
    base = web.url(here.port) + "/payload"
    cert = os.path.join(place.top, "cert.pem")
    outs = [place.fresh() for _ in range(PARALLEL)]
    words = [word for out in outs for word in ("-o", out, base)]
    with place.part("parallel", PARALLEL * SIZE):
        place.run(web.curl(place, "-Z", "--parallel-immediate",
                           "--parallel-max", PARALLEL, *words))
    for at, out in enumerate(outs):
        place.file(f"parallel {at}", out, payload)
    out = place.fresh()
    with place.part("resumed", SIZE):
        place.run(web.curl(place, "-r", f"0-{CUT - 1}", "-o", out, base))
        place.run(web.curl(place, "-C", CUT, "-o", out, base))
    place.file("resumed", out, payload)
    outs = [place.fresh() for _ in range(PARALLEL)]
    words = [word for out in outs for word in
             ("-o", out, web.url(here.tls, "https") + "/payload")]
    with place.part("HTTP/2", PARALLEL * SIZE):
        said = place.text(web.curl(
            place, "-Z", "--http2", "--cacert", cert, "-w",
            "%{http_version} ", *words))
    place.same("versions", said.split(), ["2"] * PARALLEL)
    for at, out in enumerate(outs):
        place.file(f"HTTP/2 {at}", out, payload)

# SPDX-License-Identifier: GPL-2.0-only
"""One file from nginx, for the faults of planted.py."""
import web
from place import MIB


def prepare(place):
    web.certificate(place)


def exercise(place):
    here = web.nginx(place)
    web.get(place, "fetch", web.url(here.port),
            place.payload(8 * MIB, "www/payload"))

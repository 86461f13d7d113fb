# SPDX-License-Identifier: GPL-2.0-only
"""Java: a client and a server, which use selectors."""
import peers
import web


def prepare(place):
    web.certificate(place)


def exercise(place):
    peers.exercise(place, peers.JAVA)

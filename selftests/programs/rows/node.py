# SPDX-License-Identifier: GPL-2.0-only
"""Node.js: a client and a server, by streams."""
import peers
import web


def prepare(place):
    web.certificate(place)


def exercise(place):
    peers.exercise(place, peers.NODE)

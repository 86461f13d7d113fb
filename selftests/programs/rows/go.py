# SPDX-License-Identifier: GPL-2.0-only
"""A static Go program: the shim has no hold of it, so all goes by TCP."""
import peers
import web


def prepare(place):
    web.certificate(place)


def exercise(place):
    peers.exercise(place, peers.GO)

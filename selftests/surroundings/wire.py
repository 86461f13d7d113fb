# SPDX-License-Identifier: GPL-2.0-only
"""A place on the wire: TCP segments, taken from devices and made by hand.

The kernel of that namespace has no address and takes no part.
"""
import collections
import select
import socket
import struct
import threading

ETH_P_IP = 0x0800
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
MSS_OPTION = b"\x02\x04\x05\xb4"
OUTGOING = 4            # PACKET_OUTGOING
SO_RCVBUFFORCE = 33
# Addresses of the devices at home, and of those that they send to.
HOME = bytes((2, 0, 0, 0, 0, 2))
AWAY = bytes((2, 0, 0, 0, 0, 1))

Segment = collections.namedtuple(
    "Segment", "source sport to dport seq ack flags window options data")


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def parse(packet):
    """A TCP segment, or None."""
    if len(packet) < 40 or packet[9] != socket.IPPROTO_TCP:
        return None
    head = (packet[0] & 15) * 4
    total = struct.unpack("!H", packet[2:4])[0]
    tcp = packet[head:total]
    sport, dport, seq, ack, offset, flags, window = struct.unpack(
        "!HHIIBBH", tcp[:16])
    end = (offset >> 4) * 4
    return Segment(socket.inet_ntoa(packet[12:16]), sport,
                   socket.inet_ntoa(packet[16:20]), dport, seq, ack, flags,
                   window, tcp[20:end], tcp[end:])


def build(segment):
    """The packet."""
    options = segment.options + b"\x01" * (-len(segment.options) % 4)
    source, to = (socket.inet_aton(each) for each in
                  (segment.source, segment.to))
    tcp = struct.pack("!HHIIBBHHH", segment.sport, segment.dport, segment.seq,
                      segment.ack, (20 + len(options)) << 2, segment.flags,
                      segment.window, 0, 0) + options + segment.data
    pseudo = source + to + struct.pack("!HH", socket.IPPROTO_TCP, len(tcp))
    tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 1, 0x4000, 64,
                       socket.IPPROTO_TCP, 0) + source + to
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + tcp


def stamp(segment):
    """Its timestamp, or None."""
    at, options = 0, segment.options
    while at < len(options) and options[at]:
        if options[at] == 1:
            at += 1
            continue
        if options[at] == 8:
            return struct.unpack("!I", options[at + 2:at + 6])[0]
        at += options[at + 1]
    return None


class Device:
    """One device of the namespace that this thread is in."""

    def __init__(self, name, kind=ETH_P_IP):
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                                  socket.htons(kind))
        self.sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
        self.sock.bind((name, kind))
        self.name = name

    def read(self, limit):
        """The next segment that comes in, or None."""
        while select.select([self.sock], [], [], limit)[0]:
            packet, (_, _, kind, *_) = self.sock.recvfrom(65536)
            segment = parse(packet)
            if segment and kind != OUTGOING:
                return segment
        return None

    def write(self, segment):
        self.sock.sendto(build(segment), (self.name, ETH_P_IP, 0, 0, HOME))

    def close(self):
        self.sock.close()


def answer(segment, isn, options=MSS_OPTION):
    """The SYN-ACK for a SYN, with a number of one's choice."""
    return Segment(segment.to, segment.dport, segment.source, segment.sport,
                   isn, segment.seq + 1 & 0xffffffff, SYN | ACK, 65535,
                   options, b"")


class Relay:
    """Passes segments on between devices, until it is stopped.

    rules: for each device, segment -> [(device, segment)]
    """

    def __init__(self, rules):
        self.rules, self.ended = rules, threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.ended.is_set():
            ready = select.select([device.sock for device in self.rules], [],
                                  [], 0.1)[0]
            for device, rule in self.rules.items():
                if device.sock in ready:
                    segment = device.read(0)
                    for to, what in rule(segment) if segment else ():
                        to.write(what)

    def stop(self):
        self.ended.set()
        self.thread.join()

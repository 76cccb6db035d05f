"""Ways to spoil octets and to cut streams. All chance comes from the Random that is handed in."""

import random
import socket
import struct
import time


def chance_of(*parts):
    """A Random that depends on these parts and nothing else: a play can be played again by itself."""
    return random.Random("/".join(str(part) for part in parts))


def pick(chance, weighted):
    """One key of {key: weight}."""
    return chance.choices(list(weighted), list(weighted.values()))[0]


def mutate(chance, wire, start=0):
    """Spoils one to twenty places of a message from `start` on; most ways keep it a little sensible."""
    octets = bytearray(wire)
    for _ in range(chance.choice((1, 1, 1, 2, 5, 20))):
        if len(octets) < max(start + 2, 13):
            break
        at = chance.randrange(start, len(octets))
        way = chance.randrange(9)
        if way == 0:
            octets[at] = chance.choice((0, 1, 63, 64, 127, 128, 192, 254, 255))
        elif way <= 2:
            octets[at] ^= 1 << chance.randrange(8)
        elif way == 3:
            del octets[at : at + chance.randrange(1, 9)]
        elif way == 4:
            octets[at:at] = chance.randbytes(chance.randrange(1, 9))
        elif way == 5:
            octets[at : at + 2] = struct.pack("!H", 0xC000 | chance.randrange(min(len(octets) + 3, 0x3FFF)))
        elif way == 6:
            octets[4 + chance.randrange(8)] = chance.choice((0, 1, 2, 3, 255))
        elif way == 7:
            del octets[at:]
        else:
            here = octets[at : at + chance.randrange(1, 40)]
            octets[at:at] = here
    return bytes(octets)


def frame(*wires):
    return b"".join(struct.pack("!H", len(wire)) + wire for wire in wires)


def odd_frame(chance, wire):
    """A message with a length that is wrong now and then, or with empty messages before it."""
    way = pick(chance, {"right": 12, "wrong": 1, "empty": 1, "short": 1})
    if way == "wrong":
        return struct.pack("!H", chance.randrange(65536)) + wire
    if way == "short":
        return struct.pack("!H", len(wire)) + wire[: chance.randrange(len(wire) + 1)]
    return (frame(b"") * chance.randrange(1, 4) if way == "empty" else b"") + frame(wire)


def deframe(octets):
    """The whole messages of a stream."""
    found, at = [], 0
    while at + 2 <= len(octets):
        size = struct.unpack_from("!H", octets, at)[0]
        if at + 2 + size > len(octets):
            break
        found.append(octets[at + 2 : at + 2 + size])
        at += 2 + size
    return found


def segments(chance, octets):
    """The same octets in pieces."""
    way = pick(chance, {"whole": 6, "octets": 2, "prefix": 2, "random": 3})
    if way == "whole" or len(octets) > 20000:
        return [octets]
    if way == "octets":
        head = chance.randrange(min(len(octets), 200) + 1)
        return [octets[i : i + 1] for i in range(head)] + [octets[head:]]
    cuts = {1} if way == "prefix" else {chance.randrange(len(octets) + 1) for _ in range(chance.randrange(1, 9))}
    bounds = [0, *sorted(cuts), len(octets)]
    return [octets[a:b] for a, b in zip(bounds, bounds[1:])]


def send_pieces(chance, connection, octets):
    """Sends them so that they arrive one by one, mostly."""
    pause = chance.choice((0, 0, 0.0003, 0.002))
    for piece in segments(chance, octets):
        connection.sendall(piece)
        if pause:
            time.sleep(pause)


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()

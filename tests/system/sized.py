"""Answers of a given size."""

import messages
from relay import ZONE

NEW = messages.soa(ZONE, 7)


def text(letter, octets):
    """TXT records of so many octets in all, given a question for ZONE to compress against."""
    found = []
    while octets:
        size = octets if octets <= 250 else min(octets - 20, 250)
        overhead = len(f"{letter}{len(found)}") + 1 + 2 + 10 + 1
        found.append(f'{letter}{len(found)}.{ZONE}. 60 IN TXT "{"t" * (size - overhead)}"')
        octets -= size
    return found


def sized(room, *, authority=0, additional=0, answer=0):
    """A primary whose answers, of `room` octets in all, carry so many octets of TXT in these sections,
    the rest in that one which is None."""

    def script(request):
        sizes = {"n": answer, "u": authority, "d": additional}
        base = len(messages.answer(request.wire, [NEW]))
        left = room - base - sum(size or 0 for size in sizes.values())
        n, u, d = (text(letter, left if size is None else size) for letter, size in sizes.items())
        wire = messages.answer(request.wire, [NEW, *n], u, d)
        assert len(wire) == room, len(wire)
        request.reply(wire)

    return script

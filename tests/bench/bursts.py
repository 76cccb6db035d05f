"""N10: datagrams that come all at once; every one is to be answered, and nothing is sent twice."""

import net
import peers
import table

ROUNDS = 5


class Burst:
    """One proxy, and how many of so many were answered in each round."""

    def __init__(self, stack, directory, sections, most):
        self.most, self.answered = most, []
        self.proxy = peers.proxy(directory, sections, workers=1)
        stack.callback(self.proxy.stop)
        self.proxy.start()

    def show(self, name, what=""):
        table.alone("N10", name, f"{table.spread(self.answered, '', 0)}{what}", "",
                    f"all {self.most:,}", min(self.answered) == self.most)


def notices(stack, directory, secondaries=10, zones=1_000):
    primary, port = net.fresh_place(), net.free_place("0.0.0.0").port
    first = [peers.primary(primary, notify_rate=1_000_000)]
    burst = Burst(stack, directory / "notices", peers.each(secondaries, port, "*", first), zones)
    copies = []
    for _ in range(ROUNDS):
        said = peers.load("notices", net.text(burst.proxy.place), net.text(primary), port, secondaries, zones)
        burst.answered.append(said["answered"])
        copies.append(said["copies"])
    burst.show(f"{zones:,} NOTIFYs at once, {secondaries} secondaries", f", copies {min(copies):,.0f}")


def questions(stack, directory, count, under_way):
    primary = net.fresh_place()
    burst = Burst(stack, directory, peers.each(1, zones="*", first=[peers.primary(primary)]), count)
    for _ in range(ROUNDS):
        said = peers.load("soa", net.text(burst.proxy.place), net.text(primary), 1, count, 0, count, under_way)
        burst.answered.append(said["answered"])
    return burst


def n10(stack, directory):
    notices(stack, directory)
    questions(stack, directory / "at-once", 4_000, 4_000).show("4,000 SOA queries at once")
    questions(stack, directory / "refreshed", 10_000, 2_000).show("10,000 zones refreshed, 2,000 outstanding")

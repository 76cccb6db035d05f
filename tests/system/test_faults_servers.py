"""What fails under way, between real servers: primaries, secondaries or both, before the answer, in mid-transfer and
after its last message. Each test is one fault with servers of its own; SECURITY.md has them in a table."""

import time

import pytest

from faults import Field
from process import until

pytestmark = pytest.mark.any_workers

OUTAGE = 1.3  # seconds; longer than all of the proxy's timeouts, so that it has to give up
BUSY = 2  # answers that a machine with much else to do may owe the watchers after a second
MIDDLE = 30000  # octets of transfers after which a wire trips: no zone is that small


class Fault:
    """How one server fails, once its wire has tripped, and how that ends. `lasts`: the end is to be waited for."""

    lasts = True

    def then(self, _role):
        """What the wire does by itself when it trips: see Links.arm()."""
        return "cut"

    def strike(self, field, role):
        raise NotImplementedError

    def mend(self, field, role):
        field.links.heal(role)


class Killed(Fault):
    """The process is gone, and its kernel says so; it comes back."""

    def then(self, _role):
        return "hold"

    def strike(self, field, role):
        field.servers[role].kill()
        field.links.heal(role)

    def mend(self, field, role):
        field.servers[role].spawn()


class Frozen(Killed):
    """The process stands still, and its kernel goes on taking what comes."""

    def strike(self, field, role):
        field.servers[role].freeze()
        field.links.heal(role)

    def mend(self, field, role):
        field.servers[role].thaw()


class Gone(Fault):
    """The host is gone without a word: connections are half open. It comes back and knows nothing of them."""

    def strike(self, field, role):
        field.links.set(role, cut=True)
        field.servers[role].kill()
        field.servers[role].hang_up()

    def mend(self, field, role):
        field.links.heal(role)
        field.servers[role].spawn()


class Cut(Fault):
    """The wire is cut. What secondaries take minutes to notice is ended for them."""

    def strike(self, field, role):
        field.links.set(role, cut=True)

    def mend(self, field, role):
        if role in field.secondaries:
            field.servers[role].hang_up()
        field.links.heal(role)


class HalfCut(Cut):
    """The wire is cut in one direction: that of transfers, or the one that acknowledges them."""

    way = {"p-bind": "out", "p-knot": "in", "p-nsd": "out", "p-dnsmasq": "in",
           "s-bind": "out", "s-nsd": "in", "s-knot": "in"}

    def then(self, role):
        return f"cut-{self.way[role]}"

    def strike(self, field, role):
        field.links.set(role, self.way[role], cut=True)


class Reset(Fault):
    """A connection is reset at both its ends within a message; then all of them."""

    lasts = False

    def then(self, _role):
        return "reset"

    def strike(self, field, role):
        field.servers[role].hang_up()


FAULTS = {
    "killed": Killed(), "frozen": Frozen(), "host_gone": Gone(),
    "cut_off": Cut(), "half_cut": HalfCut(), "reset": Reset(),
}
WHEN = BEFORE, _, LAST = "before the answer", "in mid-transfer", "after the last message"


def strike_under_way(field, fault, struck, turn):
    """A change, and the fault under way: `struck` says for each role who fails with it. When, differs from role to
    role. Returns the roles whose transfers cannot have come to their end."""
    start = field.proxy.mark()
    plan = {role: WHEN[(number + turn) % 3] for number, role in enumerate(struck)}
    for role, when in plan.items():
        if when != LAST:
            field.links.arm(role, field.servers[role].way, 0 if when == BEFORE else MIDDLE, fault.then(role))
    field.change()
    for role, when in plan.items():
        if when == LAST:
            field.wait_transferred(role, start)
        else:
            field.links.wait_tripped(role, field.servers[role].way)
        for one in struck[role]:
            fault.strike(field, one)
    return [role for role, when in plan.items() if when != LAST and role in field.primaries]


def mend(field, fault, struck):
    for roles in struck.values():
        for role in roles:
            fault.mend(field, role)


def each(roles):
    return {role: [role] for role in roles}


def together(field):
    """Each primary, and with it the secondary that is the same program."""
    return {role: [role, *(one for one in field.secondaries if one[2:] == role[2:])] for role in field.primaries}


@pytest.mark.parametrize("name", FAULTS)
def test_servers_fail_under_way(name, launch, tmp_path):
    field, fault = Field(launch, tmp_path, name).start(), FAULTS[name]
    turn = list(FAULTS).index(name)
    for struck in (each(field.primaries), each(field.secondaries), together(field)):
        failed, start = field.failed(), field.proxy.mark()
        broken = strike_under_way(field, fault, struck, turn)
        served = field.served()
        if fault.lasts:
            time.sleep(OUTAGE)
        if struck == each(field.secondaries):
            assert field.failed() <= failed + BUSY, "what fails at secondaries is felt by others"
            until(lambda before=served: field.all_served_since(before), "others are served meanwhile", 5)
        mend(field, fault, struck)
        field.settle()
        for role in broken:
            assert field.broken_off(start, role), f"{role} did not fail"
    field.finish(name)

"""Primaries that send no NOTIFYs, polled: their secondaries hear of a change within the interval."""

import net
from proxy import Proxy
from servers import Bind, Dnsmasq, Nsd, Tinydns
from tools import wait_records
from tsigtool import Key
from zones import Zone

INTERVAL = 30  # seconds: the least there is
PAIRS = [(Dnsmasq, Nsd), (Tinydns, Bind)]


class Pair:
    """A legacy primary, and a secondary of it that would ask again in an hour."""

    def __init__(self, kinds, launch, folder, proxy_place):
        primary, secondary = kinds
        self.zone = Zone(name=f"{primary.name}.example", hosts=20)
        self.key = Key.new(f"{primary.name}.key")
        self.primary = launch(primary(folder / primary.name).primary(self.zone))
        self.secondary = secondary(folder / secondary.name)
        self.secondary.asks_ixfr = False
        self.secondary.secondary(self.zone.name, self.key, proxy_place)

    def sections(self):
        return [
            self.key.section(),
            (f"primary {self.primary.name}", {"address": net.text(self.primary.place), "poll": INTERVAL}),
            (f"secondary {self.secondary.name}", {
                "primary": self.primary.name, "address": net.text(self.secondary.place), "key": self.key.label,
                "zones": self.zone.name}),
        ]


def test_a_change_is_told_though_the_primary_tells_nobody(launch, tmp_path):
    place = net.free_place()
    pairs = [Pair(kinds, launch, tmp_path, place) for kinds in PAIRS]
    sections = [section for pair in pairs for section in pair.sections()]
    proxy = launch(Proxy(tmp_path / "proxy", sections, place=place))
    for pair in pairs:
        launch(pair.secondary)
        learnt = proxy.wait(event="poll", peer=pair.primary.name, zone=pair.zone.name)
        assert (learnt["result"], learnt["serial"]) == ("ok", str(pair.zone.serial))
        pair.secondary.wait_serial(pair.zone.name, pair.zone.serial)
    start = proxy.mark()
    for pair in pairs:
        pair.primary.change()
    for pair in pairs:
        serial = pair.zone.serial
        proxy.wait(INTERVAL + 5, start, event="poll", zone=pair.zone.name, result="changed", serial=serial, level="info")
        proxy.wait(start=start, event="notify", peer=pair.secondary.name, result="ok", serial=serial)
        pair.secondary.wait_serial(pair.zone.name, serial)
        wait_records(pair.secondary, pair.zone.name, pair.primary.records(pair.zone.name))
    # Each was asked twice in all, whatever the number of workers.
    for pair in pairs:
        assert len(proxy.events(event="poll", zone=pair.zone.name)) == 2
        assert proxy.events(event="refresh", peer=pair.primary.name) == []

"""M3: one dead secondary of 50 delays nobody, with NSD as the primary of 300 zones: it draws a new ID for each retry,
and has only so many NOTIFYs out at once."""

import os
import struct
import time

import net
from flood import Secondaries
from process import until
from proxy import Proxy, program
from servers import Nsd
from tsigtool import Key
from zones import Zone

ZONES, LIVE = 300, 49
SERIAL = 0x5EA1AB00  # found in nothing else


class NsdOfMany(Nsd):
    """All zones have one zone file, with names below the zone's own."""

    def __init__(self, directory):
        super().__init__(directory)
        self.names = [f"z{number}.example" for number in range(ZONES)]

    def write_zone(self):
        serial = self.zone.serial
        (self.directory / "zone").write_text(f"@ 3600 IN SOA ns hostmaster {serial} 3600 60 86400 300\n"
                                             "@ 3600 IN NS ns\nns 3600 IN A 192.0.2.53\n")

    def write_primary(self, notify):
        self.notify = notify
        zone = f'    zonefile: "zone"\n    outgoing-interface: {self.place.address}\n    notify: {net.text(notify)} NOKEY\n'
        (self.directory / "nsd.conf").write_text(
            self.options() + "".join(f'zone:\n    name: "{name}"\n{zone}' for name in self.names))


class Scene:
    """NSD, and a proxy with the live ones and so many dead."""

    def __init__(self, launch, directory, dead):
        keys = {net.fresh_address(): Key.new(f"s{number}.example") for number in range(LIVE + dead)}
        self.live = list(keys)[:LIVE]
        self.secondaries = launch(Secondaries({a: key if a in self.live else None for a, key in keys.items()}))
        self.nsd, place = NsdOfMany(directory / "nsd"), net.free_place()
        sections = [("primary hq", {"address": net.text(self.nsd.place)})]
        for number, (address, key) in enumerate(keys.items()):
            where = net.text(self.secondaries.places[address])
            sections += [key.section(), (f"secondary s{number}", {"address": where, "key": key.label, "zones": "*"})]
        self.proxy = launch(Proxy(directory / "proxy", sections, place=place, log_level="notice",
                                  binary=os.environ.get("TSIG_PROXY_RELEASE") or program()))
        self.nsd.primary(Zone(name=self.nsd.names[0], serial=SERIAL), notify=place)
        self.launch = launch

    def times(self, serial):
        """{(address, zone): when it first heard of this serial}, of the live ones."""
        hint, found = struct.pack("!I", serial), {}
        for address in self.live:
            for moment, zone, wire in self.secondaries.copies[address][:]:
                if hint in wire:
                    found.setdefault((address, zone), moment)
        return found

    def told(self, cause):
        """Seconds until all the live secondaries know the serial there is, and copies for each zone and secondary."""
        before, began, wanted, serial = self.secondaries.count(), time.monotonic(), ZONES * LIVE, self.nsd.zone.serial
        cause()
        until(lambda: self.secondaries.count() - before >= wanted and len(self.times(serial)) == wanted,
              "all live secondaries know", patience=40, pause=0.1)
        return max(self.times(serial).values()) - began, (self.secondaries.count() - before) / wanted

    def start(self):
        """NSD tells of all zones when it starts."""
        return self.told(lambda: self.launch(self.nsd))

    def change(self):
        self.nsd.zone.serial += 1
        self.nsd.write_zone()
        return self.told(self.nsd.reload)


def test_M3_one_dead_secondary_of_50_delays_nobody(launch, tmp_path, capsys):
    times = {}
    for dead in (0, 1):
        scene = Scene(launch, tmp_path / f"{dead}-dead", dead)
        times[dead] = scene.start(), scene.change()
        scene.nsd.stop()
    with capsys.disabled():
        for dead, ((start, first), (change, second)) in times.items():
            print(f"\n  {ZONES} zones of NSD, {LIVE} live secondaries, {dead} dead: told at its start in {start:.2f} s "
                  f"({first:.2f} copies each), of a change in {change:.2f} s ({second:.2f})", end="")
    for without, with_one in zip(*times.values()):
        assert with_one[0] <= without[0] + 2.5

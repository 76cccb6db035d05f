"""Zones for the real servers, in the formats that they read."""

import dataclasses
import os

import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rdatatype


@dataclasses.dataclass
class Zone:
    """A zone with hosts, a few records of other types, and a mark for each change."""

    name: str = "example.org"
    serial: int = 1000
    hosts: int = 1500
    marks: list = dataclasses.field(default_factory=list)

    def change(self):
        self.serial += 1
        self.marks.append(self.serial)
        return self.serial

    def host_addresses(self):
        for i in range(self.hosts):
            yield f"host{i:05}.{self.name}", f"192.0.{i // 250}.{i % 250 + 1}"

    def master_file(self):
        lines = [
            f"{self.name}. 3600 IN SOA ns.{self.name}. Host-Master.{self.name}. {self.serial} "
            "3600 60 86400 300",
            f"{self.name}. 3600 IN NS ns.{self.name}.",
            f"{self.name}. 3600 IN MX 10 Mail.{self.name}.",
            f'{self.name}. 3600 IN CAA 0 issue "ca.example.net"',
            f"ns.{self.name}. 3600 IN A 192.0.2.53",
            f"mail.{self.name}. 3600 IN AAAA 2001:db8::25",
            f"_sip._tcp.{self.name}. 3600 IN SRV 0 5 5060 mail.{self.name}.",
            f"alias.{self.name}. 3600 IN CNAME Mail.{self.name}.",
            f"odd.{self.name}. 3600 IN TYPE65280 \\# 4 c00c0001",
            f'long.{self.name}. 3600 IN TXT "{"x" * 250}" "{"y" * 250}" "{"z" * 250}"',
            f"child.{self.name}. 3600 IN NS ns.child.{self.name}.",
            f"ns.child.{self.name}. 3600 IN A 192.0.2.54",
        ]
        lines += [f"{host}. 300 IN A {address}" for host, address in self.host_addresses()]
        lines += [f'mark{mark}.{self.name}. 60 IN TXT "serial {mark}"' for mark in self.marks]
        return "\n".join(lines) + "\n"

    def tinydns_data(self):
        lines = [
            f"Z{self.name}:ns.{self.name}:hostmaster.{self.name}:{self.serial}:3600:60:86400:300:3600",
            f"&{self.name}::ns.{self.name}:3600",
            f"+ns.{self.name}:192.0.2.53:3600",
            f"@{self.name}::mail.{self.name}:10:3600",
            f"+mail.{self.name}:192.0.2.25:3600",
            f"Calias.{self.name}:mail.{self.name}:3600",
        ]
        lines += [f"+{host}:{address}:300" for host, address in self.host_addresses()]
        lines += [f"'mark{mark}.{self.name}:serial {mark}:60" for mark in self.marks]
        return "\n".join(lines) + "\n"

    def dnsmasq_options(self):
        lines = [
            f"auth-zone={self.name}",
            f"auth-soa={self.serial},hostmaster.{self.name},3600,60,86400",
            f"host-record=mail.{self.name},192.0.2.25",
            f"mx-host={self.name},mail.{self.name},10",
        ]
        lines += [f"host-record={host},{address}" for host, address in self.host_addresses()]
        lines += [f'txt-record=mark{mark}.{self.name},"serial {mark}"' for mark in self.marks]
        return "\n".join(lines) + "\n"


def write(path, text):
    """Replaces a file in one step, so that no server reads half of it."""
    scratch = path.with_name(path.name + ".new")
    scratch.write_text(text)
    os.replace(scratch, path)


def serial(place, zone, timeout=0.25):
    """The serial that the server there gives for the zone, None while it gives none."""
    query = dns.message.make_query(zone, "SOA")
    query.flags &= ~dns.flags.RD
    try:
        answer = dns.query.udp(query, place.address, timeout=timeout, port=place.port)
    except (OSError, dns.exception.Timeout):
        return None
    for rrset in answer.answer:
        if rrset.rdtype == dns.rdatatype.SOA and rrset.name == dns.name.from_text(zone):
            return rrset[0].serial
    return None


def record(owner, ttl, rdata):
    """One record to compare by: names in lower case, for some servers keep no letter case."""
    data = rdata.to_text(relativize=False)
    if rdata.rdtype != dns.rdatatype.TXT:
        data = data.lower()
    return owner.to_text().lower(), dns.rdatatype.to_text(rdata.rdtype), ttl, data


def transfer(place, zone, patience=20.0):
    """An unsigned AXFR: the set of records (owner, type, TTL, data)."""
    found, soas = set(), 0
    apex = dns.name.from_text(zone)
    for message in dns.query.xfr(
        place.address, apex, port=place.port, lifetime=patience, relativize=False
    ):
        for rrset in message.answer:
            for rdata in rrset:
                soas += rrset.rdtype == dns.rdatatype.SOA and rrset.name == apex
                found.add(record(rrset.name, rrset.ttl, rdata))
    assert soas == 2, f"{soas} SOA records of the apex"
    return found

"""Hosts on networks of several: bridges, with a router between those that it has an address in."""

from namespaces import Host, Namespace, missing, run
from net import Place

import pytest


def twin(address):
    """The IPv6 address that goes with one: 192.0.2.51 has 2001:db8:2::51."""
    return "2001:db8:{2}::{3}".format(*address.split("/")[0].split(".")).replace(":0::", "::")


def both(address):
    """For `ip`: an address with its length, and its twin."""
    return address, f"{twin(address)}/64"


class Lan:
    """`networks`: a name, and the router's address there with its length, or None. `hosts`: for each role the places
    it has, ("eth0", network, address with length) …, and its default route or None. Whoever has an IPv4 address has its
    twin, too."""

    def __init__(self, networks, hosts):
        self.networks, self.plugs = networks, hosts
        self.router = Namespace("router")
        self.hosts = {role: self._host(role, *plugs) for role, (*plugs, _) in hosts.items()}

    @staticmethod
    def _host(role, plug, *_):
        v4 = plug[2].split("/")[0]
        return Host(Namespace(role), Place(v4, 53), Place(twin(v4), 53))

    def __getitem__(self, role):
        return self.hosts[role]

    def start(self):
        if missing():
            pytest.skip(missing())
        for namespace in self.namespaces():
            namespace.start()
        self.router.sysctl("ipv4/ip_forward", 1)
        self.router.sysctl("ipv6/conf/all/forwarding", 1)
        for name, address in self.networks.items():
            self.router.ip(f"link add {name} type bridge forward_delay 0", f"link set {name} up",
                           *(f"addr add {one} dev {name}" for one in (both(address) if address else ())))
        for role, (*plugs, route) in self.plugs.items():
            self._plug(role, plugs, route)
        return self

    def _plug(self, role, plugs, route):
        host = self.hosts[role]
        host.namespace.ip("link set lo up")
        for name, network, address in plugs:
            port = f"{role}-{network}"
            run("ip", "link", "add", name, "netns", host.namespace.name, "type", "veth",
                "peer", "name", port, "netns", self.router.name)
            self.router.ip(f"link set {port} master {network}", f"link set {port} up")
            host.namespace.ip(f"link set {name} up", *(f"addr add {one} dev {name}" for one in both(address)))
        if route:
            host.namespace.ip(f"route add default via {route}", f"route add default via {twin(route)}")

    def ports(self, role):
        return [f"{role}-{network}" for _, network, _ in self.plugs[role][:-1]]

    def cut(self, role, network=""):
        """Its cables are pulled, or that to one network."""
        self.router.ip(*(f"link set {port} down" for port in self.ports(role) if port.endswith(network)))

    def mend(self, role):
        self.router.ip(*(f"link set {port} up" for port in self.ports(role)))

    def namespaces(self):
        return [self.router, *(host.namespace for host in self.hosts.values())]

    def stop(self):
        for namespace in self.namespaces():
            namespace.stop()

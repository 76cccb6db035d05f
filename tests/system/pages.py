"""Status documents as the program gives them: one for each way things can be."""

NOW = 1795744800

KEYS = {
    "new": {"label": "xfr.example", "name": "xfr.example", "algorithm": "hmac-sha256", "last_used": NOW - 40,
            "failures": 0},
    "old": {"label": "old.example", "name": "old.example", "algorithm": "hmac-md5.sig-alg.reg.int",
            "last_used": NOW - 90 * 86400, "failures": 3},
}


def peer(label, role, *addresses, **more):
    return {"label": label, "role": role, "addresses": list(addresses), "up": True, "last_heard": NOW - 12, "skew": 0,
            "fudge": 300, "keys": [], **more}


def zone(name, secondary, state="current", **more):
    return {"zone": name, "secondary": secondary, "primary": "hq", "state": state, "serial": 2026112701,
            "newest": 2026112701, "asked": NOW - 600, "confirmed": NOW - 600, "behind_since": None,
            "silent_since": None, "expires": NOW + 1209600 - 600, "why": None, **more}


def notify(**more):
    return {"time": NOW - 65, "zone": "example.org", "primary": "hq", "serial": 2026112701, "secondary": "anycast",
            "address": "203.0.113.10@53", "result": "ok", "rcode": "NOERROR", "tries": 1, "milliseconds": 31,
            "transfer_after_seconds": 2, **more}


def failure(**more):
    return {"time": NOW - 130, "level": "warning", "event": "tsig-failure", "result": "refused", "peer": "anycast",
            "zone": "example.org", "address": "203.0.113.10@41873", "key": "xfr.example",
            "advice": "the secrets differ: give [key xfr.example] the secret that anycast has", **more}


def count(zones, label):
    """How many copies of a secondary are in each state."""
    found = {state: 0 for state in ("current", "unknown", "behind", "silent", "expired")}
    for one in zones:
        if one["secondary"] == label:
            found[one["state"]] += 1
    return found


def document(summary, zones, peers=None, **more):
    made = document_without_counts(summary, zones, peers, **more)
    for one in made["peers"]:
        one["zones"] = count(zones, one["label"]) if one["role"] == "secondary" else None
    return made


def document_without_counts(summary, zones, peers, **more):
    return {
        "version": "0.2.0", "pid": 812, "started": NOW - 3 * 86400, "now": NOW, "summary": summary,
        "config": {"file": "/etc/tsig-proxy/tsig-proxy.ini", "loaded": NOW - 86400, "last_reload_successful": True,
                   "old_in_use": 0, "oldest_seconds": 0},
        "workers": 2, "draining": False, "listeners": ["192.0.2.1@53", "2001:db8::1@53"],
        "proxy_listeners": ["192.0.2.1@5353"],
        "peers": peers or [
            peer("hq", "primary", "10.0.0.1@53"),
            peer("anycast", "secondary", "203.0.113.10@53", "2001:db8:53::10@53", skew=1, keys=list(KEYS.values())),
            peer("office", "secondary", "198.51.100.7@53", keys=[KEYS["new"]]),
            peer("backup", "secondary", "192.0.2.99@53", keys=[KEYS["new"]])],
        "zones": zones, "notifies": [notify(), notify(secondary="office", address="198.51.100.7@53", milliseconds=4)],
        "failures": [], "limits": [], "log_lines_dropped": 0, **more}


ZONES = ["example.org", "example.net", "a-rather-long-zone-name.of.a.customer.example.com", "2.0.192.in-addr.arpa"]


def all_zones(**others):
    """Each zone at each secondary; others: what is not current, by zone and secondary joined by a blank."""
    return [zone(name, secondary, **others.get(f"{name} {secondary}", {}))
            for name in ZONES for secondary in ("anycast", "office", "backup")]


def healthy():
    return document("all 3 secondaries have every zone", all_zones())


def lagging():
    behind = {"state": "behind", "serial": 2026112601, "behind_since": NOW - 5400,
              "why": "told 90 min ago, and has not asked since"}
    return document("example.org is behind at anycast since 2026-11-27T00:30:00Z: told, and has not asked since",
                    all_zones(**{"example.org anycast": behind}),
                    notifies=[notify(time=NOW - 5400, transfer_after_seconds=None), notify(secondary="office")])


def failing():
    behind = {"state": "behind", "serial": 2026112601, "behind_since": NOW - 7200, "why": "BADSIG: the secrets differ"}
    expired = {"state": "expired", "serial": 2026102001, "behind_since": NOW - 2000000, "expires": NOW - 60,
               "why": "no transfer has succeeded"}
    made = document("2 zones are behind at anycast since 2026-11-27T00:00:00Z: BADSIG, the secrets differ",
                    all_zones(**{"example.org anycast": behind, "example.net anycast": expired}),
                    failures=[failure(time=NOW - 60 * n) for n in range(1, 30)],
                    limits=[{"limit": "refusal-rate", "peer": "unknown", "count": 17}], log_lines_dropped=4)
    made["config"]["last_reload_successful"] = False
    made["peers"][1].update(up=False, skew=-212)
    return made


def silent():
    quiet = {"state": "silent", "silent_since": NOW - 3 * 86400, "expires": NOW + 345600,
             "why": "it asked every 2 h before"}
    return document("office has asked for nothing since 2026-11-24T02:00:00Z: its copies expire in 4 days",
                    all_zones(**{f"{name} office": quiet for name in ZONES}), draining=True, absent=["192.0.2.1"])


def many():
    """More than anyone can look at."""
    return document("all 3 secondaries have every zone",
                    [zone(f"zone-{n}.example", "anycast") for n in range(20000)] +
                    [zone("last.example", "anycast", "behind", behind_since=NOW - 9, why="just told")])


HOSTILE = "<script>document.title='taken'</script>\"'&<img src=x onerror=1>"


def hostile():
    """Whatever text comes from anywhere."""
    return document(HOSTILE, [zone(HOSTILE, HOSTILE, "behind", why=HOSTILE)],
                    peers=[peer(HOSTILE, "secondary", HOSTILE, keys=[{**KEYS["new"], "name": HOSTILE,
                                                                     "algorithm": HOSTILE}])],
                    version=HOSTILE, listeners=[HOSTILE], absent=[HOSTILE], notifies=[notify(zone=HOSTILE, rcode=HOSTILE)],
                    failures=[failure(peer=HOSTILE, advice=HOSTILE, result=HOSTILE, key=HOSTILE)],
                    limits=[{"limit": HOSTILE, "peer": HOSTILE, "count": 1}])


ALL = {made.__name__: made for made in (healthy, lagging, failing, silent, many, hostile)}

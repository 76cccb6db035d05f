# The status documents of several instances as one: each has seen a part of what secondaries asked.
#
#     jq -n -f joined.jq FIRST.json SECOND.json
#
# An instance is called what its file is. A copy is as new as the newest of them says, and silent when all say so.

def newest_of(f): map(f | numbers) | max;

# Serials are a circle (RFC 1982).
def newer($one; $than): $than == null or ((($one - $than + 4294967296) % 4294967296) as $ahead | $ahead > 0 and $ahead < 2147483648);

# A copy that one has seen confirmed, after another saw that it was behind, is behind no more.
def state($now):
    if .expires != null and .expires <= $now then "expired"
    elif .silent_since != null then "silent"
    elif .behind_since != null then "behind"
    elif .confirmed != null then "current"
    else "unknown" end;

def joined_copy($now):
    (max_by(.confirmed // 0)) as $best
    | newest_of(.behind_since) as $behind
    | (map(select(.state != "unknown"))) as $known
    | {
        zone: .[0].zone,
        secondary: .[0].secondary,
        primary: .[0].primary,
        serial: $best.serial,
        newest: (reduce (.[].newest | numbers) as $one (null; if newer($one; .) then $one else . end)),
        asked: newest_of(.asked),
        confirmed: $best.confirmed,
        behind_since: (if $behind != null and ($best.confirmed // 0) >= $behind then null else $behind end),
        silent_since: (if ($known | length) > 0 and all($known[]; .silent_since != null)
                       then ($known | newest_of(.silent_since)) else null end),
        expires: ($best.expires // newest_of(.expires))
      }
    | . + {state: state($now)};

# Why, by an instance that says the same of it.
def with_reason($rows): .state as $state | . + {why: ($rows | map(select(.state == $state and .why != null)) | max_by(.asked // 0) | .why)};

def joined_peer:
    {
        label: .[0].label,
        role: .[0].role,
        addresses: .[0].addresses,
        up: (map(.up | booleans) | if length == 0 then null else any end),
        last_heard: newest_of(.last_heard),
        connections: (map(.connections | numbers) | add)
    };

[inputs | . + {instance: (input_filename | sub(".*/"; "") | sub("[.]json$"; ""))}]
| (map(.now) | max) as $now
| {
    now: $now,
    instances: map({instance, version, pid, started, draining, absent, bypassed, loaded: .config.loaded,
                    last_reload_successful: .config.last_reload_successful}),
    peers: (map(.peers[]) | group_by([.role, .label]) | map(joined_peer)),
    zones: (map(.zones[]) | group_by([.zone, .secondary]) | map(. as $rows | joined_copy($now) | with_reason($rows))),
    failures: (map(.instance as $instance | .failures[] | {instance: $instance} + .) | sort_by(-.time))
  }
| . + {zone_counts: (reduce .zones[].state as $state ({}; .[$state] += 1))}

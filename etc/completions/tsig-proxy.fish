# Completion of tsig-proxy(8) for fish.

set -l algorithms hmac-sha256 hmac-sha384 hmac-sha512 hmac-sha224 hmac-sha256-128 hmac-sha384-192 \
    hmac-sha512-256 hmac-sha1 hmac-md5
set -l first 'not __fish_seen_subcommand_from run check keygen show health'
set -l keygen '__fish_seen_subcommand_from keygen'
set -l show '__fish_seen_subcommand_from show'

complete -c tsig-proxy -f
complete -c tsig-proxy -n "$first" -a run -d 'Serve, in the foreground'
complete -c tsig-proxy -n "$first" -a check -d 'Say what is wrong with the configuration, and with this host for it'
complete -c tsig-proxy -n "$first" -a keygen -d 'Print a new random key'
complete -c tsig-proxy -n "$first" -a show -d 'Print what stands beside the proxy'
complete -c tsig-proxy -n "$first" -a health -d 'Exit with 0 when the proxy answers wherever it listens'
complete -c tsig-proxy -n "$first" -a help -d 'Print the commands, or the page of one'

complete -c tsig-proxy -s c -l config -r -F -d 'The configuration'
complete -c tsig-proxy -s h -l help -d 'Print what there is'
complete -c tsig-proxy -s V -l version -d 'Print the version'
complete -c tsig-proxy -n "$keygen" -s a -l algorithm -x -a "$algorithms" -d 'Of the key'
complete -c tsig-proxy -n "$keygen" -s f -l format -x -a 'bind ini nsd knot powerdns unbound dig' -d 'For whom'
complete -c tsig-proxy -n "$show" -l tproxy -d 'Packet rules and routes of a transparent gateway'
complete -c tsig-proxy -n "$show" -l sidecar -d 'The same on the primary\'s own host'

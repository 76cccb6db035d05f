# Completion of tsig-proxy(8) for bash: commands and options are those that the program's own help lists.

_tsig_proxy_commands()
{
    tsig-proxy help 2>/dev/null | sed -n 's/^  \([a-z][a-z-]*\)  *[a-z].*/\1/p'
}

_tsig_proxy_options()
{
    tsig-proxy help "$@" 2>/dev/null |
        awk '/^  -/ { for (i = 1; i <= NF && $i ~ /^-/; i++) { sub(",", "", $i); print $i } }'
}

# Peers of this role, or of both, in the configuration.
_tsig_proxy_peers()
{
    sed -nE "s/^[[:space:]]*\\[($1) +([^] ]+) *\\].*/\\2/p" "$2" 2>/dev/null
}

_tsig_proxy()
{
    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local config=/etc/tsig-proxy/tsig-proxy.ini command='' count=0 words i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        -c | --config) i=$((i + 1)) && config=${COMP_WORDS[i]} ;;
        -a | --algorithm | -f | --format | -s | --socket | --zone) i=$((i + 1)) ;;
        -*) ;;
        *) if [ -z "$command" ]; then command=${COMP_WORDS[i]}; else count=$((count + 1)); fi ;;
        esac
    done
    case $command:$before in
    *:-c | *:--config | *:-s | *:--socket)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    *:-a | *:--algorithm)
        words="hmac-sha256 hmac-sha384 hmac-sha512 hmac-sha224 hmac-sha256-128 hmac-sha384-192
            hmac-sha512-256 hmac-sha1 hmac-md5"
        ;;
    keygen:-f | keygen:--format) words="bind ini nsd knot powerdns unbound dig" ;;
    show:-f | show:--format) words="bind nsd knot powerdns yadifa unbound dnsmasq axfrdns" ;;
    *:--zone) words= ;;
    *)
        case $command:$count:$current in
        :*:-*) words=$(_tsig_proxy_options) ;;
        *:*:-*) words=$(_tsig_proxy_options "$command") ;;
        :* | help:0:*) words=$(_tsig_proxy_commands) ;;
        log-level:0:*) words="error warning notice info debug" ;;
        show:0:* | probe:0:*) words=$(_tsig_proxy_peers 'primary|secondary' "$config") ;;
        notify:1:*) words=$(_tsig_proxy_peers secondary "$config") ;;
        *) words= ;;
        esac
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _tsig_proxy tsig-proxy

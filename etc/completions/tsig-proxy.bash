# Completion of tsig-proxy(8) for bash.

_tsig_proxy()
{
    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command='' words i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        -c | --config) i=$((i + 1)) ;;
        -*) ;;
        *) command=${COMP_WORDS[i]} && break ;;
        esac
    done
    case $command:$before in
    *:-c | *:--config)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    keygen:-a | keygen:--algorithm)
        words="hmac-sha256 hmac-sha384 hmac-sha512 hmac-sha224 hmac-sha256-128 hmac-sha384-192
            hmac-sha512-256 hmac-sha1 hmac-md5"
        ;;
    keygen:-f | keygen:--format) words="bind ini nsd knot powerdns unbound dig" ;;
    :* | help:*) words="run check keygen show health help" ;;
    *) words= ;;
    esac
    case $command:$current in
    keygen:-*) words="-a --algorithm -f --format" ;;
    show:-*) words="--tproxy --sidecar" ;;
    esac
    case $current in
    -*) words="$words -c --config -h --help -V --version" ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _tsig_proxy tsig-proxy

#compdef tsig-proxy
# Completion of tsig-proxy(8) for zsh: commands and options are those that the program's own help lists.

local config=/etc/tsig-proxy/tsig-proxy.ini command='' i
local -a plain list

for ((i = 2; i < CURRENT; i++)); do
    case $words[i] in
    -c | --config) config=$words[++i] ;;
    -a | --algorithm | -f | --format | -s | --socket | --zone) ((i++)) ;;
    -*) ;;
    *) plain+=($words[i]) ;;
    esac
done
command=$plain[1]

case "$command:$words[CURRENT-1]" in
*:-c | *:--config | *:-s | *:--socket) _files && return ;;
*:-a | *:--algorithm)
    compadd hmac-sha256 hmac-sha384 hmac-sha512 hmac-sha224 hmac-sha256-128 hmac-sha384-192 hmac-sha512-256 \
        hmac-sha1 hmac-md5
    return
    ;;
keygen:-f | keygen:--format) compadd bind ini nsd knot powerdns unbound dig && return ;;
show:-f | show:--format) compadd bind nsd knot powerdns yadifa unbound dnsmasq axfrdns && return ;;
*:--zone) return ;;
esac

if [[ $words[CURRENT] == -* ]]; then
    list=(${(f)"$(tsig-proxy help $command 2>/dev/null |
        awk '/^  -/ { text = $0; sub(/^  -.*[^ ]   */, "", text); gsub(/:/, "\\:", text)
            for (i = 1; i <= NF && $i ~ /^-/; i++) { sub(",", "", $i); print $i ":" text } }')"})
    _describe -o option list
    return
fi

case "$command:$#plain" in
:* | help:1)
    list=(${(f)"$(tsig-proxy help 2>/dev/null | sed -nE 's/^  ([a-z][a-z-]*) +([a-z].*)/\1:\2/p')"})
    _describe command list
    ;;
log-level:1) compadd error warning notice info debug ;;
show:1 | probe:1) compadd - $(sed -nE 's/^ *\[(primary|secondary) +([^] ]+) *\].*/\2/p' $config 2>/dev/null) ;;
notify:2) compadd - $(sed -nE 's/^ *\[secondary +([^] ]+) *\].*/\1/p' $config 2>/dev/null) ;;
esac

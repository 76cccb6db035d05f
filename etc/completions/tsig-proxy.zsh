#compdef tsig-proxy
# Completion of tsig-proxy(8) for zsh.

_tsig_proxy_commands() {
    local -a descriptions=(
        'run:serve, in the foreground'
        'check:say what is wrong with the configuration, and with this host for it'
        'keygen:print a new random key'
        'show:print what stands beside the proxy'
        'health:exit with 0 when the proxy answers wherever it listens'
        'help:print the commands, or the page of one'
    )
    _describe command descriptions
}

local curcontext=$curcontext state line
local -A opt_args
local -a common=(
    '(-c --config)'{-c,--config}'[the configuration]:file:_files'
    '(- *)'{-h,--help}'[print what there is]'
    '(- *)'{-V,--version}'[print the version]'
)
local algorithms='hmac-sha256 hmac-sha384 hmac-sha512 hmac-sha224 hmac-sha256-128 hmac-sha384-192
    hmac-sha512-256 hmac-sha1 hmac-md5'
local formats='bind ini nsd knot powerdns unbound dig'

_arguments -C $common '1:command:_tsig_proxy_commands' '*::argument:->arguments'
[[ $state == arguments ]] || return
case $words[1] in
keygen)
    _arguments $common '(-a --algorithm)'{-a,--algorithm}"[of the key]:algorithm:($algorithms)" \
        '(-f --format)'{-f,--format}"[for whom]:format:($formats)" ':name of the key:'
    ;;
show)
    _arguments $common '--tproxy[packet rules and routes of a transparent gateway]' \
        "--sidecar[the same on the primary's own host]"
    ;;
help) _arguments $common '1:command:_tsig_proxy_commands' ;;
*) _arguments $common ;;
esac

# Completion of tsig-proxy(8) for fish: commands and options are those that the program's own help lists.

# What is on the line before the word that is completed: the command, and what stands behind it, without options.
function __tsig_proxy_words
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
        else if contains -- $word -c --config -a --algorithm -f --format -s --socket --zone
            set skip 1
        else if not string match -q -- '-*' $word
            echo $word
        end
    end
end

function __tsig_proxy_before
    contains -- (commandline -opc)[-1] $argv
end

# Is this the place of the nth word behind one of these commands?
function __tsig_proxy_place
    set -l words (__tsig_proxy_words)
    not __tsig_proxy_before -c --config -a --algorithm -f --format -s --socket --zone
    and test (count $words) = $argv[1]
    and begin
        test $argv[1] = 0
        or contains -- $words[1] $argv[2..-1]
    end
end

function __tsig_proxy_command
    contains -- (__tsig_proxy_words)[1] $argv
end

function __tsig_proxy_commands
    tsig-proxy help 2>/dev/null | string replace -rf '^  ([a-z][a-z-]*) +([a-z].*)' '$1\t$2'
end

function __tsig_proxy_options
    for line in (tsig-proxy help (__tsig_proxy_words)[1] 2>/dev/null | string match -r '^  -.*')
        set -l text (string replace -r '^  -.*?  +' '' -- $line)
        for option in (string match -ra -- '(?<![\w-])--?[a-zA-Z][\w-]*' (string replace -r '^(  -.*?)  .*' '$1' -- $line))
            printf '%s\t%s\n' $option $text
        end
    end
end

# Peers of these roles in the configuration.
function __tsig_proxy_peers
    set -l config /etc/tsig-proxy/tsig-proxy.ini
    set -l line (commandline -opc)
    for i in (seq (count $line))
        contains -- $line[$i] -c --config
        and set config $line[(math $i + 1)]
    end
    string replace -rf "^\s*\[($argv[1]) +([^] ]+) *\].*" '$2' <$config 2>/dev/null
end

complete -c tsig-proxy -f
complete -c tsig-proxy -n '__tsig_proxy_before -c --config -s --socket' -F
complete -c tsig-proxy -n '__tsig_proxy_before -a --algorithm' -a 'hmac-sha256 hmac-sha384 hmac-sha512 hmac-sha224 hmac-sha256-128 hmac-sha384-192 hmac-sha512-256 hmac-sha1 hmac-md5'
complete -c tsig-proxy -n '__tsig_proxy_command keygen; and __tsig_proxy_before -f --format' -a 'bind ini nsd knot powerdns unbound dig'
complete -c tsig-proxy -n '__tsig_proxy_command show; and __tsig_proxy_before -f --format' -a 'bind nsd knot powerdns yadifa unbound dnsmasq axfrdns'
complete -c tsig-proxy -n 'string match -q -- "-*" (commandline -ct)' -a '(__tsig_proxy_options)'
complete -c tsig-proxy -n '__tsig_proxy_place 0' -a '(__tsig_proxy_commands)'
complete -c tsig-proxy -n '__tsig_proxy_place 1 help' -a '(__tsig_proxy_commands)'
complete -c tsig-proxy -n '__tsig_proxy_place 1 log-level' -a 'error warning notice info debug'
complete -c tsig-proxy -n '__tsig_proxy_place 1 show probe' -a "(__tsig_proxy_peers 'primary|secondary')"
complete -c tsig-proxy -n '__tsig_proxy_place 2 notify' -a '(__tsig_proxy_peers secondary)'

/* The packet rules and routes of the transparent gateway, as a shell script.
 *
 * What the rules bring to the proxy is marked, and a route table of its own takes what is marked to
 * this host. Only pairs of a primary and a secondary that the configuration maps are taken, to the
 * ports where the one listens for the other. When the proxy is not there, no rule applies and
 * packets go on as if it had never been (fail-open); `up closed` drops them instead. */
#include "tools/rules.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/tproxy.h"
#include "net/socket.h"

/* Behind chains that restore a connection's mark, which stand at mangle: they would wipe ours. */
#define RULES_PRIORITY "mangle + 10"

static const char rules_head[] =
    "#!/bin/sh\n"
    "# Packet rules and routes for tsig-proxy, made by: tsig-proxy show --tproxy%s\n"
    "# Usage: up%s | down. Both may be run twice.\n"
    "%s"
    "set -u\n"
    "take=%#x table=%u missed=accept\n"
    "families='%s'\n"
    "\n"
    "unroute() {\n"
    "    for family in -4 -6; do\n"
    "        while ip $family rule del fwmark $take lookup $table 2>/dev/null; do :; done\n"
    "        ip $family route flush table $table 2>/dev/null\n"
    "    done\n"
    "    return 0\n"
    "}\n"
    "\n"
    "down() {\n"
    "    nft delete table inet " TPROXY_TABLE " 2>/dev/null\n"
    "    unroute\n"
    "}\n"
    "\n"
    "# The packet rules change in one step: at no moment are there none. Preference 0: before all\n"
    "# other routing rules, also those that are added later without a preference.\n"
    "up() {\n"
    "    unroute\n"
    "    for family in $families; do\n"
    "        ip $family rule add pref 0 fwmark $take lookup $table &&\n"
    "            ip $family route add local default dev lo table $table || return 1\n"
    "    done\n"
    "    nft -f - <<RULES\n"
    "table inet " TPROXY_TABLE " {\n"
    "}\n"
    "delete table inet " TPROXY_TABLE "\n";

static const char rules_closed[] =
    "# `closed`: while the proxy is down, what it would take is dropped; otherwise it passes as if "
    "there were\n"
    "# no proxy.\n";

static const char rules_tail[] =
    "RULES\n"
    "}\n"
    "\n"
    "case \"${1-} ${2-}\" in\n"
    "'up ' | 'up open') ;;\n"
    "%s"
    "'down ') down; exit ;;\n"
    "*) echo \"usage: up%s | down\" >&2; exit 2 ;;\n"
    "esac\n"
    "up || { down; echo \"the rules could not be loaded; see above\" >&2; exit 1; }\n";

/* A prefix that another one of the list contains: nft takes no overlaps. */
static bool rules_is_within(const struct peer *peer, const struct prefix *p)
{
    for (size_t i = 0; i < peer->from_count; i++) {
        const struct prefix *other = &peer->from[i];
        bool earlier = other->length == p->length ? other < p : other->length < p->length;
        if (earlier && prefix_contains(other, &p->address))
            return true;
    }
    return false;
}

/* Where the peer may speak from, in one family: "{ a, b/24 }", to be freed; NULL: nowhere. */
static char *rules_sources(const struct peer *peer, enum address_family family)
{
    char text[ADDRESS_TEXT_SIZE];
    char *set = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&set, &len);
    if (!out)
        return NULL;
    size_t count = 0;
    for (size_t i = 0; i < peer->address.count; i++) {
        struct address a = peer->address.items[i];
        struct prefix host = {.address = a, .length = family == ADDRESS_IPV4 ? 32 : 128};
        if (a.family != family || peer_own_address(peer, &a) != &peer->address.items[i] ||
            rules_is_within(peer, &host))
            continue;
        a.port = 0;
        fprintf(out, "%s%s", count++ ? ", " : "{ ", address_to_text(&a, text));
    }
    for (size_t i = 0; i < peer->from_count; i++) {
        const struct prefix *p = &peer->from[i];
        if (p->address.family == family && !rules_is_within(peer, p))
            fprintf(out, "%s%s/%u", count++ ? ", " : "{ ", address_to_text(&p->address, text),
                    p->length);
    }
    fputs(count ? " }" : "", out);
    fclose(out);
    if (count == 0) {
        free(set);
        return NULL;
    }
    return set;
}

static const char *rules_family(enum address_family family)
{
    return family == ADDRESS_IPV4 ? "ip" : "ip6";
}

/* One match, to the proxy if it is there, else as `missed` says. */
static void rules_rule(const char *match, const struct address *server)
{
    const char *ip = rules_family(server->family);
    printf("        %s tproxy %s to :%u meta mark set $take accept\n", match, ip, server->port);
    printf("        %s $missed\n", match);
}

/* What `from` asks `to`, and the answers: those that come when the proxy waits no longer find its
 * listener, which drops them, rather than the other side, for which they are not signed, or signed
 * with what it does not know. */
static void rules_take(const struct peer *from, const struct address *to)
{
    char text[ADDRESS_TEXT_SIZE];
    char *sources = rules_sources(from, to->family);
    char *match = NULL;
    const char *ip = rules_family(to->family);
    struct address host = *to;
    host.port = 0;
    address_to_text(&host, text);
    if (sources && asprintf(&match, "%s saddr %s %s daddr %s meta l4proto { tcp, udp } th dport %u",
                            ip, sources, ip, text, to->port) > 0) {
        rules_rule(match, to);
        free(match);
    }
    if (sources && asprintf(&match, "%s saddr %s %s daddr %s meta l4proto { tcp, udp } th sport %u",
                            ip, text, ip, sources, to->port) > 0) {
        rules_rule(match, to);
        free(match);
    }
    free(sources);
}

static void rules_take_peer(const struct peer *from, const struct peer *to)
{
    printf("        # %s to %s\n", from->name, to->name);
    for (size_t i = 0; i < to->address.count; i++)
        rules_take(from, &to->address.items[i]);
}

/* On the path: what the two sides send each other is taken as it comes in. */
static void rules_gateway(const struct config *config)
{
    puts("table inet " TPROXY_TABLE " {\n"
         "    chain pre {\n"
         "        type filter hook prerouting priority " RULES_PRIORITY "; policy accept;\n"
         "        fib daddr type local accept\n"
         "        jump pairs\n"
         "        # Answers to what the proxy sent with another host's address.\n"
         "        socket transparent 1 meta mark set $take accept\n"
         "    }\n"
         "    chain pairs {");
    for (size_t i = 0; i < config->peer_count; i++) {
        const struct peer *secondary = &config->peers[i];
        for (size_t k = 0; k < secondary->primary_count; k++) {
            rules_take_peer(secondary, secondary->primary[k]);
            rules_take_peer(secondary->primary[k], secondary);
        }
    }
    /* A listener on a wildcard is a transparent socket too, and would take all that goes to its
     * port. */
    for (size_t i = 0; i < config->proxy.listen.count; i++)
        printf("        meta nfproto %s meta l4proto { tcp, udp } th dport %u accept\n",
               config->proxy.listen.items[i].family == ADDRESS_IPV4 ? "ipv4" : "ipv6",
               config->proxy.listen.items[i].port);
    puts("    }\n}");
}

/* Beside the primary, which has moved to another port: what it sends to its secondaries is taken as
 * it goes out, NOTIFYs and answers. */
static void rules_sidecar_pair(const struct peer *primary, const struct peer *secondary)
{
    char text[ADDRESS_TEXT_SIZE];
    printf("        # %s to %s\n", primary->name, secondary->name);
    for (size_t i = 0; i < secondary->address.count; i++) {
        struct address host = secondary->address.items[i];
        if (!tproxy_has_pair(primary, secondary, host.family))
            continue;
        host.port = 0;
        printf("        %s daddr %s meta l4proto { tcp, udp } th dport %u meta mark set $take "
               "accept\n",
               rules_family(host.family), address_to_text(&host, text),
               secondary->address.items[i].port);
    }
    for (size_t i = 0; i < primary->address.count; i++) {
        const struct address *own = &primary->address.items[i];
        char *sources = rules_sources(secondary, own->family);
        if (sources)
            printf("        %s daddr %s meta l4proto { tcp, udp } th sport %u meta mark set $take "
                   "accept\n",
                   rules_family(own->family), sources, own->port);
        free(sources);
    }
}

static void rules_sidecar(const struct config *config)
{
    printf("table inet " TPROXY_TABLE " {\n"
           "    chain out {\n"
           "        type route hook output priority " RULES_PRIORITY "; policy accept;\n"
           "        # The proxy's own packets go out, also when others have altered their mark.\n"
           "        meta mark %#x accept\n"
           "        socket mark %#x accept\n"
           "        fib daddr type local accept\n",
           SOCKET_MARK, SOCKET_MARK);
    for (size_t i = 0; i < config->peer_count; i++)
        for (size_t k = 0; k < config->peers[i].primary_count; k++)
            rules_sidecar_pair(config->peers[i].primary[k], &config->peers[i]);
    puts("    }\n}");
}

void rules_script(const struct config *config, bool sidecar)
{
    const char *arguments = sidecar ? "" : " [closed]";
    bool ipv4 = tproxy_needs(config, ADDRESS_IPV4), ipv6 = tproxy_needs(config, ADDRESS_IPV6);
    printf(rules_head, sidecar ? " --sidecar" : "", arguments, sidecar ? "" : rules_closed,
           TPROXY_MARK, TPROXY_ROUTES,
           ipv4 && ipv6 ? "-4 -6"
           : ipv6       ? "-6"
                        : "-4");
    if (sidecar)
        rules_sidecar(config);
    else
        rules_gateway(config);
    printf(rules_tail, sidecar ? "" : "'up closed') missed=drop ;;\n", arguments);
}

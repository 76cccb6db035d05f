/* Rule and route are asked for by rtnetlink, as anyone may, the packet rules by nfnetlink. What the
 * kernel does not tell is taken to be there: a warning that is wrong is worse than none. */
#include "base/tproxy.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/netlink.h"

static const struct address *tproxy_address(const struct peer *peer, enum address_family family)
{
    for (size_t i = 0; i < peer->address.count; i++)
        if (peer->address.items[i].family == family)
            return &peer->address.items[i];
    return NULL;
}

bool tproxy_has_pair(const struct peer *primary, const struct peer *secondary,
                     enum address_family family)
{
    return (tproxy_address(primary, family) && peer_speaks(secondary, family)) ||
           (tproxy_address(secondary, family) && peer_speaks(primary, family));
}

/* An address that one of a pair has in this family, that of the secondary if it has one. */
static const struct address *tproxy_example(const struct config *config, enum address_family family)
{
    for (size_t i = 0; i < config->peer_count; i++) {
        const struct peer *secondary = &config->peers[i];
        for (size_t k = 0; k < secondary->primary_count; k++) {
            const struct address *a = tproxy_address(secondary, family);
            if (tproxy_has_pair(secondary->primary[k], secondary, family))
                return a ? a : tproxy_address(secondary->primary[k], family);
        }
    }
    return NULL;
}

bool tproxy_needs(const struct config *config, enum address_family family)
{
    return tproxy_example(config, family);
}

/* --- what the kernel says --------------------------------------------------------------------- */

struct tproxy_rules {
    bool before; /* another rule stands before ours and might take what is marked */
    bool found;
};

/* They come in the order in which they apply. */
static void tproxy_on_rule(void *arg, struct nlmsghdr *answer)
{
    struct tproxy_rules *rules = arg;
    const struct fib_rule_hdr *rule = NLMSG_DATA(answer);
    unsigned mark = netlink_number(answer, sizeof *rule, FRA_FWMARK, 0);
    unsigned mask = netlink_number(answer, sizeof *rule, FRA_FWMASK, mark ? ~0U : 0);
    unsigned table = netlink_number(answer, sizeof *rule, FRA_TABLE, rule->table);
    bool matches = (TPROXY_MARK & mask) == mark || (rule->flags & FIB_RULE_INVERT);
    if (rules->found || !matches || (rule->action == FR_ACT_TO_TBL && table == RT_TABLE_LOCAL))
        return;
    if (mark && rule->action == FR_ACT_TO_TBL && table == TPROXY_ROUTES)
        rules->found = true;
    else
        rules->before = true;
}

struct tproxy_route {
    unsigned table;
    unsigned char type;
};

static void tproxy_on_route(void *arg, struct nlmsghdr *answer)
{
    const struct rtmsg *found = NLMSG_DATA(answer);
    struct tproxy_route *route = arg;
    route->type = found->rtm_type;
    route->table = netlink_number(answer, sizeof *found, RTA_TABLE, found->rtm_table);
}

static void tproxy_on_table(void *arg, struct nlmsghdr *answer)
{
    (void)arg;
    (void)answer;
}

static unsigned char tproxy_family(enum address_family family)
{
    return family == ADDRESS_IPV4 ? AF_INET : AF_INET6;
}

/* Where would go what is sent to `to` with this mark (0: none)? A negative errno: nowhere. */
static int tproxy_find_route(const struct address *to, unsigned mark, struct tproxy_route *out)
{
    unsigned short len = to->family == ADDRESS_IPV4 ? 4 : 16;
    struct rtmsg wanted = {.rtm_family = tproxy_family(to->family),
                           .rtm_dst_len = (unsigned char)(8 * len),
                           .rtm_flags = RTM_F_LOOKUP_TABLE};
    struct netlink_request request;
    netlink_begin(&request, RTM_GETROUTE, 0, &wanted, sizeof wanted);
    netlink_add(&request, RTA_DST, to->octets, len);
    if (mark)
        netlink_add(&request, RTA_MARK, &mark, sizeof mark);
    return netlink_ask(NETLINK_ROUTE, &request, tproxy_on_route, out);
}

bool tproxy_has_table(void)
{
    struct nfgenmsg family = {.nfgen_family = NFPROTO_INET};
    struct netlink_request request;
    netlink_begin(&request, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE, 0, &family,
                  sizeof family);
    netlink_add(&request, NFTA_TABLE_NAME, TPROXY_TABLE, sizeof TPROXY_TABLE);
    return netlink_ask(NETLINK_NETFILTER, &request, tproxy_on_table, NULL) != -ENOENT;
}

/* --- what is not there ------------------------------------------------------------------------ */

__attribute__((format(printf, 2, 3))) static void tproxy_say(char *lack, const char *format, ...)
{
    size_t len = strlen(lack);
    va_list args;
    va_start(args, format);
    if (len > 0)
        len += (size_t)snprintf(lack + len, TPROXY_LACK_SIZE - len, ", ");
    if (len < TPROXY_LACK_SIZE)
        vsnprintf(lack + len, TPROXY_LACK_SIZE - len, format, args);
    va_end(args);
}

static void tproxy_look(const struct address *example, char *lack)
{
    unsigned family = example->family;
    struct rtmsg wanted = {.rtm_family = tproxy_family(example->family)};
    struct tproxy_rules rules = {0};
    struct tproxy_route route = {0};
    struct netlink_request request;
    netlink_begin(&request, RTM_GETRULE, NLM_F_DUMP, &wanted, sizeof wanted);
    if (netlink_ask(NETLINK_ROUTE, &request, tproxy_on_rule, &rules) < 0)
        return;
    if (!rules.found) {
        tproxy_say(lack, "no IPv%u routing rule for mark %#x", family, TPROXY_MARK);
        return;
    }
    if (rules.before)
        tproxy_say(lack,
                   "another IPv%u routing rule before that for mark %#x (delete it, and add it "
                   "again with a preference)",
                   family, TPROXY_MARK);
    int error = tproxy_find_route(example, TPROXY_MARK, &route);
    if (!rules.before && (error == -ENETUNREACH || (error == 0 && route.table != TPROXY_ROUTES &&
                                                    route.table != RT_TABLE_LOCAL)))
        tproxy_say(lack, "no IPv%u route in table %u", family, TPROXY_ROUTES);
}

bool tproxy_is_sidecar(const struct config *config)
{
    for (size_t i = 0; i < config->peer_count; i++) {
        const struct peer *peer = &config->peers[i];
        struct tproxy_route route = {0};
        for (size_t k = 0; k < peer->address.count; k++)
            if (peer->role == PEER_PRIMARY &&
                tproxy_find_route(&peer->address.items[k], 0, &route) == 0 &&
                route.type == RTN_LOCAL)
                return true;
    }
    return false;
}

bool tproxy_is_there(const struct config *config, char lack[TPROXY_LACK_SIZE])
{
    static const enum address_family tproxy_families[] = {ADDRESS_IPV4, ADDRESS_IPV6};
    *lack = '\0';
    if (!config->proxy.transparent)
        return true;
    bool needed = false;
    for (size_t i = 0; i < sizeof tproxy_families / sizeof *tproxy_families; i++) {
        const struct address *example = tproxy_example(config, tproxy_families[i]);
        if (!example)
            continue;
        tproxy_look(example, lack);
        needed = true;
    }
    if (needed && !tproxy_has_table())
        tproxy_say(lack, "no packet rules (table inet %s)", TPROXY_TABLE);
    return *lack == '\0';
}

const char *tproxy_cure(const struct config *config, const char *file, char out[TPROXY_CURE_SIZE])
{
    bool usual = strcmp(file, CONFIG_DEFAULT_PATH) == 0;
    snprintf(out, TPROXY_CURE_SIZE, "tsig-proxy show%s%s --tproxy%s | sh -s up",
             usual ? "" : " -c ", usual ? "" : file, tproxy_is_sidecar(config) ? " --sidecar" : "");
    return out;
}

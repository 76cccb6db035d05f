/* A primary that sends a NOTIFY for each of many zones at once, and the secondaries that are told,
 * in one process. Whoever sends stops when nothing has moved for a while: it asks once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"
#include "net.h"
#include "sign.h"

#define NOTICES_QUIET 8000 /* ms: longer than the program waits for any secondary */

struct notices {
    struct signer *signers;
    struct sockaddr_in proxy, from;
    size_t zones, sent, copies, bad, answered, failed;
    bool is_answered[UINT16_MAX + 1]; /* by ID */
    int primary, told;
};

static void notices_send(struct notices *n, uint32_t serial)
{
    static struct net_datagram burst[NET_BURST];
    size_t count = 0;
    for (; count < NET_BURST && n->sent < n->zones; count++, n->sent++) {
        struct net_datagram *d = &burst[count];
        char name[SIGN_NAME_SIZE];
        snprintf(name, sizeof name, "zone%zu.example", n->sent);
        size_t len = sign_question(d->octets, sizeof d->octets,
                                   DNS_OPCODE_NOTIFY << 11 | DNS_FLAG_AA, name, DNS_TYPE_SOA);
        dns_wire_set_u16_at(d->octets, (uint16_t)n->sent);
        d->len = sign_soa(d->octets, len, sizeof d->octets, serial);
        d->far = n->proxy;
        d->local = n->from.sin_addr;
    }
    net_send(n->primary, burst, count);
}

static void notices_tell(struct notices *n)
{
    static struct net_datagram burst[NET_BURST];
    size_t count = net_receive(n->told, burst), answers = 0;
    for (size_t i = 0; i < count; i++) {
        size_t who = ntohl(burst[i].local.s_addr) - ntohl(net_secondary(0).s_addr);
        bool good = sign_confirm(&n->signers[who], &burst[i]);
        n->bad += !good;
        if (good && answers != i)
            burst[answers] = burst[i];
        answers += good;
    }
    net_send(n->told, burst, answers);
    n->copies += answers;
}

static void notices_take(struct notices *n)
{
    static struct net_datagram burst[NET_BURST];
    size_t count = net_receive(n->primary, burst);
    for (size_t i = 0; i < count; i++) {
        uint16_t id = dns_wire_u16_at(burst[i].octets);
        bool good = !(burst[i].octets[3] & DNS_MASK_RCODE);
        if (n->is_answered[id])
            continue;
        n->is_answered[id] = true;
        n->answered += good;
        n->failed += !good;
    }
}

int load_notices(char **arguments)
{
    static struct notices n;
    struct sockaddr_in told = {.sin_family = AF_INET};
    size_t secondaries = load_number(arguments[3]);
    n.proxy = net_place(arguments[0]);
    n.from = net_place(arguments[1]);
    n.zones = load_number(arguments[4]);
    net_must(n.zones <= UINT16_MAX, "a number of zones");
    told.sin_port = htons((uint16_t)load_number(arguments[2]));
    n.primary = net_udp(&n.from);
    n.told = net_udp(&told);
    n.signers = sign_keys(secondaries);
    double began = net_clock(), last = began;
    while (n.sent < n.zones)
        notices_send(&n, (uint32_t)(uint64_t)(began * 10000));
    while ((n.answered + n.failed < n.zones || n.copies < n.zones * secondaries) &&
           net_wait(n.primary, n.told, NOTICES_QUIET)) {
        notices_tell(&n);
        notices_take(&n);
        last = net_clock();
    }
    printf("answered=%zu failed=%zu copies=%zu bad=%zu seconds=%.3f\n", n.answered, n.failed,
           n.copies, n.bad, last - began);
    sign_free(n.signers, secondaries);
    return 0;
}

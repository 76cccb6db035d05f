/* Secondaries that ask for SOA records through the proxy, and the primary that answers, in one
 * process: so many questions under way at any time, each signed before the first is sent. What is
 * not answered within two seconds counts as lost. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/wire.h"
#include "load.h"
#include "net.h"
#include "question.h"

#define SOA_PATIENCE 2000 /* ms */

struct soa {
    struct question *questions;
    size_t count, sent, under_way, answered, failed, lost;
    bool waits[UINT16_MAX + 1]; /* by ID */
    struct sockaddr_in proxy;
    int asker, primary;
    bool is_signed;
};

/* Returns how many it has sent. */
static size_t soa_ask(struct soa *soa, size_t window)
{
    static struct net_datagram burst[NET_BURST];
    size_t count = 0;
    while (count < NET_BURST && soa->under_way < window && soa->sent < soa->count) {
        const struct question *q = &soa->questions[soa->sent];
        struct net_datagram *d = &burst[count++];
        d->far = soa->proxy;
        d->local = q->from;
        d->len = q->len;
        memcpy(d->octets, q->octets, q->len);
        soa->waits[soa->sent++ & UINT16_MAX] = true;
        soa->under_way++;
    }
    net_send(soa->asker, burst, count);
    return count;
}

static void soa_take(struct soa *soa)
{
    static struct net_datagram burst[NET_BURST];
    size_t count = net_receive(soa->asker, burst);
    for (size_t i = 0; i < count; i++) {
        uint16_t id = dns_wire_u16_at(burst[i].octets);
        bool good = question_is_answered(&burst[i], soa->is_signed);
        if (!soa->waits[id])
            continue;
        soa->waits[id] = false;
        soa->under_way--;
        soa->answered += good;
        soa->failed += !good;
    }
}

int load_soa(char **arguments)
{
    static struct soa soa;
    const struct sockaddr_in primary = net_place(arguments[1]);
    size_t window = load_number(arguments[6]);
    const struct question_mix mix = {load_number(arguments[2]), load_number(arguments[3]),
                                     load_number(arguments[4])};
    soa.proxy = net_place(arguments[0]);
    soa.count = load_number(arguments[5]);
    soa.is_signed = mix.secondaries > 0;
    soa.asker = net_udp(NULL);
    soa.primary = net_udp(&primary);
    soa.questions = question_make(&mix, soa.count);
    double began = net_clock();
    while (soa.answered + soa.failed + soa.lost < soa.count) {
        while (soa_ask(&soa, window) > 0 && window >= soa.count)
            ; /* all at once */
        if (!net_wait(soa.asker, soa.primary, SOA_PATIENCE)) {
            soa.lost += soa.under_way;
            soa.under_way = 0;
            memset(soa.waits, 0, sizeof soa.waits);
        }
        question_serve(soa.primary);
        soa_take(&soa);
    }
    printf("answered=%zu failed=%zu lost=%zu seconds=%.3f\n", soa.answered, soa.failed, soa.lost,
           net_clock() - began);
    free(soa.questions);
    return 0;
}

/* Secondaries that ask for SOA records through the proxy, and the primary that answers, in one
 * process: so many questions under way at any time, each signed before the first is sent. What is
 * not answered within two seconds counts as lost. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"
#include "net.h"
#include "sign.h"

#define SOA_PATIENCE 2000 /* ms */
#define SOA_STRIDE   7919 /* a prime: peers and zones come here and there, each as often */

struct soa_question {
    struct in_addr from;
    uint16_t len;
    uint8_t octets[256];
};

struct soa {
    struct soa_question *questions;
    size_t count, sent, under_way, answered, failed, lost;
    bool waits[UINT16_MAX + 1]; /* by ID */
    struct sockaddr_in proxy;
    int asker, primary;
};

/* Every secondary asks for its own zone, or the only one for each of `zones`. */
static void soa_make(struct soa *soa, size_t secondaries, size_t zones)
{
    struct signer *signers = sign_keys(secondaries);
    soa->questions = calloc(soa->count, sizeof *soa->questions);
    net_must(soa->questions, "calloc");
    for (size_t i = 0; i < soa->count; i++) {
        struct soa_question *q = &soa->questions[i];
        size_t who = zones ? 0 : i * SOA_STRIDE % secondaries;
        size_t zone = zones ? i * SOA_STRIDE % zones : who;
        char name[SIGN_NAME_SIZE];
        struct tsig_chain chain = tsig_chain_request();
        snprintf(name, sizeof name, "zone%zu.example", zone);
        size_t len = sign_question(q->octets, sizeof q->octets, 0, name, DNS_TYPE_SOA);
        dns_wire_set_u16_at(q->octets, (uint16_t)i);
        q->from = net_secondary(who);
        q->len = (uint16_t)sign(&signers[who], &chain, q->octets, len, sizeof q->octets);
    }
    sign_free(signers, secondaries);
}

static void soa_ask(struct soa *soa, size_t window)
{
    static struct net_datagram burst[NET_BURST];
    size_t count = 0;
    while (count < NET_BURST && soa->under_way < window && soa->sent < soa->count) {
        const struct soa_question *q = &soa->questions[soa->sent];
        struct net_datagram *d = &burst[count++];
        d->far = soa->proxy;
        d->local = q->from;
        d->len = q->len;
        memcpy(d->octets, q->octets, q->len);
        soa->waits[soa->sent++ & UINT16_MAX] = true;
        soa->under_way++;
    }
    net_send(soa->asker, burst, count);
}

static void soa_answer(struct soa *soa)
{
    static struct net_datagram burst[NET_BURST];
    size_t count = net_receive(soa->primary, burst);
    for (size_t i = 0; i < count; i++) {
        struct net_datagram *d = &burst[i];
        dns_wire_set_u16_at(d->octets + DNS_FLAGS_AT, DNS_FLAG_QR | DNS_FLAG_AA);
        d->len = sign_soa(d->octets, d->len, sizeof d->octets, 7);
    }
    net_send(soa->primary, burst, count);
}

/* Good: an answer of one record without error, with a TSIG. */
static void soa_take(struct soa *soa)
{
    static struct net_datagram burst[NET_BURST];
    size_t count = net_receive(soa->asker, burst);
    for (size_t i = 0; i < count; i++) {
        const uint8_t *octets = burst[i].octets;
        uint16_t id = dns_wire_u16_at(octets);
        bool good = burst[i].len > DNS_HEADER_SIZE && !(octets[3] & DNS_MASK_RCODE) &&
                    dns_wire_u16_at(octets + DNS_COUNTS_AT + 2) == 1 &&
                    dns_wire_u16_at(octets + DNS_ARCOUNT_AT) == 1;
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
    size_t window = load_number(arguments[5]);
    soa.proxy = net_place(arguments[0]);
    soa.count = load_number(arguments[4]);
    soa.asker = net_udp(NULL);
    soa.primary = net_udp(&primary);
    soa_make(&soa, load_number(arguments[2]), load_number(arguments[3]));
    double began = net_clock();
    while (soa.answered + soa.failed + soa.lost < soa.count) {
        soa_ask(&soa, window);
        if (!net_wait(soa.asker, soa.primary, SOA_PATIENCE)) {
            soa.lost += soa.under_way;
            soa.under_way = 0;
            memset(soa.waits, 0, sizeof soa.waits);
        }
        soa_answer(&soa);
        soa_take(&soa);
    }
    printf("answered=%zu failed=%zu lost=%zu seconds=%.3f\n", soa.answered, soa.failed, soa.lost,
           net_clock() - began);
    free(soa.questions);
    return 0;
}

/* A primary that sends NOTIFYs, one after another, and all the secondaries that are told, in one
 * process. Each copy is verified, and answered signed with the key of its secondary. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"
#include "net.h"
#include "sign.h"

#define NOTIFY_PATIENCE 8000 /* ms */

struct notify {
    struct signer *signers;
    size_t secondaries, copies, bad;
    int primary, told;
};

static void notify_send(const struct notify *notify, const struct sockaddr_in *proxy,
                        const struct sockaddr_in *from, uint32_t number)
{
    static struct net_datagram burst[NET_BURST];
    struct net_datagram *d = &burst[0];
    size_t len = sign_question(d->octets, sizeof d->octets, DNS_OPCODE_NOTIFY << 11 | DNS_FLAG_AA,
                               "zone.example", DNS_TYPE_SOA);
    dns_wire_set_u16_at(d->octets, (uint16_t)number);
    d->len = sign_soa(d->octets, len, sizeof d->octets, number);
    d->far = *proxy;
    d->local = from->sin_addr;
    net_send(notify->primary, burst, 1);
}

static struct signer *notify_signer(const struct notify *notify, struct in_addr told)
{
    size_t number = ntohl(told.s_addr) - ntohl(net_secondary(0).s_addr);
    net_must(number < notify->secondaries, "a copy's address");
    return &notify->signers[number];
}

static void notify_take(struct notify *notify)
{
    static struct net_datagram burst[NET_BURST];
    size_t count = net_receive(notify->told, burst), answers = 0;
    for (size_t i = 0; i < count; i++) {
        bool good = sign_confirm(notify_signer(notify, burst[i].local), &burst[i]);
        notify->bad += !good;
        if (good && answers != i)
            burst[answers] = burst[i];
        answers += good;
    }
    net_send(notify->told, burst, answers);
    notify->copies += answers;
}

/* Whether the primary has its answer, without error. */
static bool notify_is_done(const struct notify *notify, uint32_t number)
{
    static struct net_datagram burst[NET_BURST];
    size_t count = net_receive(notify->primary, burst);
    for (size_t i = 0; i < count; i++)
        if (dns_wire_u16_at(burst[i].octets) == (uint16_t)number &&
            !(burst[i].octets[3] & DNS_MASK_RCODE))
            return true;
    return false;
}

int load_notify(char **arguments)
{
    struct notify notify = {.secondaries = load_number(arguments[3])};
    const struct sockaddr_in proxy = net_place(arguments[0]), primary = net_place(arguments[1]);
    struct sockaddr_in told = {.sin_family = AF_INET};
    size_t rounds = load_number(arguments[4]), answered = 0;
    /* Later than those of the run before: what is told again is not sent again. */
    uint32_t serial = (uint32_t)(uint64_t)(net_clock() * 10000);
    told.sin_port = htons((uint16_t)load_number(arguments[2]));
    notify.primary = net_udp(&primary);
    notify.told = net_udp(&told);
    notify.signers = sign_keys(notify.secondaries);
    double began = net_clock();
    for (size_t i = 0; i < rounds; i++, serial++) {
        bool done = false, moves = true;
        notify_send(&notify, &proxy, &primary, serial);
        while (!done && moves) {
            moves = net_wait(notify.primary, notify.told, NOTIFY_PATIENCE);
            notify_take(&notify);
            done = notify_is_done(&notify, serial);
        }
        answered += done;
    }
    printf("answered=%zu failed=%zu copies=%zu bad=%zu seconds=%.3f\n", answered, rounds - answered,
           notify.copies, notify.bad, net_clock() - began);
    sign_free(notify.signers, notify.secondaries);
    return 0;
}

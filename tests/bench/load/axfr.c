/* Secondaries that transfer a zone through the proxy as fast as they can, and the primary that has
 * it, in one process: so many at any time, each over a connection of its own. Readers only count
 * messages, and see that each has no error and a TSIG if it should. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"
#include "net.h"
#include "sign.h"
#include "source.h"

#define AXFR_PATIENCE 20 /* seconds without an octet */
#define AXFR_ROOM     (1 << 18)
#define AXFR_HEAD     (2 + DNS_HEADER_SIZE)

struct axfr {
    struct sockaddr_in proxy;
    struct signer *signers;
    struct zone zone;
    struct source source;
    int loop;
    size_t secondaries; /* 0: one, which has no key */
    size_t wanted, begun, done, failed;
    uint64_t octets;
};

struct reader {
    struct end end;
    struct axfr *axfr;
    size_t len, at; /* of the question */
    uint8_t question[512];
    size_t have, skip, messages; /* of a frame and its header; of the rest of its message */
    uint8_t head[AXFR_HEAD];
};

static void on_reader(struct end *end);

static void axfr_begin(struct axfr *axfr)
{
    struct reader *r = calloc(1, sizeof *r);
    size_t who = axfr->secondaries ? axfr->begun % axfr->secondaries : 0;
    const struct in_addr local = net_secondary(who);
    struct tsig_chain chain = tsig_chain_request();
    net_must(r, "calloc");
    uint8_t *octets = r->question + 2;
    size_t room = sizeof r->question - 2;
    size_t len = sign_question(octets, room, 0, ZONE_NAME, DNS_TYPE_AXFR);
    dns_wire_set_u16_at(octets, (uint16_t)axfr->begun++);
    if (axfr->secondaries)
        len = sign(&axfr->signers[who], &chain, octets, len, room);
    dns_wire_set_u16_at(r->question, (uint16_t)len);
    r->len = len + 2;
    r->axfr = axfr;
    r->end = (struct end){net_connect(&axfr->proxy, &local), on_reader};
    source_watch(axfr->loop, &r->end);
}

static void axfr_end(struct reader *r, bool good)
{
    struct axfr *axfr = r->axfr;
    axfr->done++;
    axfr->failed += !good;
    source_close(&r->end);
    free(r);
    if (axfr->begun < axfr->wanted)
        axfr_begin(axfr);
}

/* What was read; false when a message is none that should come. */
static bool axfr_take(struct reader *r, const uint8_t *octets, size_t len)
{
    while (len > 0) {
        bool rest = r->skip > 0;
        size_t part = rest ? r->skip : AXFR_HEAD - r->have;
        if (part > len)
            part = len;
        if (rest) {
            r->skip -= part;
        } else {
            memcpy(r->head + r->have, octets, part);
            r->have += part;
        }
        octets += part;
        len -= part;
        if (!rest && r->have == AXFR_HEAD) {
            size_t whole = dns_wire_u16_at(r->head);
            uint16_t records = dns_wire_u16_at(r->head + 2 + DNS_ARCOUNT_AT);
            if (whole <= DNS_HEADER_SIZE || (r->head[5] & DNS_MASK_RCODE) ||
                records != (r->axfr->secondaries > 0))
                return false;
            r->skip = whole - DNS_HEADER_SIZE;
        }
        if (r->have == AXFR_HEAD && r->skip == 0) {
            r->messages++;
            r->have = 0;
        }
    }
    return true;
}

static void on_reader(struct end *end)
{
    static uint8_t room[AXFR_ROOM];
    struct reader *r = (struct reader *)end;
    if (r->at < r->len) {
        ssize_t sent = send(end->fd, r->question + r->at, r->len - r->at, 0);
        r->at += sent > 0 ? (size_t)sent : 0;
    }
    for (;;) {
        ssize_t got = recv(end->fd, room, sizeof room, 0);
        if (got < 0 && (errno == EAGAIN || errno == ENOTCONN))
            return;
        bool good = got > 0 && axfr_take(r, room, (size_t)got);
        r->axfr->octets += got > 0 ? (uint64_t)got : 0;
        if (!good || r->messages == r->axfr->zone.count) {
            axfr_end(r, good);
            return;
        }
    }
}

int load_axfr(char **arguments)
{
    static struct axfr axfr;
    const struct sockaddr_in primary = net_place(arguments[1]);
    size_t at_once = load_number(arguments[5]);
    axfr.proxy = net_place(arguments[0]);
    axfr.secondaries = load_number(arguments[2]);
    axfr.wanted = load_number(arguments[6]);
    axfr.signers = sign_keys(axfr.secondaries);
    axfr.loop = source_loop();
    zone_make(&axfr.zone, load_number(arguments[3]), load_number(arguments[4]), 7);
    source_open(&axfr.source, axfr.loop, &primary, &axfr.zone, 7);
    double began = net_clock(), moved = began;
    while (axfr.begun < at_once && axfr.begun < axfr.wanted)
        axfr_begin(&axfr);
    for (uint64_t before = 0; axfr.done < axfr.wanted && net_clock() < moved + AXFR_PATIENCE;) {
        source_turn(axfr.loop, 1000);
        if (axfr.octets != before)
            moved = net_clock();
        before = axfr.octets;
    }
    printf("done=%zu failed=%zu zone=%zu messages=%zu octets=%llu seconds=%.3f\n", axfr.done,
           axfr.failed + axfr.wanted - axfr.done, axfr.zone.size, axfr.zone.count,
           (unsigned long long)axfr.octets, net_clock() - began);
    sign_free(axfr.signers, axfr.secondaries);
    zone_free(&axfr.zone);
    return 0;
}

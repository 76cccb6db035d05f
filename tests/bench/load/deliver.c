/* A primary whose zone changes, and the secondary that wants it, in one process: how long it takes
 * from the NOTIFY to the last record, all of them verified, through whatever stands between. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dns/xfr.h"
#include "load.h"
#include "net.h"
#include "sign.h"
#include "source.h"
#include "tsig/stream.h"

#define DELIVER_PATIENCE 60 /* seconds */
#define DELIVER_MESSAGE  16384
#define DELIVER_ROOM     (1 << 18)

struct deliver {
    struct end end; /* of the transfer under way */
    struct sockaddr_in middle, secondary;
    struct signer *signer;
    struct source source, told; /* the primary; who takes NOTIFYs over TCP */
    struct zone zone;
    int loop;
    struct end on_primary, on_told;
    struct tsig_stream stream;
    struct dns_xfr follow;
    bool is_done;
    size_t len, at, have;
    uint8_t question[512], room[DELIVER_ROOM];
};

static struct deliver deliver;

static void deliver_stop(struct deliver *d)
{
    source_close(&d->end);
    tsig_stream_fini(&d->stream);
    memset(&d->stream, 0, sizeof d->stream);
}

/* One message; false ends the transfer, with the zone or without. */
static bool deliver_take(struct deliver *d, const uint8_t *octets, size_t len)
{
    struct dns_message m;
    struct tsig_record record;
    const struct tsig_clock clock = {.seconds = (uint64_t)time(NULL), .fudge = 300};
    net_must(dns_message_parse(octets, len, &m) == 0, "a message of the transfer");
    bool is_signed = m.tsig_place == DNS_TSIG_LAST;
    net_must(!is_signed || tsig_record_decode(&m, &record) == 0, "a TSIG of the transfer");
    enum tsig_stream_state state =
        tsig_stream_verify(&d->stream, &m, is_signed ? &record : NULL, clock);
    if (state != TSIG_STREAM_VERIFIED && state != TSIG_STREAM_PENDING)
        return false;
    enum dns_xfr_state follow = dns_xfr_follow(&d->follow, &m);
    d->is_done = follow == DNS_XFR_DONE && d->follow.messages > 0 &&
                 d->follow.soa.serial == d->source.serial && state == TSIG_STREAM_VERIFIED;
    return follow != DNS_XFR_DONE && follow != DNS_XFR_BROKEN;
}

static bool deliver_take_all(struct deliver *d)
{
    size_t at = 0;
    while (d->have - at > 2 && d->have - at >= dns_wire_u16_at(d->room + at) + 2U) {
        size_t len = dns_wire_u16_at(d->room + at);
        if (!deliver_take(d, d->room + at + 2, len))
            return false;
        at += len + 2;
    }
    memmove(d->room, d->room + at, d->have - at);
    d->have -= at;
    return true;
}

static void on_transfer(struct end *end)
{
    struct deliver *d = &deliver;
    if (d->at < d->len) {
        ssize_t sent = send(end->fd, d->question + d->at, d->len - d->at, 0);
        d->at += sent > 0 ? (size_t)sent : 0;
    }
    for (;;) {
        ssize_t got = recv(end->fd, d->room + d->have, sizeof d->room - d->have, 0);
        if (got < 0 && (errno == EAGAIN || errno == ENOTCONN))
            return;
        d->have += got > 0 ? (size_t)got : 0;
        if (got <= 0 || !deliver_take_all(d)) {
            deliver_stop(d);
            return;
        }
    }
}

static void deliver_ask(struct deliver *d)
{
    struct dns_message m;
    struct tsig_chain chain = tsig_chain_request();
    uint8_t *octets = d->question + 2;
    size_t room = sizeof d->question - 2;
    size_t len = sign_question(octets, room, 0, ZONE_NAME, DNS_TYPE_AXFR);
    net_must(dns_message_parse(octets, len, &m) == 0 && dns_xfr_init(&d->follow, &m) == 0,
             "a question");
    len = sign(d->signer, &chain, octets, len, room);
    net_must(tsig_stream_init(&d->stream, &d->signer->mac, &chain) == 0, "tsig_stream_init");
    dns_wire_set_u16_at(d->question, (uint16_t)len);
    d->len = len + 2;
    d->at = d->have = 0;
    d->end = (struct end){net_connect(&d->middle, &d->secondary.sin_addr), on_transfer};
    source_watch(d->loop, &d->end);
}

static void deliver_tell(struct deliver *d)
{
    if (d->end.fd < 0 && !d->is_done)
        deliver_ask(d);
}

static void on_told(struct end *end)
{
    static struct net_datagram burst[NET_BURST];
    for (size_t count; (count = net_receive(end->fd, burst)) > 0;) {
        size_t answers = 0;
        for (size_t i = 0; i < count; i++)
            if (!(burst[i].octets[2] & 0x80) && sign_confirm(deliver.signer, &burst[i]))
                burst[answers++] = burst[i];
        net_send(end->fd, burst, answers);
        if (answers > 0)
            deliver_tell(&deliver);
    }
}

/* Knot sends them over TCP. */
static size_t on_notify(uint8_t *octets, size_t len)
{
    static struct net_datagram d;
    net_must(len <= SOURCE_QUESTION, "a NOTIFY's length");
    memcpy(d.octets, octets, len);
    d.len = len;
    net_must(sign_confirm(deliver.signer, &d), "a NOTIFY's TSIG");
    memcpy(octets, d.octets, d.len);
    deliver_tell(&deliver);
    return d.len;
}

/* Questions, and the answer to the NOTIFY. */
static void on_primary(struct end *end)
{
    static struct net_datagram burst[NET_BURST];
    for (size_t count; (count = net_receive(end->fd, burst)) > 0;) {
        size_t answers = 0;
        for (size_t i = 0; i < count; i++) {
            if (burst[i].octets[2] & 0x80)
                continue;
            burst[i].len =
                source_answer(burst[i].octets, sizeof burst[i].octets, deliver.source.serial);
            burst[answers++] = burst[i];
        }
        net_send(end->fd, burst, answers);
    }
}

static void deliver_notify(const struct deliver *d, const struct sockaddr_in *from)
{
    static struct net_datagram burst[NET_BURST];
    struct net_datagram *n = &burst[0];
    size_t len = sign_question(n->octets, sizeof n->octets, DNS_OPCODE_NOTIFY << 11 | DNS_FLAG_AA,
                               ZONE_NAME, DNS_TYPE_SOA);
    dns_wire_set_u16_at(n->octets, (uint16_t)d->source.serial);
    n->len = sign_soa(n->octets, len, sizeof n->octets, d->source.serial);
    n->far = d->middle;
    n->local = from->sin_addr;
    net_send(d->on_primary.fd, burst, 1);
}

/* Seconds from the NOTIFY to the whole zone. */
static double deliver_once(struct deliver *d, const struct sockaddr_in *primary)
{
    d->is_done = false;
    double began = net_clock();
    deliver_notify(d, primary);
    while (!d->is_done && net_clock() < began + DELIVER_PATIENCE)
        source_turn(d->loop, 100);
    return net_clock() - began;
}

int load_deliver(char **arguments)
{
    struct deliver *d = &deliver;
    const struct sockaddr_in primary = net_place(arguments[1]);
    /* Later than that of the run before. */
    uint32_t serial = (uint32_t)(uint64_t)(net_clock() * 100);
    d->middle = net_place(arguments[0]);
    d->secondary = net_place(arguments[2]);
    d->signer = sign_keys(1);
    d->loop = source_loop();
    d->end.fd = -1;
    zone_make(&d->zone, load_number(arguments[3]), DELIVER_MESSAGE, serial);
    source_open(&d->source, d->loop, &primary, &d->zone, serial);
    source_open(&d->told, d->loop, &d->secondary, &d->zone, serial);
    d->told.on_notify = on_notify;
    d->on_primary = (struct end){net_udp(&primary), on_primary};
    d->on_told = (struct end){net_udp(&d->secondary), on_told};

    source_watch(d->loop, &d->on_primary);
    source_watch(d->loop, &d->on_told);
    double took = deliver_once(d, &primary);
    printf("done=%d messages=%zu seconds=%.4f\n", d->is_done, d->zone.count, took);
    sign_free(d->signer, 1);
    zone_free(&d->zone);
    return 0;
}

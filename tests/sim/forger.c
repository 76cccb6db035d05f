/* Each forgery is of one kind, drawn anew; what he hears, he keeps the last of. */
#include "forger.h"

#include <stdlib.h>
#include <string.h>

#include "dice.h"
#include "flow.h"
#include "play.h"
#include "trace.h"
#include "way.h"

#define FORGER_HEARD   32
#define FORGER_OCTETS  1024
#define FORGER_TIME_MS 8000

static struct {
    struct host host;
    struct alarm next;
    struct {
        struct datagram datagram;
        uint8_t octets[FORGER_OCTETS];
    } heard[FORGER_HEARD];
    unsigned count;
    bool active;
} forger;

static struct paper forger_page;

/* What right parties say to a proxy. */
static void forger_tap(const struct datagram *d)
{
    if (d->to.port != 53 || d->len > FORGER_OCTETS || d->octets[2] & 0x80 ||
        (d->to.octets[1] != NET_PROXY && d->to.octets[1] != NET_MOVING))
        return;
    unsigned i = forger.count++ % FORGER_HEARD;
    forger.heard[i].datagram = *d;
    forger.heard[i].datagram.octets = forger.heard[i].octets;
    memcpy(forger.heard[i].octets, d->octets, d->len);
}

static struct address forger_target(void)
{
    return play.moving[dice_below(play.moving_count)];
}

static struct address forger_own(void)
{
    return net_address(NET_STRANGER, (unsigned)dice_below(200),
                       (uint16_t)dice_between(1024, 65535));
}

static void forger_say(const struct address *from, const struct address *to, const uint8_t *octets,
                       size_t len)
{
    struct datagram d = {.from = *from, .to = *to, .octets = octets, .len = len, .tainted = true};
    tally.forgeries++;
    trace_note("forges", from->octets[1], from->octets[3], len);
    net_send(&forger.host, &d);
}

static struct dns_name forger_name(void)
{
    struct dns_name name = play.zones[dice_below(play.zone_count)].name;
    name.octets[1] = 'Z';
    return name;
}

static void forger_mark(unsigned section)
{
    uint8_t mark[4];
    paper_put_u32(mark, TRUTH_MARK);
    paper_record(&forger_page, section, "FORGED", &play.zones[0].name, PAPER_A);
    paper_rdata(&forger_page, mark, sizeof mark);
}

/* A question without TSIG, of a stranger or in the name of who signs. */
static void forger_ask(void)
{
    const struct secondary *s = &play.secondaries[dice_below(play.plan.secondaries)];
    struct dns_name name = forger_name();
    struct address from = s->key && dice_chance(500) ? s->address : forger_own(),
                   to = forger_target();
    from.port = (uint16_t)dice_between(1024, 65535);
    paper_begin(&forger_page, (uint16_t)dice_draw(), 0);
    paper_question(&forger_page, &name, dice_chance(500) ? PAPER_SOA : PAPER_IXFR);
    if (forger_page.octets[forger_page.len - 3] == PAPER_IXFR)
        truth_put_soa(&forger_page, 2, &play.zones[0], 1);
    forger_say(&from, &to, forger_page.octets, forger_page.len);
}

/* With a TSIG that cannot be right: a secret that he does not have. */
static void forger_sign(void)
{
    const struct secondary *s = &play.secondaries[dice_below(play.plan.secondaries)];
    struct dns_name name = forger_name();
    struct address from = dice_chance(700) ? s->address : forger_own(), to = forger_target();
    struct seal_key key = {.sha512 = false};
    struct seal seal = {.key = &key};
    if (!s->key)
        return;
    key = *s->key;
    key.secret[0] ^= 1;
    from.port = (uint16_t)dice_between(1024, 65535);
    paper_begin(&forger_page, (uint16_t)dice_draw(), 0);
    paper_question(&forger_page, &name, PAPER_SOA);
    int64_t off = dice_chance(500) ? 0 : (int64_t)dice_below(200000) - 100000;
    forger_page.len = seal_sign(&seal, (uint64_t)((int64_t)net_seconds(&forger.host) + off),
                                forger_page.octets, forger_page.len);
    seal_fini(&seal);
    forger_say(&from, &to, forger_page.octets, forger_page.len);
}

/* What he has heard, with another name in it, or from elsewhere. */
static void forger_replay(void)
{
    unsigned count = forger.count < FORGER_HEARD ? forger.count : FORGER_HEARD;
    if (count == 0)
        return;
    unsigned i = (unsigned)dice_below(count);
    struct datagram d = forger.heard[i].datagram;
    uint8_t octets[FORGER_OCTETS];
    memcpy(octets, d.octets, d.len);
    d.octets = octets;
    bool is_signed = seal_mac_len(octets, d.len) > 0;
    tally.forgeries++;
    switch (dice_below(3)) {
    case 0:
        if (!is_signed)
            return;
        octets[13] = 'Z';
        d.tainted = true;
        break;
    case 1:
        d.from = forger_own();
        d.tainted = true;
        break;
    default:
        /* A question that seems to be asked is one that need not be told: whoever hears and repeats
         * it can as well keep back what is told. */
        if (play.plan.lasting)
            return;
        d.recorded = true; /* as it was: it is good as long as its time is */
        break;
    }
    trace_note("replays", d.from.octets[1], d.from.octets[3], d.len);
    net_send(&forger.host, &d);
}

/* Where all hangs on what is told, two forged versions could lead once around RFC 1982's circle. */
static uint32_t forger_serial(const struct zone *z)
{
    uint32_t any = (uint32_t)dice_draw();
    return play.plan.lasting ? truth_newest(z)->serial + any / 4 - (1u << 29) : any;
}

/* In the name of a primary, with records that nobody asked for. */
static void forger_notify(void)
{
    const struct primary *p = &play.primaries[dice_below(play.plan.primaries)];
    struct zone *z = p->zones[dice_below(p->zone_count)];
    struct address from = dice_chance(700) ? p->address : forger_own(), to = forger_target();
    struct dns_name name = z->name;
    from.port = (uint16_t)dice_between(1024, 65535);
    paper_begin(&forger_page, (uint16_t)dice_draw(), 4 << 11 | 1 << 10);
    paper_question(&forger_page, &name, PAPER_SOA);
    if (dice_chance(700))
        truth_put_soa(&forger_page, 1, z, forger_serial(z));
    if (dice_chance(700))
        forger_mark(1);
    forger_mark(2);
    forger_mark(3);
    forger_say(&from, &to, forger_page.octets, forger_page.len);
}

static struct way *forger_find_way(const struct instance *in)
{
    for (unsigned i = 0; i < INSTANCE_WAYS; i++)
        if (!LIST_EMPTY(&in->ways[i]))
            return LIST_FIRST(&in->ways[i]);
    return NULL;
}

/* An answer to what a proxy asks just now, at the right port, with a wrong ID or question; of who
 * signs, with the right ones. */
static void forger_answer(void)
{
    const struct instance *in = &play.instances[dice_below(play.plan.instances)];
    const struct way *way = in->serves ? forger_find_way(in) : NULL;
    if (!way || !way->flow)
        return;
    const struct leg *leg = &way->flow->exchange.legs.items[way->leg];
    struct zone *z = &play.zones[dice_below(play.zone_count)];
    if (leg->sent == 0)
        return;
    bool right = leg->key && dice_chance(700);
    uint16_t id = right || dice_chance(500) ? leg->sends[leg->sent - 1].id : (uint16_t)dice_draw();
    struct dns_name name = right ? z->name : forger_name();
    if (!right && id == leg->sends[leg->sent - 1].id && dice_chance(500))
        name.octets[2] = '9'; /* a zone that nobody has asked for */
    name.octets[1] = right ? 'z' : name.octets[2] == '9' ? 'z' : 'Y';
    paper_begin(&forger_page, id, 1 << 15 | 1 << 10);
    paper_question(&forger_page, &name, PAPER_SOA);
    truth_put_soa(&forger_page, 1, z, (uint32_t)dice_draw());
    forger_say(&way->to, &way->local, forger_page.octets, forger_page.len);
}

static void forger_babble(void)
{
    uint8_t octets[200];
    struct address from = forger_own(), to = forger_target();
    size_t len = dice_below(sizeof octets);
    for (size_t i = 0; i < len; i++)
        octets[i] = (uint8_t)dice_draw();
    forger_say(&from, &to, octets, len);
}

/* Over TCP, from his own address. */
static void on_octets(void *owner, const uint8_t *octets, size_t len)
{
    (void)owner;
    TRACE_CHECK(len < 2 || seal_mac_len(octets + 2, len - 2) == 0, "a stranger got a MAC");
}

static void on_gone(void *owner)
{
    (void)owner;
}

static void on_fin(void *owner)
{
    pipe_close(LIST_FIRST(&((struct host *)owner)->ends));
}

static const struct pipe_events forger_pipe_events = {
    .on_octets = on_octets, .on_fin = on_fin, .on_reset = on_gone};

static void forger_call(void)
{
    struct address from = forger_own(), to = forger_target();
    struct dns_name name = forger_name();
    pipe_lose_host(&forger.host, dice_chance(500));
    struct pipe_end *end =
        pipe_connect(&forger.host, &from, &to, &forger_pipe_events, &forger.host);
    uint8_t prefix[2];
    paper_begin(&forger_page, (uint16_t)dice_draw(), 0);
    paper_question(&forger_page, &name, PAPER_AXFR);
    paper_put_u16(prefix, (uint16_t)forger_page.len);
    tally.forgeries++;
    pipe_write(end, prefix, sizeof prefix);
    pipe_write(end, forger_page.octets, forger_page.len - dice_below(3));
}

static void on_next(void *owner)
{
    static void (*const kinds[])(void) = {
        forger_ask,    forger_sign,   forger_sign,   forger_replay, forger_replay,
        forger_notify, forger_answer, forger_answer, forger_babble, forger_call};
    (void)owner;
    kinds[dice_below(sizeof kinds / sizeof kinds[0])]();
    alarm_in(&forger.next, dice_between(1, FORGER_TIME_MS));
}

static void on_datagram(void *owner, const struct datagram *d)
{
    (void)owner;
    TRACE_CHECK(seal_mac_len(d->octets, d->len) == 0, "a stranger got a MAC");
}

static bool on_connection(void *owner, struct pipe_end *end)
{
    (void)owner;
    (void)end;
    return false;
}

static const struct host_events forger_host_events = {.on_datagram = on_datagram,
                                                      .on_connection = on_connection};

void forger_begin(void)
{
    memset(&forger, 0, sizeof forger);
    forger.host = (struct host){
        .address = net_address(NET_STRANGER, 0, 0), .events = &forger_host_events, .place = 9999};
    net_attach(&forger.host);
    for (unsigned i = 1; i < 200; i++) {
        struct address a = net_address(NET_STRANGER, i, 0);
        net_claim(&a, &forger.host);
    }
    net_set_tap(forger_tap);
    forger.next.on_time = on_next;
    forger.active = dice_chance(800);
    if (forger.active)
        on_next(NULL);
}

void forger_end(void)
{
    alarm_stop(&forger.next);
    net_set_tap(NULL);
    pipe_lose_host(&forger.host, false);
}

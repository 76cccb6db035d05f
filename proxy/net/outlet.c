/* A way is a server and a source; it has the outlets that new questions may take, and all of them
 * go with the last of their questions. An outlet keeps all IDs that were sent through it, also of
 * questions that are over, so that their late answers are known. */
#include "net/outlet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/socket.h"

#define OUTLET_BUCKETS 64
/* So many questions may have more answers at once than a socket's usual room holds. */
#define OUTLET_CROWD 32
/* IDs of most outlets: a question alone, sent three times. */
#define OUTLET_FEW 4

struct outlet_sent {
    uint16_t id;
    uint16_t next;            /* in its bucket: place plus 1 */
    struct outlet_user *user; /* NULL: it is over */
};

struct outlet {
    struct engine *engine;
    struct address to;
    struct address source;
    struct outlet_way *way; /* NULL: takes no more questions */
    unsigned slot;
    uv_poll_t poll;
    int fd;
    uint64_t opened; /* ms */
    unsigned users;
    unsigned questions; /* that it has had in all */
    unsigned count;     /* of IDs */
    unsigned room;
    struct outlet_sent *sent; /* `few`, or owned */
    struct outlet_sent few[OUTLET_FEW];
    uint16_t buckets[OUTLET_BUCKETS];
};

struct outlet_way {
    LIST_ENTRY(outlet_way) entry;
    struct address to;
    struct address source;
    uint64_t burst; /* for which `slot` was drawn */
    unsigned slot;
    unsigned users; /* of its outlets */
    struct outlet *slots[OUTLET_PORTS];
};

static struct outlet_ways *outlet_bucket(struct engine *engine, const struct address *to)
{
    uint64_t hash = dns_wire_hash(to->port, to->octets, sizeof to->octets);
    return &engine->ways[hash % ENGINE_WAYS];
}

static struct outlet_way *outlet_find_way(struct engine *engine, const struct address *to,
                                          const struct address *source)
{
    struct outlet_ways *bucket = outlet_bucket(engine, to);
    struct outlet_way *way;
    LIST_FOREACH(way, bucket, entry)
    if (address_equal(&way->to, to) && address_equal(&way->source, source))
        return way;
    way = calloc(1, sizeof *way);
    if (!way)
        return NULL;
    way->to = *to;
    way->source = *source;
    LIST_INSERT_HEAD(bucket, way, entry);
    return way;
}

static void on_closed(uv_handle_t *handle)
{
    struct outlet *o = handle->data;
    if (o->sent != o->few)
        free(o->sent);
    free(o);
}

static void outlet_close(struct outlet *o)
{
    outbox_flush_from(o->engine->outbox, o->fd);
    /* First the handle: its number may be another thread's socket as soon as it is closed. */
    uv_close((uv_handle_t *)&o->poll, on_closed);
    close(o->fd);
    o->fd = -1;
}

/* New questions go elsewhere. */
static void outlet_retire(struct outlet *o)
{
    struct outlet_way *way = o->way;
    o->way = NULL;
    way->slots[o->slot] = NULL;
    way->users -= o->users;
    if (o->users == 0)
        outlet_close(o);
}

/* Nothing is in flight to this server: whatever comes next goes by new ports. */
static void outlet_drop_way(struct outlet_way *way)
{
    if (way->users > 0)
        return;
    for (unsigned i = 0; i < OUTLET_PORTS; i++)
        if (way->slots[i])
            outlet_close(way->slots[i]);
    LIST_REMOVE(way, entry);
    free(way);
}

static struct outlet_sent *outlet_find(const struct outlet *o, uint16_t id)
{
    unsigned at = o->buckets[id % OUTLET_BUCKETS];
    while (at && o->sent[at - 1].id != id)
        at = o->sent[at - 1].next;
    return at ? &o->sent[at - 1] : NULL;
}

static struct outlet_user *outlet_last_user(const struct outlet *o)
{
    for (unsigned i = o->count; i-- > 0;)
        if (o->sent[i].user)
            return o->sent[i].user;
    return NULL;
}

static void outlet_take(const struct outlet *o, uint8_t *octets, size_t len)
{
    const struct outlet_sent *sent = len >= 2 ? outlet_find(o, dns_wire_u16_at(octets)) : NULL;
    struct outlet_user *user = sent ? sent->user : outlet_last_user(o);
    if (user)
        user->on_datagram(user->owner, octets, len);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct outlet *o = poll->data;
    struct engine *engine = o->engine;
    struct burst *burst = engine->burst;
    (void)events;
    int count = burst_receive_connected(burst, o->fd);
    outbox_open(engine->outbox);
    for (int i = 0; i < count && o->fd >= 0; i++)
        outlet_take(o, burst->octets[i], burst->connected[i].msg_len);
    outbox_shut(engine->outbox);
    /* An ICMP error, which anyone may have sent, stops libuv's watching; the answer may still
     * come. */
    if (status < 0 && o->fd >= 0)
        uv_poll_start(&o->poll, UV_READABLE, on_readable);
}

static int outlet_watch(struct outlet *o)
{
    int error = uv_poll_init(o->engine->loop, &o->poll, o->fd);
    if (error < 0)
        return error;
    o->poll.data = o;
    return uv_poll_start(&o->poll, UV_READABLE, on_readable);
}

static int outlet_open(struct engine *engine, const struct address *to,
                       const struct address *source, bool transparent, struct outlet **out)
{
    struct outlet *o = calloc(1, sizeof *o);
    if (!o)
        return -ENOMEM;
    o->engine = engine;
    o->opened = uv_now(engine->loop);
    o->to = *to;
    o->source = *source;
    o->sent = o->few;
    o->room = OUTLET_FEW;
    o->fd = socket_connect_udp(to, source, transparent);
    int error = o->fd < 0 ? o->fd : outlet_watch(o);
    if (error < 0) {
        if (o->fd >= 0)
            close(o->fd);
        free(o);
        return error;
    }
    *out = o;
    return 0;
}

static bool outlet_is_worn(const struct outlet *o)
{
    return o->questions == OUTLET_QUESTIONS || uv_now(o->engine->loop) - o->opened > OUTLET_MS;
}

/* The one that is drawn for this burst, or one anew in its place. */
static int outlet_draw(struct engine *engine, struct outlet_way *way, struct outlet **out)
{
    if (way->burst != engine->outbox->burst || engine->outbox->depth == 0) {
        way->burst = engine->outbox->burst;
        way->slot = engine_random(engine) % OUTLET_PORTS;
    }
    struct outlet *o = way->slots[way->slot];
    if (o && outlet_is_worn(o)) {
        outlet_retire(o);
        o = NULL;
    }
    *out = o;
    if (o)
        return 0;
    int error = outlet_open(engine, &way->to, &way->source, false, out);
    if (error < 0)
        return error;
    (*out)->way = way;
    (*out)->slot = way->slot;
    way->slots[way->slot] = *out;
    return 0;
}

static int outlet_choose(struct engine *engine, const struct address *to,
                         const struct address *source, struct outlet **out)
{
    struct outlet_way *way = outlet_find_way(engine, to, source);
    if (!way)
        return -ENOMEM;
    int error = outlet_draw(engine, way, out);
    if (error < 0)
        outlet_drop_way(way);
    return error;
}

int outlet_join(struct engine *engine, const struct address *to, const struct address *source,
                bool alone, struct outlet_user *user)
{
    struct outlet *o;
    int error =
        alone ? outlet_open(engine, to, source, true, &o) : outlet_choose(engine, to, source, &o);
    if (error < 0)
        return error;
    o->users++;
    if (++o->questions == OUTLET_CROWD)
        socket_widen(o->fd);
    if (o->way)
        o->way->users++;
    user->outlet = o;
    user->count = 0;
    return 0;
}

static bool outlet_make_room(struct outlet *o)
{
    if (o->count < o->room)
        return true;
    struct outlet_sent *larger = reallocarray(NULL, (size_t)2 * o->room, sizeof *larger);
    if (!larger)
        return false;
    memcpy(larger, o->sent, o->count * sizeof *larger);
    if (o->sent != o->few)
        free(o->sent);
    o->sent = larger;
    o->room *= 2;
    return true;
}

/* Its first question may go by another port, when this one has the ID in use: one in hundreds. */
static bool outlet_evade(struct outlet_user *user)
{
    struct outlet *o = user->outlet, *other;
    if (user->count > 0 || outlet_open(o->engine, &o->to, &o->source, false, &other) < 0)
        return false;
    outlet_leave(user);
    other->users = other->questions = 1;
    user->outlet = other;
    return true;
}

static bool outlet_note(struct outlet_user *user, uint16_t id)
{
    struct outlet *o = user->outlet;
    if (user->count == OUTLET_IDS || !outlet_make_room(o))
        return false;
    uint16_t *bucket = &o->buckets[id % OUTLET_BUCKETS];
    o->sent[o->count] = (struct outlet_sent){.id = id, .next = *bucket, .user = user};
    user->places[user->count++] = o->count;
    *bucket = (uint16_t)++o->count;
    return true;
}

void outlet_send(struct outlet_user *user, const struct relay_packet *packet)
{
    uint16_t id = dns_wire_u16_at(packet->octets);
    /* A copy that is not sent is a loss like any other. */
    if (outlet_find(user->outlet, id) && !outlet_evade(user))
        return;
    if (!outlet_note(user, id))
        return;
    struct iovec parts[] = {socket_part(packet->octets, packet->len),
                            socket_part(packet->tail, packet->tail_len)};
    const struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    outbox_send(user->outlet->engine->outbox, user->outlet->fd, &message);
}

void outlet_leave(struct outlet_user *user)
{
    struct outlet *o = user->outlet;
    for (unsigned i = 0; i < user->count; i++)
        o->sent[user->places[i]].user = NULL;
    user->outlet = NULL;
    user->count = 0;
    o->users--;
    if (o->way) {
        o->way->users--;
        outlet_drop_way(o->way);
    } else if (o->users == 0) {
        outlet_close(o);
    }
}

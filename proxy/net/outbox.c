/* Items leave in the order they came in, run by run: those of one burst are mostly of one socket.
 */
#include "net/outbox.h"

#include <errno.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/uio.h>

/* Segments of one packet: the kernel's UDP_MAX_SEGMENTS. */
#define OUTBOX_SEGMENTS 64
/* A payload that is cut is at most this long. */
#define OUTBOX_PACKET 65000

static void outbox_describe(struct outbox_item *item, struct iovec *part, struct msghdr *out)
{
    *part = (struct iovec){item->octets, item->len};
    *out = (struct msghdr){.msg_iov = part, .msg_iovlen = 1};
    if (item->name_len > 0) {
        out->msg_name = &item->name;
        out->msg_namelen = item->name_len;
    }
    if (item->control_len > 0) {
        out->msg_control = item->control;
        out->msg_controllen = item->control_len;
    }
}

/* An error may be that of an earlier datagram, which ICMP brought: one more try, then the next. */
static void outbox_send_each(struct outbox_item *items, unsigned count)
{
    struct mmsghdr messages[OUTBOX_ITEMS];
    struct iovec parts[OUTBOX_ITEMS];
    bool again = true;
    for (unsigned i = 0; i < count; i++)
        outbox_describe(&items[i], &parts[i], &messages[i].msg_hdr);
    for (unsigned at = 0; at < count;) {
        int sent = sendmmsg(items->fd, messages + at, count - at, MSG_NOSIGNAL);
        if (sent > 0)
            at += (unsigned)sent;
        else if (!again)
            at++;
        again = sent > 0 || !again;
    }
}

/* False when the kernel does not do that, and nothing has left. */
static bool outbox_send_cut(struct outbox_item *items, unsigned count)
{
    struct iovec parts[OUTBOX_SEGMENTS];
    union {
        struct cmsghdr align;
        uint8_t octets[CMSG_SPACE(sizeof(uint16_t))];
    } control = {0};
    struct msghdr message = {.msg_iov = parts,
                             .msg_iovlen = count,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    uint16_t size = (uint16_t)items->len;
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_UDP;
    c->cmsg_type = UDP_SEGMENT;
    c->cmsg_len = CMSG_LEN(sizeof size);
    memcpy(CMSG_DATA(c), &size, sizeof size);
    for (unsigned i = 0; i < count; i++)
        parts[i] = (struct iovec){items[i].octets, items[i].len};
    for (int tries = 0; tries < 2; tries++) {
        if (sendmsg(items->fd, &message, MSG_NOSIGNAL) >= 0)
            return true;
        if (errno != ECONNREFUSED)
            break;
    }
    return errno == ECONNREFUSED || errno == EAGAIN;
}

/* Items from `first` on that one packet can carry; the last one may be shorter. */
static unsigned outbox_alike(const struct outbox_item *items, unsigned count)
{
    unsigned run = 0;
    size_t total = 0;
    while (run < count && run < OUTBOX_SEGMENTS && items[run].len <= items->len &&
           total + items[run].len <= OUTBOX_PACKET) {
        total += items[run].len;
        if (items[run++].len < items->len)
            break;
    }
    return run;
}

/* All of one connected socket. */
static void outbox_send_run(struct outbox *o, struct outbox_item *items, unsigned count)
{
    for (unsigned at = 0, run; at < count; at += run) {
        run = outbox_alike(items + at, count - at);
        if (run == 1 || !outbox_send_cut(items + at, run)) {
            o->plain |= run > 1;
            outbox_send_each(items + at, o->plain ? count - at : run);
            if (o->plain)
                return;
        }
    }
}

static void outbox_flush(struct outbox *o)
{
    unsigned count = o->count;
    o->count = 0;
    for (unsigned at = 0, end; at < count; at = end) {
        struct outbox_item *first = &o->items[at];
        for (end = at + 1; end < count && o->items[end].fd == first->fd; end++)
            continue;
        if (first->name_len > 0 || o->plain || end - at == 1)
            outbox_send_each(first, end - at);
        else
            outbox_send_run(o, first, end - at);
    }
}

void outbox_open(struct outbox *o)
{
    o->depth++;
}

void outbox_shut(struct outbox *o)
{
    if (--o->depth == 0 && o->count > 0)
        outbox_flush(o);
}

static size_t outbox_length(const struct msghdr *message)
{
    size_t len = 0;
    for (size_t i = 0; i < message->msg_iovlen; i++)
        len += message->msg_iov[i].iov_len;
    return len;
}

static void outbox_copy(struct outbox_item *item, int fd, const struct msghdr *message)
{
    item->fd = fd;
    item->len = 0;
    item->name_len = message->msg_namelen;
    item->control_len = message->msg_controllen;
    if (item->name_len > 0)
        memcpy(&item->name, message->msg_name, item->name_len);
    if (item->control_len > 0)
        memcpy(item->control, message->msg_control, item->control_len);
    for (size_t i = 0; i < message->msg_iovlen; i++) {
        const struct iovec *part = &message->msg_iov[i];
        if (part->iov_len > 0)
            memcpy(item->octets + item->len, part->iov_base, part->iov_len);
        item->len += part->iov_len;
    }
}

void outbox_send(struct outbox *o, int fd, const struct msghdr *message)
{
    if (o->depth == 0 || outbox_length(message) > OUTBOX_SIZE) {
        (void)sendmsg(fd, message, MSG_NOSIGNAL);
        return;
    }
    if (o->count == OUTBOX_ITEMS)
        outbox_flush(o);
    outbox_copy(&o->items[o->count++], fd, message);
}

void outbox_flush_from(struct outbox *o, int fd)
{
    for (unsigned i = 0; i < o->count; i++)
        if (o->items[i].fd == fd) {
            outbox_flush(o);
            return;
        }
}

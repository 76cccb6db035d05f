/* A flush brings together what goes out by one socket, since a burst may be for several, and among
 * that what is equally long. No order between datagrams is lost that anyone could rely upon. */
#include "net/outbox.h"

#include <errno.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/uio.h>

/* Segments of one packet: the kernel's UDP_MAX_SEGMENTS. */
#define OUTBOX_SEGMENTS 64
/* A payload that is cut is at most this long, and each piece fits into any network's packet: the
 * kernel wants that. */
#define OUTBOX_PACKET 65000
#define OUTBOX_PIECE  1200

/* How long the pieces are. */
union outbox_cut {
    struct cmsghdr align;
    uint8_t octets[CMSG_SPACE(sizeof(uint16_t))];
};

/* What one call sends: each message is one datagram, or several. */
struct outbox_load {
    unsigned count;
    unsigned parts_count;
    struct mmsghdr messages[OUTBOX_ITEMS];
    struct iovec parts[OUTBOX_ITEMS];
    union outbox_cut cuts[OUTBOX_ITEMS];
};

/* Is it for somebody else, or from another address? As memcmp. */
static int outbox_compare_ends(const struct outbox_item *a, const struct outbox_item *b)
{
    if (a->name_len != b->name_len || a->control_len != b->control_len)
        return a->name_len + a->control_len < b->name_len + b->control_len ? -1 : 1;
    int order = a->name_len > 0 ? memcmp(&a->name, &b->name, a->name_len) : 0;
    if (order == 0 && a->control_len > 0)
        order = memcmp(a->control, b->control, a->control_len);
    return order;
}

static bool outbox_goes_first(const struct outbox_item *a, const struct outbox_item *b)
{
    if (a->fd != b->fd)
        return a->fd < b->fd;
    int order = outbox_compare_ends(a, b);
    return order == 0 ? a->len > b->len : order < 0;
}

static void outbox_sort(struct outbox *o, struct outbox_item **order)
{
    for (unsigned i = 0; i < o->count; i++) {
        struct outbox_item *item = &o->items[i];
        unsigned at = i;
        for (; at > 0 && outbox_goes_first(item, order[at - 1]); at--)
            order[at] = order[at - 1];
        order[at] = item;
    }
}

/* Items from the first on that one message can carry: equally long, but for a shorter last one. */
static unsigned outbox_alike(const struct outbox *o, struct outbox_item *const *items,
                             unsigned count)
{
    const size_t len = items[0]->len;
    unsigned run = 1;
    if (o->plain || items[0]->control_len > 0 || len > OUTBOX_PIECE)
        return 1;
    while (run < count && run < OUTBOX_SEGMENTS && (run + 1) * len <= OUTBOX_PACKET &&
           outbox_compare_ends(items[0], items[run]) == 0)
        if (items[run++]->len < len)
            break;
    return run;
}

static void outbox_set_cut(struct msghdr *message, union outbox_cut *cut, size_t len)
{
    uint16_t size = (uint16_t)len;
    memset(cut, 0, sizeof *cut);
    message->msg_control = cut;
    message->msg_controllen = sizeof *cut;
    struct cmsghdr *c = CMSG_FIRSTHDR(message);
    c->cmsg_level = SOL_UDP;
    c->cmsg_type = UDP_SEGMENT;
    c->cmsg_len = CMSG_LEN(sizeof size);
    memcpy(CMSG_DATA(c), &size, sizeof size);
}

static void outbox_add(struct outbox_load *load, struct outbox_item *const *items, unsigned count)
{
    struct msghdr *message = &load->messages[load->count].msg_hdr;
    *message = (struct msghdr){.msg_iov = &load->parts[load->parts_count], .msg_iovlen = count};
    for (unsigned i = 0; i < count; i++)
        load->parts[load->parts_count++] = (struct iovec){items[i]->octets, items[i]->len};
    if (items[0]->name_len > 0) {
        message->msg_name = &items[0]->name;
        message->msg_namelen = items[0]->name_len;
    }
    if (items[0]->control_len > 0) {
        message->msg_control = items[0]->control;
        message->msg_controllen = items[0]->control_len;
    }
    if (count > 1)
        outbox_set_cut(message, &load->cuts[load->count], items[0]->len);
    load->count++;
}

/* The error is one of the network, or there is no room; else the kernel will not have it so. */
static bool outbox_is_loss(int error)
{
    return error == EAGAIN || error == ENOBUFS || error == ECONNREFUSED || error == EHOSTUNREACH ||
           error == ENETUNREACH;
}

/* Returns how many items have left or are lost: less than all when the kernel does not cut. */
static unsigned outbox_send_load(struct outbox *o, int fd, struct outbox_load *load)
{
    unsigned items = 0;
    bool again = true;
    for (unsigned at = 0; at < load->count;) {
        int sent = sendmmsg(fd, load->messages + at, load->count - at, MSG_NOSIGNAL);
        for (int i = 0; i < sent; i++)
            items += (unsigned)load->messages[at++].msg_hdr.msg_iovlen;
        if (sent > 0) {
            again = true;
            continue;
        }
        /* An error may be that of an earlier datagram, which ICMP brought: one more try. */
        if (again) {
            again = false;
            continue;
        }
        if (load->messages[at].msg_hdr.msg_iovlen > 1 && !outbox_is_loss(errno)) {
            o->plain = true;
            return items;
        }
        items += (unsigned)load->messages[at++].msg_hdr.msg_iovlen;
        again = true;
    }
    return items;
}

static unsigned outbox_send_some(struct outbox *o, struct outbox_item *const *items, unsigned count)
{
    struct outbox_load load;
    load.count = load.parts_count = 0;
    for (unsigned at = 0, run; at < count; at += run) {
        run = outbox_alike(o, items + at, count - at);
        outbox_add(&load, items + at, run);
    }
    return outbox_send_load(o, items[0]->fd, &load);
}

static void outbox_flush(struct outbox *o)
{
    struct outbox_item *order[OUTBOX_ITEMS];
    unsigned count = o->count;
    outbox_sort(o, order);
    o->count = 0;
    for (unsigned at = 0, end; at < count;) {
        for (end = at + 1; end < count && order[end]->fd == order[at]->fd; end++)
            continue;
        while (at < end)
            at += outbox_send_some(o, order + at, end - at);
    }
}

void outbox_open(struct outbox *o)
{
    if (o->depth++ == 0)
        o->burst++;
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

#include "net/berth.h"

#include <errno.h>

bool berth_reserve(struct berth *b)
{
    b->reserved = b->reserved || upstream_reserve(b->engine, b->holder);
    return b->reserved;
}

int berth_open(struct berth *b, const struct exchange_action *action, struct upstream **out)
{
    if (!berth_reserve(b))
        return -EAGAIN;
    int error = upstream_open(b->engine, action->transport, &action->to, &action->source, out);
    if (error < 0)
        return error;
    (*out)->placed = true;
    (*out)->holder = b->holder;
    b->reserved = false;
    return 0;
}

bool berth_is_full(int error)
{
    return error == -EAGAIN || error == -EMFILE || error == -ENFILE;
}

void berth_close(struct berth *b, struct upstream *up)
{
    if (!b->reserved && up->placed) {
        b->reserved = true;
        up->placed = false;
    }
    upstream_close(up);
}

void berth_leave(struct berth *b)
{
    if (b->reserved)
        upstream_release(b->engine, b->holder);
    b->reserved = false;
}

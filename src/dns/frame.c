#include "dns/frame.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX 2

/* Size of the frame at `at`, as far as it is known: the prefix alone until that has arrived. */
static size_t frame_size(const struct dns_frame *f, size_t at)
{
    return f->end - at < PREFIX ? PREFIX : PREFIX + (size_t)dns_wire_u16_at(f->octets + at);
}

void dns_frame_fini(struct dns_frame *f)
{
    free(f->octets);
    *f = (struct dns_frame){0};
}

static int frame_grow(struct dns_frame *f, size_t size)
{
    if (size <= f->size)
        return 0;
    uint8_t *octets = realloc(f->octets, size);
    if (!octets)
        return DNS_EMEMORY;
    f->octets = octets;
    f->size = size;
    return 0;
}

int dns_frame_room(struct dns_frame *f, size_t want, uint8_t **room, size_t *len)
{
    size_t left = f->end - f->start;
    size_t need = frame_size(f, f->start);
    assert(want >= 1 && want <= DNS_FRAME_MAX && left < need);
    if (f->limit > 0 && need > PREFIX + f->limit)
        return DNS_ESPACE;
    if (left > 0 && f->start > 0)
        memmove(f->octets, f->octets + f->start, left);
    f->start = 0;
    f->end = left;
    int error = frame_grow(f, !f->octets && want > need ? want : need);
    if (error < 0)
        return error;
    *room = f->octets + f->end;
    *len = f->size - f->end;
    return 0;
}

void dns_frame_filled(struct dns_frame *f, size_t len)
{
    assert(len <= f->size - f->end);
    f->end += len;
}

bool dns_frame_next(struct dns_frame *f, uint8_t **octets, size_t *len)
{
    size_t size = frame_size(f, f->start);
    if (f->end - f->start < size)
        return false;
    *octets = f->octets + f->start + PREFIX;
    *len = size - PREFIX;
    f->start += size;
    return true;
}

bool dns_frame_is_empty(const struct dns_frame *f)
{
    return f->start == f->end;
}

#include "dns/frame.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX 2

/* Size of the next frame, as far as it is known: the prefix alone until that has arrived. */
static size_t frame_size(const struct dns_frame *f)
{
    return f->end - f->start < PREFIX ? PREFIX
                                      : PREFIX + (size_t)dns_wire_u16_at(f->octets + f->start);
}

void dns_frame_fini(struct dns_frame *f)
{
    free(f->kept);
    *f = (struct dns_frame){0};
}

int dns_frame_lend(const struct dns_frame *f, uint8_t *room, size_t want, uint8_t **at, size_t *len)
{
    size_t left = f->end - f->start;
    size_t need = frame_size(f);
    assert(f->octets == f->kept && left < need);
    if (f->limit > 0 && need > PREFIX + f->limit)
        return DNS_ESPACE;
    if (left > 0)
        memcpy(room, f->octets + f->start, left);
    *at = room + left;
    *len = (want > need ? want : need) - left;
    return 0;
}

void dns_frame_filled(struct dns_frame *f, uint8_t *room, size_t len)
{
    f->end = f->end - f->start + len;
    f->start = 0;
    f->octets = room;
    free(f->kept);
    f->kept = NULL;
}

bool dns_frame_next(struct dns_frame *f, uint8_t **octets, size_t *len)
{
    size_t size = frame_size(f);
    if (f->end - f->start < size)
        return false;
    *octets = f->octets + f->start + PREFIX;
    *len = size - PREFIX;
    f->start += size;
    return true;
}

int dns_frame_keep(struct dns_frame *f)
{
    size_t left = f->end - f->start;
    uint8_t *kept = NULL;
    if (left > 0 && f->octets == f->kept)
        return 0;
    if (left > 0) {
        kept = malloc(left);
        if (!kept)
            return DNS_EMEMORY;
        memcpy(kept, f->octets + f->start, left);
    }
    free(f->kept);
    f->kept = f->octets = kept;
    f->start = 0;
    f->end = left;
    return 0;
}

void dns_frame_put_back(struct dns_frame *f, size_t len)
{
    assert(f->start >= PREFIX + len);
    f->start -= PREFIX + len;
}

bool dns_frame_is_empty(const struct dns_frame *f)
{
    return f->start == f->end;
}

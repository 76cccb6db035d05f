#include "frames.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "paper.h"

void frames_fini(struct frames *f)
{
    free(f->octets);
    *f = (struct frames){0};
}

void frames_add(struct frames *f, const uint8_t *octets, size_t len)
{
    if (f->start > 0)
        memmove(f->octets, f->octets + f->start, f->end - f->start);
    f->end -= f->start;
    f->start = 0;
    if (f->end + len > f->room) {
        f->room = f->end + len + 512;
        f->octets = realloc(f->octets, f->room);
        assert(f->octets);
    }
    memcpy(f->octets + f->end, octets, len);
    f->end += len;
}

bool frames_next(struct frames *f, uint8_t **octets, size_t *len)
{
    size_t left = f->end - f->start;
    if (left < 2 || left - 2 < paper_u16(f->octets + f->start))
        return false;
    *len = paper_u16(f->octets + f->start);
    *octets = f->octets + f->start + 2;
    f->start += 2 + *len;
    return true;
}

void frames_write(struct pipe_end *end, const uint8_t *octets, size_t len)
{
    uint8_t prefix[2];
    paper_put_u16(prefix, (uint16_t)len);
    pipe_write(end, prefix, sizeof prefix);
    pipe_write(end, octets, len);
}

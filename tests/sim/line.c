/* A line is freed when nobody waits for anything over it and nothing more is asked; while its own
 * events run it counts as one who waits. */
#include "line.h"

#include <assert.h>
#include <stdlib.h>

#include "dice.h"
#include "secondary.h"
#include "trace.h"

#define LINE_ASKS    16    /* over one connection at once */
#define LINE_IDLE_MS 10000 /* one that has rested longer may be gone */

struct line {
    struct secondary *secondary;
    struct pipe_end *end; /* NULL: it is gone */
    struct address to;
    bool connected;
    uint64_t used; /* ms */
    bool spent;    /* nothing more is asked over it */
    unsigned count;
    struct frames frames;
    struct frames out; /* until it is connected */
    LIST_HEAD(line_copies, copy) copies;
    LIST_ENTRY(line) entry;
};

bool line_is_altered(const struct line *line)
{
    return line && line->end && pipe_is_altered(line->end);
}

static void line_free(struct line *line)
{
    LIST_REMOVE(line, entry);
    frames_fini(&line->frames);
    frames_fini(&line->out);
    free(line);
}

/* Those that still wait ask again elsewhere. */
void line_lose(struct line *line)
{
    line->end = NULL;
    line->spent = true;
    line->count++; /* so that the last one does not take it along */
    while (!LIST_EMPTY(&line->copies))
        copy_fail(LIST_FIRST(&line->copies), "the connection has ended");
    line_free(line);
}

void line_leave(struct copy *c, bool answered)
{
    struct line *line = c->line;
    if (!line)
        return;
    c->line = NULL;
    LIST_REMOVE(c, entry);
    line->spent |= !answered || !line->secondary->pipelines;
    line->used = clock_now();
    if (--line->count > 0 || !line->spent)
        return;
    if (line->end)
        pipe_close(line->end);
    line_free(line);
}

static void on_connected(void *owner)
{
    struct line *line = owner;
    line->connected = true;
    if (line->out.end > 0)
        pipe_write(line->end, line->out.octets, line->out.end);
    frames_fini(&line->out);
}

static struct copy *line_find(const struct line *line, uint16_t id)
{
    struct copy *c = LIST_FIRST(&line->copies);
    while (c && c->id != id)
        c = LIST_NEXT(c, entry);
    return c;
}

static void on_octets(void *owner, const uint8_t *octets, size_t len)
{
    struct line *line = owner;
    uint8_t *message;
    size_t message_len;
    line->count++;
    frames_add(&line->frames, octets, len);
    while (line->end && frames_next(&line->frames, &message, &message_len)) {
        struct copy *c = message_len >= 2 ? line_find(line, paper_u16(message)) : NULL;
        if (c)
            copy_take_message(c, message, message_len);
    }
    if (--line->count > 0 || !line->spent)
        return;
    if (line->end)
        pipe_close(line->end);
    line_free(line);
}

static void on_gone(void *owner)
{
    line_lose(owner);
}

static void on_fin(void *owner)
{
    struct line *line = owner;
    const struct copy *c;
    /* X5: what is not whole ends with a reset. */
    LIST_FOREACH(c, &line->copies, entry)
    TRACE_CHECK(c->state != COPY_TRANSFERS || c->count == 0 || pipe_is_altered(line->end),
                "a transfer of %s that broke off ends as if it were whole", c->zone->text);
    pipe_close(line->end);
    line_lose(line);
}

static const struct pipe_events line_events = {
    .on_connected = on_connected, .on_octets = on_octets, .on_fin = on_fin, .on_reset = on_gone};

static struct line *line_new(struct secondary *s)
{
    struct line *line = calloc(1, sizeof *line);
    assert(line);
    line->secondary = s;
    line->to = s->targets[s->target];
    line->used = clock_now();
    LIST_INIT(&line->copies);
    LIST_INSERT_HEAD(&s->lines, line, entry);
    struct address from = s->address;
    from.port = (uint16_t)dice_between(1024, 65535);
    line->end = pipe_connect(&s->host, &from, &line->to, &line_events, line);
    return line;
}

static struct line *line_choose(const struct copy *c)
{
    struct secondary *s = c->secondary;
    struct line *line;
    LIST_FOREACH(line, &s->lines, entry)
    if (s->pipelines && line->end && !line->spent && line->count < LINE_ASKS &&
        (line->count > 0 || clock_now() - line->used < LINE_IDLE_MS) &&
        address_equal(&line->to, &s->targets[s->target]) && !line_find(line, c->id))
        return line;
    return line_new(s);
}

void line_ask(struct copy *c, const uint8_t *octets, size_t len)
{
    struct line *line = line_choose(c);
    uint8_t prefix[2];
    c->line = line;
    line->count++;
    LIST_INSERT_HEAD(&line->copies, c, entry);
    if (line->connected) {
        frames_write(line->end, octets, len);
        return;
    }
    paper_put_u16(prefix, (uint16_t)len);
    frames_add(&line->out, prefix, sizeof prefix);
    frames_add(&line->out, octets, len);
}

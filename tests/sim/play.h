/* One play: a fleet, what befalls it, and the end that it must come to. */
#ifndef SIM_PLAY_H
#define SIM_PLAY_H

#include "instance.h"
#include "primary.h"
#include "secondary.h"

/* What there is, and how wild it gets; all drawn from the seed (plan.c), or asked for. */
struct plan {
    unsigned instances;
    unsigned primaries;
    unsigned secondaries;
    unsigned zones;   /* of each primary */
    unsigned records; /* of a zone, at most */
    bool moving;      /* one address is asked, which moves between the instances */
    bool tells_all;   /* NOTIFYs go to each instance, not to that address */
    bool lasting;     /* refresh and retry are a day: what is not told is not heard */
    unsigned connections;
    unsigned notify_rate;
    unsigned places;       /* of an instance, for sockets to servers */
    unsigned status_zones; /* whose sleepers it remembers */
    unsigned wild;         /* chance in a thousand of each kind of fault, at its turn */
    uint64_t chaos;        /* ms until faults end */
    uint64_t changes;      /* ms between two changes of a zone, about */
};

struct play {
    struct plan plan;
    struct seal_key *keys; /* owned: of secondaries, then of primaries */
    struct zone *zones;    /* owned */
    size_t zone_count;
    struct primary *primaries;     /* owned */
    struct secondary *secondaries; /* owned */
    struct instance *instances;    /* owned */
    struct address *moving;        /* owned: the addresses that are asked */
    size_t moving_count;
    char *text;            /* owned: the configuration */
    char *other_text;      /* owned: the one that a reload brings */
    bool other;            /* that is in force */
    struct alarm *changes; /* owned; by zone */
    bool still;            /* nothing changes any more */
};

extern struct play play;

void plan_draw(struct plan *plan);

void play_open(const struct plan *plan);
void play_close(void);

/* The play of one seed, whole. */
void play_run(uint64_t seed, bool shown);

void play_draw_key(struct seal_key *key, const char *kind, unsigned i);
void play_change(struct zone *z);
struct primary *play_primary(const struct zone *z);

/* text.c */
char *text_write(const struct plan *plan, bool other);

#endif

/* Which secondaries have a zone, by what their `zones` say. */
#ifndef CONFIG_HOLDERS_H
#define CONFIG_HOLDERS_H

#include "config/lookup.h"

#define HOLDERS_LABELS_MAX 128 /* of a name, the root's included */

/* Those that list the name, or what lies below one of its parents; borrows from the lookup. Those
 * of every zone stand apart, for there may be many. */
struct holders {
    const struct lookup *lookup;
    unsigned count;
    struct lookup_list lists[2 * HOLDERS_LABELS_MAX + 1]; /* of places in rising order */
};

/* Who has the zone of this name; with `within`, also who has one that the name lies in. */
void holders_find(struct holders *h, const struct lookup *lookup, const struct dns_name *name,
                  bool within);

/* Is the secondary at this place one of them? */
bool holders_have(const struct holders *h, size_t place);

/* holders_next gives those of every zone who are mapped to the primary at this place as well. */
void holders_add_every(struct holders *h, size_t primary);

/* The next one in file order, each once; false when there is none. It is taken out. */
bool holders_next(struct holders *h, size_t *place);

#endif

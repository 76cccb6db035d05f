#include "config/holders.h"

/* Where the labels of a name begin; their number is returned. */
static unsigned holders_cut(const struct dns_name *name, uint8_t starts[HOLDERS_LABELS_MAX])
{
    unsigned count = 0;
    for (size_t at = 0; at < name->len && count < HOLDERS_LABELS_MAX; at += 1U + name->octets[at])
        starts[count++] = (uint8_t)at;
    return count;
}

static void holders_take(struct holders *h, const struct lookup_key *key)
{
    struct lookup_list list = lookup_find(h->lookup, key);
    if (list.count > 0)
        h->lists[h->count++] = list;
}

void holders_find(struct holders *h, const struct lookup *lookup, const struct dns_name *name,
                  bool within)
{
    uint8_t starts[HOLDERS_LABELS_MAX];
    h->lookup = lookup;
    h->count = 0;
    /* From the root on, so that each hash goes on from the one before. */
    uint32_t hash = lookup_hash(NULL, 0);
    size_t end = name->len;
    for (unsigned i = holders_cut(name, starts); i-- > 0; end = starts[i]) {
        hash = lookup_hash_on(hash, name->octets + starts[i], end - starts[i]);
        struct lookup_key key = {
            .kind = LOOKUP_ZONE,
            .octets = name->octets + starts[i],
            .len = (uint8_t)(name->len - starts[i]),
            .hash = hash,
        };
        if (i == 0 || within)
            holders_take(h, &key);
        key.kind = LOOKUP_BELOW;
        if (i > 0)
            holders_take(h, &key);
    }
}

bool holders_have(const struct holders *h, size_t place)
{
    for (unsigned i = 0; i < h->count; i++)
        if (lookup_has(&h->lists[i], place))
            return true;
    struct lookup_key every = lookup_number(LOOKUP_EVERY_ZONE, place);
    return lookup_find(h->lookup, &every).count > 0;
}

void holders_add_every(struct holders *h, size_t primary)
{
    struct lookup_key key = lookup_number(LOOKUP_EVERY_ZONE, primary);
    holders_take(h, &key);
}

bool holders_next(struct holders *h, size_t *place)
{
    bool found = false;
    for (unsigned i = 0; i < h->count; i++) {
        if (h->lists[i].count > 0 && (!found || *h->lists[i].places < *place)) {
            *place = *h->lists[i].places;
            found = true;
        }
    }
    for (unsigned i = 0; i < h->count && found; i++) {
        if (h->lists[i].count > 0 && *h->lists[i].places == *place) {
            h->lists[i].places++;
            h->lists[i].count--;
        }
    }
    return found;
}

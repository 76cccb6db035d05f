/* The zones of a secondary: patterns come one by one, and what they are becomes one compact array.
 * There may be hundreds of thousands of them, so what is there twice is found by sorting, once all
 * are known. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "draft.h"

#define ZONES_TEXT_SIZE (DNS_NAME_TEXT_SIZE + 2) /* "*." before a name */

/* For one octet more, so that there are octets even for no name. */
static int zones_make_room(struct draft_zones *zones, size_t len)
{
    if (zones->room - zones->len > len)
        return 0;
    size_t room = 2 * zones->room + len + 1;
    uint8_t *grown = realloc(zones->octets, room);
    if (!grown)
        return DNS_EMEMORY;
    zones->octets = grown;
    zones->room = room;
    return 0;
}

int config_zones_add(struct draft_zones *zones, enum zone_pattern_kind kind,
                     const struct dns_name *name, struct place place)
{
    struct draft_zone *grown = draft_grow(zones->items, zones->count, sizeof *grown);
    if (!grown)
        return DNS_EMEMORY;
    zones->items = grown;
    if (zones_make_room(zones, name->len) < 0)
        return DNS_EMEMORY;
    memcpy(zones->octets + zones->len, name->octets, name->len);
    zones->items[zones->count++] = (struct draft_zone){
        .at = zones->len,
        .file = place.file,
        .line = place.line,
        .len = name->len,
        .kind = (uint8_t)kind,
    };
    zones->len += name->len;
    return 0;
}

/* Kind and name alone. */
static int zones_compare(const struct zone_pattern *x, const struct zone_pattern *y)
{
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->len != y->len)
        return x->len < y->len ? -1 : 1;
    return memcmp(x->octets, y->octets, x->len);
}

/* For qsort: what is the same comes in the order given. */
static int zones_compare_items(const void *a, const void *b)
{
    const struct zone_pattern *x = *(const struct zone_pattern *const *)a;
    const struct zone_pattern *y = *(const struct zone_pattern *const *)b;
    int order = zones_compare(x, y);
    return order != 0 ? order : x < y ? -1 : x > y;
}

/* As it would be written. */
static char *zones_show(const struct zone_pattern *pattern, char out[ZONES_TEXT_SIZE])
{
    char text[DNS_NAME_TEXT_SIZE] = "";
    struct dns_name name = zone_pattern_name(pattern);
    if (pattern->kind != ZONE_ALL)
        dns_name_to_text(&name, text);
    snprintf(out, ZONES_TEXT_SIZE, "%s%s",
             pattern->kind == ZONE_ALL     ? "*"
             : pattern->kind == ZONE_BELOW ? "*."
                                           : "",
             text);
    return out;
}

static void zones_say_twice(const struct draft_zone *first, const struct draft_zone *again,
                            const struct zone_pattern *pattern, struct place place)
{
    char text[ZONES_TEXT_SIZE];
    zones_show(pattern, text);
    place = place_at(place_in(place, again->file), again->line);
    if (first->file == again->file && first->line == again->line)
        place_say(place, CONFIG_ERROR, "'zones' has '%s' twice", text);
    else
        place_say(place, CONFIG_ERROR, "the zone '%s' is already in " PLACE_LINE, text,
                  PLACE_LINE_ARGS(place, first->file, first->line));
}

static int zones_find_twice(const struct draft_zones *zones, struct place place,
                            const struct zone_pattern *patterns)
{
    const struct zone_pattern **sorted = calloc(zones->count, sizeof *sorted);
    if (!sorted)
        return DNS_EMEMORY;
    for (size_t i = 0; i < zones->count; i++)
        sorted[i] = &patterns[i];
    qsort(sorted, zones->count, sizeof *sorted, zones_compare_items);
    for (size_t i = 1, first = 0; i < zones->count; i++) {
        if (zones_compare(sorted[first], sorted[i]) == 0)
            zones_say_twice(&zones->items[sorted[first] - patterns],
                            &zones->items[sorted[i] - patterns], sorted[i], place);
        else
            first = i;
    }
    free(sorted);
    return 0;
}

int config_zones_make(const struct draft_zones *zones, struct place place, struct peer *out)
{
    if (zones->count == 0)
        return 0;
    struct zone_pattern *patterns = calloc(zones->count, sizeof *patterns);
    uint8_t *octets = malloc(zones->len + 1);
    if (octets && zones->len > 0)
        memcpy(octets, zones->octets, zones->len);
    for (size_t i = 0; patterns && octets && i < zones->count; i++) {
        const struct draft_zone *zone = &zones->items[i];
        patterns[i] = (struct zone_pattern){
            .octets = octets + zone->at, .len = zone->len, .kind = zone->kind};
    }
    out->zones = patterns;
    out->zone_count = patterns && octets ? zones->count : 0;
    out->zone_octets = octets;
    return patterns && octets ? zones_find_twice(zones, place, patterns) : DNS_EMEMORY;
}

void config_zones_release(struct draft_zones *zones)
{
    free(zones->items);
    free(zones->octets);
    *zones = (struct draft_zones){0};
}

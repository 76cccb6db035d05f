/* The sections of the status page, each written from the whole status document. `now` is the
 * document's. */
#ifndef ADMIN_PAGE_PARTS_H
#define ADMIN_PAGE_PARTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Zones at secondaries, the troubled first. */
void page_zones(FILE *out, const json_t *document, long long now);
/* Is a copy of this secondary behind, silent or expired, or does the peer not answer? */
bool page_zones_want_attention(const json_t *peer);
/* How many copies it has in all, and a cell with how many are in each state. */
long long page_zones_sum(const json_t *peer);
void page_zones_counted(FILE *out, const json_t *peer);

/* Those of a role. */
void page_peers(FILE *out, const json_t *document, const char *role, const char *heading,
                long long now);

void page_keys(FILE *out, const json_t *document, long long now);

void page_notifies(FILE *out, const json_t *document, long long now);
void page_failures(FILE *out, const json_t *document, long long now);
void page_limits(FILE *out, const json_t *document);

#endif

/* The sections of the status page, each written from the whole status document. `now` is the
 * document's. */
#ifndef ADMIN_PAGE_PARTS_H
#define ADMIN_PAGE_PARTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Zones at secondaries, the troubled first. */
void page_zones(FILE *out, const json_t *document, long long now);
/* How many zones of each state each secondary has: a new reference. */
json_t *page_zones_count(const json_t *document);
/* Those of one secondary: what the document says of it, or else what was counted. */
const json_t *page_zones_of(const json_t *counts, const json_t *peer);
/* Is one behind, silent or expired, or does the peer not answer? */
bool page_zones_want_attention(const json_t *counts, const json_t *peer);
long long page_zones_sum(const json_t *counts);
/* A cell with them. */
void page_zones_counted(FILE *out, const json_t *counts);

/* Those of a role. */
void page_peers(FILE *out, const json_t *document, const char *role, const char *heading,
                long long now);

void page_keys(FILE *out, const json_t *document, long long now);

void page_notifies(FILE *out, const json_t *document, long long now);
void page_failures(FILE *out, const json_t *document, long long now);
void page_limits(FILE *out, const json_t *document);

#endif

/* The sections of the status page, each written from the whole status document. `now` is the
 * document's. */
#ifndef ADMIN_PAGE_PARTS_H
#define ADMIN_PAGE_PARTS_H

#include <jansson.h>
#include <stdio.h>

/* Zones at secondaries, the troubled first. */
void page_zones(FILE *out, const json_t *document, long long now);
/* How many zones each secondary has, and how many of each state: a new reference. */
json_t *page_zones_count(const json_t *document);
/* A cell with one secondary's. */
void page_zones_counted(FILE *out, const json_t *counts);

/* Those of a role. */
void page_peers(FILE *out, const json_t *document, const char *role, const char *heading,
                long long now);

void page_keys(FILE *out, const json_t *document, long long now);

void page_notifies(FILE *out, const json_t *document, long long now);
void page_failures(FILE *out, const json_t *document, long long now);
void page_limits(FILE *out, const json_t *document);

#endif

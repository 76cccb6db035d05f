/* A configuration, what observes it, and events as the relay would report them. */
#ifndef SCENE_H
#define SCENE_H

#include <jansson.h>

#include "admin/status.h"
#include "config/config_fixture.h"

/* Two secondaries of one primary; the first has a key. */
#define SCENE_CONFIG                                                                               \
    "[key k]\nsecret-file = k.key\n"                                                               \
    "[primary hq]\naddress = 10.0.0.1\n"                                                           \
    "[secondary one]\naddress = 192.0.2.1\nkey = k\n"                                              \
    "[secondary two]\naddress = 192.0.2.2\n"

extern struct observe *scene_observe;

/* The test fails when the configuration has an error. */
void scene_open(const char *config);
void scene_reload(const char *config);
void scene_close(void);

const struct peer *scene_peer(const char *name);
const struct tsig_key *scene_key(void);                /* the first */
const struct address *scene_address(const char *text); /* good for the test */
const struct dns_name *scene_zone(const char *text);   /* likewise */

void scene_report(struct relay_event event);

/* A question of a secondary that the first primary answered with this SOA, of REFRESH 3600 and
 * EXPIRE 604800; type REFRESH or TRANSFER. */
struct relay_event scene_answered(enum relay_event_type type, const char *secondary, uint16_t qtype,
                                  const char *zone, uint32_t serial);

/* A copy of a NOTIFY, with rcode NOERROR unless it has another result than RESULT_OK. */
struct relay_event scene_notify(const char *secondary, const char *zone, uint32_t serial,
                                enum relay_result result);

json_t *scene_document(void); /* a new reference */
char *scene_metrics(void);    /* owned by the caller */

#endif

/* What the other side writes into its own configuration, for each of the servers that it may be. */
#ifndef TOOLS_SNIPPET_H
#define TOOLS_SNIPPET_H

#include "config/config.h"

/* What is to be written down, whatever the server. */
struct snippet {
    const struct config *config;
    const struct peer *peer;
    const struct dns_name *zone; /* the only one, borrowed; NULL: those that are listed */
    const struct tsig_key *key;  /* NULL: a plain peer */
    char key_name[DNS_NAME_TEXT_SIZE];
    char secret[4 * ((TSIG_SECRET_MAX + 2) / 3) + 1]; /* base64, or what stands for it */
    bool has_secret;
    struct address_list asked_at;  /* owned: where its requests go */
    struct address_list seen_from; /* owned: where ours come from; port 0 */
    char **zones;                  /* owned, as are the names: as text */
    size_t zone_count;
    bool any; /* patterns stand for others, too */
};

/* `secret`: it may be shown. On failure, which is for want of memory, there is nothing to free. */
int snippet_init(struct snippet *s, const struct config *config, const struct peer *peer,
                 const struct dns_name *zone, bool secret) MUST_CHECK;
void snippet_fini(struct snippet *s);

/* One kind of server. */
struct snippet_server {
    const char *name;
    bool keys; /* knows TSIG */
    void (*secondary)(const struct snippet *s);
    void (*primary)(const struct snippet *s);
};

const struct snippet_server *snippet_server_at(size_t i); /* NULL past the last */

/* Why it cannot be the peer; NULL: it can. */
const char *snippet_refuse(const struct snippet_server *server, const struct peer *peer);

/* For people, and for the forms of providers. */
void snippet_worksheet(const struct snippet *s);

/* The servers' texts (snippet_texts.c). */
void snippet_bind_secondary(const struct snippet *s);
void snippet_bind_primary(const struct snippet *s);
void snippet_nsd_secondary(const struct snippet *s);
void snippet_nsd_primary(const struct snippet *s);
void snippet_knot_secondary(const struct snippet *s);
void snippet_knot_primary(const struct snippet *s);
void snippet_powerdns_secondary(const struct snippet *s);
void snippet_powerdns_primary(const struct snippet *s);
void snippet_yadifa_secondary(const struct snippet *s);
void snippet_yadifa_primary(const struct snippet *s);
void snippet_unbound_secondary(const struct snippet *s);
void snippet_dnsmasq_primary(const struct snippet *s);
void snippet_axfrdns_primary(const struct snippet *s);

#endif

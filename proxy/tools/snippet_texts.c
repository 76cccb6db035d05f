/* The texts, a server at a time: first as a secondary, which asks us and is notified by us, then as
 * a primary, which gives its zones to us and notifies us. What stands in the server's configuration
 * already is left out, or said in a comment. Keys are as keygen prints them. */
#include <stdio.h>
#include <string.h>

#include "tools/key_text.h"
#include "tools/snippet.h"

static char *snippet_texts_host(const struct address *a, char out[ADDRESS_TEXT_SIZE])
{
    struct address host = *a;
    host.port = 0;
    return address_to_text(&host, out);
}

/* The names of some zones have a slash in them (RFC 2317). */
static void snippet_texts_put_file(const char *zone)
{
    for (const char *c = zone; *c; c++)
        putchar(*c == '/' || *c == '"' || *c == '\\' ? '-' : *c);
    fputs(".zone", stdout);
}

static void snippet_texts_put_key(const struct snippet *s, const char *format)
{
    if (s->key)
        key_text_find(format)->print(s->key_name, s->key->algorithm->text, s->secret);
}

static void snippet_texts_head(const struct snippet *s, const char *comment, const char *where)
{
    printf("%s %s %s of tsig-proxy, for %s\n", comment,
           s->peer->role == PEER_SECONDARY ? "secondary" : "primary", s->peer->name, where);
    if (s->any && !s->zone)
        printf("%s the like for each of the zones\n", comment);
    if (s->key && !s->has_secret)
        printf("%s the secret: tsig-proxy show --secret prints it\n", comment);
}

/* "203.0.113.1; " … */
static void snippet_texts_bind_hosts(const struct address_list *list)
{
    char text[ADDRESS_TEXT_SIZE];
    for (size_t i = 0; i < list->count; i++)
        printf(" %s;", snippet_texts_host(&list->items[i], text));
}

static void snippet_texts_bind_servers(const struct snippet *s)
{
    char text[ADDRESS_TEXT_SIZE];
    for (size_t i = 0; i < s->asked_at.count; i++) {
        printf(" %s port %u", snippet_texts_host(&s->asked_at.items[i], text),
               s->asked_at.items[i].port);
        if (s->key)
            printf(" key \"%s\"", s->key_name);
        putchar(';');
    }
}

void snippet_bind_secondary(const struct snippet *s)
{
    snippet_texts_head(s, "//", "named.conf");
    snippet_texts_put_key(s, "bind");
    for (size_t i = 0; i < s->zone_count; i++) {
        printf("zone \"%s\" {\n\ttype secondary;\n\tfile \"", s->zones[i]);
        snippet_texts_put_file(s->zones[i]);
        fputs("\";\n\tprimaries {", stdout);
        snippet_texts_bind_servers(s);
        fputs(" };\n\tallow-notify {", stdout);
        if (s->key)
            printf(" key \"%s\";", s->key_name);
        else
            snippet_texts_bind_hosts(&s->seen_from);
        puts(" };\n};");
    }
}

void snippet_bind_primary(const struct snippet *s)
{
    snippet_texts_head(s, "//", "named.conf, where the zone is");
    snippet_texts_put_key(s, "bind");
    for (size_t i = 0; i < s->zone_count; i++) {
        printf("zone \"%s\" {\n\ttype primary;\n\tfile \"", s->zones[i]);
        snippet_texts_put_file(s->zones[i]);
        fputs("\";\n\tallow-transfer {", stdout);
        if (s->key)
            printf(" key \"%s\";", s->key_name);
        else
            snippet_texts_bind_hosts(&s->seen_from);
        fputs(" };\n\talso-notify {", stdout);
        snippet_texts_bind_servers(s);
        puts(" };\n};");
    }
}

/* Lines of NSD: what, an address with or without port, and the key or none. */
static void snippet_texts_nsd_lines(const struct snippet *s, const char *what,
                                    const struct address_list *list)
{
    char text[ADDRESS_TEXT_SIZE];
    for (size_t i = 0; i < list->count; i++)
        printf("    %s: %s %s\n", what, address_to_text(&list->items[i], text),
               s->key ? s->key_name : "NOKEY");
}

static void snippet_texts_nsd_zone(const char *zone)
{
    printf("zone:\n    name: \"%s\"\n    zonefile: \"", zone);
    snippet_texts_put_file(zone);
    puts("\"");
}

void snippet_nsd_secondary(const struct snippet *s)
{
    snippet_texts_head(s, "#", "nsd.conf");
    snippet_texts_put_key(s, "nsd");
    for (size_t i = 0; i < s->zone_count; i++) {
        snippet_texts_nsd_zone(s->zones[i]);
        snippet_texts_nsd_lines(s, "request-xfr", &s->asked_at);
        snippet_texts_nsd_lines(s, "allow-notify", &s->seen_from);
    }
}

void snippet_nsd_primary(const struct snippet *s)
{
    snippet_texts_head(s, "#", "nsd.conf, where the zone is");
    snippet_texts_put_key(s, "nsd");
    for (size_t i = 0; i < s->zone_count; i++) {
        snippet_texts_nsd_zone(s->zones[i]);
        snippet_texts_nsd_lines(s, "provide-xfr", &s->seen_from);
        snippet_texts_nsd_lines(s, "notify", &s->asked_at);
    }
}

/* "[192.0.2.1@53, 2001:db8::1@53]" */
static void snippet_texts_knot_list(const char *what, const struct address_list *list)
{
    char text[ADDRESS_TEXT_SIZE];
    printf("    %s: [", what);
    for (size_t i = 0; i < list->count; i++)
        printf("%s \"%s\"", i ? "," : "", address_to_text(&list->items[i], text));
    puts(" ]");
}

static void snippet_texts_knot_key(const struct snippet *s)
{
    if (s->key)
        printf("    key: \"%s\"\n", s->key_name);
}

static void snippet_texts_knot(const struct snippet *s, const char *action, const char *remote)
{
    snippet_texts_put_key(s, "knot");
    puts("remote:\n  - id: \"tsig-proxy\"");
    snippet_texts_knot_list("address", &s->asked_at);
    snippet_texts_knot_key(s);
    puts("acl:\n  - id: \"tsig-proxy\"");
    snippet_texts_knot_list("address", &s->seen_from);
    snippet_texts_knot_key(s);
    printf("    action: %s\nzone:\n", action);
    for (size_t i = 0; i < s->zone_count; i++) {
        printf("  - domain: \"%s\"\n    file: \"", s->zones[i]);
        snippet_texts_put_file(s->zones[i]);
        printf("\"\n    %s: \"tsig-proxy\"\n    acl: \"tsig-proxy\"\n", remote);
    }
}

void snippet_knot_secondary(const struct snippet *s)
{
    snippet_texts_head(s, "#", "knot.conf");
    snippet_texts_knot(s, "notify", "master");
}

void snippet_knot_primary(const struct snippet *s)
{
    snippet_texts_head(s, "#", "knot.conf, where the zone is");
    snippet_texts_knot(s, "transfer", "notify");
}

/* "192.0.2.1:53", "[2001:db8::1]:53" */
static void snippet_texts_powerdns_servers(const struct snippet *s)
{
    char text[ADDRESS_TEXT_SIZE];
    for (size_t i = 0; i < s->asked_at.count; i++) {
        const struct address *a = &s->asked_at.items[i];
        snippet_texts_host(a, text);
        printf(a->family == ADDRESS_IPV4 ? " '%s:%u'" : " '[%s]:%u'", text, a->port);
    }
}

static void snippet_texts_powerdns(const char *command, const char *zone, const char *more)
{
    printf("pdnsutil %s ", command);
    key_text_put_word(zone);
    fputs(more, stdout);
}

static void snippet_texts_powerdns_key(const struct snippet *s, const char *zone, const char *role)
{
    if (!s->key)
        return;
    snippet_texts_powerdns("activate-tsig-key", zone, " ");
    key_text_put_word(s->key_name);
    printf(" %s\n", role);
}

void snippet_powerdns_secondary(const struct snippet *s)
{
    snippet_texts_head(s, "#", "a shell, with secondary=yes in pdns.conf");
    snippet_texts_put_key(s, "powerdns");
    for (size_t i = 0; i < s->zone_count; i++) {
        snippet_texts_powerdns("create-secondary-zone", s->zones[i], "");
        snippet_texts_powerdns_servers(s);
        putchar('\n');
        snippet_texts_powerdns_key(s, s->zones[i], "secondary");
    }
}

void snippet_powerdns_primary(const struct snippet *s)
{
    char text[ADDRESS_TEXT_SIZE];
    snippet_texts_head(s, "#", "a shell, with primary=yes in pdns.conf");
    snippet_texts_put_key(s, "powerdns");
    for (size_t i = 0; i < s->zone_count; i++) {
        snippet_texts_powerdns_key(s, s->zones[i], "primary");
        snippet_texts_powerdns("set-meta", s->zones[i], " ALLOW-AXFR-FROM");
        for (size_t k = 0; k < s->seen_from.count; k++)
            printf(" %s", snippet_texts_host(&s->seen_from.items[k], text));
        putchar('\n');
        snippet_texts_powerdns("set-meta", s->zones[i], " ALSO-NOTIFY");
        snippet_texts_powerdns_servers(s);
        putchar('\n');
    }
}

static void snippet_texts_yadifa_key(const struct snippet *s)
{
    if (s->key)
        printf("<key>\n    name       %s\n    algorithm  %s\n    secret     %s\n</key>\n",
               s->key_name, s->key->algorithm->text, s->secret);
}

/* "192.0.2.1 port 53 key xfr.example, …" */
static void snippet_texts_yadifa_servers(const struct snippet *s, const char *what)
{
    char text[ADDRESS_TEXT_SIZE];
    printf("    %-14s ", what);
    for (size_t i = 0; i < s->asked_at.count; i++) {
        printf("%s%s port %u", i ? ", " : "", snippet_texts_host(&s->asked_at.items[i], text),
               s->asked_at.items[i].port);
        if (s->key)
            printf(" key %s", s->key_name);
    }
    putchar('\n');
}

static void snippet_texts_yadifa_hosts(const struct snippet *s, const char *what)
{
    char text[ADDRESS_TEXT_SIZE];
    printf("    %-14s ", what);
    for (size_t i = 0; i < s->seen_from.count; i++)
        printf("%s%s", i ? ", " : "", snippet_texts_host(&s->seen_from.items[i], text));
    putchar('\n');
}

static void snippet_texts_yadifa(const struct snippet *s, const char *type, const char *servers,
                                 const char *hosts)
{
    snippet_texts_yadifa_key(s);
    for (size_t i = 0; i < s->zone_count; i++) {
        printf("<zone>\n    %-14s %s\n    %-14s %s\n    %-14s ", "type", type, "domain",
               s->zones[i], "file-name");
        snippet_texts_put_file(s->zones[i]);
        putchar('\n');
        snippet_texts_yadifa_servers(s, servers);
        snippet_texts_yadifa_hosts(s, hosts);
        puts("</zone>");
    }
}

void snippet_yadifa_secondary(const struct snippet *s)
{
    snippet_texts_head(s, "#", "yadifad.conf");
    snippet_texts_yadifa(s, "secondary", "primaries", "allow-notify");
}

void snippet_yadifa_primary(const struct snippet *s)
{
    snippet_texts_head(s, "#", "yadifad.conf, where the zone is");
    snippet_texts_yadifa(s, "primary", "notifies", "allow-transfer");
}

void snippet_unbound_secondary(const struct snippet *s)
{
    char text[ADDRESS_TEXT_SIZE];
    snippet_texts_head(s, "#", "unbound.conf");
    for (size_t i = 0; i < s->zone_count; i++) {
        printf("auth-zone:\n    name: \"%s\"\n", s->zones[i]);
        for (size_t k = 0; k < s->asked_at.count; k++)
            printf("    primary: %s\n", address_to_text(&s->asked_at.items[k], text));
        for (size_t k = 0; k < s->seen_from.count; k++)
            printf("    allow-notify: %s\n", snippet_texts_host(&s->seen_from.items[k], text));
        fputs("    zonefile: \"", stdout);
        snippet_texts_put_file(s->zones[i]);
        puts("\"");
    }
}

void snippet_dnsmasq_primary(const struct snippet *s)
{
    char text[ADDRESS_TEXT_SIZE];
    snippet_texts_head(s, "#", "dnsmasq.conf, beside auth-server");
    for (size_t i = 0; i < s->zone_count; i++)
        printf("auth-zone=%s\n", s->zones[i]);
    for (size_t i = 0; i < s->seen_from.count; i++)
        printf("auth-peer=%s\n", snippet_texts_host(&s->seen_from.items[i], text));
    puts("# it sends no NOTIFYs: after a change, tsig-proxy notify ZONE does");
}

void snippet_axfrdns_primary(const struct snippet *s)
{
    char text[ADDRESS_TEXT_SIZE];
    snippet_texts_head(s, "#", "the file tcp of axfrdns; then: make");
    for (size_t i = 0; i < s->seen_from.count; i++) {
        if (s->seen_from.items[i].family != ADDRESS_IPV4)
            continue;
        printf("%s:allow,AXFR=\"", snippet_texts_host(&s->seen_from.items[i], text));
        for (size_t k = 0; k < s->zone_count; k++)
            printf("%s%s", k ? "/" : "", s->zones[k]);
        puts("\"");
    }
    puts("# it sends no NOTIFYs: after a change, tsig-proxy notify ZONE does");
}

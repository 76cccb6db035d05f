#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config/config_fixture.h"
#include "support.h"
#include "walk.h"

#define CONFIGURATIONS 400
#define QUESTIONS      60
#define LIST_MAX       4
#define PEERS_MAX      16

TestSuite(relay_who_walk, .fini = config_fixture_release);

static uint32_t seed = 1;

static uint32_t draw(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

#define ONE_OF(items) items[draw(sizeof items / sizeof items[0])]

static const char *const hosts[] = {"192.0.2.1",   "192.0.2.2",  "192.0.2.130",  "198.51.100.7",
                                    "2001:db8::1", "fe80::1%1",  "fe80::1%2",    "fe80::1",
                                    "192.0.2.129", "192.0.66.2", "2001:db8:1::2"};
static const char *const owned[] = {"192.0.2.1",      "192.0.2.1@5301", "192.0.2.2", "192.0.2.130",
                                    "2001:db8::1",    "fe80::1%1",      "fe80::1%2", "198.51.100.7",
                                    "192.0.2.2@5302", "2001:db8:1::2",  "fe80::1"};
static const char *const prefixes[] = {"192.0.2.0/24", "192.0.2.128/25",  "192.0.2.128/31",
                                       "0.0.0.0/0",    "192.0.2.1",       "2001:db8::/32",
                                       "::/0",         "2001:db8:1::/48", "fe80::1",
                                       "192.0.0.0/17", "2001:db8::1"};
static const char *const local[] = {"203.0.113.1",    "203.0.113.2", "203.0.113.1@54",
                                    "2001:db8:53::1", "0.0.0.0@55",  "203.0.113.3@55"};
static const char *const zones[] = {"example.com",
                                    "*.example.com",
                                    "a.example.com",
                                    "example.net",
                                    "*.net",
                                    "*",
                                    "b.A.example.com",
                                    ".",
                                    "*.b.a.example.com",
                                    "com"};
static const char *const names[] = {
    "example.com", "a.example.com",   "b.a.EXAMPLE.com", "x.b.a.example.com", "example.net", "net",
    ".",           "www.example.org", "badexample.com"};
static const char *const keys[] = {"k", "K.", "l", "m", "n"};
static const char *const locals[] = {"203.0.113.1@53", "203.0.113.2@53",    "203.0.113.1@54",
                                     "192.0.2.1@53",   "2001:db8:53::1@53", "192.0.2.1@5301",
                                     "203.0.113.9@55", "203.0.113.3@55",    "192.0.2.2@5302",
                                     "fe80::1%2@53",   "198.51.100.7@53"};

static char text[16384];
static size_t text_len;

__attribute__((format(printf, 1, 2))) static void add(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    text_len += (size_t)vsnprintf(text + text_len, sizeof text - text_len, format, args);
    va_end(args);
    cr_assert_lt(text_len, sizeof text);
}

/* "name = a, b": up to LIST_MAX of them, each once. */
static void add_list(const char *name, const char *const *items, size_t count, size_t least)
{
    size_t wanted = least + draw(LIST_MAX + 1 - (uint32_t)least);
    size_t at = draw((uint32_t)count);

    for (size_t i = 0; i < wanted; i++)
        add("%s%s", i ? ", " : name, items[(at + i * 3) % count]);
    if (wanted)
        add("\n");
}

#define ADD_LIST(name, items, least) add_list(name, items, sizeof items / sizeof items[0], least)

static void add_peer(const char *role, unsigned i)
{
    add("[%s %s%u]\n", role, role, i);
    ADD_LIST("address = ", owned, 1);
    if (draw(2))
        ADD_LIST("from = ", prefixes, 0);
    if (draw(3) == 0)
        add("key = k%u\n", draw(4));
    if (draw(3) == 0)
        add("heard-at = 203.0.113.%u\n", 1 + draw(2));
    if (draw(3) == 0)
        add("listen = %s\n", ONE_OF(local));
}

static void draw_configuration(void)
{
    unsigned primaries = 1 + draw(3), secondaries = 1 + draw(7);

    text_len = 0;
    add("[proxy]\ntransparent = %s\n", draw(2) ? "yes" : "no");
    add("[key k0]\nname = k\nsecret-file = k.key\n[key k1]\nname = l\nsecret-file = k.key\n"
        "[key k2]\nname = k\nalgorithm = hmac-sha512\nsecret-file = k.key\n"
        "[key k3]\nname = m\nsecret-file = k.key\n");
    for (unsigned i = 0; i < primaries; i++)
        add_peer("primary", i);
    for (unsigned i = 0; i < secondaries; i++) {
        unsigned first = draw(primaries);
        add_peer("secondary", i);
        add("primary = primary%u", first);
        if (primaries > 1 && draw(2))
            add(", primary%u", (first + 1) % primaries);
        add("\n");
        ADD_LIST("zones = ", zones, 1);
        if (draw(4) == 0)
            add("notify = no\n");
        if (draw(4) == 0)
            add("other = pass\n");
    }
}

static void expect_same(const struct who *a, const struct who *b, const char *from, const char *to)
{
    cr_assert_eq(a->client, b->client, "%s to %s: client %s, not %s\n%s", from, to,
                 a->client ? a->client->name : "-", b->client ? b->client->name : "-", text);
    cr_assert_eq(a->server, b->server, "%s to %s: server\n%s", from, to, text);
    cr_assert_eq(a->transparent, b->transparent);
    cr_assert_eq(a->has_zone, b->has_zone, "%s to %s: zone\n%s", from, to, text);
    if (!a->client)
        cr_assert_eq(a->unheard, b->unheard, "%s to %s: unheard\n%s", from, to, text);
}

static void expect_same_peers(const struct who_question *q, const struct dns_name *zone)
{
    const struct peer *found[PEERS_MAX], *walked[PEERS_MAX];

    for (size_t i = 0; i < q->config->peer_count; i++) {
        const struct peer *peer = &q->config->peers[i];
        if (peer->role == PEER_SECONDARY)
            continue;
        size_t count = who_is_notified(q->config, peer, zone, found);
        cr_assert_eq(count, walk_is_notified(q->config, peer, zone, walked), "%s", text);
        for (size_t k = 0; k < count; k++)
            cr_assert_eq(found[k], walked[k], "%s", text);
    }
}

static unsigned ask(const struct config *config)
{
    static const enum peer_operation operations[] = {
        PEER_SOA, PEER_AXFR, PEER_IXFR, PEER_NOTIFY, PEER_QUERY, PEER_UPDATE, PEER_NOTIFY};
    const char *from_text = ONE_OF(hosts), *to_text = ONE_OF(locals);
    struct address from, to;
    struct dns_name zone = support_name(ONE_OF(names)), key = support_name(ONE_OF(keys));
    struct who_question q = {.config = config, .from = &from, .to = &to, .zone = &zone};

    cr_assert_eq(address_from_text(from_text, 4000, &from), 0);
    cr_assert_eq(address_from_text(to_text, 0, &to), 0);
    q.key_name = draw(2) ? &key : NULL;
    q.operation = ONE_OF(operations);
    struct who found = who_find(&q), walked = walk_find(&q);
    expect_same(&found, &walked, from_text, to_text);
    struct who passes = who_passes_by(&q), strolls = walk_passes_by(&q);
    expect_same(&passes, &strolls, from_text, to_text);
    cr_assert_eq(who_is_at(config, &from).peer != NULL, walk_knows(config, &from), "%s\n%s",
                 from_text, text);
    expect_same_peers(&q, &zone);
    return found.client != NULL;
}

Test(relay_who_walk, M1_who_is_found_is_who_a_walk_over_all_peers_finds)
{
    unsigned configurations = 0, clients = 0;

    for (unsigned tried = 0; configurations < CONFIGURATIONS; tried++) {
        cr_assert_lt(tried, 20 * CONFIGURATIONS, "%s%s", config_fixture_findings(), text);
        draw_configuration();
        config_fixture_release();
        if (config_fixture_parse(text) < 0)
            continue;
        configurations++;
        for (unsigned i = 0; i < QUESTIONS; i++)
            clients += ask(config_fixture);
    }
    cr_assert_gt(clients, CONFIGURATIONS * QUESTIONS / 5, "only %u had a client", clients);
}

/* A row says all there is to know of a setting, so that parser, check, sample and manual are held
 * to one thing; what a section is read into is in section.h and config.h. */
#include "config/setting.h"

#include <assert.h>
#include <string.h>

#include "section.h"

static const char *const auto_words[] = {"auto", NULL};
static const char *const no_words[] = {"no", NULL};
static const char *const level_words[] = {"error", "warning", "notice", "info", "debug", NULL};
static const char *const format_words[] = {"logfmt", "json", NULL};
static const char *const transport_words[] = {"auto", "same", "tcp", NULL};
static const char *const edns_words[] = {"pass", "strip", NULL};
static const char *const accept_words[] = {"refuse", "accept", NULL};
static const char *const pass_words[] = {"refuse", "pass", NULL};
static const char *const mode_words[] = {"enforce", "observe", NULL};
static const char *const operation_words[] = {"soa",   "axfr",   "ixfr", "notify",
                                              "query", "update", NULL};

/* clang-format off */
#define PROXY(member) offsetof(struct config_proxy, member)
#define KEY(member)   offsetof(struct draft_key, member)
#define PEER(member)  offsetof(struct draft_peer, member)
#define RELOADABLE    SETTING_RELOADABLE
#define MAY_BE_EMPTY  SETTING_MAY_BE_EMPTY

/* A [proxy] row whose number is of seconds. */
#define SECONDS(text, value, from, to, member)                                                     \
    {.section = SETTING_PROXY, .name = (text), .type = SETTING_NUMBER, .initial = (value),         \
     .least = (from), .most = (to), .flags = RELOADABLE, .offset = PROXY(member)}

/* What primaries and secondaries share. */
#define PEER_ROWS(kind)                                                                            \
    {.section = (kind), .name = "address", .type = SETTING_ADDRESSES, .port = 53,                  \
     .flags = SETTING_REQUIRED | RELOADABLE, .offset = PEER(peer.address)},                        \
    {.section = (kind), .name = "from", .type = SETTING_PREFIXES,                                  \
     .flags = RELOADABLE, .offset = PEER(from)},                                                   \
    {.section = (kind), .name = "listen", .type = SETTING_ADDRESSES, .port = 53,                   \
     .flags = RELOADABLE, .offset = PEER(peer.listen)},                                            \
    {.section = (kind), .name = "heard-at", .type = SETTING_HOSTS,                                 \
     .flags = RELOADABLE, .offset = PEER(peer.heard_at)},                                          \
    {.section = (kind), .name = "source", .type = SETTING_SOURCES,                                 \
     .flags = RELOADABLE, .offset = PEER(peer.source)},                                            \
    {.section = (kind), .name = "key", .type = SETTING_NAMES,                                      \
     .flags = RELOADABLE, .offset = PEER(key)},                                                    \
    {.section = (kind), .name = "transport", .type = SETTING_CHOICE, .initial = "auto",            \
     .choices = transport_words, .flags = RELOADABLE, .offset = PEER(peer.transport)},             \
    {.section = (kind), .name = "edns", .type = SETTING_CHOICE, .initial = "pass",                 \
     .choices = edns_words, .flags = RELOADABLE, .offset = PEER(peer.edns)},                       \
    {.section = (kind), .name = "share", .type = SETTING_NUMBER, .least = 1, .most = 100,          \
     .initial = "25", .flags = RELOADABLE, .offset = PEER(peer.share)}

static const struct setting setting_rows[] = {
    {.section = SETTING_PROXY, .name = "listen", .type = SETTING_ADDRESSES, .port = 53,
     .initial = "0.0.0.0@53, ::@53", .flags = RELOADABLE, .offset = PROXY(listen)},
    {.section = SETTING_PROXY, .name = "proxy-listen", .type = SETTING_ADDRESSES, .port = 53,
     .flags = RELOADABLE, .offset = PROXY(proxy_listen)},
    {.section = SETTING_PROXY, .name = "proxy-from", .type = SETTING_PREFIXES,
     .flags = RELOADABLE, .offset = PROXY(proxy_from)},
    {.section = SETTING_PROXY, .name = "transparent", .type = SETTING_BOOL,
     .initial = "no", .offset = PROXY(transparent)},
    {.section = SETTING_PROXY, .name = "freebind", .type = SETTING_BOOL,
     .initial = "no", .flags = RELOADABLE, .offset = PROXY(freebind)},
    {.section = SETTING_PROXY, .name = "include", .type = SETTING_PATHS,
     .flags = RELOADABLE, .offset = PROXY(include)},
    {.section = SETTING_PROXY, .name = "workers", .type = SETTING_NUMBER, .least = 1, .most = 256,
     .choices = auto_words, .initial = "auto", .flags = RELOADABLE, .offset = PROXY(workers)},
    {.section = SETTING_PROXY, .name = "user", .type = SETTING_TEXT,
     .initial = "tsig-proxy", .flags = MAY_BE_EMPTY, .offset = PROXY(user)},
    {.section = SETTING_PROXY, .name = "confine", .type = SETTING_BOOL,
     .initial = "yes", .offset = PROXY(confine)},
    {.section = SETTING_PROXY, .name = "control", .type = SETTING_TEXT,
     .initial = "/run/tsig-proxy/control.sock", .flags = MAY_BE_EMPTY | RELOADABLE,
     .offset = PROXY(control)},
    {.section = SETTING_PROXY, .name = "http", .type = SETTING_ADDRESS, .port = 9453,
     .initial = "127.0.0.1@9453", .flags = MAY_BE_EMPTY | RELOADABLE, .offset = PROXY(http)},
    {.section = SETTING_PROXY, .name = "log-level", .type = SETTING_CHOICE,
     .choices = level_words, .initial = "info",
     .flags = RELOADABLE, .offset = PROXY(log_level)},
    {.section = SETTING_PROXY, .name = "log-format", .type = SETTING_CHOICE,
     .choices = format_words, .initial = "logfmt",
     .flags = RELOADABLE, .offset = PROXY(log_format)},
    {.section = SETTING_PROXY, .name = "watch", .type = SETTING_NUMBER, .least = 1, .most = 86400,
     .choices = no_words, .initial = "no", .flags = RELOADABLE, .offset = PROXY(watch)},
    SECONDS("fudge", "300", 1, 65535, fudge),
    {.section = SETTING_PROXY, .name = "udp-size", .type = SETTING_NUMBER, .least = 512,
     .most = 4096, .initial = "1232", .flags = RELOADABLE, .offset = PROXY(udp_size)},
    {.section = SETTING_PROXY, .name = "refusal-rate", .type = SETTING_NUMBER, .least = 0,
     .most = 1000000, .initial = "50", .flags = RELOADABLE, .offset = PROXY(refusal_rate)},
    {.section = SETTING_PROXY, .name = "status-zones", .type = SETTING_NUMBER, .least = 0,
     .most = 10000000, .initial = "100000", .offset = PROXY(status_zones)},
    {.section = SETTING_PROXY, .name = "metrics-zones", .type = SETTING_NUMBER, .least = 0,
     .most = 100000, .initial = "1000", .flags = RELOADABLE, .offset = PROXY(metrics_zones)},
    SECONDS("connect-timeout", "5", 1, 300, connect_timeout),
    SECONDS("answer-timeout", "5", 1, 300, answer_timeout),
    SECONDS("progress-timeout", "120", 1, 86400, progress_timeout),
    SECONDS("idle-timeout", "30", 1, 86400, idle_timeout),
    SECONDS("drain-timeout", "60", 0, 86400, drain_timeout),

    {.section = SETTING_KEY, .name = "algorithm", .type = SETTING_ALGORITHM,
     .initial = "hmac-sha256", .flags = RELOADABLE, .offset = KEY(algorithm)},
    {.section = SETTING_KEY, .name = "secret-file", .type = SETTING_TEXT,
     .flags = RELOADABLE, .offset = KEY(secret_file)},
    {.section = SETTING_KEY, .name = "secret", .type = SETTING_TEXT,
     .flags = RELOADABLE | SETTING_SECRET, .offset = KEY(secret)},
    {.section = SETTING_KEY, .name = "name", .type = SETTING_KEY_NAME,
     .flags = RELOADABLE, .offset = KEY(name)},
    {.section = SETTING_KEY, .name = "minimum-mac", .type = SETTING_NUMBER, .least = 10,
     .most = TSIG_MAC_MAX, .flags = RELOADABLE, .offset = KEY(minimum_mac)},

    PEER_ROWS(SETTING_PRIMARY),
    {.section = SETTING_PRIMARY, .name = "unsigned-notify", .type = SETTING_CHOICE,
     .choices = accept_words, .initial = "refuse",
     .flags = RELOADABLE, .offset = PEER(peer.unsigned_notify)},
    {.section = SETTING_PRIMARY, .name = "notify-rate", .type = SETTING_NUMBER, .least = 1,
     .most = 1000000, .initial = "200", .flags = RELOADABLE, .offset = PEER(peer.notify_rate)},
    {.section = SETTING_PRIMARY, .name = "connections", .type = SETTING_NUMBER, .least = 1,
     .most = 65535, .initial = "100", .flags = RELOADABLE, .offset = PEER(peer.connections)},
    {.section = SETTING_PRIMARY, .name = "poll", .type = SETTING_NUMBER, .least = 30,
     .most = 86400, .choices = no_words, .initial = "no",
     .flags = RELOADABLE, .offset = PEER(peer.poll)},

    PEER_ROWS(SETTING_SECONDARY),
    {.section = SETTING_SECONDARY, .name = "primary", .type = SETTING_NAMES,
     .flags = RELOADABLE, .offset = PEER(primary)},
    {.section = SETTING_SECONDARY, .name = "zones", .type = SETTING_ZONES,
     .initial = "*", .flags = RELOADABLE | SETTING_REPEATABLE, .offset = PEER(zones)},
    {.section = SETTING_SECONDARY, .name = "zones-file", .type = SETTING_TEXT,
     .flags = RELOADABLE, .offset = PEER(zones_file)},
    {.section = SETTING_SECONDARY, .name = "allow", .type = SETTING_OPERATIONS,
     .choices = operation_words, .initial = "soa, axfr, ixfr, notify",
     .flags = RELOADABLE, .offset = PEER(peer.allow)},
    {.section = SETTING_SECONDARY, .name = "notify", .type = SETTING_BOOL,
     .initial = "yes", .flags = RELOADABLE, .offset = PEER(peer.notify)},
    {.section = SETTING_SECONDARY, .name = "mode", .type = SETTING_CHOICE,
     .choices = mode_words, .initial = "enforce",
     .flags = RELOADABLE, .offset = PEER(peer.mode)},
    {.section = SETTING_SECONDARY, .name = "unknown-key", .type = SETTING_CHOICE,
     .choices = pass_words, .initial = "refuse",
     .flags = RELOADABLE, .offset = PEER(peer.unknown_key)},
    {.section = SETTING_SECONDARY, .name = "other", .type = SETTING_CHOICE,
     .choices = pass_words, .initial = "refuse",
     .flags = RELOADABLE, .offset = PEER(peer.other)},
};
/* clang-format on */

#define ROW_COUNT (sizeof setting_rows / sizeof setting_rows[0])

const struct setting *setting_at(size_t i)
{
    return i < ROW_COUNT ? &setting_rows[i] : NULL;
}

const struct setting *setting_find(enum setting_section section, const char *name)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (setting_rows[i].section == section && strcmp(setting_rows[i].name, name) == 0)
            return &setting_rows[i];
    return NULL;
}

const char *setting_section_text(enum setting_section section)
{
    static const char *const texts[SETTING_SECTIONS] = {"proxy", "key", "primary", "secondary"};
    assert(section < SETTING_SECTIONS);
    return texts[section];
}

size_t setting_index(const struct setting *row)
{
    size_t index = 0;
    while (row > setting_rows && row[-1].section == row->section) {
        row--;
        index++;
    }
    assert(index < CONFIG_SECTION_ROWS);
    return index;
}

unsigned setting_line(const struct config_section *section, const char *name)
{
    const struct setting *row = setting_find(section->kind, name);
    return !row ? 0 : section->lines[setting_index(row)];
}

/* Of the types that settings have which take a restart. */
static bool setting_same(const struct setting *row, const void *a, const void *b)
{
    const char *x = (const char *)a + row->offset, *y = (const char *)b + row->offset;
    switch (row->type) {
    case SETTING_BOOL:
        return *(const bool *)x == *(const bool *)y;
    case SETTING_NUMBER:
        return *(const unsigned *)x == *(const unsigned *)y;
    case SETTING_TEXT:
        return strcmp(*(char *const *)x, *(char *const *)y) == 0;
    case SETTING_ADDRESS:
        return address_equal((const struct address *)x, (const struct address *)y);
    default:
        return true; /* a reload may change all that have another */
    }
}

const struct setting *setting_changed(const struct config_proxy *a, const struct config_proxy *b)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (setting_rows[i].section == SETTING_PROXY &&
            !(setting_rows[i].flags & SETTING_RELOADABLE) && !setting_same(&setting_rows[i], a, b))
            return &setting_rows[i];
    return NULL;
}

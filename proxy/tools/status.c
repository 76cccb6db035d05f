/* status: how things are, in 80 columns: one sentence, the peers, and the zones that want
 * attention. */
#include <stdio.h>
#include <string.h>

#include "admin/html.h"
#include "admin/page_parts.h"
#include "base/arguments.h"
#include "base/call.h"
#include "base/command.h"

#define STATUS_ZONES_MAX 20
#define STATUS_PEERS_MAX 50

static bool status_is(const json_t *object, const char *key, const char *word)
{
    return strcmp(html_string(object, key), word) == 0;
}

/* "3 min", or "-" for no time. */
static const char *status_age(long long now, const json_t *time, char out[HTML_SPAN_SIZE])
{
    long long at = (long long)json_number_value(time);
    return json_is_number(time) ? html_span(now > at ? now - at : 0, out) : "-";
}

static void status_print_absent(const json_t *document)
{
    const json_t *absent = json_object_get(document, "absent"), *address;
    size_t i;
    json_array_foreach (absent, i, address)
        printf("%s%s", i > 0 ? ", " : "Not on this host now: ", json_string_value(address));
    fputs(i > 0 ? "\n" : "", stdout);
}

static void status_print_head(const json_t *document, long long now)
{
    char span[HTML_SPAN_SIZE];
    const json_t *config = json_object_get(document, "config");
    printf("%s\n\n", html_string(document, "summary"));
    printf("tsig-proxy %s, process %lld, up %s, %lld worker%s\n%s\n",
           html_string(document, "version"), html_number(document, "pid"),
           status_age(now, json_object_get(document, "started"), span),
           html_number(document, "workers"), html_number(document, "workers") == 1 ? "" : "s",
           html_string(config, "file"));
    printf("confined by %s\n", html_string(json_object_get(document, "confinement"), "summary"));
    if (json_is_false(json_object_get(config, "last_reload_successful")))
        puts("The last reload was refused; tsig-proxy check says what is wrong.");
    if (json_is_true(json_object_get(document, "draining")))
        puts("It is about to stop.");
    if (json_is_true(json_object_get(document, "bypassed")))
        puts("Packets pass by, unsigned; tsig-proxy check says what is missing.");
    status_print_absent(document);
}

static void status_print_peer(const json_t *peer, long long now)
{
    const json_t *up = json_object_get(peer, "up"), *skew = json_object_get(peer, "skew");
    const char *label = html_string(peer, "label");
    const json_t *own = json_object_get(peer, "zones");
    char heard[HTML_SPAN_SIZE];
    printf("%-20s %-9s %-7s ", label, html_string(peer, "role"),
           json_is_true(up)    ? "yes"
           : json_is_false(up) ? "no"
                               : "-");
    if (status_is(peer, "role", "secondary"))
        printf("%7lld %6lld %6lld ", page_zones_sum(peer),
               html_number(own, "behind") + html_number(own, "expired"),
               html_number(own, "silent"));
    else
        printf("%7s %6s %6s ", "", "", "");
    printf(" %-8s", status_age(now, json_object_get(peer, "last_heard"), heard));
    if (json_is_number(skew))
        printf(" %+lld s", html_number(peer, "skew"));
    puts("");
}

/* Those that want attention come first, and all others while there is room. */
static void status_print_peers(const json_t *document, long long now)
{
    const json_t *peers = json_object_get(document, "peers"), *peer;
    size_t shown = 0, i;
    puts("\nPEER                 ROLE      ANSWERS   ZONES BEHIND SILENT  HEARD    CLOCK");
    for (int troubled = 1; troubled >= 0; troubled--) {
        json_array_foreach (peers, i, peer) {
            if (page_zones_want_attention(peer) != troubled || shown >= STATUS_PEERS_MAX)
                continue;
            status_print_peer(peer, now);
            shown++;
        }
    }
    if (json_array_size(peers) > shown)
        printf("and %zu more: tsig-proxy status --json\n", json_array_size(peers) - shown);
}

static void status_print_zone(const json_t *zone, long long now)
{
    const json_t *since = json_object_get(zone, "behind_since");
    char span[HTML_SPAN_SIZE];
    if (!json_is_number(since))
        since = json_object_get(zone, "silent_since");
    printf("%-28s %-18s %-8s %-8s ", html_string(zone, "zone"), html_string(zone, "secondary"),
           html_string(zone, "state"), status_age(now, since, span));
    if (json_is_number(json_object_get(zone, "serial")))
        printf("%lld of ", html_number(zone, "serial"));
    else
        fputs("none of ", stdout);
    printf("%lld\n", html_number(zone, "newest"));
    if (*html_string(zone, "why"))
        printf("    %s\n", html_string(zone, "why"));
    if (json_is_number(json_object_get(zone, "expires")) && html_number(zone, "expires") > now)
        printf("    its copy expires in %s\n", html_span(html_number(zone, "expires") - now, span));
}

/* Those that are worst come first. */
static void status_print_zones(const json_t *document, long long now)
{
    static const char *const states[] = {"expired", "behind", "silent"};
    const json_t *zones = json_object_get(document, "zones"), *zone;
    size_t all = 0, i;
    for (unsigned s = 0; s < sizeof states / sizeof *states; s++) {
        json_array_foreach (zones, i, zone) {
            if (!status_is(zone, "state", states[s]))
                continue;
            if (all == 0)
                puts("\nZONE                         SECONDARY          STATE    SINCE    SERIAL");
            if (all++ < STATUS_ZONES_MAX)
                status_print_zone(zone, now);
        }
    }
    if (all > STATUS_ZONES_MAX)
        printf("and %zu more: tsig-proxy status --json\n", all - STATUS_ZONES_MAX);
}

static void status_print(const json_t *document)
{
    long long now = html_number(document, "now");
    status_print_head(document, now);
    status_print_peers(document, now);
    status_print_zones(document, now);
    if (json_array_size(json_object_get(document, "failures")) > 0)
        puts("\nWhat was refused or has failed, and what mends it: tsig-proxy events");
}

int command_status(int argc, char **argv)
{
    const char *socket = NULL;
    bool json = false;
    const struct arguments_option options[] = {{'s', "socket", &socket, NULL},
                                               {.name = "json", .given = &json}};
    struct arguments a = {.options = options, .option_count = 2};
    struct call call;
    int status = arguments_read(&a, argc, argv);
    if (status != ARGUMENTS_GO_ON)
        return status;
    if (call_find(&call, a.file, socket) < 0)
        return COMMAND_FAILED;
    json_t *document = call_ask(&call, "status");
    if (!document)
        return COMMAND_FAILED;
    if (json) {
        json_dumpf(document, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
        puts("");
    } else {
        status_print(document);
    }
    json_decref(document);
    return COMMAND_DONE;
}

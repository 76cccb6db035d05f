#include "scene.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "admin/line.h"
#include "support.h"

struct observe *scene_observe;

static struct address addresses[64];
static struct dns_name zones[4096];
static unsigned address_count, zone_count;

static void parse(const char *config)
{
    cr_assert_eq(config_fixture_parse(config), 0, "%s", config_fixture_findings());
}

void scene_open(const char *config)
{
    line_configure(LOG_ERROR, LOG_FORMAT_LOGFMT);
    parse(config);
    config_carry(config_fixture, NULL);
    scene_observe = observe_new(config_fixture->proxy.status_zones);
    cr_assert_not_null(scene_observe);
    observe_reloaded(scene_observe, config_fixture, true, observe_now());
}

void scene_reload(const char *config)
{
    struct config *before = config_ref(config_fixture);
    config_fixture_release();
    parse(config);
    config_carry(config_fixture, before);
    config_unref(before);
    observe_reloaded(scene_observe, config_fixture, true, observe_now());
}

void scene_close(void)
{
    observe_free(scene_observe);
    config_fixture_release();
}

const struct peer *scene_peer(const char *name)
{
    for (size_t i = 0; i < config_fixture->peer_count; i++)
        if (strcmp(config_fixture->peers[i].name, name) == 0)
            return &config_fixture->peers[i];
    cr_assert_fail("no peer %s", name);
    return NULL;
}

const struct tsig_key *scene_key(void)
{
    return &config_fixture->keys[0];
}

const struct address *scene_address(const char *text)
{
    struct address *address = &addresses[address_count++ % 64];
    cr_assert_eq(address_from_text(text, 53, address), 0);
    return address;
}

const struct dns_name *scene_zone(const char *text)
{
    struct dns_name *zone = &zones[zone_count++ % 4096];
    *zone = support_name(text);
    return zone;
}

void scene_report(struct relay_event event)
{
    observe_event(scene_observe, &event);
}

struct relay_event scene_answered(enum relay_event_type type, const char *secondary, uint16_t qtype,
                                  const char *zone, uint32_t serial)
{
    const struct peer *peer = scene_peer(secondary);
    return (struct relay_event){
        .type = type,
        .peer = peer,
        .client = peer,
        .server = peer->primary[0],
        .address = &peer->address.items[0],
        .at = &peer->primary[0]->address.items[0],
        .key = peer->keyring.count > 0 ? peer->keyring.keys[0] : NULL,
        .zone = scene_zone(zone),
        .qtype = qtype,
        .transport = qtype == DNS_TYPE_SOA ? RELAY_UDP : RELAY_TCP,
        .has_rcode = true,
        .has_serial = true,
        .serial = serial,
        .has_timers = true,
        .refresh = 3600,
        .expire = 604800,
        .octets = 1000,
        .milliseconds = 70,
    };
}

struct relay_event scene_notify(const char *secondary, const char *zone, uint32_t serial,
                                enum relay_result result)
{
    const struct peer *peer = scene_peer(secondary);
    return (struct relay_event){
        .type = EVENT_NOTIFY,
        .result = result,
        .peer = peer,
        .server = peer,
        .client = peer->primary[0],
        .address = &peer->address.items[0],
        .zone = scene_zone(zone),
        .opcode = DNS_OPCODE_NOTIFY,
        .qtype = DNS_TYPE_SOA,
        .has_rcode = result == RESULT_OK,
        .has_serial = true,
        .serial = serial,
        .tries = 1,
        .milliseconds = 3,
    };
}

static struct status_source source(struct crew_facts *facts)
{
    static struct address listeners[2];
    static struct own_address own[2];
    listeners[0] = *scene_address("192.0.2.53");
    listeners[1] = *scene_address("192.0.2.54@853");
    own[0] = (struct own_address){listeners[0], true};
    own[1] = (struct own_address){listeners[1], false};
    own[0].address.port = own[1].address.port = 0;
    *facts = (struct crew_facts){.workers = 2,
                                 .listeners = listeners,
                                 .listener_count = 2,
                                 .proxied_count = 1,
                                 .own = own,
                                 .own_count = 2};
    return (struct status_source){scene_observe, config_fixture, CONFIG_FIXTURE_PATH, facts};
}

json_t *scene_document(void)
{
    struct crew_facts facts;
    const struct status_source from = source(&facts);
    json_t *document = status_document(&from);
    cr_assert_not_null(document);
    return document;
}

char *scene_metrics(void)
{
    struct crew_facts facts;
    const struct status_source from = source(&facts);
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    cr_assert_not_null(out);
    cr_assert_eq(metrics_write(&from, out), 0);
    fclose(out);
    return text;
}

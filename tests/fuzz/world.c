#include "world.h"

#include <stdlib.h>
#include <string.h>

#define SECRET "c2VjcmV0cyB0aGF0IG5vIGNvcnB1cyBrbm93cw=="

static const char config_text[] = "[proxy]\nlisten = 192.0.2.53\n"
                                  "[key a]\nsecret = " SECRET "\n"
                                  "[key b]\nsecret = AAAA" SECRET "\n"
                                  "[key c]\nsecret = BBBB" SECRET "\n"
                                  "[primary signed]\naddress = 10.0.0.1\nkey = b\n"
                                  "[primary plain]\naddress = 10.0.0.2\nlisten = 192.0.2.54\n"
                                  "[secondary one]\naddress = 192.0.2.1\nprimary = plain\nkey = a\n"
                                  "allow = soa, axfr, ixfr, notify, query, update\nzones = *\n"
                                  "[secondary two]\naddress = 192.0.2.2\nprimary = signed, plain\n"
                                  "key = b, c\nmode = observe\nzones = example, *.example\n"
                                  "allow = soa, axfr, ixfr, notify, query, update\n"
                                  "[secondary bare]\naddress = 192.0.2.3\nprimary = plain\n"
                                  "unknown-key = pass\nzones = *\n"
                                  "[secondary near]\naddress = 192.0.2.4\nfrom = 192.0.2.0/29\n"
                                  "primary = signed\nkey = a, b\nzones = example\n"
                                  "allow = soa, axfr, ixfr, notify, query, update\n";

static const char *const sources[] = {"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4",
                                      "192.0.2.5", "10.0.0.1",  "10.0.0.2",  "203.0.113.1"};
static const char *const destinations[] = {"192.0.2.53", "192.0.2.54"};

static int read_text(void *arg, const char *path, struct config_file *out)
{
    (void)arg;
    (void)path;
    out->text = (char *)fuzz_copy((const uint8_t *)config_text, sizeof(config_text));
    out->len = sizeof(config_text) - 1;
    out->mode = 0600;
    return 0;
}

static uint16_t random_id(void *arg)
{
    static uint16_t last;

    (void)arg;
    return ++last;
}

/* As the log does, reads all that is borrowed. */
static void report(void *arg, const struct relay_event *event)
{
    char name[DNS_NAME_TEXT_SIZE], address[ADDRESS_TEXT_SIZE];

    (void)arg;
    FUZZ_CHECK(report_result_word(event->result));
    FUZZ_CHECK(!event->zone || *dns_name_to_text(event->zone, name));
    FUZZ_CHECK(!event->key_name || *dns_name_to_text(event->key_name, name));
    FUZZ_CHECK(!event->address || *address_to_text(event->address, address));
}

static void ring(void *arg)
{
    (void)arg;
}

struct relay *world_relay(void)
{
    static const struct relay_world world = {
        .random_id = random_id, .report = report, .ring = ring};
    static struct config *config; /* parsed once */
    const struct config_files files = {.read = read_text};
    struct config_report findings = {0};
    struct relay *relay;

    if (!config) {
        FUZZ_CHECK(config_parse(&files, "/etc/t/main.ini", &config, &findings) == 0);
        config_report_fini(&findings);
    }
    relay = relay_new(config, desk_new(&world, memory_new(config->proxy.status_zones)));
    FUZZ_CHECK(relay);
    relay_take_over(relay);
    return relay;
}

size_t world_sign(struct relay *relay, const struct tsig_key *key, struct tsig_chain *chain,
                  uint64_t time_signed, uint8_t *octets, size_t len)
{
    struct tsig_stamp stamp = {.time_signed = time_signed, .fudge = 300};
    struct dns_writer tail = dns_wire_writer(octets + len, TSIG_RECORD_MAX);

    stamp.original_id = dns_wire_u16_at(octets);
    FUZZ_CHECK(tsig_sign(relay_mac(relay, key), chain, &stamp, octets, len, &tail) == 0);
    return len + tail.at;
}

/* Signs with one of the keys, and perhaps alters an octet between the header ID and the TSIG.
 * Returns the new length. */
static size_t sign(struct world_request *w, struct relay *relay, unsigned how, uint8_t flip,
                   size_t len)
{
    const struct config *config = relay->config;
    const struct tsig_key *key = &config->keys[how % config->key_count];
    struct dns_message m;
    size_t size;

    if (dns_message_parse(w->octets, len, &m) != 0 || m.tsig_place != DNS_TSIG_NONE)
        return len;
    size = world_sign(relay, key, &w->chain, (uint64_t)(FUZZ_NOW - w->age), w->octets, len);
    if (flip == 0)
        w->signer = key;
    else
        w->octets[2 + (flip * 7U) % (len - 2)] ^= flip;
    return size;
}

void world_request_init(struct world_request *w, struct relay *relay, struct dns_reader *in,
                        uint8_t *octets, size_t len)
{
    unsigned where = dns_wire_get_u8(in), how = dns_wire_get_u8(in);
    uint8_t flip = dns_wire_get_u8(in);

    *w = (struct world_request){.chain = tsig_chain_request(),
                                .age = (int16_t)dns_wire_get_u16(in),
                                .octets = realloc(octets, len + TSIG_RECORD_MAX)};
    FUZZ_CHECK(w->octets != NULL);
    if (how & 4)
        len = sign(w, relay, how & 3, flip, len);
    w->octets = realloc(w->octets, len ? len : 1);
    FUZZ_CHECK(w->octets != NULL);
    w->request = (struct relay_request){
        .octets = w->octets,
        .len = len,
        .transport = where & 1 ? RELAY_TCP : RELAY_UDP,
        .now = {.ms = 1000, .seconds = FUZZ_NOW},
    };
    FUZZ_CHECK(address_from_text(sources[where >> 2 & 7], 5353, &w->request.from) == 0);
    FUZZ_CHECK(address_from_text(destinations[where >> 1 & 1], 53, &w->request.to) == 0);
}

void world_request_fini(struct world_request *w)
{
    free(w->octets);
}

uint8_t *world_read(const struct relay_packet *packet, size_t *len)
{
    uint8_t *octets;

    *len = packet->len + packet->tail_len;
    FUZZ_CHECK(*len <= DNS_MESSAGE_MAX);
    octets = malloc(*len);
    FUZZ_CHECK(octets != NULL);
    memcpy(octets, packet->octets, packet->len);
    if (packet->tail_len > 0)
        memcpy(octets + packet->len, packet->tail, packet->tail_len);
    return octets;
}

void world_free(struct relay *relay)
{
    struct desk *desk = relay->desk;
    struct memory *memory = desk->memory;

    relay_unref(relay);
    desk_free(desk);
    memory_free(memory);
}

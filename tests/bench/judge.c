/* How long the library takes, in CPU time, as configurations grow: to judge a question, by the
 * number of secondaries and of zones, and to tell a NOTIFY to many secondaries. Prints, and asserts
 * nothing about time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/index.h"
#include "exchange/exchange.h"
#include "support.h"

#define SECTION_SIZE 256

static struct memory *memory;
static struct desk *desk;
static struct relay *relay;
static struct config *config;
static struct relay_time now = {.ms = 1000000, .seconds = 1700000000};

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "%s failed\n", what);
    exit(1);
}

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint16_t random_id(void *arg)
{
    static uint16_t id;
    (void)arg;
    return ++id;
}

static void on_event(void *arg, const struct relay_event *event)
{
    (void)arg;
    (void)event;
}

static void on_ring(void *arg)
{
    (void)arg;
}

static int on_read(void *arg, const char *path, struct config_file *out)
{
    (void)path;
    out->text = strdup(arg);
    out->len = strlen(arg);
    return 0;
}

static char *secondary_address(char out[SECTION_SIZE], size_t i)
{
    snprintf(out, SECTION_SIZE, "172.%zu.%zu.%zu", 16 + (i >> 16), i >> 8 & 255, i & 255);
    return out;
}

static void open_text(char *text)
{
    const struct config_files files = {.read = on_read, .arg = text};
    struct config_report report = {0};
    must(config_parse(&files, "bench.ini", &config, &report) == 0, "config_parse");
    config_report_fini(&report);
}

static void open_relay(void)
{
    const struct relay_world world = {.random_id = random_id, .report = on_event, .ring = on_ring};
    memory = memory_new(config->proxy.status_zones);
    must(memory, "memory_new");
    desk = desk_new(&world, memory);
    relay = relay_new(config, desk);
    must(relay, "relay_new");
    relay_take_over(relay);
}

static void close_all(void)
{
    relay_unref(relay);
    desk_free(desk);
    memory_free(memory);
    config_unref(config);
}

/* A primary and so many secondaries, each with an address, a prefix and a zone of its own, unless
 * all are to have `zones`. */
static void open_secondaries(size_t count, const char *zones)
{
    char *text = malloc(SECTION_SIZE * (count + 1));
    char address[SECTION_SIZE];
    must(text, "malloc");
    size_t len = (size_t)sprintf(text, "[primary hq]\naddress = 10.0.0.1\n");
    for (size_t i = 0; i < count; i++) {
        len +=
            (size_t)sprintf(text + len, "[secondary s%zu]\naddress = %s\nfrom = 10.%zu.%zu.0/24\n",
                            i, secondary_address(address, i), 1 + (i >> 8), i & 255);
        len += zones ? (size_t)sprintf(text + len, "zones = %s\n", zones)
                     : (size_t)sprintf(text + len, "zones = z%zu.example.com\n", i);
    }
    open_text(text);
    free(text);
    open_relay();
}

static struct relay_request question_from(const char *from, size_t zone)
{
    static struct support_message message;
    char name[SECTION_SIZE];
    struct relay_request request = {.now = now, .transport = RELAY_UDP};
    snprintf(name, sizeof name, "z%zu.example.com", zone);
    support_header(&message, 1, 0);
    support_question(&message, name, DNS_TYPE_SOA);
    must(address_from_text(from, 4000, &request.from) == 0, "address_from_text");
    must(address_from_text("198.51.100.1", 53, &request.to) == 0, "address_from_text");
    request.octets = message.octets;
    request.len = message.len;
    return request;
}

/* Microseconds a question, of many that are asked of peers and zones here and there. Making them is
 * measured by itself, and taken off. */
static double judge(size_t secondaries, size_t zones, size_t rounds)
{
    struct policy_verdict verdict;
    char address[SECTION_SIZE];
    double took = 0;
    for (unsigned judged = 0; judged < 2; judged++) {
        double began = cpu_seconds();
        for (size_t i = 0; i < rounds; i++) {
            size_t which = i * 7919 % (zones ? zones : secondaries);
            struct relay_request request =
                question_from(secondary_address(address, zones ? 0 : which), which);
            if (!judged)
                continue;
            policy_judge(relay, &request, &verdict);
            must(verdict.decision == POLICY_FORWARD, "policy_judge");
        }
        took = cpu_seconds() - began - took;
    }
    return took * 1e6 / (double)rounds;
}

static void judge_secondaries(size_t count)
{
    open_secondaries(count, NULL);
    printf("SOA question, %6zu secondaries:            %8.2f us\n", count, judge(count, 0, 50000));
    close_all();
}

static void judge_zones(size_t count)
{
    char text[] = "[primary hq]\naddress = 10.0.0.1\n[secondary s]\naddress = 172.16.0.0\n";
    open_text(text);
    struct peer *peer = &config->peers[1];
    peer->zones = realloc(peer->zones, count * sizeof *peer->zones);
    peer->zone_octets = realloc(peer->zone_octets, count * SECTION_SIZE);
    must(peer->zones && peer->zone_octets, "realloc");
    peer->zone_count = count;
    for (size_t i = 0; i < count; i++) {
        char name[SECTION_SIZE];
        snprintf(name, sizeof name, "z%zu.example.com", i);
        struct dns_name zone = support_name(name);
        uint8_t *octets = memcpy(peer->zone_octets + i * SECTION_SIZE, zone.octets, zone.len);
        peer->zones[i] =
            (struct zone_pattern){.kind = ZONE_EXACT, .octets = octets, .len = zone.len};
    }
    must(config_index(config) == 0, "config_index");
    open_relay();
    printf("SOA question, %6zu zones in one secondary: %8.2f us\n", count,
           judge(1, count, count > 1000 ? 2000 : 50000));
    close_all();
}

static void answer(struct exchange *x, const struct exchange_action *sent, uint8_t *octets)
{
    memcpy(octets, sent->packet.octets, sent->packet.len);
    dns_wire_set_u16_at(octets + DNS_FLAGS_AT, DNS_FLAG_QR | DNS_OPCODE_NOTIFY << 11);
    exchange_answer(x, sent->leg, octets, sent->packet.len, now);
}

/* The fan-out's steps: all are sent to, then all answer, the last first. */
static void tell(struct exchange *x, size_t count)
{
    static uint8_t octets[DNS_UDP_MAX];
    struct exchange_action action;
    struct exchange_action *sent = calloc(count, sizeof *sent);
    uint8_t(*copies)[DNS_UDP_MAX] = calloc(count, sizeof *copies);
    must(sent && copies, "calloc");
    for (exchange_next(x, now, &action); action.type != ACTION_WAIT;
         exchange_next(x, now, &action)) {
        if (action.type == ACTION_CONNECT) {
            exchange_connected(x, action.leg, false, now);
            continue;
        }
        must(action.type == ACTION_SEND && action.packet.tail_len == 0, "exchange_next");
        memcpy(copies[action.leg], action.packet.octets, action.packet.len);
        sent[action.leg] = action;
        sent[action.leg].packet.octets = copies[action.leg];
        (void)exchange_deadline(x);
    }
    for (size_t i = count; i-- > 0;) {
        answer(x, &sent[i], octets);
        exchange_next(x, now, &action);
        (void)exchange_deadline(x);
    }
    must(action.type == ACTION_END, "the fan-out");
    free(sent);
    free(copies);
}

static void notify(size_t count)
{
    static struct support_message message;
    struct policy_verdict verdict;
    struct exchange waits, told;
    struct exchange_action action;
    struct telling_order order;
    size_t rounds = 20000 / count;
    double took = 0;
    open_secondaries(count, "z.example.com");
    for (size_t i = 0; i < rounds; i++) {
        struct relay_request request = question_from("10.0.0.1", 0);
        support_header(&message, (uint16_t)i, DNS_OPCODE_NOTIFY << 11 | DNS_FLAG_AA);
        support_question(&message, "z.example.com", DNS_TYPE_SOA);
        support_soa(&message, DNS_ANSWER, "z.example.com", (uint32_t)i + 1);
        request.octets = message.octets;
        request.len = message.len;
        double began = cpu_seconds();
        policy_judge(relay, &request, &verdict);
        must(verdict.decision == POLICY_FORWARD && verdict.server_count == count, "policy_judge");
        must(exchange_init(&waits, relay, &verdict, &request) == 0, "exchange_init");
        must(telling_next(relay, now, &order), "telling_next");
        must(exchange_init_telling(&told, relay, &order, now) == 0, "exchange_init_telling");
        tell(&told, count);
        exchange_next(&waits, now, &action);
        must(action.type == ACTION_REPLY, "the primary's answer");
        exchange_fini(&told);
        exchange_fini(&waits);
        took += cpu_seconds() - began;
        now.ms += 1000;
    }
    printf("NOTIFY, %6zu secondaries:                  %8.2f us a copy\n", count,
           took * 1e6 / (double)(rounds * count));
    close_all();
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    judge_secondaries(10);
    judge_secondaries(1000);
    judge_secondaries(10000);
    judge_zones(100);
    judge_zones(100000);
    notify(10);
    notify(100);
    notify(1000);
    return 0;
}

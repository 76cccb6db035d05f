/* How long an AXFR message takes to be parsed and followed, in CPU time, by its size and by what
 * its zone is like. Prints, and asserts nothing about time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dns/xfr.h"

#define BATCH      (1 << 22) /* octets of different messages, so that no branch is known by heart */
#define OCTETS     200000000.0
#define ROUNDS     5
#define ZONE       0xc00c
#define POINTER    0xc000
#define REACH      0x3fff
#define NAME_SIZE  32
#define RDATA_SIZE 120

struct maker {
    struct dns_writer w;
    unsigned records;
    uint16_t zone; /* what owners end with: a pointer to the question's name; 0: names in full */
};

static uint8_t octets[BATCH];
static size_t message_size, message_count;
static size_t message_len[BATCH / DNS_UDP_MAX];

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

static unsigned draw(unsigned below)
{
    static uint64_t state = 1;
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (unsigned)(state >> 33) % below;
}

static void put_name(struct maker *m, const char *label)
{
    struct dns_name zone;
    dns_wire_put_u8(&m->w, (uint8_t)strlen(label));
    dns_wire_put_octets(&m->w, (const uint8_t *)label, strlen(label));
    if (m->zone) {
        dns_wire_put_u16(&m->w, m->zone);
        return;
    }
    must(dns_name_from_text("example.org", &zone) == 0, "dns_name_from_text");
    dns_name_write(&m->w, &zone);
}

static void put_record(struct maker *m, uint16_t type, uint16_t rdata_len)
{
    static const uint8_t rdata[RDATA_SIZE];
    dns_wire_put_u16(&m->w, type);
    dns_wire_put_u16(&m->w, DNS_CLASS_IN);
    dns_wire_put_u32(&m->w, 3600);
    dns_wire_put_u16(&m->w, rdata_len);
    dns_wire_put_octets(&m->w, rdata, rdata_len);
    m->records++;
}

static void put_addresses(struct maker *m)
{
    char label[NAME_SIZE];
    snprintf(label, sizeof label, "host%05u", draw(100000));
    put_name(m, label);
    put_record(m, 1, 4);
}

/* A name with one to four records, the later ones with a pointer to the first. */
static void put_host(struct maker *m)
{
    static const struct {
        uint16_t type;
        unsigned least;
        unsigned most;
    } kinds[] = {{1, 4, 4},     {1, 4, 4},  {1, 4, 4},   {28, 16, 16}, {28, 16, 16},  {15, 4, 20},
                 {16, 10, 120}, {5, 4, 20}, {33, 8, 24}, {2, 4, 20},   {46, 80, 110}, {47, 12, 24}};
    char label[NAME_SIZE + 1] = "abcdefghijklmnopqrstuvwxyzabcdef";
    size_t at = m->w.at;
    label[3 + draw(16)] = '\0';
    put_name(m, label);
    for (unsigned i = 0, count = 1 + draw(4); i < count; i++) {
        unsigned kind = draw(sizeof kinds / sizeof *kinds);
        if (i > 0 && at <= REACH && m->zone)
            dns_wire_put_u16(&m->w, (uint16_t)(POINTER | at));
        else if (i > 0)
            put_name(m, label);
        put_record(m, kinds[kind].type,
                   (uint16_t)(kinds[kind].least + draw(kinds[kind].most - kinds[kind].least + 1)));
    }
}

static void make_message(void (*put)(struct maker *m), bool compress, size_t i)
{
    struct maker m = {.w = dns_wire_writer(octets + i * message_size, message_size)};
    for (unsigned k = 0; k < DNS_HEADER_SIZE; k += 2)
        dns_wire_put_u16(&m.w, k == DNS_FLAGS_AT ? DNS_FLAG_QR : k == DNS_COUNTS_AT);
    put_name(&m, "zone");
    dns_wire_put_u16(&m.w, DNS_TYPE_AXFR);
    dns_wire_put_u16(&m.w, DNS_CLASS_IN);
    m.zone = compress ? ZONE : 0;
    while (!m.w.failed) {
        message_len[i] = m.w.at;
        dns_wire_set_u16_at(octets + i * message_size + DNS_COUNTS_AT + 2, (uint16_t)m.records);
        put(&m);
    }
}

static void make(void (*put)(struct maker *m), bool compress, size_t size)
{
    message_size = size;
    message_count = BATCH / size;
    for (size_t i = 0; i < message_count; i++)
        make_message(put, compress, i);
}

/* Seconds for a GB: of several rounds the fastest, since what disturbs only adds. */
static double measure(void)
{
    struct dns_xfr x = {.state = DNS_XFR_FULL, .qtype = DNS_TYPE_AXFR};
    double best = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        double passed = 0, began = cpu_seconds();
        for (size_t i = 0; passed < OCTETS; i = i + 1 < message_count ? i + 1 : 0) {
            const uint8_t *message = octets + i * message_size;
            struct dns_message m;
            must(dns_message_parse(message, message_len[i], &m) == 0, "dns_message_parse");
            must(dns_xfr_follow(&x, &m) == DNS_XFR_FULL, "dns_xfr_follow");
            passed += (double)message_len[i];
        }
        double took = (cpu_seconds() - began) * 1e9 / passed;
        if (round == 0 || took < best)
            best = took;
    }
    return best;
}

int main(void)
{
    static const size_t sizes[] = {512, 4096, 16384, DNS_MESSAGE_MAX};
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        make(put_addresses, true, sizes[i]);
        printf("AXFR, %5zu octets, addresses only: %6.3f s/GB\n", sizes[i], measure());
        make(put_host, true, sizes[i]);
        printf("AXFR, %5zu octets, many types:     %6.3f s/GB\n", sizes[i], measure());
        make(put_host, false, sizes[i]);
        printf("AXFR, %5zu octets, uncompressed:   %6.3f s/GB\n", sizes[i], measure());
    }
    return 0;
}

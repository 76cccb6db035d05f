/* A message is written anew in pieces: together they say what it said, in the same order and letter
 * case, and none is larger than it may be.
 *
 * Input: an octet, the kind of transfer; two octets, the limit; the message. */
#include "dns/split.h"

#include <stdlib.h>
#include <string.h>

#include "decode.h"
#include "fuzz.h"

#define SAID_MAX (1 << 20)

enum kind { FIRST = 1 << 0, IXFR = 1 << 1 };

/* Records by section, and the questions. */
struct said {
    struct decode d;
    struct dns_writer w[DNS_SECTIONS];
};

static uint8_t before_octets[DNS_SECTIONS][SAID_MAX], after_octets[DNS_SECTIONS][SAID_MAX];

static struct said said_nothing(uint8_t octets[DNS_SECTIONS][SAID_MAX])
{
    struct said said = {.d = {.failed = false}};

    for (int i = 0; i < DNS_SECTIONS; i++)
        said.w[i] = dns_wire_writer(octets[i], SAID_MAX);
    return said;
}

static void say(struct said *said, const struct dns_message *m)
{
    decode_questions(&said->d, m, &said->w[DNS_QUESTION]);
    for (enum dns_section s = DNS_ANSWER; s < DNS_SECTIONS; s++)
        decode_section(&said->d, m, s, &said->w[s]);
}

/* Names whole, so that anything compressed is smaller. */
static size_t size_of(const struct said *said, const struct dns_message *m)
{
    size_t size = DNS_HEADER_SIZE + m->opt_len;

    for (int i = 0; i < DNS_SECTIONS; i++)
        size += said->w[i].at;
    return size;
}

/* The question of the transfer: "example." AXFR or IXFR, of class IN. */
static struct dns_message question_of(unsigned kind)
{
    static uint8_t octets[] = "\0\1\0\0\0\1\0\0\0\0\0\0\7example\0\0\374\0\1";
    struct dns_message m;

    octets[sizeof(octets) - 4] = kind & IXFR ? DNS_TYPE_IXFR : DNS_TYPE_AXFR;
    FUZZ_CHECK(dns_message_parse(octets, sizeof(octets) - 1, &m) == 0);
    return m;
}

struct job {
    struct dns_message message;
    struct dns_message question;
    struct dns_split split;
    unsigned kind;
    uint16_t limit;
};

/* One piece, in memory of the limit's size. */
static int next_piece(struct job *job, bool first, struct said *after)
{
    uint8_t *octets = malloc(job->limit + 1U);
    struct dns_writer w;
    struct dns_message piece;
    const struct dns_message *m = &job->message;
    int more;

    FUZZ_CHECK(octets != NULL);
    w = dns_wire_writer(octets, job->limit);
    more = dns_split_next(&job->split, &w);
    if (more >= 0) {
        FUZZ_CHECK(w.at <= job->limit && dns_message_parse(octets, w.at, &piece) == 0);
        FUZZ_CHECK(piece.id == m->id && piece.flags == m->flags);
        FUZZ_CHECK(piece.opt_len == m->opt_len);
        FUZZ_CHECK(memcmp(octets + piece.opt_at, m->octets + m->opt_at, m->opt_len) == 0);
        if (first && job->kind == (FIRST | IXFR) && m->count[DNS_ANSWER] > 1)
            FUZZ_CHECK(piece.count[DNS_ANSWER] > 1);
        FUZZ_CHECK(first || piece.count[DNS_QUESTION] == 0);
        say(after, &piece);
        FUZZ_CHECK(!after->d.failed);
    }
    free(octets);
    return more;
}

static void check_same(const struct said *before, const struct said *after)
{
    for (int i = 0; i < DNS_SECTIONS; i++) {
        FUZZ_CHECK(!before->w[i].failed && before->w[i].at == after->w[i].at);
        FUZZ_CHECK(memcmp(before->w[i].octets, after->w[i].octets, before->w[i].at) == 0);
    }
}

static void split(struct job *job)
{
    struct said before = said_nothing(before_octets), after = said_nothing(after_octets);
    const struct dns_message *m = &job->message;
    bool has_question = m->count[DNS_QUESTION] > 0 || !(job->kind & FIRST);
    unsigned records =
        1U + m->count[DNS_ANSWER] + m->count[DNS_AUTHORITY] + m->count[DNS_ADDITIONAL];
    unsigned pieces = 0;
    int more;

    say(&before, m);
    if (!has_question)
        decode_questions(&before.d, &job->question, &before.w[DNS_QUESTION]);
    dns_split_init(&job->split, m, &job->question, job->limit, job->kind & FIRST);
    do {
        more = next_piece(job, pieces == 0, &after);
        FUZZ_CHECK(++pieces <= records);
    } while (more == 1);
    if (more == 0)
        check_same(&before, &after);
    else if (!before.d.failed)
        FUZZ_CHECK(more == DNS_EFORMAT || size_of(&before, m) > job->limit);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct dns_reader in = dns_wire_reader(octets, len);
    struct job job = {.kind = dns_wire_get_u8(&in) % 4};
    size_t size;
    uint8_t *copy;

    job.limit = dns_wire_get_u16(&in);
    job.question = question_of(job.kind);
    copy = fuzz_rest(&in, &size);
    if (dns_message_parse(copy, size, &job.message) == 0 && job.message.tsig_place == DNS_TSIG_NONE)
        split(&job);
    free(copy);
    return 0;
}

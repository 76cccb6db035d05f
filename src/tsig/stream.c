#include "tsig/stream.h"

int tsig_stream_init(struct tsig_stream *s, const struct tsig_mac *mac,
                     const struct tsig_chain *request)
{
    struct tsig_stream out = {.state = TSIG_STREAM_FIRST, .chain = *request};
    int error = tsig_mac_copy(&out.mac, mac);
    if (error == 0)
        *s = out;
    return error;
}

void tsig_stream_fini(struct tsig_stream *s)
{
    tsig_mac_fini(&s->mac);
}

static enum tsig_stream_state stream_take_unsigned(struct tsig_stream *s,
                                                   const struct dns_message *m)
{
    if (s->state == TSIG_STREAM_FIRST || s->unsigned_run == TSIG_STREAM_UNSIGNED_MAX)
        return TSIG_STREAM_FAILED;
    s->unsigned_run++;
    tsig_sign_digest_message(&s->mac, m->octets, m->len, m->id, m->count[DNS_ADDITIONAL]);
    return TSIG_STREAM_PENDING;
}

static enum tsig_stream_state stream_take_signed(struct tsig_stream *s, const struct dns_message *m,
                                                 const struct tsig_record *record,
                                                 struct tsig_clock clock)
{
    bool continued = s->chain.form == TSIG_FORM_CONTINUATION;
    uint64_t before = s->chain.time_signed;
    enum tsig_verdict verdict = tsig_verify_end(&s->mac, &s->chain, m, record, clock);
    /* Time is looked at before truncation, which is not forgiven with it. */
    if (continued && verdict == TSIG_VERDICT_BADTIME && record->time_signed < clock.seconds &&
        record->mac_len >= s->mac.key->minimum_mac) {
        s->aged = true;
        verdict = TSIG_VERIFIED;
    }
    if (verdict == TSIG_VERDICT_FAILED)
        return TSIG_STREAM_UNABLE;
    if (verdict != TSIG_VERIFIED || (continued && record->time_signed < before))
        return TSIG_STREAM_FAILED;
    s->unsigned_run = 0;
    return TSIG_STREAM_VERIFIED;
}

enum tsig_stream_state tsig_stream_verify(struct tsig_stream *s, const struct dns_message *m,
                                          const struct tsig_record *record, struct tsig_clock clock)
{
    if (s->state == TSIG_STREAM_FAILED || s->state == TSIG_STREAM_UNABLE)
        return s->state;
    if (s->state != TSIG_STREAM_PENDING)
        tsig_sign_digest_begin(&s->mac, &s->chain);
    s->state = record ? stream_take_signed(s, m, record, clock) : stream_take_unsigned(s, m);
    return s->state;
}

/* The linker leads calls of these functions of the library here (--wrap). Without a mutant each is
 * passed on as it is. */
#include <stdlib.h>

#include "dice.h"
#include "dns/notify.h"
#include "exchange/exchange.h"
#include "mutant.h"

#define WRAP_LEAKS 50 /* places in a thousand */

void __real_bell_ring(struct caller *caller);
void __wrap_bell_ring(struct caller *caller);
bool __real_dns_message_same_question(const struct dns_message *a, const struct dns_message *b);
bool __wrap_dns_message_same_question(const struct dns_message *a, const struct dns_message *b);
bool __real_dns_notify_write(const struct dns_message *m, struct dns_writer *w);
bool __wrap_dns_notify_write(const struct dns_message *m, struct dns_writer *w);
enum dns_xfr_state __real_dns_xfr_follow(struct dns_xfr *x, const struct dns_message *answer);
enum dns_xfr_state __wrap_dns_xfr_follow(struct dns_xfr *x, const struct dns_message *answer);
void __real_exchange_next(struct exchange *x, struct relay_time now, struct exchange_action *out);
void __wrap_exchange_next(struct exchange *x, struct relay_time now, struct exchange_action *out);
enum leg_verdict __real_leg_judge(struct leg *leg, const struct errand *errand, uint8_t *octets,
                                  size_t len, struct relay_time now, struct dns_message *m);
enum leg_verdict __wrap_leg_judge(struct leg *leg, const struct errand *errand, uint8_t *octets,
                                  size_t len, struct relay_time now, struct dns_message *m);
int __real_sleepers_tell(struct sleepers *s, const struct sleeper_tale *tale,
                         const struct dns_name *zone, uint64_t now);
int __wrap_sleepers_tell(struct sleepers *s, const struct sleeper_tale *tale,
                         const struct dns_name *zone, uint64_t now);
bool __real_slots_is_held(struct slot *slot);
bool __wrap_slots_is_held(struct slot *slot);
void __real_slots_release(struct slot *slot);
void __wrap_slots_release(struct slot *slot);
enum tsig_verdict __real_tsig_verify(struct tsig_mac *mac, struct tsig_chain *chain,
                                     const struct dns_message *m, const struct tsig_record *record,
                                     struct tsig_clock clock);
enum tsig_verdict __wrap_tsig_verify(struct tsig_mac *mac, struct tsig_chain *chain,
                                     const struct dns_message *m, const struct tsig_record *record,
                                     struct tsig_clock clock);

void __wrap_bell_ring(struct caller *caller)
{
    if (!mutant_is(FORGETS_WAITERS))
        __real_bell_ring(caller);
}

bool __wrap_dns_message_same_question(const struct dns_message *a, const struct dns_message *b)
{
    return mutant_is(BELIEVES_ANY_QUESTION) || __real_dns_message_same_question(a, b);
}

bool __wrap_dns_notify_write(const struct dns_message *m, struct dns_writer *w)
{
    if (!mutant_is(TELLS_ALL) || m->len > w->size)
        return __real_dns_notify_write(m, w);
    dns_wire_put_octets(w, m->octets, m->len);
    return true;
}

enum dns_xfr_state __wrap_dns_xfr_follow(struct dns_xfr *x, const struct dns_message *answer)
{
    enum dns_xfr_state state = __real_dns_xfr_follow(x, answer);
    if (mutant_is(ENDS_EARLY) && state != DNS_XFR_BROKEN && x->messages > 1)
        x->state = DNS_XFR_DONE;
    return x->state;
}

void __wrap_exchange_next(struct exchange *x, struct relay_time now, struct exchange_action *out)
{
    __real_exchange_next(x, now, out);
    if (mutant_is(CLOSES_SOFTLY) && out->type == ACTION_END && out->end == EXCHANGE_ABORTED)
        out->end = EXCHANGE_ANSWERED;
}

enum leg_verdict __wrap_leg_judge(struct leg *leg, const struct errand *errand, uint8_t *octets,
                                  size_t len, struct relay_time now, struct dns_message *m)
{
    enum leg_verdict verdict = __real_leg_judge(leg, errand, octets, len, now, m);
    return mutant_is(RELAYS_BEFORE_MAC) && verdict == LEG_PENDING ? LEG_GOOD : verdict;
}

int __wrap_sleepers_tell(struct sleepers *s, const struct sleeper_tale *tale,
                         const struct dns_name *zone, uint64_t now)
{
    return mutant_is(FORGETS_SLEEPERS) ? 0 : __real_sleepers_tell(s, tale, zone, now);
}

bool __wrap_slots_is_held(struct slot *slot)
{
    return __real_slots_is_held(slot) || mutant_is(TOO_MANY_CONNECTIONS);
}

void __wrap_slots_release(struct slot *slot)
{
    if (!mutant_is(LEAKS_PLACES) || !dice_chance(WRAP_LEAKS))
        __real_slots_release(slot);
}

enum tsig_verdict __wrap_tsig_verify(struct tsig_mac *mac, struct tsig_chain *chain,
                                     const struct dns_message *m, const struct tsig_record *record,
                                     struct tsig_clock clock)
{
    enum tsig_verdict verdict = __real_tsig_verify(mac, chain, m, record, clock);
    int64_t apart = (int64_t)(clock.seconds - record->time_signed);
    bool off = apart > record->fudge || apart < -(int64_t)record->fudge;
    if (verdict != TSIG_VERDICT_BADSIG)
        return verdict;
    if (mutant_is(SIGNS_UNVERIFIED) || (mutant_is(TIME_BEFORE_MAC) && off))
        tsig_chain_advance(chain, record->mac, record->mac_len, record->time_signed);
    if (mutant_is(TIME_BEFORE_MAC) && off)
        return TSIG_VERDICT_BADTIME;
    return mutant_is(SIGNS_UNVERIFIED) ? TSIG_VERIFIED : verdict;
}

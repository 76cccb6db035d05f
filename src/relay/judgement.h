/* Private to policy.c and proof.c: one judgement under way. Every step returns true when the
 * judgement goes on; otherwise the verdict is complete. */
#ifndef RELAY_JUDGEMENT_H
#define RELAY_JUDGEMENT_H

#include "relay/verdict.h"

struct judgement {
    struct relay *relay;
    const struct relay_request *request;
    struct policy_verdict *verdict;
    bool exempt;              /* an ordinary question that needs no permission */
    bool observed;            /* it goes on only because of mode = observe */
    bool has_zone;            /* the client, if it is a secondary */
    const struct peer *named; /* the server that the local address stands for, if any */
};

/* Ends of a judgement, reported. All return false. */
bool judgement_answer(struct judgement *j, uint16_t rcode, int ede, const char *reason);
bool judgement_form_error(struct judgement *j, enum relay_result result);
/* `advice` may be NULL, where the result says enough. */
bool judgement_refuse(struct judgement *j, int ede, enum relay_result result, const char *advice);
bool judgement_drop(struct judgement *j);

/* Completes the event with what is known of the request, and reports it. */
void judgement_report(struct judgement *j, struct relay_event event);

#endif

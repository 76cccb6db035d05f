#include "judgement.h"

#include "dns/opt.h"

bool judgement_answer(struct judgement *j, uint16_t rcode, int ede, const char *reason)
{
    j->verdict->decision = POLICY_ANSWER;
    j->verdict->answer.rcode = rcode;
    j->verdict->answer.ede = ede;
    j->verdict->answer.reason = reason;
    return false;
}

void judgement_report(struct judgement *j, struct relay_event event)
{
    const struct policy_verdict *v = j->verdict;
    event.peer = event.client = v->client.peer;
    event.server = v->server_count == 1 ? v->servers[0] : NULL;
    event.address = &j->request->from;
    event.local = &j->request->to;
    event.transport = j->request->transport;
    event.opcode = dns_message_opcode(&v->message);
    event.qtype = v->message.qtype;
    event.zone = v->message.qname.len ? &v->message.qname : NULL;
    event.has_rcode = v->decision == POLICY_ANSWER;
    event.rcode = v->answer.rcode;
    event.tsig_error = v->answer.tsig_error;
    relay_report(j->relay, &event);
}

bool judgement_refuse(struct judgement *j, int ede, enum relay_result result, const char *advice)
{
    judgement_answer(j, DNS_RCODE_REFUSED, ede, report_result_word(result));
    judgement_report(j, (struct relay_event){.type = EVENT_REFUSED,
                                             .key = j->verdict->client.key,
                                             .result = result,
                                             .advice = advice});
    return false;
}

bool judgement_form_error(struct judgement *j, enum relay_result result)
{
    judgement_answer(j, DNS_RCODE_FORMERR, DNS_EDE_NONE, NULL);
    judgement_report(j, (struct relay_event){.type = EVENT_REFUSED, .result = result});
    return false;
}

bool judgement_drop(struct judgement *j)
{
    j->verdict->decision = POLICY_DROP;
    judgement_report(j, (struct relay_event){.type = EVENT_IGNORED, .result = RESULT_JUNK});
    return false;
}

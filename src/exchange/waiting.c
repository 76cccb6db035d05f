#include "exchange/waiting.h"

#include <stdlib.h>

/* On top of `answer-timeout`, which may be as short as the second that sleepers are waited for. */
#define WAITING_SPARE_MS 1000

/* Does one of them list the zone by name, or has it asked for it? */
static bool waiting_is_known(const struct errand *errand, const struct policy_verdict *verdict)
{
    const struct dns_name *zone = &errand->request.qname;
    for (size_t i = 0; i < verdict->server_count; i++)
        if (peer_lists_zone(verdict->servers[i], zone) ||
            sleepers_has_asked(errand->relay->desk->memory->sleepers, verdict->servers[i]->number,
                               zone))
            return true;
    return false;
}

int waiting_begin(struct notice_waiter **waiter, const struct errand *errand,
                  const struct policy_verdict *verdict, struct relay_time now)
{
    struct relay *relay = errand->relay;
    const struct notice_arrival arrival = {
        .primary = errand->client.peer,
        .message = &errand->request,
        .from = &errand->client.from,
        .transport = errand->client.transport,
        .secondaries = verdict->servers,
        .secondary_count = verdict->server_count,
        .known = waiting_is_known(errand, verdict),
        .now = now.ms,
    };
    struct notice_waiter *w = calloc(1, sizeof *w);
    if (!w)
        return DNS_EMEMORY;
    w->caller.bell = &relay->desk->bell;
    recent_notified(&relay->desk->memory->recent, &errand->request.qname, &errand->client.from,
                    now.ms);
    int error = notices_join(relay->desk->memory->notices, &arrival, w);
    if (error == 0) {
        *waiter = w;
        return 0;
    }
    free(w);
    if (error == DNS_ESPACE)
        errand_report(errand,
                      (struct relay_event){.type = EVENT_LIMIT, .result = RESULT_TOO_MANY_NOTIFIES},
                      now);
    return error;
}

void waiting_end(struct notice_waiter **waiter)
{
    if (!*waiter)
        return;
    notices_leave(*waiter);
    free(*waiter);
    *waiter = NULL;
}

uint64_t waiting_deadline(const struct errand *errand)
{
    /* One that began at once says so itself when its time is up. */
    return errand->began + 1000ull * errand->relay->config->proxy.answer_timeout + WAITING_SPARE_MS;
}

void waiting_note_asked(const struct errand *errand)
{
    const struct client *client = &errand->client;
    bool asks = errand->operation == PEER_SOA || errand_is_transfer(errand);
    /* Over UDP a source without a key may be forged. */
    bool proven = client->key || client->transport == RELAY_TCP;
    if (asks && proven && client->peer->role == PEER_SECONDARY)
        sleepers_asked(errand->relay->desk->memory->sleepers, client->peer->number,
                       &errand->request.qname, errand->began);
}

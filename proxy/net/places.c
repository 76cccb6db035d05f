/* Four queues of connections, so that who has to make room is found from the front: the longest
 * idle, or the oldest. Waiters are asked again whenever something was given back by this worker,
 * and every few milliseconds, for what others gave back. */
#include "net/places.h"

#include <errno.h>

#include "relay/who.h"

/* Descriptors for what is no exchange: standard streams, files that are read, administration, what
 * a reload opens before the old is closed. */
#define PLACES_ASIDE 40
/* A loop's own, and the one in reserve. */
#define PLACES_ASIDE_WORKER 6
/* Two sockets, and a connection that waits to be taken. */
#define PLACES_ASIDE_PORT 3

#define PLACES_AGAIN_MS 3
#define PLACES_LOOK_MS  200

static unsigned places_between(unsigned number, unsigned least, unsigned most)
{
    if (number < least)
        return least;
    return number < most ? number : most;
}

void places_lay_out(struct shares *shares, const struct places_supply *supply)
{
    unsigned aside = PLACES_ASIDE + supply->ports * PLACES_ASIDE_PORT +
                     supply->workers * (PLACES_ASIDE_WORKER + supply->greetings);
    unsigned left = supply->descriptors > aside ? supply->descriptors - aside : 0;
    unsigned connections = places_between(left / 3, PLACES_LEAST, PLACES_CONNECTIONS_MOST);
    unsigned rest = left > connections ? left - connections : 0;
    shares_set_places(shares, SHARES_CONNECTIONS, connections);
    shares_set_places(shares, SHARES_SOCKETS,
                      places_between(rest, PLACES_LEAST, PLACES_SOCKETS_MOST));
}

static struct shares *places_shares(const struct engine *engine)
{
    return engine->desk->memory->shares;
}

struct shares_owner places_host(const struct engine *engine, const struct address *from,
                                size_t *limit)
{
    struct who_host host = who_is_at(engine->relay->config, from);
    *limit = !host.peer || (host.is_signed && !host.updates) ? PLACES_SMALL : 0;
    if (!host.peer)
        return (struct shares_owner){SHARES_STRANGER, 0};
    return (struct shares_owner){host.is_signed ? SHARES_UNPROVEN : SHARES_PEER, host.peer->number};
}

static void places_report(const struct engine *engine, const struct place *place,
                          enum relay_result limit)
{
    struct shares_owner holder = place->holder;
    bool known =
        holder.standing != SHARES_STRANGER && holder.number < engine->relay->config->peer_numbers;
    engine_report_limit(engine, limit, known ? engine->relay->peers[holder.number] : NULL,
                        place->from, RELAY_TCP);
}

/* Where a place is while nothing is asked. */
static enum place_queue places_queue_of(struct shares_owner holder)
{
    static const enum place_queue places_queues[] = {
        [SHARES_STRANGER] = PLACE_STRANGERS,
        [SHARES_UNPROVEN] = PLACE_UNPROVEN,
        [SHARES_PEER] = PLACE_IDLE,
    };
    return places_queues[holder.standing];
}

static void places_move(struct engine *engine, struct place *place, enum place_queue queue)
{
    struct places *places = engine->places;
    if (place->queue != PLACE_NOWHERE)
        TAILQ_REMOVE(&places->queues[place->queue], place, entry);
    if (queue != PLACE_NOWHERE)
        TAILQ_INSERT_TAIL(&places->queues[queue], place, entry);
    place->queue = queue;
}

/* Making room. */

/* What a holder's connection has received and nobody has read yet may be a question: it is spared
 * until all sockets have been looked at. One whose message was no good has had its chance. */
static bool places_yields(const struct engine *engine, struct place *place)
{
    bool unproven = place->holder.standing == SHARES_UNPROVEN;
    bool read = place->spared > 0 && engine->places->round >= place->spared + 2;
    if (!place->on_yield(place->owner, read || (unproven && place->heard))) {
        if (place->spared == 0)
            place->spared = engine->places->round;
        return false;
    }
    /* Its memory stays until the loop's next turn. */
    places_report(engine, place, unproven ? RESULT_TOO_MANY_UNPROVEN : RESULT_MADE_ROOM);
    return true;
}

static bool places_evict(struct engine *engine, struct shares_owner holder, bool heard)
{
    struct place_queue_head *queue = &engine->places->queues[places_queue_of(holder)];
    for (struct place *p = TAILQ_FIRST(queue), *next; p; p = next) {
        next = TAILQ_NEXT(p, entry);
        bool fits = shares_same(p->holder, holder) &&
                    (holder.standing != SHARES_UNPROVEN || p->heard == heard);
        if (fits && places_yields(engine, p))
            return true;
    }
    return false;
}

/* Of those that have proven nothing first who has tried. */
static bool places_evict_own(struct engine *engine, struct shares_owner holder)
{
    return places_evict(engine, holder, true) || places_evict(engine, holder, false);
}

static bool places_make_room(struct engine *engine, struct shares_owner holder,
                             enum shares_verdict verdict)
{
    struct shares_owner debtor;
    if (holder.standing == SHARES_STRANGER)
        return false;
    if (verdict == SHARES_OVER)
        return places_evict_own(engine, holder);
    return shares_find_debtor(places_shares(engine), SHARES_CONNECTIONS, &holder.number, &debtor) &&
           places_evict(engine, debtor, false);
}

static bool places_has(const struct engine *engine, struct shares_owner holder)
{
    const struct place *p = TAILQ_FIRST(&engine->places->queues[places_queue_of(holder)]);
    while (p && !shares_same(p->holder, holder))
        p = TAILQ_NEXT(p, entry);
    return p;
}

/* L1: those above their share may hold what nobody wants; that the last tenth is not whole says
 * that somebody does. */
static void on_look(uv_timer_t *timer)
{
    struct engine *engine = timer->data;
    struct shares *shares = places_shares(engine);
    struct shares_owner debtor;
    unsigned lacking = shares_lacking(shares, SHARES_CONNECTIONS);
    if (engine->session_count == 0)
        uv_timer_stop(timer);
    while (lacking > 0 && shares_find_debtor(shares, SHARES_CONNECTIONS, NULL, &debtor) &&
           places_evict(engine, debtor, false))
        lacking--;
}

static void places_watch(struct places *places)
{
    if (!uv_is_active((uv_handle_t *)&places->look))
        uv_timer_start(&places->look, on_look, PLACES_LOOK_MS, PLACES_LOOK_MS);
}

/* Of what has not verified there may be more for a moment. Those that were spared will be read
 * next, and others, who stand behind this one, need not wait for that where there is room; and
 * other workers may hold all that the address may have, so that none of it is here. */
static bool places_exceed(struct engine *engine, struct shares_owner holder)
{
    struct shares *shares = places_shares(engine);
    return (shares_are_ample(shares, SHARES_CONNECTIONS) || !places_has(engine, holder)) &&
           shares_take_any(shares, SHARES_CONNECTIONS, holder);
}

static enum shares_verdict places_take(struct engine *engine, struct shares_owner holder)
{
    struct shares *shares = places_shares(engine);
    enum shares_verdict verdict = shares_take(shares, SHARES_CONNECTIONS, holder);
    while (verdict != SHARES_GRANTED && places_make_room(engine, holder, verdict))
        verdict = shares_take(shares, SHARES_CONNECTIONS, holder);
    bool exceeds = verdict == SHARES_OVER && holder.standing == SHARES_UNPROVEN &&
                   places_exceed(engine, holder);
    return exceeds ? SHARES_GRANTED : verdict;
}

enum place_answer place_enter(struct engine *engine, struct place *place)
{
    struct shares_owner holder = place->holder;
    enum shares_verdict verdict = places_take(engine, holder);
    if (verdict == SHARES_NONE && !engine->places->full)
        places_report(engine, place, RESULT_NO_PLACE);
    engine->places->full = verdict == SHARES_NONE;
    if (verdict == SHARES_GRANTED) {
        places_move(engine, place, places_queue_of(holder));
        places_watch(engine->places);
        return PLACE_TAKEN;
    }
    if (verdict == SHARES_NONE || holder.standing == SHARES_UNPROVEN)
        return PLACE_LATER;
    places_report(engine, place,
                  holder.standing == SHARES_STRANGER ? RESULT_TOO_MANY_STRANGERS
                                                     : RESULT_TOO_MANY_CONNECTIONS);
    return PLACE_REFUSED;
}

void place_leave(struct engine *engine, struct place *place)
{
    places_move(engine, place, PLACE_NOWHERE);
    shares_give(places_shares(engine), SHARES_CONNECTIONS, place->holder);
    engine_made_room(engine);
}

static bool places_become(struct engine *engine, struct place *place, struct shares_owner to)
{
    struct shares *shares = places_shares(engine);
    enum shares_verdict verdict = shares_move(shares, SHARES_CONNECTIONS, place->holder, to);
    if (verdict != SHARES_GRANTED && places_evict(engine, to, false))
        verdict = shares_move(shares, SHARES_CONNECTIONS, place->holder, to);
    if (verdict != SHARES_GRANTED)
        return false;
    places_move(engine, place, PLACE_NOWHERE);
    place->holder = to;
    engine_made_room(engine);
    return true;
}

int place_prove(struct engine *engine, struct place *place, const struct policy_verdict *verdict)
{
    const struct peer *peer = verdict->client.peer;
    if (!peer || !(verdict->client.key || verdict->decision == POLICY_FORWARD))
        return 0;
    struct shares_owner to = {SHARES_PEER, peer->number};
    /* Of two peers at one address it may go on as the other. */
    if (shares_same(place->holder, to) || places_become(engine, place, to) ||
        place->holder.standing == SHARES_PEER)
        return 0;
    places_report(engine, place, RESULT_TOO_MANY_CONNECTIONS);
    return -EAGAIN;
}

void place_judge(struct engine *engine, struct place *place, struct shares_owner host)
{
    bool unproven = host.standing == SHARES_UNPROVEN;
    if (shares_same(place->holder, host) || (unproven && place->holder.standing == SHARES_PEER))
        return;
    shares_pass(places_shares(engine), SHARES_CONNECTIONS, place->holder, host);
    place->holder = host;
    /* A peer's that is busy is in no queue, and a stranger's never is. */
    if (place->queue != PLACE_NOWHERE || host.standing != SHARES_PEER)
        places_move(engine, place, places_queue_of(host));
}

void place_rest(struct engine *engine, struct place *place)
{
    place->spared = 0;
    if (place->holder.standing == SHARES_PEER)
        places_move(engine, place, PLACE_IDLE);
}

void place_work(struct engine *engine, struct place *place)
{
    if (place->queue == PLACE_IDLE)
        places_move(engine, place, PLACE_NOWHERE);
}

/* Waiting. */

static void places_again(struct engine *engine)
{
    if (engine->waiting > 0 && !uv_is_active((uv_handle_t *)&engine->freed))
        uv_timer_start(&engine->freed, engine->on_freed, PLACES_AGAIN_MS, 0);
}

void places_wait(struct engine *engine, struct waiter *waiter)
{
    if (waiter->waits)
        return;
    waiter->waits = true;
    engine->waiting++;
    TAILQ_INSERT_TAIL(&engine->places->waiters, waiter, entry);
    places_again(engine);
}

void places_forget(struct engine *engine, struct waiter *waiter)
{
    if (!waiter->waits)
        return;
    waiter->waits = false;
    engine->waiting--;
    TAILQ_REMOVE(&engine->places->waiters, waiter, entry);
}

/* A connection that waits may have others make room for it, so it always tries. */
static bool places_is_due(const struct engine *engine, const struct waiter *w)
{
    return w->kind == SHARES_CONNECTIONS ||
           shares_look(places_shares(engine), w->kind, w->holder) == SHARES_GRANTED;
}

/* Each in turn once, since who has his turn may have to wait again. */
static void on_freed(uv_timer_t *timer)
{
    struct engine *engine = timer->data;
    struct waiters *waiters = &engine->places->waiters;
    struct waiter *last = TAILQ_LAST(waiters, waiters);
    for (struct waiter *w = TAILQ_FIRST(waiters), *next; w; w = next) {
        next = w == last ? NULL : TAILQ_NEXT(w, entry);
        if (!places_is_due(engine, w))
            continue;
        places_forget(engine, w);
        w->on_turn(w->owner);
    }
    places_again(engine);
}

static void on_turn(uv_prepare_t *turn)
{
    struct engine *engine = turn->data;
    engine->places->round++;
}

void places_init(struct places *places, struct engine *engine)
{
    engine->places = places;
    places->round = 1;
    uv_prepare_init(engine->loop, &places->turn);
    uv_prepare_start(&places->turn, on_turn);
    uv_unref((uv_handle_t *)&places->turn);
    for (unsigned i = 0; i < PLACE_QUEUES; i++)
        TAILQ_INIT(&places->queues[i]);
    TAILQ_INIT(&places->waiters);
    engine->on_freed = on_freed;
    uv_timer_init(engine->loop, &engine->freed);
    uv_timer_init(engine->loop, &places->look);
    engine->freed.data = places->look.data = places->turn.data = engine;
    uv_unref((uv_handle_t *)&engine->freed);
    uv_unref((uv_handle_t *)&places->look);
}

void places_close(struct engine *engine)
{
    uv_close((uv_handle_t *)&engine->freed, NULL);
    uv_close((uv_handle_t *)&engine->places->look, NULL);
    uv_close((uv_handle_t *)&engine->places->turn, NULL);
}

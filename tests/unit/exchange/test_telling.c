/* What has its turn while a reload comes to one worker after another. */
#include "exchange/telling.h"

#include <criterion/criterion.h>

#include "exchange/world.h"

static void init(void)
{
    world_open(WORLD_CONFIG);
}

TestSuite(exchange_telling, .init = init, .fini = world_close);

/* Who has its turn may be a peer that only the workers before this one know as yet. */
Test(exchange_telling, a_primary_that_is_new_to_this_worker_is_none)
{
    const struct peer newcomer = {.number = config_fixture->peer_numbers + 1};
    const struct address from = world_address(WORLD_PRIMARY);
    struct support_message request;
    struct notice_waiter waiter = {.caller.bell = &world.desk->bell};
    struct telling_order order;
    unsigned rcode;
    cr_assert_eq(memory_reserve(world.memory, newcomer.number + 1), 0);
    notices_set_rate(world.memory->notices, newcomer.number, 200);
    support_header(&request, 1, DNS_OPCODE_NOTIFY << 11 | DNS_FLAG_AA);
    support_question(&request, "example.com", DNS_TYPE_SOA);
    struct dns_message message = support_parse(&request);
    const struct notice_arrival arrival = {.primary = &newcomer,
                                           .message = &message,
                                           .from = &from,
                                           .known = true,
                                           .now = world.now.ms};
    cr_assert_eq(notices_join(world.memory->notices, &arrival, &waiter), 0);
    cr_assert(telling_next(world.relay, world.now, &order));
    cr_expect_null(order.primary);
    telling_refuse(world.relay, &order);
    cr_expect_eq(notices_look(&waiter, &rcode), NOTICE_UNANSWERED);
    notices_leave(&waiter);
}

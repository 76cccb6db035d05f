/* A connection that cannot be had costs that one alone. */
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "end.h"
#include "memory.h"

TestSuite(accept, .init = fixture_open, .fini = fixture_close, .timeout = 20);

static struct end client, others[3 * ACCEPTOR_BURST];
static struct support_message query, got;

static void begin(void)
{
    fixture_start(FIXTURE_PEERS, 9u);
    support_header(&query, 1, 2 << 11); /* STATUS: NOTIMP, whoever asks */
}

static void expect_served(struct end *e)
{
    end_send(e, &query);
    end_receive(e, &got);
    cr_assert_eq(dns_wire_u16_at(got.octets + DNS_FLAGS_AT) & DNS_MASK_RCODE, DNS_RCODE_NOTIMP);
}

Test(accept, without_memory_loses_one_connection_and_goes_on)
{
    begin();
    memory_begin(MEMORY_ONCE, 1);
    end_connect(&client, &fixture.ipv4, 0);
    cr_assert_eq(end_await_close(&client), ECONNRESET);
    cr_assert_eq(memory_end(), 1);
    cr_assert_eq(fixture_reported(EVENT_LIMIT, RESULT_NO_MEMORY), 1);
    end_connect(&client, &fixture.ipv4, 0);
    expect_served(&client);
}

Test(accept, without_memory_for_long_goes_on_afterwards)
{
    begin();
    memory_begin(MEMORY_FOR_GOOD, 1);
    for (int i = 0; i < 5; i++) {
        end_connect(&client, &fixture.ipv4, 0);
        cr_assert_eq(end_await_close(&client), ECONNRESET);
    }
    cr_assert_eq(memory_end(), 5);
    end_connect(&client, &fixture.ipv4, 0);
    expect_served(&client);
}

/* No descriptor is left but `left`; returns the limit before. */
static struct rlimit leave_descriptors(unsigned left)
{
    struct rlimit before, now;
    int next = fcntl(STDIN_FILENO, F_DUPFD, 0);
    close(next);
    getrlimit(RLIMIT_NOFILE, &before);
    now = before;
    now.rlim_cur = (rlim_t)next + left;
    setrlimit(RLIMIT_NOFILE, &now);
    return before;
}

Test(accept, without_descriptors_loses_one_connection_and_goes_on)
{
    begin();
    struct rlimit before = leave_descriptors(1); /* the client's end */
    end_connect(&client, &fixture.ipv4, 0);
    cr_assert_eq(end_await_close(&client), ECONNRESET);
    cr_assert_eq(fixture_reported(EVENT_LIMIT, RESULT_ACCEPT_FAILED), 1);
    setrlimit(RLIMIT_NOFILE, &before);
    end_connect(&client, &fixture.ipv4, 0);
    expect_served(&client);
}

/* What was turned away is not tried again and again. */
Test(accept, without_descriptors_leaves_the_loop_at_rest)
{
    struct rusage began, ended;
    begin();
    struct rlimit before = leave_descriptors(1);
    end_connect(&client, &fixture.ipv4, 0);
    cr_assert_eq(end_await_close(&client), ECONNRESET);
    getrusage(RUSAGE_THREAD, &began);
    uint64_t since = uv_hrtime();
    UNTIL(fixture_passed(since, 300));
    getrusage(RUSAGE_THREAD, &ended);
    cr_assert_eq(fixture_reported(EVENT_LIMIT, RESULT_ACCEPT_FAILED), 1);
    setrlimit(RLIMIT_NOFILE, &before);
    long spent = (ended.ru_utime.tv_sec - began.ru_utime.tv_sec) * 1000000 +
                 ended.ru_utime.tv_usec - began.ru_utime.tv_usec;
    cr_assert_lt(spent, 150000, "%ld us", spent);
}

Test(accept, many_at_once_are_all_taken)
{
    begin();
    for (unsigned i = 0; i < sizeof others / sizeof *others; i++)
        end_connect(&others[i], i % 2 ? &fixture.ipv4 : &fixture.ipv6, 0);
    for (unsigned i = 0; i < sizeof others / sizeof *others; i++)
        expect_served(&others[i]);
}

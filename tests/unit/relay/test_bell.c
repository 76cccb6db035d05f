#include "relay/bell.h"

#include <criterion/criterion.h>
#include <pthread.h>

static struct bell bell;
static unsigned rings;

static void on_ring(void *arg)
{
    (void)arg;
    rings++;
}

static void init(void)
{
    rings = 0;
    bell_init(&bell, on_ring, NULL);
}

static void fini(void)
{
    bell_fini(&bell);
}

TestSuite(relay_bell, .init = init, .fini = fini);

Test(relay_bell, gives_whom_it_rang_for_once_and_in_turn)
{
    struct caller a = {.bell = &bell}, b = {.bell = &bell};
    cr_expect_null(bell_next(&bell));
    bell_ring(&b);
    bell_ring(&a);
    bell_ring(&b);
    cr_expect_eq(rings, 2);
    cr_expect_eq(bell_next(&bell), &b);
    cr_expect_eq(bell_next(&bell), &a);
    cr_expect_null(bell_next(&bell));
    bell_ring(&b);
    cr_expect_eq(bell_next(&bell), &b, "news again");
}

Test(relay_bell, gives_nobody_who_has_left)
{
    struct caller a = {.bell = &bell}, never = {0};
    bell_ring(&a);
    bell_leave(&a);
    cr_expect_null(bell_next(&bell));
    bell_leave(&a);
    bell_ring(&never);
    bell_leave(&never);
}

#define CALLERS 100

static void *ring_all(void *arg)
{
    struct caller *callers = arg;
    for (unsigned i = 0; i < 1000 * CALLERS; i++)
        bell_ring(&callers[i % CALLERS]);
    return NULL;
}

Test(relay_bell, rings_from_another_thread)
{
    static struct caller callers[CALLERS];
    pthread_t thread;
    unsigned given = 0;
    for (unsigned i = 0; i < CALLERS; i++)
        callers[i] = (struct caller){.bell = &bell};
    pthread_create(&thread, NULL, ring_all, callers);
    while (given < CALLERS)
        given += bell_next(&bell) ? 1 : 0;
    pthread_join(thread, NULL);
    while (bell_next(&bell))
        given++;
    cr_expect_eq(given, rings);
}

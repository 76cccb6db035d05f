/* Numbers that threads change without meeting. */
#include "admin/counts.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>

enum { THREADS = 4, ROUNDS = 20000, IDS = 1000 };

static struct counts *counts;

static void init(void)
{
    counts = counts_new();
    cr_assert_not_null(counts);
}

static void fini(void)
{
    counts_free(counts);
}

TestSuite(counts, .init = init, .fini = fini, .timeout = 60);

static uint64_t value_of(uint64_t id)
{
    size_t count;
    uint64_t value = 0;
    struct counts_item *items = counts_read(counts, &count);
    for (size_t i = 0; i < count; i++)
        if (items[i].id == id)
            value = items[i].value;
    free(items);
    return value;
}

static void *add_many(void *arg)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        counts_add(counts, 1 + i % IDS, 1);
        counts_set(counts, COUNTS_LATEST | 5, i);
    }
    return arg;
}

static void *read_many(void *arg)
{
    uint64_t last = 0;
    for (unsigned i = 0; i < 200; i++) {
        uint64_t now = value_of(7);
        cr_assert_geq(now, last, "a count never falls");
        last = now;
    }
    return arg;
}

Test(counts, all_threads_add_to_one_number)
{
    pthread_t threads[THREADS], reader;
    cr_assert_eq(pthread_create(&reader, NULL, read_many, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, add_many, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    pthread_join(reader, NULL);
    for (uint64_t id = 1; id <= IDS; id++)
        cr_assert_eq(value_of(id), THREADS * ROUNDS / IDS);
    cr_expect_eq(value_of(COUNTS_LATEST | 5), ROUNDS - 1);
}

/* What is read is in the order of ids, each once. */
Test(counts, numbers_come_in_order)
{
    size_t count;
    for (uint64_t i = 0; i < 5000; i++)
        counts_add(counts, 1 + i * 7919 % 5000, 2);
    struct counts_item *items = counts_read(counts, &count);
    cr_assert_eq(count, 5000);
    for (size_t i = 0; i < count; i++)
        cr_assert(items[i].id == i + 1 && items[i].value == 2);
    free(items);
}

/* A reload that changes the number of workers again and again does not add parts: a thread that
 * ends leaves its own to the next. */
Test(counts, a_thread_that_has_ended_leaves_its_part_to_others)
{
    pthread_t thread;
    for (unsigned i = 0; i < 50; i++) {
        cr_assert_eq(pthread_create(&thread, NULL, add_many, NULL), 0);
        pthread_join(thread, NULL);
    }
    cr_expect_eq(value_of(3), 50 * ROUNDS / IDS);
}

Test(counts, nobody_has_counted_anything)
{
    size_t count = 1;
    cr_expect_null(counts_read(counts, &count));
    cr_expect_eq(count, 0);
}

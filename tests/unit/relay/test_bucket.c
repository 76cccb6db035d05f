#include "relay/bucket.h"

#include <criterion/criterion.h>

TestSuite(relay_bucket);

Test(relay_bucket, a_new_one_holds_what_comes_in_a_second)
{
    struct bucket b = {0};
    for (int i = 0; i < 5; i++)
        cr_expect(bucket_take(&b, 5, 0), "%d", i);
    cr_expect_not(bucket_take(&b, 5, 0));
    cr_expect_eq(bucket_wait(&b, 5, 0), 200);
}

Test(relay_bucket, tokens_come_back_evenly)
{
    struct bucket b = {0};
    for (int i = 0; i < 5; i++)
        cr_assert(bucket_take(&b, 5, 1000));
    cr_expect_not(bucket_take(&b, 5, 1199));
    cr_expect_eq(bucket_wait(&b, 5, 1199), 1);
    cr_expect(bucket_take(&b, 5, 1200));
    cr_expect_not(bucket_take(&b, 5, 1200));
}

Test(relay_bucket, none_are_saved_up)
{
    struct bucket b = {0};
    cr_assert(bucket_take(&b, 2, 0));
    cr_expect(bucket_take(&b, 2, 1000000));
    cr_expect(bucket_take(&b, 2, 1000000));
    cr_expect_not(bucket_take(&b, 2, 1000000));
    cr_expect_eq(bucket_wait(&b, 2, 1000000), 500);
}

Test(relay_bucket, high_rates_are_exact)
{
    struct bucket b = {0};
    unsigned taken = 0;
    for (uint64_t ms = 0; ms < 10000; ms++)
        while (bucket_take(&b, 1000000, ms))
            taken++;
    cr_expect_eq(taken, 1000000 + 9999 * 1000);
}

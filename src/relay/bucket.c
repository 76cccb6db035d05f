#include "relay/bucket.h"

#define BUCKET_TOKEN 1000u

static uint64_t bucket_spent(const struct bucket *b, unsigned rate, uint64_t now)
{
    uint64_t since = now > b->looked ? now - b->looked : 0;
    /* After a second all are back; and the product stays small. */
    if (since >= 1000 || since * rate >= b->spent)
        return 0;
    return b->spent - since * rate;
}

bool bucket_take(struct bucket *b, unsigned rate, uint64_t now)
{
    uint64_t spent = bucket_spent(b, rate, now) + BUCKET_TOKEN;
    if (spent > (uint64_t)BUCKET_TOKEN * rate)
        return false;
    *b = (struct bucket){.spent = spent, .looked = now > b->looked ? now : b->looked};
    return true;
}

uint64_t bucket_wait(const struct bucket *b, unsigned rate, uint64_t now)
{
    uint64_t spent = bucket_spent(b, rate, now) + BUCKET_TOKEN;
    uint64_t room = (uint64_t)BUCKET_TOKEN * rate;
    return spent <= room ? 0 : (spent - room + rate - 1) / rate;
}

#include "story.h"

#include <criterion/criterion.h>
#include <criterion/logging.h>
#include <openssl/crypto.h>

/* No story has so many allocations. */
#define STORY_RUNS_MAX 5000

static void story_open(const struct story *story)
{
    if (story->open)
        story->open(story->arg);
}

static void story_close(const struct story *story)
{
    if (story->close)
        story->close(story->arg);
    /* The errors that OpenSSL keeps are no leak. */
    OPENSSL_thread_stop();
}

/* Returns whether there was an nth allocation. */
static bool story_tell_once(const struct story *story, enum memory_shortage shortage, unsigned nth)
{
    long before = memory_live();
    story_open(story);
    memory_begin(shortage, nth);
    enum story_end end = story->run(story->arg);
    unsigned refused = memory_end();
    if (refused == 0)
        cr_assert_eq(end, STORY_WHOLE, "short of nothing, the story is not whole");
    cr_assert_eq(story->run(story->arg), STORY_WHOLE,
                 "memory is there again after allocation %u was refused, and the story fails", nth);
    story_close(story);
    cr_assert_eq(memory_live(), before, "allocation %u was refused, and %ld blocks are left", nth,
                 memory_live() - before);
    return refused > 0;
}

static unsigned story_tell_until_whole(const struct story *story, enum memory_shortage shortage)
{
    unsigned nth = 1;
    while (nth < STORY_RUNS_MAX && story_tell_once(story, shortage, nth))
        nth++;
    cr_assert_lt(nth, STORY_RUNS_MAX, "the story has no end");
    return nth;
}

void story_tell(const struct story *story)
{
    /* What is allocated once for the whole program (OpenSSL's tables) comes first. */
    story_open(story);
    cr_assert_eq(story->run(story->arg), STORY_WHOLE, "the story fails with all the memory");
    story_close(story);
    unsigned once = story_tell_until_whole(story, MEMORY_ONCE);
    unsigned for_good = story_tell_until_whole(story, MEMORY_FOR_GOOD);
    cr_log_info("%u runs", once + for_good);
}

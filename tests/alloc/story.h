/* A story told again and again, each time with another of its allocations refused: once that one
 * alone, and once it and all that follow. Whatever is refused, the story comes to one of the ends
 * that the library documents; then, with memory again, the same objects see it through; and
 * when they are released not a block is left. */
#ifndef STORY_H
#define STORY_H

#include "memory.h"

enum story_end {
    STORY_WHOLE, /* everything is as if nothing had been refused */
    STORY_SHORT, /* it failed, and said so */
};

struct story {
    const void *arg;
    /* What the story begins with and what it leaves behind: here is memory for all. May be NULL. */
    void (*open)(const void *arg);
    void (*close)(const void *arg);
    /* Fails the test when it comes to no proper end. */
    enum story_end (*run)(const void *arg);
};

void story_tell(const struct story *story);

#endif

/* Memory that runs short when a test says so. The linker leads the allocations of src/ and of the
 * tests here, and OpenSSL is told to come here; what Criterion allocates goes its own way. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdbool.h>

enum memory_shortage {
    MEMORY_ONCE,    /* one allocation is refused */
    MEMORY_FOR_GOOD /* and all that follow */
};

/* From now on, in this thread: the nth allocation is refused. */
void memory_begin(enum memory_shortage shortage, unsigned nth);
/* Nothing is refused any longer. Returns how many were. */
unsigned memory_end(void);

/* In between, allocations neither count nor fail: the far ends have memory of their own. */
void memory_pause(void);
void memory_resume(void);

/* Blocks that were allocated and not yet released. */
long memory_live(void);

#endif

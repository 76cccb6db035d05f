/* Virtual time: a heap of alarms. Nothing happens but by one of them, and those of one moment have
 * their turn in the order in which they were set. */
#ifndef SIM_CLOCK_H
#define SIM_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Embedded in whoever waits. Zeroed but for the last two: not set. */
struct alarm {
    uint64_t at;    /* ms */
    uint64_t order; /* among those of one moment */
    size_t place;   /* in the heap, plus 1; 0: not set */
    void (*on_time)(void *owner);
    void *owner;
};

void clock_begin(void);
void clock_end(void); /* no alarm may be set any more */

uint64_t clock_now(void);
uint64_t clock_steps(void); /* alarms that have rung */
size_t clock_waiting(void); /* that are set */

void alarm_set(struct alarm *a, uint64_t at); /* also one that is set; `at` may be past */
void alarm_in(struct alarm *a, uint64_t ms);
void alarm_stop(struct alarm *a);

/* Lets the next alarm ring; false when there is none until then, and it is then. */
bool clock_step(uint64_t until);

#endif

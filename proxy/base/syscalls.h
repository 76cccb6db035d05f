/* System calls, by what becomes of them. */
#ifndef BASE_SYSCALLS_H
#define BASE_SYSCALLS_H

#include <stddef.h>

/* Those that may be made whatever their arguments. */
extern const int syscalls_allowed[];
extern const size_t syscalls_allowed_count;

/* What libraries are known to try, and to do without: nobody need be told. */
extern const int syscalls_hushed[];
extern const size_t syscalls_hushed_count;

/* No library makes these. */
struct syscalls_deadly {
    int number;
    const char *name;
};
extern const struct syscalls_deadly syscalls_deadly[];
extern const size_t syscalls_deadly_count;

#endif

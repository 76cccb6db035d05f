/* A kernel that does not know some system calls, for tests alone:
 *     without NAME[,NAME…] PROGRAM ARGUMENT…
 * runs the program, to which they are unknown. */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int error = argc > 2 && filter ? 0 : -EINVAL;
    for (char *name; error == 0 && (name = strsep(&argv[1], ","));) {
        int number = seccomp_syscall_resolve_name(name);
        error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), number, 0);
        /* There is an older way to it. */
        if (error == 0 && strcmp(name, "seccomp") == 0)
            error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1,
                                     SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP));
    }
    if (error == 0)
        error = seccomp_load(filter);
    if (error == 0)
        execv(argv[2], argv + 2);
    fprintf(stderr, "without: %s\n", strerror(error < 0 ? -error : errno));
    return 1;
}

/* What a call does by its arguments is let through here, what it may do whatever they are by
 * syscalls.c. Paths are none of its business: fence.c has them. */
#include "base/filter.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/syscalls.h"

/* Of an int the kernel sees the lower half. */
#define FILTER_INT(argument, value)                                                                \
    SCMP_CMP(argument, SCMP_CMP_MASKED_EQ, UINT32_MAX, (scmp_datum_t)(value))

static void filter_write(const char *text)
{
    if (write(STDERR_FILENO, text, strlen(text)) < 0)
        return;
}

/* The call has not been made. A second one while the signal is blocked ends the program by it. */
static void on_forbidden(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    filter_write("tsig-proxy: forbidden system call: ");
    for (size_t i = 0; i < syscalls_deadly_count; i++)
        if (syscalls_deadly[i].number == info->si_syscall)
            filter_write(syscalls_deadly[i].name);
    filter_write("; this program never makes it, so somebody else may be at work; it ends\n");
    syscall(SYS_execveat, -1, NULL, NULL, NULL, 0);
    _exit(1);
}

static int filter_add(scmp_filter_ctx filter, uint32_t action, int call)
{
    int error = seccomp_rule_add(filter, action, call, 0);
    return error == -EDOM ? 0 : error; /* this architecture has no such call */
}

static int filter_add_calls(scmp_filter_ctx filter)
{
    int error = 0;
    for (size_t i = 0; i < syscalls_allowed_count && error == 0; i++)
        error = filter_add(filter, SCMP_ACT_ALLOW, syscalls_allowed[i]);
    for (size_t i = 0; i < syscalls_deadly_count && error == 0; i++)
        error = filter_add(filter, SCMP_ACT_TRAP, syscalls_deadly[i].number);
    return error;
}

/* Streams and datagrams, and questions to the kernel: no raw packets. */
static int filter_add_sockets(scmp_filter_ctx filter, bool transparent)
{
    static const int families[] = {AF_UNIX, AF_INET, AF_INET6};
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM};
    const int protocols[] = {NETLINK_ROUTE, transparent ? NETLINK_NETFILTER : NETLINK_ROUTE};
    int error = 0;
    for (size_t i = 0; i < sizeof families / sizeof *families && error == 0; i++)
        for (size_t k = 0; k < sizeof types / sizeof *types && error == 0; k++)
            error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
                                     FILTER_INT(0, families[i]),
                                     SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, (scmp_datum_t)types[k]));
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols && error == 0; i++)
        error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
                                 FILTER_INT(0, AF_NETLINK), FILTER_INT(2, protocols[i]));
    return error;
}

/* Memory that holds code is that of the start. */
static int filter_add_memory(scmp_filter_ctx filter)
{
    static const int calls[] = {SCMP_SYS(mmap), SCMP_SYS(mmap2), SCMP_SYS(mprotect)};
    int error = 0;
    for (size_t i = 0; i < sizeof calls / sizeof *calls && error == 0; i++)
        error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 1,
                                 SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    return error;
}

static int filter_add_ioctls(scmp_filter_ctx filter)
{
    static const unsigned requests[] = {FIONBIO, FIOCLEX,    FIONCLEX,    FIONREAD,    SIOCOUTQ,
                                        TCGETS,  TIOCGWINSZ, SIOCGIFNAME, SIOCGIFINDEX};
    int error = 0;
    for (size_t i = 0; i < sizeof requests / sizeof *requests && error == 0; i++)
        error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
                                 FILTER_INT(1, requests[i]));
    return error;
}

#ifndef TSIG_PROXY_SANITIZED

/* New threads, but no process. */
static int filter_add_clone(scmp_filter_ctx filter)
{
#ifdef __s390x__
    const unsigned flags = 1;
#else
    const unsigned flags = 0;
#endif
    const scmp_datum_t thread = CLONE_VM | CLONE_SIGHAND | CLONE_THREAD;
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                            SCMP_CMP(flags, SCMP_CMP_MASKED_EQ, thread, thread));
}

/* Signals go to ourselves alone, and nobody takes on_forbidden away. Behind SIGSYS the C library
 * has two for its threads. */
static int filter_add_signals(scmp_filter_ctx filter)
{
    int error =
        seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, FILTER_INT(0, getpid()));
    if (error == 0)
        error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(rt_sigaction), 1,
                                 SCMP_A0(SCMP_CMP_LT, SIGSYS, 0));
    if (error == 0)
        error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(rt_sigaction), 1,
                                 SCMP_A0(SCMP_CMP_MASKED_EQ, ~UINT64_C(1), SIGSYS + 1));
    return error;
}

static int filter_add_own(scmp_filter_ctx filter)
{
    int error = filter_add_clone(filter);
    if (error == 0)
        error = filter_add_signals(filter);
    if (error == 0)
        error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
                                 FILTER_INT(0, PR_SET_NAME));
    return error;
}

#else

static int filter_add_own(scmp_filter_ctx filter)
{
    (void)filter;
    return 0;
}

#endif

/* Limits are read, and the mode is that of the control socket. */
static int filter_add_rest(scmp_filter_ctx filter)
{
    static const int modes[] = {SCMP_SYS(chmod), SCMP_SYS(fchmod)};
    int error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2, FILTER_INT(0, 0),
                                 SCMP_A2(SCMP_CMP_EQ, 0, 0));
    for (size_t i = 0; i < sizeof modes / sizeof *modes && error == 0; i++)
        error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, modes[i], 1, FILTER_INT(1, 0660));
    if (error == 0)
        error =
            seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fchmodat), 1, FILTER_INT(2, 0660));
    return error;
}

/* Hardware is not slowed down for it (CTL_SSB): nobody else's code runs here. */
static int filter_put_in_force(scmp_filter_ctx filter)
{
    const struct {
        enum scmp_filter_attr attribute;
        uint32_t value;
    } attributes[] = {
        {SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS},
        {SCMP_FLTATR_API_SYSRAWRC, 1},
        {SCMP_FLTATR_CTL_TSYNC, 1},
        {SCMP_FLTATR_CTL_SSB, 1},
        {SCMP_FLTATR_CTL_OPTIMIZE, 2},
    };
    /* An older kernel or library does without some. */
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
        (void)seccomp_attr_set(filter, attributes[i].attribute, attributes[i].value);
    return seccomp_load(filter);
}

/* Apart, since a filter tells of all that it refuses or of nothing. */
static int filter_load_hushed(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int error = filter ? 0 : -ENOMEM;
    for (size_t i = 0; i < syscalls_hushed_count && error == 0; i++)
        error = filter_add(filter, SCMP_ACT_ERRNO(ENOSYS), syscalls_hushed[i]);
    if (error == 0)
        error = filter_put_in_force(filter);
    seccomp_release(filter);
    return error;
}

static int filter_load_calls(bool transparent)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    int error = filter ? filter_add_calls(filter) : -ENOMEM;
    if (error == 0)
        error = filter_add_sockets(filter, transparent);
    if (error == 0)
        error = filter_add_memory(filter);
    if (error == 0)
        error = filter_add_ioctls(filter);
    if (error == 0)
        error = filter_add_own(filter);
    if (error == 0)
        error = filter_add_rest(filter);
    if (filter)
        (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
    if (error == 0)
        error = filter_put_in_force(filter);
    seccomp_release(filter);
    return error;
}

bool filter_is_known(void)
{
    const uint32_t action = SECCOMP_RET_TRAP;
    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

int filter_load(bool transparent)
{
    const struct sigaction forbidden = {.sa_sigaction = on_forbidden, .sa_flags = SA_SIGINFO};
    sigaction(SIGSYS, &forbidden, NULL);
    int error = filter_load_hushed();
    return error < 0 ? error : filter_load_calls(transparent);
}

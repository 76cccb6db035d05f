#include "base/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <openssl/crypto.h>

/* OpenSSL 3.0 does not look whether it could begin, and crashes later. */
bool process_can_begin(void)
{
    return OSSL_LIB_CTX_get0_global_default();
}

void process_open_standard(void)
{
    int fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO)
        fd = open("/dev/null", O_RDWR);
    if (fd >= 0)
        close(fd);
}

void process_keep_to_itself(void)
{
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

void process_ignore_signals(void)
{
    static const int process_ignored[] = {SIGHUP,  SIGPIPE, SIGUSR1,   SIGUSR2, SIGALRM, SIGVTALRM,
                                          SIGPROF, SIGPOLL, SIGSTKFLT, SIGPWR,  SIGXFSZ};
    for (size_t i = 0; i < sizeof process_ignored / sizeof *process_ignored; i++)
        signal(process_ignored[i], SIG_IGN);
    for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
        signal(number, SIG_IGN);
}

/* Somebody else's code in the program, for tests alone: LD_PRELOAD brings it in, and a datagram
 *     INTRUDER <number> <argument>…
 * has it make that system call, in the thread that received it. An argument is a number, a path
 * that begins with '/', or & for a page of zeros. What came of it stands on standard error. */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define INTRUDER_WORD "INTRUDER "
#define INTRUDER_MOST 6

typedef int receive(int fd, struct mmsghdr *messages, unsigned count, int flags,
                    struct timespec *timeout);

static char intruder_page[4096] __attribute__((aligned(4096)));

static long intruder_argument(char *word)
{
    if (*word == '&')
        return (long)intruder_page;
    return *word == '/' ? (long)word : strtol(word, NULL, 0);
}

static void intruder_act(char *words)
{
    long arguments[INTRUDER_MOST] = {0};
    long number = strtol(strtok(words, " "), NULL, 0);
    char *word;
    for (unsigned i = 0; i < INTRUDER_MOST && (word = strtok(NULL, " ")); i++)
        arguments[i] = intruder_argument(word);
    pid_t before = getpid();
    long result = syscall(number, arguments[0], arguments[1], arguments[2], arguments[3],
                          arguments[4], arguments[5]);
    if (getpid() != before)
        _exit(0);
    dprintf(STDERR_FILENO, "intruder: %ld: %d\n", number, result < 0 ? errno : 0);
}

int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout)
{
    static receive *real;
    if (!real)
        real = (receive *)dlsym(RTLD_NEXT, "recvmmsg");
    int got = real(fd, messages, count, flags, timeout);
    for (int i = 0; i < got; i++) {
        char text[512] = "";
        size_t len = messages[i].msg_len < sizeof text ? messages[i].msg_len : sizeof text - 1;
        memcpy(text, messages[i].msg_hdr.msg_iov->iov_base, len);
        if (strncmp(text, INTRUDER_WORD, strlen(INTRUDER_WORD)) == 0)
            intruder_act(text + strlen(INTRUDER_WORD));
    }
    return got;
}

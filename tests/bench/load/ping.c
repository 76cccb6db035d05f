/* One question after another, each sent once the one before is answered: how long that takes. The
 * primary is a process of its own, as it would be elsewhere. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "load.h"
#include "question.h"

#define PING_PATIENCE 2000 /* ms */

/* A process that answers until it is killed, or its parent ends. */
static pid_t ping_serve(const struct sockaddr_in *place)
{
    int fd = net_udp(place);
    pid_t pid = fork();
    net_must(pid >= 0, "fork");
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
            if (net_wait(fd, -1, PING_PATIENCE))
                question_serve(fd);
        }
    }
    close(fd);
    return pid;
}

/* Seconds; 0 when there was no good answer. */
static double ping_once(int fd, const struct sockaddr_in *proxy, const struct question *q,
                        bool is_signed)
{
    static struct net_datagram burst[NET_BURST];
    struct net_datagram *d = &burst[0];
    d->far = *proxy;
    d->local = q->from;
    d->len = q->len;
    memcpy(d->octets, q->octets, q->len);
    double began = net_clock();
    net_send(fd, burst, 1);
    if (!net_wait(fd, -1, PING_PATIENCE) || net_receive(fd, burst) != 1)
        return 0;
    double took = net_clock() - began;
    return question_is_answered(d, is_signed) ? took : 0;
}

static int ping_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int load_ping(char **arguments)
{
    const struct sockaddr_in proxy = net_place(arguments[0]), primary = net_place(arguments[1]);
    const struct question_mix mix = {load_number(arguments[2]), 1, 0};
    size_t count = load_number(arguments[3]), good = 0;
    struct question *questions = question_make(&mix, count);
    double *took = calloc(count, sizeof *took);
    net_must(took, "calloc");
    pid_t pid = ping_serve(&primary);
    int fd = net_udp(NULL);
    for (size_t i = 0; i < count; i++) {
        took[good] = ping_once(fd, &proxy, &questions[i], mix.secondaries > 0);
        good += took[good] > 0;
    }
    kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
    qsort(took, good, sizeof *took, ping_compare);
    printf("answered=%zu failed=%zu median=%.2f most=%.2f\n", good, count - good,
           took[good / 2] * 1e6, good ? took[good - 1] * 1e6 : 0);
    free(questions);
    free(took);
    return 0;
}

#include "base/netlink.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NETLINK_ANSWER 32768 /* the kernel's messages are no longer */

void netlink_begin(struct netlink_request *request, unsigned type, unsigned flags, const void *body,
                   size_t len)
{
    *request = (struct netlink_request){0};
    assert(NLMSG_SPACE(len) <= sizeof *request);
    request->head.nlmsg_len = NLMSG_SPACE(len);
    request->head.nlmsg_type = (unsigned short)type;
    request->head.nlmsg_flags = (unsigned short)(NLM_F_REQUEST | flags);
    memcpy(NLMSG_DATA(&request->head), body, len);
}

void netlink_add(struct netlink_request *request, unsigned short type, const void *value,
                 unsigned short len)
{
    size_t at = request->head.nlmsg_len;
    assert(at + RTA_SPACE(len) <= sizeof *request);
    struct rtattr attribute = {.rta_len = (unsigned short)RTA_LENGTH(len), .rta_type = type};
    unsigned char *out = (unsigned char *)request + at;
    memcpy(out, &attribute, sizeof attribute);
    memcpy(out + RTA_LENGTH(0), value, len);
    request->head.nlmsg_len += (unsigned)RTA_SPACE(len);
}

/* One read's messages. Returns 1 while more will come, 0 after the last, or a negative errno. */
static int netlink_take(struct nlmsghdr *first, size_t len,
                        void (*on_answer)(void *arg, struct nlmsghdr *answer), void *arg)
{
    for (struct nlmsghdr *m = first; NLMSG_OK(m, len); m = NLMSG_NEXT(m, len)) {
        if (m->nlmsg_type == NLMSG_DONE)
            return 0;
        if (m->nlmsg_type == NLMSG_ERROR) {
            const struct nlmsgerr *error = NLMSG_DATA(m);
            return error->error;
        }
        on_answer(arg, m);
        if (!(m->nlmsg_flags & NLM_F_MULTI))
            return 0;
    }
    return 1;
}

int netlink_ask(int protocol, const struct netlink_request *request,
                void (*on_answer)(void *arg, struct nlmsghdr *answer), void *arg)
{
    union {
        struct nlmsghdr head;
        unsigned char octets[NETLINK_ANSWER];
    } answer;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
    if (fd < 0)
        return -errno;
    int left = send(fd, request, request->head.nlmsg_len, 0) < 0 ? -errno : 1;
    while (left > 0) {
        ssize_t len = recv(fd, &answer, sizeof answer, 0);
        if (len > 0)
            left = netlink_take(&answer.head, (size_t)len, on_answer, arg);
        else if (len == 0 || errno != EINTR)
            left = len == 0 ? -EPROTO : -errno;
    }
    close(fd);
    return left;
}

unsigned netlink_number(struct nlmsghdr *answer, size_t len, unsigned short type,
                        unsigned otherwise)
{
    unsigned char *body = NLMSG_DATA(answer);
    struct rtattr *a = (struct rtattr *)(body + NLMSG_ALIGN(len));
    size_t left = answer->nlmsg_len < NLMSG_SPACE(len) ? 0 : answer->nlmsg_len - NLMSG_SPACE(len);
    for (; RTA_OK(a, left); a = RTA_NEXT(a, left))
        if (a->rta_type == type && RTA_PAYLOAD(a) >= sizeof otherwise)
            memcpy(&otherwise, RTA_DATA(a), sizeof otherwise);
    return otherwise;
}

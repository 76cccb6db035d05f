/* Questions to the kernel by netlink, which answers at once. */
#ifndef BASE_NETLINK_H
#define BASE_NETLINK_H

#include <linux/rtnetlink.h>
#include <stddef.h>

#include "dns/error.h"

struct netlink_request {
    struct nlmsghdr head;
    unsigned char rest[112]; /* body and attributes */
};

/* A request of this type, that begins with `body`. `flags` beside NLM_F_REQUEST. */
void netlink_begin(struct netlink_request *request, unsigned type, unsigned flags, const void *body,
                   size_t len);
void netlink_add(struct netlink_request *request, unsigned short type, const void *value,
                 unsigned short len);

/* Asks and hands over each message of the answer. Returns 0, or a negative errno: the kernel's, or
 * that of a process that may not ask. */
int netlink_ask(int protocol, const struct netlink_request *request,
                void (*on_answer)(void *arg, struct nlmsghdr *answer), void *arg) MUST_CHECK;

/* A number of 32 bits among the attributes that follow `len` octets of an answer's body. */
unsigned netlink_number(struct nlmsghdr *answer, size_t len, unsigned short type,
                        unsigned otherwise);

#endif

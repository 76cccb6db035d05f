#include "net/ancillary.h"

#include <string.h>

#include "net/socket.h"

/* What a packet rule has brought here tells its original destination, port included. */
static bool ancillary_original(struct msghdr *message, struct address *out)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        struct sockaddr_storage name = {0};
        size_t len = c->cmsg_len - CMSG_LEN(0);
        bool v4 = c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_ORIGDSTADDR;
        bool v6 = c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_ORIGDSTADDR;
        if ((!v4 && !v6) || len > sizeof name)
            continue;
        memcpy(&name, CMSG_DATA(c), len);
        *out = socket_to_address(&name);
        return true;
    }
    return false;
}

struct address ancillary_destination(struct msghdr *message, const struct address *local)
{
    struct address original;
    if (ancillary_original(message, &original))
        return original;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            return address_from_octets(ADDRESS_IPV4, (const uint8_t *)&info.ipi_addr, local->port);
        }
        if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            struct address to =
                address_from_octets(ADDRESS_IPV6, (const uint8_t *)&info.ipi6_addr, local->port);
            if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
                to.scope = info.ipi6_ifindex;
            return to;
        }
    }
    return *local;
}

void ancillary_set_source(struct msghdr *message, union ancillary *control,
                          const struct address *from)
{
    memset(control, 0, sizeof *control);
    message->msg_control = control;
    message->msg_controllen = sizeof *control;
    struct cmsghdr *c = CMSG_FIRSTHDR(message);
    if (from->family == ADDRESS_IPV4) {
        struct in_pktinfo info = {0};
        memcpy(&info.ipi_spec_dst, from->octets, 4);
        c->cmsg_level = IPPROTO_IP;
        c->cmsg_type = IP_PKTINFO;
        c->cmsg_len = CMSG_LEN(sizeof info);
        memcpy(CMSG_DATA(c), &info, sizeof info);
        message->msg_controllen = CMSG_SPACE(sizeof info);
        return;
    }
    struct in6_pktinfo info = {.ipi6_ifindex = from->scope};
    memcpy(&info.ipi6_addr, from->octets, 16);
    c->cmsg_level = IPPROTO_IPV6;
    c->cmsg_type = IPV6_PKTINFO;
    c->cmsg_len = CMSG_LEN(sizeof info);
    memcpy(CMSG_DATA(c), &info, sizeof info);
    message->msg_controllen = CMSG_SPACE(sizeof info);
}

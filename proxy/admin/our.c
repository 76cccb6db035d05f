#include "admin/our.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static socklen_t our_to_socket(const struct address *a, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    if (a->family == ADDRESS_IPV4) {
        struct sockaddr_in *in = (struct sockaddr_in *)out;
        in->sin_family = AF_INET;
        in->sin_port = htons(a->port);
        memcpy(&in->sin_addr, a->octets, sizeof in->sin_addr);
        return sizeof *in;
    }
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(a->port);
    in6->sin6_scope_id = a->scope;
    memcpy(&in6->sin6_addr, a->octets, sizeof in6->sin6_addr);
    return sizeof *in6;
}

static struct address our_from_socket(const struct sockaddr_storage *from)
{
    if (from->ss_family == AF_INET)
        return address_from_octets(
            ADDRESS_IPV4, (const uint8_t *)&((const struct sockaddr_in *)from)->sin_addr, 0);
    return address_from_octets(ADDRESS_IPV6,
                               (const uint8_t *)&((const struct sockaddr_in6 *)from)->sin6_addr, 0);
}

bool our_address(const struct address *to, struct address *out)
{
    struct sockaddr_storage name;
    socklen_t len = our_to_socket(to, &name);
    int fd = socket(name.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool found = connect(fd, (struct sockaddr *)&name, len) == 0;
    len = sizeof name;
    found = found && getsockname(fd, (struct sockaddr *)&name, &len) == 0;
    if (found)
        *out = our_from_socket(&name);
    close(fd);
    return found;
}

#include "base/ask.h"

#include <openssl/rand.h>
#include <poll.h>
#include <unistd.h>

#include "net/socket.h"
#include "relay/policy.h"

#define ASK_OPCODE_STATUS 2

/* One question and its answer; false when none came in time. */
static bool ask_once(int fd, int wait_ms)
{
    uint8_t query[DNS_HEADER_SIZE] = {0};
    if (RAND_bytes(query, 2) != 1)
        return false;
    dns_wire_set_u16_at(query + 2, ASK_OPCODE_STATUS << 11);
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    if (send(fd, query, sizeof query, 0) < 0 || poll(&readable, 1, wait_ms) <= 0)
        return false;
    uint8_t answer[DNS_UDP_MAX];
    return recv(fd, answer, sizeof answer, 0) >= DNS_HEADER_SIZE && answer[0] == query[0] &&
           answer[1] == query[1] &&
           (dns_wire_u16_at(answer + 2) & DNS_MASK_RCODE) == DNS_RCODE_NOTIMP;
}

struct address ask_where(const struct address *listener)
{
    if (address_is_any(listener))
        return address_loopback(listener->family, listener->port);
    return *listener;
}

bool ask_is_served(const struct address *to, int tries, int wait_ms)
{
    struct address none = {.family = ADDRESS_NONE};
    int fd = socket_connect_udp(to, &none, false);
    bool served = false;
    for (int i = 0; fd >= 0 && i < tries && !served; i++)
        served = ask_once(fd, wait_ms);
    if (fd >= 0)
        close(fd);
    return served;
}

/* health: does the proxy of this configuration answer where it listens? Asks each listener for what
 * every server must refuse to know, a STATUS query of twelve octets, and wants NOTIMP (policy's
 * first rule). */
#include <openssl/rand.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "base/command.h"
#include "base/load.h"
#include "net/socket.h"
#include "relay/policy.h"

#define HEALTH_OPCODE_STATUS 2
#define HEALTH_TRIES         3
#define HEALTH_WAIT_MS       1000

/* One question and its answer; false when none came in time. */
static bool health_ask(int fd)
{
    uint8_t query[DNS_HEADER_SIZE] = {0};
    if (RAND_bytes(query, 2) != 1)
        return false;
    dns_wire_set_u16_at(query + 2, HEALTH_OPCODE_STATUS << 11);
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    if (send(fd, query, sizeof query, 0) < 0 || poll(&readable, 1, HEALTH_WAIT_MS) <= 0)
        return false;
    uint8_t answer[DNS_UDP_MAX];
    return recv(fd, answer, sizeof answer, 0) >= DNS_HEADER_SIZE && answer[0] == query[0] &&
           answer[1] == query[1] &&
           (dns_wire_u16_at(answer + 2) & DNS_MASK_RCODE) == DNS_RCODE_NOTIMP;
}

static bool health_check_one(const struct address *listener)
{
    struct address none = {.family = ADDRESS_NONE};
    struct address to = *listener;
    if (address_is_any(listener))
        to = address_loopback(listener->family, listener->port);
    int fd = socket_connect_udp(&to, &none, false);
    bool good = false;
    for (int i = 0; fd >= 0 && i < HEALTH_TRIES && !good; i++)
        good = health_ask(fd);
    if (fd >= 0)
        close(fd);
    char text[ADDRESS_TEXT_SIZE];
    if (!good)
        fprintf(stderr, "tsig-proxy: nothing answers at %s\n", address_to_text(&to, text));
    return good;
}

static bool health_check(const struct address_list *listeners)
{
    bool good = true;
    for (size_t i = 0; i < listeners->count; i++)
        good &= health_check_one(&listeners->items[i]);
    return good;
}

int command_health(int argc, char **argv)
{
    const char *file = command_file(argc, argv);
    if (!file)
        return COMMAND_USAGE;
    struct config *config = load_config(file);
    if (!config)
        return COMMAND_FAILED;
    bool good = health_check(&config->proxy.listen);
    for (size_t i = 0; i < config->peer_count; i++)
        good &= health_check(&config->peers[i].listen);
    config_unref(config);
    return good ? COMMAND_DONE : COMMAND_FAILED;
}

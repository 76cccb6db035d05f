/* Control messages to addresses and back. */
#include <criterion/criterion.h>
#include <string.h>

#include "net/ancillary.h"
#include "net/socket.h"

static union ancillary control;
static struct msghdr message;
static struct cmsghdr *last;
static struct address local;

static void init(void)
{
    memset(&control, 0, sizeof control);
    message = (struct msghdr){.msg_control = &control, .msg_controllen = sizeof control};
    last = NULL;
    cr_assert_eq(address_from_text("192.0.2.1", 5300, &local), 0);
}

TestSuite(ancillary, .init = init);

static void add(int level, int type, const void *data, size_t len)
{
    last = last ? CMSG_NXTHDR(&message, last) : CMSG_FIRSTHDR(&message);
    last->cmsg_level = level;
    last->cmsg_type = type;
    last->cmsg_len = CMSG_LEN(len);
    memcpy(CMSG_DATA(last), data, len);
}

static void expect_destination(const char *host, uint16_t port)
{
    struct address expected, got = ancillary_destination(&message, &local);
    cr_assert_eq(address_from_text(host, port, &expected), 0);
    cr_assert(address_equal(&got, &expected));
}

Test(ancillary, without_a_word_the_destination_is_the_listeners_own)
{
    message.msg_controllen = 0;
    expect_destination("192.0.2.1", 5300);
}

Test(ancillary, destination_has_the_listeners_port)
{
    struct in_pktinfo info = {.ipi_addr.s_addr = htonl(0xc0000207)};
    add(IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
    expect_destination("192.0.2.7", 5300);
}

Test(ancillary, original_destination_comes_first)
{
    struct in_pktinfo info = {.ipi_addr.s_addr = htonl(0xc0000207)};
    struct sockaddr_in original = {
        .sin_family = AF_INET, .sin_port = htons(53), .sin_addr.s_addr = htonl(0xc6336401)};
    add(IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
    add(IPPROTO_IP, IP_ORIGDSTADDR, &original, sizeof original);
    expect_destination("198.51.100.1", 53);
}

Test(ancillary, source_that_is_set_reads_as_the_destination)
{
    struct address from;
    cr_assert_eq(address_from_text("fe80::1", 5300, &from), 0);
    from.scope = 3;
    ancillary_set_source(&message, &control, &from);
    struct address got = ancillary_destination(&message, &local);
    cr_assert(address_equal(&got, &from));
}

Test(ancillary, ipv4_source_is_the_one_to_send_from)
{
    struct in_pktinfo info;
    ancillary_set_source(&message, &control, &local);
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    cr_assert_eq(c->cmsg_type, IP_PKTINFO);
    cr_assert_eq(c->cmsg_len, CMSG_LEN(sizeof info));
    memcpy(&info, CMSG_DATA(c), sizeof info);
    cr_assert_eq(info.ipi_spec_dst.s_addr, htonl(0xc0000201));
    cr_assert_eq(info.ipi_ifindex, 0);
}

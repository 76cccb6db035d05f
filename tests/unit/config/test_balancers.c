#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "config/config_fixture.h"

TestSuite(balancers, .fini = config_fixture_release);

/* Lines from 2 on are these. */
static void expect_findings(const char *lines, const char *expected)
{
    char text[2048];
    snprintf(text, sizeof text, "[proxy]\n%s%slisten = 10.0.0.53\n", lines, CONFIG_FIXTURE_BASE);
    int error = config_fixture_parse(text);
    cr_expect_eq(error, strstr(expected, "error: ") ? DNS_EFORMAT : 0, "%s", lines);
    cr_expect_str_eq(config_fixture_findings(), expected, "%s", lines);
}

Test(balancers, are_told_apart_from_clients)
{
    expect_findings("proxy-listen = 10.0.0.5@5353, ::1@5353\nproxy-from = 10.0.0.6, ::1\n", "");
    /* The kernel gives what is sent there to the more specific of the two. */
    expect_findings("proxy-listen = 10.0.0.5\nproxy-from = 10.0.0.6\n", "");
    expect_findings("listen = 10.0.0.5\nproxy-listen = 10.0.0.5\nproxy-from = 10.0.0.6\n",
                    "3: error: 10.0.0.5@53 is in 'listen' of [proxy], too; give balancers another "
                    "port\n");
    expect_findings("proxy-listen = 10.0.0.53\nproxy-from = 10.0.0.6\n",
                    "2: error: 10.0.0.53@53 is in 'listen' of any, too; give balancers another "
                    "port\n");
}

Test(balancers, one_setting_takes_the_other)
{
    expect_findings("proxy-listen = 10.0.0.5\n",
                    "2: error: 'proxy-listen' takes 'proxy-from', the balancers that may say who "
                    "asks\n");
    expect_findings("proxy-from = 10.0.0.6\n",
                    "2: error: 'proxy-from' means nothing without 'proxy-listen'\n");
}

Test(balancers, M8_values_are_checked)
{
    expect_findings("proxy-listen =\nproxy-from = 10.0.0.6\n",
                    "2: error: 'proxy-listen' has no value\n");
    expect_findings("proxy-listen = 10.0.0.5\nproxy-from = 10.0.0.6/24\n",
                    "3: error: 'proxy-from' has '10.0.0.6/24': it has bits set past its length; "
                    "write 10.0.0.0/24, or 10.0.0.6 for one address\n");
}

Test(balancers, M8_who_could_pass_for_others_is_warned_of)
{
    expect_findings("proxy-listen = 10.0.0.5\nproxy-from = 0.0.0.0/0, ::/0\n",
                    "3: warning: 'proxy-from' has 0.0.0.0/0: whoever connects may say who he is\n"
                    "3: warning: 'proxy-from' has ::/0: whoever connects may say who he is\n");
    expect_findings("proxy-listen = 10.0.0.5\nproxy-from = 10.0.0.0/24, 192.0.2.0/24\n",
                    "3: warning: 'proxy-from' has 10.0.0.1@53 of hq, which may say then that it is "
                    "another peer\n");
}

Test(balancers, M8_are_where_the_proxy_listens)
{
    expect_findings("proxy-listen = 10.0.0.1\nproxy-from = 10.0.0.6\nhttp = 10.0.0.1@53\n",
                    "4: error: 10.0.0.1@53 is where this proxy itself listens; give 'http' another "
                    "port\n"
                    "8: error: 10.0.0.1@53 is where this proxy itself listens; give the server's "
                    "address or port\n");
}

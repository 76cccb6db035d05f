/* Addresses as people write them, through the configuration. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "config/config_fixture.h"

TestSuite(mend, .fini = config_fixture_release);

/* One line more for the secondary, which is the last section, or for the primary or [proxy]. */
static void expect_finding(const char *section, const char *line, const char *finding)
{
    char text[512], expected[512] = "";

    snprintf(text, sizeof text,
             "[key k]\nsecret-file = k.key\n%s%s%s\n%s[secondary any]\naddress = 192.0.2.1\nkey = "
             "k\n",
             section, *section ? "\n" : "[primary hq]\naddress = 10.0.0.1\n", line,
             *section ? "[primary hq]\naddress = 10.0.0.1\n" : "");
    if (*finding)
        snprintf(expected, sizeof expected, "%d: %s\n", *section ? 4 : 5, finding);
    config_fixture_parse(text);
    cr_expect_str_eq(config_fixture_findings(), expected, "%s\ngives\n%s", line,
                     config_fixture_findings());
}

static void expect_mended(const char *section, const char *setting, const char *text,
                          const char *mended)
{
    char line[256], finding[512];

    snprintf(line, sizeof line, "%s = %s", setting, text);
    snprintf(finding, sizeof finding, "error: '%s' has '%s': %s", setting, text, mended);
    expect_finding(section, line, finding);
}

Test(mend, M8_ports_stand_behind_an_at_sign)
{
    expect_mended("[proxy]", "listen", "203.0.113.10:53",
                  "a port stands behind '@'; write 203.0.113.10@53");
    expect_mended("[proxy]", "listen", "203.0.113.10#5353",
                  "a port stands behind '@'; write 203.0.113.10@5353");
    expect_mended("[proxy]", "listen", "2001:db8::1#53",
                  "a port stands behind '@'; write 2001:db8::1@53");
    expect_mended("[proxy]", "listen", "[2001:db8::1]:53",
                  "a port stands behind '@'; write 2001:db8::1@53");
    expect_mended("[proxy]", "listen", "[2001:db8::1]@53",
                  "a port stands behind '@'; write 2001:db8::1@53");
    expect_mended("[proxy]", "listen", "[2001:db8::1]",
                  "it stands without brackets; write 2001:db8::1");
    expect_mended("[proxy]", "listen", "53", "that is a port alone; write 0.0.0.0@53");
}

Test(mend, M8_where_there_can_be_no_port)
{
    expect_mended("", "source", "10.0.0.9:53", "it takes no port; write 10.0.0.9");
    expect_mended("", "source", "10.0.0.9@53", "it takes no port; write 10.0.0.9");
    expect_mended("", "source", "[2001:db8::1]", "it stands without brackets; write 2001:db8::1");
    expect_mended("", "from", "10.0.0.9@53", "it takes no port; write 10.0.0.9");
    expect_mended("", "from", "[2001:db8::1]:53", "it takes no port; write 2001:db8::1");
}

Test(mend, M8_prefixes_and_single_addresses)
{
    expect_mended("[proxy]", "listen", "203.0.113.10/32",
                  "a prefix cannot stand here; write 203.0.113.10");
    expect_mended("", "source", "2001:db8::1/64", "a prefix cannot stand here; write 2001:db8::1");
    expect_mended("", "from", "203.0.113.5/24",
                  "it has bits set past its length; write 203.0.113.0/24, or 203.0.113.5 for one "
                  "address");
    expect_mended("", "from", "2001:db8::1/32",
                  "it has bits set past its length; write 2001:db8::/32, or 2001:db8::1 for one "
                  "address");
}

Test(mend, M8_names_and_words)
{
    expect_mended("[proxy]", "listen", "localhost",
                  "names are not looked up; write 127.0.0.1 or ::1");
    expect_mended("[proxy]", "listen", "ns.example.org",
                  "names are not looked up; write the address");
    expect_mended("", "from", "ns", "names are not looked up; write the address");
    expect_mended("[proxy]", "listen", "*",
                  "'*' is no address; write 0.0.0.0, :: for all addresses of this host");
    expect_mended("[proxy]", "listen", "*:53",
                  "'*' is no address; write 0.0.0.0, :: for all addresses of this host");
    expect_mended("", "from", "*", "'*' is no address; write 0.0.0.0/0, ::/0 for any address");
    expect_mended("[proxy]", "http", "off", "to have none, leave it empty");
}

Test(mend, M8_an_address_of_a_peer)
{
    static const char *const cases[][2] = {
        {"203.0.113.10:53", "a port stands behind '@'; write 203.0.113.10@53"},
        {"203.0.113.10/32", "a prefix cannot stand here, but in 'from'; write 203.0.113.10"},
        {"localhost", "names are not looked up; write 127.0.0.1 or ::1"},
        {"*", "'*' is no address; write the addresses one by one"},
        {"53", "that is a port alone; write 192.0.2.1@53"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256], expected[256];

        snprintf(text, sizeof text,
                 "[primary hq]\naddress = %s\n[key k]\nsecret-file = k.key\n"
                 "[secondary any]\naddress = 192.0.2.1\nkey = k\n",
                 cases[i][0]);
        snprintf(expected, sizeof expected, "2: error: 'address' has '%s': %s\n", cases[i][0],
                 cases[i][1]);
        cr_expect_eq(config_fixture_parse(text), DNS_EFORMAT);
        cr_expect_str_eq(config_fixture_findings(), expected);
    }
}

/* Nothing is guessed of these. */
Test(mend, M8_what_nothing_is_known_of)
{
    static const char *const texts[] = {
        "1.2.3",          "1.2.3.4:x", "1.2.3.4@53@53", "[1.2.3.4", "[1.2.3.4]x",
        "1.2.3.4:123456", "/",         "::g",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char line[64], finding[256];

        snprintf(line, sizeof line, "listen = %s", texts[i]);
        snprintf(finding, sizeof finding,
                 "error: 'listen' has '%s', which is no address; write 192.0.2.1, 192.0.2.1@53 or "
                 "2001:db8::1@53",
                 texts[i]);
        expect_finding("[proxy]", line, finding);
    }
}

#define GOES_ON                                                                                    \
    "goes on behind a ';', but all that follows this is a comment; if it is meant, write ','"

Test(mend, M8_a_list_that_goes_on_in_a_comment)
{
    expect_finding("[proxy]", "listen = 203.0.113.10 ; 203.0.113.11", "warning: 'listen' " GOES_ON);
    expect_finding("[proxy]", "listen = 203.0.113.10@54 ;203.0.113.11@53, 2001:db8::1;",
                   "warning: 'listen' " GOES_ON);
    expect_finding("", "from = 10.1.0.0/16 ; 10.2.0.0/16", "warning: 'from' " GOES_ON);
    expect_finding("", "from = 10.1.0.0/16 ; 10.2.0.0/16 was the old one", "");
    expect_finding("", "from = 10.1.0.0/16 ; the office", "");
    expect_finding("", "from = 10.1.0.0/16 ;", "");
    expect_finding("", "transport = tcp ; 10.2.0.0", "");
}

static void expect_zones(const char *zones, const char *expected)
{
    char text[256];

    snprintf(text, sizeof text, CONFIG_FIXTURE_BASE "zones = %s\n", zones);
    config_fixture_parse(text);
    cr_expect_str_eq(config_fixture_findings(), expected, "%s", config_fixture_findings());
}

Test(mend, M8_zones_as_people_write_them)
{
    expect_zones("all", "8: warning: 'zones' has 'all', which is the one zone of that name; for "
                        "every zone write *\n");
    expect_zones("Any, example", "8: warning: 'zones' has 'Any', which is the one zone of that "
                                 "name; for every zone write *\n");
    expect_zones("all.example", "");
    expect_zones("example.org # note",
                 "8: error: 'zones' has a '#', which opens no comment behind a value; write ';'\n");
    expect_zones("example.org ; note", "");
    expect_zones("1#2.example", "");
}

Test(mend, M8_a_number_sign_opens_no_comment)
{
    expect_finding("[proxy]", "fudge = 300 # seconds",
                   "error: 'fudge' has a '#', which opens no comment behind a value; write ';'");
    expect_finding("", "from = 10.0.0.0/8\t#all",
                   "error: 'from' has a '#', which opens no comment behind a value; write ';'");
}

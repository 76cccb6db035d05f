#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "config/config_fixture.h"

TestSuite(check, .fini = config_fixture_release);

/* Every text begins with the key "k" in lines 1 and 2. */
static void expect_findings(const char *lines, const char *expected)
{
    char text[4096];
    int rc;

    snprintf(text, sizeof(text), "[key k]\nsecret-file = k.key\n%s", lines);
    rc = config_fixture_parse(text);
    cr_expect_eq(rc, strstr(expected, "error: ") != NULL ? DNS_EFORMAT : 0, "%s", lines);
    cr_expect_str_eq(config_fixture_findings(), expected, "%s\ngives\n%s", lines,
                     config_fixture_findings());
}

#define HQ  "[primary hq]\naddress = 10.0.0.1\n"
#define ANY "[secondary any]\naddress = 192.0.2.1\nkey = k\n"

Test(check, where_the_program_is_asked_is_told_apart_from_where_it_serves)
{
    expect_findings(
        "[proxy]\nlisten = 192.0.2.7\n"
        "control = run/control.sock\nhttp = 192.0.2.7@53\n" HQ ANY,
        "5: error: 'control' is a path that begins with '/', not 'run/control.sock'\n"
        "6: error: 192.0.2.7@53 is where this proxy itself listens; give 'http' another "
        "port\n");
    expect_findings("[proxy]\nlisten = 192.0.2.7\nhttp = 192.0.2.7\n" HQ ANY, "");
}

Test(check, M4_what_is_passed_on_goes_with_no_key_of_either_side)
{
    expect_findings(
        "[primary hq]\naddress = 10.0.0.1\nkey = k\n"
        "[secondary any]\naddress = 192.0.2.1\nunknown-key = pass\n",
        "7: warning: [secondary any] has no 'key': it is known by its address alone\n"
        "8: error: 'unknown-key = pass' cannot go with the 'key' of [primary hq], whose "
        "answers are all to be verified\n");
    expect_findings(HQ ANY "unknown-key = pass\n",
                    "8: error: 'unknown-key = pass' is for a secondary without 'key': nothing that "
                    "does not verify passes for one that has it\n");
}

#define SECRET "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI="

Test(check, M8_a_secret_in_the_wrong_place_is_not_repeated)
{
    static const char *const places[] = {"key = " SECRET, SECRET, "primary = " SECRET};

    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
        char text[512];

        snprintf(text, sizeof(text), HQ "[secondary any]\naddress = 192.0.2.1\n%s\n", places[i]);
        cr_expect_eq(config_fixture_parse(text), DNS_EFORMAT, "%s", places[i]);
        cr_expect_null(strstr(config_fixture_findings(), "MTIzNDU2"), "%s",
                       config_fixture_findings());
    }
    cr_expect_eq(config_fixture_parse(HQ ANY "[key k]\nalgorithm = " SECRET "\n"), DNS_EFORMAT);
    cr_expect_null(strstr(config_fixture_findings(), "MTIzNDU2"));
}

Test(check, M8_on_the_path_a_listener_has_each_secondarys_port)
{
    static const char *const secondary =
        "[secondary any]\naddress = 192.0.2.1, 2001:db8::1\nkey = k\n";
    char text[512];

    snprintf(text, sizeof(text), "[proxy]\ntransparent = yes\n" HQ "%s", secondary);
    expect_findings(text, "");
    snprintf(text, sizeof(text), "[proxy]\ntransparent = yes\nlisten = 0.0.0.0\n" HQ "%s",
             secondary);
    expect_findings(text, "9: warning: nothing in 'listen' has the port and family of "
                          "2001:db8::1@53: what is sent there passes the proxy by\n");
    snprintf(text, sizeof(text), "[proxy]\nlisten = 0.0.0.0\n" HQ "%s", secondary);
    expect_findings(text, "");
}

Test(check, poll_takes_zones_that_are_listed_by_name)
{
    static const char *const warning =
        "5: warning: 'poll' asks for zones that secondaries of hq list by name, and there are "
        "none: write them in 'zones' or 'zones-file'\n";
    expect_findings(HQ "poll = 30\n" ANY, warning);
    expect_findings(HQ "poll = 30\n" ANY "zones = *.example, *\n", warning);
    expect_findings(HQ "poll = 30\n" ANY "zones = *, a.example\n", "");
    expect_findings(HQ "poll = no\n" ANY, "");
}

Test(check, M8_update_takes_a_key)
{
    expect_findings(HQ ANY "allow = soa, update\n", "");
    expect_findings(HQ "[secondary any]\naddress = 192.0.2.1\nallow = soa, update\n",
                    "1: warning: [key k] is used by no peer\n"
                    "6: warning: [secondary any] has no 'key': it is known by its address alone\n"
                    "7: error: 'allow' has update, which takes a 'key'\n");
}

/* A key that is named but missing is one mistake, not two. */
Test(check, M8_a_missing_key_is_still_a_key)
{
    expect_findings(HQ "[secondary any]\naddress = 192.0.2.1\nallow = update\nkey = other\n",
                    "1: warning: [key k] is used by no peer\n"
                    "8: error: there is no [key other]\n");
}

Test(check, M8_unsigned_notify_takes_a_key)
{
    expect_findings(
        HQ "unsigned-notify = refuse\n" ANY,
        "5: error: 'unsigned-notify' means nothing without a 'key': all NOTIFYs of this "
        "primary are unsigned\n");
}

Test(check, M1_heard_at_is_for_peers_without_a_key)
{
    expect_findings(HQ "heard-at = 10.0.0.53\n" ANY, "");
    expect_findings(HQ ANY "heard-at = 10.0.0.53\n",
                    "8: error: 'heard-at' means nothing with a 'key': what such a peer sends is "
                    "known by its TSIG, wherever it arrives\n");
}

Test(check, secondary_that_is_sent_no_notify_may_be_allowed_none)
{
    expect_findings(HQ ANY "notify = no\nallow = soa, axfr, ixfr\n", "");
}

Test(check, fudge_of_more_than_an_hour_is_an_hour)
{
    expect_findings("[proxy]\nfudge = 3600\n" HQ ANY, "");
    expect_findings("[proxy]\nfudge = 65535\n" HQ ANY,
                    "4: warning: 'fudge' is taken for 3600: more would make captured requests good "
                    "for hours\n");
    cr_assert_eq(config_fixture->proxy.fudge, 3600);
}

Test(check, M8_a_peer_is_not_our_own_listener)
{
    static const struct {
        const char *listen;
        const char *address;
        bool refused;
    } cases[] = {
        {"10.0.0.9", "10.0.0.9", true},
        {"10.0.0.9", "10.0.0.9@54", false},
        {"10.0.0.9", "10.0.0.1", false},
        {"10.0.0.9", "::ffff:10.0.0.9", true},
        {"10.0.0.9@5300", "10.0.0.9@5300", true},
        {"0.0.0.0", "127.0.0.1", true},
        {"0.0.0.0", "127.9.9.9", true},
        {"0.0.0.0", "127.0.0.1@54", false},
        {"0.0.0.0", "::1", false},
        {"0.0.0.0", "10.0.0.1", false},
        {"::", "::1", true},
        {"::", "127.0.0.1", false},
        {"::", "2001:db8::1", false},
        {"127.0.0.1", "127.0.0.2", false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char lines[512];
        int rc;

        snprintf(lines, sizeof(lines),
                 "[key k]\nsecret-file = k.key\n"
                 "[proxy]\nlisten = %s\n[primary hq]\naddress = %s\n" ANY,
                 cases[i].listen, cases[i].address);
        rc = config_fixture_parse(lines);
        cr_expect_eq(rc, cases[i].refused ? DNS_EFORMAT : 0, "%s %s: %s", cases[i].listen,
                     cases[i].address, config_fixture_findings());
        if (cases[i].refused)
            cr_expect(strstr(config_fixture_findings(),
                             "is where this proxy itself listens; give the server's address or "
                             "port\n") != NULL);
    }
}

Test(check, M8_a_peer_is_no_listener_of_another_peer)
{
    expect_findings(HQ "listen = 10.0.0.53\n[secondary any]\nkey = k\naddress = 10.0.0.53\n",
                    "8: error: 10.0.0.53@53 is where this proxy itself listens; give the server's "
                    "address or port\n");
}

Test(check, wildcards_are_no_peers)
{
    expect_findings("[primary hq]\naddress = 0.0.0.0@54, ::@54\n" ANY,
                    "4: error: 0.0.0.0@54 is no address of a server\n"
                    "4: error: ::@54 is no address of a server\n");
}

Test(check, M2_a_listener_stands_for_one_peer)
{
    expect_findings(
        "[proxy]\nlisten = 0.0.0.0\n" HQ "listen = 10.0.0.53\n" ANY "listen = 10.0.0.54\n", "");
    expect_findings(HQ "listen = 10.0.0.53\n" ANY "listen = 10.0.0.54, 10.0.0.53\n",
                    "9: error: 10.0.0.53@53 stands for hq already; a peer's 'listen' is its own\n");
    expect_findings(HQ "listen = 0.0.0.0@54\n" ANY "listen = 10.0.0.54@54\n",
                    "9: error: 10.0.0.54@54 stands for hq already; a peer's 'listen' is its own\n");
    expect_findings(
        "[proxy]\nlisten = 10.0.0.9\n" HQ "listen = 10.0.0.9\n" ANY,
        "7: error: 10.0.0.9@53 is in 'listen' of [proxy], too; a peer's 'listen' is its "
        "own\n");
}

Test(check, M1_key_names_are_told_apart_within_a_peer)
{
    expect_findings("[key l]\nname = K\nsecret-file = k.key\nalgorithm = hmac-sha512\n" HQ
                    "[secondary any]\naddress = 192.0.2.1\nkey = k, l\n",
                    "5: warning: the secret of [key l] has 32 octets; for hmac-sha512 it should "
                    "have 64\n");
    expect_findings("[key l]\nname = K\nsecret-file = k.key\n" HQ
                    "[secondary any]\naddress = 192.0.2.1\nkey = k, l\n",
                    "10: error: two of the keys have the name 'k' and one secret\n");
    /* Names that could not be read are not the same. */
    expect_findings("name = a..b\n[key l]\nname = c..d\nsecret-file = k.key\n" HQ
                    "[secondary any]\naddress = 192.0.2.1\nkey = k, l\n",
                    "3: error: 'name' has 'a..b', which is no domain name\n"
                    "5: error: 'name' has 'c..d', which is no domain name\n");
    /* Two providers may use one name. */
    expect_findings("[key l]\nname = k\nsecret-file = k.key\n" HQ ANY "zones = a.example\n"
                    "[secondary other]\naddress = 192.0.2.2\nkey = l\nzones = b.example\n",
                    "");
}

/* Two, while its secret is being changed. */
Test(check, M1_a_key_may_have_two_secrets)
{
    config_fixture_file("/etc/t/l.key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", 0640);
    config_fixture_file("/etc/t/m.key", "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", 0640);
    expect_findings("[key l]\nname = k\nsecret-file = l.key\n" HQ
                    "[secondary any]\naddress = 192.0.2.1\nkey = l, k\n",
                    "");
    expect_findings(
        "[key l]\nname = k\nsecret-file = l.key\n[key m]\nname = k\nsecret-file = m.key\n" HQ
        "[secondary any]\naddress = 192.0.2.1\nkey = k, l, m\n",
        "13: error: more than two of the keys have the name 'k'; two do to change a "
        "secret\n");
}

Test(check, M8_warnings_about_secondaries)
{
    expect_findings(HQ ANY "mode = observe\nfrom = 0.0.0.0/0, ::/0\n"
                           "[secondary other]\naddress = 192.0.2.2\nkey = k\nzones = a.example\n",
                    "5: warning: [secondary any] has no 'zones' beside other secondaries: it is "
                    "given every zone\n"
                    "8: warning: 'mode = observe' lets requests without TSIG through\n"
                    "9: warning: 'from' has 0.0.0.0/0: every address there is\n"
                    "9: warning: 'from' has ::/0: every address there is\n"
                    "12: warning: [key k] is shared with any: either of them can pass for the "
                    "other\n");
}

Test(check, all_peers_must_be_there)
{
    expect_findings(HQ, "0: error: there is no [secondary LABEL] section\n"
                        "1: warning: [key k] is used by no peer\n");
    expect_findings(ANY, "0: error: there is no [primary LABEL] section\n");
}

Test(check, several_primaries_must_be_chosen_from)
{
    expect_findings(HQ "[primary east]\naddress = 10.0.0.2\n" ANY,
                    "7: error: [secondary any] has no 'primary', and there are several to choose "
                    "from\n");
    expect_findings(HQ "[primary east]\naddress = 10.0.0.2\n" ANY "primary = east\n", "");
}

/* Whoever of several comes first in the file is named, be it by a wildcard or by the address. */
Test(check, M2_the_first_of_several_rivals_is_told)
{
    expect_findings(
        HQ "listen = 10.0.0.54@54\n[primary b]\naddress = 10.0.0.2\nlisten = 0.0.0.0@54\n"
           "[primary c]\naddress = 10.0.0.3\nlisten = 10.0.0.54@54, 0.0.0.0@55\n"
           "[primary d]\naddress = 10.0.0.4\nlisten = 10.0.0.55@54, ::@54\n"
           "[primary e]\naddress = 10.0.0.5\nlisten = 0.0.0.0@54\n" ANY
           "primary = hq\nlisten = 10.0.0.1@55, 10.0.0.1@56, 2001:db8::1@54\n",
        "8: error: 0.0.0.0@54 stands for hq already; a peer's 'listen' is its own\n"
        "11: error: 10.0.0.54@54 stands for hq already; a peer's 'listen' is its own\n"
        "14: error: 10.0.0.55@54 stands for b already; a peer's 'listen' is its own\n"
        "17: error: 0.0.0.0@54 stands for hq already; a peer's 'listen' is its own\n"
        "22: error: 10.0.0.1@55 stands for c already; a peer's 'listen' is its own\n"
        "22: error: 2001:db8::1@54 stands for d already; a peer's 'listen' is its own\n");
}

/* A zone index tells addresses apart only where both have one. */
Test(check, M2_listeners_with_zone_indexes)
{
    expect_findings(HQ "listen = fe80::1%2\n[primary b]\naddress = 10.0.0.2\nlisten = fe80::1%3\n"
                       "[primary c]\naddress = 10.0.0.3\nlisten = fe80::1\n" ANY
                       "primary = hq\nlisten = fe80::1%3\n",
                    "11: error: fe80::1@53 stands for hq already; a peer's 'listen' is its own\n"
                    "16: error: fe80::1%3@53 stands for b already; a peer's 'listen' is its own\n");
}

Test(check, M8_of_sections_with_one_label_the_first_counts)
{
    expect_findings(HQ ANY "zones = a.example\n[key K]\nsecret-file = k.key\n"
                           "[key l]\nsecret-file = k.key\n[key k]\nsecret-file = k.key\n"
                           "[secondary HQ]\naddress = 192.0.2.2\nkey = l\nzones = b.example\n"
                           "[secondary hq]\naddress = 192.0.2.3\nkey = l\nzones = c.example\n",
                    "9: error: [key k] is already in line 1\n"
                    "9: warning: [key K] is used by no peer\n"
                    "13: error: [key k] is already in line 1\n"
                    "13: warning: [key k] is used by no peer\n"
                    "15: error: the label 'HQ' is taken: [primary hq] is in line 3\n"
                    "19: error: [secondary HQ] is already in line 15\n"
                    "21: warning: [key l] is shared with HQ: either of them can pass for the "
                    "other\n");
}

/* What Prometheus reads. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/series.h"
#include "scene.h"

static char *metrics;

static void open_scene(void)
{
    scene_open(SCENE_CONFIG);
}

static void close_scene(void)
{
    free(metrics);
    scene_close();
}

TestSuite(metrics, .init = open_scene, .fini = close_scene);

static void look(void)
{
    free(metrics);
    metrics = scene_metrics();
}

static bool has(const char *line)
{
    char text[512];
    snprintf(text, sizeof text, "\n%s\n", line);
    return strstr(metrics, text);
}

static void tell_all(void)
{
    struct relay_event verified =
        scene_answered(EVENT_VERIFIED, "one", DNS_TYPE_SOA, "example.com", 0);
    struct relay_event failed = verified;
    struct relay_event notified = {.type = EVENT_NOTIFIED,
                                   .peer = scene_peer("hq"),
                                   .client = scene_peer("hq"),
                                   .address = scene_address("10.0.0.1"),
                                   .zone = scene_zone("example.com"),
                                   .opcode = DNS_OPCODE_NOTIFY,
                                   .qtype = DNS_TYPE_SOA,
                                   .has_serial = true,
                                   .serial = 8};
    verified.has_skew = true;
    verified.skew = 12;
    scene_report(verified);
    scene_report(scene_answered(EVENT_REFRESH, "one", DNS_TYPE_SOA, "example.com", 7));
    scene_report(scene_answered(EVENT_TRANSFER, "one", DNS_TYPE_AXFR, "example.com", 7));
    failed.type = EVENT_TSIG_FAILURE;
    failed.result = RESULT_REFUSED;
    failed.tsig_error = 16;
    scene_report(failed);
    scene_report(notified);
    scene_report(scene_notify("one", "example.com", 8, RESULT_OK));
    scene_report(scene_notify("two", "example.com", 8, RESULT_TIMEOUT));
    scene_report((struct relay_event){.type = EVENT_REFUSED,
                                      .result = RESULT_UNKNOWN_SOURCE,
                                      .address = scene_address("203.0.113.9"),
                                      .qtype = DNS_TYPE_AXFR,
                                      .transport = RELAY_TCP});
    scene_report((struct relay_event){
        .type = EVENT_LIMIT, .result = RESULT_TOO_MANY_STRANGERS, .transport = RELAY_TCP});
}

Test(metrics, each_event_counts)
{
    tell_all();
    look();
    static const char *const lines[] = {
        "tsig_proxy_build_info{version=\"" TSIG_PROXY_VERSION "\"} 1",
        "tsig_proxy_requests_total{peer=\"one\",operation=\"soa\",transport=\"udp\",result=\"ok\"} "
        "1",
        "tsig_proxy_requests_total{peer=\"one\",operation=\"soa\",transport=\"udp\","
        "result=\"refused\"} 1",
        "tsig_proxy_requests_total{peer=\"one\",operation=\"axfr\",transport=\"tcp\","
        "result=\"ok\"} 1",
        "tsig_proxy_requests_total{peer=\"hq\",operation=\"notify\",transport=\"udp\","
        "result=\"ok\"} 1",
        "tsig_proxy_requests_total{peer=\"unknown\",operation=\"axfr\",transport=\"tcp\","
        "result=\"unknown-source\"} 1",
        "tsig_proxy_tsig_failures_total{peer=\"one\",key=\"k\",error=\"BADSIG\"} 1",
        "tsig_proxy_transfers_total{peer=\"one\",type=\"axfr\",result=\"ok\"} 1",
        "tsig_proxy_refreshes_total{peer=\"one\",result=\"ok\"} 1",
        "tsig_proxy_transfer_bytes_total{peer=\"one\"} 1000",
        "tsig_proxy_transfer_duration_seconds_bucket{le=\"0.05\"} 0",
        "tsig_proxy_transfer_duration_seconds_bucket{le=\"0.1\"} 1",
        "tsig_proxy_transfer_duration_seconds_bucket{le=\"+Inf\"} 1",
        "tsig_proxy_transfer_duration_seconds_sum 0.07",
        "tsig_proxy_transfer_duration_seconds_count 1",
        "tsig_proxy_notify_total{peer=\"hq\",result=\"ok\"} 1",
        "tsig_proxy_notify_total{peer=\"one\",result=\"ok\"} 1",
        "tsig_proxy_notify_total{peer=\"two\",result=\"timeout\"} 1",
        "tsig_proxy_clock_skew_seconds{peer=\"one\"} 12",
        "tsig_proxy_zones{peer=\"one\",state=\"behind\"} 1",
        "tsig_proxy_zones{peer=\"one\",state=\"current\"} 0",
        "tsig_proxy_zones{peer=\"two\",state=\"unknown\"} 0",
        "tsig_proxy_peer_up{peer=\"one\"} 1",
        "tsig_proxy_peer_up{peer=\"two\"} 0",
        "tsig_proxy_limits_total{limit=\"too-many-strangers\",peer=\"unknown\"} 1",
        "tsig_proxy_connections{side=\"client\"} 0",
        "tsig_proxy_address_here{address=\"192.0.2.53\"} 1",
        "tsig_proxy_address_here{address=\"192.0.2.54\"} 0",
        "tsig_proxy_config_last_reload_successful 1",
        "tsig_proxy_config_generations 1",
        "tsig_proxy_log_lines_dropped_total 0",
        "tsig_proxy_zone_serial{zone=\"example.com\",peer=\"one\"} 7",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        cr_expect(has(lines[i]), "%s\nis not in\n%s", lines[i], metrics);
    static const char *const begun[] = {
        "tsig_proxy_key_last_used_timestamp_seconds{peer=\"one\",key=\"k\"} ",
        "tsig_proxy_config_last_reload_success_timestamp_seconds ",
        "tsig_proxy_zone_refreshed_timestamp_seconds{zone=\"example.com\",peer=\"one\"} ",
        "tsig_proxy_zone_behind_since_timestamp_seconds{zone=\"example.com\",peer=\"one\"} ",
        "tsig_proxy_zone_expire_timestamp_seconds{zone=\"example.com\",peer=\"one\"} ",
        "process_resident_memory_bytes ",
        "process_open_fds ",
    };
    for (size_t i = 0; i < sizeof begun / sizeof *begun; i++)
        cr_expect(strstr(metrics, begun[i]), "%s", begun[i]);
}

/* Before a mode = observe is taken out, there should be no more of these. */
Test(metrics, what_observe_lets_through_counts_as_unsigned)
{
    struct relay_event observed =
        scene_answered(EVENT_OBSERVED, "one", DNS_TYPE_SOA, "example.com", 0);
    observed.result = RESULT_UNSIGNED;
    observed.key = NULL;
    scene_report(observed);
    scene_report(observed);
    look();
    cr_expect(has("tsig_proxy_tsig_failures_total{peer=\"one\",key=\"unknown\","
                  "error=\"unsigned\"} 2"),
              "%s", metrics);
    cr_expect_not(strstr(metrics, "tsig_proxy_requests_total{"), "its end will count it");
}

Test(metrics, what_a_reload_removes_disappears_and_the_rest_counts_on)
{
    tell_all();
    scene_reload("[primary hq]\naddress = 10.0.0.1\n[secondary two]\naddress = 192.0.2.2\n");
    scene_report(scene_notify("two", "example.com", 8, RESULT_TIMEOUT));
    look();
    cr_expect_not(strstr(metrics, "\"one\""), "%s", metrics);
    cr_expect_not(strstr(metrics, "key=\"k\""));
    cr_expect(has("tsig_proxy_notify_total{peer=\"two\",result=\"timeout\"} 2"));
}

Test(metrics, bytes_of_a_label_are_escaped)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    SERIES(out, "x", 1, "zone", "a\\046b\"c\nd");
    fclose(out);
    cr_expect_str_eq(text, "tsig_proxy_x{zone=\"a\\\\046b\\\"c\\nd\"} 1\n");
    free(text);
}

/* Debian's prometheus package. */
Test(metrics, promtool_finds_nothing_to_say, .timeout = 60)
{
    /* An image is built without it. */
    if (system("command -v promtool >/dev/null") != 0)
        return;
    tell_all();
    look();
    FILE *promtool = popen("promtool check metrics 2>&1", "w");
    cr_assert_not_null(promtool);
    cr_expect_eq(fwrite(metrics, 1, strlen(metrics), promtool), strlen(metrics));
    cr_expect_eq(pclose(promtool), 0);
}

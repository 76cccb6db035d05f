#include "relay/report.h"

#include <assert.h>

const char *report_type_word(enum relay_event_type type)
{
    static const char *const words[EVENT_TYPES] = {
        [EVENT_NOTIFIED] = "notified",
        [EVENT_NOTIFY] = "notify",
        [EVENT_TRANSFER] = "transfer",
        [EVENT_REFRESH] = "refresh",
        [EVENT_REQUEST] = "request",
        [EVENT_OBSERVED] = "observed",
        [EVENT_REFUSED] = "refused",
        [EVENT_VERIFIED] = "verified",
        [EVENT_TSIG_FAILURE] = "tsig-failure",
        [EVENT_CLOCK_SKEW] = "clock-skew",
        [EVENT_UPSTREAM_FAILURE] = "upstream-failure",
        [EVENT_IGNORED] = "ignored",
        [EVENT_JOINED] = "joined",
        [EVENT_LIMIT] = "limit",
        [EVENT_POLL] = "poll",
    };
    assert(type < EVENT_TYPES);
    return words[type];
}

static const struct {
    const char *word;
    const char *advice;
} report_results[RESULTS] = {
    [RESULT_OK] = {"ok", NULL},
    [RESULT_ERROR] = {"error", NULL},
    [RESULT_NO_TRANSFER] = {"no-transfer", NULL},
    [RESULT_SERIAL_CHANGED] = {"serial-changed", NULL},
    [RESULT_TRUNCATED] = {"truncated", NULL},
    [RESULT_CHANGED] = {"changed", NULL},
    [RESULT_UNSIGNED] = {"unsigned", "mode = observe lets it through"},
    [RESULT_MALFORMED] = {"malformed", NULL},
    [RESULT_QUESTION_COUNT] = {"question-count", NULL},
    [RESULT_CLASS] = {"class", NULL},
    [RESULT_NOT_SUPPORTED] = {"not-supported", NULL},
    [RESULT_MISPLACED_TSIG] = {"misplaced-tsig", NULL},
    [RESULT_MALFORMED_TSIG] = {"malformed-tsig", NULL},
    [RESULT_MAC_SIZE] = {"mac-size", NULL},
    [RESULT_SIG0_AND_TSIG] = {"sig0-and-tsig", NULL},
    [RESULT_AXFR_OVER_UDP] = {"axfr-over-udp", NULL},
    [RESULT_IXFR_WITHOUT_SOA] = {"ixfr-without-soa", NULL},
    [RESULT_UNKNOWN_SOURCE] = {"unknown-source",
                               "no peer of the role that sends this has this address"},
    [RESULT_NOT_HEARD_HERE] =
        {"not-heard-here",
         "this peer has no key, so it is heard at some local addresses alone; see heard-at"},
    [RESULT_KEY_FROM_ELSEWHERE] = {"key-from-elsewhere", NULL},
    [RESULT_REPLAY] = {"replay",
                       "an UPDATE came again, and not from who sent it first: somebody may "
                       "have recorded it"},
    [RESULT_NO_TSIG] = {"no-tsig", "this peer has a key but sent no TSIG; give it the key"},
    [RESULT_OPERATION_NOT_ALLOWED] = {"operation-not-allowed", "see allow of this secondary"},
    [RESULT_ZONE_NOT_ALLOWED] = {"zone-not-allowed", "see zones of this secondary"},
    [RESULT_NO_SERVER] = {"no-server", NULL},
    [RESULT_NO_BALANCER] = {"no-balancer", "a connection to proxy-listen was closed: proxy-from of "
                                           "[proxy] does not have this host"},
    [RESULT_NO_HEADER] = {"no-header", "a connection to proxy-listen was closed: it did not begin "
                                       "with a PROXY header of version 2 in time (HAProxy: "
                                       "send-proxy-v2)"},
    [RESULT_BAD_HEADER] = {"bad-header", "a connection to proxy-listen was closed: its PROXY "
                                         "header is malformed, too long, or names no client over "
                                         "TCP and IP"},
    [RESULT_REFUSED] = {"refused", NULL},
    [RESULT_BAD_ANSWER] = {"bad-answer", NULL},
    [RESULT_UNSIGNED_ANSWER] = {"unsigned-answer",
                                "an answer without TSIG was dropped; does the peer have this key?"},
    [RESULT_NEXT_KEY] = {"next-key", "no verifiable answer to the key before; this one signs now"},
    [RESULT_BADTIME] = {"badtime", "check NTP there"},
    [RESULT_AGED] = {"aged", "a message of this transfer was signed longer ago than its fudge"},
    [RESULT_CANNOT_CONNECT] = {"cannot-connect",
                               "is the server running and reachable at this address?"},
    [RESULT_NO_SOCKET] = {"no-socket", NULL},
    [RESULT_CANNOT_SEND] = {"cannot-send", "the request could not be made ready for this server"},
    [RESULT_TIMEOUT] = {"timeout", "it was asked and did not answer in time"},
    [RESULT_CLOSED] = {"closed", "it closed the connection without an answer"},
    [RESULT_BROKE_OFF] = {"broke-off", "it broke off in the middle of a transfer"},
    [RESULT_MALFORMED_ANSWER] = {"malformed-answer", NULL},
    [RESULT_MISMATCHED_ANSWER] = {"mismatched-answer", NULL},
    [RESULT_UNEXPECTED_TSIG] = {"unexpected-tsig", NULL},
    [RESULT_UNVERIFIED_ANSWER] = {"unverified-answer", NULL},
    [RESULT_UNSIGNED_END] = {"unsigned-end", NULL},
    [RESULT_BROKEN_TRANSFER] = {"broken-transfer", "its messages make no whole transfer"},
    [RESULT_NO_ROOM_FOR_TSIG] = {"no-room-for-tsig", NULL},
    [RESULT_CANNOT_RELAY] = {"cannot-relay", NULL},
    [RESULT_NO_SOA] = {"no-soa", "it is polled, and answered without this zone's SOA: does it have "
                                 "the zone?"},
    [RESULT_NO_ANSWER] = {"no-answer", NULL},
    [RESULT_ASLEEP] = {"asleep", "it did not answer within a second; others are answered without "
                                 "it, and it is told again later"},
    [RESULT_GIVEN_UP] = {"given-up", "it was told five times more and did not answer; it will find "
                                     "out at its next refresh"},
    [RESULT_NO_PROGRESS] = {"no-progress", NULL},
    [RESULT_CLIENT_GONE] = {"client-gone", NULL},
    [RESULT_RELOADED] = {"reloaded", "its peer or key is no longer configured, or too many reloads "
                                     "came after it began"},
    [RESULT_STOPPED] = {"stopped", NULL},
    [RESULT_NO_MEMORY] = {"no-memory", NULL},
    [RESULT_JUNK] = {"junk", NULL},
    [RESULT_NO_ROOM] = {"no-room", NULL},
    [RESULT_RETRY] = {"retry", NULL},
    [RESULT_TOO_MANY_NOTIFIES] = {"too-many-notifies",
                                  "a NOTIFY got no answer: too many of its primary wait already"},
    [RESULT_TOO_MANY_EXCHANGES] =
        {"too-many-exchanges", "a request waits, or over UDP is asked again: this peer has as many "
                               "in motion as it may; see share, and LimitNOFILE in the unit file"},
    [RESULT_TOO_MANY_CONNECTIONS] =
        {"too-many-connections", "a connection was closed: this peer has as many as it may; see "
                                 "share, and LimitNOFILE in the unit file"},
    [RESULT_TOO_MANY_STRANGERS] =
        {"too-many-strangers",
         "a connection was closed: hosts that are no peers hold their places"},
    [RESULT_TOO_MANY_UNPROVEN] =
        {"too-many-unproven",
         "a connection on which nothing had verified was closed for a newer one"},
    [RESULT_MADE_ROOM] = {"made-room",
                          "a connection with nothing asked was closed for one that is wanted"},
    [RESULT_NO_PLACE] = {"no-place",
                         "connections wait: write a higher LimitNOFILE in the unit file"},
    [RESULT_ACCEPT_FAILED] = {"accept-failed", NULL},
    [RESULT_REFUSAL_RATE] = {"refusal-rate",
                             "a refusal was not sent: this network or address gets too many"},
    [RESULT_CONNECTIONS_BUSY] =
        {"connections-busy",
         "a question waited in vain for a connection to this primary: is it slow? Else "
         "raise connections in its section"},
};

const char *report_result_word(enum relay_result result)
{
    assert(result < RESULTS);
    return report_results[result].word;
}

const char *report_result_advice(enum relay_result result)
{
    assert(result < RESULTS);
    return report_results[result].advice;
}

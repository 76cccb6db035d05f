"""Requests with sound, odd and bad TSIG, over UDP and over TCP: rules P1 to P12."""

import time

import pytest

import messages
import tsigtool
from bench import (
    CUT,
    KEYS,
    MAIN,
    SAME,
    STRANGER,
    SUFFIX,
    ZONE,
    assert_signed,
    assert_tsig_error,
    assert_unsigned,
)
from messages import FORMERR, NOERROR, NOTAUTH, REFUSED
from tsigtool import BADKEY, BADSIG, BADTIME, BADTRUNC, name_wire, sign

OTHER_RECORD = b"\1x\0" + b"\0\1\0\1\0\0\0\0\0\4\xc0\0\2\1"
SIG0 = b"\0" + b"\0\x18\0\xff\0\0\0\0" + b"\0\x17" + b"\0\0\x0d\0" + bytes(12) + b"\0\1" + b"\0" + b"sig0"


def soa_query(**more):
    return messages.query(ZONE, "SOA", **more)


# P1: what cannot be interpreted as TSIG


def after(message):
    return tsigtool.append(message, OTHER_RECORD)


def moved(section):
    def make():
        signed = sign(soa_query(), MAIN)[0]
        counts = {1: {"an": 1}, 2: {"ns": 1}}[section]
        return messages.with_counts(signed, ar=0, **counts)

    return make


MALFORMED = {
    "not_last": lambda: after(sign(soa_query(), MAIN)[0]),
    "two": lambda: sign(sign(soa_query(), MAIN)[0], MAIN)[0],
    "in_answer": moved(1),
    "in_authority": moved(2),
    "class_in": lambda: sign(soa_query(), MAIN, klass=1)[0],
    "class_none": lambda: sign(soa_query(), MAIN, klass=254)[0],
    "ttl_1": lambda: sign(soa_query(), MAIN, ttl=1)[0],
    "mac_size_past_the_end": lambda: sign(soa_query(), MAIN, mac_size=1000)[0],
    "mac_size_one_too_long": lambda: sign(soa_query(), MAIN, mac_size=33)[0],
    "other_len_past_the_end": lambda: sign(soa_query(), MAIN, other_size=6)[0],
    "other_len_too_short": lambda: sign(soa_query(), MAIN, other=b"123456", other_size=4)[0],
    "rdata_empty": lambda: tsigtool.append(soa_query(), name_wire(MAIN.name) + b"\0\xfa\0\xff" + bytes(6)),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_P1_is_formerr(bench, transport, case):
    assert_unsigned(bench.ask(transport, MALFORMED[case]()), FORMERR)


# P2 to P6: the order of the checks, and what each failure says


def test_P2_bad_mac_with_bad_time_is_badsig(bench, transport):
    message = sign(soa_query(), MAIN, mac=bytes(32), time=1_000_000)[0]
    assert_tsig_error(bench.ask(transport, message), BADSIG, MAIN.name)


def test_P2_bad_mac_that_is_cut_is_badsig(bench, transport):
    message = sign(soa_query(), MAIN, mac=bytes(16))[0]
    assert_tsig_error(bench.ask(transport, message), BADSIG, MAIN.name)


def test_P2_cut_mac_with_bad_time_is_badtime(bench, transport):
    message, mac = sign(soa_query(), MAIN, length=16, time=1_000_000)
    assert_signed(bench.ask(transport, message), MAIN, mac, NOTAUTH, BADTIME)


def test_P3_unknown_key_is_badkey(bench, transport):
    message = sign(soa_query(), STRANGER)[0]
    assert_tsig_error(bench.ask(transport, message), BADKEY, STRANGER.name)


@pytest.mark.parametrize("algorithm", ["hmac-sha512", "hmac-sha256-128", "hmac-sha1"])
def test_P3_known_key_with_other_algorithm_is_badkey(bench, transport, algorithm):
    other = tsigtool.Key(MAIN.name, algorithm, MAIN.secret)
    assert_tsig_error(bench.ask(transport, sign(soa_query(), other)[0]), BADKEY, MAIN.name)


def test_P3_unknown_algorithm_is_badkey(bench, transport):
    message = sign(soa_query(), MAIN, algorithm=name_wire("hmac-sha999"))[0]
    assert_tsig_error(bench.ask(transport, message), BADKEY, MAIN.name)


def test_P4_bad_mac_is_badsig(bench, transport):
    message = sign(soa_query(), tsigtool.Key(MAIN.name, secret=b"wrong" * 7))[0]
    assert_tsig_error(bench.ask(transport, message), BADSIG, MAIN.name)


def test_P4_changed_question_is_badsig(bench, transport):
    message = sign(soa_query(), MAIN)[0]
    assert_tsig_error(bench.ask(transport, message.replace(b"\x07example\x03org", b"\x07eXample\x03org", 1)),
                      BADSIG, MAIN.name)


def test_P4_last_bit_of_the_mac_counts(bench, transport):
    mac = sign(soa_query(number=5), MAIN, time=int(time.time()))[1]
    message = sign(soa_query(number=5), MAIN, mac=mac[:-1] + bytes([mac[-1] ^ 1]))[0]
    assert_tsig_error(bench.ask(transport, message), BADSIG, MAIN.name)


@pytest.mark.parametrize("fudge", [300, 7])
@pytest.mark.parametrize("skew", [-1000, 1000])
def test_P5_bad_time_is_badtime_signed_with_our_clock(bench, transport, skew, fudge):
    now = int(time.time())
    message, mac = sign(soa_query(), MAIN, time=now + skew, fudge=fudge)
    _, tsig = assert_signed(bench.ask(transport, message), MAIN, mac, NOTAUTH, BADTIME)
    assert (tsig.time, tsig.fudge) == (now + skew, fudge)
    assert len(tsig.other) == 6
    assert abs(int.from_bytes(tsig.other, "big") - now) <= 5


def test_P5_time_within_the_fudge_of_both_is_good(bench, transport):
    """Ours is 300; the client's own counts for at most that."""
    message, mac = sign(soa_query(), MAIN, time=int(time.time()) - 250, fudge=2000)
    assert_signed(bench.ask(transport, message), MAIN, mac)
    message, mac = sign(soa_query(), MAIN, time=int(time.time()) - 18 * 3600, fudge=65535)
    assert_signed(bench.ask(transport, message), MAIN, mac, NOTAUTH, BADTIME)


LEAST = [("hmac-md5", 10), ("hmac-sha1", 10), ("hmac-sha224", 14), ("hmac-sha256", 16), ("hmac-sha384", 24),
         ("hmac-sha512", 32)]  # max(10, half of the hash)


@pytest.mark.parametrize("algorithm,least", LEAST)
def test_P6_mac_sizes(bench, algorithm, least):
    key = KEYS[algorithm]
    client = bench.client("tcp")
    for size in (0, 1, 9, least - 1):
        assert_unsigned(client.ask(sign(soa_query(), key, length=size)[0]), FORMERR)
    for size in (least, key.mac_size - 1):
        message, mac = sign(soa_query(), key, length=size)
        assert_signed(client.ask(message), key, mac, NOTAUTH, BADTRUNC)
    mac = sign(soa_query(number=9), key)[1]
    message = sign(soa_query(number=9), key, mac=mac + b"\0")[0]
    assert_unsigned(client.ask(message), FORMERR)


@pytest.mark.parametrize("size", [0, 9, 15, 33])
def test_P6_illegal_mac_size_is_formerr(bench, transport, size):
    message = sign(soa_query(), MAIN, mac=(sign(soa_query(), MAIN)[1] + b"\0")[:size])[0]
    assert_unsigned(bench.ask(transport, message), FORMERR)


@pytest.mark.parametrize("size", [16, 17, 31])
def test_P6_cut_mac_is_badtrunc_signed(bench, transport, size):
    message, mac = sign(soa_query(), MAIN, length=size)
    _, tsig = assert_signed(bench.ask(transport, message), MAIN, mac, NOTAUTH, BADTRUNC)
    assert abs(tsig.time - time.time()) <= 5


@pytest.mark.parametrize("size", [16, 20, 32])
def test_P7_minimum_mac_accepts_a_cut_mac_and_answers_none_shorter(bench, transport, size):
    message, mac = sign(soa_query(), CUT, length=size)
    answer = bench.ask(transport, message, "cut")
    tsig = tsigtool.Verifier(CUT, mac, least=size).check(answer)[1]
    assert (tsigtool.rcode(answer), tsig.error) == (NOERROR, 0)


def test_P7_below_the_least_minimum_mac_changes_nothing(bench, transport):
    message = sign(soa_query(), CUT, length=15)[0]
    assert_unsigned(bench.ask(transport, message, "cut"), FORMERR)


# P8, P9: names and fields as they arrive, names as they are hashed


@pytest.mark.parametrize("owner", [b"\3key\xc0\x0c", name_wire("KeY.eXaMPle.ORG"), b"\3KEY\xc0\x0c"],
                         ids=["compressed", "mixed_case", "both"])
def test_P8_key_name_may_be(bench, transport, owner):
    message, mac = sign(soa_query(), SUFFIX, owner=owner)
    assert_signed(bench.ask(transport, message), SUFFIX, mac)


def test_P8_algorithm_in_mixed_case(bench, transport):
    message, mac = sign(soa_query(), MAIN, algorithm=name_wire("HMAC-Sha256"))
    assert_signed(bench.ask(transport, message), MAIN, mac)


@pytest.mark.parametrize("size", [1, 6, 32, 200])
def test_P8_other_data_as_received(bench, transport, size):
    message, mac = sign(soa_query(), MAIN, other=bytes(range(size)))
    assert_signed(bench.ask(transport, message), MAIN, mac)


def test_P8_error_field_as_received(bench, transport):
    """The error of a request says nothing, but it is hashed."""
    message, mac = sign(soa_query(), MAIN, error=16)
    assert_signed(bench.ask(transport, message), MAIN, mac)


def test_P9_original_id_differs_from_the_id(bench, transport):
    message, mac = sign(soa_query(number=1000), MAIN, original_id=2000)
    _, tsig = assert_signed(bench.ask(transport, message), MAIN, mac)
    assert tsig.original_id == 2000


def test_P9_fields_of_the_answer(bench, transport):
    message, mac = sign(soa_query(), MAIN, fudge=123)
    _, tsig = assert_signed(bench.ask(transport, message), MAIN, mac)
    assert tsig.original_id == tsigtool.message_id(message)
    assert (tsig.error, tsig.other) == (0, b"")
    assert abs(tsig.time - time.time()) <= 5


def test_P10_time_may_go_back_within_fudge(bench, transport):
    client, now = bench.client(transport), int(time.time())
    for moment in (now + 100, now, now - 200):
        message, mac = sign(soa_query(), MAIN, time=moment)
        assert_signed(client.ask(message), MAIN, mac)


def test_P11_sig0_with_tsig_is_refused(bench, transport):
    message = sign(tsigtool.append(soa_query(), SIG0), MAIN)[0]
    assert tsigtool.rcode(bench.ask(transport, message)) == REFUSED


def test_P11_sig0_alone_is_refused_unsigned(bench, transport):
    assert_unsigned(bench.ask(transport, tsigtool.append(soa_query(), SIG0)), REFUSED)


@pytest.mark.parametrize("algorithm", KEYS)
def test_P12_algorithm(bench, transport, algorithm):
    key = KEYS[algorithm]
    message, mac = sign(soa_query(), key)
    bare, _ = assert_signed(bench.ask(transport, message), key, mac)
    assert messages.first_serial(bare) == 7


@pytest.mark.parametrize("algorithm", KEYS)
def test_P12_algorithm_in_a_transfer(bench, algorithm):
    key = KEYS[algorithm]
    message, mac = sign(messages.query(ZONE, "AXFR"), key)
    bare, _ = assert_signed(bench.ask("tcp", message), key, mac)
    assert messages.counts(bare)[1] == 5


def test_P12_answer_carries_opt_and_tsig_last(bench, transport):
    message, mac = sign(soa_query(payload=1232), MAIN)
    bare, _ = assert_signed(bench.ask(transport, message), MAIN, mac)
    assert messages.opt(bare) is not None


def test_key_of_the_same_name_at_another_peer(bench, transport):
    """P4, M1: key names are scoped to peers."""
    for name, own, other in (("same-1", *SAME), ("same-2", *reversed(SAME))):
        message, mac = sign(soa_query(), own)
        assert_signed(bench.ask(transport, message, name), own, mac)
        message = sign(soa_query(), other)[0]
        assert_tsig_error(bench.ask(transport, message, name), BADSIG, other.name)

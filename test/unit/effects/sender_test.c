/* Destinations: which are refused, which addresses may be connected to, and how a sender may be
 * used. What becomes of effects, test/fault/bad_peers.py shows. */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <greffe/sender.h>

#include "effects/curl_priv.h"
#include "support/prime_kit.c"

#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

static const char *const secrets[] = {SECRET, NULL};

typedef struct fixture {
    greffe_context *context;
    greffe_plan *plan;
    greffe_engine *engine;
    greffe_sender *sender;
    char logged[512];
    int listener;
    unsigned port;
} fixture;

static void keep_log(void *data, greffe_log_level level, const char *text)
{
    fixture *f = data;
    (void)level;
    (void)snprintf(f->logged, sizeof f->logged, "%s", text);
}

static int64_t read_clock(void *data)
{
    (void)data;
    return PRIME_START;
}

/* A port where somebody listens, and never answers. */
static void listen_at_home(fixture *f)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof at;
    f->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(f->listener >= 0);
    assert_int_equal(bind(f->listener, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(f->listener, 8), 0);
    assert_int_equal(getsockname(f->listener, (struct sockaddr *)&at, &size), 0);
    f->port = ntohs(at.sin_port);
}

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    char args[256];
    assert_non_null(f);
    const greffe_context_options logs = {.size = sizeof logs, .log = keep_log, .log_data = f};
    greffe_engine_options options = {.size = sizeof options, .clock = read_clock, .alone = true};
    assert_int_equal(greffe_context_create(&f->context, &logs), GREFFE_OK);
    f->plan = prime_compile(f->context, "Prime");
    assert_non_null(f->plan);
    assert_int_equal(greffe_store_memory(&options.store), GREFFE_OK);
    assert_int_equal(greffe_engine_open(&f->engine, f->context, &options), GREFFE_OK);
    assert_int_equal(greffe_engine_publish(f->engine, f->plan), GREFFE_OK);
    assert_int_equal(prime_tell(f->engine, "file", "d1", "k", CITIZEN, prime_filing(args, 1), 0),
                     GREFFE_OK);
    assert_int_equal(greffe_sender_create(&f->sender, f->engine), GREFFE_OK);
    listen_at_home(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    greffe_verified verified;
    greffe_sender_destroy(f->sender);
    assert_int_equal(greffe_engine_verify(f->engine, &verified, NULL), GREFFE_OK);
    greffe_engine_close(f->engine);
    greffe_plan_unref(f->plan);
    greffe_context_destroy(f->context);
    (void)close(f->listener);
    free(f);
    return 0;
}

/* --- Destinations --- */

static greffe_destination webhook(const char *channel, const char *url)
{
    return (greffe_destination){
        .size = sizeof(greffe_destination), .channel = channel, .url = url, .secrets = secrets};
}

static void a_destination_that_cannot_be_is_refused_with_a_reason(void **state)
{
    const fixture *f = *state;
    static const char *const many[] = {SECRET, SECRET, SECRET, SECRET, SECRET,
                                       SECRET, SECRET, SECRET, SECRET, NULL};
    static const char *const short_one[] = {"whsec_MfKQ9r8GKYqrTwjUPD8ILA==", NULL};
    static const char *const wrong[] = {"10.0.0.0/33", NULL};
    const struct {
        greffe_destination it;
        const char *says;
    } cases[] = {
        {{.channel = "sms", .url = "ftp://a.example", .secrets = secrets}, "begins with"},
        {{.channel = "sms", .url = "https://a.example/a b", .secrets = secrets}, "spaces"},
        {{.channel = "sms", .url = "https://a.example/\r\nX: y", .secrets = secrets}, "spaces"},
        {{.channel = "sms", .url = "http://a.example", .secrets = secrets}, "without TLS"},
        {{.channel = "sms", .url = "smtp://a.example", .sender = "a@b"}, "only letters"},
        {{.channel = "sms", .url = "https://a.example"}, "needs a secret"},
        {{.channel = "sms", .url = "https://a.example", .secrets = many}, "more than 8 secrets"},
        {{.channel = "sms", .url = "https://a.example", .secrets = short_one}, "24 to 64 bytes"},
        {{.channel = "sms", .url = "https://a.example", .secrets = secrets, .networks = wrong},
         "10.0.0.0/33"},
        {{.channel = "sms", .url = "https://a.example", .secrets = secrets, .within_s = 601},
         "600 s"},
        {{.channel = "sms",
          .url = "https://a.example",
          .secrets = secrets,
          .answers_within_s = 90 * 86400 + 1},
         "90 days"},
        {{.channel = "sms", .url = "https://a.example", .secrets = secrets, .at_once = 65}, "64"},
        {{.channel = "mail", .url = "smtp://a.example"}, "no sender"},
        {{.channel = "sms",
          .url = "https://a.example",
          .secrets = secrets,
          .certificates = "/nowhere.pem"},
         "/nowhere.pem"},
        {{.channel = "mail", .url = "smtp://a.example", .sender = "a@b", .user = "u"}, "together"},
        {{.channel = "mail",
          .url = "smtp://a.example",
          .sender = "a@b",
          .user = "u",
          .password = "p",
          .plain = true},
         "never sent without TLS"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char problem[256] = "";
        greffe_destination one = cases[i].it;
        one.size = sizeof one;
        assert_int_equal(greffe_sender_add(f->sender, &one, problem), GREFFE_EINVALID);
        if (strstr(problem, cases[i].says) == NULL) {
            fail_msg("case %zu says: %s", i, problem);
        }
        assert_int_equal(strncmp(problem, one.channel, strlen(one.channel)), 0);
    }
}

static void a_sender_has_sixteen_destinations_at_most(void **state)
{
    const fixture *f = *state;
    char problem[256];
    greffe_destination one = webhook("sms", "https://a.example");
    for (int i = 0; i < 16; i++) {
        assert_int_equal(greffe_sender_add(f->sender, &one, problem), GREFFE_OK);
    }
    assert_int_equal(greffe_sender_add(f->sender, &one, problem), GREFFE_EINVALID);
    assert_non_null(strstr(problem, "16"));
}

static void a_secret_is_read_as_it_is_written(void **state)
{
    greffe__secret secret;
    (void)state;
    assert_true(greffe__secret_read(&secret, SECRET));
    assert_int_equal(secret.size, 24);
    assert_int_equal(secret.bytes[0], 0x31);
    assert_false(greffe__secret_read(&secret, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    assert_false(greffe__secret_read(&secret, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!"));
    assert_false(greffe__secret_read(&secret, "whsec_"));
}

/* --- Addresses --- */

static void an_address_that_is_not_public_is_never_reached_by_itself(void **state)
{
    static const char *const special[] = {"0.0.0.0",
                                          "0.1.2.3",
                                          "10.0.0.1",
                                          "10.255.255.255",
                                          "100.64.0.1",
                                          "100.127.255.255",
                                          "127.0.0.1",
                                          "127.255.0.1",
                                          "169.254.169.254",
                                          "172.16.0.1",
                                          "172.31.255.255",
                                          "192.0.0.8",
                                          "192.0.2.1",
                                          "192.168.1.1",
                                          "198.18.0.1",
                                          "198.19.255.255",
                                          "198.51.100.7",
                                          "203.0.113.9",
                                          "224.0.0.1",
                                          "239.1.1.1",
                                          "240.0.0.1",
                                          "255.255.255.255",
                                          "::",
                                          "::1",
                                          "::ffff:10.0.0.1",
                                          "::ffff:127.0.0.1",
                                          "::127.0.0.1",
                                          "64:ff9b::7f00:1",
                                          "64:ff9b:1::1",
                                          "100::1",
                                          "2001:db8::1",
                                          "2001::1",
                                          "2001:10::1",
                                          "2002:7f00:1::1",
                                          "2002:c0a8:101::1",
                                          "3fff::1",
                                          "fc00::1",
                                          "fd12:3456:789a::1",
                                          "fe80::1",
                                          "febf::1",
                                          "fec0::1",
                                          "ff02::1",
                                          "ff0e::1",
                                          "5f00::1",
                                          "not an address",
                                          "/run/socket",
                                          "1.2.3.4/8 and more",
                                          ""};
    (void)state;
    for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
        if (greffe__may_reach_text(special[i], NULL, 0)) {
            fail_msg("%s may be reached", special[i]);
        }
    }
}

static void a_public_address_is_reached(void **state)
{
    static const char *const open[] = {
        "1.1.1.1",         "9.255.255.255",   "11.0.0.0",        "100.63.255.255",
        "100.128.0.0",     "126.255.255.255", "128.0.0.0",       "172.15.255.255",
        "172.32.0.0",      "192.167.255.255", "192.169.0.0",     "198.17.255.255",
        "198.20.0.0",      "223.255.255.255", "2001:200::1",     "2a01:e0a::1",
        "2606:4700::1111", "::ffff:1.1.1.1",  "2002:101:101::1", "64:ff9b::101:101"};
    (void)state;
    for (size_t i = 0; i < sizeof open / sizeof *open; i++) {
        if (!greffe__may_reach_text(open[i], NULL, 0)) {
            fail_msg("%s may not be reached", open[i]);
        }
    }
}

static void a_network_that_is_named_is_reached_and_its_neighbours_are_not(void **state)
{
    greffe__network networks[3];
    (void)state;
    assert_true(greffe__network_read(&networks[0], "10.1.0.0/16"));
    assert_true(greffe__network_read(&networks[1], "fd00::/8"));
    assert_true(greffe__network_read(&networks[2], "127.0.0.1"));
    assert_true(greffe__may_reach_text("10.1.255.255", networks, 3));
    assert_true(greffe__may_reach_text("::ffff:10.1.0.9", networks, 3));
    assert_false(greffe__may_reach_text("10.2.0.0", networks, 3));
    assert_true(greffe__may_reach_text("fdff::1", networks, 3));
    assert_false(greffe__may_reach_text("fe80::1", networks, 3));
    assert_true(greffe__may_reach_text("127.0.0.1", networks, 3));
    assert_false(greffe__may_reach_text("127.0.0.2", networks, 3));
    static const char *const wrong[] = {"10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/ 8", "10.0.0/8",
                                        "::/129",    "/8",          "10.0.0.0/8x", "example.org"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_false(greffe__network_read(&networks[0], wrong[i]));
    }
}

/* --- Sending --- */

static bool is_called(const fixture *f)
{
    struct pollfd listener = {.fd = f->listener, .events = POLLIN};
    return poll(&listener, 1, 0) == 1;
}

static void send_all(fixture *f, greffe_destination one, const char *networks, uint32_t wait_ms)
{
    char url[80], problem[256];
    greffe_progress did;
    greffe_sending sending;
    const char *const list[] = {networks, NULL};
    (void)snprintf(url, sizeof url, one.url, f->port);
    one.url = url;
    one.networks = networks != NULL ? list : NULL;
    one.plain = true;
    assert_int_equal(greffe_sender_add(f->sender, &one, problem), GREFFE_OK);
    assert_int_equal(greffe_engine_run(f->engine, &did, 10, 0), GREFFE_OK);
    assert_int_equal(greffe_sender_turn(f->sender, &sending, wait_ms), GREFFE_OK);
}

static void loopback_is_not_reached_unless_it_is_named(void **state)
{
    fixture *f = *state;
    greffe_progress did;
    send_all(f, webhook("mail", "http://127.0.0.1:%u/"), NULL, 5000);
    assert_int_equal(greffe_engine_run(f->engine, &did, 10, 0), GREFFE_OK);
    assert_non_null(strstr(f->logged, "not public"));
    assert_false(is_called(f));
}

static void a_name_for_loopback_is_not_reached_either(void **state)
{
    fixture *f = *state;
    send_all(f, webhook("mail", "http://localhost:%u/"), "10.0.0.0/8", 5000);
    assert_false(is_called(f));
}

static void what_is_named_is_reached_and_what_is_under_way_may_be_broken_off(void **state)
{
    fixture *f = *state;
    greffe_sending sending;
    send_all(f, webhook("mail", "http://127.0.0.1:%u/"), "127.0.0.1", 200);
    assert_true(is_called(f));
    assert_int_equal(greffe_sender_turn(f->sender, &sending, 0), GREFFE_OK);
    assert_int_equal(sending.under_way, 1);
}

/* --- Use --- */

static greffe_status watch_nothing(void *data, int fd, unsigned events)
{
    (void)data;
    (void)fd;
    (void)events;
    return GREFFE_OK;
}

static void time_nothing(void *data, int64_t in_ms)
{
    (void)data;
    (void)in_ms;
}

static void what_is_misused_says_so(void **state)
{
    fixture *f = *state;
    greffe_sender *none;
    greffe_sending sending;
    char problem[256];
    const greffe_watch watch = {
        .size = sizeof watch, .descriptor = watch_nothing, .timer = time_nothing};
    const greffe_watch half = {.size = sizeof half, .timer = time_nothing};
    const greffe_destination one = webhook("mail", "https://a.example");
    assert_int_equal(greffe_sender_create(NULL, f->engine), GREFFE_EMISUSE);
    assert_int_equal(greffe_sender_create(&none, NULL), GREFFE_EMISUSE);
    assert_int_equal(greffe_sender_add(NULL, &one, problem), GREFFE_EMISUSE);
    assert_int_equal(greffe_sender_add(f->sender, NULL, problem), GREFFE_EMISUSE);
    assert_int_equal(greffe_sender_add(f->sender, &(greffe_destination){0}, problem),
                     GREFFE_EMISUSE);
    assert_int_equal(greffe_sender_turn(f->sender, NULL, 0), GREFFE_EMISUSE);
    assert_int_equal(greffe_sender_watch(f->sender, &half), GREFFE_EMISUSE);
    assert_int_equal(greffe_sender_watch(f->sender, &watch), GREFFE_OK);
    assert_int_equal(greffe_sender_turn(f->sender, &sending, 1), GREFFE_EMISUSE);
    assert_int_equal(greffe_sender_turn(f->sender, &sending, 0), GREFFE_OK);
    assert_int_equal(greffe_sender_watch(f->sender, NULL), GREFFE_OK);
    assert_int_equal(greffe_sender_turn(f->sender, &sending, 0), GREFFE_OK);
    greffe_sender_destroy(NULL);
    greffe_sender_ready(NULL, -1, 0);
    send_all(f, webhook("mail", "http://127.0.0.1:%u/"), "127.0.0.1", 100);
    assert_int_equal(greffe_sender_watch(f->sender, &watch), GREFFE_EMISUSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_destination_that_cannot_be_is_refused_with_a_reason,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_sender_has_sixteen_destinations_at_most, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_secret_is_read_as_it_is_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_address_that_is_not_public_is_never_reached_by_itself,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_public_address_is_reached, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_network_that_is_named_is_reached_and_its_neighbours_are_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(loopback_is_not_reached_unless_it_is_named, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_name_for_loopback_is_not_reached_either, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            what_is_named_is_reached_and_what_is_under_way_may_be_broken_off, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_misused_says_so, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

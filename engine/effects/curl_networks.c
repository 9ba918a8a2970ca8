/* Which addresses may be connected to. What is no public unicast address by the registries of
 * special-purpose addresses (RFC 6890 and the IANA's lists that follow it) has to be named. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "effects/curl_priv.h"

static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

static void map(unsigned char out[16], const void *four)
{
    memcpy(out, mapped, sizeof mapped);
    memcpy(out + sizeof mapped, four, 4);
}

bool greffe__network_read(greffe__network *out, const char *text)
{
    char address[INET6_ADDRSTRLEN + 1];
    unsigned char four[4];
    const char *slash = strchr(text, '/');
    size_t size = slash != NULL ? (size_t)(slash - text) : strlen(text);
    if (size == 0 || size >= sizeof address) {
        return false;
    }
    memcpy(address, text, size);
    address[size] = '\0';
    bool old = inet_pton(AF_INET, address, four) == 1;
    if (old) {
        map(out->bytes, four);
    } else if (inet_pton(AF_INET6, address, out->bytes) != 1) {
        return false;
    }
    unsigned most = old ? 32 : 128, bits = most;
    if (slash != NULL) {
        char *end;
        unsigned long number = strtoul(slash + 1, &end, 10);
        if (slash[1] < '0' || slash[1] > '9' || *end != '\0' || number > most) {
            return false;
        }
        bits = (unsigned)number;
    }
    out->bits = bits + (old ? 96 : 0);
    return true;
}

static bool holds(const unsigned char network[16], unsigned bits, const unsigned char address[16])
{
    unsigned whole = bits / 8, rest = bits % 8;
    unsigned char mask = (unsigned char)(0xFF00U >> rest);
    return memcmp(network, address, whole) == 0 &&
           (rest == 0 || ((network[whole] ^ address[whole]) & mask) == 0);
}

/* Of IPv4: all that is not global unicast. */
static bool is_public_four(const unsigned char *a)
{
    static const struct {
        unsigned char bytes[4];
        unsigned char bits;
    } special[] = {
        {{0, 0, 0, 0}, 8},       /* this network */
        {{10, 0, 0, 0}, 8},      /* private */
        {{100, 64, 0, 0}, 10},   /* shared by carriers */
        {{127, 0, 0, 0}, 8},     /* loopback */
        {{169, 254, 0, 0}, 16},  /* link-local */
        {{172, 16, 0, 0}, 12},   /* private */
        {{192, 0, 0, 0}, 24},    /* protocols' own */
        {{192, 0, 2, 0}, 24},    /* documentation */
        {{192, 88, 99, 0}, 24},  /* relays of 6to4 */
        {{192, 168, 0, 0}, 16},  /* private */
        {{198, 18, 0, 0}, 15},   /* benchmarks */
        {{198, 51, 100, 0}, 24}, /* documentation */
        {{203, 0, 113, 0}, 24},  /* documentation */
        {{224, 0, 0, 0}, 4},     /* multicast */
        {{240, 0, 0, 0}, 4},     /* reserved, and broadcast */
    };
    unsigned char address[16], network[16];
    map(address, a);
    for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
        map(network, special[i].bytes);
        if (holds(network, special[i].bits + 96U, address)) {
            return false;
        }
    }
    return true;
}

/* Of IPv6: global unicast alone, and what carries an address of IPv4 as that one. */
static bool is_public(const unsigned char a[16])
{
    static const unsigned char nat64[12] = {0, 0x64, 0xFF, 0x9B};
    if (memcmp(a, mapped, sizeof mapped) == 0 || memcmp(a, nat64, sizeof nat64) == 0) {
        return is_public_four(a + 12);
    }
    if (a[0] == 0x20 && a[1] == 0x02) { /* 6to4 */
        return is_public_four(a + 2);
    }
    bool protocols = a[0] == 0x20 && a[1] == 0x01 && a[2] < 2; /* 2001::/23, Teredo among it */
    bool examples = (a[0] == 0x20 && a[1] == 0x01 && a[2] == 0x0D && a[3] == 0xB8) ||
                    (a[0] == 0x3F && a[1] == 0xFF && a[2] < 0x10); /* 2001:db8::/32, 3fff::/20 */
    return (a[0] & 0xE0) == 0x20 && !protocols && !examples;
}

static bool may_reach(const unsigned char address[16], const greffe__network *networks,
                      size_t count)
{
    bool named = false;
    for (size_t i = 0; i < count; i++) {
        named = named || holds(networks[i].bytes, networks[i].bits, address);
    }
    return named || is_public(address);
}

bool greffe__may_reach(const struct sockaddr *address, const greffe__network *networks,
                       size_t count)
{
    unsigned char bytes[16];
    if (address->sa_family == AF_INET) {
        struct sockaddr_in four;
        memcpy(&four, address, sizeof four);
        map(bytes, &four.sin_addr);
    } else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 six;
        memcpy(&six, address, sizeof six);
        memcpy(bytes, &six.sin6_addr, sizeof bytes);
    } else {
        return false;
    }
    return may_reach(bytes, networks, count);
}

bool greffe__may_reach_text(const char *address, const greffe__network *networks, size_t count)
{
    greffe__network one;
    return strchr(address, '/') == NULL && greffe__network_read(&one, address) &&
           may_reach(one.bytes, networks, count);
}

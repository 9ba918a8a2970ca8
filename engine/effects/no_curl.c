/* The sender of a build without libcurl: there is none. */
#include <greffe/sender.h>

greffe_status greffe_sender_create(greffe_sender **out, greffe_engine *engine)
{
    return out == NULL || engine == NULL ? GREFFE_EMISUSE : GREFFE_ENOTFOUND;
}

greffe_status greffe_sender_add(greffe_sender *sender, const greffe_destination *destination,
                                char problem[256])
{
    (void)sender;
    (void)destination;
    (void)problem;
    return GREFFE_EMISUSE;
}

greffe_status greffe_sender_turn(greffe_sender *sender, greffe_sending *out, uint32_t wait_ms)
{
    (void)sender;
    (void)out;
    (void)wait_ms;
    return GREFFE_EMISUSE;
}

void greffe_sender_destroy(greffe_sender *sender)
{
    (void)sender;
}

greffe_status greffe_sender_watch(greffe_sender *sender, const greffe_watch *watch)
{
    (void)sender;
    (void)watch;
    return GREFFE_EMISUSE;
}

void greffe_sender_ready(greffe_sender *sender, int fd, unsigned events)
{
    (void)sender;
    (void)fd;
    (void)events;
}

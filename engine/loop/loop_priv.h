/* Inside the loop room: a sender's descriptors on the same loop. */
#ifndef GREFFE_LOOP_LOOP_PRIV_H
#define GREFFE_LOOP_LOOP_PRIV_H

#include <greffe/sender.h>
#include <uv.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct greffe__poll greffe__poll;

/* What a sender has asked of the loop. */
typedef struct greffe__watching {
    uv_timer_t timer;      /* the first member, its `data` and its end are its owner's */
    greffe_sender *sender; /* NULL: there is none */
    uv_loop_t *uv;
    greffe__poll *first;
} greffe__watching;

/* Puts the sender on the loop; the timer is initialised already. */
greffe_status greffe__watch_begin(greffe__watching *watching);
/* Takes it off: its descriptors close with the loop's next turn, and free themselves. */
void greffe__watch_end(greffe__watching *watching);

#ifdef __cplusplus
}
#endif
#endif

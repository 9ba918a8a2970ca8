/* notification: a letter leaves through the outbox; the step is done when it is out. */
#include "compile/compile_priv.h"

static greffe__str channel_of(greffe__lowering *l)
{
    const greffe__ref *channel = &l->step->channel;
    greffe__str mail = greffe__str_of("mail");
    if (channel->node == NULL || !greffe__check_id(&l->d->binder, channel->node)) {
        return mail;
    }
    if (greffe__is_own_channel(channel->id)) {
        greffe__complain(&l->d->binder, GREFFE__GR_WRONG_VALUE, channel->node,
                         "mail, or a name of your own, such as sms",
                         "'%.*s' is no channel for letters", (int)channel->id.size,
                         channel->id.data);
        return mail;
    }
    return channel->id;
}

void greffe__lower_notification(greffe__lowering *l)
{
    static const char *const outcomes[] = {"sent", NULL};
    greffe__plan_node *node = greffe__new_node(l, GREFFE__P_EFFECT, NULL);
    if (node == NULL) {
        return;
    }
    node->channel = channel_of(l);
    node->template_name = l->step->letter.id;
    node->awaited = true;
    const greffe__ref *to = &l->step->to;
    if (to->node != NULL) {
        (void)greffe__name_find(l->d, to->node, to->id, 1u << GREFFE__THING_ROLE, "a role");
    }
    (void)greffe__author_edge(l, greffe__node_position(l, node), "sent", true);
    greffe__check_outcomes(l, outcomes);
}

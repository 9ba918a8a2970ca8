/* What the parts of a replay share: the way to a fault, and the scenario that goes it. */
#ifndef GREFFE_CLI_REPLAY_H
#define GREFFE_CLI_REPLAY_H

#include <cjson/cJSON.h>

#include "cli/scenario.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The one dossier of a replay. */
#define REPLAY_DOSSIER "d1"

typedef struct replay {
    scenario s;
    const cJSON *trace, *moves;
    cJSON *happened; /* {moment: how often}: by the moves that were played */
    cJSON *items;    /* {step: how many have begun} */
    cJSON *money;    /* {allotment: "has", "lacks"} */
    cJSON *answers;  /* {service: outcome}: as it answers now */
    int sessions, batches, people;
    unsigned variant;    /* other answers where the way leaves them open */
    const char *refused; /* the code that the command that is given next ends with, or NULL */
    bool fails;          /* the end of the way cannot be done: a command is refused, or it is an
                            incident */
    bool good;
} replay;

/* The plan's node that a move is about. */
const cJSON *replay_node_of(const replay *r, const cJSON *move);
/* Whether a move is somebody's, or time's: the others follow by themselves. */
bool replay_is_waited_for(const replay *r, const cJSON *move);

/* Plays a step of the scenario, and keeps it. */
void replay_play(replay *r, cJSON *step);
cJSON *replay_read_dossier(replay *r);
/* How often a moment has happened to what was read. */
int replay_count_of(const cJSON *whole, const char *moment);

/* Somebody does what a move says. */
void replay_move(replay *r, const cJSON *move);
/* What has to be there before: money, and what services answer. */
void replay_prepare(replay *r, const cJSON *move);
void replay_give_money(replay *r, const cJSON *node, const char *outcome);
/* Somebody ends a task; `fixed` are answers that the way asks for. */
void replay_complete(replay *r, const cJSON *node, const cJSON *edge, const cJSON *fixed);

#ifdef __cplusplus
}
#endif
#endif

/* Where the time of one greffe_compile goes: a clock around each of its passes. */
#ifndef CHECK_PASSES_H
#define CHECK_PASSES_H

#include <stdint.h>

/* A pass that runs inside another is not counted there. */
typedef enum pass {
    pass_rest,        /* what none of the others is: arenas given back, diagnostics */
    pass_read,        /* texts to document trees */
    pass_bind,        /* trees to a definition and a plan, and letters */
    pass_expressions, /* names and programs */
    pass_graph,       /* what the graph shows without states */
    pass_facts,       /* facts, promises, letters */
    pass_live,        /* which facts are asked for from where on */
    pass_explore,     /* states */
    pass_tell,        /* what they show, and duties */
    pass_write,       /* the plan to its bundle */
    pass_read_back,   /* and back */
    pass_hash,        /* SHA-256 */
    passes
} pass;

typedef struct passes_taken {
    double ns[passes];
    uint32_t calls[passes];
    uint32_t faults[passes]; /* pages that the system had to give */
    uint32_t states; /* that the proof has reached, those of a first try that was given up too */
    uint64_t arrows; /* moves that it has looked at */
} passes_taken;

double passes_clock(void);
/* Begins a compile; what it takes is added to `taken` until passes_end. */
void passes_begin(passes_taken *taken);
void passes_end(void);

#endif

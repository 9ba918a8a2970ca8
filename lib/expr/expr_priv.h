/* Inside the expression room: syntax trees, operations, the machine, and the built-in functions. */
#ifndef GREFFE_EXPR_EXPR_PRIV_H
#define GREFFE_EXPR_EXPR_PRIV_H

#include "expr/expr.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- Syntax --- */

typedef enum greffe__ast_kind {
    GREFFE__AST_NOTHING, /* a place of a table that is empty */
    GREFFE__AST_CONSTANT,
    GREFFE__AST_NAME,   /* text */
    GREFFE__AST_MEMBER, /* child, text */
    GREFFE__AST_BINARY, /* op: arithmetic and comparisons */
    GREFFE__AST_NEGATE,
    GREFFE__AST_AND,
    GREFFE__AST_OR,
    GREFFE__AST_IF,
    GREFFE__AST_LIST,
    GREFFE__AST_CONTEXT,  /* names and children; op 1: the last child is the result */
    GREFFE__AST_RANGE,    /* op: GREFFE__RANGE_… ; the ends that it has */
    GREFFE__AST_COUNTING, /* from..to of an iteration */
    GREFFE__AST_IN,       /* the value, then tests; op 1: none of them may hold */
    GREFFE__AST_EQUALS,   /* a test: = or != (op) and a child */
    GREFFE__AST_BETWEEN,  /* value, low, high */
    GREFFE__AST_INPUT,    /* ?, what a test is about */
    GREFFE__AST_CALL,     /* the function, then arguments; names where they are named */
    GREFFE__AST_FILTER,   /* list, condition */
    GREFFE__AST_FOR,      /* names; lists, then the body */
    GREFFE__AST_SOME,
    GREFFE__AST_EVERY,
    GREFFE__AST_FUNCTION, /* names, types in `params`; the body */
    GREFFE__AST_INSTANCE, /* child, wanted */
    GREFFE__AST_CONFORM,  /* child, wanted */
    GREFFE__AST_TABLE,    /* see greffe__table_cell */
    GREFFE__AST_FAULT     /* text: why this is null; only in lenient programs */
} greffe__ast_kind;

enum {
    GREFFE__RANGE_LOW_CLOSED = 1,
    GREFFE__RANGE_HIGH_CLOSED = 2,
    GREFFE__RANGE_NO_LOW = 4,
    GREFFE__RANGE_NO_HIGH = 8
};

/* What each does to the stack is said once, in effect_of of program.c. */
typedef enum greffe__op {
    GREFFE__OP_CONST, /* operand: constant */
    GREFFE__OP_LOAD,  /* operand: slot */
    GREFFE__OP_LOCAL, /* operand: place in the frame */
    GREFFE__OP_DROP,  /* operand: count */
    GREFFE__OP_SLIDE, /* operand: how many go from under the last value */
    GREFFE__OP_TOP,   /* operand: height of the frame that stays */
    GREFFE__OP_ADD,
    GREFFE__OP_SUB,
    GREFFE__OP_MUL,
    GREFFE__OP_DIV,
    GREFFE__OP_POW,
    GREFFE__OP_EQ,
    GREFFE__OP_NE,
    GREFFE__OP_LT,
    GREFFE__OP_LE,
    GREFFE__OP_GT,
    GREFFE__OP_GE,
    GREFFE__OP_NEG,
    GREFFE__OP_IN,
    GREFFE__OP_JUMP,          /* operand: target */
    GREFFE__OP_JUMP_IF_FALSE, /* pops a boolean */
    GREFFE__OP_DECIDE,        /* what is neither a boolean nor null becomes null, and jumps */
    GREFFE__OP_AND_JUMP,      /* false jumps; it stays in any case */
    GREFFE__OP_OR_JUMP,       /* true jumps; it stays in any case */
    GREFFE__OP_AND,
    GREFFE__OP_OR,
    GREFFE__OP_NOT,
    GREFFE__OP_LIST,       /* operand: count */
    GREFFE__OP_CONTEXT,    /* operand: constant, the list of names */
    GREFFE__OP_RANGE,      /* operand: GREFFE__RANGE_… */
    GREFFE__OP_MEMBER,     /* operand: constant, the name */
    GREFFE__OP_TRY_MEMBER, /* context, name: the entry stays and jumps, or both go */
    GREFFE__OP_INDEX,      /* list, number */
    GREFFE__OP_CALL,       /* operand: function << 8 | argument count */
    GREFFE__OP_CALL_VALUE, /* operand: argument count; below them the function */
    GREFFE__OP_CALL_NAMED, /* the same, and above them the list of names */
    GREFFE__OP_CLOSURE,    /* operand: lambda */
    GREFFE__OP_RETURN,
    GREFFE__OP_ITERATE,  /* makes a list of the last value; else what is at the place is null */
    GREFFE__OP_COUNTING, /* low, high: the list of what lies between */
    GREFFE__OP_BEGIN,    /* pushes the place in the list that is iterated */
    GREFFE__OP_LOOP,     /* list, place: pushes the next item; at the end jumps */
    GREFFE__OP_NEXT,     /* drops the item and jumps back */
    GREFFE__OP_APPEND,   /* operand: place in the frame of a list that grows */
    GREFFE__OP_FILTER,   /* operand: the same; item, condition */
    GREFFE__OP_SOME,     /* operand: place of what is known; condition */
    GREFFE__OP_EVERY,
    GREFFE__OP_INSTANCE, /* operand: constant, the type */
    GREFFE__OP_CONFORM,
    GREFFE__OP_HIT,   /* operand: hit | aggregate << 4 | default << 8; found, default, order */
    GREFFE__OP_FAULT, /* operand: constant, the reason */
    GREFFE__OP_RULE,  /* operand: which rule of a table fired, from 0 */
    GREFFE__OP_LAST = GREFFE__OP_RULE
} greffe__op;

/* A name that an expression gives to a value: of a loop, a parameter, an entry. */
typedef struct greffe__variable {
    greffe__str name;
    greffe__type type;
    uint32_t level; /* how deep in functions it is made */
    uint32_t place; /* in the frame, once code is made */
    bool item;      /* of a filter: its entries are names too */
    struct greffe__variable *outer;
} greffe__variable;

typedef struct greffe__variables {
    greffe__variable **at;
    uint32_t count, capacity;
} greffe__variables;

typedef struct greffe__ast {
    uint8_t kind, op;
    uint32_t start, end;
    greffe__str text;
    greffe__value value;
    struct greffe__ast **at; /* children */
    uint32_t count, capacity;
    struct greffe__ast *two[2]; /* the first place for them: most have no more */
    greffe__strs names;
    greffe__list params; /* greffe__type */
    const greffe__type *wanted;
    const greffe__table *table;
    /* Found by the check. */
    greffe__type type;
    const greffe__symbol *symbol;
    greffe__variable *variable;
    greffe__variables dynamic; /* items that may have an entry of this name */
    greffe__variables bound;   /* what this node binds */
    greffe__variables taken;   /* of a function: what its body uses of outside */
    uint32_t function;         /* of a call: 1 + the built-in function's index, else 0 */
    bool uses_input;           /* ? stands in it */
    bool fixed;                /* it has the same value whenever it runs */
} greffe__ast;

/* Where a table's parts stand among its children, I inputs and O outputs: I expressions, I tests
 * of what is allowed, O lists of what is allowed, O defaults, then each rule's cells. */
uint32_t greffe__table_cell(const greffe__table *table, uint32_t rule, uint32_t column);

/* One fault stops the work; `error` keeps the first. */
typedef struct greffe__expr_work {
    greffe__arena *arena;
    const greffe__symbols *symbols;
    greffe__str source;
    greffe__expr_error *error;
    bool failed;
} greffe__expr_work;

/* A text that was compiled before, as a tree again; NULL: it has a fault, which was told then. */
greffe__ast *greffe__expr_again(greffe__arena *arena, const greffe__symbols *symbols,
                                greffe__str source, const greffe__boxed *boxed);
/* Of a comparison: what holds where it does not; and what it is with its sides exchanged. */
greffe__op greffe__op_opposite(greffe__op op);
greffe__op greffe__op_turned(greffe__op op);

/* Reports the first fault; returns NULL, to be returned. */
void *greffe__expr_fail(greffe__expr_work *work, greffe__code code, uint32_t start, uint32_t end,
                        const char *hint, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

greffe__ast *greffe__expr_parse(greffe__expr_work *work, const greffe__boxed *boxed);
/* A type by its name, in a text of its own; NULL with the fault noted. */
const greffe__type *greffe__expr_parse_type(greffe__expr_work *work);

/* Resolves names and types, before anything runs; false with the fault noted. */
bool greffe__expr_check(greffe__expr_work *work, greffe__ast *root, const greffe__type *wanted);
/* Makes the program of a checked tree. */
bool greffe__expr_generate(greffe__expr_work *work, greffe__ast *root, greffe__program *out);
/* Whether a node has the same value whenever it runs; its children were asked before. */
bool greffe__expr_fixed(const greffe__ast *node);

/* --- Types --- */

/* A type as a value, which programs keep: its FEEL name, or a context that says what it is made
 * of. The null value without memory. */
greffe__value greffe__type_value(const greffe__type *type, greffe__arena *arena);
bool greffe__type_has(const greffe__value *type, const greffe__value *value);
bool greffe__type_conforms(greffe__value *out, const greffe__value *value,
                           const greffe__value *type, greffe__arena *arena);
/* "list of number", for messages; in the arena where it must be made. */
const char *greffe__type_words(const greffe__type *type, greffe__arena *arena);

/* --- Evaluation --- */

typedef struct greffe__closure {
    const greffe__program *program; /* NULL: a built-in function */
    const greffe__lambda *lambda;
    const greffe__value *taken;
    const struct greffe__function *function;
} greffe__closure;

typedef struct greffe__machine greffe__machine;

/* What went wrong in an operation: the problem, and the values that it met. */
typedef struct greffe__trouble {
    greffe__code code;
    const char *problem;
    greffe__value a, b;
    uint32_t values; /* how many of them are named */
} greffe__trouble;

enum { GREFFE__MAX_ARGUMENTS = 32 };

typedef struct greffe__call {
    greffe__machine *machine;
    const greffe__eval *eval;
    greffe__arena *arena;
    const greffe__program *program;
    const greffe__value *at; /* arguments */
    uint32_t count;
    greffe__trouble trouble; /* set where the call is refused */
} greffe__call;

typedef struct greffe__function {
    const char *name;
    /* Names of the parameters, by commas; one that may be left out ends in '?', one that takes
     * all the rest in '*'. */
    const char *parameters;
    /* A letter for each: n number, s string, b boolean, d date, t date or time, l list, c context,
     * f function, m number or duration, p point or range, o what has an order, a anything, x
     * anything or null. */
    const char *arguments;
    /* The result's type: such a letter, D date and time, T time, q duration, y years and months,
     * 1 the type of the first argument, i of its items, L a list of those; '?': it may be null. */
    const char *result;
    bool outside; /* it depends on more than its arguments: the clock, zones, calendars */
    bool (*run)(greffe__call *call, greffe__value *out);
} greffe__function;

/* The built-in functions by their numbers, which programs hold: one never moves. */
const greffe__function *greffe__function_at(uint32_t index);
uint32_t greffe__function_count(void);
/* How many arguments it takes at the least and at the most. */
void greffe__function_bounds(const greffe__function *function, uint32_t *least, uint32_t *most);
/* The place of a parameter's name, or -1. */
int greffe__function_parameter(const greffe__function *function, greffe__str name);
bool greffe__argument_fits(char letter, const greffe__value *value);

/* Refuses a call; returns false, to be returned. */
bool greffe__call_refuse(greffe__call *call, greffe__code code, const char *problem);
/* The same, naming a value. */
bool greffe__call_refuse_value(greffe__call *call, greffe__code code, const char *problem,
                               const greffe__value *value);
/* Calls a function that was given as an argument. False: the call failed, and says why. */
bool greffe__call_function(greffe__call *call, const greffe__value *function,
                           const greffe__value *arguments, uint32_t count, greffe__value *out);
/* Counts work that grows with the arguments; false, and refused, past the limit. */
bool greffe__call_work(greffe__call *call, uint64_t steps);

/* Arithmetic over all kinds; false with the trouble noted. */
bool greffe__arithmetic(greffe__value *out, greffe__op op, const greffe__value *a,
                        const greffe__value *b, greffe__arena *arena, greffe__trouble *trouble);
bool greffe__negate(greffe__value *value, greffe__trouble *trouble);
/* a op b for the six comparisons: true, false, or null where the operands have none. */
bool greffe__compare_values(greffe__value *out, greffe__op op, const greffe__value *a,
                            const greffe__value *b, greffe__trouble *trouble);
/* The same, and how many parts were looked at: for who compares often. */
bool greffe__compare_counted(greffe__value *out, greffe__op op, const greffe__value *a,
                             const greffe__value *b, greffe__trouble *trouble, uint32_t *looked);
/* Whether a value passes a test: a range, a list of tests, or a value that it equals. */
bool greffe__value_in(greffe__value *out, const greffe__value *value, const greffe__value *test,
                      greffe__trouble *trouble);
/* A part of a value by its name; null and noted where it has none. */
bool greffe__member_of(greffe__value *out, const greffe__value *base, greffe__str name,
                       greffe__arena *arena, greffe__trouble *trouble);
bool greffe__has_member(const greffe__value *base, greffe__str name);

/* Takes a value's size from what is left; false when it is larger. Values share their parts: what
 * is small in memory may be large to write. */
bool greffe__value_within(const greffe__value *value, uint64_t *left);

/* Adds an item to a list. One that grows has room for the power of two at or above its count, four
 * at the least; another is copied first. What was handed out before stays as it was. */
bool greffe__list_append(greffe__arena *arena, greffe__value *list, const greffe__value *item);

/* Temporal values from texts, as literals and functions read them: a date, a time, a date and
 * time, a duration. */
bool greffe__temporal_parse(greffe__value *out, greffe__str text, const greffe__eval *eval,
                            greffe__arena *arena);
/* Gives a moment the offset that its zone has then. False: an unknown zone. */
bool greffe__zoned_value(greffe__value *out, greffe__kind kind, greffe__moment moment,
                         greffe__str zone, const greffe__eval *eval, greffe__arena *arena);
/* What was calculated keeps its zone, whose clocks may have been changed between: the instant
 * counts
 * (`on_line`), or what the clock shows. False without memory. */
bool greffe__zoned_again(greffe__value *value, const greffe__eval *eval, greffe__arena *arena,
                         bool on_line);

/* What a table gives for what its rules found. */
bool greffe__table_hit(greffe__value *out, uint32_t operand, const greffe__value *found,
                       const greffe__value *otherwise, const greffe__value *order,
                       greffe__arena *arena, greffe__trouble *trouble);

/* The families of built-in functions. */
typedef struct greffe__family {
    const greffe__function *at;
    uint32_t count;
} greffe__family;

extern const greffe__family greffe__numeric_functions, greffe__text_functions,
    greffe__list_functions, greffe__temporal_functions, greffe__range_functions,
    greffe__context_functions, greffe__legal_functions;

#ifdef __cplusplus
}
#endif
#endif

/* Inside the expression room: syntax trees, the table of functions, operations. */
#ifndef GREFFE_EXPR_EXPR_PRIV_H
#define GREFFE_EXPR_EXPR_PRIV_H

#include "expr/expr.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- Syntax --- */

typedef enum greffe__ast_kind {
    GREFFE__AST_CONSTANT,
    GREFFE__AST_NAME,   /* text: the dotted name as far as it is one */
    GREFFE__AST_MEMBER, /* child, text */
    GREFFE__AST_BINARY, /* op */
    GREFFE__AST_NEGATE,
    GREFFE__AST_AND,
    GREFFE__AST_OR,
    GREFFE__AST_IF,
    GREFFE__AST_LIST,
    GREFFE__AST_CONTEXT, /* texts in names */
    GREFFE__AST_RANGE,   /* op: bit 0 low closed, bit 1 high closed */
    GREFFE__AST_IN,
    GREFFE__AST_CALL /* function */
} greffe__ast_kind;

typedef enum greffe__op {
    GREFFE__OP_CONST, /* operand: constant */
    GREFFE__OP_LOAD,  /* operand: slot */
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
    GREFFE__OP_AND_JUMP,      /* false stays and jumps; true is popped */
    GREFFE__OP_OR_JUMP,       /* true stays and jumps; false is popped */
    GREFFE__OP_CHECK_BOOL,
    GREFFE__OP_LIST,    /* operand: count */
    GREFFE__OP_CONTEXT, /* operand: count; name and value alternate */
    GREFFE__OP_RANGE,   /* operand: closed bits */
    GREFFE__OP_MEMBER,  /* operand: constant, the name */
    GREFFE__OP_CALL,    /* operand: function << 8 | argument count */
    GREFFE__OP_LAST = GREFFE__OP_CALL
} greffe__op;

typedef struct greffe__ast {
    uint8_t kind, op;
    uint32_t start, end;
    greffe__str text;
    greffe__value value;
    struct greffe__ast **at; /* children */
    uint32_t count, capacity;
    greffe__strs names;
    uint32_t function;
    const greffe__symbol *symbol;
    greffe__type type;
} greffe__ast;

/* One fault stops the work; `error` keeps the first. */
typedef struct greffe__expr_work {
    greffe__arena *arena;
    greffe__str source;
    greffe__expr_error *error;
    bool failed;
} greffe__expr_work;

/* Reports the first fault; returns NULL, to be returned. */
void *greffe__expr_fail(greffe__expr_work *work, greffe__code code, uint32_t start, uint32_t end,
                        const char *hint, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

greffe__ast *greffe__expr_parse(greffe__expr_work *work);

/* --- Functions --- */

enum { GREFFE__MAX_ARGUMENTS = 16 };

typedef struct greffe__call {
    const greffe__eval *eval;
    const greffe__value *at; /* arguments */
    uint32_t count;
    const char *problem; /* set where the call is refused */
    greffe__code code;
} greffe__call;

typedef struct greffe__function {
    const char *name;
    uint8_t least, most; /* arguments */
    /* One letter an argument, the last repeats: n number, s string, d date, b boolean, l list,
     * p period or duration, c comparable, a anything, x anything or null. */
    const char *arguments;
    uint8_t result; /* greffe__kind; GREFFE__NULL: the type of the first argument */
    bool (*run)(greffe__call *call, greffe__value *out);
} greffe__function;

const greffe__function *greffe__function_at(uint32_t index);
uint32_t greffe__function_count(void);

/* date ± duration, and the like; false when the kinds do not fit or the result is out of range. */
bool greffe__value_add(greffe__value *out, const greffe__value *a, const greffe__value *b,
                       bool subtract, greffe__arena *arena);

#ifdef __cplusplus
}
#endif
#endif

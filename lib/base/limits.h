/* Every limit of the library, in one place. Passing one gives GREFFE_ELIMIT or a diagnostic that
 * names it; none is silent. Limits of the language are repeated in workflows/LANGUAGE.md. */
#ifndef GREFFE_BASE_LIMITS_H
#define GREFFE_BASE_LIMITS_H

/* Diagnostics. */
#define GREFFE_MAX_DIAGS 200u          /* kept in a collector; more are only counted */
#define GREFFE_MAX_MESSAGE_BYTES 1024u /* one message or hint */

/* Text: enforced while parsing, before memory is spent. */
#define GREFFE_MAX_YAML_BYTES (1u << 20)
#define GREFFE_MAX_YAML_DEPTH 64u
#define GREFFE_MAX_YAML_EVENTS 200000u
#define GREFFE_MAX_YAML_ALIASES 1000u    /* aliases in one file */
#define GREFFE_MAX_YAML_EXPANSION 10000u /* nodes that aliases stand for, all together */

/* JSON at the boundary. */
#define GREFFE_MAX_JSON_BYTES (16u << 20)
#define GREFFE_MAX_JSON_DEPTH 24u /* below what stored values may have */

/* Binary records (bundles, events, states). */
#define GREFFE_MAX_CBOR_DEPTH 32u
#define GREFFE_MAX_RECORD_ITEMS 1000000u /* in one list */

/* Expressions. */
#define GREFFE_MAX_EXPR_BYTES 16384u
#define GREFFE_MAX_TABLE_BYTES (1u << 20)  /* all the cells of a decision table */
#define GREFFE_MAX_PROOF_STATES 200000u    /* that a procedure's proof looks at */
#define GREFFE_MAX_PROOF_BYTES (64u << 20) /* that they may take */
#define GREFFE_MAX_ASKED 32u               /* names in the guards of one step */
#define GREFFE_MAX_APPLIES 8           /* fields that apply by each other, one deep in the other */
#define GREFFE_MAX_WAYS 4096u          /* in which they may be answered */
#define GREFFE_MAX_BOXES 200000u       /* looked at in the analysis of a table */
#define GREFFE_MAX_FINDINGS 20u        /* gaps, overlaps and dead rules told of one table */
#define GREFFE_MAX_EXPR_DEPTH 64u      /* nesting of the source */
#define GREFFE_MAX_EXPR_CODE 65536u    /* operations of a program */
#define GREFFE_MAX_EXPR_NAME 256u      /* bytes of a name that an expression gives */
#define GREFFE_MAX_EXPR_STACK 256u     /* values on the evaluator's stack */
#define GREFFE_MAX_EXPR_CALLS 64u      /* functions that wait for one another */
#define GREFFE_MAX_REGEX_STEPS 100000u /* of PCRE2, for one match: its match_limit */
#define GREFFE_MAX_REGEX_DEPTH 1000u   /* of PCRE2's backtracking */
#define GREFFE_MAX_REGEX_KIB 8192u     /* of memory for one match */
#define GREFFE_MAX_EXPR_STEPS 100000u  /* instructions in one evaluation */
#define GREFFE_MAX_EXPR_LIST 10000u    /* items of a list */
#define GREFFE_MAX_EXPR_STRING (1u << 20) /* bytes of a string */
#define GREFFE_MAX_EXPR_VALUE (16u << 20) /* bytes of a result; what is shared counts each time */
#define GREFFE_MAX_EXPR_FOLDED 65536u     /* the same, of what is calculated when it is compiled */
#define GREFFE_MAX_EXPR_COMPARED 100000u  /* parts of two values that one comparison looks at */

/* Procedures. */
#define GREFFE_MAX_ID_BYTES 64u
#define GREFFE_MAX_STEPS 5000u
#define GREFFE_MAX_FIELDS 2000u
#define GREFFE_MAX_EACH 1000u /* default bound of `each` */

/* Execution. */
#define GREFFE_MAX_ADVANCE 2000u      /* nodes passed in one command: each is a call deep */
#define GREFFE_MAX_NEEDS 1200u        /* streams that one command may load */
#define GREFFE_MAX_KEY_BYTES 128u     /* idempotency keys, stream keys */
#define GREFFE_MAX_AGENDA 1000u       /* dossiers on one agenda */
#define GREFFE_MAX_BATCH 1000u        /* orders in one payment batch */
#define GREFFE_MAX_ATTEMPTS 8u        /* of an effect before it is an incident */
#define GREFFE_MAX_UNTOLD 10000u      /* effects that have left while the disk took no word of it */
#define GREFFE_MAX_AT_ONCE 64u        /* effects of a channel with limits that are begun */
#define GREFFE_MAX_GROUP 100u         /* commands that share a commit */
#define GREFFE_MAX_GROUP_OF_STREAM 8u /* of which of one stream */

/* Several processes on one store, in milliseconds. */
#define GREFFE_DISPATCH_LEASE_MS 10000 /* after which a dispatcher that is gone is replaced */
#define GREFFE_GLANCE_MS 100           /* after which what others commit is noticed */

#endif

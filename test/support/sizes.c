/* The sizes of public structures, and where their members stand, for bindings that declare them. */
#include <stddef.h>
#include <stdio.h>

#include <greffe/async.h>

#define SIZE(name) printf("%s %zu\n", #name, sizeof(greffe_##name))
#define MEMBER(name, member) printf("%s.%s %zu\n", #name, #member, offsetof(greffe_##name, member))

int main(void)
{
    SIZE(str);
    SIZE(actor);
    MEMBER(actor, channel);
    SIZE(command);
    MEMBER(command, now_ms);
    SIZE(result);
    MEMBER(result, answer);
    SIZE(query);
    MEMBER(query, now_ms);
    SIZE(effect);
    MEMBER(effect, own);
    SIZE(end);
    MEMBER(end, again_ms);
    SIZE(progress);
    MEMBER(progress, elsewhere);
    SIZE(verified);
    MEMBER(verified, seal);
    SIZE(notice);
    MEMBER(notice, own);
    SIZE(diag);
    MEMBER(diag, source_line);
    SIZE(handler);
    MEMBER(handler, trips);
    SIZE(sqlite_options);
    MEMBER(sqlite_options, read_only);
    SIZE(engine_options);
    MEMBER(engine_options, documents);
    SIZE(received);
    MEMBER(received, size);
    SIZE(documents_options);
    MEMBER(documents_options, examine_data);
    SIZE(compile_options);
    MEMBER(compile_options, read_data);
    SIZE(verify_options);
    MEMBER(verify_options, sealed);
    return 0;
}

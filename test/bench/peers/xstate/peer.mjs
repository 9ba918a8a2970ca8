/* The canonical procedure as a state chart of xstate: what waits is where its regions are. Each
 * command restores an actor from the snapshot in the store, as the library's chapter on persistence
 * has it: createActor with the snapshot, getPersistedSnapshot. Its pure transition functions do the
 * same in no less time. The chart is made once. */
import Database from 'better-sqlite3';
import { assign, createActor, setup } from 'xstate';
import { main } from '../work.mjs';

const machine = setup({
    guards: { outcomeIs: ({ event }, wanted) => event.outcome === wanted },
    actions: { keep: assign(({ event }) => event.fill) },
}).createMachine({
    id: 'canonique',
    type: 'parallel',
    context: ({ input }) => input,
    states: {
        receipt: {
            initial: 'accuse_reception',
            states: {
                accuse_reception: { on: { accuse_reception: 'left' } },
                left: { type: 'final' },
            },
        },
        dossier: {
            initial: 'completude',
            states: {
                completude: {
                    on: {
                        completude: [
                            {
                                guard: { type: 'outcomeIs', params: 'complete' },
                                target: 'instruction',
                            },
                            { target: 'refus' },
                        ],
                    },
                },
                instruction: { on: { instruction: { target: 'decision', actions: 'keep' } } },
                decision: {
                    on: {
                        decision: [
                            { guard: { type: 'outcomeIs', params: 'accordee' }, target: 'accord' },
                            { target: 'refus' },
                        ],
                    },
                },
                accord: { on: { accord: 'accordee' } },
                refus: { on: { refus: 'refusee' } },
                accordee: { type: 'final' },
                refusee: { type: 'final' },
            },
        },
    },
});

const ends = new Set(['left', 'accordee', 'refusee']);

function told(actor) {
    const { status, value } = actor.getSnapshot();
    const state = JSON.stringify(actor.getPersistedSnapshot());
    actor.stop();
    return {
        state,
        waiting: Object.values(value).filter((at) => !ends.has(at)),
        outcome: status === 'done' ? value.dossier : null,
    };
}

await main('xstate', Database, {
    file: (key) => told(createActor(machine, { input: { key } }).start()),
    complete(state, step, outcome, fill) {
        const actor = createActor(machine, { snapshot: JSON.parse(state) }).start();
        actor.send({ type: step, outcome, fill });
        return told(actor);
    },
});

/* The canonical procedure as a BPMN process of bpmn-engine: user tasks wait for agents, receive
 * tasks for letters that have left. Each command restores an engine from the state of the store:
 * recover and resume, signal of the task, getState.
 *
 * What the library offers for many instances is taken: the XML is read once, and given to each
 * engine as a source context; states are kept without this source, which recover then takes from
 * the engine; elements that are idle are left out of them (disableTrackState); the loggers, one for
 * each element, are silent. Engines are not stopped: with no timer and no service under way nothing
 * holds them. The versions of what bpmn-engine is made of are those that it asks for. */
import Database from 'better-sqlite3';
import * as elements from 'bpmn-elements';
import { Engine } from 'bpmn-engine';
import BpmnModdle from 'bpmn-moddle';
import serialize, { TypeResolver } from 'moddle-context-serializer';
import { readFileSync } from 'node:fs';
import { main } from '../work.mjs';

const xml = readFileSync(new URL('canonical.bpmn', import.meta.url), 'utf8');
const sourceContext = serialize(await new BpmnModdle().fromXML(xml), TypeResolver({ ...elements }));
const ends = ['accordee', 'refusee'];
const silent = { debug() {}, error() {}, warn() {} };

/* What an activity was told lies in the output of the process, by its id. */
function keep(activity, { environment }) {
    activity.on('end', ({ id, content }) => {
        environment.output[id] = content.output ?? true;
    });
}

function fresh(key) {
    const settings = { disableTrackState: true };
    const Logger = () => silent;
    return new Engine({ name: key, sourceContext, settings, Logger, extensions: { keep } });
}

async function told(engine) {
    const state = await engine.getState();
    for (const definition of state.definitions) {
        delete definition.source;
    }
    const waiting = engine.execution.getPostponed().map(({ id }) => id);
    const { output } = engine.environment;
    return {
        state: JSON.stringify(state),
        waiting,
        outcome: waiting.length === 0 ? ends.find((end) => end in output) : null,
    };
}

await main('bpmn-engine', Database, {
    async file(key) {
        const engine = fresh(key);
        await engine.execute();
        return told(engine);
    },
    async complete(state, step, outcome, fill) {
        const saved = JSON.parse(state);
        const engine = fresh(saved.name).recover(saved);
        const execution = await engine.resume();
        execution.signal({ id: step, [outcome]: true, ...fill });
        return told(engine);
    },
});

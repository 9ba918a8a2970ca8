/* ZEN: an engine for rules in Rust, with an expression language of its own. Text is evaluated by
 * `evaluateExpressionSync`, the faster of its two. What it compiles beforehand is a decision, here
 * one with a single expression; a decision is only evaluated by threads of its own, which tell by
 * a promise. One after the other that takes several times as long: so many are under way together.
 *
 * Numbers are decimals of 28 digits, doubles where they come in and go out; `round` takes halves
 * away from zero. There are no dates to come in, only their texts, which `d` reads each time; it
 * gives a moment. `=` is `==`, `if` is `?:`, min takes a list. */
import zen from '@gorules/zen-engine';
import { main } from '../expressions.mjs';

const engine = new zen.ZenEngine();

function decision(text) {
    const graph = {
        nodes: [
            { id: 'in', name: 'in', type: 'inputNode' },
            {
                id: 'work',
                name: 'work',
                type: 'expressionNode',
                content: { expressions: [{ id: 'result', key: 'result', value: text }] },
            },
            { id: 'out', name: 'out', type: 'outputNode' },
        ],
        edges: [
            { id: 'first', type: 'edge', sourceId: 'in', targetId: 'work' },
            { id: 'second', type: 'edge', sourceId: 'work', targetId: 'out' },
        ],
    };
    return engine.createDecision(new zen.ZenDecisionContent(graph));
}

function work(text, input) {
    const compiled = decision(text);
    return {
        input,
        anew: { run: (context) => zen.evaluateExpressionSync(text, context) },
        compiled: {
            flight: 256,
            run: async (context) => (await compiled.evaluate(context)).result.result,
        },
    };
}

await main('zen', {
    guard: work(
        'velo.prix > 100 and velo.modele in ["ville", "cargo"] and not demandeur.deja_aide',
        ({ prix, modele, deja_aide }) => ({ velo: { prix, modele }, demandeur: { deja_aide } }),
    ),
    amount: work(
        'round(velo.modele == "cargo" ? min([0.5 * velo.prix, 300]) ' +
            ': min([0.25 * velo.prix, 200]), 2)',
        ({ prix, modele }) => ({ velo: { prix, modele } }),
    ),
    date: work(
        'd(achat).add("2M") >= d(depot) and d(depot) <= d("2026-12-31")',
        ({ achat, depot }) => ({ achat, depot }),
    ),
});
engine.dispose();

/* feelin: FEEL in JavaScript. `evaluate` takes a text; of its tree that is parsed nothing else can
 * be evaluated, but an expression whose value is a function is parsed once and called again: that
 * is its compiled form.
 *
 * Numbers are doubles; no input is one whose cents these round to another side. Its grammar takes
 * `x in [..] and y` for `x in ([..] and y)`, hence a pair of brackets more. Dates come in as its
 * own, which are made before. */
import { evaluate, parseDate } from 'feelin';
import { main } from '../expressions.mjs';

function work(text, names, context) {
    const compiled = evaluate(`function(${names.join(', ')}) ${text}`).value;
    return {
        input(row) {
            const named = context(row);
            return { named, listed: names.map((name) => named[name]) };
        },
        anew: { run: ({ named }) => evaluate(text, named).value },
        compiled: { run: ({ listed }) => compiled.invoke(listed) },
    };
}

await main('feelin', {
    guard: work(
        'velo.prix > 100 and (velo.modele in ["ville", "cargo"]) and not(demandeur.deja_aide)',
        ['velo', 'demandeur'],
        ({ prix, modele, deja_aide }) => ({ velo: { prix, modele }, demandeur: { deja_aide } }),
    ),
    amount: work(
        'round half up(if velo.modele = "cargo" then min(0.5 * velo.prix, 300) ' +
            'else min(0.25 * velo.prix, 200), 2)',
        ['velo'],
        ({ prix, modele }) => ({ velo: { prix, modele } }),
    ),
    date: work(
        'achat + duration("P2M") >= depot and depot <= @"2026-12-31"',
        ['achat', 'depot'],
        ({ achat, depot }) => ({ achat: parseDate(achat), depot: parseDate(depot) }),
    ),
});

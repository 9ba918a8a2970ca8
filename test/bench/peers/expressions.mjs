/* What the peers of expressions.py share: the inputs, the clock, and a look at every result.
 *
 *     node peers/NAME/peer.mjs --inputs FILE [--ms N]
 *
 * FILE is what expressions.c prints: what comes in, and what each expression has to give for it.
 * A form of an expression runs for N milliseconds to warm up, then for as long again; inputs take
 * turns, as with Greffe. They are made before, as the engine likes them best, and hold only what
 * the expression reads. It ends with 1 as soon as a result is not the one wanted. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

/* Nanoseconds for one evaluation. `flight` of them are under way at the same time, where the engine
 * gives promises. */
async function measure({ run, flight }, inputs, wanted, milliseconds) {
    const begun = performance.now();
    let count = 0;
    let now = begun;
    while (now - begun < milliseconds) {
        for (let i = 0; i < inputs.length; i++) {
            if (!flight && run(inputs[i]) !== wanted[i]) {
                throw new Error(`input ${i}: ${run(inputs[i])}, not ${wanted[i]}`);
            }
        }
        if (flight) {
            const under = Array.from({ length: flight }, (_, i) => run(inputs[i % inputs.length]));
            (await Promise.all(under)).forEach((result, i) => {
                if (result !== wanted[i % inputs.length]) {
                    throw new Error(`input ${i % inputs.length}: ${result}, not ${wanted[i]}`);
                }
            });
        }
        count += flight ?? inputs.length;
        now = performance.now();
    }
    return ((now - begun) * 1e6) / count;
}

/* `works`: for each expression `input`, from a row to what a form is given, and the forms. */
export async function main(program, works) {
    const { values } = parseArgs({
        options: { inputs: { type: 'string' }, ms: { type: 'string', default: '300' } },
    });
    const rows = JSON.parse(readFileSync(values.inputs, 'utf8'));
    const told = { program };
    for (const [name, { input, ...forms }] of Object.entries(works)) {
        const inputs = rows.map(input);
        const wanted = rows.map((row) => row[name]);
        told[name] = {};
        for (const [form, how] of Object.entries(forms)) {
            try {
                await measure(how, inputs, wanted, Number(values.ms));
                told[name][form] = await measure(how, inputs, wanted, Number(values.ms));
            } catch (fault) {
                console.error(`${program}: ${name}, ${form}: ${fault.message}`);
                process.exit(1);
            }
        }
    }
    console.log(JSON.stringify(told));
}

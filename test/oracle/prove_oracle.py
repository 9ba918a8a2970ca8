"""All states of a procedure that prove.py made: every answer, every order, nothing left out."""

import collections
import itertools

from prove_make import (MOST_STATES, MOST_ANSWERS, RANGE, variables, constants, all_fields,
                        all_conditions, outcomes_of)


class TooLarge(Exception):
    pass


class Gap(Exception):
    pass


FINISHED, NEW = "/finished", "/new"


class Oracle:
    """plant: what it forgets, for --self-check."""

    def __init__(self, p, exact=False, plant=None):
        self.p, self.steps, self.exact, self.plant = p, p["steps"], exact, plant
        self.late = plant == "that a join is at once"
        self.fields = all_fields(p)
        self.bit, self.block_of, self.exits = {}, {}, set()
        for name, step in self.steps.items():
            for outcome in ["done"] + outcomes_of(step):
                self.bit.setdefault(f"{name}.{outcome}", 1 << len(self.bit))
            for i, branch in enumerate(step.get("branches", [])):
                for inner in branch:
                    self.block_of[inner] = (name, i)
        self.has_each = [n for n, s in self.steps.items() if s["kind"] == "each"]
        used, known = set(), collections.defaultdict(set)
        for c in all_conditions(p):
            used |= variables(c)
            for var, value in constants(c):
                known[var].add(value)
        self.samples = {v: self.sample(self.fields[v], known[v]) for v in used}
        for var in [v for v in used if "when" in self.fields[v]]:
            if self.fields[var]["when"] not in used:
                used.add(self.fields[var]["when"])
                self.samples[self.fields[var]["when"]] = [True, False]
        self.asked = sorted(v for v in used if v.startswith("f."))
        self.slot = {v: i for i, v in enumerate(self.asked)}
        ranges = [self.samples[v] for v in self.asked]
        for n in self.has_each if exact else []:  # how long its list is
            self.slot[n] = len(ranges)
            ranges.append(range(4 if self.steps[n]["join"] else 3))
        total = 1
        for one in ranges:
            total *= len(one)
        if total > MOST_ANSWERS:
            raise TooLarge
        self.answers = [a for a in itertools.product(*ranges) if self.fits(a)]
        self.tests = {}
        for name, step in self.steps.items():
            step_cases = step.get("cases", [])
            for i, (when, _) in enumerate(step_cases):
                self.tests[name, i] = self.compile(when)
            for outcome, must in step.get("must", {}).items():
                self.tests[name, outcome] = self.compile(must)
        self.reached, self.taken, self.happened = set(), set(), 0
        self.gaps, self.stuck, self.broken = set(), set(), set()
        self.closed, self.open_at = [], collections.defaultdict(list)
        self.guarantees = []
        for g in p["guarantees"]:
            self.guarantees.append([g[0]] + [self.bit[m] for m in g[1:]])
        self.clock = p["clock"]

    def fits(self, answers):
        """A field with `when` is given exactly when it applies."""
        for var, slot in self.slot.items():
            when = self.fields.get(var, {}).get("when")
            if when and (answers[slot] is not None) != answers[self.slot[when]]:
                return False
        return True

    def sample(self, field, known):
        kind = field["type"]
        values = [True, False] if kind == "boolean" else list(field.get("options", []))
        if kind in RANGE:
            low, high = RANGE[kind]
            near = {low, high} | {v + d for v in known for d in (-1, 0, 1)}
            values = sorted(v for v in near if low <= v <= high)
        if self.plant == "an answer" and len(values) > 1:
            values = values[:-1]
        return values + ([None] if field["optional"] else [])

    def compile(self, c):
        def source(c):
            kind = c[0]
            if kind == "moment" and c[1].endswith(".waiting"):
                return f"W({c[1].partition('.')[0]!r})"
            if kind == "moment":
                return f"(M & {self.bit[c[1]]} != 0)"
            if kind in ("and", "or"):
                return "(" + f" {kind} ".join(map(source, c[1:])) + ")"
            if kind == "not":
                return f"(not {source(c[1])})"
            var = c[1]
            value = f"A[{self.slot[var]}]" if var in self.slot else f"F({var!r})"
            if kind == "null":
                return f"({value} is None)"
            if kind == "given":
                return f"({value} is not None)"
            if kind == "in":
                return f"({value} in {c[2]!r})"
            return f"({value} {'==' if c[2] == '=' else c[2]} {c[3]!r})"
        return eval("lambda A, F, M, W: " + source(c))  # our own words, never a file's

    # One state: places (a path of scopes to the step there), answers, moments, fills, clock,
    # pending (bits of `after` guarantees that wait for their end).

    def load(self, state):
        places, self.A, self.M, fills, self.K, self.pending = state
        self.places, self.fills = dict(places), dict(fills)
        self.serial, self.last = {}, 0

    def state(self):
        return (tuple(sorted(self.places.items())), self.A, self.M,
                tuple(sorted(self.fills.items())), self.K, self.pending)

    def item(self, path):
        """The number of the innermost item around, or None."""
        for depth in range(len(path), 0, -1):
            block = self.places[path[:depth - 1]]
            if self.steps[block]["kind"] == "each":
                return path[depth - 1]
        return None

    def owner(self, var, path):
        step = var.partition(".")[0]
        item = None if self.plant == "that items have records" else self.item(path)
        return (var, item if item is not None and step in self.block_of else -1)

    def holds(self, test, path):
        def fill(var):
            return self.fills.get(self.owner(var, path))

        def waits(step):
            return (f"{step}/waiting" if self.steps[step]["kind"] == "completeness"
                    else step) in self.places.values()
        return test(self.A, fill, self.M, waits)

    def fire(self, moment):
        bit = self.bit[moment]
        for i, g in enumerate(self.guarantees):
            kind = g[0]
            if kind == "before" and g[1] == bit and not self.M & g[2]:
                self.broken.add(i)
            elif kind == "at_most_once" and g[1] == bit and self.M & bit:
                self.broken.add(i)
            elif kind == "never" and (self.M | bit) & g[1] and (self.M | bit) & g[2]:
                self.broken.add(i)
            elif kind == "after":
                if g[1] == bit:
                    self.pending |= 1 << i
                if g[2] == bit:
                    self.pending &= ~(1 << i)
        self.M |= bit
        self.happened |= bit
        if self.clock:
            if self.K == 0 and self.clock["from"] == moment:
                self.K = 1
            if self.K in (1, 2) and self.clock["until"] == moment:
                self.K = 3

    def leave(self, path, outcome, target):
        name = self.places[path].partition("/")[0]
        self.taken.add((name, outcome))
        if self.places[path].endswith("/waiting"):
            self.resume(path)
        self.fire(f"{name}.done")
        if outcome != "done" and isinstance(outcome, str) and outcome != "otherwise":
            self.fire(f"{name}.{outcome}")
        self.enter(path, target)

    def resume(self, path):
        name = self.places[path]
        others = [p for p, at in self.places.items() if at == name and p != path]
        if self.K == 2 and self.clock["paused"] == name.partition("/")[0] and not others:
            self.K = 1

    def cancel(self, path):
        for inner in sorted(p for p in self.places if len(p) > len(path)
                            and p[:len(path)] == path):
            if self.places[inner].endswith("/waiting"):
                self.resume(inner)
            del self.places[inner]

    def enter(self, path, target):
        if target == "end":
            self.finish(path)
            return
        self.reached.add(target)
        self.places[path] = target
        step = self.steps[target]
        kind = step["kind"]
        if kind == "end":
            self.broken |= {i for i in range(len(self.guarantees)) if self.pending >> i & 1}
        elif kind == "choose" and self.exact:
            self.decide(path)
        elif kind == "each" and not self.exact:
            self.places[path] = target + "/opening"
        elif kind == "each":
            self.open(path, target, step["branches"][0][:1] * self.A[self.slot[target]])
        elif kind == "parallel":
            self.open(path, target, [branch[0] for branch in step["branches"]])

    def decide(self, path):
        name = self.places[path]
        step = self.steps[name]
        for i, (_, target) in enumerate(step["cases"]):
            if self.holds(self.tests[name, i], path):
                self.leave(path, i, target)
                return
        if not step.get("otherwise"):
            self.gaps.add(name)
            raise Gap
        self.leave(path, "otherwise", step["otherwise"])

    def open(self, path, name, entries):
        self.places[path] = name
        if not entries:
            self.leave(path, "done", self.steps[name]["then"]["done"])
            return
        marks = {}
        for i in range(len(entries)):
            inner = path + (i,)
            self.last += 1
            marks[i] = self.serial[inner] = self.last
            self.places[inner] = NEW
        for i, entry in enumerate(entries):
            inner = path + (i,)
            if self.places.get(inner) == NEW and self.serial[inner] == marks[i]:
                self.enter(inner, entry)

    def finish(self, path):
        self.places[path] = FINISHED
        block = path[:-1]
        name = self.places[block]
        step = self.steps[name]
        self.exits.add((name, path[-1] if step["kind"] == "parallel" else 0))
        brothers = [p for p in self.places if len(p) == len(path) and p[:-1] == block]
        finished = sum(self.places[p] == FINISHED for p in brothers)
        needed = min(step["join"] or len(brothers), len(brothers))
        if finished >= needed and not self.late:
            self.join(block, step["then"]["done"])

    def join(self, block, target):
        self.cancel(block)
        self.leave(block, "done", target)

    def fillings(self, name, outcome):
        step = self.steps[name]
        ways = [()]
        for key, field in step.get("fill", {}).get(outcome, {}).items():
            var = f"{name}.{key}"
            if var in self.samples:
                more = [((var, v),) for v in self.samples[var]]
                if field["optional"]:
                    more.append(()) # left out: what was there before stays
                ways = [w + m for w in ways for m in more]
        return ways

    def moves(self, state):
        """What may happen in a state: functions that do it to the state that was loaded."""
        found = []
        places = dict(state[0])
        order = sorted(places)
        if self.plant == "interleavings":
            busy = [p for p in order if places[p] != FINISHED
                    and self.steps.get(places[p], {}).get("kind") not in ("parallel", "each")]
            order = busy[:1] + [p for p in order if p not in busy]
        for path in order:
            at = places[path]
            name, _, part = at.partition("/")
            if not name:
                continue
            step = self.steps[name]
            kind, then = step["kind"], step.get("then", {})
            if part == "opening":  # its list may be another one each time
                entry = step["branches"][0][:1]
                found += [(self.open, path, name, entry * n)
                          for n in range(4 if step["join"] else 3)]
            elif part == "waiting":
                found += [(self.supplied, path, a) for a in
                          ([state[1]] if self.plant == "that answers may change" else self.answers)]
                found.append((self.leave, path, "expired", then["expired"]))
            elif kind == "completeness":
                found.append((self.leave, path, "complete", then["complete"]))
                found.append((self.ask, path, name))
            elif kind == "task":
                found += self.task_moves(state, path, name, step)
            elif kind in ("wait", "notification"):
                found += [(self.leave, path, o, t) for o, t in then.items()]
            elif kind == "choose":
                found.append((self.decide, path))
            elif kind in ("parallel", "each"):
                inner = [p for p in places if len(p) == len(path) + 1 and p[:-1] == path]
                ended = sum(places[p] == FINISHED for p in inner)
                if ended >= min(step["join"] or len(inner), len(inner)):
                    found.append((self.join, path, then["done"]))
                if step["within"] and self.plant != "deadlines":
                    found.append((self.expire, path, then["expired"]))
        if state[4] == 1 and self.plant != "the clock":
            found.append((self.ring,))
        return found

    def task_moves(self, state, path, name, step):
        found, person = [], False
        self.open_at[name].append((state, path))
        for outcome, target in step["then"].items():
            if outcome == "expired":
                found.append((self.leave, path, outcome, target))
                person = True
                continue
            for filling in self.fillings(name, outcome):
                self.load(state)
                self.take(path, filling)
                test = self.tests.get((name, outcome))
                if test is None or self.holds(test, path):
                    found.append((self.complete, path, outcome, target, filling))
                    person = True
        if not person:
            self.closed.append((state, path, name))
        return found

    def take(self, path, filling):
        for var, value in filling:
            self.fills[self.owner(var, path)] = value

    def complete(self, path, outcome, target, filling):
        self.take(path, filling)
        self.leave(path, outcome, target)

    def ask(self, path, name):
        self.places[path] = name + "/waiting"
        if self.clock and self.clock["paused"] == name and self.K == 1:
            self.K = 2

    def supplied(self, path, answers):
        self.resume(path)
        self.places[path] = self.places[path].partition("/")[0]
        self.A = answers

    def expire(self, path, target):
        self.cancel(path)
        self.leave(path, "expired", target)

    def ring(self):
        self.K = 3
        self.places = {}
        self.enter((), self.clock["then"])

    def over(self, state):
        places = state[0]
        return len(places) == 1 and self.steps.get(places[0][1], {}).get("kind") == "end"

    def file(self, answers):
        self.A = answers
        self.leave((), "filed", self.steps["s0"]["then"]["filed"])

    def explore(self):
        first = ((((), "s0"),), None, 0, (), 0, 0)
        self.reached.add("s0")
        seen, after, ends = {first}, {}, set()
        todo = [first]
        while todo:
            state = todo.pop()
            if self.over(state):
                ends.add(state)
                continue
            if state is first:
                moves = [(self.file, a) for a in self.answers]
            else:
                moves = self.moves(state)
            after[state] = nexts = []
            for move, *words in moves:
                self.load(state)
                try:
                    move(*words)
                except Gap:
                    continue
                new = self.state()
                nexts.append(new)
                if new not in seen:
                    if len(seen) >= MOST_STATES:
                        raise TooLarge
                    seen.add(new)
                    todo.append(new)
        back = collections.defaultdict(list)
        for state, nexts in after.items():
            for new in nexts:
                back[new].append(state)
        self.find_stuck(back)
        good, todo = set(ends), list(ends)
        while todo:
            for state in back[todo.pop()]:
                if state not in good:
                    good.add(state)
                    todo.append(state)
        self.lost = [s for s in seen if s not in good]
        self.states = len(seen)

    def find_stuck(self, back):
        """Tasks that from some state on nobody can complete as long as they are open."""
        closed = {state_path[:2] for state_path in self.closed}
        for name in {name for _, _, name in self.closed}:
            states = {(state, path) for state, path in self.open_at[name]}
            good = {one for one in states if one not in closed}
            todo = list(good)
            while todo:
                state, path = todo.pop()
                for before in back[state]:
                    if (before, path) in states and (before, path) not in good:
                        good.add((before, path))
                        todo.append((before, path))
            if states - good:
                self.stuck.add(name)

    # What is told of it, in the checker's order of precedence.

    def told(self):
        found = {("GR-4101", ("step", n)) for n in self.gaps}
        found |= {("GR-4104", ("step", n)) for n in self.stuck}
        if self.lost and not found:
            found.add(("GR-4106", None))
        dead = {n for n in self.steps if n not in self.reached}
        behind = set()
        for name in self.reached:
            for outcome, target in self.steps[name].get("then", {}).items():
                if (name, outcome) in self.taken:
                    continue
                kind = self.steps[name]["kind"]
                if kind == "task" or (kind, outcome) == ("completeness", "complete"):
                    found.add(("GR-4105", ("outcome", name, outcome)))
                    behind.add(target)
        for name in self.reached:
            step = self.steps[name]
            ways = [(i, case[1]) for i, case in enumerate(step.get("cases", []))]
            ways += [("otherwise", step["otherwise"])] if step.get("otherwise") else []
            if step["kind"] not in ("task", "choose", "end"):
                ways += step.get("then", {}).items()
            for i, target in ways:
                if (name, i) in self.taken:
                    continue
                if target == "end":
                    if self.block_of[name] in self.exits and i != "otherwise" and \
                            step["kind"] == "choose":
                        found.add(("GR-4102", ("case", name, i)))
                elif target in dead:
                    if target not in behind:
                        found.add(("GR-4103", ("step", target)))
                elif step["kind"] == "choose" and i != "otherwise":
                    found.add(("GR-4102", ("case", name, i)))
            for branch in step.get("branches", []):
                if branch[0] in dead:
                    found.add(("GR-4103", ("step", branch[0])))
        if self.clock and not self.happened & self.bit[self.clock["from"]]:
            found.add(("GR-4305", ("clock",)))
        for i, g in enumerate(self.guarantees):
            named = g[1:] if g[0] == "never" else g[1:2]
            if any(not self.happened & bit for bit in named):
                found.add(("GR-4202", ("guarantee", i)))
            elif i in self.broken:
                found.add(("GR-4201", ("guarantee", i)))
        return found


def expected(p, exact=False, plant=None):
    oracle = Oracle(p, exact, plant)
    oracle.explore()
    return oracle.told()


# --- The checker ---

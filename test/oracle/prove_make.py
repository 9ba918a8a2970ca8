"""Random small procedures, as data and as YAML: what prove.py explores and checks."""



AUTHORITY = """greffe: 1
authority: aut
title: Autorité
zone: Europe/Paris
calendar: {holidays: fr}
contact: Accueil
appeal: Recours
services: {accueil: {title: Accueil}}
form:
  personne: {title: Vous, fields: {nom: {type: text, label: Nom}}}
"""
HEAD = """greffe: 1
procedure: proc
title: Essai
uses: aut
roles:
  h: {kind: applicant, form: personne}
  a: {kind: agent, service: accueil}
"""
MOST_STATES = 6000
MOST_ANSWERS = 40


# --- Fields and conditions ---

# A field is {type, optional, options}. A condition is a tuple:
#   ("is", var, op, constant)  ("in", var, constants)  ("null", var)  ("given", var)
#   ("moment", name)  ("and", …)  ("or", …)  ("not", condition)
# Money is in cents.

RANGE = {"integer": (0, 9), "money": (0, 2000)}


def field_text(field):
    more = ", optional: true" if field["optional"] and "when" not in field else ""
    more += f", when: {field['when']}" if "when" in field else ""
    if field["type"] == "choice":
        options = ", ".join(f"{o}: {o.upper()}" for o in field["options"])
        return f"{{type: choice, label: l{more}, options: {{{options}}}}}"
    if field["type"] == "integer":
        more += ", min: 0, max: 9"
    if field["type"] == "money":
        more += ", min: 0.00, max: 20.00"
    return f"{{type: {field['type']}, label: l{more}}}"


def constant_text(value, kind):
    if kind == "choice":
        return f'"{value}"'
    return f"{value // 100}.{value % 100:02}" if kind == "money" else str(value).lower()


def condition_text(c, fields, inside=False):
    kind = c[0]
    if kind == "is":
        field = fields[c[1]]
        if field["type"] == "boolean":
            return c[1] if c[3] else f"not({c[1]})"
        return f"{c[1]} {c[2]} {constant_text(c[3], field['type'])}"
    if kind == "in":
        all_of = ", ".join(constant_text(v, fields[c[1]]["type"]) for v in c[2])
        return f"{c[1]} in [{all_of}]"
    if kind in ("null", "given"):
        return f"{c[1]} {'=' if kind == 'null' else '!='} null"
    if kind == "moment":
        return c[1]
    if kind == "not":
        return f"not({condition_text(c[1], fields)})"
    text = f" {kind} ".join(condition_text(one, fields, True) for one in c[1:])
    return f"({text})" if inside else text


def variables(c):
    if c[0] in ("is", "in", "null", "given"):
        return {c[1]}
    return set() if c[0] == "moment" else set().union(*map(variables, c[1:]))


def constants(c):
    if c[0] == "is":
        return {(c[1], c[3])}
    if c[0] == "in":
        return {(c[1], v) for v in c[2]}
    return set().union(*map(constants, c[1:])) if c[0] in ("and", "or", "not") else set()


# --- The procedure as data, and as YAML ---

# A procedure is {fields, steps, top, clock, guarantees}; steps is {id: step}, top the ids in order.
# A step is {kind, then: {outcome: target}, must: {outcome: condition}, fill: {outcome: {name:
# field}}, within, message, cases: [[condition, target]], otherwise, branches: [[id]], join, waits}.

def all_fields(p):
    found = {f"f.{name}": field for name, field in p["fields"].items()}
    for name, step in p["steps"].items():
        for fill in step.get("fill", {}).values():
            found.update({f"{name}.{key}": field for key, field in fill.items()})
    return found


def all_conditions(p):
    for step in p["steps"].values():
        yield from (case[0] for case in step.get("cases", []))
        yield from step.get("must", {}).values()


class Writer:
    """Writes YAML, and remembers what stands on which line."""

    def __init__(self, p):
        self.p, self.lines, self.at = p, HEAD.splitlines(), {}
        self.fields = all_fields(p)
        self.lines += ["form:", "  f:", "    title: F", "    fields:"]
        self.put("      x: {type: boolean, label: l}", None)
        for name, field in p["fields"].items():
            self.put(f"      {name}: {field_text(field)}", None)
        for name, step in p["steps"].items():
            if step["kind"] == "each":  # a list of its own: its length tells nothing of another
                self.put(f"      list_{name}: {{type: list, label: l}}", None)
        if p["clock"]:
            c = p["clock"]
            paused = f", paused_while: {c['paused']}.waiting" if c["paused"] else ""
            self.put("clocks:", None)
            self.put(f"  k: {{from: {c['from']}, within: 2 months, until: {c['until']}{paused}, "
                     f"warn: 15 days, means: rejection, then: {c['then']}}}", ("clock",))
        self.put("steps:", None)
        self.steps(p["top"], "  ")
        if p["guarantees"]:
            self.put("guarantees:", None)
        for i, g in enumerate(p["guarantees"]):
            words = {"before": f"before: {g[1]}, always: {g[-1]}",
                     "after": f"after: {g[1]}, always: {g[-1]}",
                     "never": f"never: [{g[1]}, {g[-1]}]", "at_most_once": f"at_most_once: {g[1]}"}
            self.put(f"  - {{{words[g[0]]}, because: r}}", ("guarantee", i))
        self.put("retention: {other: 2 years}", None)
        self.text = "\n".join(self.lines) + "\n"

    def put(self, line, what):
        self.lines.append(line)
        self.at[len(self.lines)] = what

    def condition(self, c):
        text = condition_text(c, self.fields)
        return f"'{text}'" if "," in text or '"' in text else text

    def steps(self, ids, indent):
        for name in ids:
            step = self.p["steps"][name]
            self.step(name, step, ("step", name), indent + "  ", indent)

    def step(self, name, step, me, deep, indent):
        kind, then = step["kind"], step.get("then", {})
        self.put(f"{indent}{name}:", me)
        self.put(f"{deep}kind: {kind}", me)
        if kind in ("task", "completeness"):
            self.put(f"{deep}by: a", me)
        if kind == "submission":
            self.put(f"{deep}by: h", me)
        if kind == "notification":
            self.put(f"{deep}to: h", me)
            self.put(f"{deep}template: a", me)
        if kind == "end":
            self.put(f"{deep}outcome: {name}", me)
        if step.get("message"):
            self.put(f"{deep}message: msg", me)
        if step.get("within"):
            self.put(f"{deep}within: 3 days", me)
        if step.get("join"):
            self.put(f"{deep}join: {'any' if step['join'] == 1 else step['join']}", me)
        if kind == "each":
            self.put(f"{deep}of: f.list_{name}", me)
            self.put(f"{deep}as: it_{name}", me)
            self.put(f"{deep}steps:", me)
            self.steps(step["branches"][0], deep + "  ")
        if kind == "parallel":
            self.put(f"{deep}branches:", me)
            for i, branch in enumerate(step["branches"]):
                self.put(f"{deep}  {name}_b{i}:", me)
                self.put(f"{deep}    steps:", me)
                self.steps(branch, deep + "      ")
        if kind == "choose":
            self.put(f"{deep}cases:", me)
            for i, (when, target) in enumerate(step["cases"]):
                self.put(f"{deep}  - {{when: {self.condition(when)}, then: {target}}}",
                         ("case", name, i))
            if step.get("otherwise"):
                self.put(f"{deep}otherwise: {step['otherwise']}", ("otherwise", name))
        elif then:
            self.put(f"{deep}then:", me)
            for outcome, target in then.items():
                more = ""
                if step.get("fill", {}).get(outcome):
                    more += "fill: {" + ", ".join(f"{k}: {field_text(v)}" for k, v in
                                                  step["fill"][outcome].items()) + "}, "
                if outcome in step.get("must", {}):
                    more += f"must: {self.condition(step['must'][outcome])}, message: m, "
                text = f"{{{more}then: {target}}}" if more else target
                self.put(f"{deep}  {outcome}: {text}", ("outcome", name, outcome))


# --- The generator ---

class Generator:
    def __init__(self, rng):
        self.rng, self.steps, self.fields, self.count = rng, {}, {}, 0

    def chance(self, share):
        return self.rng.random() < share

    def field(self, name):
        kind = self.rng.choice(["boolean", "boolean", "choice", "integer", "money"])
        field = {"type": kind, "optional": self.chance(0.25)}
        if kind == "choice":
            field["options"] = ["u", "v", "w"][:self.rng.choice([2, 3])]
        return field

    def procedure(self):
        rng = self.rng
        for i in range(rng.choice([1, 1, 2, 2, 3])):
            self.fields[f"x{i}"] = self.field(f"x{i}")
        self.budget = rng.randint(2, 8)
        self.safe = self.chance(0.4)  # mostly sound: a way on is left open
        self.kinds = {"task": 8, "choose": 6, "wait": 2, "parallel": 2, "each": 1,
                      "completeness": 2, "notification": 1}
        clocked = self.chance(0.3)
        top = ["s0"] + self.sequence(2 if clocked else 1, 0)
        if clocked:
            top.append("nk")
        top += ["fin"] + (["fin2"] if self.chance(0.2) else [])
        ordered = {"s0": {"kind": "submission"}}
        ordered.update(self.steps)
        self.steps = ordered
        if clocked:
            self.steps["nk"] = {"kind": "notification"}
        for name in ("fin", "fin2"):
            if name in top:
                self.steps[name] = {"kind": "end"}
        self.link(top, None)
        switch = next((n for n, f in self.fields.items()
                       if f["type"] == "boolean" and not f["optional"]), None)
        asks = any(s["kind"] == "completeness" for s in self.steps.values())
        if switch and not asks and self.chance(0.4):
            for name, field in self.fields.items():
                if name > switch and self.chance(0.6):
                    field.update({"optional": True, "when": f"f.{switch}"})
        moments = [m for name, s in self.steps.items() if s["kind"] != "end"
                   for m in self.moments_of(name)]
        self.earlier = {}
        self.all_moments = moments
        self.guard_all()
        clock = None
        if clocked:
            mine = [m for m in moments if not m.startswith("nk")]
            asks = [n for n, s in self.steps.items() if s["kind"] == "completeness"]
            first = "s0.done" if self.chance(0.6) else rng.choice(mine)
            until = rng.choice(mine)
            clock = {"from": first, "until": until, "then": "nk",
                     "paused": rng.choice(asks) if asks and self.chance(0.5) else None}
        p = {"fields": self.fields, "steps": self.steps, "top": top, "clock": clock,
             "guarantees": []}
        for _ in range(rng.choice([0, 1, 1, 2])):
            kind = rng.choice(["before", "before", "after", "after", "never", "at_most_once"])
            one, two = rng.choice(moments), rng.choice(moments)
            if self.chance(0.5):  # of steps that stand near one another
                at = moments.index(one)
                two = rng.choice(moments[max(0, at - 5):at + 8])
            if one != two or kind == "at_most_once":
                p["guarantees"].append([kind, one] if kind == "at_most_once" else [kind, one, two])
        return p

    def sequence(self, least, depth):
        ids = []
        length = self.rng.randint(1, 3) if depth else max(least, self.budget)
        while len(ids) < length and (self.budget > 0 or len(ids) < least):
            ids.append(self.new_step(depth))
        return ids

    def new_step(self, depth):
        rng = self.rng
        self.budget -= 1
        kinds = [k for k in self.kinds if depth < 2 and self.budget > 0
                 or k not in ("parallel", "each")]
        kind = rng.choices(kinds, [self.kinds[k] for k in kinds])[0]
        self.count += 1
        name = {"task": "t", "choose": "c", "wait": "w", "parallel": "p", "each": "e",
                "completeness": "q", "notification": "n"}[kind] + str(self.count)
        step = {"kind": kind}
        self.steps[name] = step
        if kind == "task":
            step["outcomes"] = rng.choice([["done"], ["oui", "non"], ["oui", "non"],
                                           ["oui", "non", "bof"]])
            step["within"] = self.chance(0.25)
            step["fill"], step["must"] = {}, {}
            for outcome in step["outcomes"]:
                if len(step["outcomes"]) > 1 and self.chance(0.25):
                    step["fill"][outcome] = {f"z{outcome[0]}": self.field("z")}
        if kind == "wait":
            step["message"] = self.chance(0.5)
            step["within"] = True
        if kind == "completeness":
            step["within"] = True
        if kind in ("parallel", "each"):
            step["within"] = self.chance(0.35)
            if kind == "each":
                self.kinds["each"] = 0
            count = 1 if kind == "each" else rng.choice([2, 2, 3])
            step["branches"] = [self.sequence(1, depth + 1) for _ in range(count)]
            step["join"] = rng.choice([0, 0, 1, 2])
            if kind == "parallel" and step["join"] >= len(step["branches"]):
                step["join"] = 0
        return name

    def moments_of(self, name):
        return [f"{name}.{o}" for o in outcomes_of(self.steps[name])] + [f"{name}.done"]

    def link(self, ids, outside):
        """Every step is led to by an earlier one; the rest leads anywhere, mostly onwards."""
        rng, led = self.rng, {ids[0]}
        for i, name in enumerate(ids):
            step = self.steps[name]
            for branch in step.get("branches", []):
                self.link(branch, "end")
            if step["kind"] == "end":
                continue
            onward = ids[i + 1:] + (["end"] if outside else [])
            slots = outcomes_of(step)
            if step["kind"] == "choose":
                slots = list(range(rng.choice([1, 2, 2, 3])))
                otherwise = self.chance(0.9 if self.safe else 0.5)
                slots += ["otherwise"] if otherwise or len(slots) == 1 else []
            rng.shuffle(slots)
            chosen = {}
            for slot in slots:
                target = next((s for s in ids[i + 1:] if s not in led and s != "nk"), None)
                if target is None or (chosen and self.chance(0.5)):
                    back = ids[1 if not outside else 0:i + 1]
                    if back and self.chance(0.2):
                        target = rng.choice(back)
                    else:
                        target = rng.choice(onward)
                led.add(target)
                chosen[slot] = target
            if step["kind"] == "choose":
                step["cases"] = [[None, chosen[s]] for s in sorted(s for s in chosen
                                                                   if s != "otherwise")]
                step["otherwise"] = chosen.get("otherwise")
            else:
                step["then"] = {o: chosen[o] for o in outcomes_of(step)}
        for i, name in enumerate(ids): # what nothing leads to yet
            if name not in led and name != "nk":
                for before in ids[:i]:
                    step = self.steps[before]
                    if step["kind"] == "choose" and step["otherwise"] in led:
                        step["otherwise"] = name

    # Conditions.

    def guard_all(self):
        order = list(self.steps)
        for i, name in enumerate(order):
            step = self.steps[name]
            self.before = [n for n in order[:i] if self.steps[n]["kind"] not in ("end",)]
            self.names = {f"f.{n}": f for n, f in self.fields.items()}
            inside = self.inside_each(name)
            for n in (order[:i] if self.chance(0.9) else order):
                for fill in self.steps[n].get("fill", {}).values():
                    if self.inside_each(n) in (None, inside) and not (inside and self.deep(n)
                                                                      and not self.inside_each(n)):
                        self.names.update({f"{n}.{k}": dict(f, optional=True, filled=True)
                                           for k, f in fill.items()})
            if step["kind"] == "choose":
                split = self.split(len(step["cases"]) + (0 if step["otherwise"] else 0))
                for j, case in enumerate(step["cases"]):
                    case[0] = split[j] if j < len(split) else self.condition()
                    if self.chance(0.15):
                        case[0] = (self.rng.choice(["and", "or"]), case[0], self.condition())
            if step["kind"] == "task":
                self.musts(name, step)

    def deep(self, name):
        return name not in self.steps or any(name in b for s in self.steps.values()
                                             for b in s.get("branches", []))

    def inside_each(self, name):
        for block, step in self.steps.items():
            for branch in step.get("branches", []):
                if name in branch:
                    return block if step["kind"] == "each" else self.inside_each(block)
        return None

    def musts(self, name, step):
        outcomes = step["outcomes"]
        if not self.chance(0.2 if self.safe else 0.4):
            return
        own = {}
        for outcome in outcomes:
            own.update({f"{name}.{k}": dict(f, optional=True, filled=True)
                        for k, f in step["fill"].get(outcome, {}).items()})
        split = self.split(len(outcomes))
        for i, outcome in enumerate(outcomes):
            if self.chance(0.6) and not (self.safe and i == 0):
                step["must"][outcome] = split[i] if i < len(split) else self.condition()
                mine = {f"{name}.{k}": dict(f, optional=True)
                        for k, f in step["fill"].get(outcome, {}).items()}
                if mine and self.chance(0.7):
                    keep, self.names = self.names, mine
                    step["must"][outcome] = self.condition()
                    self.names = keep
                    if self.chance(0.4):
                        step["must"][outcome] = ("and", step["must"][outcome], self.condition())

    def split(self, count):
        """Conditions that share out all values, more or less."""
        rng = self.rng
        if self.chance(0.35):
            moments = self.some_moments()
            if moments:
                c = ("moment", rng.choice(moments))
                step = c[1].partition(".")[0]
                if self.steps[step]["kind"] in ("wait", "completeness") and self.chance(0.3):
                    c = ("moment", f"{step}.waiting")
                return [c, ("not", c)] if self.chance(0.5) else [("not", c), c]
        if not self.names:
            return []
        var = rng.choice(sorted(self.names))
        field = self.names[var]
        kind, parts = field["type"], []
        if kind == "boolean":
            parts = [("is", var, "=", True), ("is", var, "=", False)]
        elif kind == "choice":
            parts = [("is", var, "=", o) for o in field["options"]]
            rng.shuffle(parts)
            if len(parts) == 3 and self.chance(0.4):
                parts = [("in", var, [parts[0][3], parts[1][3]]), parts[2]]
        else:
            low, high = RANGE[kind]
            value = rng.randint(low + 1, high - 1)
            parts = [("is", var, rng.choice(["<", "<="]), value),
                     ("is", var, rng.choice([">", ">="]), value)]
            if self.chance(0.3):
                other = min(high, value + rng.choice([1, 1, 2]))
                parts = [parts[0], ("is", var, ">=", other)]
        if field["optional"]:
            parts = [("and", ("given", var), part) for part in parts]
            if self.chance(0.6):
                place = rng.choice([0, len(parts)])
                parts.insert(place, ("null", var))
            if count < len(parts) and self.chance(0.5):
                parts = [("or", ("null", var), parts[-1][-1] if len(parts[-1]) > 2
                          else parts[0][-1])] + parts
        if self.chance(0.2):
            rng.shuffle(parts)
        return parts

    def some_moments(self):
        if self.before and self.chance(0.85):
            return [m for n in self.before for m in self.moments_of(n)]
        return self.all_moments

    def condition(self):
        split = self.split(2)
        return self.rng.choice(split) if split else ("moment", self.rng.choice(self.all_moments))


def outcomes_of(step):
    kind = step["kind"]
    late = ["expired"] if step.get("within") else []
    if kind == "task":
        return (list(step["then"]) if "then" in step else step["outcomes"] + late)
    if kind == "wait":
        return ["done"] + (["expired"] if step["message"] else [])
    return {"submission": ["filed"], "completeness": ["complete", "expired"], "end": [],
            "notification": ["sent"], "choose": []}.get(kind, ["done"] + late)


# --- The oracle: every state, no reduction ---

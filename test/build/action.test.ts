// The action of GitHub, the image and the workflows: the steps of action.yml run in bash as the runner would run them, with the
// inputs of the recipe in docs/ci.md, against the authorization server of the demo; all that is used is pinned.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { parse } from 'yaml';
import packageJson from '../../package.json' with { type: 'json' };
import type { Host } from '../../src/cli/command.ts';
import { addCommands } from '../../src/cli/commands/commands.ts';
import { blocksOf, pages } from '../docs/markdown.ts';
import { isAction } from '../docs/recipes.ts';
import { createShowroom, type Showroom } from '../docs/showroom.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readText = (path: string) => readFileSync(join(root, path), 'utf8');

type Step = { if?: string; uses?: string; run?: string; shell?: string; env?: Record<string, string> };
type Inputs = Record<string, string>;
const text = readText('action.yml');
const action: { inputs: Record<string, { description: string; default?: string }>; runs: { steps: Step[] } } =
  parse(text);
const { steps } = action.runs;
const recipe = pages.flatMap(blocksOf).find(block => block.language === 'yaml' && isAction(block.text));

describe('the action', () => {
  let showroom: Showroom;
  let env: Record<string, string>;
  const keys = () => join(env.RUNNER_TEMP ?? '', 'paynet-client-auth');

  before(async () => {
    showroom = await createShowroom();
    env = { RUNNER_TEMP: showroom.path('runner'), GITHUB_ACTION_PATH: root, PATH: process.env.PATH ?? '' };
    mkdirSync(showroom.path('runner'));
  });
  after(() => showroom.remove());

  /** Runs the steps from the keys on as the runner does: after a step that fails only those that always run. */
  const runSteps = async (inputs: Inputs, onStep: () => void = () => undefined) => {
    const result = { code: 0, output: '' };
    for (const step of steps.slice(2)) {
      if (result.code !== 0 && step.if !== 'always()') continue;
      const filled = Object.entries(step.env ?? {}).map(([name, value]) => [
        name,
        value.replace(
          /\$\{\{ inputs\.([\w-]+) \}\}/g,
          (_, input) => inputs[input] ?? action.inputs[input]?.default ?? '',
        ),
      ]);
      const { code, output } = await shell(step.run ?? '', { ...env, ...Object.fromEntries(filled) });
      result.code ||= code;
      result.output += output;
      onStep();
    }
    return result;
  };
  const shell = (script: string, variables: Record<string, string>) =>
    new Promise<{ code: number; output: string }>(resolve => {
      const args = ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script];
      const child = spawn('bash', args, { cwd: showroom.path(''), env: variables });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', chunk => {
          output += chunk;
        });
      }
      child.on('close', code => resolve({ code: code ?? 1, output }));
    });

  it('runs the recipe of docs/ci.md: keys in files of the job alone, folders by line, a report, and no key after it', async () => {
    const secrets: Record<string, string> = {
      SIGNING_KEY: readFileSync(showroom.path('signing.pem'), 'utf8'),
      TRANSPORT_CERT: readFileSync(showroom.path('transport.pem'), 'utf8'),
      TRANSPORT_KEY: readFileSync(showroom.path('transport.key'), 'utf8'),
    };
    const written: Step & { with: Inputs } = parse(recipe?.text ?? '').jobs.paynet.steps.find((step: Step) =>
      isAction(`uses: ${step.uses}`),
    );
    const entries = Object.entries(written.with).map(([name, value]) => [
      name,
      value.replace(/^\$\{\{ secrets\.(\w+) \}\}$/, (_, secret) => secrets[secret] ?? ''),
    ]);
    const inputs: Inputs = { ...Object.fromEntries(entries), 'ssl-extra-ca-certs-file': 'ca.pem', options: '-n\n2' };
    const modes: number[] = [];
    const { code, output } = await runSteps(inputs, () => {
      if (existsSync(keys())) {
        const names = [keys(), ...readdirSync(keys()).map(name => join(keys(), name))];
        modes.push(...names.map(name => statSync(name).mode & 0o777));
      }
    });
    assert.equal(code, 0, output);
    assert.match(output, /\n4 of 4 requests authenticated, no tests\n$/);
    assert.equal(showroom.server.verified.length, 4);
    assert.deepEqual(modes, [0o700, 0o600, 0o600, 0o600, 0o700, 0o600, 0o600, 0o600]);
    assert.equal(existsSync(keys()), false);
    assert.match(readFileSync(showroom.path('newman.xml'), 'utf8'), /<testsuites/);
    assert.doesNotMatch(output, /PRIVATE KEY/);
  });

  it('passes no key that it can choose from two, and removes it', async () => {
    const { code, output } = await runSteps({ 'signing-key': 'text', 'signing-key-file': 'signing.pem' });
    assert.equal(code, 2);
    assert.equal(output, 'error: signing-key and signing-key-file are both given. Give one of them.\n');
    assert.equal(existsSync(keys()), false);
  });

  it('hands each input on as one argument, whatever is in it', async () => {
    mkdirSync(showroom.path('dist'));
    writeFileSync(showroom.path('dist/cli.js'), 'console.log(JSON.stringify(process.argv.slice(2)))');
    const names = Object.keys(action.inputs).filter(
      name => !/^(node-version|working-directory)$|passphrase$/.test(name),
    );
    const odd = `$(touch odd) "; 'x' *`;
    const texts = names.filter(name => !name.endsWith('-file')).map(name => [name, `${odd} ${name}`]);
    const inputs: Inputs = { ...Object.fromEntries(texts), reporters: 'junit', folder: '--help\r\nTwo', options: '' };
    const before = env;
    env = { ...env, GITHUB_ACTION_PATH: showroom.path('') };
    const { code, output } = await runSteps(inputs);
    env = before;
    assert.equal(code, 0, output);
    assert.deepEqual(JSON.parse(output), [
      'run',
      `${odd} collection`,
      `--environment=${odd} environment`,
      `--env-var=${odd} env-var`,
      '--folder=--help',
      '--folder=Two',
      ...['signing-key', 'ssl-client-cert', 'ssl-client-key', 'ssl-extra-ca-certs'].map(
        name => `--${name}=${keys()}/${name}`,
      ),
      '--reporters=junit',
      `--reporter-junit-export=${odd} junit`,
    ]);
    assert.equal(existsSync(showroom.path('odd')), false);
  });

  it('has inputs that are options of run, uses each of them, and none in the text of a script', () => {
    const run = addCommands(new Command(), {} as Host).commands.find(command => command.name() === 'run');
    const options = run?.options.map(({ long }) => long);
    const own = ['collection', 'junit', 'options', 'working-directory', 'node-version', 'signing-key-passphrase'];
    for (const name of Object.keys(action.inputs)) {
      if (!own.includes(name)) assert.equal(options?.includes(`--${name.replace(/-file$/, '')}`), true, name);
      assert.equal(text.includes(`\${{ inputs.${name} }}`), true, name);
    }
    for (const [, name = ''] of text.matchAll(/inputs\.([\w-]+)/g)) assert.equal(name in action.inputs, true, name);
    for (const { run: script, shell: name } of steps.filter(step => step.run !== undefined)) {
      assert.doesNotMatch(script ?? '', /\$\{\{/);
      assert.equal(name, 'bash');
    }
  });

  it('installs from its own checkout by the lockfile, runs no script of what is installed, and does it before the keys', () => {
    const at = steps.findIndex(({ run = '' }) => run.includes('npm ci'));
    assert.equal(at, 1);
    assert.equal(
      steps.slice(0, at + 1).some(({ env: variables }) => variables),
      false,
    );
    assert.match(
      steps[at]?.run ?? '',
      /^cd "\$GITHUB_ACTION_PATH"\nnpm ci --ignore-scripts .*\nnpm run --silent build /,
    );
    assert.equal('build' in packageJson.scripts, true);
    assert.doesNotMatch(text, /npm install|npx/);
  });
});

describe('actions that others wrote', () => {
  const workflows = readdirSync(join(root, '.github/workflows')).map(name => `.github/workflows/${name}`);
  const used = ['action.yml', ...workflows].map(path => [path, readText(path)]);
  if (recipe) used.push(['docs/ci.md', recipe.text]);

  for (const [path = '', content = ''] of used) {
    it(`are named in ${path} by a commit, with the version beside it`, () => {
      const uses = [...content.matchAll(/uses: (.*)$/gm)].map(([, one = '']) => one);
      const others = uses.filter(one => one !== './' && !isAction(`uses: ${one}`));
      assert.equal(others.length > 0, true);
      for (const one of others) assert.match(one, /^[\w-]+\/[\w-]+@[\da-f]{40} # v\d+\.\d+\.\d+$/);
    });
  }

  it('have one commit each', () => {
    const all = used.flatMap(([, content = '']) => content.match(/[\w-]+\/[\w-]+@[\da-f]{40} # v[\d.]+/g) ?? []);
    const actions = new Set(all.map(one => one.split('@')[0]));
    assert.equal(new Set(all).size, actions.size);
  });

  it('run with every version of Node that is supported', () => {
    const { matrix } = parse(readText('.github/workflows/test.yml')).jobs.test.strategy;
    assert.deepEqual(matrix.node, [20, 22, 24, 26]);
  });
});

describe('the image', () => {
  const lines = readText('Dockerfile')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'));
  const allOf = (instruction: string) =>
    lines.filter(line => line.startsWith(`${instruction} `)).map(line => line.slice(instruction.length + 1));

  it('is made from one exact version of Node, and runs the command line as another user than root', () => {
    const [build = '', ...others] = allOf('FROM');
    assert.match(build, /^node:\d+\.\d+\.\d+-[\w-]+ AS build$/);
    assert.deepEqual(others, [build.replace(' AS build', '')]);
    assert.deepEqual(lines.slice(-2), ['USER node', 'ENTRYPOINT ["paynet-client-auth"]']);
    assert.deepEqual(
      allOf('RUN').at(-1),
      `ln -s /app/${packageJson.bin['paynet-client-auth']} /usr/local/bin/paynet-client-auth`,
    );
  });

  it('holds no variable, and of this folder only what it is made from', () => {
    assert.deepEqual([...allOf('ENV'), ...allOf('ARG'), ...allOf('ADD')], []);
    const [all, ...made] = readText('.dockerignore')
      .split('\n')
      .filter(line => line && !line.startsWith('#'));
    assert.equal(all, '*');
    for (const line of made) assert.equal(existsSync(join(root, line.replace(/^!/, ''))), true, line);
    assert.equal(
      made.some(line => /git|test|docs|dist|node_modules|\*/.test(line)),
      false,
    );
    assert.match(
      allOf('RUN')[0] ?? '',
      /^npm ci --ignore-scripts .*npm run --silent build .*npm prune --omit=dev --ignore-scripts /,
    );
  });
});

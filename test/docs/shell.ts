// A shell for the examples of README and docs: real bash, in which `npx --no-install paynet-client-auth` runs the command line in the
// process of the test, so that Newman is loaded once; an agent that goes on in the background has its own. `npx --no-install newman` is
// Newman's own; `npm` and `docker` do what is tested elsewhere.

import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../support/command-line.ts';
import { createFolder } from '../support/workplace.ts';
import type { Showroom } from './showroom.ts';

const NEWMAN = createRequire(import.meta.url).resolve('newman/bin/newman.js');
const COMMAND_LINE = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

/** Commands of npm that no example runs here, and what runs them. */
export const ELSEWHERE: Record<string, string> = {
  ci: '.ci/run',
  start: 'test/demo/demo.test.ts',
  'start -- --keep ../paynet-trial': 'test/demo/keep.test.ts',
  test: '.ci/run',
  pack: 'test/build/package.test.ts',
  'install --save-dev ./paynet-client-auth-1.0.0.tgz': 'test/build/package.test.ts',
};

/** Hands the arguments, and the standard input where "-" asks for it, to the process of the test; gives back what came of them. */
const toNpx = (folder: string) => `#!/usr/bin/env bash
set -u
[ "$1 $2" = "--no-install newman" ] && { shift 2; exec '${process.execPath}' '${NEWMAN}' "$@"; }
[ "$1 $2 \${3-}" = "--no-install paynet-client-auth agent" ] && [ -f /dev/stdout ] && {
  echo $$ >> '${folder}/agents'; shift 2; exec '${process.execPath}' '${COMMAND_LINE}' "$@" 2> /dev/null; }
[ "$1 $2" = "--no-install paynet-client-auth" ] || { echo "npx $*: not as it is always called" >&2; exit 127; }
shift 2
: > '${folder}/input'
for argument in "$@"; do [ "$argument" = - ] && cat > '${folder}/input'; done
printf '%s\\0' "\${HTTPS_PROXY-}" "$@" > '${folder}/call'
read -r code < '${folder}/code'
cat '${folder}/stdout'
cat '${folder}/stderr' >&2
exit "$code"
`;

const toNpm = () => `#!/usr/bin/env bash
case "$*" in
${Object.keys(ELSEWHERE)
  .map(args => `  '${args}') ;;`)
  .join('\n')}
  *) echo "npm $*: nothing runs it" >&2; exit 127 ;;
esac
`;

/** The authorization server of the examples has a private authority, which most of them need not name. */
const trustServer = (args: string[]): string[] =>
  (args.includes('-e') || args[0] === 'init') && !args.includes('--ssl-extra-ca-certs')
    ? [...args, '--ssl-extra-ca-certs', 'ca.pem']
    : args;

/** What the user of the examples answers when `init` asks. */
const toAnswers = ({ server }: Showroom): string[] => {
  const { client_id, kid } = server.clients.privateKeyJwt;
  const ofKeys = [
    '--signing-key',
    'signing.pem',
    '--ssl-client-cert',
    'transport.pem',
    '--ssl-client-key',
    'transport.key',
  ];
  return ['--client-id', client_id, '--issuer', server.issuer, '--kid', kid, ...ofKeys];
};

/** Runs an image as the command line that is its entry point; test/build/action.test.ts looks at the image itself. */
const toDocker = () => `#!/usr/bin/env bash
[ "$1" = build ] && exit 0
while [ "$1" != paynet-client-auth ]; do shift; done
shift
exec npx --no-install paynet-client-auth "$@"
`;

export type Shell = {
  /** Runs a script with `bash -euo pipefail`. */
  run: (script: string, env?: Record<string, string>) => Promise<{ code: number; stdout: string; stderr: string }>;
  close: () => Promise<void>;
};

/** Makes the shell, whose folder becomes the working directory of this process. */
export const createShell = (showroom: Showroom): Shell => {
  const tools = createFolder();
  const write = (name: string, text: string) => {
    writeFileSync(tools.path(name), text);
    chmodSync(tools.path(name), 0o755);
  };
  write('npx', toNpx(tools.path('')));
  write('npm', toNpm());
  write('docker', toDocker());
  spawnSync('mkfifo', [tools.path('call'), tools.path('code')]);
  process.chdir(showroom.path(''));

  const answer = async (proxy: string, args: string[]) => {
    if (proxy) process.env.HTTPS_PROXY = proxy;
    const all = args.join() === 'init' ? [...args, ...toAnswers(showroom)] : args;
    const { code, stdout, stderr } = await runCommand(trustServer(all), {
      input: readFileSync(tools.path('input'), 'utf8'),
    });
    delete process.env.HTTPS_PROXY;
    writeFileSync(tools.path('stdout'), stdout);
    writeFileSync(tools.path('stderr'), stderr);
    await writeFile(tools.path('code'), `${code}\n`);
  };
  const serve = async () => {
    for (;;) {
      const [proxy = '', ...args] = (await readFile(tools.path('call'), 'utf8')).split('\0').slice(0, -1);
      if (args.length === 0) return;
      await answer(proxy, args);
    }
  };
  const served = serve();
  /** The agents that an example has left in the background, which would end by themselves later. */
  const readAgents = async () =>
    (await readFile(tools.path('agents'), 'utf8').catch(() => '')).split('\n').filter(Boolean);
  return {
    run: (script, env = {}) =>
      showroom.execute('bash', ['-euo', 'pipefail', '-c', script], {
        PATH: `${tools.path('')}${delimiter}${process.env.PATH}`,
        CURL_CA_BUNDLE: showroom.path('ca.pem'),
        ...env,
      }),
    close: async () => {
      await writeFile(tools.path('call'), '\0');
      await served;
      for (const agent of await readAgents()) process.kill(Number(agent));
      tools.remove();
    },
  };
};

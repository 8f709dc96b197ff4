// Each command in README and docs, copied from its block in the Markdown, runs: in bash, against the authorization server of the
// demo, in a folder with the files that the examples name (docs/development.md has the list).

import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import packageJson from '../../package.json' with { type: 'json' };
import { RED_ARGUMENTS, RUN_ARGUMENTS, toRunOutput } from '../pictures/outputs.ts';
import { readPicture, toComparable } from '../pictures/terminal.ts';
import { runCommand } from '../support/command-line.ts';
import { type Block, blocksOf, pages, proseOf } from './markdown.ts';
import { isAction, readRecipe, toBash } from './recipes.ts';
import { createShell, ELSEWHERE, type Shell } from './shell.ts';
import { CLIENT, createShowroom, type Showroom } from './showroom.ts';

const COMMAND = /^ *(?:\$ )?(?:npx|npm|node|curl|paynet-client-auth) /m;

/** Languages of blocks that hold no command: an excerpt of a form, a line of the console, a tree, a program. */
const WITHOUT_COMMANDS = ['json', 'text', 'js'];

const root = new URL('../../', import.meta.url);
const readText = (path: string) => readFileSync(new URL(path, root), 'utf8');
const blocks = pages.flatMap(blocksOf);
const inLanguage = (...languages: string[]) => blocks.filter(({ language }) => languages.includes(language));
const toTitle = ({ page, line, language }: Block) => `of ${page}, line ${line}, in ${language}`;

/** A proxy that makes tunnels, and where they have led to. */
const startProxy = async (): Promise<{ url: string; targets: string[]; server: Server }> => {
  const targets: string[] = [];
  const server = createServer();
  server.on('connect', ({ url = '' }, socket) => {
    targets.push(url);
    const [host, port] = url.split(':');
    const target = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      target.pipe(socket).pipe(target);
    });
    for (const one of [socket, target]) one.on('error', () => target.destroy());
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, targets, server };
};

describe('the commands in README and docs', () => {
  let showroom: Showroom;
  let shell: Shell;
  let proxy: Awaited<ReturnType<typeof startProxy>>;
  const files = () => ({
    SIGNING_KEY: showroom.path('signing.pem'),
    TRANSPORT_CERT: showroom.path('transport.pem'),
    TRANSPORT_KEY: showroom.path('transport.key'),
  });

  before(async () => {
    [showroom, proxy] = await Promise.all([createShowroom(), startProxy()]);
    shell = createShell(showroom);
  });
  after(async () => {
    await shell.close();
    process.chdir('/');
    await showroom.remove();
    proxy.server.close();
  });

  /** Runs an example with the hosts and the client of the demo in place of PayNet's and the reader's. */
  const run = async (script: string, env: Record<string, string> = {}) => {
    const { server } = showroom;
    const text = script
      .replaceAll('https://as1.sandbox.mya.ozoneapi.io', new URL(server.endpoints.token_endpoint).origin)
      .replaceAll('https://auth1.sandbox.mya.ozoneapi.io', server.issuer)
      .replaceAll('https://rs1.sandbox.mya.ozoneapi.io', server.resourceServerUrl)
      .replaceAll('YOUR_CLIENT_ID', server.clients.privateKeyJwt.client_id)
      .replaceAll('http://proxy.example:8080', proxy.url);
    const verified = server.verified.length;
    const { code, stdout, stderr } = await shell.run(text, { ...files(), ...env });
    assert.equal(code, 0, `${script}\n${stdout}${stderr}`);
    // What runs a collection or calls the token endpoint has been authenticated.
    const asks = /paynet-client-auth (run|token) |newman run |curl |--live/.test(text);
    assert.equal(server.verified.length > verified, asks, script);
  };

  for (const block of inLanguage('bash', 'powershell')) {
    it(toTitle(block), async () => {
      showroom.refresh();
      proxy.targets.length = 0;
      await run(block.language === 'bash' ? block.text : toBash(block.text));
      assert.equal(proxy.targets.length > 0, block.text.includes('HTTPS_PROXY'), 'whether the proxy was used');
    });
  }

  // The steps of the action are those of action.yml, which test/build/action.test.ts runs.
  for (const block of inLanguage('yaml', 'groovy').filter(({ text }) => !isAction(text))) {
    it(`${toTitle(block)}: the job of each folder writes the report that it publishes, with the secrets in files`, async () => {
      showroom.refresh();
      const { SIGNING_KEY, TRANSPORT_CERT, TRANSPORT_KEY } = files();
      const values = {
        secrets: Object.fromEntries(Object.entries(files()).map(([name, path]) => [name, readFileSync(path, 'utf8')])),
        files: { signingKey: SIGNING_KEY, transportCert: TRANSPORT_CERT, transportKey: TRANSPORT_KEY },
      };
      const [job = [], ...others] = readRecipe(block.language, block.text, values);
      assert.equal(job.filter(({ script }) => script.includes('paynet-client-auth run ')).length, 1);
      rmSync(showroom.path('newman.xml'), { force: true });
      for (const { script, env } of job) await run(script, { RUNNER_TEMP: showroom.path('temporary'), ...env });
      assert.equal(existsSync(showroom.path('newman.xml')), true);
      // What runs for one folder runs for the others.
      assert.equal(others.length, block.text.includes('matrix') ? 2 : 0);
      const folders = ['Consents', 'Payments'];
      for (const [index, other] of others.entries()) {
        assert.deepEqual(other, JSON.parse(JSON.stringify(job).replaceAll('Accounts', folders[index] ?? '')));
      }
      assert.match(block.text.split('--reporter-junit-export newman.xml')[1] ?? '', /newman\.xml/);
      for (const option of ['--signing-key', '--ssl-client-cert', '--ssl-client-key']) {
        assert.match(block.text, new RegExp(`${option} "\\$`));
      }
    });
  }

  for (const [name, more] of [
    ['green', []],
    ['red', RED_ARGUMENTS],
  ] as const) {
    it(`print what docs/pictures/${name}.svg shows; "npm run pictures" draws it anew`, async () => {
      showroom.refresh();
      const result = await runCommand([...RUN_ARGUMENTS, ...CLIENT, ...more]);
      const picture = readText(`docs/pictures/${name}.svg`);
      assert.equal(toComparable(readPicture(picture)), toComparable(toRunOutput(result)));
    });
  }
});

describe('the blocks of README and docs', () => {
  it('are in a language whose commands run, or hold no command', () => {
    for (const block of blocks) {
      if (['bash', 'powershell', 'yaml', 'groovy', 'sh'].includes(block.language)) continue;
      assert.equal(WITHOUT_COMMANDS.includes(block.language), true, toTitle(block));
      assert.doesNotMatch(block.text, COMMAND, toTitle(block));
    }
    for (const page of pages) assert.doesNotMatch(proseOf(page), COMMAND, page.path);
  });

  it('are programs in docs/library.md alone, whose programs test/build/package.test.ts runs', () => {
    assert.deepEqual([...new Set(inLanguage('js').map(({ page }) => page))], ['docs/library.md']);
  });

  it('name of npm what is tested elsewhere', () => {
    for (const file of Object.values(ELSEWHERE)) assert.equal(existsSync(new URL(file, root)), true, file);
    const decides = readText('.ci/run');
    for (const command of ['npm ci', 'npm test']) assert.match(decides, new RegExp(`^${command}\\b`, 'm'));
    for (const script of ['start', 'test'] as const) assert.equal(typeof packageJson.scripts[script], 'string');
    for (const { text } of inLanguage('bash')) {
      for (const [, version] of text.matchAll(/paynet-client-auth-(.*)\.tgz/g))
        assert.equal(version, packageJson.version);
    }
  });
});

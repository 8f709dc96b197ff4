// What `npm pack` would publish: enough to work by itself, as commands and as a library, and nothing else.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import packageJson from '../../package.json' with { type: 'json' };
import { inject } from '../../src/cli/collection/injection.ts';
import { ASSERTION_TYPE } from '../../src/client-auth/client-authentication.ts';
import { blocksOf, pageOf } from '../docs/markdown.ts';
import { createShowroom, type Showroom } from '../docs/showroom.ts';
import { scripts } from '../support/collections.ts';
import { execute } from '../support/execute.ts';
import { postForm } from '../support/https-client.ts';

/** The build alone writes them; another test compares them with what it makes. */
const v12Files = readdirSync(new URL('../../collections/v12', import.meta.url), {
  recursive: true,
  withFileTypes: true,
})
  .filter(entry => entry.isFile())
  .map(({ parentPath, name }) =>
    join('collections', relative(fileURLToPath(new URL('../../collections', import.meta.url)), join(parentPath, name))),
  )
  .sort();

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What a program does with the library; where a type is not what it must be, or is none, it does not compile. */
const toProgram = (load: string) => `
export async function use(
  options: { clientId: string; kid: string; signingKey: string; audience: string },
  collection: { item: object[] },
  running: { environment: string; signingKey: string },
) {
  const { ClientAuthError, createClientAssertion, injectScript, run } = ${load};
  const made = createClientAssertion(options);
  const assertion: string = made.assertion;
  const times: number[] = [made.claims.iat, made.claims.exp];
  const text: string = injectScript(JSON.stringify(collection));
  const object = injectScript(collection, { last: false });
  const items: object[] = object.item;
  const summary = await run({ collection, reporters: [], ...running });
  const counts: number[] = [summary.failures, summary.tests.passed, summary.requests.total];
  const lines: string[] = [...summary.cause, ...summary.explanation];
  let code: 'variable_invalid' | undefined;
  try {
    createClientAssertion({ ...options, lifetime: 0 });
  } catch (error) {
    if (error instanceof ClientAuthError && error.code === 'variable_invalid') code = error.code;
  }
  const mistakes = [
    // @ts-expect-error
    () => createClientAssertion({ clientId: 'client-1' }),
    // @ts-expect-error
    () => run({ collection, insecure: true }),
    // @ts-expect-error
    () => summary.tests.sum,
    // @ts-expect-error
    () => made.claims.nbf,
    // @ts-expect-error
    () => injectScript(text).item,
    // @ts-expect-error
    () => new ClientAuthError('another_code', ''),
  ];
  return { assertion, times, text, object, items, summary, counts, lines, code, mistakes };
}
`;

const PROJECTS = {
  module: `import * as library from 'paynet-client-auth';${toProgram('library')}`,
  commonjs: toProgram(`await import('paynet-client-auth')`),
};

describe('the package', () => {
  let folder: string;
  let installed: string;
  let tarball: string;
  let files: { path: string }[];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'paynet-client-auth-package-'));
    const packed = await execute('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder]);
    assert.equal(packed.code, 0, packed.stderr);
    [{ files }] = JSON.parse(packed.stdout);
    installed = join(folder, 'node_modules', 'paynet-client-auth');
    mkdirSync(installed, { recursive: true });
    tarball = join(folder, `paynet-client-auth-${packageJson.version}.tgz`);
    const unpacked = await execute('tar', ['-xzf', tarball, '-C', installed, '--strip-components', '1']);
    assert.equal(unpacked.code, 0, unpacked.stderr);
    symlinkSync(join(root, 'node_modules', 'newman'), join(folder, 'node_modules', 'newman'));
  });
  after(() => rmSync(folder, { recursive: true }));

  it('holds the scripts, the command line, the library with its types, what to import, the documentation, and no sources, tests or maps', () => {
    assert.deepEqual(files.map(({ path }) => path).sort(), [
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'SECURITY.md',
      'collections/paynet.postman_collection.json',
      'collections/paynet.postman_environment.json',
      ...v12Files,
      'dist/cli.js',
      'dist/index.js',
      'dist/post-response.js',
      'dist/pre-request.js',
      'dist/types/client-auth/errors.d.ts',
      ...['client-assertion', 'index', 'inject-script', 'run'].map(name => `dist/types/library/${name}.d.ts`),
      ...['ci', 'commands', 'development', 'errors', 'library', 'own-collection'].map(name => `docs/${name}.md`),
      ...['costs', 'green', 'red', 'start'].map(name => `docs/pictures/${name}.svg`),
      ...['postman-app', 'security', 'sign-command', 'signing-agent', 'variables'].map(name => `docs/${name}.md`),
      'package.json',
    ]);
    assert.doesNotMatch(readFileSync(join(installed, 'dist/cli.js'), 'utf8'), /sourceMappingURL/);
  });

  it('has exports and types that publint and attw find no fault with', async () => {
    const tools = [
      ['publint/src/cli.js', '--strict', tarball],
      ['@arethetypeswrong/cli/dist/index.js', tarball, '--profile', 'esm-only'],
    ];
    for (const [tool = '', ...args] of tools) {
      const { code, stdout, stderr } = await execute(process.execPath, [join(root, 'node_modules', tool), ...args]);
      assert.equal(code, 0, stdout + stderr);
    }
  });

  it('depends on Newman alone, at an exact version', () => {
    assert.deepEqual(packageJson.dependencies, { newman: '6.2.2' });
  });

  it('works without a build: run, inject, check, assertion', async () => {
    const cli = join(installed, 'dist/cli.js');
    const collection = join(installed, 'collections/paynet.postman_collection.json');
    assert.equal((await execute('node', [cli, '--version'])).stdout.trim(), packageJson.version);
    assert.equal((await execute('node', [cli, 'inject', '--check', collection])).code, 0);
    const run = await execute('node', [cli, 'run', collection, '--folder', 'Client credentials grant']);
    assert.equal(run.code, 1);
    assert.match(run.stderr, /"client_id" must be .*, got nothing/);
    const assertion = await execute('node', [cli, 'assertion']);
    assert.match(assertion.stderr, /"client_id" must be/);
    assert.equal((await execute('node', [cli, 'check', collection])).code, 0);
  });

  describe('as a library', () => {
    let showroom: Showroom;
    before(async () => {
      showroom = await createShowroom();
    });
    after(() => showroom.remove());

    it('compiles under strict in an empty ES module project and in an empty CommonJS project, and works there', async () => {
      for (const [project, text] of Object.entries(PROJECTS)) {
        mkdirSync(join(folder, project));
        writeFileSync(join(folder, project, 'package.json'), JSON.stringify({ type: project }));
        writeFileSync(join(folder, project, 'index.ts'), text);
      }
      const paths = Object.keys(PROJECTS).map(project => join(folder, project, 'index.ts'));
      const compiler = join(root, 'node_modules/typescript/bin/tsc');
      const flags = ['--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', 'false', '--module', 'nodenext'];
      const compiled = await execute(process.execPath, [compiler, '--ignoreConfig', ...flags, ...paths]);
      assert.equal(compiled.code, 0, compiled.stdout);

      const { server, path } = showroom;
      const { client_id, kid, signingKey } = server.clients.privateKeyJwt;
      const audience = server.endpoints.token_endpoint;
      const collection = JSON.parse(readFileSync(path('my.postman_collection.json'), 'utf8'));
      const tls = {
        sslClientCert: path('transport.pem'),
        sslClientKey: path('transport.key'),
        sslExtraCaCerts: path('ca.pem'),
      };
      const running = { folder: ['Accounts'], environment: path('env.json'), signingKey: path('signing.pem'), ...tls };
      for (const file of paths.map(one => one.replace(/ts$/, 'js'))) {
        const { use } = await import(file);
        const options = { clientId: client_id, kid, signingKey, audience };
        const { assertion, text, object, summary, code } = await use(options, collection, running);
        const form = { grant_type: 'client_credentials', client_id, client_assertion_type: ASSERTION_TYPE };
        const { authority, transportCertificate } = server.credentials;
        const answer = await postForm(
          audience,
          { ca: authority.cert, ...transportCertificate },
          { ...form, client_assertion: assertion },
        );
        assert.equal(answer.status, 200, JSON.stringify(answer.json));
        assert.equal(text, inject(JSON.stringify(collection), scripts));
        assert.deepEqual(object, JSON.parse(text));
        assert.deepEqual(summary.requests, { total: 1, authenticated: 1 });
        assert.equal(code, 'variable_invalid');
      }
    });

    it('does what the programs in docs/library.md show', async t => {
      const directory = process.cwd();
      process.chdir(showroom.path(''));
      t.after(() => process.chdir(directory));
      const { client_id, kid } = showroom.server.clients.privateKeyJwt;
      const programs = blocksOf({ path: '', text: pageOf('docs/library.md') }).filter(
        ({ language }) => language === 'js',
      );
      const logged: string[] = [];
      t.mock.method(console, 'log', (line: unknown) => logged.push(String(line)));
      for (const [index, { text }] of programs.entries()) {
        const file = join(folder, `program-${index}.mjs`);
        const changed = text
          .replaceAll('YOUR_CLIENT_ID', client_id)
          .replaceAll('YOUR_KID', kid)
          .replace("  sslClientKey: 'transport.key',", "$&\n  sslExtraCaCerts: 'ca.pem',");
        writeFileSync(file, changed);
        await import(file);
      }
      t.mock.restoreAll();
      assert.match(logged[0] ?? '', /^kid=\S+ aud=https:\S+ jti=\S+, a form of 5 parameters$/);
      assert.deepEqual(logged.slice(1), ['3 folders', '3 of 3 requests authenticated, 0 tests failed']);
      assert.match(readFileSync('newman.xml', 'utf8'), /<testsuites/);
      assert.equal(
        readFileSync('my-authenticated.postman_collection.json', 'utf8'),
        inject(readFileSync('my.postman_collection.json', 'utf8'), scripts),
      );
    });
  });
});

// `injectScript` and `run` of the library, as they are built.

import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, it, type TestContext } from 'node:test';
import { Command } from 'commander';
import { inject } from '../../src/cli/collection/injection.ts';
import type { Host } from '../../src/cli/command.ts';
import { addCommands } from '../../src/cli/commands/commands.ts';
import type { RunOptions } from '../../src/library/index.ts';
import { collectionOf, scripts } from '../support/collections.ts';
import { runCommand } from '../support/command-line.ts';
import { toPublicPem } from '../support/keys.ts';
import { createPkcs12, noOpenssl } from '../support/pkcs12.ts';
import { createSignCommand } from '../support/sign-command.ts';
import { createFolder, createWorkplace, tokenCollection, type Workplace } from '../support/workplace.ts';

const dist = new URL('../../dist/', import.meta.url);
const { ClientAuthError, injectScript, run }: typeof import('../../src/library/index.ts') = await import(
  new URL('index.js', dist).href
);

/** Whether an error is one of the library, with this code. */
const isError = (code: string, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ClientAuthError, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, message);
  return true;
};

describe('injectScript', () => {
  const collection = tokenCollection() as { item: object[] };
  const text = `\ufeff${JSON.stringify(collection, null, '\t')}\r\n`;

  it('gives the text that the command gives, byte by byte', async () => {
    for (const args of [[], ['--last'], ['--folder', 'Folder']]) {
      const input = args.includes('Folder') ? text.replace('"item": [', '"item": [{"name":"Folder","item":[]},') : text;
      const { stdout } = await runCommand(['inject', '-', ...args], { input });
      const [last, folder] = [args.includes('--last'), args[1]];
      assert.equal(injectScript(input, { last, ...(folder !== undefined && { folder }) }), stdout);
      assert.ok(stdout.length > input.length + scripts.preRequest.length);
    }
  });

  it('gives an object for an object, which stays as it is, and puts the scripts in once', () => {
    const before = structuredClone(collection);
    const once = injectScript(collection);
    assert.deepEqual(collection, before);
    assert.equal(JSON.stringify(once), inject(JSON.stringify(collection), scripts));
    assert.deepEqual(injectScript(once), once);
  });

  it('throws collection_invalid for what is no collection, and where there is no such folder', () => {
    assert.throws(() => injectScript('{'), isError('collection_invalid', /^not JSON: /));
    assert.throws(() => injectScript({ values: [] }), isError('collection_invalid', /not a Postman collection but/));
    assert.throws(
      () => injectScript(collection, { folder: 'A' }),
      isError('collection_invalid', /^there is no folder "A"/),
    );
    const other = collectionOf([{ url: 'https://api.example.my', method: 'GET' }], { event: [] });
    assert.throws(() => injectScript(other, { last: true }), isError('collection_invalid', /so "last" has no place/));
  });
});

/** A script with two tests that pass and one that fails. */
const TESTS = {
  listen: 'test',
  script: {
    exec: [
      "['one', 'two'].forEach(name => pm.test(name, () => {}));",
      "pm.test('three', () => { throw new Error('is red'); });",
    ],
  },
};

describe('run', () => {
  let place: Workplace;
  let client: Omit<RunOptions, 'collection'>;
  before(async () => {
    place = await createWorkplace();
    const { cert, key, ca } = place.transport;
    client = {
      ...{ environment: place.path('env.json'), signingKey: place.path('key.pem') },
      ...{ sslClientCert: cert, sslClientKey: key, sslExtraCaCerts: ca },
    };
  });
  after(() => place.remove());

  /** What is written to the console until the test ends. */
  const watchConsole = (t: TestContext): string[] => {
    const written: string[] = [];
    for (const stream of [process.stdout, process.stderr]) {
      const { write } = stream;
      t.mock.method(stream, 'write', (chunk: string | Uint8Array, ...rest: never[]) => {
        // The bytes of the test runner go on.
        if (typeof chunk !== 'string') return write.call(stream, chunk, ...rest);
        return Boolean(written.push(chunk));
      });
    }
    return written;
  };

  it('resolves with what came of it, writes nothing to the console, and never ends the process', async t => {
    const written = watchConsole(t);
    const exit = t.mock.method(process, 'exit', () => undefined as never);
    const { exitCode } = process;
    const signingKey = createPrivateKey(readFileSync(place.path('key.pem')));
    const collection = { ...tokenCollection(), event: [TESTS] };
    for (const [options, passed] of [
      [{ collection: place.path('collection.json') }, 0],
      [{ collection, signingKey }, 2],
      [{ collection, signingKey: signingKey.export({ format: 'jwk' }), iterationCount: 2 }, 4],
    ] as const) {
      const failed = passed / 2;
      const { cause, ...summary } = await run({ ...client, ...options });
      assert.deepEqual(summary, {
        ...{ failures: failed, tests: { total: passed + failed, passed, failed }, explanation: [] },
        requests: { total: passed / 2 || 1, authenticated: passed / 2 || 1 },
      });
      assert.deepEqual(cause, failed > 0 ? ['First failure: "request 0": test "three": is red'] : []);
    }
    t.mock.restoreAll();
    assert.deepEqual(written, []);
    assert.equal(exit.mock.callCount(), 0);
    assert.equal(process.exitCode, exitCode);
  });

  it('takes the transport certificate from a PKCS #12 file', { skip: noOpenssl }, async () => {
    const file = place.path('client.p12');
    writeFileSync(file, createPkcs12(place.server.credentials.transportCertificate, 'open sesame'));
    const { sslClientKey: _, ...others } = client;
    const given = { ...others, collection: place.path('collection.json'), sslClientCert: file };
    const { requests } = await run({ ...given, sslClientPassphrase: 'open sesame' });
    assert.deepEqual(requests, { total: 1, authenticated: 1 });
    const isFault = (says: RegExp) => isError('run_failed', says);
    await assert.rejects(
      run(given),
      isFault(/client\.p12: is encrypted\. Set "sslClientPassphrase" to its passphrase\.$/),
    );
    const wrong = { ...given, sslClientPassphrase: 'x' };
    await assert.rejects(run(wrong), isFault(/does not open with this passphrase\. Check "sslClientPassphrase"\.$/));
  });

  it('resolves where the server refuses the client, with the cause and its explanation', async t => {
    const written = watchConsole(t);
    const refused = await run({ ...client, collection: tokenCollection(), envVar: { kid: 'another' } });
    t.mock.restoreAll();
    assert.ok(refused.failures > 0);
    assert.deepEqual(refused.requests, { total: 1, authenticated: 0 });
    assert.equal(refused.tests.passed + refused.tests.failed, refused.tests.total);
    assert.match(refused.cause.join('\n'), /cause: .*\nDo this: ./i);
    assert.match(refused.explanation.join('\n'), /Why the authorization server may have said no/);
    assert.deepEqual(written, []);
  });

  it('signs by a command, whose key never enters Newman', async () => {
    const { signingKey, ...others } = client;
    const key = createPrivateKey(readFileSync(String(signingKey)));
    const folder = createFolder();
    const command = createSignCommand(folder, key);
    const publicKey = folder.write('public.pem', toPublicPem(key));
    const signing = { ...others, collection: tokenCollection(), signCommand: command() };
    const { failures, requests } = await run({ ...signing, publicKey });
    const refused = await run({ ...signing, signCommand: command('digest', 20) });
    folder.remove();
    assert.deepEqual([failures, requests], [0, { total: 1, authenticated: 1 }]);
    // The server does not say that the salt is another one.
    assert.match(refused.explanation.join('\n'), /"signCommand" signed was not verified\. Give "publicKey"/);
  });

  it('lets reporters write, without a secret in it', async t => {
    const written = watchConsole(t);
    const file = place.path('out/report.json');
    await run({
      ...{ ...client, collection: place.path('collection.json'), color: 'off' },
      ...{ reporters: ['cli', 'json'], reporter: { json: { export: file } } },
    });
    t.mock.restoreAll();
    assert.match(written.join(''), /request 0/);
    const report = readFileSync(file, 'utf8');
    assert.match(report, /client_assertion/);
    for (const text of [report, written.join('')]) assert.doesNotMatch(text, /eyJ[\w-]+\.eyJ[\w-]+\.[\w-]/);
  });

  it('rejects with run_failed what can not begin, and says all that the command says', async () => {
    const sent = place.server.verified.length;
    await assert.rejects(
      run({ ...client, collection: tokenCollection(), envVar: { client_id: '' } }),
      isError(
        'run_failed',
        /^1 check failed before the run: nothing was sent\.\nfail +client_id +"client_id" must be .* or in "envVar"\.$/,
      ),
    );
    const { signingKey: _, ...keyless } = client;
    await assert.rejects(
      run({ ...keyless, collection: tokenCollection() }),
      isError('run_failed', /"signing_key" must be .*, got nothing\. Give it as "signingKey"\.$/),
    );
    await assert.rejects(
      run({ ...client, collection: place.path('none.json') }),
      isError('run_failed', /none\.json: no such file/),
    );
    assert.equal(place.server.verified.length, sent);
  });

  it('rejects with option_invalid an option that is missing, unknown, or does not fit, by its own name', async () => {
    const collection = tokenCollection();
    const file = place.path('collection.json');
    for (const [options, message] of [
      [{}, /^"collection" must be a file or a collection, got nothing/],
      [{ collection, insecure: true }, /^unknown option "insecure"/],
      [{ collection, reporter: { junit: {} } }, /"reporter" has options of "junit"/],
      [{ collection, reporters: ['none'] }, /there is no reporter "none"/],
      [{ collection, sslClientKey: undefined }, /^"sslClientCert" and "sslClientKey" go together/],
      [{ collection, timeoutScript: 14_999 }, /^"timeoutScript" must be 15000 or more, got 14999/],
      [{ collection, signingKey: '-' }, /there is no standard input/],
      [{ collection, signingKey: readFileSync(place.path('key.pem'), 'utf8') }, /expected the path of a file/],
      [{ collection: file, exportCollection: file }, /^"exportCollection" would replace/],
      [{ collection, folder: ['None'] }, /there is no folder or request "None"/],
    ] as [object, RegExp][]) {
      await assert.rejects(run({ ...client, ...options } as RunOptions), isError('option_invalid', message));
    }
    assert.equal(existsSync(place.path('newman')), false);
  });

  it('has the options of the command, but those of its process and its config file', () => {
    const text = readFileSync(new URL('types/library/run.d.ts', dist), 'utf8');
    const [, members = ''] = /interface RunOptions \{(.*?)\n\}/s.exec(text) ?? [];
    const own = [...members.matchAll(/^ {4}(\w+)\??:/gm)].map(([, name]) => name);
    const command = addCommands(new Command(), {} as Host).commands.find(one => one.name() === 'run');
    const options = command?.options.map(option => option.attributeName()) ?? [];
    const shared = options.filter(name => !['config', 'suppressExitCode'].includes(name));
    const others = ['collection', 'reporter', 'signingKeyPassphrase'];
    assert.deepEqual(own.sort(), [...new Set([...shared, ...others])].sort());
  });
});

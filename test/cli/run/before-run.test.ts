// What `run` looks at before it begins: what is surely wrong stops it with the lines of `check`, and what the collection itself may
// still set does not.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createSigningKey } from '../../../src/demo/certificates.ts';
import { runCommand } from '../../support/command-line.ts';
import { type Recorder, startRecorder } from '../../support/recorder.ts';
import { createFolder, type Folder, toEnvironment } from '../../support/workplace.ts';

let folder: Folder;
let recorder: Recorder;

before(async () => {
  folder = createFolder();
  recorder = await startRecorder();
  folder.write('key.pem', (await createSigningKey()).privateKey);
  folder.write('cut.pem', '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ\n');
});
after(async () => {
  folder.remove();
  await recorder.close();
});

const token = (exec: string[] = [], name = 'token') => ({
  name,
  event: [{ listen: 'prerequest', script: { exec } }],
  request: {
    method: 'POST',
    url: '{{token_endpoint}}',
    body: { mode: 'urlencoded', urlencoded: [{ key: 'grant_type', value: 'client_credentials' }] },
  },
});
const get = (exec: string[] = []) => ({
  name: 'get',
  event: [{ listen: 'test', script: { exec } }],
  request: { method: 'GET', url: `${recorder.origin}/get` },
});
const run = async (item: object[], variables: Record<string, string>, args: string[] = [], more: object = {}) => {
  recorder.requests.length = 0;
  const collection = folder.write('collection.json', { info: { name: 'x', schema: 'v2.1.0' }, item, ...more });
  const environment = folder.write(
    'env.json',
    toEnvironment({ token_endpoint: `${recorder.origin}/token`, ...variables }),
  );
  const { code, stdout, stderr } = await runCommand(['run', collection, '-e', environment, ...args]);
  const assertions = recorder.requests.filter(({ form }) => form.has('client_assertion')).length;
  return { code, text: stdout + stderr, stderr, requests: recorder.requests.length, assertions };
};
const key = () => ['--signing-key', folder.path('key.pem')];
const SET = { client_id: 'client', kid: 'kid' };

describe('a signing key in the vault of the app', () => {
  const inVault = { ...SET, signing_key: '{{vault:bank key}}' };
  const says = /got \{\{vault:bank key\}\}: the vault is in the Postman app\. Give the key with --signing-key <file>\./;

  it('stops run, check, assertion and token, which say that they need it from a file', async () => {
    const { code, stderr, requests } = await run([token()], inVault);
    assert.deepEqual([code, requests], [1, 0]);
    assert.match(stderr, says);
    const environment = folder.path('env.json');
    for (const command of ['check', 'assertion', 'token']) {
      const result = await runCommand([command, '-e', environment]);
      assert.equal(result.code, 1);
      assert.match(result.stdout + result.stderr, says, command);
    }
  });

  it('is replaced by the key of --signing-key', async () => {
    const { code, text, assertions } = await run([token()], inVault, key());
    assert.deepEqual([code, assertions], [0, 1], text);
  });
});

describe('run stops before it begins', () => {
  it('where the environment is not filled in, with one line for each variable', async () => {
    const { code, stderr, requests } = await run([get(), token()], { client_id: '', kid: '', signing_key: '' });
    assert.deepEqual([code, requests], [1, 0]);
    assert.deepEqual(
      stderr
        .trim()
        .split('\n')
        .map(line => line.split(/ {2,}/).slice(0, 2).join(' ')),
      ['fail client_id', 'fail signing_key', 'fail kid', 'error: 3 checks failed before the run: nothing was sent.'],
    );
    // Nothing of the app.
    assert.doesNotMatch(stderr, /select|paste/i);
  });

  for (const [title, variables, args, words] of [
    [
      'where the signing key is cut',
      SET,
      () => ['--signing-key', folder.path('cut.pem')],
      /fail +signing_key .*truncated one/,
    ],
    [
      'where a variable refers to one that nothing sets',
      { ...SET, kid: '{{nothing}}' },
      key,
      /fail +kid .*unresolved \{\{nothing\}\}/,
    ],
    [
      'where a variable has no valid value',
      { ...SET, client_assertion_lifetime: '601' },
      key,
      /fail +client_assertion_lifetime/,
    ],
    [
      'where the endpoint is no https URL',
      { ...SET, token_endpoint: 'http://as.example.my/token' },
      key,
      /fail +token_endpoint/,
    ],
    ['where neither issuer nor endpoint is set', { ...SET, token_endpoint: '' }, key, /fail +issuer/],
    [
      'where the transport certificate is none',
      SET,
      () => [...key(), '--ssl-client-cert', folder.path('key.pem'), '--ssl-client-key', folder.path('key.pem')],
      /fail +transport certificate .*key\.pem" must be a certificate in PEM, got a block "PRIVATE KEY"/,
    ],
  ] as const) {
    it(title, async () => {
      const { code, stderr, requests } = await run([token()], variables, args());
      assert.deepEqual([code, requests], [1, 0]);
      assert.match(stderr, words);
    });
  }
});

describe('run begins', () => {
  const withoutKid = { client_id: 'client' };
  for (const [title, items, variables, args, more] of [
    [
      'where an earlier request sets the variable',
      () => [get(["pm.environment.set('kid', 'kid');"]), token()],
      withoutKid,
      () => [],
      {},
    ],
    [
      'where a script sets names that come from elsewhere',
      () => [
        get(["Object.entries({ ['k' + 'id']: 'kid' }).forEach(([name, value]) => pm.environment.set(name, value));"]),
        token(),
      ],
      withoutKid,
      () => [],
      {},
    ],
    [
      'where a script names it in a list',
      () => [get(["for (const name of ['kid']) pm.globals.set(name, 'kid');"]), token()],
      withoutKid,
      () => [],
      {},
    ],
    [
      'where a script sets what the variable refers to',
      () => [get(["pm.environment.set('their_kid', 'kid');"]), token()],
      { client_id: 'client', kid: '{{their_kid}}' },
      () => [],
      {},
    ],
    [
      'where the file of data has it',
      () => [token()],
      withoutKid,
      () => ['-d', folder.write('data.csv', 'kid\nkid\n')],
      {},
    ],
    [
      'where the collection has it',
      () => [token()],
      withoutKid,
      () => [],
      { variable: [{ key: 'kid', value: 'kid' }] },
    ],
    ['where it is a global variable', () => [token()], withoutKid, () => ['--global-var', 'kid=kid'], {}],
  ] as const) {
    it(title, async () => {
      const { code, text, assertions } = await run([...items()], variables, [...key(), ...args()], more);
      assert.equal(code, 0, text);
      assert.equal(assertions, 1, text);
    });
  }

  it('where no request goes to an endpoint', async () => {
    const { code, requests } = await run([get()], {});
    assert.deepEqual([code, requests], [0, 1]);
  });

  it('where the folder that is run has no request to an endpoint', async () => {
    const items = [
      { name: 'A', item: [get()] },
      { name: 'B', item: [token()] },
    ];
    assert.equal((await run(items, {}, ['--folder', 'A'])).code, 0);
    assert.match((await run(items, {}, ['--folder', 'B'])).stderr, /failed before the run/);
  });
});

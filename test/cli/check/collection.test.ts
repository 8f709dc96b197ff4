// What `check` says of a collection: the worst secret first, what is allowed, and the script in a folder.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkCollection } from '../../../src/cli/check/collection.ts';
import type { Line } from '../../../src/cli/check/line.ts';
import type { SecretFinding } from '../../../src/cli/collection/findings.ts';
import { inject } from '../../../src/cli/collection/injection.ts';
import { collectionOf } from '../../support/collection-texts.ts';
import { scripts } from '../../support/collections.ts';
import { createRsaKey, toPkcs8 } from '../../support/keys.ts';

const pem = toPkcs8(createRsaKey().privateKey);
const tokens = Array.from({ length: 12 }, (_, at) => ({
  name: `API ${at}`,
  request: {
    method: 'GET',
    url: `https://api.example/${at}`,
    header: [{ key: 'Authorization', value: `Bearer t0k${at}AbCdEfGhIjKlMnOp` }],
  },
}));
const check = (collection: object, options: { folder?: string; allow?: string[] } = {}) =>
  checkCollection(
    { text: JSON.stringify(collection), dropsChanges: false },
    [{ name: '', root: collection }],
    scripts,
    {},
    () => '',
    options,
  );
const secretsOf = (collection: object, allow: string[] = []) =>
  check(collection, { allow }).filter(({ name }) => name === 'secrets');
const secretFindings = (line: Line | undefined) => (line?.findings ?? []) as SecretFinding[];
const variables = (values: Record<string, string>) =>
  collectionOf({ variable: Object.entries(values).map(([key, value]) => ({ key, value })) });
const findingsOf = (values: Record<string, string>) =>
  secretsOf(variables(values)).flatMap(line => secretFindings(line).map(({ names }) => names.at(-1)));

describe('the secrets of a collection', () => {
  it('are shown with the private key first, and how many more there are', () => {
    const event = [
      { listen: 'prerequest', script: { exec: [`const t = 'Bearer ${'t0k'.repeat(5)}';`, ...pem.split('\n')] } },
    ];
    for (const collection of [
      collectionOf({ item: tokens, event }),
      collectionOf({ item: [...tokens, { name: 'key', request: { body: { raw: pem } } }] }),
      collectionOf({
        item: [{ name: 'all', request: { body: { raw: `Bearer ${'t0k'.repeat(5)} ${pem}` } } }, ...tokens],
      }),
    ]) {
      const [line] = secretsOf(collection);
      assert.match(line?.message ?? '', /^private key .*, and [34] more, which --json lists\. Remove them/);
      assert.equal(secretFindings(line)[0]?.kind, 'private key');
      assert.ok((line?.findings?.length ?? 0) >= 13);
    }
  });

  it('have no digit in them always, and words and UUIDs under the name of a token are none', () => {
    assert.deepEqual(
      findingsOf({
        x_token: 'AbCdEfGhIjKlMnOp',
        session_token: 'qzxwvtrplkjhgf',
        token: '26e0bf38-9fab-48e5-8be6-4a906905f959',
        access_token: '26e0bf38-9fab-48e5-8be6-4a906905f950',
        auth_token_owner: '26e0bf38-9fab-48e5-8be6-4a906905f951',
        access_token_owner: 'The bank, not the client',
        access_token_used: 'ThisIsTheTokenOfTheSandbox',
        token_of: 'getOAuthTokenFromServer',
      }).sort(),
      ['access_token', 'session_token', 'token', 'x_token'],
    );
  });

  it('may be there where --allow names their place or their name, and each --allow has to allow something', () => {
    const collection = variables({ client_secret: 'hunter2-and-more', password: 'hunter2-and-less' });
    const [all] = secretsOf(collection);
    assert.equal(all?.status, 'fail');
    const path = String(secretFindings(all).find(({ names }) => names.includes('password'))?.path);
    const lines = secretsOf(collection, ['client_secret', path, 'nothing']);
    assert.deepEqual(
      lines.map(({ code }) => code),
      ['secret_not_found', 'secret_allowed_not_found', 'secret_allowed'],
    );
    assert.match(lines[1]?.message ?? '', /^--allow "nothing" allows nothing/);
    assert.match(
      lines[2]?.message ?? '',
      /^allowed by --allow: secret in "client_secret" at .*, secret in "password" at /,
    );
    const [left] = secretsOf(collection, ['password']);
    assert.deepEqual(
      secretFindings(left).map(({ names }) => names),
      [['client_secret']],
    );
  });
});

describe('the script of a collection', () => {
  const text = JSON.stringify(
    collectionOf({
      item: [
        { name: 'Token', item: [] },
        { name: 'Other', item: [] },
      ],
    }),
  );
  const inFolder = JSON.parse(inject(text, scripts, { folder: 'Token' }));
  const first = (folder?: string) => check(inFolder, { ...(folder && { folder }) })[0];

  it('is found in the folder that inject put it into, and in no other', () => {
    assert.deepEqual([first('Token')?.code, first('Token')?.status], ['script_injected', 'ok']);
    assert.match(first('Token')?.message ?? '', /^exactly these two are in their places in "Token"$/);
    assert.equal(first('Other')?.code, 'script_missing');
    assert.match(first('Other')?.message ?? '', /Inject it with "inject --in-place --folder "Other""\.$/);
  });

  it('is said to be in a folder alone where no folder was asked for', () => {
    assert.equal(first()?.code, 'script_missing');
    assert.match(first()?.message ?? '', /is missing\. It is in "Token" alone: check that with --folder/);
  });
});

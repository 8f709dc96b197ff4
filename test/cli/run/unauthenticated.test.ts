// `run` and requests that scripts of the collection keep from being authenticated: none of them leaves for an endpoint in a green
// run, and the failed test names the script.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, beforeEach, describe, it } from 'node:test';
import { form } from '../../support/collections.ts';
import { runCommand } from '../../support/command-line.ts';
import { createRsaKey, toPkcs8 } from '../../support/keys.ts';
import { type Received, type Recorder, startRecorder } from '../../support/recorder.ts';
import { createFolder, type Folder, toEnvironment } from '../../support/workplace.ts';

const schema = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json';
const script = (listen: string, ...exec: string[]) => ({ listen, script: { exec } });
const beforehand = (...exec: string[]) => [script('prerequest', ...exec)];
const body = form(['grant_type', 'client_credentials']);
const token = { method: 'POST', url: '{{token_endpoint}}', body };
const add = "pm.request.body.urlencoded.add({ key: 'client_assertion', value: 'made.by.collection' });";
const jwt = 'eyJhbGciOiJQUzI1NiJ9.eyJpc3MiOiJjbGllbnQtMSJ9.c2lnbmF0dXJl';

/** A script that asks for a token by itself. */
const sends = (url: string, ...fields: [string, string][]) =>
  `pm.sendRequest({ url: ${url}, method: 'POST', header: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: ${JSON.stringify(
    form(['grant_type', 'client_credentials'], ...fields),
  )} }, (error, response) => console.log('done', error || response.code));`;

describe('run', () => {
  let recorder: Recorder;
  let folder: Folder;
  before(async () => {
    recorder = await startRecorder();
    folder = createFolder();
    const settings = { client_id: 'client-1', kid: 'key-1', signing_key: toPkcs8(createRsaKey().privateKey) };
    folder.write('env.json', toEnvironment({ ...settings, token_endpoint: `${recorder.origin}/token` }));
    folder.write('bare.json', toEnvironment(settings));
    const tls = { client_id: 'client-1', token_endpoint_auth_method: 'tls_client_auth' };
    folder.write('tls.json', toEnvironment({ ...tls, token_endpoint: `${recorder.origin}/token` }));
  });
  after(async () => {
    await recorder.close();
    folder.remove();
  });
  beforeEach(() => {
    recorder.requests.length = 0;
  });

  const run = async (collection: object, args: string[] = [], environment = 'env.json') => {
    const file = folder.write('collection.json', { info: { name: 'x', schema }, ...collection });
    const result = await runCommand(['run', file, '-e', folder.path(environment), ...args]);
    const shown = result.stdout.replaceAll(/\s+/g, ' ');
    return { ...result, shown, posted: recorder.requests.filter(({ method }) => method === 'POST') };
  };
  /** By the path of the request, how many assertions came with it. */
  const assertions = (posted: Received[]) =>
    posted.map(({ url, form }) => [url, form.getAll('client_assertion').length]);
  const api = () => ({ method: 'GET', url: `${recorder.origin}/accounts` });

  /** Requests that are authenticated by a script only if it comes last. */
  const changed = () => {
    const at = (name: string) => ({ ...token, url: `{{token_endpoint}}?${name}` });
    const added = form(['grant_type', 'x'], ['client_assertion', 'a.b.c']);
    // Not plainly a form of OAuth: the pre-request script leaves it to who sees what is sent.
    const body = { mode: 'urlencoded', urlencoded: [{ key: 'token', value: 't' }] };
    return [
      {
        name: 'Folder',
        event: beforehand(`pm.variables.set('base', '${recorder.origin}');`),
        item: [{ name: 'late', request: { ...token, url: '{{base}}/token?late', body } }],
      },
      {
        name: 'method',
        event: beforehand("pm.variables.set('LATER', 'POST');"),
        request: { ...at('method'), method: '{{LATER}}' },
      },
      { name: 'add', event: beforehand(add), request: at('add') },
      { name: 'upsert', event: beforehand(add.replace('add', 'upsert')), request: at('upsert') },
      {
        name: 'update',
        event: beforehand(`pm.request.body.update(${JSON.stringify(added)});`),
        request: at('update'),
      },
    ];
  };
  const variable = [{ key: 'VERB', value: 'POST' }];
  const verb = { name: 'verb', request: { ...token, method: '{{VERB}}', url: '{{token_endpoint}}?verb' } };

  it('lets nothing leave for an endpoint that a script has kept from being authenticated, and names the script', async () => {
    const requestsItself = {
      name: 'API',
      event: [
        script('prerequest', sends("pm.variables.get('token_endpoint')", ['client_id', 'client-1'])),
        script('test', sends("pm.variables.get('token_endpoint')", ['client_assertion', 'x'])),
      ],
      request: api(),
    };
    const basic = "pm.request.headers.upsert({ key: 'Authorization', value: 'Basic ' + btoa('a:b') });";
    const header = { name: 'header', event: beforehand(basic), request: token };
    const item = [...changed(), header, verb, { name: 'F', item: [requestsItself] }];
    const { code, shown, stderr, posted } = await run({ variable, item });
    assert.equal(code, 1);
    assert.deepEqual(assertions(posted), [['/token?verb', 1]]);
    assert.deepEqual(
      recorder.requests.map(({ url }) => url),
      ['/token?verb', '/accounts'],
    );
    for (const says of [
      /POST to token_endpoint \S+\/token was not sent: no client_assertion is in its form\./,
      /variable base of its URL or method is set by the pre-request script of "Folder"/,
      /The method, in upper case, holds an unresolved \{\{LATER\}\}\. Scripts of folder and request run later\./,
      /changed by the pre-request script of "add"/,
      /changed by the pre-request script of "upsert"/,
      /changed by the pre-request script of "update"/,
      /a header Authorization authenticates .* changed by the pre-request script of "header"/,
      /was not sent: no client_assertion is .* pm\.sendRequest in the pre-request script of "F \/ API"/,
      /was not sent: its client auth.* pm\.sendRequest in the post-response script of "F \/ API"/,
    ]) {
      assert.match(shown, says);
    }
    assert.match(stderr, /pm\.sendRequest may go to an endpoint.*the pre-request script of "F \/ API"/);
    assert.match(stderr, /may be changed by the pre-request script of "add", the .*"upsert", .*"inject --last"/);
  });

  it('authenticates all of them with --last', async () => {
    const { code, shown, posted } = await run({ variable, item: [...changed(), verb] }, ['--last']);
    assert.equal(code, 0, shown);
    const names = ['late', 'method', 'add', 'upsert', 'update', 'verb'];
    assert.deepEqual(
      assertions(posted),
      names.map(name => [`/token?${name}`, 1]),
    );
  });

  it('is red when pm.sendRequest has found its endpoint itself', async () => {
    const url = `${recorder.origin}/token`;
    const event = beforehand(`pm.environment.set('token_endpoint', '${url}');`, sends(`'${url}'`));
    const { code, shown } = await run({ event, item: [{ name: 'API', request: api() }] }, [], 'bare.json');
    assert.equal(code, 1);
    assert.match(shown, /POST to token_endpoint \S+ was sent: .*pm\.sendRequest in the pre-request script of the coll/);
  });

  it('is red when pm.sendRequest goes to an endpoint that only a later request finds, under its name before its alias', async () => {
    const { origin } = recorder;
    const metadata = {
      issuer: origin,
      token_endpoint: `${origin}/token`,
      mtls_endpoint_aliases: { token_endpoint: `${origin}/mtls` },
    };
    recorder.answers.set('/.well-known/openid-configuration', { body: JSON.stringify(metadata) });
    const event = [script('test', `pm.environment.set('issuer', '${origin}');`, sends(`'${origin}/token'`))];
    const item = [
      { name: 'API', event, request: api() },
      { name: 'Token', request: token },
    ];
    const report = folder.path('report.json');
    const json = ['--reporters', 'json', '--reporter-json-export', report];
    const { code, posted } = await run({ item }, json, 'bare.json');
    recorder.answers.clear();
    assert.equal(code, 1);
    assert.deepEqual(assertions(posted), [
      ['/token', 0],
      ['/mtls', 1],
    ]);
    const { failures } = JSON.parse(readFileSync(report, 'utf8')).run;
    assert.deepEqual(
      failures.map((one: { source: { name: string } }) => one.source.name),
      ['API'],
    );
  });

  it('takes the method of the time at which pm.sendRequest sends', async () => {
    const set = (method: string) => script('test', `pm.environment.set('token_endpoint_auth_method', '${method}');`);
    const event = beforehand(sends("pm.variables.get('token_endpoint')", ['client_id', 'client-1']));
    const item = [
      { name: 'certificate', event: [set('tls_client_auth')], request: api() },
      { name: 'sent', event: [...event, set('private_key_jwt')], request: api() },
      { name: 'not sent', event, request: api() },
    ];
    const { code, shown, posted } = await run({ item });
    assert.equal(code, 1);
    assert.equal(posted.length, 1);
    assert.match(shown, /was not sent: no client_assertion .* pre-request script of "not sent"/);
  });

  it('leaves pm.sendRequest alone that authenticates itself or goes elsewhere, in a collection without info too', async () => {
    const own: [string, string][] = [
      ['client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'],
      ['client_assertion', jwt],
    ];
    const event = beforehand(sends("pm.variables.get('token_endpoint')", ...own), sends(`'${recorder.origin}/other'`));
    const item = [
      { name: 'API', event, request: api() },
      { name: 'Token', request: token },
    ];
    const { code, shown, posted } = await run({ info: undefined, name: 'By hand', item });
    assert.equal(code, 0, shown);
    assert.deepEqual(assertions(posted).sort(), [
      ['/other', 0],
      ['/token', 1],
      ['/token', 1],
    ]);
  });

  it('leaves pm.sendRequest alone whose client is authenticated by its certificate', async () => {
    const event = beforehand(sends("pm.variables.get('token_endpoint')", ['client_id', 'client-1']));
    const { code, shown, posted } = await run({ item: [{ name: 'API', event, request: api() }] }, [], 'tls.json');
    assert.equal(code, 0, shown);
    assert.equal(posted.length, 1);
  });
});

// What `run` says at its end of answers that are not those of an authorization server: of a gateway, a cache, a page. Only
// what may refuse the client is explained.

import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { createCredentials, createSigningKey } from '../../../src/demo/certificates.ts';
import { type CredentialFiles, writeCredentialFiles } from '../../../src/demo/credential-files.ts';
import { runCommand } from '../../support/command-line.ts';
import { holdsPartOf } from '../../support/readings.ts';
import { type Answer, type Recorder, startRecorder } from '../../support/recorder.ts';
import { createFolder, type Folder, toEnvironment, tokenCollection } from '../../support/workplace.ts';

describe('the end of a run where anything may answer', () => {
  let recorder: Recorder;
  let files: CredentialFiles;
  let folder: Folder;

  before(async () => {
    recorder = await startRecorder();
    const credentials = await createCredentials();
    files = writeCredentialFiles(credentials);
    folder = createFolder();
    folder.write('key.pem', credentials.signingKey.privateKey);
    folder.write('collection.json', tokenCollection());
  });
  after(async () => {
    folder.remove();
    files.remove();
    await recorder.close();
  });

  const explain = async (answer: Answer, variables: Record<string, string> = {}, more: string[] = []) => {
    recorder.requests.length = 0;
    recorder.answers.set('/token', answer);
    const settings = { client_id: 'c', kid: 'k1', token_endpoint: `${recorder.origin}/token`, ...variables };
    const { stderr } = await runCommand([
      ...['run', folder.path('collection.json'), '-e', folder.write('environment.json', toEnvironment(settings))],
      ...['--signing-key', folder.path('key.pem'), '--silent'],
      ...['--ssl-client-cert', files.cert, '--ssl-client-key', files.key, ...more],
    ]);
    return stderr;
  };
  const html = (title: string) => ({
    headers: { 'content-type': 'text/html' },
    body: `<html><head><title>${title}</title></head></html>`,
  });
  const refusal = { status: 401, body: '{"error":"invalid_client"}' };

  const explained: [title: string, answer: Answer, says: RegExp][] = [
    [
      'a page that refuses',
      { status: 401, ...html('401 Authorization Required') },
      /^ {2}1\. possible: the answer has no OAuth error, so it may come from a gateway/m,
    ],
    [
      'problem details',
      {
        status: 401,
        body: JSON.stringify({ title: 'Unauthorized', status: 401, detail: 'who are you' }),
        headers: { 'content-type': 'application/problem+json' },
      },
      /answered 401 without an OAuth error "who are you"$/m,
    ],
    [
      'a proxy that got no certificate',
      { status: 400, ...html('400 No required SSL certificate was sent') },
      /^ {2}1\. proved: the server says that it got no transport certificate: /m,
    ],
    [
      'a proxy that does not take the certificate',
      { status: 400, ...html('400 The SSL certificate error') },
      /^ {2}1\. proved: the server says that it could not verify the transport certificate: /m,
    ],
  ];
  explained.push([
    "Keycloak's answer to an unknown client",
    {
      status: 401,
      body: '{"error":"unauthorized_client","error_description":"Invalid client or Invalid client credentials"}',
    },
    /^ {2}1\. the server says: it does not know the client_id, .*: compare client_id and issuer with the registration$/m,
  ]);
  for (const [title, answer, says] of explained) {
    it(`explains ${title}`, async () => assert.match(await explain(answer), says));
  }

  const unexplained: [title: string, answer: Answer][] = [
    ['another error of OAuth', { status: 400, body: '{"error":"invalid_grant"}' }],
    ['another error of OAuth with the status 401', { status: 401, body: '{"error":"invalid_grant"}' }],
    ['a page with the status 400', { status: 400, ...html('400 Bad Request') }],
    ['a server that failed', { status: 500, ...html('500') }],
  ];
  for (const [title, answer] of unexplained) {
    it(`does not explain ${title}, which is no refusal of the client`, async () => {
      const stderr = await explain(answer);
      assert.equal(recorder.requests.length, 1);
      assert.doesNotMatch(stderr, /may have said no/);
    });
  }

  it('adds the age of an answer that a cache has kept', async () => {
    const text = await explain(response => {
      const date = new Date(Date.now() - 3_000_000).toUTCString();
      response.writeHead(401, { 'content-type': 'application/json', date, age: '3000' }).end(refusal.body);
    });
    assert.match(text, /^ {2}server: the server's clock (agrees with yours|is 1 s (ahead of|behind) yours)/m);
    assert.match(text, /^ {2}1\. possible: aud was the token endpoint, /m);
  });

  it('does not take the page of a gateway for an accepted request', async () => {
    let count = 0;
    const pageThenRefusal = (response: ServerResponse) => {
      const isPage = count++ === 0;
      response.writeHead(isPage ? 200 : 401, { 'content-type': isPage ? 'text/html' : 'application/json' });
      response.end(isPage ? '<html></html>' : refusal.body);
    };
    const text = await explain(pageThenRefusal, {}, ['-n', '2']);
    assert.equal(count, 2);
    assert.match(text, /^ {2}1\. possible: aud was the token endpoint, /m);
  });

  it('turns the run red where the server refuses the client and no test failed, unless it is to refuse it', async () => {
    const run = async (answer: Answer, ...more: string[]) => {
      recorder.answers.set('/token', answer);
      const settings = { client_id: 'c', kid: 'k1', token_endpoint: `${recorder.origin}/token` };
      const environment = folder.write('environment.json', toEnvironment(settings));
      const args = ['run', folder.path('collection.json'), '-e', environment, '--signing-key', folder.path('key.pem')];
      return runCommand([...args, '--silent', ...more]);
    };
    const { code, stderr } = await run(refusal);
    assert.equal(code, 1);
    assert.match(stderr, /\nerror: the run failed: 0 of 1 request authenticated, 0 of 1 test passed\.\n.*\n.*\n$/);
    for (const option of ['--no-fail-on-refusal', '--suppress-exit-code']) {
      const negative = await run(refusal, option);
      assert.equal(negative.code, 0);
      assert.match(negative.stderr, /may have said no/);
    }
    const said = {
      status: 400,
      body: '{"error":"invalid_request","error_description":"Failed to match audience values."}',
    };
    assert.equal((await run(said)).code, 1);
    const other = {
      status: 400,
      body: '{"error":"invalid_request","error_description":"redirect_uri is not registered"}',
    };
    assert.equal((await run(other)).code, 0);
  });

  it('blames no certificate that is missing where the same server has just accepted a request without one', async () => {
    const { authority, serverCertificate } = await createCredentials();
    const server = await startRecorder(serverCertificate);
    const refuse = 'pm.environment.set("client_id", "unknown-client");';
    const [item] = (tokenCollection() as { item: object[] }).item;
    const accepted = { ...item, event: [{ listen: 'test', script: { exec: [refuse] } }] };
    server.answers.set('/token', response => {
      const isUnknown = server.requests.at(-1)?.form.get('client_id') === 'unknown-client';
      response.writeHead(isUnknown ? 401 : 200, { 'content-type': 'application/json' });
      response.end(isUnknown ? '{"error":"unauthorized_client"}' : '{"access_token":"t"}');
    });
    const settings = { client_id: 'c', kid: 'k1', token_endpoint: `${server.origin}/token` };
    const { stderr } = await runCommand([
      ...['run', folder.write('two.json', { ...tokenCollection(), item: [accepted, item] })],
      ...['-e', folder.write('env.json', toEnvironment(settings)), '--signing-key', folder.path('key.pem')],
      ...['--ssl-extra-ca-certs', folder.write('ca.pem', authority.cert), '--silent'],
    ]);
    await server.close();
    assert.match(stderr, /^ {2}transport certificate: none was sent$/m);
    assert.match(
      stderr,
      /^ {2}1\. possible: another client was accepted in the same way .* this client_id may be unknown/m,
    );
    assert.doesNotMatch(stderr, /\d\. .*no transport certificate/);
  });

  it('says why metadata and JWKS could not be read', async () => {
    for (const name of ['openid-configuration', 'oauth-authorization-server']) {
      recorder.answers.set(`/.well-known/${name}`, { status: 503 });
    }
    const text = await explain(refusal, { issuer: recorder.origin, jwks_uri: folder.path('missing.json') });
    assert.match(
      text,
      /; its metadata could not be read: "issuer" must be a server whose metadata can be read, got status 503/,
    );
    assert.match(text, /; the JWKS could not be read: .*missing\.json/);
  });

  it('shows no key that is in a wrong variable', async () => {
    const { privateKey } = await createSigningKey();
    const text = await explain(refusal, { issuer: 'http://127.0.0.1:1', jwks_uri: privateKey });
    assert.match(
      text,
      /; its metadata could not be read: http:\S+ cannot be reached \(ECONNREFUSED\): nothing listens there\. /,
    );
    assert.match(text, /; the JWKS could not be read: "jwks_uri" must be a URL or a file, got \d+ characters of/);
    assert.equal(holdsPartOf(text, [privateKey]), false, 'a key is shown');
  });
});

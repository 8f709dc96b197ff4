// The last word of `run`: how many requests were authenticated and how many tests passed, or the first cause and what mends it; and
// the collection that is run where none is named.

import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { collectionOf, form } from '../../support/collections.ts';
import { runCommand } from '../../support/command-line.ts';
import { withVariables } from '../../support/proxy.ts';
import { createWorkplace, toEnvironment, tokenCollection, type Workplace } from '../../support/workplace.ts';

const TOKEN = form(['grant_type', 'client_credentials'], ['scope', 'accounts'], ['client_id', '{{client_id}}']);

describe('the verdict of run', () => {
  let workplace: Workplace;
  before(async () => {
    workplace = await createWorkplace();
  });
  after(() => workplace.remove());

  /** Runs a collection, or the one of the package. */
  const run = (collection: object | undefined, ...more: string[]) => {
    const [command = '', file = '', ...client] = workplace.args;
    if (collection) writeFileSync(file, JSON.stringify(collection));
    return runCommand([command, ...(collection ? [file] : []), ...more, ...client]);
  };
  const item = (name: string, scripts: Record<string, string>, request: object) => ({
    name,
    request: { method: 'POST', ...request },
    event: Object.entries(scripts).map(([listen, text]) => ({ listen, script: { exec: text.split('\n') } })),
  });
  const withItems = (...items: object[]) => collectionOf([], { item: items });

  it('is of our collection without the consent where none is named, whatever the command line begins with', async () => {
    const { issuer, redirectUri, resourceServerUrl, clients } = workplace.server;
    const { client_id, kid } = clients.privateKeyJwt;
    const variables = { issuer, client_id, kid, redirect_uri: redirectUri, resource_server_url: resourceServerUrl };
    writeFileSync(workplace.path('ours.json'), JSON.stringify(toEnvironment(variables)));
    const report = workplace.path('out/report.xml');
    const more = ['--reporter-junit-export', report, '-r', 'junit', '-e', workplace.path('ours.json')];
    const client = workplace.args.slice(4);
    const ours = await runCommand(['run', ...more, ...client]);
    assert.equal(ours.code, 0, ours.stdout + ours.stderr);
    const [said, verdict] = ours.stderr.split('\n');
    assert.match(
      said ?? '',
      /^Runs "Check my setup", "Client", "Token" of our collection\. "Consent" needs a user: --folder Client --folder Consent --folder Token$/,
    );
    assert.match(verdict ?? '', /^3 of 3 requests authenticated, (\d\d) of \1 tests passed$/);
    assert.equal(existsSync(report), true);

    const alone = await runCommand(['run', '--folder', 'Token', ...client, '-e', workplace.path('ours.json')]);
    assert.equal(
      alone.stderr,
      'error: the run failed: no request authenticated, 0 of 3 tests passed, 3 requests not sent.\n' +
        'First failure: "Token introspection": test "an access token is there": "access_token" is not set. Send "Client credentials grant" first.\n',
    );
  });

  it('counts each request to an endpoint, and what else failed, with the first of it', async () => {
    const url = '{{token_endpoint}}';
    const { code, stderr } = await run(
      withItems(
        item('Good', { test: 'pm.test("is there", () => pm.response.to.have.status(200));' }, { url, body: TOKEN }),
        item('Elsewhere', {}, { method: 'GET', url: 'https://127.0.0.1:1/' }),
        item('Skipped', { prerequest: 'pm.execution.skipRequest();' }, { url, body: TOKEN }),
        item('Thrown', { test: 'throw new Error("no");' }, { url, body: TOKEN }),
      ),
    );
    assert.equal(code, 1);
    assert.equal(
      stderr,
      'error: the run failed: 2 of 2 requests authenticated, 1 of 1 test passed, 1 request not sent, 2 other failures.\n' +
        'First failure: "Elsewhere": nothing listens there: check host and port of the URL (ECONNREFUSED)\n',
    );
  });

  it('names before all else why a request was not authenticated, and what to do in a line of its own', async () => {
    const url = '{{token_endpoint}}';
    const items = [
      item('First', { test: 'pm.test("fails", () => { throw new Error("x"); });' }, { url, body: TOKEN }),
      item('Second', {}, { url, body: form(['request', '{{nowhere}}']) }),
      item('Changed', { prerequest: 'pm.request.body.urlencoded.remove("client_assertion");' }, { url, body: TOKEN }),
    ];
    const { code, stderr } = await run(withItems(...items), '--suppress-exit-code');
    assert.equal(code, 0);
    const [verdict, cause, remedy] = stderr.trimEnd().split('\n').slice(-3);
    assert.equal(verdict, 'the run failed: 1 of 3 requests authenticated, 0 of 3 tests passed, 2 requests not sent.');
    assert.match(cause ?? '', /^Cause: .*\{\{nowhere\}\}$/);
    assert.match(remedy ?? '', /^Do this: Set that variable, /);
  });

  it('does not count as authenticated what the server refused, and says nothing of a good run that is to be silent', async () => {
    const { code, stderr } = await run(tokenCollection(), '--no-fail-on-refusal', '--env-var', 'kid=other');
    assert.equal(code, 0, stderr);
    assert.match(stderr, /\n0 of 1 request authenticated, no tests\nPossible cause: .*\nDo this: .*\n$/);
    assert.deepEqual(await run(tokenCollection(), '--silent'), { code: 0, stdout: '', stderr: '' });
  });

  it('says of an issuer without a connection what was found before the run, and what mends it', async () => {
    const { issuer, clients } = workplace.server;
    const { client_id, kid } = clients.privateKeyJwt;
    const ending = async (variables: Record<string, string>, own: Record<string, string>, ...tls: string[]) => {
      writeFileSync(workplace.path('issuer.json'), JSON.stringify(toEnvironment({ issuer, client_id, kid, ...own })));
      const key = ['--signing-key', workplace.path('key.pem')];
      const args = [
        'run',
        workplace.path('issuer-collection.json'),
        '-e',
        workplace.path('issuer.json'),
        ...key,
        ...tls,
      ];
      writeFileSync(workplace.path('issuer-collection.json'), JSON.stringify(tokenCollection(`${issuer}/token`)));
      const { code, stderr } = await withVariables(variables, () => runCommand(args));
      assert.equal(code, 1, stderr);
      return stderr.trimEnd().split('\n').slice(-2);
    };
    assert.deepEqual(await ending({}, {}), [
      'Cause: the certificate of the server is from an authority that this machine does not know',
      'Do this: Name the file of that authority with --ssl-extra-ca-certs, if the server is the right one.',
    ]);
    const trust = ['--ssl-extra-ca-certs', workplace.transport.ca];
    const far = { issuer: 'https://as.proxied.test' };
    assert.deepEqual(await ending({ HTTPS_PROXY: 'http://127.0.0.1:1' }, far, ...trust), [
      'Cause: the proxy http://127.0.0.1:1 (HTTPS_PROXY) cannot be reached (ECONNREFUSED)',
      'Do this: Check HTTPS_PROXY, or name the host in NO_PROXY.',
    ]);
    const refusing = createServer(socket => socket.on('error', () => {}).end('HTTP/1.1 407 No\r\n\r\n'));
    await new Promise<void>(resolve => refusing.listen(0, '127.0.0.1', resolve));
    const proxy = `http://127.0.0.1:${(refusing.address() as AddressInfo).port}`;
    assert.deepEqual(await ending({ HTTPS_PROXY: proxy }, far, ...trust), [
      `Cause: the proxy ${proxy} (HTTPS_PROXY) asks for a user with a password`,
      'Do this: Write user and password into HTTPS_PROXY, before the host, or name the host in NO_PROXY.',
    ]);
    refusing.close();
  });

  it('holds no part of a secret that a failed test quotes', async () => {
    const test = `pm.test('quotes', () => { throw new Error('x'.repeat(150) + pm.response.json().access_token); });`;
    const { stderr } = await run(withItems(item('Good', { test }, { url: '{{token_endpoint}}', body: TOKEN })));
    assert.match(stderr, /test "quotes": x{150}\[access_token/);
  });
});

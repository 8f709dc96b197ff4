// `check` as a command against the authorization server: all green where all is right, each fault reported before a run, and
// no secret in the output.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type OwnCode, STATUS_BY_CODE } from '../../../src/cli/check/line.ts';
import { type AuthorizationServer, startAuthorizationServer } from '../../../src/demo/authorization-server.ts';
import {
  type Credentials,
  createCertificateAuthority,
  createCredentials,
  createSigningKey,
  transportSubject,
} from '../../../src/demo/certificates.ts';
import { type CredentialFiles, writeCredentialFiles } from '../../../src/demo/credential-files.ts';
import { runCommand } from '../../support/command-line.ts';
import { execute } from '../../support/execute.ts';
import { holdsPartOf } from '../../support/readings.ts';
import { type Answer, startRecorder } from '../../support/recorder.ts';

interface Line {
  code: string;
  name: string;
  status: string;
  message: string;
  findings?: { code: string; kind: string; path: string; names: string[] }[];
}

describe('check', () => {
  let credentials: Credentials;
  let server: AuthorizationServer;
  let ahead: AuthorizationServer;
  let behind: AuthorizationServer;
  let files: CredentialFiles;
  let folder: string;
  let tls: string[];

  const path = (name: string) => join(folder, name);
  const write = (name: string, content: unknown) => {
    writeFileSync(path(name), typeof content === 'string' ? content : JSON.stringify(content));
    return path(name);
  };
  const jwks = (...keys: object[]) => ['--jwks', write('jwks.json', { keys })];

  before(async () => {
    credentials = await createCredentials();
    [server, ahead, behind] = await Promise.all([
      startAuthorizationServer({ audience: 'token_endpoint', credentials }),
      startAuthorizationServer({ audience: 'token_endpoint', credentials, clockOffset: 120 }),
      startAuthorizationServer({ audience: 'token_endpoint', credentials, clockOffset: -120 }),
    ]);
    files = writeCredentialFiles(credentials);
    folder = mkdtempSync(join(tmpdir(), 'check-'));
    tls = ['--ssl-client-cert', files.cert, '--ssl-client-key', files.key];
  });
  after(async () => {
    files.remove();
    rmSync(folder, { recursive: true });
    await Promise.all([server, ahead, behind].map(one => one.close()));
  });

  /** The settings of one of the clients, with changes. */
  const settingsOf = (change: Record<string, string> = {}, at = server) => {
    const { client_id, kid, signingKey } = at.clients.privateKeyJwt;
    return { issuer: at.issuer, client_id, kid, signing_key: signingKey, ...change };
  };
  const check = async (change: Record<string, string>, args: string[], at = server) => {
    const values = Object.entries(settingsOf(change, at)).map(([key, value]) => ({ key, value, enabled: true }));
    const environment = write('environment.json', { name: 'environment', values });
    const result = await runCommand(['check', '-e', environment, '--ssl-extra-ca-certs', files.ca, ...args]);
    const keys = [credentials.signingKey.privateKey, credentials.transportCertificate.key];
    assert.equal(holdsPartOf(result.stdout + result.stderr, keys), false, 'a key is shown');
    assert.doesNotMatch(result.stdout + result.stderr, /ey[\w-]{20,}\.[\w-]{20,}/, 'an assertion or a token is shown');
    return result;
  };
  const checkAsJson = async (change: Record<string, string>, args: string[], at = server) => {
    const { code, stdout, stderr } = await check(change, [...args, '--json'], at);
    const lines: Line[] = JSON.parse(stdout);
    for (const { code, name, status } of lines) {
      assert.equal(status, STATUS_BY_CODE[code as OwnCode] ?? 'fail', `${code} of ${name} is ${status}`);
    }
    const failed = lines.filter(({ status }) => status === 'fail');
    assert.equal(code, failed.length > 0 ? 1 : 0, stderr);
    const find = (name: string) => lines.find(line => line.name === name);
    return { lines, failed, find };
  };

  it('says which variables are switched off, uses them all the same, and says what is replaced', async () => {
    const values = Object.entries(settingsOf({ existing_client_authentication: 'replace', kid: '' })).flatMap(
      ([key, value]) => [{ key, value, enabled: key !== 'client_id' }],
    );
    values.push(
      { key: 'kid', value: server.clients.privateKeyJwt.kid, enabled: false },
      { key: 'mine', value: 'x', enabled: false },
      { key: 'clock_offset', value: '1', enabled: false },
      { key: 'clock_offset', value: '0', enabled: true },
    );
    const environment = write('off.json', { name: 'environment', values });
    const { stdout } = await runCommand(['check', '-e', environment, '--ssl-extra-ca-certs', files.ca, '--json']);
    const lines: Line[] = JSON.parse(stdout);
    const off = lines.filter(({ code }) => code === 'variable_switched_off');
    assert.deepEqual(
      off.map(({ name, status }) => [name, status]),
      [
        ['client_id', 'warn'],
        ['kid', 'warn'],
      ],
    );
    assert.match(
      off[1]?.message ?? '',
      /^kid is switched off in the environment; Newman and Postman CLI use it all the same/,
    );
    const variables = lines.find(({ code }) => code === 'variables_valid');
    assert.match(variables?.message ?? '', /, existing_client_authentication replace, audience/);
    assert.equal(lines.find(({ code }) => code === 'kid_set')?.status, 'ok');
  });

  it('is green throughout where all is right, with private_key_jwt and one request by each method', async () => {
    server.requests.length = 0;
    const args = [...tls, ...jwks(credentials.signingKey.publicJwk), '--live'];
    const { code, stdout, stderr } = await check({}, args);
    assert.equal(code, 0, stdout + stderr);
    assert.equal(stderr, `ready: ${stdout.match(/^ok /gm)?.length} checks passed\n`);
    assert.doesNotMatch(stdout, /^(warn|skip|fail)/m);
    assert.equal(stdout.includes('\u001b'), false, 'colour is for terminals');
    assert.match(stdout, /^ok {4}signing_key +RSA private key of 2048 bits$/m);
    assert.match(stdout, /^ok {4}certificate subject +CN=transport\.dc-demo\.example\.my,O=Contoh Data Sdn Bhd,C=MY$/m);
    assert.match(
      stdout,
      /^ok {4}connection +TLSv1\.[23], server certificate verified, with the transport certificate$/m,
    );
    assert.match(stdout, /^ok {4}live private_key_jwt +accepted$/m);
    const posted = server.requests.filter(({ method }) => method === 'POST');
    assert.deepEqual(
      posted.map(({ body }) => body.includes('client_assertion=')),
      [true, false],
    );
  });

  it('says in a process of its own by the exit code whether all is right', async () => {
    const environment = (change: Record<string, string>) =>
      write('environment.json', {
        values: Object.entries(settingsOf(change)).map(([key, value]) => ({ key, value })),
      });
    const run = (change: Record<string, string>, ...args: string[]) => {
      const all = ['dist/cli.js', 'check', '-e', environment(change), '--ssl-extra-ca-certs', files.ca, ...tls];
      return execute(process.execPath, [...all, ...args]);
    };
    const { code, stdout, stderr } = await run({});
    assert.equal(code, 0);
    assert.equal(stderr, `ready: ${stdout.match(/^ok /gm)?.length} checks passed, 1 not checked\n`);
    assert.match(stdout, /^ok {4}signing_key +RSA private key of 2048 bits$/m);
    const failed = await run({ kid: '' });
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /^error: 1 of \d+ checks failed\. First: kid: "kid" must be .*, got nothing\. .*\n$/);
    assert.equal((await run({}, '--bogus')).code, 2);
  });

  it('is green with tls_client_auth too', async () => {
    const change = {
      client_id: server.clients.tlsClientAuth.client_id,
      token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_subject_dn: 'CN=transport.dc-demo.example.my, O=Contoh Data Sdn Bhd, C=MY',
    };
    const { failed, find } = await checkAsJson(change, [...tls, '--live']);
    assert.deepEqual(failed, []);
    assert.equal(find('live tls_client_auth')?.message, 'accepted');
    assert.match(find('certificate subject')?.message ?? '', /, as registered$/);
    assert.equal(find('signing_key'), undefined);
  });

  it('sends no token request without --live', async () => {
    server.requests.length = 0;
    const { failed } = await checkAsJson({}, tls);
    assert.deepEqual(failed, []);
    assert.equal(
      server.requests.some(({ method }) => method === 'POST'),
      false,
    );
  });

  it('uses the aliases for mutual TLS', async () => {
    const aliased = await startAuthorizationServer({
      audience: 'token_endpoint',
      credentials,
      mtlsEndpointAliases: true,
    });
    const { failed, find } = await checkAsJson({}, [...tls, '--live'], aliased);
    assert.deepEqual(failed, []);
    assert.match(find('mtls_endpoint_aliases')?.message ?? '', /^used for token_endpoint, /);
    const main = `${aliased.issuer}/token`;
    const { find: findByHand } = await checkAsJson({ token_endpoint: main }, tls, aliased);
    assert.match(findByHand('mtls_endpoint_aliases')?.message ?? '', /^"token_endpoint" must be the alias/);
    await aliased.close();
  });

  it('reports a clock that is ahead or behind, and the clock_offset to set', async () => {
    for (const [at, offset] of [
      [ahead, 120],
      [behind, -120],
    ] as const) {
      const { find } = await checkAsJson({}, tls, at);
      assert.equal(find('clock')?.code, 'clock_differs');
      const message = find('clock')?.message ?? '';
      const proposed = Number(/: set clock_offset to (-?\d+)$/.exec(message)?.[1]);
      assert.equal(Math.abs(proposed - offset) <= 1, true, message);
      const { failed } = await checkAsJson({ clock_offset: String(proposed) }, [...tls, '--live'], at);
      assert.deepEqual(failed, []);
    }
  });

  it('explains a refusal by the clock', async () => {
    const { find } = await checkAsJson({}, [...tls, '--live'], behind);
    assert.match(
      find('live private_key_jwt')?.message ?? '',
      /\n1\. proved: the server's clock is 1\d\d s behind yours/,
    );
    const { find: findAhead } = await checkAsJson({ client_assertion_lifetime: '60' }, [...tls, '--live'], ahead);
    assert.match(findAhead('live private_key_jwt')?.message ?? '', /\n1\. proved: .* had expired: set clock_offset/);
  });

  it('reports a wrong audience by the one that is accepted', async () => {
    const { find, failed } = await checkAsJson({ client_assertion_audience: 'issuer' }, [...tls, '--live']);
    assert.equal(failed.length, 1);
    assert.match(
      find('live private_key_jwt')?.message ?? '',
      /^answered 401 invalid_client\n1\. proved: aud was .*: set client_assertion_audience to token_endpoint$/,
    );
  });

  it('reports a wrong audience of any other URL too', async () => {
    const { token_endpoint } = server.endpoints;
    const change = { token_endpoint, client_assertion_audience: 'https://elsewhere.example.my' };
    const { find } = await checkAsJson(change, [...tls, '--live']);
    assert.match(
      find('live private_key_jwt')?.message ?? '',
      /^answered 401 invalid_client\n1\. proved: aud was .*: set client_assertion_audience to token_endpoint$/,
    );
  });

  it('finds by elimination a kid or a key that is not registered, where no JWKS is known', async () => {
    const other = await createSigningKey();
    for (const change of [{ kid: 'k9' }, { signing_key: other.privateKey }]) {
      const { find } = await checkAsJson(change, [...tls, '--live']);
      assert.match(
        find('live private_key_jwt')?.message ?? '',
        /^answered 401 invalid_client\n1\. possible: the public half of the signing key may not be registered under the kid [\w-]+: compare /,
      );
    }
  });

  it('sends nothing to an endpoint that the script would refuse', async () => {
    const recorder = await startRecorder();
    try {
      // This machine by a name that is not one of loopback.
      const token_endpoint = `${recorder.origin.replace('127.0.0.1', '0.0.0.0')}/token`;
      for (const token_endpoint_auth_method of ['private_key_jwt', 'tls_client_auth']) {
        const change = { token_endpoint, token_endpoint_auth_method, client_assertion_audience: 'issuer' };
        const { find } = await checkAsJson(change, [...tls, '--live']);
        assert.match(find('token_endpoint')?.message ?? '', /^"token_endpoint" must be an https URL/);
        assert.equal(find('token_endpoint')?.status, 'fail');
        assert.equal(find(`live ${token_endpoint_auth_method}`)?.status, 'skip');
      }
      assert.deepEqual(recorder.requests, []);
    } finally {
      await recorder.close();
    }
  });

  it('takes for a token, or for a refusal of the client, only what is one', async () => {
    const recorder = await startRecorder();
    try {
      const token_endpoint = `${recorder.origin}/token`;
      const answers: [Answer, RegExp][] = [
        [
          { body: '<html>Welcome</html>' },
          /^answered 200 without an access token\n1\. possible: the status 200 is no refusal of a/,
        ],
        [
          { status: 302, headers: { location: '/login' } },
          /^answered 302\n1\. possible: the status 302 is no refusal of a/,
        ],
        [{ status: 500 }, /^answered 500\n1\. proved: the status 500 says that the server itself failed/],
      ];
      for (const [answer, expected] of answers) {
        recorder.answers.set('/token', answer);
        const { find } = await checkAsJson({ issuer: '', token_endpoint }, [...tls, '--live']);
        const { status, message = '' } = find('live private_key_jwt') ?? {};
        assert.equal(status, 'fail', message);
        assert.match(message, expected);
        assert.doesNotMatch(message, /aud|registered|\n2\./);
        assert.equal(find('live tls_client_auth')?.status, 'skip', find('live tls_client_auth')?.message);
      }
    } finally {
      await recorder.close();
    }
  });

  it('says in the causes too that the metadata has another issuer', async () => {
    const issuers = await startAuthorizationServer({ audience: 'issuer', credentials });
    try {
      const change = {
        issuer: `${issuers.issuer}/`,
        token_endpoint: issuers.endpoints.token_endpoint,
        client_assertion_audience: 'issuer',
      };
      const { find } = await checkAsJson(change, [...tls, '--live'], issuers);
      assert.match(
        find('live private_key_jwt')?.message ?? '',
        /\n1\. proved: aud was .*\/, and the metadata there has the issuer .*: set issuer to .*[^/]$/,
      );
    } finally {
      await issuers.close();
    }
  });

  it('reports a kid that the JWKS lacks, and the right one if there is one', async () => {
    const { publicJwk } = credentials.signingKey;
    const { find } = await checkAsJson({ kid: 'k9' }, [...tls, ...jwks(publicJwk)]);
    assert.equal(find('jwks')?.status, 'fail');
    assert.match(find('jwks')?.message ?? '', /^"kid" must be in .* set kid to that\.$/);
    assert.equal(find('jwks')?.message.includes(publicJwk.kid), true, 'the right kid is named');
    const { publicJwk: stranger } = await createSigningKey();
    const { find: findOther } = await checkAsJson({ kid: 'k9' }, [...tls, ...jwks(stranger)]);
    assert.match(findOther('jwks')?.message ?? '', /Register the public half/);
  });

  it('reports another key under the kid, and two keys under one', async () => {
    const other = await createSigningKey();
    const { publicJwk } = credentials.signingKey;
    const args = [...tls, ...jwks(publicJwk)];
    const { find } = await checkAsJson({ signing_key: other.privateKey }, args);
    assert.match(find('jwks')?.message ?? '', /^"signing_key" must be the key under the kid .*, got another key/);
    const { find: findTwo } = await checkAsJson({}, [
      ...tls,
      ...jwks(publicJwk, { ...other.publicJwk, kid: publicJwk.kid }),
    ]);
    assert.match(findTwo('jwks')?.message ?? '', /^2 keys of .* have the kid/);
  });

  it('reports a missing certificate, and what is not checked without it', async () => {
    const { find } = await checkAsJson({}, ['--live']);
    assert.match(find('transport certificate')?.message ?? '', /mutual TLS is required on every call, got nothing/);
    assert.equal(find('certificate subject')?.status, 'skip');
    assert.match(find('certificate subject')?.message ?? '', /^not checked: there is no transport certificate/);
    assert.match(find('connection')?.message ?? '', /proved: no transport certificate was sent/);
    assert.equal(find('live private_key_jwt')?.status, 'skip');
  });

  it('reports a certificate of another subject', async () => {
    const { cert, key } = await credentials.authority.issueClientCertificate({
      ...transportSubject,
      commonName: 'other',
    });
    const others = ['--ssl-client-cert', write('other.pem', cert), '--ssl-client-key', write('other.key', key)];
    const change = {
      client_id: server.clients.tlsClientAuth.client_id,
      token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_subject_dn: 'CN=transport.dc-demo.example.my,O=Contoh Data Sdn Bhd,C=MY',
    };
    const { find } = await checkAsJson(change, [...others, '--live']);
    assert.match(find('certificate subject')?.message ?? '', /CN=other,O=Contoh Data Sdn Bhd,C=MY, got CN=transport/);
    assert.match(
      find('live tls_client_auth')?.message ?? '',
      /\n1\. proved: .* another subject than the registered one/,
    );
    const { find: findUnset } = await checkAsJson({ ...change, tls_client_auth_subject_dn: '' }, [...others, '--live']);
    assert.match(findUnset('live tls_client_auth')?.message ?? '', /\n1\. possible: .* another subject .* CN=other/);
  });

  it('reports a certificate of another authority, a key of another certificate, and swapped files', async () => {
    const { cert, key } = await (await createCertificateAuthority()).issueClientCertificate(transportSubject);
    const pem = write('stranger.pem', cert);
    const { find } = await checkAsJson({}, ['--ssl-client-cert', pem, '--ssl-client-key', write('stranger.key', key)]);
    assert.match(find('connection')?.message ?? '', /possible: .* does not know the authority/);
    assert.equal(find('certificate chain')?.status, 'warn');
    const { find: findMixed } = await checkAsJson({}, ['--ssl-client-cert', pem, '--ssl-client-key', files.key]);
    assert.match(
      findMixed('transport certificate')?.message ?? '',
      /^"--ssl-client-key \S+" must be the key of the first/,
    );
    assert.match(findMixed('connection')?.message ?? '', /proved: the transport certificate and its key/);
    const { find: findSwapped } = await checkAsJson({}, [
      '--ssl-client-cert',
      files.key,
      '--ssl-client-key',
      files.cert,
    ]);
    assert.match(findSwapped('transport certificate')?.message ?? '', /got a block "PRIVATE KEY"/);
  });

  it('reports a method that the client is not registered with', async () => {
    const { find } = await checkAsJson({ client_id: server.clients.tlsClientAuth.client_id }, [...tls, '--live']);
    assert.match(
      find('live private_key_jwt')?.message ?? '',
      /\n1\. proved: .*accepted by tls_client_auth.*: set token_endpoint_auth_method to tls_client_auth$/,
    );
    const { find: findOther } = await checkAsJson({ token_endpoint_auth_method: 'tls_client_auth' }, [
      ...tls,
      '--live',
    ]);
    assert.match(findOther('live tls_client_auth')?.message ?? '', /\n1\. proved: .*set .* to private_key_jwt$/);
  });

  it('reports every variable that is wrong, not only the first', async () => {
    const change = { client_id: '', kid: '{{nowhere}}', clock_offset: 'late', signing_key: 'nonsense' };
    const { failed, find } = await checkAsJson(change, [...tls, '--live']);
    assert.deepEqual(
      failed.map(({ name, code }) => [name, code]),
      [
        ['client_id', 'variable_missing'],
        ['kid', 'variable_unresolved'],
        ['clock_offset', 'variable_invalid'],
        ['signing_key', 'signing_key_unreadable'],
      ],
    );
    assert.equal(find('client assertion')?.status, 'skip');
    assert.equal(find('live token request')?.status, 'skip');
  });

  it('reports a variable whose name has whitespace around it, and whether it is used', async () => {
    const names = (lines: Line[]) => lines.filter(({ name }) => name === 'variable name');
    const { signing_key } = settingsOf();
    const missing = await checkAsJson({ signing_key: '', 'signing_key ': signing_key, ' other ': 'x' }, tls);
    assert.deepEqual(names(missing.lines), [
      {
        code: 'variable_name_whitespace',
        name: 'variable name',
        status: 'fail',
        message:
          '"signing_key" must be the name of the variable, got "signing_key ", with whitespace. Write it without.',
      },
    ]);
    assert.match(missing.find('signing_key')?.message ?? '', /got nothing/);
    const beside = await checkAsJson({ '\tclient_id': 'x', ' issuer': 'x' }, tls);
    assert.deepEqual(beside.failed, []);
    assert.deepEqual(
      names(beside.lines).map(({ code, message }) => [code, /got (".*")/.exec(message)?.[1]]),
      [
        ['variable_name_whitespace_unused', '"\\tclient_id"'],
        ['variable_name_whitespace_unused', '" issuer"'],
      ],
    );
  });

  it('reports an issuer that is not the one of the metadata, and one that is not reached', async () => {
    const { find } = await checkAsJson({ issuer: `${server.issuer}/` }, tls);
    assert.match(find('issuer')?.message ?? '', /^"issuer" must be exactly the issuer in its own metadata/);
    assert.match(find('token_endpoint')?.message ?? find('endpoints')?.message ?? '', /^not checked/);
    const { find: findNone } = await checkAsJson({ issuer: 'https://127.0.0.1:1' }, tls);
    assert.match(findNone('issuer')?.message ?? '', /ECONNREFUSED\)\. proved: nothing listens there/);
  });

  it('never shows a key that is in the wrong variable', async () => {
    const { privateKey } = credentials.signingKey;
    const change = { jwks_uri: privateKey, tls_client_auth_subject_dn: privateKey };
    const { find } = await checkAsJson(change, tls);
    assert.equal(find('jwks')?.status, 'fail');
    assert.equal(find('certificate subject')?.status, 'fail');
  });

  it('refuses a server whose authority is unknown', async () => {
    const environment = write('environment.json', {
      values: Object.entries(settingsOf()).map(([key, value]) => ({ key, value })),
    });
    server.requests.length = 0;
    const { code, stdout } = await runCommand(['check', '-e', environment, ...tls]);
    assert.equal(code, 1);
    assert.match(stdout, /^fail {2}issuer .*proved: .*--ssl-extra-ca-certs/m);
    assert.deepEqual(server.requests, []);
  });

  describe('with a collection', () => {
    const checkFile = async (file: string, ...args: string[]) => {
      const { code, stdout } = await runCommand(['check', file, '--json', ...args]);
      const lines: Line[] = JSON.parse(stdout);
      return { code, stdout, lines, find: (name: string) => lines.find(line => line.name === name) };
    };

    it('of ours is green, and names the requests to endpoints', async () => {
      const { code, lines, find } = await checkFile('collections/paynet.postman_collection.json');
      assert.equal(code, 0);
      assert.deepEqual(
        lines.map(({ code, name, status }) => [code, name, status]),
        [
          ['script_injected', 'script', 'ok'],
          ['secret_not_found', 'secrets', 'ok'],
          ['server_variable_not_found', 'server', 'ok'],
          ['endpoint_request_found', 'requests', 'ok'],
        ],
      );
      assert.match(find('requests')?.message ?? '', /token_endpoint: ".*Client credentials grant"/);
    });

    it('reports a script that is missing', async () => {
      const { code, find } = await checkFile('collections/source/paynet.postman_collection.json');
      assert.equal(code, 1);
      assert.match(find('script')?.message ?? '', /^paynet-client-auth is missing\./);
    });

    it('reports where a key and a token are, but not their values', async () => {
      const collection = JSON.parse(readFileSync('collections/paynet.postman_collection.json', 'utf8'));
      collection.variable.push({ key: 'signing_key', value: credentials.signingKey.privateKey });
      const token = `ey${'J'.repeat(30)}.ey${'K'.repeat(30)}.${'s'.repeat(40)}`;
      collection.item[1].item[0].request.header.push({ key: 'Authorization', value: `Bearer ${token}` });
      const { code, stdout, lines, find } = await checkFile(write('leaky.json', collection));
      assert.equal(code, 1);
      const message = find('secrets')?.message ?? '';
      const { length } = collection.variable;
      assert.equal(message.includes(`private key in "signing_key" at $.variable[${length - 1}].value`), true, message);
      assert.match(
        message,
        /token in "Client \/ Well-known endpoint \/ Authorization" at \$\.item\[1\]\.item\[0\]\.request\.header\[\d+\]\.value/,
      );
      assert.deepEqual(
        lines.find(one => one.code === 'secret_found')?.findings?.map(({ code, kind, names }) => [code, kind, names]),
        [
          ['secret_found', 'private key', ['signing_key']],
          ['secret_found', 'token', ['Client', 'Well-known endpoint', 'Authorization']],
        ],
      );
      assert.equal(holdsPartOf(stdout, [credentials.signingKey.privateKey, token]), false);
    });

    it('reports its variables that say where assertions go, unless the environment overrides them', async () => {
      const collection = JSON.parse(readFileSync('collections/paynet.postman_collection.json', 'utf8'));
      const names = ['introspection_endpoint', 'issuer', 'paynet_client_auth_metadata'];
      for (const key of names) collection.variable.push({ key, value: 'https://elsewhere.example.my/' });
      collection.variable.push({ key: 'token_endpoint', value: '' });
      const file = write('elsewhere.json', collection);
      const { find } = await checkFile(file);
      assert.equal(find('server')?.status, 'warn');
      assert.match(find('server')?.message ?? '', new RegExp(`: ${names.join(', ')}\\. Set them in your environment`));
      const set = [
        '--env-var',
        `issuer=${server.issuer}`,
        '--env-var',
        'introspection_endpoint=https://a.example.my/i',
      ];
      assert.match((await checkFile(file, ...set)).find('server')?.message ?? '', /: paynet_client_auth_metadata\./);
    });

    it('is checked together with the settings where their options are given', async () => {
      const { lines } = await checkFile(
        'collections/paynet.postman_collection.json',
        '--env-var',
        `issuer=${server.issuer}`,
      );
      assert.equal(lines[0]?.name, 'client_id');
      assert.deepEqual(
        lines.slice(-4).map(({ name }) => name),
        ['script', 'secrets', 'server', 'requests'],
      );
    });

    it('that is not one is named in the error', async () => {
      const { code, stderr } = await runCommand(['check', 'package.json']);
      assert.equal(code, 1);
      assert.match(stderr, /^error: package\.json: not a Postman collection/);
    });
  });
});

// No secret reaches a reporter: wherever the key comes from, whatever scripts log and store, whatever servers answer, and however
// a reporter gives it away.

import assert from 'node:assert/strict';
import { createPrivateKey, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import module from 'node:module';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { installAttackingReporter, startListener, WAYS } from '../../support/attacking-reporter.ts';
import { collectionOf, form } from '../../support/collections.ts';
import { runCommand } from '../../support/command-line.ts';
import { execute } from '../../support/execute.ts';
import { holdsPartOf } from '../../support/readings.ts';
import { createWorkplace, type Workplace } from '../../support/workplace.ts';

const opaque = () => randomBytes(32).toString('base64url');
const toJson = (value: unknown) => JSON.stringify(value);
const variables = (values: Record<string, string>) => Object.entries(values).map(([key, value]) => ({ key, value }));
const scriptOf = (listen: string, lines: string[]) => ({ listen, script: { type: 'text/javascript', exec: lines } });
/** A text in short parts, so that the collection does not hold it. */
const inParts = (text: string) => (text.match(/.{1,15}/g) ?? []).map(part => `"${part}"`).join(' + ');

/** What a run of a collection is made of, beside a token request. */
interface Setting {
  scripts?: object[];
  variable?: object[];
  requests?: object[];
  environment?: object[];
}

describe('run', () => {
  let workplace: Workplace;
  let listener: Awaited<ReturnType<typeof startListener>>;
  let server: Server;
  let key: string;
  let keyParts: string[];
  const nodePath = process.env.NODE_PATH;
  const answered: Record<string, string> = {};
  /** The access tokens that were sent to the API. */
  const bearers: string[] = [];
  const path = (name: string) => workplace.path(name);
  const url = (way = '') => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${way}`;

  before(async () => {
    workplace = await createWorkplace();
    listener = await startListener();
    key = readFileSync(path('key.pem'), 'utf8');
    const { d, p, q, dp, dq, qi } = createPrivateKey(key).export({ format: 'jwk' });
    // The first lines are the modulus, which is public.
    keyParts = [...(key.match(/^[^-].*$/gm) ?? []).slice(7), ...[d, p, q, dp, dq, qi].map(String)];
    installAttackingReporter(path('modules'));
    process.env.NODE_PATH = path('modules');
    (module as unknown as { _initPaths(): void })._initPaths();
    for (const name of [
      'query',
      'fragment',
      'form',
      'cut',
      'camel',
      'page',
      'header',
      'raw',
      'upload',
      'xml',
      'odd',
      'cookie',
    ])
      answered[name] = opaque();
    Object.assign(answered, { digits: '83921675309481', location: opaque(), apiKey: opaque() });
    server = createServer((request, response) => {
      if (request.url === '/redirect') {
        response.writeHead(302, { location: `${url()}?a=b#access_token=${answered.location}` }).end();
        return;
      }
      const { authorization } = request.headers;
      if (authorization) bearers.push(authorization.replace('Bearer ', ''));
      response.setHeader('X-Refresh-Token', answered.header as string);
      response.setHeader('Set-Cookie', `session=${answered.cookie}; Path=/; HttpOnly`);
      response.setHeader('Link', `<https://app.example/cb?a=b#access_token=${answered.fragment}&x=y>`);
      response.end(
        `access_token=${answered.form}&a=b {"idToken": "${answered.camel}", "access_token": ${answered.digits}} ` +
          `<input type="hidden" name="id_token" value="${answered.page}"/><t:access_token>${answered.xml}</t:access_token>` +
          `{"refresh_token":"${answered.odd}!4x*9aZ$$","x-api-key":"${answered.apiKey}"} {"refresh_token":"${answered.cut}`,
      );
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  });
  after(async () => {
    if (nodePath === undefined) delete process.env.NODE_PATH;
    else process.env.NODE_PATH = nodePath;
    (module as unknown as { _initPaths(): void })._initPaths();
    server.close();
    listener.close();
    await workplace.remove();
  });
  beforeEach(() => {
    workplace.server.requests.length = 0;
    rmSync(path('out'), { recursive: true });
    mkdirSync(path('out'));
  });

  /** The arguments of a run with all reporters and exports. */
  const prepare = ({ scripts = [], variable = [], requests = [], environment = [] }: Setting, args: string[]) => {
    const body = form(['grant_type', 'client_credentials'], ['client_id', '{{client_id}}'], ['scope', 'accounts']);
    const all = [{ url: '{{token_endpoint}}', body }, ...requests] as { url: string }[];
    writeFileSync(path('secrets.json'), toJson(collectionOf(all, { event: scripts, variable })));
    const { values } = JSON.parse(readFileSync(path('env.json'), 'utf8'));
    writeFileSync(path('secrets-env.json'), toJson({ values: [...values, ...environment] }));
    const out = (name: string) => path(`out/${name}`);
    const tls = workplace.args.slice(workplace.args.indexOf('--ssl-client-cert'));
    return [
      ...['run', path('secrets.json'), '-e', path('secrets-env.json'), ...tls, ...args, '--verbose'],
      ...['--reporters', 'cli,json,junit,htmlextra,attack', '--reporter-json-export', out('report.json')],
      ...['--reporter-junit-export', out('report.xml'), '--reporter-htmlextra-export', out('report.html')],
      ...['--reporter-attack-out', path('out')],
      ...['--export-environment', out('environment.json'), '--export-globals', out('globals.json')],
      ...['--export-collection', out('collection.json'), '--reporter-htmlextra-logs'],
    ];
  };

  /** All that was written by a run, by name. */
  const written = (result: { stdout: string; stderr: string }): Record<string, string> => {
    const files = readdirSync(path('out'))
      .filter(name => name.includes('.'))
      .map(name => [name, readFileSync(path(`out/${name}`), 'utf8')] as const);
    return Object.fromEntries([...files, ['the console', result.stdout + result.stderr]]);
  };

  const run = async (setting: Setting, args: string[] = ['--signing-key', path('key.pem')]) => {
    const result = await runCommand(prepare(setting, args));
    assert.equal(result.code, 0, (result.stdout + result.stderr).slice(-2000));
    return written(result);
  };

  const assertClean = (texts: Record<string, string>, secrets: string[] = []) => {
    const sent = workplace.server.requests.map(({ body }) => new URLSearchParams(body).get('client_assertion') ?? '');
    assert.equal(sent.filter(Boolean).length > 0, true, 'no assertion was sent');
    for (const [name, text] of Object.entries(texts)) {
      const isThere = holdsPartOf(text, [...secrets, ...keyParts, ...sent]);
      assert.equal(isThere, false, `${name} holds a part of a secret`);
    }
  };

  const logging = [
    scriptOf('prerequest', [
      'console.log(pm.iterationData.toObject()); console.log(pm.variables.get("signing_key"));',
      'console.log("the key is " + pm.variables.replaceIn("{{signing_key}}").replace(/\\s/g, "").slice(700, 820));',
      'pm.environment.set("middle", pm.variables.replaceIn("{{signing_key}}").slice(700, 800));',
      'console.log(pm.request); console.log(pm.request.body && pm.request.body.urlencoded.get("client_assertion"));',
    ]),
    scriptOf('test', [
      'if (pm.request.method === "POST") {',
      '  const { access_token } = pm.response.json(); console.log(pm.response.json());',
      '  pm.environment.set("access_token", access_token);',
      '}',
    ]),
  ];

  it('gives a reporter no key, no assertion and no token, in whichever of nine ways it passes on what it has', async () => {
    const header = [{ key: 'Authorization', value: 'Bearer {{access_token}}' }];
    const requests = [{ method: 'GET', url: url(), header }];
    const port = ['--reporter-attack-port', String(listener.port)];
    const args = prepare({ scripts: logging, requests }, ['--signing-key', path('key.pem'), ...port]);
    const result = await execute('node', ['dist/cli.js', ...args], { env: { NODE_PATH: path('modules') } });
    assert.equal(result.code, 0, result.stderr + result.stdout.slice(-3000));
    const ways = Object.entries(WAYS).map(([way, read]) => [way, read(path('out'), listener.received)] as const);
    assert.equal(ways.length, 9);
    for (const [way, text] of ways) {
      assert.match(text, /\[client_assertion kid=[\w-]+ jti=[\da-f-]{36}\]/, way);
      assert.match(text, /\[access_token\]/, way);
      if (way !== 'appended lines') assert.match(text, /\[signing_key\]/, way);
    }
    assert.equal(bearers.length, 1);
    // All ways pass on the same text, but the one that is for lines of the console alone.
    const [[, whole] = ['', ''], [, appended] = ['', ''], ...others] = ways;
    for (const [way, text] of others) assert.equal(text, whole, way);
    assertClean({ ...written(result), whole, appended }, bearers);
  });

  const toGlobals = (values: Record<string, string>) => {
    writeFileSync(path('globals.json'), toJson({ values: variables(values) }));
    return ['-g', path('globals.json')];
  };
  const toData = (name: string, text: string) => {
    writeFileSync(path(name), text);
    return ['-d', path(name)];
  };
  const toJwk = () => toJson(createPrivateKey(key).export({ format: 'jwk' }));
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const inEnvironment = (values: Record<string, string>): Setting => ({ environment: variables(values) });

  const formsOf = (pem: string): Record<string, string> => {
    const der = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
    const jwk = { ...createPrivateKey(pem).export({ format: 'jwk' }), kid: workplace.server.clients.privateKeyJwt.kid };
    return {
      der: der.toString('base64'),
      json: toJson({ data: { private_key: pem } }),
      percentJwk: encodeURIComponent(toJson(jwk)),
      utf16: Buffer.from(pem, 'utf16le').toString('latin1'),
    };
  };
  /** Rows of data; where the key is a JWK, its own key ID counts. */
  const rowsOf = (forms: Record<string, string>) =>
    Object.entries(forms).map(([form, signing_key]) => ({ signing_key, ...(form === 'percentJwk' && { kid: '' }) }));

  const places: [string, () => [Setting, string[]]][] = [
    ['the globals', () => [{}, toGlobals({ signing_key: key })]],
    ['the globals, as a JWK', () => [{}, toGlobals({ signing_key: toJwk() })]],
    ['a variable of the collection', () => [{ variable: variables({ signing_key: key }) }, []]],
    ['a CSV file', () => [{}, toData('data.csv', `signing_key\n${quoted(key)}\n`)]],
    ['a JSON data file', () => [{}, toData('data.json', toJson([{ signing_key: key }]))]],
    [
      'a JSON data file, as a JWK that is no text',
      () => [{}, toData('d.json', toJson([{ signing_key: JSON.parse(toJwk()) }]))],
    ],
    ['a variable of another name', () => [inEnvironment({ signing_key: '{{bank_key}}', bank_key: key }), []]],
    ['a variable in Base64', () => [inEnvironment({ signing_key: Buffer.from(key).toString('base64') }), []]],
    ['a variable in one line', () => [inEnvironment({ signing_key: key.replaceAll('\n', '\\n') }), []]],
    [
      'rows and leftovers in forms that tools make',
      () => [inEnvironment(formsOf(key)), toData('forms.json', toJson(rowsOf(formsOf(key))))],
    ],
    ['a leftover', () => [inEnvironment({ old_one: key, other: toJwk() }), ['--signing-key', path('key.pem')]]],
  ];
  for (const [place, prepared] of places) {
    it(`keeps a key out of Newman that comes from ${place}, and signs with it`, async () => {
      const [setting, args] = prepared();
      const hunting = scriptOf('prerequest', [
        'const all = [pm.environment, pm.globals, pm.collectionVariables, pm.variables, pm.iterationData].map(one => one.toObject());',
        `pm.test("no key", () => pm.expect(JSON.stringify(all)).to.not.match(/${keyParts
          .slice(0, 6)
          .map(part => part.slice(20, 50).replace(/[+/]/g, '.'))
          .join('|')}/));`,
      ]);
      assertClean(await run({ ...setting, scripts: [...logging, hunting] }, args));
      assert.equal(workplace.server.verified.at(-1)?.method, 'private_key_jwt');
    });
  }

  it('hides what scripts log, store, test and throw', async () => {
    const names = [
      'pkce_verifier',
      'codeVerifier',
      'verifier',
      'my-refresh-token',
      'ID_TOKEN',
      'clientSecret2',
      'nested',
      'late',
    ];
    const secrets: Record<string, string> = Object.fromEntries(names.map(name => [name, opaque()]));
    const jwt = [{ alg: 'PS256' }, { sub: opaque() }, opaque()]
      .map(part => Buffer.from(toJson(part)).toString('base64url'))
      .join('.');
    const of = (name: string) => inParts(secrets[name] as string);
    const lines = [
      `pm.environment.set("pkce_verifier", ${of('pkce_verifier')}); pm.globals.set("codeVerifier", ${of('codeVerifier')});`,
      `pm.collectionVariables.set("verifier", ${of('verifier')}); pm.variables.set("my-refresh-token", ${of('my-refresh-token')});`,
      `pm.environment.set("ID_TOKEN", ${of('ID_TOKEN')}); pm.globals.set("clientSecret2", ${of('clientSecret2')});`,
      `console.log({ deep: [{ access_token: ${of('nested')} }] }, new Map([["id_token", ${of('nested')}]]));`,
      // Logged before it has a name.
      `console.log(${of('late')}); pm.environment.set("client_secret", ${of('late')});`,
      'pm.environment.set("kept", pm.request.body.urlencoded.get("client_assertion"));',
      'pm.environment.set("harmless", "a value that is no secret 0123456789");',
      'pm.environment.set("password", "Kl3in"); pm.environment.set("pin", "4711-x");',
      `const jwt = ${inParts(jwt)};`,
      'pm.test("the token " + jwt, () => true);',
      'pm.test("compare", () => { try { pm.expect(jwt).to.equal("x"); } catch (error) { console.log(error.message); } });',
    ];
    const environment = [{ key: 'pin', value: '4711-x', type: 'secret', enabled: true }];
    const texts = await run({ scripts: [scriptOf('prerequest', lines)], environment });
    assertClean(texts, [...Object.values(secrets), jwt]);
    for (const name of ['environment.json', 'report.json', 'exported.txt']) {
      assert.match(texts[name] ?? '', /a value that is no secret 0123456789/, name);
      assert.match(texts[name] ?? '', /\[code_verifier\]/, name);
      assert.doesNotMatch((texts[name] ?? '').replaceAll('4711-x"; pm', ''), /"value": ?"(?:Kl3in|4711-x)"/, name);
    }
    const failing = await runCommand([
      ...prepare({ scripts: [scriptOf('test', [`throw new Error("bad " + ${inParts(jwt)});`])] }, []),
      ...['--signing-key', path('key.pem')],
    ]);
    assert.equal(failing.code, 1);
    assertClean(written(failing), [jwt]);
  });

  it('hides tokens of URLs, headers, cookies and answers of every kind, and keeps the sizes', async () => {
    const api = `${url()}?access_token=${answered.query}&a=b`;
    const header = [
      { key: 'X-Api-Key', value: answered.apiKey as string },
      { key: 'Cookie', value: `sid=${answered.cookie}` },
    ];
    const requests = [
      { url: api, header, body: { mode: 'raw', raw: toJson({ refresh_token: answered.raw }) } },
      {
        url: api,
        body: { mode: 'formdata', formdata: [{ key: 'refresh_token', value: answered.upload, type: 'text' }] },
      },
      { method: 'GET', url: url('redirect') },
    ];
    const texts = await run({ requests });
    assertClean(texts, Object.values(answered));
    const report = JSON.parse(texts['report.json'] ?? '');
    assert.match(texts['report.json'] ?? '', /"\[access_token\]"/);
    const sizes = report.run.executions.map(
      ({ response }: { response: { responseSize: number } }) => response.responseSize,
    );
    assert.equal(
      report.run.transfers.responseTotal,
      sizes.reduce((sum: number, size: number) => sum + size),
    );
    assert.equal(sizes[1] > 500, true);
  });

  it('leaves public keys, page tokens and words that only sound like tokens as they are', async () => {
    const publicKey = createPrivateKey(key).export({ format: 'jwk' });
    const { n, e } = publicKey;
    const kept = {
      next_page_token: 'CAUQAA1234567890abcdef',
      registered: toJson({ keys: [{ kty: 'RSA', n, e, kid: 'key-1' }] }),
      token_type: 'Bearer',
      token_hint: 'refresh_token',
    };
    const lines = Object.entries(kept).map(([name, value]) => `pm.environment.set("${name}", ${toJson(value)});`);
    const texts = await run({
      scripts: [scriptOf('prerequest', [...lines, 'console.log(pm.environment.toObject());'])],
    });
    assertClean(texts);
    const { values } = JSON.parse(texts['environment.json'] ?? '');
    for (const [name, value] of Object.entries(kept)) {
      assert.equal(values.find((one: { key: string }) => one.key === name)?.value, value);
    }
  });

  it('shows no passphrase of a transport certificate, however short', async () => {
    const file = workplace.transport.key;
    const before = readFileSync(file, 'utf8');
    const options = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'Zx-7' } as const;
    writeFileSync(file, createPrivateKey(before).export(options));
    try {
      const texts = await run({}, ['--signing-key', path('key.pem'), '--ssl-client-passphrase', 'Zx-7']);
      for (const [name, text] of Object.entries(texts)) assert.equal(text.includes('Zx-7'), false, name);
    } finally {
      writeFileSync(file, before);
    }
  });

  it('refuses a key, and what is no pair, among global variables', async () => {
    for (const [pair, says] of [
      ['signing_key=x', /--global-var with a private key .* Use --signing-key <file>/],
      [`other=${key}`, /--global-var with a private key/],
      [`other=${formsOf(key).der}`, /--global-var with a private key/],
      [`other=${formsOf(key).percentJwk}`, /--global-var with a private key/],
      ['foo', /--global-var takes name=value, got "foo"/],
    ] as const) {
      const { code, stderr } = await runCommand([...workplace.args, '--global-var', pair]);
      assert.match(stderr, says);
      assert.equal(holdsPartOf(stderr, keyParts), false, 'the message holds the key');
      assert.equal(code, 2);
    }
  });

  it('refuses a reporter that is not there, and sends nothing', async () => {
    const { code, stderr } = await runCommand([...workplace.args, '-r', 'cli,nowhere']);
    assert.match(stderr, /there is no reporter "nowhere"\. Install the package newman-reporter-nowhere beside Newman/);
    assert.equal(code, 2);
    assert.deepEqual(workplace.server.requests, []);
  });

  it('signs nothing that goes to another host than its audience, and is red then', async () => {
    // A request of a script of the collection, which takes the assertion of the request before it along.
    const lines = [
      'const fields = pm.request.body.urlencoded.toObject();',
      `pm.sendRequest({ url: "${url('elsewhere')}", method: "POST", body: { mode: "urlencoded", urlencoded: [`,
      '  { key: "client_assertion", value: fields.client_assertion }] } });',
    ];
    const { code, stdout, stderr } = await runCommand([
      ...prepare({ scripts: [scriptOf('prerequest', lines)] }, []),
      ...['--signing-key', path('key.pem')],
    ]);
    assert.equal(code, 1, stderr);
    assert.match(
      stdout.replace(/\s+/g, ' '),
      /A JWT to http:\S+elsewhere was not signed: it is for https:\S+, and the URL is neither on that host/,
    );
    assertClean(written({ stdout, stderr }));
  });
});

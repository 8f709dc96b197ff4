// No secret leaves `run`: wherever the key comes from, whatever scripts log and store, whatever servers answer, and however a
// reporter writes.

import assert from 'node:assert/strict';
import { createPrivateKey, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { Redaction } from '../../../src/cli/secrets/redaction.ts';
import { addFrom, addNamed } from '../../../src/cli/secrets/run-secrets.ts';
import { collectionOf, form, script } from '../../support/collections.ts';
import { execute } from '../../support/execute.ts';
import { createRsaKey } from '../../support/keys.ts';
import { holdsPartOf } from '../../support/readings.ts';
import { createWorkplace, type Workplace } from '../../support/workplace.ts';

/** A reporter that writes all it knows in every way that `fs` has; its package is found by NODE_PATH. */
const REPORTER = String.raw`
const fs = require('fs');
const { Readable } = require('stream');
module.exports = function (emitter, { out }, options) {
  fs.writeFileSync(out + '/ways-options', JSON.stringify([options.environment, options.globals, options.iterationData]));
  emitter.on('console', (error, { messages }) => fs.appendFileSync(out + '/ways-console', JSON.stringify(messages)));
  emitter.on('beforeDone', (error, { summary }) => {
    const { environment, globals, collection, run } = summary;
    const bodies = run.executions.map(({ request, response }) => [
      request, request.body && request.body.toString(), request.certificate && request.certificate.passphrase,
      response && response.text(),
    ]);
    const text = JSON.stringify({ environment, globals, collection, bodies }, null, 1);
    const bytes = Buffer.from(text);
    const base64 = bytes.toString('base64').replace(/.{76}/g, '$&\n');
    const withFd = (name, write) => { const fd = fs.openSync(out + '/ways-' + name, 'w'); write(fd); fs.closeSync(fd); };
    withFd('writeSync', fd => fs.writeSync(fd, text));
    withFd('parts', fd => { for (let at = 0; at < bytes.length; at += 7) fs.writeSync(fd, bytes.subarray(at, at + 7)); });
    withFd('writevSync', fd => fs.writevSync(fd, [bytes]));
    withFd('write', fd => fs.write(fd, bytes, () => undefined));
    fs.writeFileSync(out + '/ways-hex', bytes.toString('hex'), 'hex');
    fs.writeFileSync(out + '/ways-base64', base64);
    fs.writeFileSync(out + '/ways-binary', Buffer.concat([Buffer.from([0xff]), bytes]));
    for (let at = 0; at < text.length; at += 9) fs.appendFileSync(out + '/ways-append', text.slice(at, at + 9));
    new fs.WriteStream(out + '/ways-stream').end(text);
    fs.promises.writeFile(out + '/ways-iterable', [text.slice(0, 999), text.slice(999)]);
    fs.promises.writeFile(out + '/ways-readable', Readable.from([text]));
    fs.promises.open(out + '/ways-handle', 'w').then(handle => handle.writeFile(text).then(() => handle.close()));
    fs.writeSync(fs.openSync(out + '/ways-open', 'w'), text);
    fs.writeSync(1, text.slice(0, 20000));
    console.log(text.slice(0, 20000));
  });
};`;

const opaque = () => randomBytes(32).toString('base64url');
const toJson = (value: unknown) => JSON.stringify(value);
const variables = (values: Record<string, string>) => Object.entries(values).map(([key, value]) => ({ key, value }));
const scriptOf = (listen: string, lines: string[]) => ({ listen, script: { type: 'text/javascript', exec: lines } });

describe('what a run takes for a secret', () => {
  const require = createRequire(import.meta.url);
  const texts: Record<string, string> = {
    'the script itself': script,
    'the collection with the script in front': readFileSync('dist/paynet.postman_collection.json', 'utf8'),
    'the README': readFileSync('README.md', 'utf8'),
    'jsrsasign in a variable': readFileSync(require.resolve('jsrsasign/lib/jsrsasign-all-min.js'), 'utf8'),
    'a PEM that is cut, and a sentence after it':
      'Paste "-----BEGIN PRIVATE KEY-----", the authorization code, and so on.',
  };
  for (const [title, text] of Object.entries(texts)) {
    it(`is nothing in ${title}`, () => {
      for (const one of [text, JSON.stringify(text)]) {
        const redaction = new Redaction();
        addFrom(redaction, one);
        addNamed(redaction, 'library', one);
        assert.equal(redaction.redact(one), one);
      }
    });
  }
});

describe('what a run takes out of a text', () => {
  const pem = createRsaKey().privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const jwk = { ...createPrivateKey(pem).export({ format: 'jwk' }), kid: 'paynet-signing-2026-01' };
  const opaque = 'q8ZfTgK2mR4vX6bN1cJ9hL3pW5sD7yE0';

  /** The text as it is shown after something was learnt. */
  const shown = (learn: (redaction: Redaction) => unknown, text: string): string => {
    const redaction = new Redaction();
    learn(redaction);
    return redaction.redact(text);
  };

  const kept: [title: string, name: string, value: string, text: string][] = [
    ['the kid of a signing key', 'signing_key', JSON.stringify(jwk), 'kid=paynet-signing-2026-01'],
    [
      'a name beside a key',
      'signing_key',
      `friendlyName: fpx.bank.example.com\n${pem}`,
      'https://fpx.bank.example.com/',
    ],
    ['names of JSON in a variable', 'user_token', '{"access_token":"x","token_type":"Bearer"}', '{"access_token":1}'],
    ['a word', '', '{"errors":{"token":"Unauthorized"}}', 'GET /x [401 Unauthorized, 1ms]'],
    ['a date', '', '{"token":"2024-01-01T00:00:00Z"}', 'it is 2024-01-01T00:00:00Z'],
    ['a program', '', 'var token = CryptoJS.enc.Base64.stringify(hash)', 'CryptoJS.enc.Base64.parse(x)'],
    ['a member in a program', '', 'let token = response2.access_token;', 'response2.access_token'],
    ['an object identifier', '', 'timeStampToken:"1.2.840.113549.1.9.16.2.14"', '1.2.840.113549.1.9.16.2.14'],
  ];
  for (const [title, name, value, text] of kept) {
    it(`is not ${title}`, () => {
      assert.equal(
        shown(redaction => addNamed(redaction, name, value), text),
        text,
      );
    });
  }

  const taken: [title: string, name: string, value: string, text: string, expected: string][] = [
    [
      'a token with letters that no URL has',
      '',
      `{"refresh_token":"${opaque}!4x*9aZ$$"}`,
      `${opaque}!4x*9aZ$$`,
      '[refresh_token]',
    ],
    ['a token with a bar in it', '', `{"access_token":"17|${opaque}"}`, `17|${opaque}`, '[access_token]'],
    [
      'a password of words',
      'client_secret',
      'correct horse battery staple',
      'x correct horse battery staple',
      'x [client_secret]',
    ],
    ['a secret of digits', 'client_secret', '1234567890123456', '1234567890123456', '[client_secret]'],
    ['a JWK', 'any', JSON.stringify(jwk), `${jwk.d}`, '[signing_key]'],
    ['a JWK in Base64', 'any', Buffer.from(JSON.stringify(jwk)).toString('base64'), `${jwk.p}`, '[signing_key]'],
  ];
  for (const [title, name, value, text, expected] of taken) {
    it(`is ${title}`, () => {
      assert.equal(
        shown(redaction => addNamed(redaction, name, value), text),
        expected,
      );
    });
  }
});

describe('run, with secrets in unusual places', () => {
  let workplace: Workplace;
  let server: Server;
  let key: string;
  let keyParts: string[];
  const answered: Record<string, string> = {};
  const path = (name: string) => workplace.path(name);

  before(async () => {
    workplace = await createWorkplace();
    key = readFileSync(path('key.pem'), 'utf8');
    const { d, p, q, dp, dq, qi } = createPrivateKey(key).export({ format: 'jwk' });
    keyParts = [...(key.match(/^[^-].*$/gm) ?? []), ...[d, p, q, dp, dq, qi].map(String)];
    const reporter = path('modules/newman-reporter-ways');
    mkdirSync(reporter, { recursive: true });
    writeFileSync(`${reporter}/index.js`, REPORTER);
    for (const name of ['query', 'fragment', 'form', 'cut', 'camel', 'page', 'header', 'raw', 'upload'])
      answered[name] = opaque();
    server = createServer((_request, response) => {
      response.setHeader('X-Refresh-Token', answered.header as string);
      response.setHeader('Link', `<https://app.example/cb?a=b#access_token=${answered.fragment}&x=y>`);
      response.end(
        `access_token=${answered.form}&a=b {"idToken": "${answered.camel}"} ` +
          `<input type="hidden" name="id_token" value="${answered.page}"/> {"refresh_token":"${answered.cut}`,
      );
    }).listen(0);
  });
  after(async () => {
    server.close();
    await workplace.remove();
  });
  beforeEach(() => {
    workplace.server.requests.length = 0;
    rmSync(path('out'), { recursive: true });
    mkdirSync(path('out'));
  });

  /** Runs a collection of a token request and more, with all reporters; gives all that was written, by name. */
  const run = async (
    {
      scripts = [],
      variable = [],
      requests = [],
    }: { scripts?: object[]; variable?: object[]; requests?: never[] | object[] },
    args: string[],
    environment: Record<string, string> = {},
  ) => {
    const body = form(['grant_type', 'client_credentials'], ['client_id', '{{client_id}}'], ['scope', 'accounts']);
    const all = [{ url: '{{token_endpoint}}', body }, ...requests] as { url: string }[];
    writeFileSync(path('secrets.json'), toJson(collectionOf(all, { event: scripts, variable })));
    const { values } = JSON.parse(readFileSync(path('env.json'), 'utf8'));
    writeFileSync(path('secrets-env.json'), toJson({ values: [...values, ...variables(environment)] }));
    const out = (name: string) => path(`out/${name}`);
    const tls = workplace.args.slice(workplace.args.indexOf('--ssl-client-cert'));
    const { code, stdout, stderr } = await execute(
      'node',
      [
        ...['dist/cli.js', 'run', path('secrets.json'), '-e', path('secrets-env.json'), ...tls, ...args, '--verbose'],
        ...['--reporters', 'cli,json,junit,htmlextra,ways', '--reporter-json-export', out('report.json')],
        ...['--reporter-junit-export', out('report.xml'), '--reporter-htmlextra-export', out('report.html')],
        ...['--reporter-ways-out', path('out'), '--export-environment', out('environment.json')],
        ...['--export-globals', out('globals.json'), '--export-collection', out('collection.json')],
      ],
      { env: { NODE_PATH: path('modules') } },
    );
    assert.equal(code, 0, (stdout + stderr).slice(-2000));
    const files = readdirSync(path('out')).map(name => [name, readFileSync(out(name), 'latin1')] as const);
    assert.equal(files.length, 21, String(files.map(([name]) => name)));
    const texts = Object.fromEntries([...files, ['the console', stdout + stderr] as const]);
    // In Base64 the kid of a label has the same letters as in a JWT.
    const lines = texts['ways-base64']?.split('\n') ?? [];
    texts['ways-base64'] = lines.map(line => Buffer.from(line, 'base64').toString('latin1')).join('');
    return texts;
  };

  const assertClean = (texts: Record<string, string>, secrets: string[]) => {
    const assertions = workplace.server.requests.map(
      ({ body }) => new URLSearchParams(body).get('client_assertion') ?? '',
    );
    assert.equal(assertions.filter(Boolean).length > 0, true, 'no assertion was sent');
    for (const [name, text] of Object.entries(texts)) {
      for (const secret of [...secrets, ...keyParts, ...assertions]) {
        const at = holdsPartOf(text, secret);
        assert.equal(at, false, `${name} holds a part of a secret of ${secret.length} characters`);
      }
    }
  };

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
  const logging = [
    scriptOf('prerequest', [
      'console.log(pm.iterationData.toObject()); console.log(pm.variables.get("signing_key"));',
      'console.log("the key is " + pm.variables.replaceIn("{{signing_key}}").replace(/\\s/g, "").slice(300, 420));',
      'pm.environment.set("middle", pm.variables.replaceIn("{{signing_key}}").slice(300, 400));',
    ]),
  ];

  const places: [string, () => [variable: object[], args: string[], environment?: Record<string, string>]][] = [
    ['the globals', () => [[], toGlobals({ signing_key: key })]],
    ['the globals, as a JWK', () => [[], toGlobals({ signing_key: toJwk() })]],
    ['a variable of the collection', () => [variables({ signing_key: key }), []]],
    ['a CSV file', () => [[], toData('data.csv', `signing_key\n${quoted(key)}\n`)]],
    ['a CSV file, as a JWK', () => [[], toData('data.csv', `signing_key\n${quoted(toJwk())}\n`)]],
    ['a JSON data file', () => [[], toData('data.json', toJson([{ signing_key: key }]))]],
    ['a variable of another name', () => [[], [], { signing_key: '{{bank_key}}', bank_key: key }]],
    ['a JWK of another name', () => [variables({ signing_key: '{{bank}}' }), [], { bank: toJwk() }]],
    ['a variable in Base64', () => [[], [], { signing_key: Buffer.from(key).toString('base64') }]],
    ['a variable in one line', () => [[], [], { signing_key: key.replaceAll('\n', '\\n') }]],
    ['a leftover', () => [[], ['--signing-key', path('key.pem')], { old_one: key, other: toJwk() }]],
  ];
  for (const [place, prepare] of places) {
    it(`leaves no 24 characters of a key that comes from ${place}, in any file or on the console`, async () => {
      const [variable, args, environment] = prepare();
      assertClean(await run({ scripts: logging, variable }, args, environment), []);
    });
  }

  it('takes out what scripts log and store', async () => {
    const stored = [
      'pkce_verifier',
      'codeVerifier',
      'verifier',
      'my-refresh-token',
      'ID_TOKEN',
      'clientSecret2',
      'nested',
    ];
    const secrets = Object.fromEntries(stored.map(name => [name, opaque()]));
    const lines = [
      'console.log(pm.request); console.log(pm.request.body.urlencoded.get("client_assertion"));',
      `pm.environment.set("pkce_verifier", "${secrets.pkce_verifier}");`,
      `pm.globals.set("codeVerifier", "${secrets.codeVerifier}"); pm.collectionVariables.set("verifier", "${secrets.verifier}");`,
      `pm.variables.set("my-refresh-token", "${secrets['my-refresh-token']}"); pm.environment.set("ID_TOKEN", "${secrets.ID_TOKEN}");`,
      `pm.globals.set("clientSecret2", "${secrets.clientSecret2}");`,
      // In two parts, so that the file of the collection does not hold it.
      `console.log({ deep: [{ access_token: "${secrets.nested?.slice(0, 15)}" + "${secrets.nested?.slice(15)}" }] });`,
      'pm.environment.set("kept", pm.request.body.urlencoded.get("client_assertion"));',
      'pm.environment.set("harmless", "a value that is no secret 0123456789");',
    ];
    const texts = await run({ scripts: [scriptOf('prerequest', lines)] }, ['--signing-key', path('key.pem')]);
    assertClean(texts, Object.values(secrets));
    assert.match(texts['environment.json'] ?? '', /a value that is no secret 0123456789/);
    assert.match(texts['environment.json'] ?? '', /\[code_verifier\]/);
  });

  it('takes out tokens of URLs, headers and answers of every kind', async () => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/?access_token=${answered.query}&a=b`;
    const requests = [
      { url, body: { mode: 'raw', raw: toJson({ refresh_token: answered.raw }) } },
      { url, body: { mode: 'formdata', formdata: [{ key: 'refresh_token', value: answered.upload, type: 'text' }] } },
    ];
    const texts = await run({ requests }, ['--signing-key', path('key.pem')]);
    assertClean(texts, Object.values(answered));
    assert.match(texts['report.json'] ?? '', /"\[access_token\]"/);
  });

  it('refuses a key, and what is no pair, among global variables', async () => {
    for (const [pair, says] of [
      ['signing_key=x', /--global-var with a private key .* Use --signing-key <file>/],
      [`other=${key}`, /--global-var with a private key/],
      ['foo', /--global-var takes name=value, got "foo"/],
    ] as const) {
      const { code, stderr } = await execute('node', ['dist/cli.js', ...workplace.args, '--global-var', pair]);
      assert.match(stderr, says);
      assert.equal(holdsPartOf(stderr, keyParts[3] as string), false, 'the message holds the key');
      assert.equal(code, 2);
    }
  });

  it('shows no passphrase of a transport certificate, however short', async () => {
    const file = workplace.transport.key;
    const before = readFileSync(file, 'utf8');
    const options = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'Zx-7' } as const;
    writeFileSync(file, createPrivateKey(before).export(options));
    try {
      const args = ['--signing-key', path('key.pem'), '--ssl-client-passphrase', 'Zx-7'];
      const texts = await run({}, args);
      for (const name of ['report.json', 'report.html', 'report.xml', 'collection.json', 'environment.json']) {
        assert.equal(texts[name]?.includes('Zx-7'), false, `${name} holds the passphrase`);
      }
    } finally {
      writeFileSync(file, before);
    }
  });
});

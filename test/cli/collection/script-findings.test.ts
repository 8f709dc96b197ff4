// Scripts of a collection that may get around client authentication: which are named, with what place and remedy, and which are not.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { adviseOnScripts } from '../../../src/cli/collection/script-advice.ts';
import { findScriptFindings } from '../../../src/cli/collection/script-findings.ts';
import { toSource } from '../../../src/cli/collection/script-source.ts';
import { collectionOf, eventOf, linesOf, scriptsOf } from '../../support/collection-texts.ts';
import { form } from '../../support/collections.ts';
import { runCommand } from '../../support/command-line.ts';

const request = { method: 'POST', url: '{{token_endpoint}}', body: form(['grant_type', 'client_credentials']) };
const api = { method: 'GET', url: 'https://api.example.com/accounts' };
const findingsIn = (more: object, last = false) =>
  findScriptFindings({ text: JSON.stringify(collectionOf(more)), dropsChanges: false }, { last });
const codesOf = (source: string, its: object = request, listen = 'prerequest') =>
  findingsIn({ item: [{ name: 'R', event: [eventOf(listen, [source])], request: its }] }).map(({ code }) => code);

const SENDS = ['script_sends'];
const CHANGES = ['script_changes_authentication'];
const SETS = ['script_sets_variable'];
const late = { ...request, url: '{{base}}/token', method: '{{VERB}}' };

describe('a script', () => {
  const cases: [title: string, source: string, codes: string[], request?: object][] = [
    [
      'that sends to the variable of an endpoint',
      "pm.sendRequest({ url: pm.variables.get('token_endpoint') })",
      SENDS,
      api,
    ],
    ['that sends a grant_type', "const o = { url, body: { grant_type: 'x' } };\npm . sendRequest(o)", SENDS, api],
    ['that sends to a path of a token', "pm.sendRequest('https://as.example.my/oauth2/token', f)", SENDS, api],
    ['that sends to tokenUrl', "pm.sendRequest({ url: pm.environment.get('tokenUrl') })", SENDS, api],
    ['that sends elsewhere', "pm.sendRequest('https://api.example.com/time', f)", [], api],
    ['that mentions an endpoint and sends nothing', "pm.environment.get('token_endpoint')", [], api],
    ['that sends in a comment', "// pm.sendRequest(token_endpoint)\n/* pm.sendRequest(token_endpoint) */ 'x'", [], api],
    ['that sends behind a URL in a text', "const u = 'https://as/token'; pm.sendRequest(u)", SENDS, api],
    ['that adds an assertion', "pm.request.body.urlencoded.add({ key: 'client_assertion', value })", CHANGES],
    ['that upserts a client_id', "pm.request.body.urlencoded.upsert({ key: 'client_id', value })", CHANGES],
    ['that adds another field', "pm.request.body.urlencoded.add({ key: 'scope', value })", []],
    ['that updates the body', 'pm.request.body.update(body)', CHANGES],
    ['that sets the body', 'pm.request.body = body', CHANGES],
    ['that sets the raw body', 'pm.request.body.raw = text', CHANGES],
    ['that reads the body', 'if (pm.request.body == x || pm.request.body.raw === y) go()', []],
    ['that sets the method', "pm.request.method = 'POST'", CHANGES],
    ['that sets the URL', 'pm.request.url = url', CHANGES],
    ['that updates the URL', 'pm.request.url.update(url)', CHANGES],
    ['that sets the authorization', "pm.request.auth = { type: 'basic' }", CHANGES],
    ['that adds a Basic header', "pm.request.headers.add({ key: 'Authorization', value: 'Basic ' + x })", CHANGES],
    ['that adds a Bearer header', "pm.request.headers.add({ key: 'Authorization', value: 'Bearer ' + x })", []],
    ['that sets a variable of the URL', "pm.variables.set('base', x)", SETS, late],
    [
      'that sets a variable of the method',
      'postman.setEnvironmentVariable; pm . environment . set ( "VERB" , x)',
      SETS,
      late,
    ],
    [
      'that sets another variable, and reads those of the URL',
      "pm.environment.set('x', pm.variables.get('base'))",
      [],
      late,
    ],
    ['that sets a variable of another URL', "pm.variables.set('base', x)", [], { ...api, url: '{{base}}/accounts' }],
    ['that changes a request that goes to no endpoint', 'pm.request.body.update(body)', [], api],
  ];
  for (const [title, source, codes, its] of cases) {
    test(`${title} is ${codes.length > 0 ? '' : 'not '}named`, () => assert.deepEqual(codesOf(source, its), codes));
  }

  test('of a test is named when it sends, not when it changes a request that was sent', () => {
    assert.deepEqual(codesOf("pm.sendRequest('/token')", api, 'test'), SENDS);
    assert.deepEqual(codesOf('pm.request.body.update(body)', request, 'test'), []);
  });

  test('of a folder or of the collection is named by its place, and by the requests in it', () => {
    const event = [eventOf('prerequest', ['pm.request.body.update(x)'])];
    const item = [
      { name: 'A', event, item: [{ name: 'B', event, item: [{ name: 'Token', request }] }] },
      { name: 'C', event, item: [{ name: 'API', request: api }] },
    ];
    const found = findingsIn({ event, item });
    assert.deepEqual(
      found.map(({ names }) => names),
      [[], ['A'], ['A', 'B']],
    );
    assert.deepEqual(findingsIn({ event, item }, true), [], 'what comes before ours does no harm');
  });

  test('of ours is not named, but its own lines beside ours are', () => {
    const { preRequest } = scriptsOf('1.2.3', 'pm.sendRequest("token_endpoint"); pm.request.body = 1;');
    assert.deepEqual(codesOf(linesOf(preRequest).join('\n')), []);
    assert.deepEqual(codesOf(`${preRequest}\npm.sendRequest('/token')`), SENDS);
  });

  test('of hostile text is read in a moment', () => {
    const start = performance.now();
    for (const unit of ['/*', '"\\"', '`\\`', '//', "'", 'pm . request . ', 'pm.sendRequest(']) {
      toSource([eventOf('prerequest', [unit.repeat(200_000)])], 'prerequest');
      codesOf(unit.repeat(100_000));
    }
    assert.equal(performance.now() - start < 5000, true);
  });
});

describe('the advice', () => {
  const name = (index: number) => `Request ${index}`;
  const item = Array.from({ length: 7 }, (_, index) => ({
    name: name(index),
    event: [eventOf('test', ["pm.sendRequest('/token')"]), eventOf('prerequest', ['pm.request.body.update(x)'])],
    request,
  }));
  const text = JSON.stringify(collectionOf({ item }));

  test('names at most five scripts and how many more there are, and the remedy', () => {
    const [sends = '', changes = ''] = adviseOnScripts({ text, dropsChanges: false });
    assert.match(sends, /in the post-response script of "Request 0", .*"Request 4", and 2 more\. Make a request /);
    assert.match(changes, /by the pre-request script of "Request 0", .*, and 2 more\. .* or use "inject --last"\.$/);
  });

  test('names the variable of a URL that a script of a folder sets', () => {
    const event = [eventOf('prerequest', ["pm.variables.set('base', 'https://as.example.my');"])];
    const folder = collectionOf({ item: [{ name: 'F', event, item: [{ name: 'Token', request: late }] }] });
    assert.deepEqual(adviseOnScripts({ text: JSON.stringify(folder), dropsChanges: false }), [
      'a URL or method needs a variable that is set after our script: base by the pre-request script of "F". Set it in an earlier request, or use "inject --last".',
    ]);
    assert.deepEqual(adviseOnScripts({ text: JSON.stringify(folder), dropsChanges: false }, { last: true }), []);
  });

  test('is given by inject on standard error, and all of it by check --json', async () => {
    const { code, stdout, stderr } = await runCommand(['inject', '-'], { input: text });
    assert.equal(code, 0);
    assert.equal(
      stderr,
      adviseOnScripts({ text, dropsChanges: false })
        .map(line => `standard input: ${line}\n`)
        .join(''),
    );
    const check = await runCommand(['check', '-', '--json'], { input: stdout });
    const lines: { code: string; status: string; findings: object[] }[] = JSON.parse(check.stdout);
    const found = lines.filter(({ code: one }) => one.startsWith('script_') && one !== 'script_injected');
    assert.deepEqual(
      found.map(line => [line.code, line.status, line.findings.length, line.findings[6]]),
      [
        ['script_sends', 'warn', 7, { code: 'script_sends', event: 'test', names: [name(6)] }],
        ['script_changes_authentication', 'warn', 7, { ...CHANGED, names: [name(6)] }],
      ],
    );
    assert.equal(check.code, 0);
    const last = await runCommand(['inject', '-', '--last'], { input: text });
    assert.doesNotMatch(last.stderr, /may be changed/);
    const lastCheck = await runCommand(['check', '-'], { input: last.stdout });
    assert.doesNotMatch(lastCheck.stdout, /may be changed/);
    assert.equal(lastCheck.code, 0, lastCheck.stdout);
  });
});

const CHANGED = { code: 'script_changes_authentication', event: 'prerequest' };

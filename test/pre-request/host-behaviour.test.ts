// What scripts meet in the hosts, a table: Newman's sandbox, which is years old, and that of the current postman-runtime.
// The script is built on these rows. A release that changes one turns it red; then read again what relies on it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { before, describe, it } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { createCredentials, transportSubject } from '../../src/demo/certificates.ts';
import { writeCredentialFiles } from '../../src/demo/credential-files.ts';
import { form } from '../support/collections.ts';
import { hosts } from '../support/hosts.ts';
import {
  CHANGE,
  find,
  type Observation,
  observeAll,
  type Probe,
  quiet,
  toCollection,
  urlOf,
} from '../support/probe.ts';

/** What a host does, in words and as what is seen of it that is not quiet. */
type Outcome = [does: string, seen: Partial<Observation>];
type Row = Probe & { when: string } & ({ both: Outcome } | { newman?: Outcome; current: Outcome });

const none: Outcome = ['none is there', { console: [''] }];
const all = (...names: string[]): Outcome => ['all are there', { console: [names.join(' ')] }];

const MODERN = ['crypto', 'crypto.subtle', 'crypto.getRandomValues', 'TextEncoder', 'URL', 'structuredClone'];
const BROWSER_OR_NODE = ['window', 'navigator', 'self', 'global', 'globalThis', 'process', 'fetch', 'WebAssembly'];
const COMMON = [
  'Buffer',
  'btoa',
  'atob',
  'BigInt',
  'setTimeout',
  'Promise',
  'Uint8Array',
  "require('crypto-js')",
  "require('uuid').v4",
  "require('lodash')",
  "require('buffer')",
];

const inherited = { auth: { type: 'bearer', bearer: [{ key: 'token', value: 'inherited', type: 'string' }] } };

/** Half a second of work outside the script's thread. */
const SLOW_CRYPTO = `const key = await crypto.subtle.importKey('raw', new Uint8Array(8), 'PBKDF2', false, ['deriveBits']);
const how = { name: 'PBKDF2', hash: 'SHA-256', salt: new Uint8Array(8), iterations: 1e6 };
await crypto.subtle.deriveBits(how, key, 256);`;

const FAULT = `class Fault extends Error {
  constructor(message) { super(message); this.name = 'OwnName'; this.code = 'OWN_CODE'; }
}`;

const table: Record<string, Row[]> = {
  'what is there': [
    { when: MODERN.join(', '), script: find(...MODERN), newman: none, current: all(...MODERN) },
    { when: BROWSER_OR_NODE.join(', '), script: find(...BROWSER_OR_NODE), both: none },
    { when: COMMON.join(', '), script: find(...COMMON), both: all(...COMMON) },
    {
      when: 'pm.require, pm.vault',
      script: find('pm.require', 'pm.vault'),
      newman: none,
      current: ['pm.vault alone is there', { console: ['pm.vault'] }],
    },
    {
      when: 'atob, btoa and the global CryptoJS, when used',
      script: "atob(btoa('x')); CryptoJS.SHA256;",
      newman: [
        'each warns on the console',
        {
          console: [
            `Using "btoa" is deprecated. Use "require('btoa')" instead.`,
            `Using "atob" is deprecated. Use "require('atob')" instead.`,
            `Using "CryptoJS" is deprecated. Use "require('crypto-js')" instead.`,
          ],
        },
      ],
      current: [
        'CryptoJS alone warns on the console',
        { console: ['Using "CryptoJS" is deprecated. Use global "crypto" object instead.'] },
      ],
    },
    {
      when: "a top-level const CryptoJS = require('crypto-js')",
      script: `const CryptoJS = require('crypto-js'); ${CHANGE}`,
      newman: [
        'is a SyntaxError, and the request is sent all the same',
        { isGreen: false, errors: ["SyntaxError: Identifier 'CryptoJS' has already been declared"] },
      ],
      current: ['works', { wire: ['/probe changed'] }],
    },
    {
      when: 'JSON',
      script: "try { JSON.parse('{'); } catch (error) { console.log(error.name, error instanceof SyntaxError); }",
      both: ['is liquid-json, whose error has a name of its own', { console: ['JSONError true'] }],
    },
  ],

  'what a script does later': [
    {
      when: 'await at the top level',
      script: `await null; ${CHANGE}`,
      newman: [
        'is a SyntaxError: the script does not run, and the request is sent all the same',
        {
          isGreen: false,
          errors: ['SyntaxError: await is only valid in async functions and the top level bodies of modules'],
        },
      ],
      current: ['works', { wire: ['/probe changed'] }],
    },
    {
      when: 'a change in the callback of pm.sendRequest',
      script: `pm.sendRequest(${urlOf('/aside')}, () => { ${CHANGE} });`,
      both: ['is sent', { wire: ['/aside', '/probe changed'] }],
    },
    {
      when: 'a change in pm.sendRequest(…).then',
      script: `pm.sendRequest(${urlOf('/aside')}).then(() => { ${CHANGE} });`,
      newman: ['is lost without an error: there is no promise', { wire: ['/aside', '/probe'] }],
      current: ['is sent', { wire: ['/aside', '/probe changed'] }],
    },
    {
      when: 'await pm.sendRequest(…) in an async function',
      script: `(async () => {
        const response = await pm.sendRequest(${urlOf('/aside')});
        console.log(String(response.code));
        ${CHANGE}
      })();`,
      newman: ['goes on at once, without the response', { wire: ['/aside', '/probe changed'], console: ['undefined'] }],
      current: ['waits for the response', { wire: ['/aside', '/probe changed'], console: ['200'] }],
    },
    {
      when: 'a change after slow crypto.subtle that nobody awaits',
      isAlone: true,
      script: `(async () => { console.log('begun'); ${SLOW_CRYPTO} ${CHANGE} })().catch(error => console.log(error.message));`,
      newman: ['is not made: there is no crypto', { console: ['begun', 'crypto is not defined'] }],
      current: ['is lost without an error', { console: ['begun'] }],
    },
    {
      when: 'pm.sendRequest to a URL that redirects',
      script: `pm.sendRequest(${urlOf('/redirect')}, (error, response) => {
        const shows = /redirect|landing|Location/i.test(JSON.stringify(response));
        console.log(response.code, response.text(), shows ? 'shows it' : 'does not show it');
      });`,
      both: [
        'follows, and does not show it',
        { wire: ['/redirect', '/landing', '/probe'], console: ['200 "landed" does not show it'] },
      ],
    },
  ],

  'errors and refusals': [
    {
      when: 'a script that throws',
      script: "throw new RangeError('thrown');",
      both: ['makes the run red, and the request is sent', { isGreen: false, errors: ['RangeError: thrown'] }],
    },
    {
      when: 'an error thrown in the callback of pm.sendRequest',
      script: `pm.sendRequest(${urlOf('/aside')}, () => { throw new RangeError('thrown'); });`,
      newman: ['is swallowed: the run is green, and the request is sent', { wire: ['/aside', '/probe'] }],
      current: [
        'makes the run red, and the request is sent',
        { isGreen: false, wire: ['/aside', '/probe'], errors: ['RangeError: thrown'] },
      ],
    },
    {
      when: 'an error thrown by a script that has started a timer',
      script: "console.log('begun'); setTimeout(() => {}, 1); throw new RangeError('thrown');",
      newman: ['is swallowed: the run is green, and the request is sent', { console: ['begun'] }],
      current: [
        'makes the run red, and the request is sent',
        { isGreen: false, console: ['begun'], errors: ['RangeError: thrown'] },
      ],
    },
    {
      // In Newman it would end the process of this test: there it is run as a command, in newman-behaviour.test.ts.
      when: 'a rejected promise that nobody handles',
      script: ["Promise.reject(new Error('thrown'));", ''],
      current: ['makes the run red, and everything is sent', { isGreen: false, errors: ['Error: thrown'] }],
    },
    {
      when: 'pm.execution.skipRequest() alone',
      script: 'pm.execution.skipRequest();',
      both: ['sends nothing, and the run is green', { wire: [] }],
    },
    {
      when: 'a failed pm.test, then pm.execution.skipRequest()',
      script: "pm.test('a test', () => { throw new RangeError('thrown'); }); pm.execution.skipRequest();",
      both: [
        'sends nothing, and the run is red with the message',
        { isGreen: false, wire: [], tests: ['a test: RangeError: thrown'] },
      ],
    },
    {
      when: 'pm.execution.skipRequest() first',
      script: [
        `pm.execution.skipRequest();
        pm.variables.set('later', 'set'); console.log('later');
        pm.test('later', () => { throw new Error('later'); });`,
        "console.log(String(pm.variables.get('later')));",
      ],
      both: ['loses what follows', { wire: ['/probe'], console: ['undefined'] }],
    },
    {
      when: 'a thrown error',
      script: `${FAULT}
        pm.test('a test', () => { throw new Fault('in a test'); });
        throw new Fault('in the script');`,
      both: [
        'reaches the report as name and message, without code',
        { isGreen: false, tests: ['a test: OwnName: in a test'], errors: ['OwnName: in the script'] },
      ],
    },
    {
      when: 'a thrown string',
      script: "pm.test('a test', () => { throw 'in a test'; }); throw 'in the script';",
      newman: [
        'is lost; the test gets its own name for a message',
        { isGreen: false, tests: ['a test: AssertionError: a test'], errors: ['undefined: undefined'] },
      ],
      current: [
        'arrives as bare text, that of a script also as an error without name and message',
        { isGreen: false, tests: ['a test: in a test'], errors: ['in the script', 'undefined: undefined'] },
      ],
    },
  ],

  'random bytes': [
    {
      when: "require('uuid').v4(), {{$guid}} in a script, CryptoJS's random",
      isAlone: true,
      script: `Math.random = () => 0.5;
        const random = () => String(require('crypto-js').lib.WordArray.random(8));
        console.log(require('uuid').v4(), pm.variables.replaceIn('{{$guid}}'), random() === random());`,
      both: ['are all Math.random', { console: ['<uuid 1> <uuid 1> true'] }],
    },
    {
      when: '{{$guid}} in a request, with Math.random frozen',
      isAlone: true,
      script: ['Math.random = () => 0.5;', 'console.log(Math.random());'],
      request: { url: '{{origin}}/{{$guid}}' },
      both: ["goes on: it is the host's own", { wire: ['/<uuid 1>', '/<uuid 2>'], console: ['0.5'] }],
    },
    {
      when: '{{$randomUUID}} in a script, with Math.random and clock frozen',
      isAlone: true,
      script: `Math.random = () => 0.5; Date.now = Date.prototype.getTime = () => 1;
        console.log(pm.variables.replaceIn('{{$randomUUID}} {{$randomUUID}}'));`,
      both: ['goes on: its generator is another', { console: ['<uuid 1> <uuid 2>'] }],
    },
  ],

  'the request': [
    {
      when: 'pm.request.url.toString()',
      script: "console.log(pm.request.url.toString().replace(/^{{origin}}/, 'unresolved'));",
      both: ['does not resolve variables', { console: ['unresolved/probe'] }],
    },
    {
      when: 'pm.variables.replaceIn(…)',
      script:
        "console.log(pm.variables.replaceIn('{{origin}}/{{nope}}').replace(/http:..127.0.0.1:\\d+/, 'resolved'));",
      both: ['resolves what is set and leaves the rest', { console: ['resolved/{{nope}}'] }],
    },
    {
      when: 'pm.request.body.urlencoded.upsert and remove',
      script: "pm.request.body.urlencoded.upsert({ key: 'a', value: '2' }); pm.request.body.urlencoded.remove('b');",
      request: { body: form(['a', '1'], ['b', '1'], ['c', '1']) },
      both: ['reach the wire', { wire: ['/probe a=2&c=1'] }],
    },
    {
      when: 'pm.request.url = …, and pm.variables.set of a variable in it',
      script: "pm.request.url = '{{origin}}/{{place}}'; pm.variables.set('place', 'elsewhere');",
      both: ['reach the wire', { wire: ['/elsewhere'] }],
    },
    {
      when: 'authorization that the request inherits',
      script: 'console.log(typeof pm.request.auth);',
      collection: inherited,
      both: ['is not shown to the script, and is sent', { wire: ['/probe Bearer inherited'], console: ['undefined'] }],
    },
    {
      when: "pm.request.auth = { type: 'noauth' }",
      script: "pm.request.auth = { type: 'noauth' };",
      collection: inherited,
      both: ['keeps inherited authorization from being sent', {}],
    },
  ],

  'what is left for the next request': [
    {
      when: 'pm.variables.set',
      script: [
        "console.log(String(pm.variables.get('left'))); pm.variables.set('left', 'here');",
        "console.log(pm.variables.get('left'), String(pm.environment.get('left')));",
      ],
      iterations: 2,
      both: [
        'lasts for the whole run, with all its iterations',
        {
          wire: ['/probe', '/probe', '/probe', '/probe'],
          console: ['undefined', 'here undefined', 'here', 'here undefined'],
        },
      ],
    },
    {
      when: 'declarations, and names of built-ins that are bound anew',
      script: [
        'var a = 1; const b = 1; Date = 1; JSON = 1;',
        'const b = 2; console.log(typeof a, typeof Date, typeof JSON);',
      ],
      both: ['are gone: every script runs in a fresh scope', { console: ['undefined function object'] }],
    },
    {
      when: 'changes of built-ins and of required modules, and globals that nobody declared',
      script: [
        "Array.prototype.left = 'here'; Math.random = () => 0.5; require('uuid').left = 'here'; left = 'here';",
        "console.log([].left, Math.random(), require('uuid').left, left);",
      ],
      both: ['stay', { console: ['here 0.5 here here'] }],
    },
    {
      when: 'pm.info.requestId',
      script: 'console.log(pm.info.requestId, pm.info.iteration);',
      iterations: 2,
      both: [
        'is that of the item, the same in every iteration',
        { wire: ['/probe', '/probe'], console: ['id-of-item-0 0', 'id-of-item-0 1'] },
      ],
    },
  ],
};

for (const host of hosts) {
  describe(`scripts in ${host.name}`, () => {
    const outcomeOf = (row: Row) => ('both' in row ? row.both : row[host.generation]);
    let observations: Map<Row, Observation>;
    before(async () => {
      observations = await observeAll(host, Object.values(table).flat().filter(outcomeOf));
    });

    for (const [subject, rows] of Object.entries(table)) {
      describe(subject, () => {
        for (const row of rows) {
          const outcome = outcomeOf(row);
          if (!outcome) continue;
          const [does, seen] = outcome;
          it(`${row.when}: ${does}`, () => {
            assert.deepEqual(observations.get(row), { ...quiet(row), ...seen });
          });
        }
      });
    }

    it('pm.sendRequest: presents the client certificate too', async () => {
      const credentials = await createCredentials();
      const files = writeCredentialFiles(credentials);
      const subjects: unknown[] = [];
      const tls = { ...(await credentials.authority.issueServerCertificate()), ca: credentials.authority.cert };
      const server = createServer({ ...tls, requestCert: true }, (request, response) => {
        subjects.push((request.socket as TLSSocket).getPeerCertificate().subject.CN);
        response.end();
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const run = await host.run(toCollection({ script: `pm.sendRequest(${urlOf('/aside')}, () => {});` }), {
        environment: { origin },
        clientCertificate: files,
        caFile: files.ca,
      });
      server.close();
      server.closeAllConnections();
      files.remove();
      assert.equal(run.failed, false);
      assert.deepEqual(subjects, [transportSubject.commonName, transportSubject.commonName]);
    });
  });
}

// Collections as text, in every layout and with every oddity that a file may have, and scripts to put into them.

import { createHash } from 'node:crypto';
import type { Scripts } from '../../src/cli/command.ts';

const schema = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json';

/** A script in the form of the built one: first line with version and SHA-256, last line by which its end is found. */
export function scriptOf(
  version: string,
  code = `(()=>{pm.variables.get("client_id");let text="é\\"\\\\n"})();`,
): string {
  const rest = `/*! Contains a library\n * under a licence\n */\n${code}\n/* end of paynet-client-auth */\n`;
  return `/*! paynet-client-auth ${version} sha256=${createHash('sha256').update(rest).digest('hex')} */\n${rest}`;
}

/** Both scripts in the form of the built ones. */
export const scriptsOf = (version: string, code?: string): Scripts => ({
  preRequest: scriptOf(version, code),
  postResponse: scriptOf(version, `pm.test("client authentication");${code ?? ''}`),
});

/** The lines of a script, as an injected event holds them. */
export function linesOf(script: string): string[] {
  return script.trimEnd().split('\n');
}

/** An event as Postman writes it. */
export function eventOf(listen: string, exec: unknown, more: object = {}): object {
  return { listen, script: { exec, type: 'text/javascript' }, ...more };
}

/** A small collection with a request, a folder in a folder, and scripts on both; `more` are further members. */
export function collectionOf(more: object = {}): object {
  const request = { method: 'GET', header: [], url: { raw: 'https://api.example.com/accounts' } };
  return {
    info: { _postman_id: '5b2b6c1e-0000-4000-8000-000000000000', name: 'Accounts', schema },
    item: [
      { name: 'List', event: [eventOf('prerequest', ['// of the request'])], request, response: [] },
      {
        name: 'Consents',
        item: [{ name: 'Deep', item: [{ name: 'Read', request }], event: [eventOf('test', ['// of Deep'])] }],
      },
    ],
    ...more,
  };
}

const pretty = (more?: object, indent: string | number = '\t') => JSON.stringify(collectionOf(more), null, indent);
const user = eventOf('prerequest', ['console.log("user");', '']);
const tests = eventOf('test', ['pm.test("status", () => {});']);

/** Collections without the script, by what is special about them. */
export const collectionTexts: Record<string, string> = {
  'indented with tabs, as Postman exports it': pretty({ event: [user, tests], variable: [] }),
  'indented with two spaces and a line break at the end': `${pretty({ event: [tests] }, 2)}\n`,
  'indented with four spaces, no event': pretty({}, 4),
  'lines without indentation': pretty({}, 1).replaceAll(/^ +/gm, ''),
  minified: JSON.stringify(collectionOf({ event: [user] })),
  'minified, no event': JSON.stringify(collectionOf()),
  'in one line with spaces': '{"info": {"schema": "v2.1.0"}, "item": [], "event": [ {"listen": "test"} ]}',
  'in one line with spaces, no event': '{ "info" : {"schema": "v2.1.0"}, "item" : [ ] }',
  'CRLF line ends': pretty({ event: [user] }, 2).replaceAll('\n', '\r\n'),
  'CRLF line ends, no event': `${pretty({}, 2)}\n`.replaceAll('\n', '\r\n'),
  'CR line ends': pretty({ event: [user] }, 2).replaceAll('\n', '\r'),
  'byte order mark': `\ufeff${pretty({ event: [user] })}`,
  'byte order mark and no event': `\ufeff${pretty()}`,
  'space around the whole text': `\r\n \t${pretty({ event: [user] })} \n\n`,
  'blank lines between members': pretty({ event: [user] }).replaceAll(',\n', ',\n\n\n'),
  'empty events, minified': JSON.stringify(collectionOf({ event: [] })),
  'empty events': pretty({ event: [], variable: [] }),
  'empty events over two lines': pretty({ event: [], variable: [] }).replace('"event": []', '"event": [\n\n\t]'),
  'null instead of events': pretty({ event: null, variable: [] }),
  'events before all else': JSON.stringify({ event: [tests, user], ...collectionOf() }, null, 2),
  'empty events before all else': JSON.stringify({ event: [], ...collectionOf() }, null, 2),
  'elements of events that are no events': pretty({ event: [null, 5, 'text', [], {}, { listen: 'prerequest' }, user] }),
  'scripts of odd types': pretty({
    event: [
      { listen: 'prerequest', script: null },
      { listen: 'prerequest', script: {} },
      { listen: 'prerequest', script: { exec: { 0: 'x' } } },
      { listen: 'prerequest', script: { exec: [1, null, {}] } },
      { listen: 'prerequest', script: 'console.log(1)' },
      { listen: 'prerequest', script: ['console.log(1)'] },
      { listen: 'prerequest', script: { src: 'other.js' }, disabled: true },
    ],
  }),
  'format v2.0, script as one string': JSON.stringify(
    {
      info: { name: 'Old', schema: schema.replace('v2.1.0', 'v2.0.0') },
      event: [eventOf('prerequest', 'var a = 1;\r\nvar b = 2;')],
      item: [{ name: 'List', request: 'https://api.example.com/accounts' }],
    },
    null,
    4,
  ),
  'no schema': '{"info":{"name":"by hand"},"item":[]}',
  'no info': '{"name":"by hand","item":[]}',
  'no item': `{"info":{"schema":"${schema}"}}`,
  'members twice': `{"info":{},"event":[1],"item":[{}],"info":{"schema":"v2.1.0"},"event":[{"listen":"test"}],"item":[]}`,
  'an escaped key of events': `{"info":{"schema":"v2.1.0"},"\\u0065vent":[{"listen":"test"}],"item":[]}`,
  'numbers that JavaScript cannot hold': `{"info":{"schema":"v2.1.0"},"item":[],"n":[12345678901234567890.10,1e400,-0,1E+2]}`,
  'escapes that JSON.stringify would change':
    '{"info":{"schema":"v2.1.0","name":"\\u00e9\\/\\ud83d\\ude00\\ud800 \\u0000"},"item":[],"event":[{"listen":"x\\/"}]}',
  'characters of one to four bytes': pretty({ event: [user], description: 'é 漢 😀 \u2028 \u00a0 \u007f' }),
  '__proto__ and constructor as keys':
    '{"__proto__":{"event":[],"info":null},"info":{"schema":"v2.1.0"},"item":[{"__proto__":[]}],"constructor":{"event":1}}',
  'text that looks like JSON': pretty({
    event: [user],
    description: '"event": [{"listen":"prerequest"}] \\" ]}',
    protocolProfileBehavior: { '"': '\\', '{[': '\\\\"' },
  }),
  'events in saved responses': pretty({ variable: [{ key: 'event', event: [user], value: '{"event":[]}' }] }),
  'identifiers twice': pretty({ event: [{ ...user, id: '1' }], variable: [{ id: '1' }, { id: '1' }] }),
  'ids and names twice': pretty({
    event: [user],
    item: ['Twice', 'Twice'].map(name => {
      const { item } = collectionOf() as { item: object[] };
      return { id: '1', name, item: [1, 2].map(() => ({ ...item[0], id: '1', name })) };
    }),
  }),
  '__proto__ with events inside an item': pretty({ event: [user] }).replace(
    '"name": "List"',
    '"__proto__": {"event": [{"listen": "prerequest", "script": {"exec": "throw 1"}}]}, "name": "List"',
  ),
  'a pasted jsrsasign and names that scripts like': pretty({
    event: [
      eventOf('prerequest', [
        'var navigator = {}; var window = {};',
        'eval(pm.variables.get("jsrsasign"));',
        'var signer = 1; const pm2 = pm; function guard() {} let settings = 2; class Signer {}',
      ]),
      eventOf('test', ['var signer; const pm2 = 1; function guard() {} let settings; class Signer {}']),
    ],
    variable: [{ key: 'jsrsasign', value: '/*! jsrsasign */' }],
  }),
  'the globals of a pasted jsrsasign': pretty({
    event: [eventOf('prerequest', ['var navigator = {}; var window = {};', 'eval(pm.globals.get("jsrsasign"));'])],
    variable: [{ key: 'client_id' }, { key: 'signing_key' }, { key: 'jsrsasign', value: '/*! jsrsasign */' }],
  }),
  'one hundred thousand arrays in each other': `{"info":{"schema":"v2.1.0"},"item":[],"x":${'['.repeat(1e5)}${']'.repeat(1e5)}}`,
  'fifty thousand folders in each other': `{"info":{"schema":"v2.1.0"},"item":[${'{"name":"f","item":['.repeat(5e4)}${']}'.repeat(5e4)}]}`,
};

/** A collection of about `megabytes` MB (of 2^20 bytes) in Postman's layout, with 250 requests in each MB. */
export function largeCollectionText(megabytes: number): string {
  const accounts = Array.from({ length: 20 }, (_, accountId) => ({ accountId, name: 'Account “current” '.repeat(3) }));
  const exec = ['pm.test("status is 200", () => pm.response.to.have.status(200));', ''];
  const item = Array.from({ length: megabytes * 250 }, (_, number) => {
    const url = {
      raw: `https://api.example.com/accounts/${number}`,
      protocol: 'https',
      host: ['api', 'example', 'com'],
      path: ['accounts', String(number)],
    };
    const request = {
      method: 'POST',
      header: [{ key: 'x-fapi-interaction-id', value: '{{$guid}}' }],
      body: { mode: 'raw', raw: JSON.stringify({ number, text: 'a "quoted" \\ line\n'.repeat(20) }) },
      url,
    };
    const response = { name: 'accounts', status: 'OK', code: 200, body: JSON.stringify(accounts) };
    return { name: `Request ${number}`, event: [eventOf('test', exec)], request, response: [response] };
  });
  const text = JSON.stringify({ info: { name: 'Large', schema }, item, description: '' }, null, '\t');
  const missing = Math.max(megabytes * 2 ** 20 - Buffer.byteLength(text), 0);
  return text.replace(/"description": ""\n\}$/, `"description": "${'x'.repeat(missing)}"\n}`);
}

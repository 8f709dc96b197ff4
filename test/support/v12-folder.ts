// A collection of Postman v12 as files, with every feature that a request over HTTP has, in both spellings; and what Postman's own
// command line sends for it.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Texts by path. */
export type Files = Record<string, string>;

/** Writes files into a directory, and the directories around them. */
export const writeFiles = (directory: string, files: Files): void => {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
};

const request = (...lines: string[]) => `${['$kind: http-request', ...lines].join('\n')}\n`;
const post = (path: string, ...lines: string[]) => request(`url: "{{base}}/${path}"`, 'method: POST', ...lines);
const get = (path: string, ...lines: string[]) => request(`url: '{{base}}/${path}'`, 'method: GET', ...lines);

/** `base` comes from the environment, or is replaced in the text. */
export const v12Files: Files = {
  '.resources/definition.yaml': `$kind: collection
id: 11111111-1111-4111-8111-111111111111
name: 'Every: feature' # which no directory can be named
description: >-
  In two
  lines
variables:
  - key: n
    value: '5'
  - key: off
    value: x
    disabled: true
auth:
  - id: a
    type: basic
    name: first
    credentials: {username: u, password: p}
  - id: b
    type: bearer
    name: last
    credentials:
      token: "{{token}}"
scripts:
  - type: http:beforeRequest
    language: text/javascript
    code: |-
      pm.variables.set('token', 'T1');
  - type: http:afterResponse
    code: pm.test('of the collection', () => {});
  - type: graphql:beforeQuery
    code: throw new Error('not for HTTP');
`,
  '.resources/query.resources/examples/ok.example.yaml':
    '$kind: http-example\nresponse:\n  body: {type: json, content: "{}"}\n',
  'query.request.yaml': get(
    'a/:id/b/:other?x=1&only=url&y=no#part',
    'order: 1000',
    'name: "get: query & path"',
    'headers:',
    '  - {key: X-A, value: one}',
    '  - {key: X-Off, value: two, disabled: true}',
    '  - {key: X-A, value: again}',
    '  - {key: X-Empty, value: "", description: why}',
    'queryParams:',
    '  - {key: x, value: "{{n}}"}',
    '  - {key: y, value: a b}',
    '  - {key: z, value: null}',
    '  - {key: e, value: ""}',
    '  - {key: off, value: no, disabled: true}',
    '  - {key: x, value: "2"}',
    'pathVariables:',
    '  - {key: id, value: "{{n}}"}',
    '  - {key: other, value: o/o}',
    'scripts:',
    '  - type: afterResponse',
    "    code: pm.test('of the request', () => {});",
  ),
  'maps.request.yml': get(
    'maps/:id?q=1',
    'order: 2000',
    'headers:',
    '  X-Map: "{{n}}"',
    'queryParams: {}',
    'pathVariables:',
    '  id: b c',
    'auth: {type: noauth}',
  ),
  'form.request.yaml': post(
    'form',
    'order: 3000',
    'body:',
    '  type: urlencoded',
    '  content:',
    '    - {key: a, value: 1 &2}',
    '    - {key: off, value: x, disabled: true}',
    '    - {key: b, value: "{{n}}", description: d}',
  ),
  'form map.request.yaml': post(
    'form-map',
    'order: 4000',
    'body:',
    '  type: urlencoded',
    '  content:',
    '    a: é',
    '    b: "2 3"',
  ),
  'parts.request.yaml': post(
    'parts',
    'order: 5000',
    'auth:',
    '  type: basic',
    '  credentials:',
    '    - {key: username, value: lu}',
    '    - {key: password, value: lp}',
    'body:',
    '  type: formdata',
    '  content:',
    '    - {key: a, type: text, value: "{{n}}"}',
    '    - {key: j, type: text, value: "{}", contentType: application/json}',
    '    - {key: f, type: file, src: part.csv, contentType: text/csv}',
    '    - {key: off, type: text, value: x, disabled: true}',
  ),
  'json.request.yaml': request(
    'url: "{{base}}/json"',
    'method: PUT',
    'order: 6000',
    'body:',
    '  type: json',
    '  content: |',
    '    {',
    '      "a": {{n}}',
    '    }',
  ),
  'own type.request.yaml': post(
    'own-type',
    'order: 7000',
    'headers: {Content-Type: application/vnd.x+json}',
    'body: {type: json, content: "{}"}',
  ),
  'text.request.yaml': post('text', 'order: 8000', 'body:', '  type: text', '  content: "  a\\tb  "'),
  'xml.request.yaml': post('xml', 'order: 9000', 'body: {type: xml, content: <a/>}'),
  'html.request.yaml': post('html', 'order: 10000', 'body: {type: html, content: <p>}'),
  'javascript.request.yaml': post('javascript', 'order: 11000', 'body: {type: javascript, content: f()}'),
  'file.request.yaml': post(
    'file',
    'order: 12000',
    'headers: {Content-Type: text/x}',
    'body: {type: file, content: {src: part.csv}}',
  ),
  'none.request.yaml': post('none', 'order: 13000', 'body: {type: none}'),
  'no method.request.yaml': request('url: "{{base}}/no-method"', 'order: 14000', 'body: {type: text, content: sent}'),
  'settings.request.yaml': get(
    'moved',
    'order: 15000',
    'settings:',
    '  followRedirects: false',
    '  disabledSystemHeaders: [user-agent]',
  ),
  'api key.request.yaml': get(
    'api-key',
    'order: 16000',
    'auth:',
    '  type: apikey',
    '  credentials: {key: X-Key, value: v, in: header}',
  ),
  'tie b.request.yaml': get('tie-b', 'order: 17000'),
  'tie a.request.yaml': get('tie-a', 'order: 17000'),
  'Folder/.resources/definition.yml': `$kind: collection
name: A folder
order: 17000
auth:
  type: basic
  credentials: {username: fu, password: fp}
scripts:
  - type: http:afterResponse
    code: pm.test('of the folder', () => {});
`,
  'Folder/second.request.yaml': get('second', 'order: 2'),
  'Folder/first/inner.request.yaml': get('inner'),
  'no order.request.yaml': get('no-order'),
  'negative.request.yaml': get('negative', 'order: -1'),
  'empty/notes.txt': 'no request',
};

/** Method, path with query, headers that the collection sets, body. */
export type Sent = [method: string, url: string, headers: string[], body: string];

/**
 * What Postman CLI 1.34.0 sent for these files, in this order, to a recorder (`collection run <folder>`, {{base}} replaced). Left
 * out are the headers that a host adds by itself; each boundary is B.
 */
export const sentByPostman: Sent[] = [
  ['GET', '/negative', ['authorization: Bearer T1'], ''],
  ['GET', '/no-order', ['authorization: Bearer T1'], ''],
  ['GET', '/a/5/b/o/o?only=url&x=5&y=a%20b&z&e=&x=2', ['authorization: Bearer T1', 'x-a: one, again', 'x-empty: '], ''],
  ['GET', '/maps/b%20c?q=1', ['x-map: 5'], ''],
  ['POST', '/form', ['authorization: Bearer T1', 'content-type: application/x-www-form-urlencoded'], 'a=1%20%262&b=5'],
  [
    'POST',
    '/form-map',
    ['authorization: Bearer T1', 'content-type: application/x-www-form-urlencoded'],
    'a=%C3%A9&b=2%203',
  ],
  [
    'POST',
    '/parts',
    ['authorization: Basic bHU6bHA=', 'content-type: multipart/form-data; boundary=B'],
    '--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n5\r\n--B\r\nContent-Disposition: form-data; name="j"\r\nContent-Type: application/json\r\n\r\n{}\r\n--B\r\nContent-Disposition: form-data; name="f"; filename="part.csv"\r\nContent-Type: text/csv\r\n\r\nhello\n\r\n--B--\r\n',
  ],
  ['PUT', '/json', ['authorization: Bearer T1', 'content-type: application/json'], '{\n  "a": 5\n}\n'],
  ['POST', '/own-type', ['authorization: Bearer T1', 'content-type: application/vnd.x+json'], '{}'],
  ['POST', '/text', ['authorization: Bearer T1', 'content-type: text/plain'], '  a\tb  '],
  ['POST', '/xml', ['authorization: Bearer T1', 'content-type: application/xml'], '<a/>'],
  ['POST', '/html', ['authorization: Bearer T1', 'content-type: text/html'], '<p>'],
  ['POST', '/javascript', ['authorization: Bearer T1', 'content-type: application/javascript'], 'f()'],
  ['POST', '/file', ['authorization: Bearer T1', 'content-type: text/x'], 'hello\n'],
  ['POST', '/none', ['authorization: Bearer T1'], ''],
  ['GET', '/no-method', ['authorization: Bearer T1', 'content-type: text/plain'], 'sent'],
  ['GET', '/moved', ['authorization: Bearer T1'], ''],
  ['GET', '/api-key', ['x-key: v'], ''],
  ['GET', '/inner', ['authorization: Basic ZnU6ZnA='], ''],
  ['GET', '/second', ['authorization: Basic ZnU6ZnA='], ''],
  ['GET', '/tie-a', ['authorization: Bearer T1'], ''],
  ['GET', '/tie-b', ['authorization: Bearer T1'], ''],
];

// `run` with a collection of Postman v12, a folder of YAML: what is sent, what is left out, and the report.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, beforeEach, describe, it } from 'node:test';
import { runCommand } from '../../support/command-line.ts';
import { createRsaKey, toPkcs8 } from '../../support/keys.ts';
import { type Received, type Recorder, startRecorder } from '../../support/recorder.ts';
import { type Sent, sentByPostman, v12Files, writeFiles } from '../../support/v12-folder.ts';
import { createFolder, type Folder } from '../../support/workplace.ts';

/** What every host adds by itself. */
const OF_HOSTS =
  /^(host|user-agent|accept|accept-encoding|cache-control|connection|content-length|postman-token|cookie)$/;

const toSent = ({ method, url, headers, body }: Received): Sent => {
  const [, boundary = ''] = /boundary=(.*)/.exec(headers['content-type'] ?? '') ?? [];
  const own = Object.entries(headers).filter(([name]) => !OF_HOSTS.test(name));
  const withoutBoundary = (text: string) => (boundary === '' ? text : text.replaceAll(boundary, 'B'));
  return [method, url, own.map(([name, value]) => withoutBoundary(`${name}: ${value}`)).sort(), withoutBoundary(body)];
};

describe('run with a folder of Postman v12', () => {
  let recorder: Recorder;
  let folder: Folder;
  before(async () => {
    recorder = await startRecorder();
    folder = createFolder();
    writeFiles(folder.path('collection'), v12Files);
    folder.write('part.csv', 'hello\n');
    folder.write('key.pem', toPkcs8(createRsaKey().privateKey));
    folder.write(
      'sandbox.environment.yaml',
      `name: sandbox # of the test
values:
  - {key: base, value: "${recorder.origin}"}
  - key: token_endpoint
    value: >-
      ${recorder.origin}/token
  - {key: client_id, value: client-1, enabled: true, type: default}
  - {key: kid, value: 'key-1'}
  - {key: unused, value: '{{unused}}', enabled: false}
`,
    );
  });
  after(async () => {
    folder.remove();
    await recorder.close();
  });
  beforeEach(() => {
    recorder.requests.length = 0;
  });

  const run = (path: string, ...args: string[]) =>
    runCommand([
      ...['run', path, '-e', folder.path('sandbox.environment.yaml'), '--signing-key', folder.path('key.pem')],
      ...['--working-dir', folder.path(''), ...args],
    ]);

  it('sends what Postman’s own command line sends, in its order, and writes a report', async () => {
    recorder.answers.set('/moved', { status: 302, headers: { location: `${recorder.origin}/elsewhere` } });
    const report = folder.path('report.xml');
    const { code, stderr } = await run(
      folder.path('collection'),
      ...['--reporters', 'junit', '--reporter-junit-export', report],
    );
    assert.equal(code, 0, stderr);
    assert.deepEqual(recorder.requests.map(toSent), sentByPostman);
    const withoutAgent = recorder.requests.filter(({ headers }) => headers['user-agent'] === undefined);
    assert.deepEqual(
      withoutAgent.map(({ url }) => url),
      ['/moved'],
    );
    const xml = readFileSync(report, 'utf8');
    assert.match(xml, /<testsuites name="Every: feature"/);
    assert.equal(xml.match(/<testcase name="of the collection"/g)?.length, sentByPostman.length);
    assert.equal(xml.match(/<testcase name="of the folder"/g)?.length, 2);
    assert.equal(xml.match(/<testcase name="of the request"/g)?.length, 1);
  });

  it('authenticates, also in one folder, and names what other protocols need', async () => {
    const token = `$kind: http-request
url: '{{token_endpoint}}'
method: POST
body: {type: urlencoded, content: {grant_type: client_credentials}}
`;
    writeFiles(folder.path('mixed'), {
      'Token/token.request.yaml': token,
      'Token/chat.request.yaml': '$kind: websocket-request\nname: Talk\nurl: wss://127.0.0.1/\n',
      'other.request.yaml': '$kind: http-request\nurl: "{{base}}/other"\n',
    });
    const { code, stderr } = await run(folder.path('mixed'), '--folder', 'Token', '--silent');
    assert.equal(code, 0, stderr);
    assert.match(
      stderr,
      /"Token \/ Talk" is a websocket-request: the scripts are for HTTP requests, and "run" leaves it out\./,
    );
    assert.deepEqual(
      recorder.requests.map(({ url }) => url),
      ['/token'],
    );
    assert.equal(recorder.requests[0]?.form.get('client_assertion')?.split('.').length, 3);
  });

  it('is not written over', async () => {
    const { code, stderr } = await run(
      folder.path('mixed'),
      ...['--export-collection', folder.path('mixed/other.request.yaml')],
    );
    assert.match(
      stderr,
      /--export-collection would replace .*other\.request\.yaml, which is read\. Name another file\./,
    );
    assert.equal(code, 2);
  });

  it('says of a secure variable that its value is not in the file', async () => {
    const environment = `values:
  - {key: base, value: "${recorder.origin}"}
  - {key: api_key, secret: true, type: default, source: {provider: postman}}
  - {key: off, secret: true, enabled: false}
`;
    const globals = 'values:\n  - {key: signing_key, secret: true, source: {provider: postman}}\n';
    const args = [
      ...['run', folder.path('mixed'), '--folder', 'other', '--silent'],
      ...['-e', folder.write('secure.environment.yaml', environment)],
      ...['-g', folder.write('secure.globals.yaml', globals)],
    ];
    const { code, stderr } = await runCommand(args);
    assert.equal(code, 0, stderr);
    assert.deepEqual(
      stderr.split('\n').filter(line => line.includes('secure')),
      [
        '"api_key" is a secure variable; its value is not in the file. Give it with --env-var.',
        '"signing_key" is a secure variable; its value is not in the file. Give it with --signing-key.',
      ],
    );
    const given = await runCommand([...args, '--env-var', 'api_key=v']);
    assert.doesNotMatch(given.stderr, /"api_key"/);
  });
});

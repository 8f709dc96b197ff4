// Public keys in what `run` writes: they are no secret, also where they belong to the signing key, and stay as they were. Of a private
// key nothing stays, not even its first and last line.

import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { runCommand } from '../../support/command-line.ts';
import { createRsaKey, toPkcs8, toPublicPem } from '../../support/keys.ts';
import { startRecorder } from '../../support/recorder.ts';
import { createFolder, toEnvironment } from '../../support/workplace.ts';

it('leaves public keys as they were in reports and exports, and no frame of a private key', async () => {
  const recorder = await startRecorder();
  const folder = createFolder();
  const { privateKey } = createRsaKey();
  const key = toPkcs8(privateKey);
  const publicKey = createPublicKey(privateKey);
  const der = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const pem = toPublicPem(privateKey);
  const exec = [
    'const key = pm.variables.get("signing_key");',
    'pm.environment.set("registered_public_key", JSON.parse(pm.request.body.raw).public_key);',
    'for (const line of ["\\n  | ", "<br>", "&#xA;"]) console.log(key.replace(/\\n/g, line));',
    'pm.environment.set("copy", key.replace(/\\n/g, "<br>"));',
  ];
  const request = {
    method: 'POST',
    header: [{ key: 'Content-Type', value: 'application/json' }],
    body: { mode: 'raw', raw: '{"public_key": "{{public_key}}"}' },
    url: `${recorder.origin}/register`,
  };
  const item = [{ name: 'Register', event: [{ listen: 'test', script: { exec } }], request }];
  const [report, exported] = [folder.path('report.json'), folder.path('exported.json')];
  const { code, stdout } = await runCommand([
    ...['run', folder.write('collection.json', { info: { name: 'x', schema: 'v2.1.0' }, item })],
    ...['-e', folder.write('env.json', toEnvironment({ public_key: der, public_pem: pem }))],
    ...['--signing-key', folder.write('key.pem', key)],
    ...['-r', 'cli,json', '--reporter-json-export', report, '--export-environment', exported],
  ]);
  assert.equal(code, 0);
  assert.equal(recorder.requests[0]?.body, `{"public_key": "${der}"}`);
  await recorder.close();
  const texts = [report, exported].map(file => readFileSync(file, 'utf8'));
  folder.remove();
  const { values } = JSON.parse(texts[1] ?? '') as { values: { key: string; value: string }[] };
  const readValue = (name: string) => values.find(one => one.key === name)?.value;
  assert.deepEqual(
    [readValue('public_key'), readValue('registered_public_key'), readValue('public_pem')],
    [der, der, pem],
  );
  assert.ok(texts[0]?.includes(der));
  assert.equal(readValue('copy'), '[signing_key]<br>');
  // The script itself has such a line in quotes.
  const frame = /-----(?:BEGIN|END) PRIVATE KEY-----(?!\\?")/;
  for (const text of [...texts, stdout]) assert.doesNotMatch(text, frame);
});

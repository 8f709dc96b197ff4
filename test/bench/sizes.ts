// What the scripts weigh, on the machine: alone, compressed, in a collection of 30 requests, and in Newman's JSON report.

import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import newman, { type NewmanRunOptions } from 'newman';
import { collectionOf, form } from '../support/collections.ts';
import { createRsaKey, toPkcs8 } from '../support/keys.ts';
import { startRecorder } from '../support/recorder.ts';
import { type createScripts, pastedLibrary } from './scripts.ts';

/** Rows of name, script, gzip, collection and report, in bytes. */
export const measureSizes = async (scripts: Awaited<ReturnType<typeof createScripts>>): Promise<string[][]> => {
  const folder = mkdtempSync(join(tmpdir(), 'paynet-client-auth-bench-'));
  const recorder = await startRecorder();
  const environment = {
    token_endpoint: `${recorder.origin}/token`,
    client_id: 'client-1',
    kid: 'key-1',
    signing_key: toPkcs8(createRsaKey().privateKey),
  };
  const requests = Array.from({ length: 30 }, () => ({ url: '{{token_endpoint}}', body: form(['grant_type', 'x']) }));
  const rows: string[][] = [];
  const variants: [string, string, Record<string, string>][] = [
    ['this script', scripts.ours, environment],
    ['jsrsasign imported whole', scripts.whole, environment],
    ['jsrsasign pasted, with its variable', scripts.pasted, { ...environment, jsrsasign: pastedLibrary }],
  ];
  for (const [name, source, variables] of variants) {
    const collection = collectionOf(requests, {}, source);
    const report = join(folder, 'report.json');
    await new Promise<void>((resolve, reject) => {
      const options = {
        collection,
        environment: { values: Object.entries(variables).map(([key, value]) => ({ key, value })) },
        reporters: ['json'],
        reporter: { json: { export: report } },
      };
      newman.run(options as NewmanRunOptions, error => (error ? reject(error) : resolve()));
    });
    const text = source + (variables.jsrsasign ?? '');
    const sizes = [text.length, gzipSync(text).length, JSON.stringify(collection).length, statSync(report).size];
    rows.push([name, ...sizes.map(size => size.toLocaleString('en-US'))]);
  }
  await recorder.close();
  rmSync(folder, { recursive: true });
  return rows;
};

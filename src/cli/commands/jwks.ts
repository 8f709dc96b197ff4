// The command `jwks`: prints the public JWKS of a signing key, to register it; `jwks new` makes the key too. On the machine.

import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { Argument, type Command, Option } from 'commander';
import { addConfigOption } from '../client/config-file.ts';
import { toPublicJwk } from '../client/public-jwks.ts';
import { readPublicKey } from '../client/public-key.ts';
import { readSigningKey } from '../client/signing-key-file.ts';
import { withTerminalWords } from '../client/terminal-words.ts';
import { addExamples, CommandError, type Host } from '../command.ts';
import { isSameFile, refuseExisting, writeNew } from '../files.ts';

interface Options {
  signingKey?: string;
  publicKey?: string;
  outKey?: string;
  bits?: string;
  kid?: string;
  out?: string;
  force?: true;
}

/** Only its owner reads and writes it. */
const PRIVATE = 0o600;

/** Adds the command `jwks` to the command line. */
export function addJwksCommand(program: Command, host: Host): void {
  const command = program
    .command('jwks')
    .summary('print the JWKS of a signing key, to register it; make a new key')
    .description(
      'Prints the public JWKS of a signing key, to register it. Nothing of it is secret.\n' +
        'With "new" makes the key first: RSA, in a file that only you can read (PKCS#8, PEM).\n' +
        'The key ID is that of a private JWK, else the thumbprint of the key (RFC 7638), if --kid names no other.',
    )
    .addArgument(new Argument('[new]', 'make a new signing key').choices(['new']))
    .option('--signing-key <file>', 'private key: PEM, JWK or PKCS #12; "-" for standard input')
    .addOption(
      new Option('--public-key <file>', 'its public half, where the key is in an HSM or KMS: PEM, certificate or JWK')
        .conflicts('signingKey')
        .conflicts('outKey'),
    )
    .addOption(new Option('--out-key <file>', 'write the new signing key there').conflicts('signingKey'))
    .addOption(new Option('--bits <n>', 'size of the new signing key, 2048 by default').choices(['2048', '3072']))
    .option('--kid <kid>', 'key ID')
    .option('--out <file>', 'write the JWKS there instead of to standard output')
    .option('--force', 'replace a file that is there')
    .action((isNew: 'new' | undefined, options: Options) =>
      withTerminalWords(run(isNew !== undefined, options, host), options.signingKey),
    );
  addConfigOption(command);
  addExamples(
    command,
    'jwks --signing-key signing.pem',
    'jwks --signing-key signing.pem --kid key-1 --out jwks.json',
    'jwks --public-key public.pem --kid key-1',
    'jwks new --out-key signing.pem --out jwks.json',
  );
}

async function run(isNew: boolean, options: Options, host: Host): Promise<void> {
  const { signingKey, publicKey, outKey, bits, kid, out, force } = options;
  if (!isNew && (outKey ?? bits) !== undefined) {
    throw new CommandError('--out-key and --bits are for "jwks new".', 2);
  }
  if (isNew && publicKey !== undefined) {
    throw new CommandError('--public-key is for a key that is there. Leave out "new", or leave out the option.', 2);
  }
  const key = isNew ? outKey : (publicKey ?? signingKey);
  if (key === undefined) {
    const remedy = isNew ? 'Name the file for the new key' : 'Name a private key, or make one with "jwks new"';
    throw new CommandError(`${isNew ? '--out-key' : '--signing-key'} is missing. ${remedy}.`, 2);
  }
  await refuseKeyAsOutput(out, key);
  await refuseExisting([...(isNew ? [key] : []), ...(out === undefined ? [] : [out])], force);
  const created = isNew ? await createSigningKey(Number(bits ?? 2048)) : undefined;
  const known = created ?? (publicKey === undefined ? await readSigningKey(key, host) : await readPublicKey(key));
  const jwk = toPublicJwk(known, kid);
  if (created !== undefined) {
    await writeNew(key, created, force, PRIVATE);
    host.note(`${key}: new signing key. Keep it secret, and out of version control.`);
  }
  const jwks = `${JSON.stringify({ keys: [jwk] }, null, 2)}\n`;
  if (out === undefined) await host.print(jwks);
  else await writeNew(out, jwks, force);
  host.note(
    `Register ${out ?? 'this JWKS'} at PayNet's portal: the JWKS itself, or the https URL where you publish it.`,
  );
  host.note(`Set the variable kid to ${jwk.kid}`);
}

async function refuseKeyAsOutput(out: string | undefined, key: string): Promise<void> {
  if (out === undefined || !(await isSameFile(out, key))) return;
  throw new CommandError(`--out would replace the signing key ${key}. Name another file.`, 2);
}

/** Makes a signing key; the text of its PEM. */
async function createSigningKey(modulusLength: number): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return privateKey;
}
